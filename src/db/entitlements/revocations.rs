//! `entitlement_revocations`. Whoever changes a row advances the ticket in the same transaction
//! ([`super::runtime::advance_ticket`]).

use super::super::error::DbError;
use super::super::statement::Statement;
use super::super::value::Row;
use super::time;
use crate::domain::entitlement::revocation::Revocation;

/// Revokes a generation. One that is revoked already stays so from the earlier moment and until the later one.
#[must_use]
pub fn revoke(revocation: &Revocation) -> Statement {
    Statement::new(
        "INSERT INTO entitlement_revocations (gen_index, created_at, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (gen_index) DO UPDATE SET \
         created_at = CASE WHEN EXCLUDED.created_at < entitlement_revocations.created_at \
         THEN EXCLUDED.created_at ELSE entitlement_revocations.created_at END, \
         expires_at = CASE WHEN EXCLUDED.expires_at > entitlement_revocations.expires_at \
         THEN EXCLUDED.expires_at ELSE entitlement_revocations.expires_at END RETURNING gen_index",
    )
    .bind(revocation.gen_index)
    .bind(revocation.created_at.as_millis())
    .bind(revocation.expires_at.as_millis())
}

/// Revokes a generation from and until the moments that an operator gave, in place of an entry that is there.
#[must_use]
pub fn put(revocation: &Revocation) -> Statement {
    Statement::new(
        "INSERT INTO entitlement_revocations (gen_index, created_at, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (gen_index) DO UPDATE SET created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at \
         RETURNING gen_index",
    )
    .bind(revocation.gen_index)
    .bind(revocation.created_at.as_millis())
    .bind(revocation.expires_at.as_millis())
}

/// Takes an entry out; a row if it was there.
#[must_use]
pub fn delete(gen_index: i64) -> Statement {
    Statement::new("DELETE FROM entitlement_revocations WHERE gen_index = $1 RETURNING gen_index").bind(gen_index)
}

/// A page of the list after generation `after`, with the ticket in every row: `ticket, gen_index, created_at, expires_at`.
/// An empty page has one row, whose generation is `NULL`. One statement sees one state.
#[must_use]
pub fn page(after: i64, limit: i64) -> Statement {
    Statement::new(
        "SELECT t.revocation_ticket, r.gen_index, r.created_at, r.expires_at FROM entitlement_runtime t \
         LEFT JOIN (SELECT gen_index, created_at, expires_at FROM entitlement_revocations WHERE gen_index > $1 \
         ORDER BY gen_index LIMIT $2) r ON TRUE WHERE t.id = 1 ORDER BY r.gen_index",
    )
    .bind(after)
    .bind(limit)
}

/// Reads the ticket and the entry of a row of [`page`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<(i64, Option<Revocation>), DbError> {
    let revocation = match row.optional_integer(1)? {
        None => None,
        Some(gen_index) => Some(Revocation {
            gen_index,
            created_at: time(row, 2)?,
            expires_at: time(row, 3)?,
        }),
    };
    Ok((row.integer(0)?, revocation))
}

/// The entry of a generation: `gen_index, created_at, expires_at`.
#[must_use]
pub fn by_generation(gen_index: i64) -> Statement {
    Statement::new("SELECT gen_index, created_at, expires_at FROM entitlement_revocations WHERE gen_index = $1")
        .bind(gen_index)
}

/// Reads a row of [`by_generation`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read_one(row: &Row) -> Result<Revocation, DbError> {
    Ok(Revocation {
        gen_index: row.integer(0)?,
        created_at: time(row, 1)?,
        expires_at: time(row, 2)?,
    })
}

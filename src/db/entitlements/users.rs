//! `entitlement_users`: what all payments of a person come to.

use super::super::error::DbError;
use super::super::statement::Statement;
use super::super::value::Row;
use super::{flag, optional_time, time};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::standing::{Standing, User};

/// The person of a key.
#[must_use]
pub fn by_master(master: &PublicKey) -> Statement {
    Statement::new(
        "SELECT u.master_pkey, u.gen_index, u.expires_at, u.grace_ms, u.auto_renewing, u.refund_requested_at, \
         u.refund_asked_at FROM entitlement_users u WHERE u.master_pkey = $1",
    )
    .bind(master.as_bytes())
}

/// The person of a key, and behind that the revocation of the generation, if it is revoked: `gen_index`.
#[must_use]
pub fn with_revocation(master: &PublicKey) -> Statement {
    Statement::new(
        "SELECT u.master_pkey, u.gen_index, u.expires_at, u.grace_ms, u.auto_renewing, u.refund_requested_at, \
         u.refund_asked_at, r.gen_index FROM entitlement_users u \
         LEFT JOIN entitlement_revocations r ON r.gen_index = u.gen_index WHERE u.master_pkey = $1",
    )
    .bind(master.as_bytes())
}

/// Reads a row of [`by_master`] or [`with_revocation`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<User, DbError> {
    Ok(User {
        master: PublicKey::from_bytes(row.bytes(0)?),
        gen_index: row.integer(1)?,
        standing: Standing {
            expires_at: time(row, 2)?,
            grace_ms: row.integer(3)?,
            auto_renewing: row.integer(4)? == 1,
            refund_requested_at: optional_time(row, 5)?,
        },
        refund_asked_at: time(row, 6)?,
    })
}

/// Reads whether a row of [`with_revocation`] is of a revoked generation.
#[must_use]
pub fn read_is_revoked(row: &Row) -> bool {
    !row.is_null(7)
}

/// Gives a person, who may be new, a generation and a standing.
#[must_use]
pub fn put(master: &PublicKey, gen_index: i64, standing: &Standing) -> Statement {
    Statement::new(
        "INSERT INTO entitlement_users \
         (master_pkey, gen_index, expires_at, grace_ms, auto_renewing, refund_requested_at, refund_asked_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (master_pkey) DO UPDATE SET gen_index = EXCLUDED.gen_index, \
         expires_at = EXCLUDED.expires_at, grace_ms = EXCLUDED.grace_ms, auto_renewing = EXCLUDED.auto_renewing, \
         refund_requested_at = EXCLUDED.refund_requested_at",
    )
    .bind(master.as_bytes())
    .bind(gen_index)
    .bind(standing.expires_at.as_millis())
    .bind(standing.grace_ms)
    .bind(flag(standing.auto_renewing))
    .bind(standing.refund_requested_at.map(Timestamp::as_millis))
}

/// Gives a known person a standing; the generation stays.
#[must_use]
pub fn refresh(master: &PublicKey, standing: &Standing) -> Statement {
    Statement::new(
        "UPDATE entitlement_users SET expires_at = $2, grace_ms = $3, auto_renewing = $4, refund_requested_at = $5 \
         WHERE master_pkey = $1 RETURNING gen_index",
    )
    .bind(master.as_bytes())
    .bind(standing.expires_at.as_millis())
    .bind(standing.grace_ms)
    .bind(flag(standing.auto_renewing))
    .bind(standing.refund_requested_at.map(Timestamp::as_millis))
}

/// Notes the time in a request that notes or clears a refund; a row unless a later one came before.
#[must_use]
pub fn ask_refund(master: &PublicKey, asked: Timestamp) -> Statement {
    Statement::new(
        "UPDATE entitlement_users SET refund_asked_at = $2 WHERE master_pkey = $1 AND refund_asked_at <= $2 \
         RETURNING gen_index",
    )
    .bind(master.as_bytes())
    .bind(asked.as_millis())
}

/// How many payments a person has, and whether book-keeping for one of them failed: two numbers.
#[must_use]
pub fn totals(master: &PublicKey) -> Statement {
    Statement::new(
        "SELECT (SELECT COUNT(*) FROM entitlement_payments WHERE master_pkey = $1), \
         (SELECT COUNT(*) FROM entitlement_payments p JOIN entitlement_user_errors e \
          ON e.payment_provider = p.payment_provider \
          AND e.payment_id = COALESCE(p.google_payment_token, p.apple_original_tx_id, p.rangeproof_order_id) \
          WHERE p.master_pkey = $1)",
    )
    .bind(master.as_bytes())
}

/// A page of all people after `after`, in the order of their keys, for whoever looks at the whole ledger.
#[must_use]
pub fn page(after: Option<&PublicKey>, limit: i64) -> Statement {
    Statement::new(
        "SELECT u.master_pkey, u.gen_index, u.expires_at, u.grace_ms, u.auto_renewing, u.refund_requested_at, \
         u.refund_asked_at FROM entitlement_users u WHERE u.master_pkey > $1 ORDER BY u.master_pkey LIMIT $2",
    )
    .bind(after.map_or_else(Vec::new, |after| after.as_bytes().to_vec()))
    .bind(limit)
}

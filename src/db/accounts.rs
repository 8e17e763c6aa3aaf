//! `accounts`, `account_scopes` and `known_browsers`.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::email::{Email, Identifier};
use crate::domain::secret::TokenHash;

/// An account with its registration record, as a login needs it.
#[derive(Clone, Debug)]
pub struct StoredAccount {
    /// Its id: the `sub` claim.
    pub id: String,
    /// Its address, canonical.
    pub email: String,
    /// Whether it may sign in.
    pub active: bool,
    /// The OPAQUE registration record.
    pub record: Vec<u8>,
    /// How often the record has been replaced.
    pub record_version: i64,
}

/// The account of an address.
#[must_use]
pub fn by_identifier(identifier: &Identifier) -> Statement {
    Statement::new("SELECT id, email, status, record, record_version FROM accounts WHERE identifier = $1")
        .bind(&identifier.0)
}

/// Reads a row of [`by_identifier`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<StoredAccount, DbError> {
    Ok(StoredAccount {
        id: row.text(0)?.to_owned(),
        email: row.text(1)?.to_owned(),
        active: row.text(2)? == "active",
        record: row.blob(3)?.to_vec(),
        record_version: row.integer(4)?,
    })
}

/// Makes an account; no row if the address has one.
#[must_use]
pub fn insert(id: &str, identifier: &Identifier, email: &Email, record: &[u8], now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO accounts \
         (id, identifier, email, status, record, record_version, email_confirmed_at, created_at, updated_at) \
         VALUES ($1, $2, $3, 'active', $4, 1, $5, $5, $5) ON CONFLICT (identifier) DO NOTHING RETURNING id",
    )
    .bind(id)
    .bind(&identifier.0)
    .bind(email.as_str())
    .bind(record)
    .bind(now.as_millis())
}

/// Replaces the registration record of an active account, and counts it.
#[must_use]
pub fn replace_record(id: &str, record: &[u8], now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE accounts SET record = $2, record_version = record_version + 1, updated_at = $3 \
         WHERE id = $1 AND status = 'active' RETURNING record_version",
    )
    .bind(id)
    .bind(record)
    .bind(now.as_millis())
}

/// Moves an active account to another address, with the record that opens it there; no row if another account has that
/// address. A second one that moves there at the same moment meets the unique index.
#[must_use]
pub fn move_to(id: &str, identifier: &Identifier, email: &Email, record: &[u8], now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE accounts SET identifier = $2, email = $3, record = $4, record_version = record_version + 1, \
         email_confirmed_at = $5, updated_at = $5 WHERE id = $1 AND status = 'active' \
         AND NOT EXISTS (SELECT 1 FROM accounts o WHERE o.identifier = $2) RETURNING record_version",
    )
    .bind(id)
    .bind(&identifier.0)
    .bind(email.as_str())
    .bind(record)
    .bind(now.as_millis())
}

/// Deletes an account and all that hangs on it; a row with `identifier, email` if it was there.
#[must_use]
pub fn remove(id: &str) -> Statement {
    Statement::new("DELETE FROM accounts WHERE id = $1 RETURNING identifier, email").bind(id)
}

/// Forgets which browsers have signed in to an address that nobody has any more.
#[must_use]
pub fn forget_browsers(identifier: &Identifier) -> Statement {
    Statement::new("DELETE FROM known_browsers WHERE identifier = $1").bind(&identifier.0)
}

/// The account of an id: the columns of [`read`].
#[must_use]
pub fn by_id(id: &str) -> Statement {
    Statement::new("SELECT id, email, status, record, record_version FROM accounts WHERE id = $1").bind(id)
}

/// The language that whoever has this address wants to be written to in: `locale or NULL`.
#[must_use]
pub fn locale(identifier: &Identifier) -> Statement {
    Statement::new(
        "SELECT p.locale FROM accounts a JOIN profiles p ON p.account_id = a.id WHERE a.identifier = $1 \
         UNION ALL SELECT locale FROM applicants WHERE identifier = $1",
    )
    .bind(&identifier.0)
}

/// Lets an account of this id sign in, or not: a row with its `identifier` if that changed something.
#[must_use]
pub fn set_status(id: &str, active: bool, now: Timestamp) -> Statement {
    let status = if active { "active" } else { "disabled" };
    Statement::new(
        "UPDATE accounts SET status = $2, updated_at = $3 WHERE id = $1 AND status <> $2 RETURNING identifier",
    )
    .bind(id)
    .bind(status)
    .bind(now.as_millis())
}

/// Makes whoever else decides about administrators wait until this transaction has ended.
#[must_use]
pub fn guard_administrators() -> Statement {
    Statement::new("UPDATE guards SET turn = turn + 1 WHERE name = 'administrators'")
}

/// A row if this account is an active administrator.
#[must_use]
pub fn is_administrator(id: &str) -> Statement {
    Statement::new(
        "SELECT 1 FROM account_scopes s JOIN accounts a ON a.id = s.account_id \
         WHERE s.account_id = $1 AND s.scope = 'admin' AND a.status = 'active'",
    )
    .bind(id)
}

/// A row if there is an active administrator beside this account.
#[must_use]
pub fn other_administrator(id: &str) -> Statement {
    Statement::new(
        "SELECT 1 FROM account_scopes s JOIN accounts a ON a.id = s.account_id \
         WHERE s.scope = 'admin' AND s.account_id <> $1 AND a.status = 'active' ORDER BY s.account_id LIMIT 1",
    )
    .bind(id)
}

/// Whether an account is active, and its record's version: `status, record_version`.
#[must_use]
pub fn standing(id: &str) -> Statement {
    Statement::new("SELECT status, record_version FROM accounts WHERE id = $1").bind(id)
}

/// Lets an account sign in, or not: a row if there is such an account.
#[must_use]
pub fn set_active(identifier: &Identifier, active: bool, now: Timestamp) -> Statement {
    Statement::new("UPDATE accounts SET status = $2, updated_at = $3 WHERE identifier = $1 RETURNING id")
        .bind(&identifier.0)
        .bind(if active { "active" } else { "disabled" })
        .bind(now.as_millis())
}

/// A page of accounts by address after `after`: `id, email, status, created_at`.
#[must_use]
pub fn list(after: &str, limit: i64) -> Statement {
    Statement::new("SELECT id, email, status, created_at FROM accounts WHERE email > $1 ORDER BY email LIMIT $2")
        .bind(after)
        .bind(limit)
}

/// The scopes that an account holds: `scope`.
#[must_use]
pub fn scopes(id: &str) -> Statement {
    Statement::new("SELECT scope FROM account_scopes WHERE account_id = $1 ORDER BY scope").bind(id)
}

/// Gives an account a scope.
#[must_use]
pub fn add_scope(id: &str, scope: &str, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO account_scopes (account_id, scope, granted_at) VALUES ($1, $2, $3) \
         ON CONFLICT (account_id, scope) DO NOTHING RETURNING scope",
    )
    .bind(id)
    .bind(scope)
    .bind(now.as_millis())
}

/// Takes a scope from an account.
#[must_use]
pub fn remove_scope(id: &str, scope: &str) -> Statement {
    Statement::new("DELETE FROM account_scopes WHERE account_id = $1 AND scope = $2 RETURNING scope")
        .bind(id)
        .bind(scope)
}

/// A row if `browser` has completed a login for this address.
#[must_use]
pub fn knows_browser(browser: &TokenHash, identifier: &Identifier) -> Statement {
    Statement::new("SELECT last_used_at FROM known_browsers WHERE browser_hash = $1 AND identifier = $2")
        .bind(browser.as_bytes())
        .bind(&identifier.0)
}

/// Notes that `browser` has completed a login for this address.
#[must_use]
pub fn remember_browser(browser: &TokenHash, identifier: &Identifier, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO known_browsers (browser_hash, identifier, last_used_at) VALUES ($1, $2, $3) \
         ON CONFLICT (browser_hash, identifier) DO UPDATE SET last_used_at = EXCLUDED.last_used_at",
    )
    .bind(browser.as_bytes())
    .bind(&identifier.0)
    .bind(now.as_millis())
}

//! `authorization_codes`: what was granted, and whether it was spent.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::ClientId;
use crate::domain::oauth::code::StoredCode;
use crate::domain::secret::TokenHash;

/// Stores a code; no row if its authorization request has given one already, or the client has just been removed.
///
/// # Errors
/// [`DbError::Inconsistent`] if the code cannot be written as JSON.
pub fn insert(code_hash: &TokenHash, flow_hash: &TokenHash, code: &StoredCode) -> Result<Statement, DbError> {
    let binding = serde_json::to_string(code).map_err(|error| DbError::Inconsistent(error.to_string()))?;
    Ok(Statement::new(
        "INSERT INTO authorization_codes (code_hash, flow_hash, client_id, account_id, sid, binding, expires_at) \
         SELECT $1, $2, id, $4, $5, $6, $7 FROM clients WHERE id = $3 \
         ON CONFLICT (flow_hash) DO NOTHING RETURNING code_hash",
    )
    .bind(code_hash.as_bytes())
    .bind(flow_hash.as_bytes())
    .bind(code.client_id.as_str())
    .bind(code.session.account_id.as_str())
    .bind(code.session.sid.as_str())
    .bind(binding)
    .bind(code.expires_at.as_millis()))
}

/// A code and the family that it gave: `binding, spent_at, family_id`.
#[must_use]
pub fn by_hash(code_hash: &TokenHash) -> Statement {
    Statement::new("SELECT binding, spent_at, family_id FROM authorization_codes WHERE code_hash = $1")
        .bind(code_hash.as_bytes())
}

/// Reads a row of [`by_hash`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<(StoredCode, Option<String>), DbError> {
    let code: StoredCode = serde_json::from_str(row.text(0)?)
        .map_err(|error| DbError::Inconsistent(format!("authorization_codes: {error}")))?;
    let code = StoredCode {
        spent: !row.is_null(1),
        ..code
    };
    Ok((code, row.optional_text(2)?.map(str::to_owned)))
}

/// Spends a code on a family; a row if it was not spent yet.
#[must_use]
pub fn spend(code_hash: &TokenHash, family_id: &str, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE authorization_codes SET spent_at = $3, family_id = $2 \
         WHERE code_hash = $1 AND spent_at IS NULL RETURNING code_hash",
    )
    .bind(code_hash.as_bytes())
    .bind(family_id)
    .bind(now.as_millis())
}

/// Voids the codes of an account that nobody has redeemed.
#[must_use]
pub fn void_of_account(account_id: &str) -> Statement {
    Statement::new("DELETE FROM authorization_codes WHERE account_id = $1 AND spent_at IS NULL").bind(account_id)
}

/// Voids the codes of a client for an account that nobody has redeemed.
#[must_use]
pub fn void_of_application(account_id: &str, client: &ClientId) -> Statement {
    Statement::new("DELETE FROM authorization_codes WHERE account_id = $1 AND client_id = $2 AND spent_at IS NULL")
        .bind(account_id)
        .bind(client.as_str())
}

/// Voids the codes of a session that nobody has redeemed.
#[must_use]
pub fn void_of_session(sid: &str, account_id: &str) -> Statement {
    Statement::new("DELETE FROM authorization_codes WHERE account_id = $2 AND sid = $1 AND spent_at IS NULL")
        .bind(sid)
        .bind(account_id)
}

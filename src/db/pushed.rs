//! `pushed_requests`: authorization requests that clients handed in beforehand.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::ClientId;
use crate::domain::secret::TokenHash;

/// How many requests of a client are open, at most `most`: one row.
#[must_use]
pub fn open_of(client: &ClientId, now: Timestamp, most: i64) -> Statement {
    Statement::new(
        "SELECT COUNT(*) FROM (SELECT 1 FROM pushed_requests WHERE client_id = $1 AND expires_at > $2 \
         AND spent_at IS NULL LIMIT $3) AS open",
    )
    .bind(client.as_str())
    .bind(now.as_millis())
    .bind(most)
}

/// Stores a request.
#[must_use]
pub fn insert(name: &TokenHash, client: &ClientId, sealed: &[u8], expires_at: Timestamp) -> Statement {
    Statement::new("INSERT INTO pushed_requests (name_hash, client_id, sealed, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(name.as_bytes())
        .bind(client.as_str())
        .bind(sealed)
        .bind(expires_at.as_millis())
}

/// A client's request: `sealed, expires_at, spent_at`.
#[must_use]
pub fn by_name(name: &TokenHash, client: &ClientId) -> Statement {
    Statement::new("SELECT sealed, expires_at, spent_at FROM pushed_requests WHERE name_hash = $1 AND client_id = $2")
        .bind(name.as_bytes())
        .bind(client.as_str())
}

/// A row of [`by_name`]: what is sealed, when it expires, whether it is spent.
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<(&[u8], Timestamp, bool), DbError> {
    Ok((row.blob(0)?, Timestamp::from_millis(row.integer(1)?), !row.is_null(2)))
}

/// Spends a request; a row if nobody has before. It may have expired meanwhile: the person has taken their time.
#[must_use]
pub fn spend(name: &TokenHash, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE pushed_requests SET spent_at = $2 WHERE name_hash = $1 AND spent_at IS NULL RETURNING client_id",
    )
    .bind(name.as_bytes())
    .bind(now.as_millis())
}

/// Remembers a DPoP proof until `expires_at`; a row if it was not used before.
#[must_use]
pub fn use_proof(id: &[u8; 32], expires_at: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO dpop_proofs (proof_hash, expires_at) VALUES ($1, $2) \
         ON CONFLICT (proof_hash) DO NOTHING RETURNING expires_at",
    )
    .bind(id)
    .bind(expires_at.as_millis())
}

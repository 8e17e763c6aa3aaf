//! `initial_access_tokens` and `registration_tokens`: who may register a client, and look after its registration.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::ClientId;
use crate::domain::secret::TokenHash;

/// Lets whoever holds a token register so many clients.
#[must_use]
pub fn invite(token: &TokenHash, uses: i64, now: Timestamp, expires_at: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO initial_access_tokens (token_hash, uses_left, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(token.as_bytes())
    .bind(uses)
    .bind(now.as_millis())
    .bind(expires_at.as_millis())
}

/// A row if an initial access token is good for one client more.
#[must_use]
pub fn is_invited(token: &TokenHash, now: Timestamp) -> Statement {
    Statement::new("SELECT 1 FROM initial_access_tokens WHERE token_hash = $1 AND uses_left > 0 AND expires_at > $2")
        .bind(token.as_bytes())
        .bind(now.as_millis())
}

/// Uses an initial access token once; a row if it was good for that.
#[must_use]
pub fn spend(token: &TokenHash, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE initial_access_tokens SET uses_left = uses_left - 1 \
         WHERE token_hash = $1 AND uses_left > 0 AND expires_at > $2 RETURNING uses_left",
    )
    .bind(token.as_bytes())
    .bind(now.as_millis())
}

/// Lets whoever holds a token look after a registration.
#[must_use]
pub fn keep(client: &ClientId, token: &TokenHash) -> Statement {
    Statement::new("INSERT INTO registration_tokens (client_id, token_hash) VALUES ($1, $2)")
        .bind(client.as_str())
        .bind(token.as_bytes())
}

/// The token of a registration, and the client: `token_hash, record, not_before`.
#[must_use]
pub fn of_client(client: &ClientId) -> Statement {
    Statement::new(
        "SELECT t.token_hash, c.record, c.not_before FROM registration_tokens t JOIN clients c ON c.id = t.client_id \
         WHERE t.client_id = $1",
    )
    .bind(client.as_str())
}

/// The token of a row of [`of_client`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn token(row: &Row) -> Result<TokenHash, DbError> {
    Ok(TokenHash::from_bytes(row.bytes(0)?))
}

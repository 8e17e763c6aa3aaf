//! `clients` and `consents`.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::{Client, ClientId};
use crate::domain::oauth::scope::ScopeSet;

/// The client of an id: `record, not_before`.
#[must_use]
pub fn by_id(id: &ClientId) -> Statement {
    Statement::new("SELECT record, not_before FROM clients WHERE id = $1").bind(id.as_str())
}

/// All clients by id: `record, not_before`.
#[must_use]
pub fn all() -> Statement {
    Statement::new("SELECT record, not_before FROM clients ORDER BY id")
}

/// Reads a row of [`by_id`] or [`all`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<Client, DbError> {
    let mut client: Client =
        serde_json::from_str(row.text(0)?).map_err(|error| DbError::Inconsistent(format!("clients: {error}")))?;
    client.not_before = Timestamp::from_millis(row.integer(1)?);
    Ok(client)
}

/// Registers a client; no row if its id is taken.
///
/// # Errors
/// [`DbError::Inconsistent`] if the record cannot be written as JSON.
pub fn insert(client: &Client, now: Timestamp) -> Result<Statement, DbError> {
    let record = serde_json::to_string(client).map_err(|error| DbError::Inconsistent(error.to_string()))?;
    Ok(Statement::new(
        "INSERT INTO clients (id, record, not_before, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO NOTHING RETURNING id",
    )
    .bind(client.id.as_str())
    .bind(record)
    .bind(client.not_before.as_millis())
    .bind(now.as_millis()))
}

/// Registers a client, or replaces its record if that differs; what it was granted stays.
///
/// # Errors
/// As for [`insert`].
pub fn put(client: &Client, now: Timestamp) -> Result<Statement, DbError> {
    let record = serde_json::to_string(client).map_err(|error| DbError::Inconsistent(error.to_string()))?;
    Ok(Statement::new(
        "INSERT INTO clients (id, record, not_before, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE SET record = EXCLUDED.record WHERE clients.record <> EXCLUDED.record",
    )
    .bind(client.id.as_str())
    .bind(record)
    .bind(client.not_before.as_millis())
    .bind(now.as_millis()))
}

/// Removes a client and what it was granted; a row if there was one.
#[must_use]
pub fn remove(id: &ClientId) -> Statement {
    Statement::new("DELETE FROM clients WHERE id = $1 RETURNING id").bind(id.as_str())
}

/// What an account has allowed a client: `scope`.
#[must_use]
pub fn consent(account_id: &str, client: &ClientId) -> Statement {
    Statement::new("SELECT scope FROM consents WHERE account_id = $1 AND client_id = $2")
        .bind(account_id)
        .bind(client.as_str())
}

/// Notes what an account has allowed a client, in place of what it allowed before; nothing if the client is gone.
#[must_use]
pub fn allow(account_id: &str, client: &ClientId, scope: &ScopeSet, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO consents (account_id, client_id, scope, granted_at) SELECT $1, id, $3, $4 FROM clients WHERE id = $2 \
         ON CONFLICT (account_id, client_id) DO UPDATE SET scope = EXCLUDED.scope, granted_at = EXCLUDED.granted_at",
    )
    .bind(account_id)
    .bind(client.as_str())
    .bind(scope.to_string())
    .bind(now.as_millis())
}

//! `clients` and `consents`.

use serde::Deserialize;

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::oauth::client::{Client, ClientId};
use crate::domain::oauth::scope::ScopeSet;

/// The client of an id: `record, not_before`.
#[must_use]
pub fn by_id(id: &ClientId) -> Statement {
    Statement::new("SELECT record, not_before FROM clients WHERE id = $1").bind(id.as_str())
}

/// At most `limit` clients by id, after `after`: `record, not_before`.
#[must_use]
pub fn page(after: &str, limit: i64) -> Statement {
    Statement::new("SELECT record, not_before FROM clients WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(after)
        .bind(limit)
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
    read_at(row, 0)
}

/// The same, from `record, not_before` beginning at column `first`.
///
/// # Errors
/// As for [`read`].
pub fn read_at(row: &Row, first: usize) -> Result<Client, DbError> {
    let record = row.text(first)?;
    let mut client: Client =
        serde_json::from_str(record).map_err(|error| DbError::Inconsistent(format!("clients: {error}")))?;
    client.not_before = Timestamp::from_millis(row.integer(first + 1)?);
    Ok(client)
}

/// How userinfo answers are signed for the client whose record is in column `index`, without reading all of it.
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn userinfo_alg(row: &Row, index: usize) -> Result<Option<SigningAlgorithm>, DbError> {
    #[derive(Default, Deserialize)]
    struct Options {
        userinfo_alg: Option<SigningAlgorithm>,
    }
    #[derive(Deserialize)]
    struct Record {
        #[serde(default)]
        options: Options,
    }
    let record: Record =
        serde_json::from_str(row.text(index)?).map_err(|error| DbError::Inconsistent(format!("clients: {error}")))?;
    Ok(record.options.userinfo_alg)
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

/// The clients that an account has allowed something, newest first: `record, not_before, scope, granted_at`.
#[must_use]
pub fn consents(account_id: &str, limit: i64) -> Statement {
    Statement::new(
        "SELECT c.record, c.not_before, k.scope, k.granted_at FROM consents k JOIN clients c ON c.id = k.client_id \
         WHERE k.account_id = $1 ORDER BY k.granted_at DESC, c.id LIMIT $2",
    )
    .bind(account_id)
    .bind(limit)
}

/// The clients that hold a living grant of an account: `record, not_before, when one was last used`.
#[must_use]
pub fn with_grants(account_id: &str, now: Timestamp, limit: i64) -> Statement {
    Statement::new(
        "SELECT c.record, c.not_before, f.used_at FROM (SELECT client_id, MAX(rotated_at) AS used_at FROM families \
         WHERE account_id = $1 AND ended_at IS NULL AND idle_expires_at > $2 AND expires_at > $2 \
         GROUP BY client_id) f JOIN clients c ON c.id = f.client_id ORDER BY f.used_at DESC, c.id LIMIT $3",
    )
    .bind(account_id)
    .bind(now.as_millis())
    .bind(limit)
}

/// Forgets what an account has allowed a client.
#[must_use]
pub fn forget_consent(account_id: &str, client: &ClientId) -> Statement {
    Statement::new("DELETE FROM consents WHERE account_id = $1 AND client_id = $2")
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

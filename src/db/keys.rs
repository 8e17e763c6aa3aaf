//! `rotating_keys` and `secrets`: sealed keys, by name.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::keys::lifecycle::{KeyRecord, KeyState};

/// A rotating key as it lies in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// What is known of it.
    pub record: KeyRecord,
    /// Its secret; empty once it is retired.
    pub sealed: Vec<u8>,
}

/// Where a rotating key is sealed.
#[must_use]
pub fn place_of_key(kid: &str) -> String {
    format!("rotating_keys/{kid}")
}

/// Where a secret is sealed.
#[must_use]
pub fn place_of_secret(name: &str) -> String {
    format!("secrets/{name}")
}

/// All rotating keys, oldest first.
#[must_use]
pub fn all() -> Statement {
    Statement::new("SELECT kid, purpose, state, sealed FROM rotating_keys ORDER BY created_at, kid")
}

/// Reads a row of [`all`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<StoredKey, DbError> {
    let inconsistent = |error: serde_json::Error| DbError::Inconsistent(format!("rotating_keys: {error}"));
    Ok(StoredKey {
        record: KeyRecord {
            kid: row.text(0)?.to_owned(),
            purpose: serde_json::from_str(row.text(1)?).map_err(inconsistent)?,
            state: serde_json::from_str(row.text(2)?).map_err(inconsistent)?,
        },
        sealed: row.blob(3)?.to_vec(),
    })
}

/// Stores a new key.
///
/// # Errors
/// [`DbError::Inconsistent`] if the record cannot be written as JSON.
pub fn insert(key: &StoredKey, now: Timestamp) -> Result<Statement, DbError> {
    Ok(Statement::new(
        "INSERT INTO rotating_keys (kid, purpose, state, sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.record.kid.as_str())
    .bind(json(&key.record.purpose)?)
    .bind(json(&key.record.state)?)
    .bind(key.sealed.as_slice())
    .bind(now.as_millis()))
}

/// Moves a key to its next state; a retired key loses its secret.
///
/// # Errors
/// As for [`insert`].
pub fn advance(kid: &str, to: KeyState) -> Result<Statement, DbError> {
    let sql = if to.is_published() {
        "UPDATE rotating_keys SET state = $2 WHERE kid = $1"
    } else {
        "UPDATE rotating_keys SET state = $2, sealed = $3 WHERE kid = $1"
    };
    let statement = Statement::new(sql).bind(kid).bind(json(&to)?);
    Ok(if to.is_published() {
        statement
    } else {
        statement.bind(Vec::new())
    })
}

/// Replaces the sealed form of a key, for a new master key.
#[must_use]
pub fn reseal(kid: &str, sealed: Vec<u8>) -> Statement {
    Statement::new("UPDATE rotating_keys SET sealed = $2 WHERE kid = $1")
        .bind(kid)
        .bind(sealed)
}

/// All secrets that never rotate: `name, sealed`.
#[must_use]
pub fn secrets() -> Statement {
    Statement::new("SELECT name, sealed FROM secrets ORDER BY name")
}

/// Stores a secret if there is none of its name yet.
#[must_use]
pub fn insert_secret(name: &str, sealed: Vec<u8>, now: Timestamp) -> Statement {
    Statement::new("INSERT INTO secrets (name, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(sealed)
        .bind(now.as_millis())
}

/// Replaces the sealed form of a secret, for a new master key.
#[must_use]
pub fn reseal_secret(name: &str, sealed: Vec<u8>) -> Statement {
    Statement::new("UPDATE secrets SET sealed = $2 WHERE name = $1")
        .bind(name)
        .bind(sealed)
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Inconsistent(error.to_string()))
}

//! `device_codes`: what devices wait for, and what people decided about it.

use std::time::Duration;

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::ClientId;
use crate::domain::oauth::device::{Decision, DeviceGrant};
use crate::domain::oauth::flow::SessionFacts;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::secret::TokenHash;

/// Hash of the code that people type.
pub type UserCodeHash = [u8; 32];

/// Stores a device authorization; no row if its user code is taken.
///
/// # Errors
/// [`DbError::Inconsistent`] if the resources cannot be written as JSON.
pub fn insert(code: &TokenHash, user_code: &UserCodeHash, grant: &DeviceGrant) -> Result<Statement, DbError> {
    let resources =
        serde_json::to_string(&grant.resources).map_err(|error| DbError::Inconsistent(error.to_string()))?;
    Ok(Statement::new(
        "INSERT INTO device_codes (code_hash, user_code_hash, client_id, scope, resources, issued_at, expires_at, pause) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (user_code_hash) DO NOTHING RETURNING code_hash",
    )
    .bind(code.as_bytes())
    .bind(user_code)
    .bind(grant.client_id.as_str())
    .bind(grant.scope.to_string())
    .bind(resources)
    .bind(grant.issued_at.as_millis())
    .bind(grant.expires_at.as_millis())
    .bind(millis(grant.pause)))
}

/// The authorization of a device's own code.
#[must_use]
pub fn by_code(code: &TokenHash) -> Statement {
    Statement::new(
        "SELECT client_id, scope, resources, issued_at, expires_at, pause, polled_at, decision, account_id, sid, \
         authenticated_at, spent_at FROM device_codes WHERE code_hash = $1",
    )
    .bind(code.as_bytes())
}

/// The authorization of the code that people type.
#[must_use]
pub fn by_user_code(user_code: &UserCodeHash) -> Statement {
    Statement::new(
        "SELECT client_id, scope, resources, issued_at, expires_at, pause, polled_at, decision, account_id, sid, \
         authenticated_at, spent_at FROM device_codes WHERE user_code_hash = $1",
    )
    .bind(user_code)
}

/// Reads a row of [`by_code`] or [`by_user_code`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<DeviceGrant, DbError> {
    let inconsistent = |what: &str| DbError::Inconsistent(format!("device_codes: {what}"));
    let decision = match row.optional_text(7)? {
        None => None,
        Some("denied") => Some(Decision::Denied),
        Some(_) => Some(Decision::Allowed(SessionFacts {
            account_id: row.text(8)?.to_owned(),
            sid: row.text(9)?.to_owned(),
            authenticated_at: Timestamp::from_millis(row.integer(10)?),
        })),
    };
    Ok(DeviceGrant {
        client_id: ClientId::parse(row.text(0)?).ok_or_else(|| inconsistent("client_id"))?,
        scope: ScopeSet::parse(row.text(1)?).map_err(|_| inconsistent("scope"))?,
        resources: serde_json::from_str(row.text(2)?).map_err(|_| inconsistent("resources"))?,
        issued_at: Timestamp::from_millis(row.integer(3)?),
        expires_at: Timestamp::from_millis(row.integer(4)?),
        pause: Duration::from_millis(u64::try_from(row.integer(5)?).map_err(|_| inconsistent("pause"))?),
        polled_at: row.optional_integer(6)?.map(Timestamp::from_millis),
        decision,
        spent: !row.is_null(11),
    })
}

/// Notes that a device asked, and how long it must wait from now on.
#[must_use]
pub fn polled(code: &TokenHash, pause: Duration, now: Timestamp) -> Statement {
    Statement::new("UPDATE device_codes SET polled_at = $2, pause = $3 WHERE code_hash = $1")
        .bind(code.as_bytes())
        .bind(now.as_millis())
        .bind(millis(pause))
}

/// Notes what the person of a session decided; a row if nobody had decided and it had not expired.
#[must_use]
pub fn decide(user_code: &UserCodeHash, allow: bool, session: &SessionFacts, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE device_codes SET decision = $2, account_id = $3, sid = $4, authenticated_at = $5 \
         WHERE user_code_hash = $1 AND decision IS NULL AND expires_at > $6 RETURNING client_id",
    )
    .bind(user_code)
    .bind(if allow { "allowed" } else { "denied" })
    .bind(session.account_id.as_str())
    .bind(session.sid.as_str())
    .bind(session.authenticated_at.as_millis())
    .bind(now.as_millis())
}

/// Spends an authorization that was allowed; a row if it was not spent yet. Of any number of callers at once, one gets it.
#[must_use]
pub fn spend(code: &TokenHash, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE device_codes SET spent_at = $2 \
         WHERE code_hash = $1 AND decision = 'allowed' AND spent_at IS NULL AND expires_at > $2 RETURNING code_hash",
    )
    .bind(code.as_bytes())
    .bind(now.as_millis())
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

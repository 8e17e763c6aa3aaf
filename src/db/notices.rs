//! `logout_notices`: clients that are yet to be told that a session has ended.

use super::statement::Statement;
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::ClientId;

/// Queues the news that session `sid` has ended, for one client; once for each.
#[must_use]
pub fn insert(client: &ClientId, sid: &str, account_id: &str, now: Timestamp, expires_at: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO logout_notices (client_id, sid, account_id, attempts, next_attempt_at, expires_at) \
         VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (client_id, sid) DO NOTHING",
    )
    .bind(client.as_str())
    .bind(sid)
    .bind(account_id)
    .bind(now.as_millis())
    .bind(expires_at.as_millis())
}

/// How many are waiting.
#[must_use]
pub fn waiting() -> Statement {
    Statement::new("SELECT COUNT(*) FROM logout_notices")
}

/// Claims at most `limit` that are due by putting off their next try to `again_at`: `client_id, sid, account_id, attempts`,
/// this try counted.
#[must_use]
pub fn claim(now: Timestamp, again_at: Timestamp, limit: i64) -> Statement {
    Statement::new(
        "UPDATE logout_notices SET attempts = attempts + 1, next_attempt_at = $2 WHERE (client_id, sid) IN \
         (SELECT client_id, sid FROM logout_notices WHERE next_attempt_at <= $1 AND expires_at > $1 \
         ORDER BY next_attempt_at, client_id, sid LIMIT $3) AND next_attempt_at <= $1 \
         RETURNING client_id, sid, account_id, attempts",
    )
    .bind(now.as_millis())
    .bind(again_at.as_millis())
    .bind(limit)
}

/// Forgets one: it was told, or there is nobody to tell.
#[must_use]
pub fn settle(client: &str, sid: &str) -> Statement {
    Statement::new("DELETE FROM logout_notices WHERE client_id = $1 AND sid = $2")
        .bind(client)
        .bind(sid)
}

/// Puts one off.
#[must_use]
pub fn postpone(client: &str, sid: &str, until: Timestamp) -> Statement {
    Statement::new("UPDATE logout_notices SET next_attempt_at = $3 WHERE client_id = $1 AND sid = $2")
        .bind(client)
        .bind(sid)
        .bind(until.as_millis())
}

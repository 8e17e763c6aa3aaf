//! `sessions`: browsers that are signed in.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::oauth::flow::SessionFacts;
use crate::domain::secret::TokenHash;

/// A session to be made.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Hash of the id in the cookie.
    pub id_hash: TokenHash,
    /// Its public name.
    pub sid: String,
    /// Who is signed in.
    pub account_id: String,
    /// The browser it is bound to.
    pub browser: TokenHash,
    /// Hash of the login state's id.
    pub auth_hash: TokenHash,
    /// Hash of the authorization request that the login was for.
    pub flow_hash: Option<TokenHash>,
    /// When the login finished.
    pub authenticated_at: Timestamp,
    /// When it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// A session that is alive.
#[derive(Clone, Debug)]
pub struct LiveSession {
    /// What an authorization request needs of it.
    pub facts: SessionFacts,
    /// The address of its account.
    pub email: String,
    /// The browser it is bound to.
    pub browser: TokenHash,
    /// The authorization request that its login was for.
    pub flow_hash: Option<TokenHash>,
    /// When it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
}

/// The most characters that are kept of what a browser calls itself.
const AGENT: usize = 200;

/// Makes a session; no row if its login state has made one already.
#[must_use]
pub fn insert(session: &NewSession) -> Statement {
    Statement::new(
        "INSERT INTO sessions (id_hash, sid, account_id, browser_hash, auth_hash, flow_hash, authenticated_at, \
         idle_expires_at, expires_at, agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (auth_hash) DO NOTHING RETURNING sid",
    )
    .bind(session.id_hash.as_bytes())
    .bind(session.sid.as_str())
    .bind(session.account_id.as_str())
    .bind(session.browser.as_bytes())
    .bind(session.auth_hash.as_bytes())
    .bind(session.flow_hash.as_ref().map(TokenHash::as_bytes))
    .bind(session.authenticated_at.as_millis())
    .bind(session.idle_expires_at.as_millis())
    .bind(session.expires_at.as_millis())
    .bind(session.agent.as_deref().map(shown))
}

/// A browser's name for itself as it may be shown: short, and without control characters.
fn shown(agent: &str) -> String {
    agent.chars().filter(|c| !c.is_control()).take(AGENT).collect()
}

/// The session of a cookie, if it is alive and its account active.
#[must_use]
pub fn live(id_hash: &TokenHash, now: Timestamp) -> Statement {
    Statement::new(
        "SELECT s.account_id, s.sid, s.authenticated_at, a.email, s.browser_hash, s.flow_hash, s.idle_expires_at, \
         s.expires_at FROM sessions s JOIN accounts a ON a.id = s.account_id \
         WHERE s.id_hash = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2 \
         AND a.status = 'active'",
    )
    .bind(id_hash.as_bytes())
    .bind(now.as_millis())
}

/// Reads a row of [`live`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<LiveSession, DbError> {
    Ok(LiveSession {
        facts: SessionFacts {
            account_id: row.text(0)?.to_owned(),
            sid: row.text(1)?.to_owned(),
            authenticated_at: Timestamp::from_millis(row.integer(2)?),
        },
        email: row.text(3)?.to_owned(),
        browser: TokenHash::from_bytes(row.bytes(4)?),
        flow_hash: if row.is_null(5) {
            None
        } else {
            Some(TokenHash::from_bytes(row.bytes(5)?))
        },
        idle_expires_at: Timestamp::from_millis(row.integer(6)?),
        expires_at: Timestamp::from_millis(row.integer(7)?),
    })
}

/// A row if the session with this public name is alive and its account active.
#[must_use]
pub fn is_live(sid: &str, now: Timestamp) -> Statement {
    Statement::new(
        "SELECT 1 FROM sessions s JOIN accounts a ON a.id = s.account_id \
         WHERE s.sid = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2 \
         AND a.status = 'active'",
    )
    .bind(sid)
    .bind(now.as_millis())
}

/// A row with the `sid` if this live session of this browser was made by a login for exactly this, as this person. What a
/// change asks before it happens.
#[must_use]
pub fn proves(
    id_hash: &TokenHash,
    browser: &TokenHash,
    made_for: &TokenHash,
    account_id: &str,
    now: Timestamp,
) -> Statement {
    Statement::new(
        "SELECT s.sid FROM sessions s JOIN accounts a ON a.id = s.account_id \
         WHERE s.id_hash = $1 AND s.browser_hash = $2 AND s.flow_hash = $3 AND s.account_id = $4 \
         AND s.ended_at IS NULL AND s.idle_expires_at > $5 AND s.expires_at > $5 AND a.status = 'active'",
    )
    .bind(id_hash.as_bytes())
    .bind(browser.as_bytes())
    .bind(made_for.as_bytes())
    .bind(account_id)
    .bind(now.as_millis())
}

/// Who is signed in, and whether they hold a role now: `account_id, email, role or NULL, browser_hash`.
#[must_use]
pub fn caller(id_hash: &TokenHash, role: &str, now: Timestamp) -> Statement {
    Statement::new(
        "SELECT a.id, a.email, r.scope, s.browser_hash FROM sessions s JOIN accounts a ON a.id = s.account_id \
         LEFT JOIN account_scopes r ON r.account_id = a.id AND r.scope = $2 \
         WHERE s.id_hash = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $3 AND s.expires_at > $3 \
         AND a.status = 'active'",
    )
    .bind(id_hash.as_bytes())
    .bind(role)
    .bind(now.as_millis())
}

/// The live sessions of an account, newest first: `sid, agent, authenticated_at, idle_expires_at, expires_at`.
#[must_use]
pub fn of_account(account_id: &str, now: Timestamp, limit: i64) -> Statement {
    Statement::new(
        "SELECT sid, agent, authenticated_at, idle_expires_at, expires_at FROM sessions \
         WHERE account_id = $1 AND ended_at IS NULL AND idle_expires_at > $2 AND expires_at > $2 \
         ORDER BY authenticated_at DESC, sid LIMIT $3",
    )
    .bind(account_id)
    .bind(now.as_millis())
    .bind(limit)
}

/// The names of the sessions of an account that are not ended, but for one: `sid`.
#[must_use]
pub fn others(account_id: &str, but: &str) -> Statement {
    Statement::new("SELECT sid FROM sessions WHERE account_id = $1 AND sid <> $2 AND ended_at IS NULL ORDER BY sid")
        .bind(account_id)
        .bind(but)
}

/// A row if this session is this account's.
#[must_use]
pub fn is_of(sid: &str, account_id: &str) -> Statement {
    Statement::new("SELECT sid FROM sessions WHERE sid = $1 AND account_id = $2 AND ended_at IS NULL")
        .bind(sid)
        .bind(account_id)
}

/// Puts off the idle end of a session that is in use.
#[must_use]
pub fn touch(sid: &str, idle_expires_at: Timestamp) -> Statement {
    Statement::new("UPDATE sessions SET idle_expires_at = $2 WHERE sid = $1 AND ended_at IS NULL")
        .bind(sid)
        .bind(idle_expires_at.as_millis())
}

/// The public name and account of the session of a cookie, alive or not: `sid, account_id`.
#[must_use]
pub fn named_by(id_hash: &TokenHash) -> Statement {
    Statement::new("SELECT sid, account_id FROM sessions WHERE id_hash = $1").bind(id_hash.as_bytes())
}

/// Ends a session; a row if it was alive.
#[must_use]
pub fn end(sid: &str, now: Timestamp) -> Statement {
    Statement::new("UPDATE sessions SET ended_at = $2 WHERE sid = $1 AND ended_at IS NULL RETURNING sid")
        .bind(sid)
        .bind(now.as_millis())
}

/// Ends all sessions of an account but one.
#[must_use]
pub fn end_others(account_id: &str, but: &str, now: Timestamp) -> Statement {
    Statement::new("UPDATE sessions SET ended_at = $3 WHERE account_id = $1 AND sid <> $2 AND ended_at IS NULL")
        .bind(account_id)
        .bind(but)
        .bind(now.as_millis())
}

/// Ends all sessions of an account.
#[must_use]
pub fn end_all(account_id: &str, now: Timestamp) -> Statement {
    Statement::new("UPDATE sessions SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL")
        .bind(account_id)
        .bind(now.as_millis())
}

//! `links` and `mails`: what travels by mail, and the mail itself until it is delivered.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::account::{Link, LinkPurpose};
use crate::domain::clock::Timestamp;
use crate::domain::email::{Email, Identifier};
use crate::domain::secret::TokenHash;

/// A link to be stored.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// Hash of its token.
    pub token_hash: TokenHash,
    /// What it is for and how long it is good.
    pub link: Link,
    /// Keyed hash of the address.
    pub identifier: Identifier,
    /// The address it was mailed to.
    pub email: Email,
    /// The account it is for, if there is one.
    pub account_id: Option<String>,
    /// What was said at sign-up, as JSON.
    pub details: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A link as it is stored.
#[derive(Clone, Debug)]
pub struct StoredLink {
    /// What it is for, how long it is good, whether it was used.
    pub link: Link,
    /// Keyed hash of the address.
    pub identifier: Identifier,
    /// The address it was mailed to, canonical.
    pub email: String,
    /// The account it is for, if there is one.
    pub account_id: Option<String>,
    /// What was said at sign-up, as JSON.
    pub details: Option<String>,
}

/// Stores a link.
#[must_use]
pub fn insert(link: &NewLink) -> Statement {
    Statement::new(
        "INSERT INTO links (token_hash, purpose, identifier, email, account_id, details, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(link.token_hash.as_bytes())
    .bind(link.link.purpose.as_str())
    .bind(&link.identifier.0)
    .bind(link.email.as_str())
    .bind(link.account_id.as_deref())
    .bind(link.details.as_deref())
    .bind(link.created_at.as_millis())
    .bind(link.link.expires_at.as_millis())
}

/// The link of a token: `purpose, expires_at, spent_at, identifier, email, account_id, details`.
#[must_use]
pub fn by_hash(token_hash: &TokenHash) -> Statement {
    Statement::new(
        "SELECT purpose, expires_at, spent_at, identifier, email, account_id, details FROM links WHERE token_hash = $1",
    )
    .bind(token_hash.as_bytes())
}

/// Reads a row of [`by_hash`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<StoredLink, DbError> {
    let purpose = LinkPurpose::parse(row.text(0)?).ok_or_else(|| DbError::Inconsistent("links: purpose".to_owned()))?;
    Ok(StoredLink {
        link: Link {
            purpose,
            expires_at: Timestamp::from_millis(row.integer(1)?),
            spent: !row.is_null(2),
        },
        identifier: Identifier(row.bytes(3)?),
        email: row.text(4)?.to_owned(),
        account_id: row.optional_text(5)?.map(str::to_owned),
        details: row.optional_text(6)?.map(str::to_owned),
    })
}

/// Marks a link as spent; if nobody did so before, a row of [`by_hash`] as it was.
#[must_use]
pub fn spend(token_hash: &TokenHash, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE links SET spent_at = $2 WHERE token_hash = $1 AND spent_at IS NULL \
         RETURNING purpose, expires_at, CAST(NULL AS BIGINT), identifier, email, account_id, details",
    )
    .bind(token_hash.as_bytes())
    .bind(now.as_millis())
}

/// Voids all unspent links for an address.
#[must_use]
pub fn void_all(identifier: &Identifier, now: Timestamp) -> Statement {
    Statement::new("UPDATE links SET spent_at = $2 WHERE identifier = $1 AND spent_at IS NULL")
        .bind(&identifier.0)
        .bind(now.as_millis())
}

/// Voids all unspent links of an account, to whatever address they went.
#[must_use]
pub fn void_of_account(account_id: &str, now: Timestamp) -> Statement {
    Statement::new("UPDATE links SET spent_at = $2 WHERE account_id = $1 AND spent_at IS NULL")
        .bind(account_id)
        .bind(now.as_millis())
}

/// Forgets all links to an address.
#[must_use]
pub fn remove_all(identifier: &Identifier) -> Statement {
    Statement::new("DELETE FROM links WHERE identifier = $1").bind(&identifier.0)
}

/// The accounts that still have an unspent link to move to this address, but for one: `email, locale or NULL`.
#[must_use]
pub fn rivals(identifier: &Identifier, but: &str, now: Timestamp) -> Statement {
    Statement::new(
        "SELECT DISTINCT a.email, p.locale FROM links l JOIN accounts a ON a.id = l.account_id \
         LEFT JOIN profiles p ON p.account_id = a.id \
         WHERE l.identifier = $1 AND l.purpose = 'change-email' AND l.spent_at IS NULL AND l.expires_at > $3 \
         AND l.account_id <> $2 AND a.status = 'active' ORDER BY a.email",
    )
    .bind(&identifier.0)
    .bind(but)
    .bind(now.as_millis())
}

/// Queues a mail.
#[must_use]
pub fn queue_mail(id: &str, sealed: &[u8], now: Timestamp, expires_at: Timestamp) -> Statement {
    Statement::new("INSERT INTO mails (id, sealed, attempts, next_attempt_at, expires_at) VALUES ($1, $2, 0, $3, $4)")
        .bind(id)
        .bind(sealed)
        .bind(now.as_millis())
        .bind(expires_at.as_millis())
}

/// Claims mails whose turn it is, by putting off their next attempt: `id, sealed, attempts`.
#[must_use]
pub fn claim_mails(now: Timestamp, again_at: Timestamp, limit: i64) -> Statement {
    Statement::new(
        "UPDATE mails SET attempts = attempts + 1, next_attempt_at = $2 \
         WHERE id IN (SELECT id FROM mails WHERE next_attempt_at <= $1 AND expires_at > $1 \
         ORDER BY next_attempt_at LIMIT $3) AND next_attempt_at <= $1 RETURNING id, sealed, attempts",
    )
    .bind(now.as_millis())
    .bind(again_at.as_millis())
    .bind(limit)
}

/// Puts off the next attempt of a mail that could not be delivered.
#[must_use]
pub fn postpone_mail(id: &str, again_at: Timestamp) -> Statement {
    Statement::new("UPDATE mails SET next_attempt_at = $2 WHERE id = $1")
        .bind(id)
        .bind(again_at.as_millis())
}

/// Erases a mail: delivered, refused for good, or expired.
#[must_use]
pub fn erase_mail(id: &str) -> Statement {
    Statement::new("DELETE FROM mails WHERE id = $1").bind(id)
}

/// A row if the turn of a mail has come.
#[must_use]
pub fn mail_due(now: Timestamp) -> Statement {
    Statement::new("SELECT 1 FROM mails WHERE next_attempt_at <= $1 AND expires_at > $1 LIMIT 1").bind(now.as_millis())
}

/// How many mails wait; a hundred thousand and one if there are more than a hundred thousand.
#[must_use]
pub fn mails_waiting() -> Statement {
    Statement::new("SELECT COUNT(*) FROM (SELECT 1 FROM mails LIMIT 100001) AS waiting")
}

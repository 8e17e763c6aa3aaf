//! `mail_troubles`: addresses that a mail server refused for good, until a mail gets through.

use super::statement::Statement;
use crate::domain::clock::Timestamp;
use crate::domain::email::Identifier;

/// Notes that the last mail to this address was refused, and why.
#[must_use]
pub fn note(identifier: &Identifier, reason: &str, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO mail_troubles (identifier, reason, happened_at) VALUES ($1, $2, $3) \
         ON CONFLICT (identifier) DO UPDATE SET reason = EXCLUDED.reason, happened_at = EXCLUDED.happened_at",
    )
    .bind(&identifier.0)
    .bind(reason)
    .bind(now.as_millis())
}

/// Forgets what was wrong: a mail got through.
#[must_use]
pub fn clear(identifier: &Identifier) -> Statement {
    Statement::new("DELETE FROM mail_troubles WHERE identifier = $1").bind(&identifier.0)
}

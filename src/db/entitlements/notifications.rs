//! `entitlement_apple_notifications` and `entitlement_google_notifications`: what stores have told, so that it is dealt
//! with once.

use super::super::statement::Statement;
use crate::domain::clock::Timestamp;

/// Notes that Apple's notification `uuid` has been dealt with; a row if it had not.
#[must_use]
pub fn insert_apple(uuid: &str, expires_at: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO entitlement_apple_notifications (uuid, expires_at) VALUES ($1, $2) \
         ON CONFLICT (uuid) DO NOTHING RETURNING uuid",
    )
    .bind(uuid)
    .bind(expires_at.as_millis())
}

/// Stores Google's message `id` until it has been dealt with; a row if it was not stored yet.
#[must_use]
pub fn insert_google(id: &str, payload: &str, expires_at: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO entitlement_google_notifications (message_id, handled, payload, expires_at) \
         VALUES ($1, 0, $2, $3) ON CONFLICT (message_id) DO NOTHING RETURNING message_id",
    )
    .bind(id)
    .bind(payload)
    .bind(expires_at.as_millis())
}

/// Notes that Google's message `id` has been dealt with; a row if it had not.
#[must_use]
pub fn handle_google(id: &str) -> Statement {
    Statement::new(
        "UPDATE entitlement_google_notifications SET handled = 1, payload = NULL \
         WHERE message_id = $1 AND handled = 0 RETURNING message_id",
    )
    .bind(id)
}

//! `entitlement_user_errors`: subscriptions whose book-keeping failed.

use super::super::statement::Statement;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::standing::UserError;

/// Notes one; a row if it was not noted yet.
#[must_use]
pub fn insert(error: &UserError, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO entitlement_user_errors (payment_provider, payment_id, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (payment_provider, payment_id) DO NOTHING RETURNING payment_id",
    )
    .bind(i64::from(error.provider.number()))
    .bind(error.payment_id.as_str())
    .bind(now.as_millis())
}

/// Takes one back; a row if it was noted.
#[must_use]
pub fn delete(error: &UserError) -> Statement {
    Statement::new(
        "DELETE FROM entitlement_user_errors WHERE payment_provider = $1 AND payment_id = $2 RETURNING payment_id",
    )
    .bind(i64::from(error.provider.number()))
    .bind(error.payment_id.as_str())
}

/// All of them, oldest first: `payment_provider, payment_id, created_at`.
#[must_use]
pub fn all() -> Statement {
    Statement::new(
        "SELECT payment_provider, payment_id, created_at FROM entitlement_user_errors \
         ORDER BY created_at, payment_provider, payment_id",
    )
}

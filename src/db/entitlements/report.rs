//! Figures for reports.

use super::super::error::DbError;
use super::super::statement::Statement;
use super::super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::report::{Figures, Period};

/// What happened in a period; who is entitled is asked for the end of the period or `now`, whichever is earlier.
///
/// Somebody is entitled while a redeemed payment lasts: until it was revoked, or its end and, while it renews, its grace.
#[must_use]
pub fn figures(period: &Period, now: Timestamp) -> Statement {
    // The last moment of the period: at its end the next one has begun.
    let last = period.end.as_millis().saturating_sub(1).min(now.as_millis());
    Statement::new(
        "SELECT \
         COUNT(DISTINCT CASE WHEN master_pkey IS NOT NULL AND unredeemed_at <= $3 \
             AND COALESCE(revoked_at, expires_at + auto_renewing * grace_ms) > $3 THEN master_pkey END), \
         COUNT(CASE WHEN unredeemed_at >= $1 AND unredeemed_at < $2 THEN 1 END), \
         COUNT(CASE WHEN unredeemed_at >= $1 AND unredeemed_at < $2 AND master_pkey IS NULL THEN 1 END), \
         COUNT(CASE WHEN unredeemed_at >= $1 AND unredeemed_at < $2 AND payment_provider = 1 THEN 1 END), \
         COUNT(CASE WHEN unredeemed_at >= $1 AND unredeemed_at < $2 AND payment_provider = 2 THEN 1 END), \
         COUNT(CASE WHEN unredeemed_at >= $1 AND unredeemed_at < $2 AND payment_provider = 3 THEN 1 END), \
         COUNT(CASE WHEN unredeemed_at >= $1 AND unredeemed_at < $2 AND plan = 1 THEN 1 END), \
         COUNT(CASE WHEN unredeemed_at >= $1 AND unredeemed_at < $2 AND plan = 2 THEN 1 END), \
         COUNT(CASE WHEN unredeemed_at >= $1 AND unredeemed_at < $2 AND plan = 3 THEN 1 END), \
         COUNT(CASE WHEN refund_requested_at >= $1 AND refund_requested_at < $2 THEN 1 END), \
         COUNT(CASE WHEN revoked_at >= $1 AND revoked_at < $2 THEN 1 END), \
         COUNT(CASE WHEN expires_at >= $1 AND expires_at < $2 AND auto_renewing = 0 AND revoked_at IS NULL THEN 1 END) \
         FROM entitlement_payments",
    )
    .bind(period.start.as_millis())
    .bind(period.end.as_millis())
    .bind(last)
}

/// Reads the row of [`figures`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(period: &Period, row: &Row) -> Result<Figures, DbError> {
    Ok(Figures {
        period: period.label.clone(),
        complete: period.complete,
        active_users: row.integer(0)?,
        new: row.integer(1)?,
        unredeemed: row.integer(2)?,
        google: row.integer(3)?,
        apple: row.integer(4)?,
        granted: row.integer(5)?,
        one_month: row.integer(6)?,
        three_months: row.integer(7)?,
        twelve_months: row.integer(8)?,
        refunds_started: row.integer(9)?,
        revoked: row.integer(10)?,
        cancelling: row.integer(11)?,
    })
}

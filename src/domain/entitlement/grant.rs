//! What an operator gives by hand.

use super::day::{MONTH, YEAR, shift};
use super::ids::PaymentIds;
use super::payment::{Plan, StoreAccount, Witnessed};
use crate::domain::clock::Timestamp;
use crate::domain::random::{Random, name};

/// How long a granted plan lasts, in ms: 30, 90 or 365 days.
#[must_use]
pub const fn duration(plan: Plan) -> i64 {
    match plan {
        Plan::OneMonth => MONTH,
        Plan::ThreeMonths => 3 * MONTH,
        Plan::TwelveMonths => YEAR,
    }
}

/// The payment that stands for a grant of `plan` at `now`, under a fresh order id.
#[must_use]
pub fn payment(plan: Plan, duration_ms: i64, now: Timestamp, random: &dyn Random) -> Witnessed {
    Witnessed {
        ids: PaymentIds::Rangeproof { order: name(random) },
        plan,
        account: StoreAccount::None,
        unredeemed_at: now,
        expires_at: shift(now, duration_ms),
        refund_deadline_at: Timestamp::from_millis(0),
    }
}

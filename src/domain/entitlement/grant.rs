//! What an operator gives by hand.

use super::day::{MONTH, YEAR, shift};
use super::ids::PaymentIds;
use super::payment::{Plan, StoreAccount, Witnessed};
use crate::domain::clock::Timestamp;
use crate::domain::random::{Random, name};

/// The name of a grant: its order id. Whoever gives something by hand and does not hear whether it was given asks again under
/// the same name, and nothing is given twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderId(String);

/// The longest order id, in bytes.
const LONGEST: usize = 128;

impl OrderId {
    /// A fresh one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self(name(random))
    }

    /// One that the caller chose: 1 to 128 letters, digits and `-._~`; anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        ((1..=LONGEST).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// Its letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ids of the payment that goes by this name.
    #[must_use]
    pub fn ids(&self) -> PaymentIds {
        PaymentIds::Rangeproof { order: self.0.clone() }
    }
}

/// How long a granted plan lasts, in ms: 30, 90 or 365 days.
#[must_use]
pub const fn duration(plan: Plan) -> i64 {
    match plan {
        Plan::OneMonth => MONTH,
        Plan::ThreeMonths => 3 * MONTH,
        Plan::TwelveMonths => YEAR,
    }
}

/// The payment that stands for a grant of `plan` at `now`.
#[must_use]
pub fn payment(order: &OrderId, plan: Plan, duration_ms: i64, now: Timestamp) -> Witnessed {
    Witnessed {
        ids: order.ids(),
        plan,
        account: StoreAccount::None,
        unredeemed_at: now,
        expires_at: shift(now, duration_ms),
        refund_deadline_at: Timestamp::from_millis(0),
    }
}

/// Whether a grant asked for again is the one that was made: the same plan for the same span. When it was asked for may differ.
#[must_use]
pub fn is_repeated(made: &Witnessed, asked: &Witnessed) -> bool {
    let span = |of: &Witnessed| of.expires_at.as_millis().saturating_sub(of.unredeemed_at.as_millis());
    made.plan == asked.plan && span(made) == span(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_id_is_plain_and_short() {
        for good in ["a", "invoice-2026.11_7~", &"x".repeat(LONGEST)] {
            assert_eq!(OrderId::parse(good).as_ref().map(OrderId::as_str), Some(good));
        }
        for bad in ["", " ", "a b", "a/b", "é", "a\0", &"x".repeat(LONGEST + 1)] {
            assert_eq!(OrderId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_grant_is_the_same_whenever_it_is_asked_for() {
        let order = OrderId("o".to_owned());
        let at = |millis| payment(&order, Plan::OneMonth, 5, Timestamp::from_millis(millis));
        assert!(is_repeated(&at(0), &at(9)));
        let longer = payment(&order, Plan::OneMonth, 6, Timestamp::from_millis(0));
        let other = payment(&order, Plan::ThreeMonths, 5, Timestamp::from_millis(0));
        assert!(!is_repeated(&at(0), &longer) && !is_repeated(&at(0), &other));
    }
}

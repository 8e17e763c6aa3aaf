//! Renewals that need no device: a payment of a subscription that somebody owns is redeemed for its owner, if it comes
//! in time.

use super::day::{DAY, shift};
use super::ids::Provider;
use super::standing::Standing;
use crate::domain::clock::Timestamp;

/// How long Google holds an account whose payment fails, in ms.
const ACCOUNT_HOLD: i64 = 60 * DAY;

/// The last moment at which a renewal may have been paid to be redeemed for its owner; `None` where nothing renews.
#[must_use]
pub fn deadline(provider: Provider, owner: &Standing) -> Option<Timestamp> {
    let more = match (provider, owner.auto_renewing) {
        (Provider::Rangeproof, _) => return None,
        (_, false) => 0,
        (Provider::Google, true) => ACCOUNT_HOLD.saturating_sub(owner.grace_ms),
        // The grace is in `expires_at` already, and counts twice: that only widens the window.
        (Provider::Apple, true) => owner.grace_ms,
    };
    Some(shift(owner.expires_at, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_may_come_as_late_as_its_store_holds_the_account() {
        let standing = |auto_renewing| Standing {
            expires_at: Timestamp::from_millis(1_000_000),
            grace_ms: 500,
            auto_renewing,
            refund_requested_at: None,
        };
        let last = |provider, auto| deadline(provider, &standing(auto)).map(Timestamp::as_millis);
        assert_eq!(last(Provider::Google, false), Some(1_000_000));
        assert_eq!(last(Provider::Google, true), Some(1_000_000 + 60 * DAY - 500));
        assert_eq!(last(Provider::Apple, false), Some(1_000_000));
        assert_eq!(last(Provider::Apple, true), Some(1_000_500));
        assert_eq!(last(Provider::Rangeproof, true), None);
    }
}

//! Refunds: a payment that is taken back ends the proofs that were given on it, through a list that clients fetch.

use super::day::{DAY, MONTH, round_up, shift};
use crate::domain::clock::Timestamp;

/// How long a client may wait before it fetches the list again, in s. A revocation takes effect as long after it was
/// made, so that nobody can be told apart by when they learned of it.
pub const RETRY_SECS: i64 = 86_400;

/// A generation whose proofs are no longer to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Which.
    pub gen_index: i64,
    /// When it was revoked.
    pub created_at: Timestamp,
    /// When the entry may be dropped.
    pub expires_at: Timestamp,
}

/// What clients are told of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// From when on proofs are not to be believed.
    pub effective_at: Timestamp,
    /// When it may be forgotten: on a midnight, like proofs.
    pub expires_at: Timestamp,
}

impl Revocation {
    /// An entry for a refund at `at`, seen at `now`, of somebody who after it is entitled until `until`. It outlives
    /// every proof of the generation: one given in this very moment ends at most on the midnight after a month, and its
    /// request's own time may be ahead of ours.
    #[must_use]
    pub fn of_refund(gen_index: i64, at: Timestamp, now: Timestamp, until: Timestamp) -> Self {
        Self {
            gen_index,
            created_at: at,
            expires_at: until.max(round_up(shift(now.max(at), MONTH + DAY))),
        }
    }

    /// What clients are told.
    #[must_use]
    pub fn listed(&self) -> Listed {
        let expires_at = round_up(self.expires_at);
        Listed {
            effective_at: shift(self.created_at, DAY).min(expires_at),
            expires_at,
        }
    }
}

/// Whether proofs on a payment that would have lasted until `expires_at` need revoking after a refund at `at`; others
/// end by themselves on the next midnight.
#[must_use]
pub fn is_needed(expires_at: Timestamp, at: Timestamp) -> bool {
    expires_at > round_up(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::entitlement::day::{TOLERANCE, proof_end};

    proptest! {
        #[test]
        fn a_revocation_outlives_every_proof_it_revokes(
            now in 0..4_000_000_000_000_i64,
            ago in 0..MONTH * 13,
            asked_before in 0..MONTH,
            until in 0..8_000_000_000_000_i64,
        ) {
            let now = Timestamp::from_millis(now);
            let at = shift(now, -ago);
            // A proof that was given before the revocation was written, its request's clock as far ahead as may be.
            let asked = shift(now, -asked_before).plus(TOLERANCE);
            let end = round_up(proof_end(asked, Timestamp::from_millis(until)));
            let revocation = Revocation::of_refund(1, at, now, Timestamp::from_millis(0));
            prop_assert!(revocation.expires_at >= end);
            prop_assert!(revocation.listed().expires_at >= revocation.expires_at);
            prop_assert!(revocation.listed().effective_at <= revocation.listed().expires_at);
        }
    }

    #[test]
    fn what_ends_before_the_next_midnight_needs_no_entry() {
        let at = Timestamp::from_millis(DAY + 1);
        assert!(!is_needed(Timestamp::from_millis(2 * DAY), at));
        assert!(is_needed(Timestamp::from_millis(2 * DAY + 1), at));
    }
}

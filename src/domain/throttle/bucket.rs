//! A token bucket in the form of the generic cell rate algorithm (ITU-T I.371): its whole state is one moment, the
//! theoretical arrival time, in milliseconds since the Unix epoch. No state is a full bucket, and a state that has passed
//! is one too, so that it may be forgotten then.

use std::time::Duration;

use crate::config::Bucket;
use crate::domain::clock::Timestamp;

/// Whether one more may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Pass,
    /// Not before so long; never zero.
    Wait(Duration),
}

/// Takes one token. When there is none, the state stays as it was: waiting is never made longer by asking.
#[must_use]
pub fn charge(state: Option<i64>, now: Timestamp, bucket: &Bucket) -> (Option<i64>, Verdict) {
    let next = arrival(state, now, bucket, 0).saturating_add(interval(bucket));
    match over(next, now, bucket) {
        Duration::ZERO => (Some(next), Verdict::Pass),
        wait => (state, Verdict::Wait(wait)),
    }
}

/// Puts one token back; a full bucket is `None`.
#[must_use]
pub fn refund(state: Option<i64>, now: Timestamp, bucket: &Bucket) -> Option<i64> {
    let earlier = state?.saturating_sub(interval(bucket));
    (earlier > now.as_millis()).then_some(earlier)
}

/// Takes one token even from an empty bucket. Says how long to wait so that the rate holds, at most `longest`; what is
/// owed beyond that is forgiven.
pub(super) fn charge_and_delay(
    state: Option<i64>,
    now: Timestamp,
    bucket: &Bucket,
    longest: Duration,
) -> (Option<i64>, Duration) {
    let debt = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
    let next = arrival(state, now, bucket, debt).saturating_add(interval(bucket));
    let delay = over(next, now, bucket).min(longest);
    (Some(next.min(full_span(now, bucket, debt))), delay)
}

/// Where the state stands now. Bounded on both sides: a clock that was set back, or a bucket that was made smaller, must
/// not shut anybody out for longer than an empty bucket does.
fn arrival(state: Option<i64>, now: Timestamp, bucket: &Bucket, debt: i64) -> i64 {
    let now_millis = now.as_millis();
    state
        .unwrap_or(now_millis)
        .min(full_span(now, bucket, debt))
        .max(now_millis)
}

/// The latest arrival time that a state can have now: an empty bucket and `debt` ms owed.
fn full_span(now: Timestamp, bucket: &Bucket, debt: i64) -> i64 {
    let span = interval(bucket).saturating_mul(i64::from(bucket.burst));
    now.as_millis().saturating_add(span).saturating_add(debt)
}

/// By how much an arrival time is more than an empty bucket.
fn over(arrival: i64, now: Timestamp, bucket: &Bucket) -> Duration {
    let over = arrival.saturating_sub(full_span(now, bucket, 0));
    Duration::from_millis(over.max(0).unsigned_abs())
}

/// Milliseconds a token, at least one.
fn interval(bucket: &Bucket) -> i64 {
    i64::try_from(bucket.refill_every.as_millis())
        .unwrap_or(i64::MAX)
        .max(1)
}

/// A wait as the value of `Retry-After`: whole seconds, rounded up, at least one (RFC 9110 §10.2.3).
#[must_use]
pub fn retry_after_secs(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000))
        .unwrap_or(u64::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BUCKET: Bucket = Bucket {
        burst: 3,
        refill_every: Duration::from_secs(10),
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_burst_passes_then_one_each_interval() {
        let mut state = None;
        for _ in 0..3 {
            let (next, verdict) = charge(state, at(0), &BUCKET);
            assert_eq!(verdict, Verdict::Pass);
            state = next;
        }
        assert_eq!(
            charge(state, at(0), &BUCKET),
            (state, Verdict::Wait(Duration::from_secs(10)))
        );
        assert_eq!(
            charge(state, at(9_999), &BUCKET).1,
            Verdict::Wait(Duration::from_millis(1))
        );
        assert_eq!(charge(state, at(10_000), &BUCKET).1, Verdict::Pass);
    }

    #[test]
    fn a_clock_set_back_costs_one_interval_at_most() {
        let (state, _) = charge(None, at(1_000_000_000), &BUCKET);
        assert_eq!(charge(state, at(0), &BUCKET).1, Verdict::Wait(Duration::from_secs(10)));
    }

    #[test]
    fn retry_after_is_never_too_early() {
        assert_eq!(retry_after_secs(Duration::from_millis(1)), 1);
        assert_eq!(retry_after_secs(Duration::from_millis(1001)), 2);
        assert_eq!(retry_after_secs(Duration::ZERO), 1);
    }

    fn any_bucket() -> impl Strategy<Value = Bucket> {
        (1..20_u32, 1..5000_u64).prop_map(|(burst, millis)| Bucket {
            burst,
            refill_every: Duration::from_millis(millis),
        })
    }

    proptest! {
        #[test]
        fn bf_01_in_any_window_no_more_than_burst_and_refill_pass(
            bucket in any_bucket(),
            steps in prop::collection::vec(0..2000_i64, 1..200),
        ) {
            let (mut now, mut state, mut passed) = (0, None, Vec::new());
            for step in steps {
                now += step;
                let (next, verdict) = charge(state, at(now), &bucket);
                state = next;
                if verdict == Verdict::Pass {
                    passed.push(now);
                }
            }
            for (first, start) in passed.iter().enumerate() {
                for (count, end) in passed.iter().skip(first).enumerate() {
                    let refilled = (end - start) / interval(&bucket);
                    let most = i64::from(bucket.burst) + refilled;
                    prop_assert!(i64::try_from(count).expect("small") < most);
                }
            }
        }

        #[test]
        fn the_wait_is_exact(bucket in any_bucket(), charges in 1..60_u32) {
            let state = (0..charges).fold(None, |state, _| charge(state, at(0), &bucket).0);
            if let Verdict::Wait(wait) = charge(state, at(0), &bucket).1 {
                prop_assert_eq!(charge(state, at(0).plus(wait), &bucket).1, Verdict::Pass);
                let early = at(0).plus(wait.saturating_sub(Duration::from_millis(1)));
                prop_assert_ne!(charge(state, early, &bucket).1, Verdict::Pass);
            }
        }

        #[test]
        fn a_refund_undoes_a_charge_and_no_more(bucket in any_bucket(), charges in 0..20_u32, now in 0..100_000_i64) {
            let before = (0..charges).fold(None, |state, _| charge(state, at(0), &bucket).0);
            let (after, verdict) = charge(before, at(now), &bucket);
            if verdict == Verdict::Pass {
                let undone = refund(after, at(now), &bucket);
                prop_assert_eq!(undone, before.filter(|state| *state > now));
            }
        }

        #[test]
        fn a_delay_never_exceeds_its_bound_and_debt_is_forgiven(
            bucket in any_bucket(),
            charges in 1..200_u32,
            longest in 0..10_000_u64,
        ) {
            let longest = Duration::from_millis(longest);
            let mut state = None;
            for count in 0..charges {
                let (next, delay) = charge_and_delay(state, at(0), &bucket, longest);
                state = next;
                prop_assert!(delay <= longest);
                prop_assert!(count >= bucket.burst || delay.is_zero());
            }
            let rested = at(0).plus(bucket.refill_every + longest);
            prop_assert_eq!(charge_and_delay(state, rested, &bucket, longest).1, Duration::ZERO);
        }

        #[test]
        fn no_state_and_no_moment_overflows(state: Option<i64>, now: i64, burst: u32, millis: u64) {
            let bucket = Bucket { burst, refill_every: Duration::from_millis(millis) };
            let _ = charge(state, at(now), &bucket);
            let _ = refund(state, at(now), &bucket);
            let _ = charge_and_delay(state, at(now), &bucket, Duration::MAX);
        }
    }
}

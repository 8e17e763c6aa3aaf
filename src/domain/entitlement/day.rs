//! Everything that is rounded or clamped, so that a proof's end tells as little as possible about the plan behind it.
//! All days are those of UTC.

use std::time::Duration;

use crate::domain::clock::Timestamp;

/// One day, in ms.
pub const DAY: i64 = 86_400_000;
/// What the protocol calls a month: 30 days, in ms. No proof is given for longer, but for rounding.
pub const MONTH: i64 = 30 * DAY;
/// What the protocol calls a year: 365 days, in ms.
pub const YEAR: i64 = 365 * DAY;
/// How far a request's own time may be from the server's.
pub const TOLERANCE: Duration = Duration::from_secs(70);
/// How long a day of Google's test stores is, in ms.
const TESTING_DAY: i64 = 10_000;

/// The first midnight at or after `time`; saturates.
#[must_use]
pub const fn round_up(time: Timestamp) -> Timestamp {
    round_up_to(time, DAY)
}

/// The last midnight at or before `time`; saturates.
#[must_use]
pub const fn round_down(time: Timestamp) -> Timestamp {
    let millis = time.as_millis();
    Timestamp::from_millis(millis.saturating_sub(millis.rem_euclid(DAY)))
}

/// As [`round_up`], with the short days that Google's test stores have when they are `testing`.
#[must_use]
pub const fn round_up_for_google(time: Timestamp, testing: bool) -> Timestamp {
    round_up_to(time, if testing { TESTING_DAY } else { DAY })
}

const fn round_up_to(time: Timestamp, unit: i64) -> Timestamp {
    let millis = time.as_millis();
    match millis.rem_euclid(unit) {
        0 => time,
        over => Timestamp::from_millis(millis.saturating_add(unit - over)),
    }
}

/// `time` moved by `millis`; saturates.
#[must_use]
pub const fn shift(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(time.as_millis().saturating_add(millis))
}

/// When a payment counts as redeemed: at the next midnight, in development at once.
#[must_use]
pub const fn redeemed_at(now: Timestamp, dev: bool) -> Timestamp {
    if dev { now } else { round_up(now) }
}

/// The end of a proof asked for at `asked`, for somebody entitled until `until`.
#[must_use]
pub fn proof_end(asked: Timestamp, until: Timestamp) -> Timestamp {
    round_up(shift(asked, MONTH)).min(until)
}

/// Whether a proof may be asked for with the time `asked`; the limits are within.
#[must_use]
pub fn is_timely_for_proof(now: Timestamp, asked: Timestamp) -> bool {
    now.minus(TOLERANCE) <= asked && asked <= now.plus(TOLERANCE)
}

/// Whether anything else may be asked for with the time `asked`; the limits are not within.
#[must_use]
pub fn is_timely(now: Timestamp, asked: Timestamp) -> bool {
    now.minus(TOLERANCE) < asked && asked < now.plus(TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entitlement::revocation::Revocation;
    use crate::domain::entitlement::vectors::{cases, file, number, time};

    #[test]
    fn days_round_as_clients_expect() {
        let spans = file("rounding.json");
        for (name, span) in [("day_ms", DAY), ("month_ms", MONTH), ("year_ms", YEAR)] {
            assert_eq!(spans[name], span, "{name}");
        }
        for case in cases("rounding.json", "round_day") {
            let at = time(&case["unix_ts_ms"]);
            assert_eq!(round_up(at), time(&case["next_day"]), "{case}");
            assert_eq!(round_down(at), time(&case["start_of_day"]), "{case}");
        }
        for case in cases("rounding.json", "platform_testing_rounding") {
            let testing = case["platform_testing_env"] == true && number(&case["provider"]) == 1;
            let rounded = round_up_for_google(time(&case["unix_ts_ms"]), testing);
            assert_eq!(rounded, time(&case["rounded"]), "{case}");
        }
    }

    #[test]
    fn proofs_end_where_clients_expect() {
        for case in cases("rounding.json", "proof_clamp") {
            let end = proof_end(time(&case["now_unix_ts_ms"]), time(&case["proposed_expiry_unix_ts_ms"]));
            assert_eq!(end, time(&case["proof_expiry_unix_ts_ms"]), "{case}");
        }
        for case in cases("rounding.json", "redeemed_timestamp") {
            let at = redeemed_at(time(&case["unix_ts_ms"]), case["dev"] == true);
            assert_eq!(at, time(&case["redeemed_unix_ts_ms"]), "{case}");
        }
    }

    #[test]
    fn revocations_take_effect_when_clients_have_heard_of_them() {
        for case in cases("rounding.json", "revocation_effective") {
            let revocation = Revocation {
                gen_index: 0,
                created_at: time(&case["creation_unix_ts_ms"]),
                expires_at: time(&case["stored_expiry_unix_ts_ms"]),
            };
            let listed = revocation.listed();
            assert_eq!(listed.expires_at, time(&case["listed_expiry_unix_ts_ms"]), "{case}");
            assert_eq!(
                listed.effective_at,
                time(&case["listed_effective_unix_ts_ms"]),
                "{case}"
            );
        }
    }

    #[test]
    fn rounding_saturates_at_both_ends() {
        for extreme in [i64::MIN, i64::MAX, i64::MAX - 1] {
            let at = Timestamp::from_millis(extreme);
            assert!(round_down(at) <= at && at <= round_up(at));
        }
    }
}

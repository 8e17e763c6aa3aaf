//! Whether the wall clock can be believed: it must go as far as the monotonic clock does.

use std::time::Duration;

use super::clock::{Clock, Timestamp};

/// How far the clocks may part.
const TOLERANCE: Duration = Duration::from_hours(1);

/// Both clocks at one moment, for comparing them later.
#[derive(Clone, Copy, Debug)]
pub struct Baseline {
    wall: Timestamp,
    monotonic: Duration,
}

impl Baseline {
    /// The clocks as they are now.
    #[must_use]
    pub fn of(clock: &dyn Clock) -> Self {
        Self {
            wall: clock.now(),
            monotonic: clock.monotonic(),
        }
    }

    /// Whether the clocks have parted by more than an hour since this moment, in either direction. They are compared
    /// with one moment in the past and not with the last look, so that a jump stays noticed until it is taken back.
    #[must_use]
    pub fn have_parted(&self, clock: &dyn Clock) -> bool {
        let expected = self.wall.plus(clock.monotonic().saturating_sub(self.monotonic));
        let now = clock.now();
        now.since(expected).max(expected.since(now)) > TOLERANCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;

    const START: Timestamp = Timestamp::from_secs(1_700_000_000);

    #[test]
    fn clocks_that_go_alike_are_believed_for_years() {
        let clock = ManualClock::new(START);
        let baseline = Baseline::of(clock.as_ref());
        clock.pass(Duration::from_hours(10 * 365 * 24));
        assert!(!baseline.have_parted(clock.as_ref()));
    }

    #[test]
    fn a_jump_stays_noticed_until_it_is_taken_back() {
        for wrong in [
            Timestamp::from_secs(0),
            START.plus(Duration::from_secs(3601)),
            Timestamp::from_millis(i64::MAX),
        ] {
            let clock = ManualClock::new(START);
            let baseline = Baseline::of(clock.as_ref());
            clock.set_wall(wrong);
            assert!(baseline.have_parted(clock.as_ref()));
            clock.pass(Duration::from_mins(1));
            assert!(baseline.have_parted(clock.as_ref()));
            clock.set_wall(START.plus(Duration::from_mins(2)));
            assert!(!baseline.have_parted(clock.as_ref()));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_correction_within_the_hour_is_no_jump(millis in -3_600_000_i64..=3_600_000) {
            let clock = ManualClock::new(START);
            let baseline = Baseline::of(clock.as_ref());
            clock.set_wall(Timestamp::from_millis(START.as_millis() + millis));
            proptest::prop_assert!(!baseline.have_parted(clock.as_ref()));
        }
    }
}

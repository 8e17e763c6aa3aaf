//! Whether the wall clock can be believed: it must go as far as the monotonic clock does, and at the start be near the last
//! time that was believed.

use std::time::Duration;

use super::clock::{Clock, Timestamp};

/// How far the clocks may part.
const TOLERANCE: Duration = Duration::from_hours(1);

/// How long nobody may have swept before a start. A longer pause is more likely a wrong clock than a server that was down
/// for so long, and what a sweep deletes does not come back.
pub const LONGEST_PAUSE: Duration = Duration::from_hours(60 * 24);

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

    /// Whether the wall clock was further ahead of the last sweep than anybody pauses. A clock that is behind is no danger:
    /// what it finds expired has been so for longer.
    #[must_use]
    pub fn has_leapt_from(&self, last_sweep: Timestamp) -> bool {
        self.wall.since(last_sweep) > LONGEST_PAUSE
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
    fn a_start_is_believed_within_two_months_of_the_last_sweep() {
        let baseline = Baseline::of(ManualClock::new(START).as_ref());
        for near in [START, START.plus(LONGEST_PAUSE * 9), START.minus(LONGEST_PAUSE)] {
            assert!(!baseline.has_leapt_from(near), "{near:?}");
        }
        for far in [
            START.minus(LONGEST_PAUSE + Duration::from_millis(1)),
            Timestamp::from_millis(0),
        ] {
            assert!(baseline.has_leapt_from(far), "{far:?}");
        }
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

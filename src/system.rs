//! The machine's own clock and random source: the one place that reads them. Everybody else is given them.

use std::time::{Duration, Instant, SystemTime};

use rand::RngCore as _;
use rand::rngs::OsRng;

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::random::Random;

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in")]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in")]
    fn now(&self) -> Timestamp {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => millis(since),
            Err(before) => -millis(before.duration()),
        })
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The operating system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// Panics where the system has no randomness to give: a server cannot go on without.
    fn fill(&self, out: &mut [u8]) {
        OsRng.fill_bytes(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::bytes;

    #[test]
    fn the_wall_clock_is_past_the_writing_of_this_and_the_other_never_goes_back() {
        let clock = SystemClock::start();
        assert!(clock.now() > Timestamp::from_secs(1_700_000_000));
        let earlier = clock.monotonic();
        assert!(clock.monotonic() >= earlier);
    }

    #[test]
    fn two_draws_differ() {
        assert_ne!(bytes::<32>(&SystemRandom), bytes::<32>(&SystemRandom));
    }
}

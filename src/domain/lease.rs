//! Whose turn it is among many processes: a lease with an epoch and a heartbeat, judged on one's own monotonic clock.
//!
//! A lock would be honoured neither by a frozen process nor by every connection pool. A lease is not honoured by them
//! either, so that whoever acts on it checks the epoch in the transaction that acts.

use std::time::Duration;

/// How long a lease must stand still before another may take it. Its holder beats every second.
const SILENCE: Duration = Duration::from_secs(5);

/// A lease as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub holder: String,
    /// How often it has changed hands.
    pub epoch: i64,
    /// How often its holder has said that it is alive.
    pub heartbeat: i64,
}

/// What to do about a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is ours: say that we are alive, and act under this epoch.
    Ours(i64),
    /// Try to take it, if it is still as it was found.
    Take(Option<Lease>),
    /// Its holder is alive, as far as we know.
    Wait,
}

/// What one process has seen of a lease.
#[derive(Clone, Debug)]
pub struct Watch {
    me: String,
    /// The lease of another as it was found last, and the monotonic moment when it was first found so.
    seen: Option<(Lease, Duration)>,
}

impl Watch {
    /// A process that has seen nothing yet; `me` is a name that no other process has had.
    #[must_use]
    pub const fn new(me: String) -> Self {
        Self { me, seen: None }
    }

    /// The name that the lease bears when it is ours.
    #[must_use]
    pub fn me(&self) -> &str {
        &self.me
    }

    /// Judges the lease as it is `found` at the monotonic moment `now`.
    pub fn judge(&mut self, found: Option<Lease>, now: Duration) -> Turn {
        let Some(lease) = found else {
            return Turn::Take(None);
        };
        if lease.holder == self.me {
            self.seen = None;
            return Turn::Ours(lease.epoch);
        }
        match &self.seen {
            Some((seen, since)) if *seen == lease => {
                if now.saturating_sub(*since) >= SILENCE {
                    Turn::Take(Some(lease))
                } else {
                    Turn::Wait
                }
            }
            _ => {
                self.seen = Some((lease, now));
                Turn::Wait
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn lease(holder: &str, epoch: i64, heartbeat: i64) -> Lease {
        Lease {
            holder: holder.to_owned(),
            epoch,
            heartbeat,
        }
    }

    #[test]
    fn a_lease_that_nobody_had_is_taken_and_then_ours() {
        let mut watch = Watch::new("me".to_owned());
        assert_eq!(watch.judge(None, SECOND), Turn::Take(None));
        assert_eq!(watch.judge(Some(lease("me", 1, 0)), SECOND), Turn::Ours(1));
    }

    #[test]
    fn a_lease_that_stands_still_is_taken_after_the_silence() {
        let mut watch = Watch::new("me".to_owned());
        let theirs = lease("other", 3, 7);
        assert_eq!(watch.judge(Some(theirs.clone()), SECOND), Turn::Wait);
        assert_eq!(watch.judge(Some(theirs.clone()), SECOND + SILENCE / 2), Turn::Wait);
        assert_eq!(
            watch.judge(Some(theirs.clone()), SECOND + SILENCE),
            Turn::Take(Some(theirs))
        );
    }

    #[test]
    fn a_process_that_was_frozen_does_not_take_from_a_living_holder() {
        let mut watch = Watch::new("me".to_owned());
        assert_eq!(watch.judge(Some(lease("other", 3, 7)), SECOND), Turn::Wait);
        assert_eq!(
            watch.judge(Some(lease("other", 3, 99)), Duration::from_hours(1)),
            Turn::Wait
        );
    }

    #[test]
    fn a_lease_that_was_lost_is_not_ours() {
        let mut watch = Watch::new("me".to_owned());
        assert_eq!(watch.judge(Some(lease("me", 1, 5)), SECOND), Turn::Ours(1));
        assert_eq!(
            watch.judge(Some(lease("other", 2, 0)), Duration::from_hours(1)),
            Turn::Wait
        );
    }

    proptest::proptest! {
        /// Looks at any times never take a lease that beat within the silence before the look.
        #[test]
        fn no_beating_holder_loses_its_lease(looks in proptest::collection::vec((0_u64..10_000, proptest::bool::ANY), 1..50)) {
            let mut watch = Watch::new("me".to_owned());
            let (mut now, mut heartbeat, mut last_beat) = (Duration::ZERO, 0, Duration::ZERO);
            for (pause, beats) in looks {
                now += Duration::from_millis(pause);
                if beats {
                    heartbeat += 1;
                    last_beat = now;
                }
                let turn = watch.judge(Some(lease("other", 1, heartbeat)), now);
                if now.saturating_sub(last_beat) < SILENCE {
                    proptest::prop_assert_eq!(turn, Turn::Wait);
                }
            }
        }
    }
}

//! Whether the mail server can be reached. While it cannot, one mail at a time tries, with longer and longer pauses, and
//! the others wait in the queue: a server that is away costs a connection a pause, not one for every mail.

use std::time::Duration;

use parking_lot::Mutex;

/// How many mails may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// As many as there are places.
    All,
    /// One, which finds out whether the server is back.
    One,
    /// None yet.
    None,
}

/// What is known of the way to the mail server. Moments are monotonic.
#[derive(Default)]
pub(super) struct Way(Mutex<Option<Closed>>);

struct Closed {
    /// How many tries failed since the last that did not.
    failures: i64,
    /// When the next one may try.
    until: Duration,
    /// Whether one is trying.
    probing: bool,
}

impl Way {
    /// Whether nothing may be claimed `now`.
    pub(super) fn is_closed(&self, now: Duration) -> bool {
        self.0.lock().as_ref().is_some_and(|closed| now < closed.until)
    }

    /// What may be claimed `now`. The one that is let through has `longest` to say how it went.
    pub(super) fn room(&self, now: Duration, longest: Duration) -> Room {
        let mut closed = self.0.lock();
        match closed.as_mut() {
            None => Room::All,
            Some(closed) if now < closed.until => Room::None,
            Some(closed) => {
                closed.probing = true;
                closed.until = now.saturating_add(longest);
                Room::One
            }
        }
    }

    /// The server could not be reached: nothing is tried for `pause(failures)`. Those that were under way together count
    /// once. Gives the pause if it is a new one.
    pub(super) fn failed(&self, now: Duration, pause: impl FnOnce(i64) -> Duration) -> Option<Duration> {
        let mut closed = self.0.lock();
        let failures = match closed.as_ref() {
            Some(closed) if !closed.probing && now < closed.until => return None,
            Some(closed) => closed.failures.saturating_add(1),
            None => 1,
        };
        let pause = pause(failures);
        *closed = Some(Closed {
            failures,
            until: now.saturating_add(pause),
            probing: false,
        });
        Some(pause)
    }

    /// The one that was let through had no mail to try.
    pub(super) fn nothing_to_try(&self, now: Duration) {
        if let Some(closed) = self.0.lock().as_mut().filter(|closed| closed.probing) {
            closed.probing = false;
            closed.until = now;
        }
    }

    /// How many tries failed since the last that did not.
    #[cfg(test)]
    pub(super) fn failures(&self) -> i64 {
        self.0.lock().as_ref().map_or(0, |closed| closed.failures)
    }

    /// The server answered. Whether it had been out of reach.
    pub(super) fn works(&self) -> bool {
        self.0.lock().take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_mins(1);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn double(failures: i64) -> Duration {
        at(10 << (failures - 1))
    }

    #[test]
    fn one_mail_tries_after_each_pause_until_one_gets_through() {
        let way = Way::default();
        assert_eq!(way.room(at(0), LONGEST), Room::All);
        assert_eq!(way.failed(at(0), double), Some(at(10)));
        assert_eq!(way.failed(at(1), double), None, "was under way at the same time");
        assert!(way.is_closed(at(9)));
        assert_eq!(way.room(at(9), LONGEST), Room::None);
        assert!(!way.is_closed(at(10)));
        assert_eq!(way.room(at(10), LONGEST), Room::One);
        assert!(way.is_closed(at(11)));
        assert_eq!(way.room(at(11), LONGEST), Room::None, "one is trying");
        assert_eq!(way.failed(at(12), double), Some(at(20)));
        assert_eq!(way.room(at(31), LONGEST), Room::None);
        assert_eq!(way.room(at(32), LONGEST), Room::One);
        assert!(way.works());
        assert_eq!(way.room(at(33), LONGEST), Room::All);
        assert!(!way.works());
    }

    #[test]
    fn one_that_never_says_how_it_went_makes_room_for_the_next() {
        let way = Way::default();
        way.failed(at(0), double);
        assert_eq!(way.room(at(10), LONGEST), Room::One);
        assert_eq!(way.room(at(69), LONGEST), Room::None);
        assert_eq!(way.room(at(70), LONGEST), Room::One);
        way.nothing_to_try(at(71));
        assert_eq!(way.room(at(71), LONGEST), Room::One);
    }
}

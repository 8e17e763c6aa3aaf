//! The published ticket of the list of revocations.
//!
//! Whoever is up to date is answered from here, without asking the ledger or the database. What this process changes is
//! published before it is answered for; what others change is noticed by looking, every few hundred milliseconds. A
//! ticket that has not been looked at for longer is not believed.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::Ledger;
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};

/// How old the published ticket may be.
pub const OLDEST: Duration = Duration::from_secs(1);

/// A ticket, and when it was last known to be current, on the monotonic clock.
#[derive(Clone, Copy, Debug)]
struct Seen {
    ticket: i64,
    at: Duration,
}

/// The published ticket. Cheap to clone and to read: the lock is held for a comparison.
#[derive(Clone, Debug, Default)]
pub struct Revocations(Arc<Mutex<Option<Seen>>>);

impl Revocations {
    /// The ticket, unless it has not been looked at for too long.
    #[must_use]
    pub fn ticket(&self, now: Duration) -> Option<i64> {
        let seen = (*self.0.lock())?;
        (now.saturating_sub(seen.at) <= OLDEST).then_some(seen.ticket)
    }

    /// Publishes a ticket that was read or written at or after `began`. An older one than is published changes nothing:
    /// whoever read it was overtaken.
    pub fn publish(&self, ticket: i64, began: Duration) {
        let mut seen = self.0.lock();
        *seen = Some(seen.map_or(Seen { ticket, at: began }, |before| Seen {
            ticket: ticket.max(before.ticket),
            at: began.max(before.at),
        }));
    }
}

/// Looks at the ticket now: for whoever finds it too old.
pub struct LookAtTicket;

impl Request for LookAtTicket {
    /// The ticket.
    type Reply = Result<i64, Failure>;
}

impl Serve<LookAtTicket> for Ledger {
    fn serve(&mut self, _: LookAtTicket, _: &Myself<Self>) -> Answer<Result<i64, Failure>> {
        let (deps, looking) = (self.deps.clone(), Arc::clone(&self.looking));
        Answer::later(async move {
            let now = || deps.clock.monotonic();
            // Of many who come at once, one looks.
            let _looking = looking.lock().await;
            if let Some(ticket) = deps.revocations.ticket(now()) {
                return Ok(ticket);
            }
            deps.look().await?;
            let ticket = deps.revocations.ticket(now());
            ticket.ok_or_else(|| Failure::Unavailable("the ticket of revocations could not be read in time".to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_ticket_is_believed_for_a_second_and_never_goes_back() {
        let published = Revocations::default();
        assert_eq!(published.ticket(at(0)), None);
        published.publish(3, at(100));
        assert_eq!(published.ticket(at(1100)), Some(3));
        assert_eq!(published.ticket(at(1101)), None);
        // Read before, arrived after.
        published.publish(4, at(2000));
        published.publish(3, at(1900));
        assert_eq!(published.ticket(at(3000)), Some(4));
        assert_eq!(published.ticket(at(3001)), None);
    }
}

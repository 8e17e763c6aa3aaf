//! Mailer: outgoing mail, tried until it is delivered, refused or expired; in dev a mailbox that can be looked at.
//!
//! The queue is a table, so that a mail is queued in the transaction that it tells of. Mailer claims what is due by
//! putting off its next attempt beyond the time that one try may take: a mail whose claimer died is claimed again. So a
//! mail may arrive twice, with the same `Message-ID`, but is not lost.

pub mod letters;
pub mod mailbox;
pub mod queue;
pub mod transport;

mod claim;
mod dispatch;
mod message;
mod retry;
mod smtp;
mod way;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use self::claim::{Claim, Count};
use self::transport::{Transport, TransportError};
use self::way::Way;
use super::key_ring::secrets::Secrets;
use super::supervise::{Answer, Myself, Request, Role, Serve, Timers};
use super::writer::Writes;
use crate::config::Config;
use crate::db::Store;
use crate::domain::clock::Clock;
use crate::domain::random::Random;

/// How often the queue is looked at when nobody says that there is something in it.
const LOOK: Duration = Duration::from_secs(1);

/// How many mails are under way at once.
const CONCURRENCY: usize = 8;

/// What Mailer is made from.
#[derive(Clone)]
pub struct Deps {
    /// Counts the queue.
    pub store: Store,
    /// Claims, postpones and erases mails.
    pub writes: Writes,
    /// Opens mails.
    pub secrets: Arc<Secrets>,
    /// Sender, issuer, pauses.
    pub config: Arc<Config>,
    /// Where mails go.
    pub transport: Transport,
    /// Whether they get there.
    way: Arc<Way>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Spreads the pauses.
    pub random: Arc<dyn Random>,
}

impl Deps {
    /// With the transport that `config.mail` describes.
    ///
    /// # Errors
    /// [`TransportError`] if it cannot be made.
    pub fn new(
        store: Store,
        writes: Writes,
        secrets: Arc<Secrets>,
        config: Arc<Config>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, TransportError> {
        Ok(Self {
            store,
            writes,
            secrets,
            transport: Transport::new(&config, Arc::clone(&clock))?,
            way: Arc::default(),
            config,
            clock,
            random,
        })
    }
}

/// The state: how many more mails may be under way, and whether the queue is about to be looked at.
pub struct Mailer {
    deps: Deps,
    room: Arc<Semaphore>,
    called: bool,
}

impl Mailer {
    /// Has the queue looked at; those who call before that happens share the look.
    fn call(&mut self, me: &Myself<Self>) {
        if !self.called {
            self.called = true;
            me.notify(Claim);
        }
    }
}

impl Role for Mailer {
    const NAME: &'static str = "mailer";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        Self {
            deps: deps.clone(),
            room: Arc::new(Semaphore::new(CONCURRENCY)),
            called: false,
        }
    }

    fn timers(timers: &mut Timers<'_, Self>) {
        timers.every(LOOK);
    }

    fn tick(&mut self, me: &Myself<Self>) -> Answer<()> {
        me.notify(Count);
        self.call(me);
        Answer::Ready(())
    }
}

/// A mail was queued: look at once. The answer does not wait for the delivery.
pub struct Wake;

impl Request for Wake {
    type Reply = ();
}

impl Serve<Wake> for Mailer {
    fn serve(&mut self, _: Wake, me: &Myself<Self>) -> Answer<()> {
        self.call(me);
        Answer::Ready(())
    }
}

#[cfg(test)]
mod tests;

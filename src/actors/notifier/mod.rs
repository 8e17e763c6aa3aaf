//! Notifier: tells clients that a session has ended (OIDC Back-Channel Logout §2.5), tried until they have heard it.
//!
//! The queue is a table, written in the transaction that ends the session. Notifier claims what is due by putting off its
//! next try beyond the time that one may take, so a client may be told twice, by two tokens, but is not forgotten.

mod claim;
mod tell;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use self::claim::Claim;
use super::key_ring::Keys;
use super::key_ring::secrets::Secrets;
use super::outgoing::Outgoing;
use super::supervise::{Answer, Myself, Role, Timers};
use super::writer::Writes;
use crate::config::Config;
use crate::db::Store;
use crate::domain::clock::Clock;
use crate::domain::random::Random;

/// How often the queue is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// How many clients are told at once.
const CONCURRENCY: usize = 8;

/// What Notifier is made from.
#[derive(Clone)]
pub struct Deps {
    /// Reads the queue and the clients.
    pub store: Store,
    /// Claims, postpones and settles.
    pub writes: Writes,
    /// Signs logout tokens.
    pub keys: Keys,
    /// Knows people as each client does.
    pub secrets: Arc<Secrets>,
    /// The way to the clients.
    pub outgoing: Outgoing,
    /// Issuer.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names of tokens; spreads the pauses.
    pub random: Arc<dyn Random>,
}

/// The state: how many more clients may be told at once.
pub struct Notifier {
    deps: Deps,
    room: Arc<Semaphore>,
}

impl Role for Notifier {
    const NAME: &'static str = "notifier";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        Self {
            deps: deps.clone(),
            room: Arc::new(Semaphore::new(CONCURRENCY)),
        }
    }

    fn timers(timers: &mut Timers<'_, Self>) {
        timers.every(LOOK);
    }

    fn tick(&mut self, me: &Myself<Self>) -> Answer<()> {
        me.notify(Claim);
        Answer::Ready(())
    }
}

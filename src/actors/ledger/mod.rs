//! Ledger: owns the rules of entitlements. Payments become subscriptions, subscriptions become proofs, refunds become
//! revocations.
//!
//! There is one in a process, and it keeps nothing between two requests but the published ticket of the list of
//! revocations: what was paid, redeemed and revoked is in the database, and [`book`] orders the changes of all processes.

pub mod book;
pub mod claim_payment;
pub mod generate_proof;
pub mod grant_payment;
pub mod read_details;
pub mod report;
pub mod request_refund;
pub mod revocations;
pub mod setup;
pub mod stores;
pub mod sweep;

use std::sync::Arc;
use std::time::Duration;

use self::book::Moment;
use self::revocations::Revocations;
use self::setup::LedgerKeys;
use self::stores::Stores;
use super::failure::Failure;
use super::supervise::{Answer, Myself, Role, Timers};
use super::writer::{WriteError, Writes};
use crate::config::{Config, DatabaseUrl, Mode};
use crate::db::entitlements::runtime;
use crate::db::{DbError, Decision, Store, Transaction};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::proof::{Proof, SignedProof};

/// How often the ticket is looked at, so that what another process revoked is known within [`revocations::OLDEST`].
const LOOK: Duration = Duration::from_millis(400);

/// What Ledger is made from.
#[derive(Clone)]
pub struct Deps {
    /// Reads the ledger.
    pub store: Store,
    /// Writes it.
    pub writes: Writes,
    /// Signs proofs, names generations.
    pub keys: Arc<LedgerKeys>,
    /// Where the ticket of the list of revocations is published.
    pub revocations: Revocations,
    /// Where payments come from.
    pub stores: Stores,
    /// Which kind of server this is, and what the operator set.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whose turn it is to change the ledger, where changes would wait for each other in the database.
    pub order: Order,
}

/// Orders the changes of one process among each other.
///
/// Every change takes the one row of the ledger. On a networked database each of many at once would hold a connection while
/// it waits for that row, until there is none left for others; so a process sends one at a time. SQLite's Writer commits
/// many together and needs no order.
#[derive(Clone, Debug)]
pub struct Order(Option<Arc<tokio::sync::Mutex<()>>>);

impl Order {
    /// The order that a database needs.
    #[must_use]
    pub fn of(url: &DatabaseUrl) -> Self {
        let embedded = matches!(url, DatabaseUrl::SqliteFile(_) | DatabaseUrl::SqliteMemory);
        Self((!embedded).then(Arc::default))
    }
}

/// The role.
pub struct Ledger {
    deps: Deps,
    /// Locked while the ticket is looked at; the next tick passes then. A panic lets go of it too.
    looking: Arc<tokio::sync::Mutex<()>>,
}

impl Role for Ledger {
    const NAME: &'static str = "ledger";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        Self {
            deps: deps.clone(),
            looking: Arc::default(),
        }
    }

    fn timers(timers: &mut Timers<'_, Self>) {
        timers.every(LOOK);
    }

    fn tick(&mut self, _: &Myself<Self>) -> Answer<()> {
        let Ok(looking) = Arc::clone(&self.looking).try_lock_owned() else {
            return Answer::Ready(());
        };
        let deps = self.deps.clone();
        Answer::later(async move {
            if let Err(error) = deps.look().await {
                tracing::warn!(%error, "the ticket of revocations could not be looked at");
            }
            drop(looking);
        })
    }
}

impl Deps {
    fn moment(&self) -> Moment {
        Moment {
            now: self.clock.now(),
            dev: self.is_dev(),
        }
    }

    /// Whether payments may be minted. The key is looked at too: what is minted must never be believed elsewhere.
    fn is_dev(&self) -> bool {
        self.config.mode == Mode::Dev && self.keys.proof.is_dev()
    }

    /// Changes the ledger in one transaction, which takes the ledger first.
    async fn change<T, F>(&self, name: &'static str, work: F) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: AsyncFnMut(&mut Transaction<'_>) -> Result<Decision<T>, DbError> + Send + 'static,
    {
        let _turn = match &self.order.0 {
            Some(order) => Some(order.lock().await),
            None => None,
        };
        self.writes.transact_in_order(name, work).await
    }

    /// Looks at the ticket and publishes it.
    async fn look(&self) -> Result<(), Failure> {
        let began = self.clock.monotonic();
        if let Some(row) = self.store.query_one(&runtime::ticket()).await? {
            self.revocations.publish(row.integer(0)?, began);
        }
        Ok(())
    }

    /// A signed proof for a device, until `end`.
    fn prove(&self, gen_index: i64, rotating: PublicKey, end: Timestamp) -> SignedProof {
        let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
        Proof {
            gen_index_hash: self.keys.salt.name(unsigned(gen_index)),
            rotating,
            expiry_unix_ts_ms: unsigned(end.as_millis()),
        }
        .sign(&self.keys.proof)
    }
}

#[cfg(test)]
pub(crate) mod tests;

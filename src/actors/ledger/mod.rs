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
use super::writer::Writes;
use crate::config::{Config, Mode};
use crate::db::Store;
use crate::db::entitlements::runtime;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::proof::{Proof, SignedProof};
use crate::domain::random::Random;

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
    /// Order ids of grants.
    pub random: Arc<dyn Random>,
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

//! `KeyRing`: owns every key of the server, makes the first ones, and rotates those that rotate.
//!
//! There is one owner of the transitions; signing scales with the cores, because what the owner publishes is an
//! immutable snapshot that everybody reads.

pub mod secrets;
pub mod turn;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::supervise::{Answer, Myself, Role, Timers};
use super::writer::Writes;
use crate::db::Store;
use crate::db::keys::StoredKey;
use crate::domain::clock::Clock;
use crate::domain::keys::keyset::KeySet;
use crate::domain::keys::rotation::RotationPolicy;
use crate::domain::random::Random;
use crate::domain::vault::Vault;

/// How often the key table is looked at: a rotation by command or by another process is noticed within this.
const LOOK: Duration = Duration::from_secs(1);

/// The published snapshot of all keys. Cheap to clone and to read.
#[derive(Clone, Debug)]
pub struct Keys(Arc<ArcSwap<KeySet>>);

impl Keys {
    /// Publishes the first snapshot.
    #[must_use]
    pub fn new(first: KeySet) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(first)))
    }

    /// The snapshot as it is now.
    #[must_use]
    pub fn current(&self) -> Arc<KeySet> {
        self.0.load_full()
    }
}

/// What `KeyRing` is made from.
#[derive(Clone)]
pub struct Deps {
    /// Reads the key table.
    pub store: Store,
    /// Writes it.
    pub writes: Writes,
    /// Opens and seals keys.
    pub vault: Arc<Vault>,
    /// When keys change.
    pub policy: RotationPolicy,
    /// Where snapshots are published.
    pub keys: Keys,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Makes keys.
    pub random: Arc<dyn Random>,
}

/// The state: which key table the published snapshot was made from.
pub struct KeyRing {
    deps: Deps,
    /// Locked while a look is under way; the next tick passes then. A panic lets go of it too.
    published: Arc<tokio::sync::Mutex<Vec<StoredKey>>>,
}

impl Role for KeyRing {
    const NAME: &'static str = "key_ring";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        Self {
            deps: deps.clone(),
            published: Arc::default(),
        }
    }

    fn timers(timers: &mut Timers<'_, Self>) {
        timers.every(LOOK);
    }

    fn tick(&mut self, _: &Myself<Self>) -> Answer<()> {
        let Ok(mut published) = Arc::clone(&self.published).try_lock_owned() else {
            return Answer::Ready(());
        };
        let deps = self.deps.clone();
        Answer::later(async move {
            if let Err(error) = turn::turn(&deps, &mut published).await {
                metrics::counter!("countersign_key_turn_failures_total").increment(1);
                tracing::error!(%error, "the keys could not be looked at; the last ones stay in use");
            }
        })
    }
}

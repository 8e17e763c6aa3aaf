//! The entitlement routes: payments, proofs, revocations, as existing apps speak it.
//!
//! They have rules of their own for answers, errors and slashes. Everything that was understood is answered 200 with an
//! envelope; what went wrong is a number in it. [`dispatch()`] is the whole protocol without HTTP around it, so that a
//! request which came sealed in another one is answered alike.
//!
//! - [`dispatch`](mod@dispatch), [`route`]: which request is which, without and with HTTP
//! - [`onion`]: requests that come sealed
//! - `json`, `fields`: reading bodies, with every wrong field named
//! - `answer`, `list`: envelopes, and the one answer that may be long
//! - one file for each endpoint

pub mod answer;
pub mod dispatch;
pub mod list;
pub mod onion;
pub mod route;

mod add_payment;
mod details;
mod fields;
mod generate_proof;
mod json;
mod refund;
mod revocations;
#[cfg(test)]
mod tests;

pub use answer::{Body, Reply};
pub use dispatch::{Inner, dispatch};

use std::sync::Arc;

use self::list::Lists;
use crate::actors::ask::Door;
use crate::actors::ledger::Ledger;
use crate::actors::ledger::revocations::Revocations;
use crate::actors::ledger::setup::LedgerKeys;
use crate::actors::supervisor::{Actors, Foundation};
use crate::config::Mode;
use crate::db::Store;
use crate::domain::clock::Clock;
use crate::domain::entitlement::onion::OnionKey;
use crate::domain::random::Random;

/// What the entitlement routes hold.
pub struct Entitlements {
    ledger: Door<Ledger>,
    revocations: Revocations,
    lists: Lists,
    keys: Arc<LedgerKeys>,
    store: Store,
    clock: Arc<dyn Clock>,
    /// Opens requests that are sealed to the proof key.
    onion: OnionKey,
    /// Nonces of sealed answers.
    random: Arc<dyn Random>,
    /// Whether claims may mint.
    dev: bool,
}

impl Entitlements {
    /// The routes over the ledger, if there is one.
    #[must_use]
    pub fn new(ground: &Foundation, actors: &Actors) -> Option<Self> {
        let (ledger, here) = (actors.ledger.clone()?, ground.ledger.as_ref()?);
        Some(Self {
            ledger,
            revocations: here.revocations.clone(),
            lists: Lists::default(),
            keys: Arc::clone(&here.keys),
            store: ground.store.clone(),
            clock: Arc::clone(&ground.clock),
            onion: OnionKey::of(&here.keys.proof),
            random: Arc::clone(&ground.random),
            dev: ground.config.mode == Mode::Dev,
        })
    }

    /// Whether proofs are signed with the key that everybody knows.
    #[must_use]
    pub fn has_dev_key(&self) -> bool {
        self.keys.proof.is_dev()
    }
}

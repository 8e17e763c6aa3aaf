//! Stores: what the ledger asks of them, and what they tell it.
//!
//! An adapter tells the ledger what it has seen with the requests of [`super::report`]. The ledger asks one thing back.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::entitlement::ids::{Provider, Subscription};

/// Why a store could not be told that a purchase has arrived.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store did not take the acknowledgement: {0}")]
pub struct NotAcknowledged(pub String);

/// One store, as the ledger knows it.
pub trait StoreAdapter: Send + Sync {
    /// Which one.
    fn provider(&self) -> Provider;

    /// Makes sure that the store knows that the purchase has arrived; one that is acknowledged already stays so. Google
    /// gives the money back after three days without.
    fn acknowledge(&self, subscription: Subscription) -> BoxFuture<'static, Result<(), NotAcknowledged>>;
}

/// All stores that are configured.
#[derive(Clone, Default)]
pub struct Stores(Vec<Arc<dyn StoreAdapter>>);

impl Stores {
    /// These stores.
    #[must_use]
    pub fn new(adapters: Vec<Arc<dyn StoreAdapter>>) -> Self {
        Self(adapters)
    }

    /// The store of a provider.
    #[must_use]
    pub fn of(&self, provider: Provider) -> Option<&dyn StoreAdapter> {
        self.0
            .iter()
            .map(AsRef::as_ref)
            .find(|adapter| adapter.provider() == provider)
    }
}

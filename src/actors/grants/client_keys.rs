//! The public keys of clients: from their record, or fetched from where they publish them and kept for a while.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::Deps;
use crate::actors::outgoing::{Outgoing, OutgoingError};
use crate::domain::keys::client_key::{BadKeySet, ClientKeys};
use crate::domain::oauth::client::{Client, KeySource};

/// How long a set that was fetched is used.
const FRESH: Duration = Duration::from_mins(10);
/// A key that is not in a set may be new; but it is not looked for again before so much time has passed.
const RECHECK: Duration = Duration::from_secs(30);
/// How long it is remembered that a set could not be fetched.
const FAILED: Duration = Duration::from_secs(10);
/// Most sets that are kept; beyond it the oldest goes.
const MAX_SETS: usize = 1024;

/// Why there are no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoKeys {
    #[error("the client has no keys")]
    None,
    #[error(transparent)]
    Set(#[from] BadKeySet),
    #[error(transparent)]
    Fetch(#[from] OutgoingError),
}

/// Sets that were fetched, by their address. It is shared by all shards of this process; what is lost is fetched again.
#[derive(Clone, Default)]
pub struct KeyCache(Arc<Mutex<HashMap<String, Fetched>>>);

struct Fetched {
    outcome: Result<Arc<ClientKeys>, NoKeys>,
    /// Monotonic.
    at: Duration,
}

impl KeyCache {
    /// What is known of `uri`, if it is recent enough for somebody who found his key in it or not.
    fn find(&self, uri: &str, look_again: bool, now: Duration) -> Option<Result<Arc<ClientKeys>, NoKeys>> {
        let sets = self.0.lock();
        let fetched = sets.get(uri)?;
        let longest = match (&fetched.outcome, look_again) {
            (Err(_), _) => FAILED,
            (Ok(_), true) => RECHECK,
            (Ok(_), false) => FRESH,
        };
        (now.saturating_sub(fetched.at) < longest).then(|| fetched.outcome.clone())
    }

    fn keep(&self, uri: &str, outcome: Result<Arc<ClientKeys>, NoKeys>, now: Duration) {
        let mut sets = self.0.lock();
        if sets.len() >= MAX_SETS && !sets.contains_key(uri) {
            let oldest = sets
                .iter()
                .min_by_key(|(_, fetched)| fetched.at)
                .map(|(uri, _)| uri.clone());
            if let Some(oldest) = oldest {
                sets.remove(&oldest);
            }
        }
        sets.insert(uri.to_owned(), Fetched { outcome, at: now });
    }
}

impl Deps {
    /// The keys of a client. `look_again` says that the ones given before had none that fits.
    pub(super) async fn client_keys(&self, client: &Client, look_again: bool) -> Result<Arc<ClientKeys>, NoKeys> {
        match &client.keys {
            None => Err(NoKeys::None),
            Some(KeySource::Jwks(set)) => Ok(Arc::new(ClientKeys::read(set)?)),
            Some(KeySource::JwksUri(uri)) => {
                if let Some(outcome) = self.key_cache.find(uri, look_again, self.clock.monotonic()) {
                    return outcome;
                }
                let outcome = fetch(&self.outgoing, uri).await;
                if let Err(cause) = &outcome {
                    tracing::warn!(client = %client.id, %cause, "the keys of a client could not be fetched");
                }
                self.key_cache.keep(uri, outcome.clone(), self.clock.monotonic());
                outcome
            }
        }
    }

    /// Whether another look at the client's keys could find one that was not there before.
    pub(super) const fn publishes_keys(client: &Client) -> bool {
        matches!(client.keys, Some(KeySource::JwksUri(_)))
    }
}

async fn fetch(outgoing: &Outgoing, uri: &str) -> Result<Arc<ClientKeys>, NoKeys> {
    let set = outgoing.get(uri, "application/jwk-set+json, application/json").await?;
    Ok(Arc::new(ClientKeys::parse(&set)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "https://app.example/jwks";

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1000 + seconds)
    }

    fn is_known(cache: &KeyCache, look_again: bool, seconds: u64) -> bool {
        cache.find(URI, look_again, at(seconds)).is_some()
    }

    #[test]
    fn a_set_is_kept_and_a_key_that_is_not_in_it_is_looked_for_again_but_not_at_once() {
        let cache = KeyCache::default();
        assert!(!is_known(&cache, false, 0));
        cache.keep(URI, Ok(Arc::default()), at(0));
        assert!(is_known(&cache, false, 599) && !is_known(&cache, false, 600));
        assert!(is_known(&cache, true, 29) && !is_known(&cache, true, 30));
    }

    #[test]
    fn a_failure_is_remembered_for_some_seconds() {
        let cache = KeyCache::default();
        cache.keep(URI, Err(OutgoingError::Busy.into()), at(0));
        for look_again in [true, false] {
            assert!(is_known(&cache, look_again, 9) && !is_known(&cache, look_again, 10));
        }
    }

    #[test]
    fn no_more_sets_are_kept_than_may_be_and_the_oldest_goes() {
        let cache = KeyCache::default();
        cache.keep(URI, Ok(Arc::default()), at(0));
        for index in 0..MAX_SETS {
            cache.keep(&format!("{URI}{index}"), Ok(Arc::default()), at(1));
        }
        assert_eq!(cache.0.lock().len(), MAX_SETS);
        assert!(!is_known(&cache, false, 2));
    }
}

//! Client records as they were read a moment ago.
//!
//! Each step of a sign-in and each token request looks its client up, and a record changes perhaps once a year. So a record
//! that was read is used for a second by all shards of this process: what a command or another process changes is noticed
//! within that, and what this process changes is forgotten at once. Unknown ids are never kept: there are endlessly many.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::domain::oauth::client::{Client, ClientId};

/// How long a record is used without being read again.
const FRESH: Duration = Duration::from_secs(1);

/// The most records kept; a deployment with more active clients in a second reads some of them more often.
const BOUND: usize = 1024;

/// A record and the monotonic moment at which it was read.
struct Known {
    client: Arc<Client>,
    read_at: Duration,
}

/// The records that were read within the last second.
#[derive(Default)]
pub struct ClientCache(Mutex<HashMap<ClientId, Known>>);

impl ClientCache {
    /// The record of `id`, if it is fresh at `now` (monotonic).
    pub(super) fn get(&self, id: &ClientId, now: Duration) -> Option<Arc<Client>> {
        let known = self.0.lock();
        let found = known.get(id)?;
        (now.saturating_sub(found.read_at) < FRESH).then(|| Arc::clone(&found.client))
    }

    /// Keeps a record that was just read.
    pub(super) fn put(&self, client: Arc<Client>, now: Duration) {
        let mut known = self.0.lock();
        if known.len() >= BOUND {
            known.retain(|_, one| now.saturating_sub(one.read_at) < FRESH);
        }
        if known.len() < BOUND {
            known.insert(client.id.clone(), Known { client, read_at: now });
        }
    }

    /// Forgets a record that this process has changed.
    pub(super) fn forget(&self, id: &ClientId) {
        self.0.lock().remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oauth::client::testing;

    fn named(id: &str) -> Arc<Client> {
        Arc::new(Client {
            id: ClientId::parse(id).expect("an id"),
            ..testing::public()
        })
    }

    #[test]
    fn a_record_is_used_for_a_second_and_no_longer() {
        let cache = ClientCache::default();
        let client = named("app");
        assert!(cache.get(&client.id, Duration::ZERO).is_none());
        cache.put(Arc::clone(&client), Duration::ZERO);
        assert!(cache.get(&client.id, Duration::from_millis(999)).is_some());
        assert!(cache.get(&client.id, Duration::from_secs(1)).is_none());
        cache.forget(&client.id);
        assert!(cache.get(&client.id, Duration::ZERO).is_none());
    }

    #[test]
    fn ab_the_cache_is_bounded_and_makes_room_when_its_records_are_old() {
        let cache = ClientCache::default();
        for number in 0..BOUND + 10 {
            cache.put(named(&format!("app-{number}")), Duration::ZERO);
        }
        assert_eq!(cache.0.lock().len(), BOUND);
        let late = named("late");
        cache.put(Arc::clone(&late), FRESH);
        assert!(cache.get(&late.id, FRESH).is_some());
        assert_eq!(cache.0.lock().len(), 1);
    }
}

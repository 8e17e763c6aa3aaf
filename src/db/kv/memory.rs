//! The key-value store of a single process.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Kind, KvError};
use crate::config;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::throttle::ThrottleKey;

/// An entry and the monotonic moment at which it ends.
struct Entry {
    value: Vec<u8>,
    ends: Duration,
}

/// The entries of one kind.
#[derive(Default)]
struct Shelf {
    entries: HashMap<String, Entry>,
    /// Keys in the order of their writing. One kind has one lifetime, so the front ends first; a key that was taken or
    /// written again is recognised by its `ends`.
    order: VecDeque<(Duration, String)>,
}

impl Shelf {
    /// Drops what ended before `now`, at most `limit` entries.
    fn expire(&mut self, now: Duration, limit: usize) -> usize {
        let mut dropped = 0;
        while dropped < limit {
            match self.order.front() {
                Some((ends, _)) if *ends <= now => {}
                _ => break,
            }
            let Some((ends, key)) = self.order.pop_front() else {
                break;
            };
            if self.entries.get(&key).is_some_and(|entry| entry.ends == ends) {
                self.entries.remove(&key);
            }
            dropped += 1;
        }
        dropped
    }

    /// Forgets the order of entries that are gone, so that the queue stays within twice the entries.
    fn compact(&mut self) {
        if self.order.len() > 2 * self.entries.len() + 1024 {
            let entries = &self.entries;
            self.order
                .retain(|(ends, key)| entries.get(key).is_some_and(|entry| entry.ends == *ends));
        }
    }
}

/// Entries by kind behind one lock each, and counters behind one.
pub(super) struct Memory {
    clock: Arc<dyn Clock>,
    bounds: config::Kv,
    shelves: [Mutex<Shelf>; Kind::ALL.len()],
    /// Theoretical arrival times (ms since the Unix epoch) by bucket key; one in the past is as good as none.
    counters: Mutex<HashMap<ThrottleKey, i64>>,
}

impl Memory {
    pub(super) fn new(clock: Arc<dyn Clock>, bounds: config::Kv) -> Self {
        Self {
            clock,
            bounds,
            shelves: Default::default(),
            counters: Mutex::default(),
        }
    }

    const fn bound(&self, kind: Kind) -> usize {
        match kind {
            Kind::Flow | Kind::Posted => self.bounds.authorization_requests,
            Kind::Login => self.bounds.login_states,
            Kind::Logout => self.bounds.logout_requests,
        }
    }

    fn shelf(&self, kind: Kind) -> &Mutex<Shelf> {
        let [flow, login, logout, posted] = &self.shelves;
        match kind {
            Kind::Flow => flow,
            Kind::Login => login,
            Kind::Logout => logout,
            Kind::Posted => posted,
        }
    }

    pub(super) fn put(&self, kind: Kind, key: &str, value: Vec<u8>, lifetime: Duration) -> Result<(), KvError> {
        let now = self.clock.monotonic();
        let ends = now + lifetime;
        let mut shelf = self.shelf(kind).lock();
        // Two for one: the shelf shrinks while it is used, even if nobody sweeps.
        shelf.expire(now, 2);
        if shelf.entries.len() >= self.bound(kind) && !shelf.entries.contains_key(key) {
            shelf.expire(now, 1024);
            if shelf.entries.len() >= self.bound(kind) {
                return Err(KvError::Full(kind.as_str()));
            }
        }
        shelf.entries.insert(key.to_owned(), Entry { value, ends });
        shelf.order.push_back((ends, key.to_owned()));
        shelf.compact();
        Ok(())
    }

    pub(super) fn replace(&self, kind: Kind, key: &str, value: Vec<u8>) -> bool {
        let now = self.clock.monotonic();
        match self.shelf(kind).lock().entries.get_mut(key) {
            Some(entry) if entry.ends > now => {
                entry.value = value;
                true
            }
            _ => false,
        }
    }

    pub(super) fn get(&self, kind: Kind, key: &str) -> Option<Vec<u8>> {
        let now = self.clock.monotonic();
        let shelf = self.shelf(kind).lock();
        shelf
            .entries
            .get(key)
            .filter(|entry| entry.ends > now)
            .map(|entry| entry.value.clone())
    }

    pub(super) fn take(&self, kind: Kind, key: &str) -> Option<Vec<u8>> {
        let now = self.clock.monotonic();
        let mut shelf = self.shelf(kind).lock();
        let entry = shelf.entries.remove(key)?;
        shelf.compact();
        (entry.ends > now).then_some(entry.value)
    }

    pub(super) fn count<T>(
        &self,
        keys: &[ThrottleKey],
        now: Timestamp,
        decide: impl Fn(&mut [Option<i64>]) -> T,
    ) -> Result<T, KvError> {
        let mut counters = self.counters.lock();
        if counters.len() + keys.len() > self.bounds.throttle_counters {
            // A full bucket is as good as none; one that is not must never make room.
            counters.retain(|_, arrival| *arrival > now.as_millis());
            if counters.len() + keys.len() > self.bounds.throttle_counters {
                return Err(KvError::Full("counter"));
            }
        }
        let mut levels: Vec<_> = keys.iter().map(|key| counters.get(key).copied()).collect();
        let answer = decide(&mut levels);
        for (key, level) in keys.iter().zip(levels) {
            match level {
                Some(arrival) => counters.insert(*key, arrival),
                None => counters.remove(key),
            };
        }
        Ok(answer)
    }

    pub(super) fn sweep(&self, limit: usize, now: Timestamp) -> usize {
        let monotonic = self.clock.monotonic();
        let swept = Kind::ALL
            .iter()
            .map(|kind| self.shelf(*kind).lock().expire(monotonic, limit))
            .sum();
        self.counters.lock().retain(|_, arrival| *arrival > now.as_millis());
        swept
    }

    pub(super) fn len(&self, kind: Kind) -> usize {
        self.shelf(kind).lock().entries.len()
    }
}

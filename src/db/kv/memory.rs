//! The key-value store of a single process.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{BYTES_PER_ENTRY, Kind, KvError};
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
    /// Keys and values together.
    bytes: usize,
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
                self.remove(&key);
            }
            dropped += 1;
        }
        dropped
    }

    fn remove(&mut self, key: &str) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.bytes = self.bytes.saturating_sub(key.len() + entry.value.len());
        Some(entry)
    }

    fn insert(&mut self, key: &str, entry: Entry) {
        self.remove(key);
        self.bytes += key.len() + entry.value.len();
        self.order.push_back((entry.ends, key.to_owned()));
        self.entries.insert(key.to_owned(), entry);
    }

    /// Whether one more entry of `size` bytes goes beyond `bound` entries, or beyond what they may take.
    fn is_full(&self, key: &str, size: usize, bound: usize) -> bool {
        let is_new = !self.entries.contains_key(key);
        is_new && self.entries.len() >= bound || self.bytes + size > bound.saturating_mul(BYTES_PER_ENTRY)
    }

    /// Writes the queue anew when most of it is about entries that are gone or were written again.
    fn compact(&mut self) {
        if self.order.len() > 2 * self.entries.len() + 1024 {
            let mut order: Vec<_> = self
                .entries
                .iter()
                .map(|(key, entry)| (entry.ends, key.clone()))
                .collect();
            order.sort_unstable();
            self.order = order.into();
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
        let size = key.len() + value.len();
        if shelf.is_full(key, size, kind.bound(&self.bounds)) {
            shelf.expire(now, 1024);
            if shelf.is_full(key, size, kind.bound(&self.bounds)) {
                return Err(KvError::Full(kind.as_str()));
            }
        }
        shelf.insert(key, Entry { value, ends });
        shelf.compact();
        Ok(())
    }

    pub(super) fn replace(&self, kind: Kind, key: &str, value: Vec<u8>) -> bool {
        let now = self.clock.monotonic();
        let mut shelf = self.shelf(kind).lock();
        let grown = value.len();
        let shrunk = match shelf.entries.get_mut(key) {
            Some(entry) if entry.ends > now => std::mem::replace(&mut entry.value, value).len(),
            _ => return false,
        };
        shelf.bytes = (shelf.bytes + grown).saturating_sub(shrunk);
        true
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
        let entry = shelf.remove(key)?;
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

    #[cfg(test)]
    pub(super) fn dump(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for kind in Kind::ALL {
            for (key, entry) in &self.shelf(kind).lock().entries {
                bytes.extend_from_slice(key.as_bytes());
                bytes.extend_from_slice(&entry.value);
            }
        }
        for (key, arrival) in self.counters.lock().iter() {
            bytes.extend_from_slice(&key.0);
            bytes.extend_from_slice(&arrival.to_be_bytes());
        }
        bytes
    }

    pub(super) fn counters(&self) -> usize {
        self.counters.lock().len()
    }

    pub(super) fn len(&self, kind: Kind) -> usize {
        self.shelf(kind).lock().entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;

    #[test]
    fn writing_one_key_over_and_over_takes_no_more_room() {
        let clock = ManualClock::new(Timestamp::from_millis(0));
        let memory = Memory::new(clock, config::Kv::default());
        for round in 0..10_000_u32 {
            memory
                .put(Kind::Flow, "a", round.to_be_bytes().to_vec(), Duration::from_mins(1))
                .expect("fits");
        }
        assert!(memory.shelf(Kind::Flow).lock().order.len() < 4096);
    }
}

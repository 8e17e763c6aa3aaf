//! The key-value store of a single process.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Kind, KvError};
use crate::config;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::throttle::ThrottleKey;

/// What the entries of a kind may take on average, keys included: a kind is full at its bound of entries, or at so many
/// bytes for each of them.
const BYTES_PER_ENTRY: usize = 1024;

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
        let size = key.len() + value.len();
        if shelf.is_full(key, size, self.bound(kind)) {
            shelf.expire(now, 1024);
            if shelf.is_full(key, size, self.bound(kind)) {
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

    fn memory(bound: usize) -> (Arc<ManualClock>, Memory) {
        let clock = ManualClock::new(Timestamp::from_millis(0));
        let bounds = config::Kv {
            authorization_requests: bound,
            login_states: bound,
            logout_requests: bound,
            throttle_counters: 4,
        };
        (Arc::clone(&clock), Memory::new(clock, bounds))
    }

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn an_entry_is_taken_once_and_ends_in_time() {
        let (clock, memory) = memory(10);
        memory.put(Kind::Flow, "a", vec![1], MINUTE).expect("fits");
        memory.put(Kind::Flow, "b", vec![2], MINUTE).expect("fits");
        assert_eq!(memory.get(Kind::Login, "a"), None, "kinds are apart");
        assert_eq!(memory.take(Kind::Flow, "a"), Some(vec![1]));
        assert_eq!(memory.take(Kind::Flow, "a"), None);
        clock.pass(MINUTE);
        assert_eq!(memory.get(Kind::Flow, "b"), None);
        assert!(!memory.replace(Kind::Flow, "b", vec![3]));
    }

    #[test]
    fn ab_13_a_full_kind_refuses_and_drops_nobody_until_something_ends() {
        let (clock, memory) = memory(2);
        memory.put(Kind::Flow, "a", vec![1], MINUTE).expect("fits");
        memory.put(Kind::Flow, "b", vec![2], MINUTE).expect("fits");
        assert_eq!(memory.put(Kind::Flow, "c", vec![3], MINUTE), Err(KvError::Full("flow")));
        assert_eq!(memory.get(Kind::Flow, "a"), Some(vec![1]));
        memory.put(Kind::Flow, "a", vec![4], MINUTE).expect("is there already");
        memory
            .put(Kind::Login, "c", vec![3], MINUTE)
            .expect("another kind has room");
        clock.pass(MINUTE);
        memory.put(Kind::Flow, "c", vec![3], MINUTE).expect("fits again");
    }

    #[test]
    fn ab_13_few_large_entries_are_bounded_as_many_small_ones_are() {
        let (_, memory) = memory(8);
        memory.put(Kind::Posted, "a", vec![0; 8000], MINUTE).expect("fits");
        assert!(memory.put(Kind::Posted, "b", vec![0; 8000], MINUTE).is_err());
        memory.take(Kind::Posted, "a");
        memory.put(Kind::Posted, "b", vec![0; 8000], MINUTE).expect("fits now");
    }

    #[test]
    fn writing_one_key_over_and_over_takes_no_more_room() {
        let (_, memory) = memory(4);
        for round in 0..10_000_u32 {
            memory
                .put(Kind::Flow, "a", round.to_be_bytes().to_vec(), MINUTE)
                .expect("fits");
        }
        assert!(memory.shelf(Kind::Flow).lock().order.len() < 4096);
    }

    #[test]
    fn a_counter_that_is_not_empty_never_makes_room() {
        let (_, memory) = memory(4);
        let now = Timestamp::from_millis(1000);
        let keys: Vec<_> = (0..4).map(|byte| ThrottleKey([byte; 32])).collect();
        memory
            .count(&keys, now, |levels| levels.fill(Some(2000)))
            .expect("fits");
        let new = [ThrottleKey([9; 32])];
        assert!(memory.count(&new, now, |levels| levels.fill(Some(2000))).is_err());
        let later = Timestamp::from_millis(2000);
        memory
            .count(&new, later, |levels| levels.fill(Some(3000)))
            .expect("the others are full buckets again");
    }
}

//! The key-value store: what is short-lived and fails closed when it is lost.
//!
//! Open authorization requests, login states and throttle counters live here. Nothing that was granted or spent does:
//! that is a database row.

mod memory;

use std::sync::Arc;
use std::time::Duration;

use crate::config;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::throttle::ThrottleKey;

/// What an entry is; each kind has a bound of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An authorization request on its way to a code.
    Flow,
    /// An OPAQUE login or registration between two messages, sealed.
    Login,
    /// A logout that waits for a yes.
    Logout,
    /// Parameters of a cross-site POST on their way to a GET.
    Posted,
}

impl Kind {
    /// All kinds, for gauges.
    pub const ALL: [Self; 4] = [Self::Flow, Self::Login, Self::Logout, Self::Posted];

    /// For metrics and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Posted => "posted",
        }
    }
}

/// Why an entry was not stored or found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// As many entries of this kind as may be are open. None is dropped for a new one.
    #[error("too many open entries of kind {0}")]
    Full(&'static str),
}

/// A handle to the store. Cheap to clone.
#[derive(Clone)]
pub struct KeyValue {
    memory: Arc<memory::Memory>,
}

#[expect(clippy::unused_async, reason = "awaits nothing in memory; a networked store does")]
impl KeyValue {
    /// A store in this process's memory.
    #[must_use]
    pub fn in_memory(clock: Arc<dyn Clock>, bounds: config::Kv) -> Self {
        Self {
            memory: Arc::new(memory::Memory::new(clock, bounds)),
        }
    }

    /// Stores `value` under `key` for `lifetime`, in place of what was there.
    ///
    /// # Errors
    /// [`KvError::Full`] if the key is new and its kind is at its bound.
    pub async fn put(&self, kind: Kind, key: &str, value: Vec<u8>, lifetime: Duration) -> Result<(), KvError> {
        self.memory.put(kind, key, value, lifetime)
    }

    /// Replaces the value under `key` and keeps its expiry; `false` if it is gone.
    ///
    /// # Errors
    /// [`KvError`] if the store does not answer.
    pub async fn replace(&self, kind: Kind, key: &str, value: Vec<u8>) -> Result<bool, KvError> {
        Ok(self.memory.replace(kind, key, value))
    }

    /// The value under `key`, if it has not expired.
    ///
    /// # Errors
    /// [`KvError`] if the store does not answer.
    pub async fn get(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.memory.get(kind, key))
    }

    /// Takes the value under `key` out: of any number of callers at once, one gets it.
    ///
    /// # Errors
    /// [`KvError`] if the store does not answer.
    pub async fn take(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.memory.take(kind, key))
    }

    /// Reads the counters of `keys`, lets `decide` change them, and writes them back, as one atomic step. `decide` may be
    /// called more than once; `None` is a counter that is not there, or need not be any more.
    ///
    /// # Errors
    /// [`KvError::Full`] if there is no room for new counters; nothing is changed then.
    pub async fn count<T>(
        &self,
        keys: &[ThrottleKey],
        now: Timestamp,
        decide: impl Fn(&mut [Option<i64>]) -> T,
    ) -> Result<T, KvError> {
        self.memory.count(keys, now, decide)
    }

    /// Drops what has expired; at most `limit` entries of each kind.
    pub async fn sweep(&self, limit: usize, now: Timestamp) -> usize {
        self.memory.sweep(limit, now)
    }

    /// How many throttle counters there are, those that are as good as none included.
    #[must_use]
    pub fn counters(&self) -> usize {
        self.memory.counters()
    }

    /// How many entries a kind holds, expired ones that are not swept yet included.
    #[must_use]
    pub fn len(&self, kind: Kind) -> usize {
        self.memory.len(kind)
    }

    /// Every byte of every entry and counter, as who copies the store has them.
    #[cfg(test)]
    pub(crate) fn dump(&self) -> Vec<u8> {
        self.memory.dump()
    }
}

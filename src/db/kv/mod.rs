//! The key-value store: what is short-lived and fails closed when it is lost.
//!
//! - `memory`: for a single process
//! - `redis`: shared by any number of them
//!
//! Open authorization requests, login states and throttle counters live here. Nothing that was granted or spent does:
//! that is a database row.

mod memory;
mod redis;

use std::sync::Arc;
use std::time::Duration;

use super::error::OpenError;
use crate::config::{self, KvUrl};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::throttle::ThrottleKey;

/// What the entries of a kind may take on average, keys included: a kind is full at its bound of entries, or at so many
/// bytes for each of them.
const BYTES_PER_ENTRY: usize = 1024;

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

    /// The most entries of this kind.
    const fn bound(self, bounds: &config::Kv) -> usize {
        match self {
            Self::Flow | Self::Posted => bounds.authorization_requests,
            Self::Login => bounds.login_states,
            Self::Logout => bounds.logout_requests,
        }
    }
}

/// Why an entry was not stored or found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// As many entries of this kind as may be are open. None is dropped for a new one.
    #[error("too many open entries of kind {0}")]
    Full(&'static str),
    /// Redis has reached its `maxmemory`. Nothing is dropped for a new entry.
    #[error("Redis has no memory left for new entries; raise its maxmemory")]
    OutOfMemory,
    /// The store does not answer, or not as it should. Trying again later is right; what was asked may have been done.
    #[error("the key-value store is unavailable: {0}")]
    Unavailable(String),
}

/// A handle to the store. Cheap to clone.
#[derive(Clone)]
pub struct KeyValue(Backend);

#[derive(Clone)]
enum Backend {
    Memory(Arc<memory::Memory>),
    Redis(Arc<redis::Redis>),
}

impl KeyValue {
    /// Opens the store at `url`, which must be of use.
    ///
    /// # Errors
    /// [`OpenError::KeyValue`]: one sentence that says what is wrong and how to mend it.
    pub async fn open(url: &KvUrl, clock: Arc<dyn Clock>, bounds: config::Kv) -> Result<Self, OpenError> {
        match url {
            KvUrl::Memory => Ok(Self::in_memory(clock, bounds)),
            KvUrl::Redis(url) => {
                let redis = redis::Redis::open(url, clock, bounds).await?;
                Ok(Self(Backend::Redis(Arc::new(redis))))
            }
        }
    }

    /// A store in this process's memory.
    #[must_use]
    pub fn in_memory(clock: Arc<dyn Clock>, bounds: config::Kv) -> Self {
        Self(Backend::Memory(Arc::new(memory::Memory::new(clock, bounds))))
    }

    /// Stores `value` under `key` for `lifetime`, in place of what was there.
    ///
    /// # Errors
    /// [`KvError::Full`] if the key is new and its kind is at its bound, or if the store does not answer.
    pub async fn put(&self, kind: Kind, key: &str, value: Vec<u8>, lifetime: Duration) -> Result<(), KvError> {
        match &self.0 {
            Backend::Memory(memory) => memory.put(kind, key, value, lifetime),
            Backend::Redis(redis) => redis.put(kind, key, value, lifetime).await,
        }
    }

    /// Replaces the value under `key` and keeps its expiry; `false` if it is gone.
    ///
    /// # Errors
    /// [`KvError`] if the store does not answer.
    pub async fn replace(&self, kind: Kind, key: &str, value: Vec<u8>) -> Result<bool, KvError> {
        match &self.0 {
            Backend::Memory(memory) => Ok(memory.replace(kind, key, value)),
            Backend::Redis(redis) => redis.replace(kind, key, value).await,
        }
    }

    /// The value under `key`, if it has not expired.
    ///
    /// # Errors
    /// [`KvError`] if the store does not answer.
    pub async fn get(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        match &self.0 {
            Backend::Memory(memory) => Ok(memory.get(kind, key)),
            Backend::Redis(redis) => redis.get(kind, key).await,
        }
    }

    /// Takes the value under `key` out: of any number of callers at once, one gets it. If the answer is lost on its way,
    /// nobody does.
    ///
    /// # Errors
    /// [`KvError`] if the store does not answer.
    pub async fn take(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        match &self.0 {
            Backend::Memory(memory) => Ok(memory.take(kind, key)),
            Backend::Redis(redis) => redis.take(kind, key).await,
        }
    }

    /// Reads the counters of `keys`, lets `decide` change them, and writes them back, as one atomic step. `decide` may be
    /// called more than once; `None` is a counter that is not there, or need not be any more.
    ///
    /// # Errors
    /// [`KvError::Full`] if there is no room for new counters, and nothing is changed then; or if the store does not
    /// answer.
    pub async fn count<T>(
        &self,
        keys: &[ThrottleKey],
        now: Timestamp,
        decide: impl Fn(&mut [Option<i64>]) -> T,
    ) -> Result<T, KvError> {
        match &self.0 {
            Backend::Memory(memory) => memory.count(keys, now, decide),
            Backend::Redis(redis) => redis.count(keys, now, decide).await,
        }
    }

    /// Drops what has expired; at most `limit` entries of each kind.
    ///
    /// # Errors
    /// [`KvError`] if the store does not answer.
    pub async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, KvError> {
        match &self.0 {
            Backend::Memory(memory) => Ok(memory.sweep(limit, now)),
            Backend::Redis(redis) => redis.sweep(limit, now).await,
        }
    }

    /// Whether the store takes entries now.
    ///
    /// # Errors
    /// [`KvError`] if it does not.
    pub async fn check(&self) -> Result<(), KvError> {
        match &self.0 {
            Backend::Memory(_) => Ok(()),
            Backend::Redis(redis) => redis.check().await,
        }
    }

    /// How many throttle counters there are, those that are as good as none included.
    ///
    /// # Errors
    /// [`KvError`] if the store does not answer.
    pub async fn counters(&self) -> Result<usize, KvError> {
        match &self.0 {
            Backend::Memory(memory) => Ok(memory.counters()),
            Backend::Redis(redis) => redis.counters().await,
        }
    }

    /// How many entries a kind holds, expired ones that are not swept yet included.
    ///
    /// # Errors
    /// [`KvError`] if the store does not answer.
    pub async fn len(&self, kind: Kind) -> Result<usize, KvError> {
        match &self.0 {
            Backend::Memory(memory) => Ok(memory.len(kind)),
            Backend::Redis(redis) => redis.len(kind).await,
        }
    }

    /// Every byte of every entry and counter, as who copies the store has them.
    #[cfg(test)]
    pub(crate) async fn dump(&self) -> Vec<u8> {
        match &self.0 {
            Backend::Memory(memory) => memory.dump(),
            Backend::Redis(redis) => redis.dump().await,
        }
    }
}

#[cfg(test)]
mod tests;

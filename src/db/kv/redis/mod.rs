//! The key-value store of many processes: Redis, by core commands and EVAL alone.
//!
//! Every step is one script, so that it is atomic among all processes. An entry carries the moment at which it ends by
//! the clock of the process that wrote it, and Redis drops it when its lifetime is over: what comes first counts, so that
//! neither a wrong clock nor a Redis that was stopped for a while makes it live longer.

mod link;
mod open;

use std::sync::Arc;
use std::time::Duration;

use bb8_redis::redis::{Cmd, FromRedisValue, Value, cmd};
use tokio::sync::{Mutex, MutexGuard};

use self::link::Link;
use super::{BYTES_PER_ENTRY, Kind, KvError};
use crate::config;
use crate::config::RedisUrl;
use crate::db::error::OpenError;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::throttle::ThrottleKey;

const PUT: &str = concat!(include_str!("shelf.lua"), include_str!("put.lua"));
const REPLACE: &str = concat!(include_str!("shelf.lua"), include_str!("replace.lua"));
const TAKE: &str = concat!(include_str!("shelf.lua"), include_str!("take.lua"));
const SWEEP: &str = concat!(include_str!("shelf.lua"), include_str!("sweep.lua"));
const COUNT: &str = concat!(include_str!("counters.lua"), include_str!("count.lua"));
const FORGET: &str = concat!(include_str!("counters.lua"), include_str!("forget.lua"));

/// How many entries or counters one script drops: Redis serves nobody else meanwhile.
const BATCH: usize = 500;

/// How much longer than their last entry the keys of a kind stay: nothing of ours is left for ever.
const KEEP: Duration = Duration::from_hours(24);

/// How often counters are read again because another process changed them in between.
const TRIES: usize = 64;

/// How long counting may take altogether.
const PATIENCE: Duration = Duration::from_secs(2);

/// Locks within this process, over which buckets are spread.
const STRIPES: usize = 64;

/// The store.
pub(super) struct Redis {
    link: Link,
    clock: Arc<dyn Clock>,
    bounds: config::Kv,
    prefix: String,
    /// Whoever counts the same bucket in this process waits here, which costs less than colliding in Redis.
    stripes: [Mutex<()>; STRIPES],
}

/// The names under which Redis keeps one kind.
struct Names {
    ends: String,
    bytes: String,
    stem: String,
}

impl Redis {
    /// Opens the store at `url` and tries it out.
    pub(super) async fn open(url: &RedisUrl, clock: Arc<dyn Clock>, bounds: config::Kv) -> Result<Self, OpenError> {
        let link = open::open(url, &trial_key(&url.prefix)).await?;
        Ok(Self {
            link,
            clock,
            bounds,
            prefix: url.prefix.clone(),
            stripes: std::array::from_fn(|_| Mutex::new(())),
        })
    }

    /// Braces keep all names in one slot, as scripts need it where a cluster stands behind a proxy.
    fn names(&self, kind: Kind) -> Names {
        let stem = format!("{{{}}}:{}", self.prefix, kind.as_str());
        Names {
            ends: format!("{stem}#ends"),
            bytes: format!("{stem}#bytes"),
            stem: format!("{stem}:"),
        }
    }

    fn counters_name(&self) -> String {
        format!("{{{}}}#counters", self.prefix)
    }

    /// A script about the entry `key` of a kind; its own arguments begin with the fourth.
    fn about(&self, script: &str, kind: Kind, key: &str) -> Cmd {
        let names = self.names(kind);
        let mut command = cmd("EVAL");
        command
            .arg(script)
            .arg(3)
            .arg(names.ends)
            .arg(names.bytes)
            .arg(format!("{}{key}", names.stem))
            .arg(self.clock.now().as_millis())
            .arg(names.stem)
            .arg(key);
        command
    }

    pub(super) async fn put(&self, kind: Kind, key: &str, value: Vec<u8>, lifetime: Duration) -> Result<(), KvError> {
        let bound = kind.bound(&self.bounds);
        let mut command = self.about(PUT, kind, key);
        command
            .arg(value)
            .arg(self.clock.now().plus(lifetime).as_millis())
            .arg(millis(lifetime).max(1))
            .arg(bound)
            .arg(bound.saturating_mul(BYTES_PER_ENTRY))
            .arg(millis(lifetime + KEEP));
        match self.link.ask(&command).await? {
            1 => Ok(()),
            _ => Err(KvError::Full(kind.as_str())),
        }
    }

    pub(super) async fn replace(&self, kind: Kind, key: &str, value: Vec<u8>) -> Result<bool, KvError> {
        let mut command = self.about(REPLACE, kind, key);
        let replaced: i64 = self.link.ask(command.arg(value)).await?;
        Ok(replaced == 1)
    }

    pub(super) async fn get(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        let mut command = cmd("GET");
        let stored = self
            .link
            .ask(command.arg(format!("{}{key}", self.names(kind).stem)))
            .await?;
        Ok(self.value_of(stored))
    }

    pub(super) async fn take(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        let stored = self.link.ask(&self.about(TAKE, kind, key)).await?;
        Ok(self.value_of(stored))
    }

    /// The value in `end:value`, unless its end has come.
    fn value_of(&self, stored: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let mut stored = stored?;
        let colon = stored.iter().position(|byte| *byte == b':')?;
        let ends: i64 = std::str::from_utf8(stored.get(..colon)?).ok()?.parse().ok()?;
        (ends > self.clock.now().as_millis()).then(|| stored.split_off(colon + 1))
    }

    pub(super) async fn count<T>(
        &self,
        keys: &[ThrottleKey],
        now: Timestamp,
        decide: impl Fn(&mut [Option<i64>]) -> T,
    ) -> Result<T, KvError> {
        let counting = async {
            let _alone = self.alone(keys).await;
            self.compare_and_set(keys, now, decide).await
        };
        tokio::time::timeout(PATIENCE, counting)
            .await
            .unwrap_or_else(|_| Err(KvError::Unavailable("Redis does not count in time".to_owned())))
    }

    /// Reads the levels and writes what `decide` makes of them, unless somebody was faster; then again with theirs.
    async fn compare_and_set<T>(
        &self,
        keys: &[ThrottleKey],
        now: Timestamp,
        decide: impl Fn(&mut [Option<i64>]) -> T,
    ) -> Result<T, KvError> {
        let mut found = self.levels(keys).await?;
        for _ in 0..TRIES {
            let mut levels = found
                .iter()
                .map(|level| read_level(level))
                .collect::<Result<Vec<_>, _>>()?;
            let answer = decide(&mut levels);
            let mut command = cmd("EVAL");
            command
                .arg(COUNT)
                .arg(1)
                .arg(self.counters_name())
                .arg(now.as_millis())
                .arg(self.bounds.throttle_counters)
                .arg(millis(KEEP));
            for ((key, found), level) in keys.iter().zip(&found).zip(levels) {
                let level = level.map(|level| level.to_string()).unwrap_or_default();
                command.arg(&key.0).arg(found).arg(level);
            }
            match self.link.ask(&command).await? {
                Value::Int(1) => return Ok(answer),
                Value::Int(_) => return Err(KvError::Full("counter")),
                now_there => found = texts(now_there)?,
            }
        }
        Err(KvError::Unavailable("too many count the same at once".to_owned()))
    }

    async fn levels(&self, keys: &[ThrottleKey]) -> Result<Vec<String>, KvError> {
        let scores = "local found = {} \
                      for at, name in ipairs(ARGV) do found[at] = redis.call('ZSCORE', KEYS[1], name) or '' end \
                      return found";
        let mut command = cmd("EVAL");
        command.arg(scores).arg(1).arg(self.counters_name());
        for key in keys {
            command.arg(&key.0);
        }
        texts(self.link.ask(&command).await?)
    }

    /// Waits until nobody else in this process counts one of `keys`. Locks are taken in order, so nobody waits in a ring.
    async fn alone(&self, keys: &[ThrottleKey]) -> Vec<MutexGuard<'_, ()>> {
        let mut places: Vec<_> = keys.iter().map(|key| usize::from(key.0[0]) % STRIPES).collect();
        places.sort_unstable();
        places.dedup();
        let mut guards = Vec::with_capacity(places.len());
        for stripe in places.into_iter().filter_map(|place| self.stripes.get(place)) {
            guards.push(stripe.lock().await);
        }
        guards
    }

    pub(super) async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, KvError> {
        let mut swept = 0;
        for kind in Kind::ALL {
            let names = self.names(kind);
            let mut command = cmd("EVAL");
            command
                .arg(SWEEP)
                .arg(2)
                .arg(names.ends)
                .arg(names.bytes)
                .arg(now.as_millis())
                .arg(names.stem)
                .arg(BATCH);
            swept += self.in_batches(&command, limit).await?;
        }
        let mut command = cmd("EVAL");
        command
            .arg(FORGET)
            .arg(1)
            .arg(self.counters_name())
            .arg(now.as_millis())
            .arg(BATCH);
        self.in_batches(&command, limit).await?;
        Ok(swept)
    }

    /// Repeats a command that drops a batch until there is nothing more to drop, or `limit` is reached.
    async fn in_batches(&self, command: &Cmd, limit: usize) -> Result<usize, KvError> {
        let mut dropped = 0;
        while dropped < limit {
            let batch: usize = self.link.ask(command).await?;
            dropped += batch;
            if batch < BATCH {
                break;
            }
        }
        Ok(dropped)
    }

    /// Whether an entry can be written now.
    pub(super) async fn check(&self) -> Result<(), KvError> {
        let mut command = cmd("SET");
        command.arg(trial_key(&self.prefix)).arg(1).arg("PX").arg(1000);
        self.ask_nothing(&command).await
    }

    async fn ask_nothing(&self, command: &Cmd) -> Result<(), KvError> {
        self.link.ask::<Value>(command).await.map(drop)
    }

    #[cfg(test)]
    pub(super) async fn dump(&self) -> Vec<u8> {
        let all = "local found = {} \
                   for _, key in ipairs(redis.call('KEYS', ARGV[1])) do \
                     table.insert(found, key) \
                     if redis.call('TYPE', key).ok == 'string' then table.insert(found, redis.call('GET', key)) \
                     else for _, part in ipairs(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')) do table.insert(found, part) end end \
                   end \
                   return found";
        let mut command = cmd("EVAL");
        command.arg(all).arg(0).arg(format!("{{{}}}*", self.prefix));
        let parts: Vec<Vec<u8>> = self.link.ask(&command).await.expect("Redis answers");
        parts.concat()
    }

    pub(super) async fn counters(&self) -> Result<usize, KvError> {
        self.link.ask(cmd("ZCARD").arg(self.counters_name())).await
    }

    pub(super) async fn len(&self, kind: Kind) -> Result<usize, KvError> {
        self.link.ask(cmd("ZCARD").arg(self.names(kind).ends)).await
    }
}

/// What is written to see whether writing goes.
fn trial_key(prefix: &str) -> String {
    format!("{{{prefix}}}#trial")
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn texts(value: Value) -> Result<Vec<String>, KvError> {
    Vec::<String>::from_redis_value(value)
        .map_err(|error| KvError::Unavailable(format!("Redis answers strangely: {error}")))
}

/// A score as Redis writes it; an empty one is none.
fn read_level(text: &str) -> Result<Option<i64>, KvError> {
    match text {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| KvError::Unavailable(format!("a counter in Redis is no whole number: {text:?}"))),
    }
}

#[cfg(test)]
mod tests;

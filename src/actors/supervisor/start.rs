//! The order in which actors start: each after those that it asks.

use std::sync::Arc;
use std::time::Duration;

use actix::Arbiter;

use super::{Actors, Supervisor};
use crate::actors::ask::{Door, Shards};
use crate::actors::key_ring::secrets::Secrets;
use crate::actors::key_ring::{self, Keys};
use crate::actors::ledger::revocations::Revocations;
use crate::actors::ledger::setup::LedgerKeys;
use crate::actors::ledger::stores::Stores;
use crate::actors::ledger::{self, Ledger, Order};
use crate::actors::mailer::transport::TransportError;
use crate::actors::outgoing::Outgoing;
use crate::actors::supervise::Alarm;
use crate::actors::writer::{self, Writes};
use crate::actors::{grants, linking, login, mailer, members, notifier, sweeper};
use crate::config::{Config, Job};
use crate::db::kv::KeyValue;
use crate::db::{Store, WriteConnection};
use crate::domain::clock::Clock;
use crate::domain::keys::rotation::{NOTICED_WITHIN, RotationPolicy, Schedule};
use crate::domain::random::Random;
use crate::domain::vault::Vault;

/// How much longer than any token a key stays published: for a process that signs from a snapshot some seconds old.
const SNAPSHOT_AGE: Duration = Duration::from_mins(1);

/// Health checks of several operators at once, and a stop.
const SUPERVISOR_ROOM: usize = 64;

/// What the actors stand on; everything here is open and checked.
pub struct Foundation {
    /// Reads.
    pub store: Store,
    /// Short-lived state.
    pub kv: KeyValue,
    /// Opens and seals keys.
    pub vault: Arc<Vault>,
    /// The keys that never rotate.
    pub secrets: Arc<Secrets>,
    /// Those that do.
    pub keys: Keys,
    /// What the ledger stands on, if entitlements are among the jobs.
    pub ledger: Option<LedgerGround>,
    /// The way out to addresses that clients registered.
    pub outgoing: Outgoing,
    /// What the operator set.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Everything random.
    pub random: Arc<dyn Random>,
}

/// What the ledger stands on.
#[derive(Clone)]
pub struct LedgerGround {
    /// Its secrets.
    pub keys: Arc<LedgerKeys>,
    /// Where it publishes the ticket of revocations.
    pub revocations: Revocations,
    /// Where payments come from.
    pub stores: Stores,
}

/// All that was started.
pub struct House {
    /// Doors to the actors.
    pub actors: Actors,
    /// The door to whoever watches over them.
    pub supervisor: Door<Supervisor>,
    /// What they run on.
    pub threads: Threads,
}

/// The threads that actors run on. Stopped last.
pub struct Threads(Vec<Arbiter>);

impl Threads {
    /// Ends the threads and waits for them.
    pub fn stop(self) {
        for arbiter in &self.0 {
            arbiter.stop();
        }
        for arbiter in self.0 {
            let _ = arbiter.join();
        }
    }
}

/// When keys change, from what the operator set.
#[must_use]
pub fn rotation_policy(config: &Config) -> RotationPolicy {
    let (keys, lifetimes) = (&config.define.keys, &config.define.lifetimes);
    let schedule = |longest: Duration| Schedule {
        rotate_every: keys.rotate_every,
        // Somebody may have fetched the key set from a process that did not know the new key yet.
        publish_ahead: keys.publish_ahead + NOTICED_WITHIN,
        keep_after: longest + SNAPSHOT_AGE,
    };
    RotationPolicy {
        signing: schedule(lifetimes.access.max(lifetimes.id)),
        refresh: schedule(lifetimes.refresh_idle),
    }
}

/// Starts all actors: Writer, `KeyRing`, Mailer, Login, Grants, Notifier, Members, Ledger, Linking, Sweeper, Supervisor. Writer has a
/// thread of its own, because it waits for the disk, and so has Ledger, because it signs; Login and Grants have a shard on each HTTP
/// worker, opened by its first request.
///
/// # Errors
/// If the mail transport cannot be made.
pub fn start(ground: &Foundation, connection: WriteConnection, alarm: &Alarm) -> Result<House, TransportError> {
    let rooms = ground.config.actors;
    let writing = Arbiter::new();
    let housekeeping = Arbiter::new();
    let house = housekeeping.handle();

    let connection = writer::Deps::new(connection);
    let writes = Writes::new(Door::open(&writing.handle(), connection, alarm.clone(), rooms.writer));
    let key_ring = Door::open(&house, ground.key_ring(&writes), alarm.clone(), rooms.key_ring);
    let mailer = Door::open(&house, ground.mailer(&writes)?, alarm.clone(), rooms.mailer);
    let login = Shards::new(ground.login(&writes, &mailer), alarm.clone(), rooms.login);
    let grants = Shards::new(ground.grants(&writes), alarm.clone(), rooms.grants);
    let notifier = Door::open(&house, ground.notifier(&writes), alarm.clone(), rooms.notifier);
    let members = ground
        .config
        .define
        .does(Job::Members)
        .then(|| Door::open(&house, ground.members(&writes, &mailer), alarm.clone(), rooms.members));
    let mut threads = vec![housekeeping, writing];
    let ledger = ground.ledger(&writes).map(|deps| {
        let signing = Arbiter::new();
        let door = Door::open(&signing.handle(), deps, alarm.clone(), rooms.ledger);
        threads.push(signing);
        door
    });
    let linking = ground
        .linking(&writes)
        .map(|deps| Door::open(&house, deps, alarm.clone(), rooms.linking));
    let sweeper = Door::open(
        &house,
        ground.sweeper(&writes, ledger.as_ref()),
        alarm.clone(),
        rooms.sweeper,
    );
    let actors = Actors {
        writes,
        key_ring,
        mailer,
        login,
        grants,
        notifier,
        members,
        ledger,
        linking,
        sweeper,
    };
    let supervisor = Door::open(&house, actors.clone(), alarm.clone(), SUPERVISOR_ROOM);

    let threads = Threads(threads);
    Ok(House {
        actors,
        supervisor,
        threads,
    })
}

impl Foundation {
    fn key_ring(&self, writes: &Writes) -> key_ring::Deps {
        key_ring::Deps {
            store: self.store.clone(),
            writes: writes.clone(),
            vault: Arc::clone(&self.vault),
            policy: rotation_policy(&self.config),
            keys: self.keys.clone(),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        }
    }

    fn mailer(&self, writes: &Writes) -> Result<mailer::Deps, TransportError> {
        mailer::Deps::new(
            self.store.clone(),
            writes.clone(),
            Arc::clone(&self.secrets),
            Arc::clone(&self.config),
            Arc::clone(&self.clock),
            Arc::clone(&self.random),
        )
    }

    fn login(&self, writes: &Writes, mailer: &Door<mailer::Mailer>) -> login::Deps {
        login::Deps {
            store: self.store.clone(),
            kv: self.kv.clone(),
            writes: writes.clone(),
            mailer: mailer.clone(),
            secrets: Arc::clone(&self.secrets),
            config: Arc::clone(&self.config),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        }
    }

    fn grants(&self, writes: &Writes) -> grants::Deps {
        grants::Deps {
            store: self.store.clone(),
            clients: Arc::default(),
            kv: self.kv.clone(),
            writes: writes.clone(),
            keys: self.keys.clone(),
            secrets: Arc::clone(&self.secrets),
            outgoing: self.outgoing.clone(),
            key_cache: grants::KeyCache::default(),
            config: Arc::clone(&self.config),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        }
    }

    fn notifier(&self, writes: &Writes) -> notifier::Deps {
        notifier::Deps {
            store: self.store.clone(),
            writes: writes.clone(),
            keys: self.keys.clone(),
            secrets: Arc::clone(&self.secrets),
            outgoing: self.outgoing.clone(),
            config: Arc::clone(&self.config),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        }
    }

    fn members(&self, writes: &Writes, mailer: &Door<mailer::Mailer>) -> members::Deps {
        members::Deps {
            writes: writes.clone(),
            mailer: mailer.clone(),
            secrets: Arc::clone(&self.secrets),
            config: Arc::clone(&self.config),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        }
    }

    fn ledger(&self, writes: &Writes) -> Option<ledger::Deps> {
        let ground = self.ledger.clone()?;
        Some(ledger::Deps {
            store: self.store.clone(),
            writes: writes.clone(),
            keys: ground.keys,
            revocations: ground.revocations,
            stores: ground.stores,
            config: Arc::clone(&self.config),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            order: Order::of(&self.config.database_url),
        })
    }

    /// Where accounts and entitlements meet: there alone where both are jobs.
    fn linking(&self, writes: &Writes) -> Option<linking::Deps> {
        let both = [Job::Identity, Job::Entitlements];
        let jobs = &self.config.define.jobs;
        both.iter().all(|job| jobs.contains(job)).then(|| linking::Deps {
            writes: writes.clone(),
            config: Arc::clone(&self.config),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        })
    }

    fn sweeper(&self, writes: &Writes, ledger: Option<&Door<Ledger>>) -> sweeper::Deps {
        let (clock, random) = (Arc::clone(&self.clock), Arc::clone(&self.random));
        let deps = sweeper::Deps::new(self.store.clone(), self.kv.clone(), writes.clone(), clock, random);
        deps.with_ledger(ledger.cloned())
    }
}

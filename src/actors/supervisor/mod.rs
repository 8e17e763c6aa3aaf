//! Supervisor: starts all other actors in order, says whether they are well, and stops them in reverse order.
//!
//! What keeps an actor up through a panic is the shell around it, [`super::supervise`]; what this adds is the order.

use std::sync::Arc;
use std::time::Duration;

use actix::Arbiter;

use super::ask::{Door, Shards};
use super::grants::{self, Grants};
use super::key_ring::secrets::Secrets;
use super::key_ring::{self, KeyRing, Keys};
use super::login::{self, Login};
use super::mailer::{self, Mailer};
use super::supervise::{Alarm, Answer, Myself, Request, Role, Serve};
use super::sweeper::{self, Sweeper};
use super::writer::{Writer, Writes};
use crate::config::Config;
use crate::db::kv::KeyValue;
use crate::db::{Store, WriteConnection};
use crate::domain::clock::Clock;
use crate::domain::keys::rotation::{RotationPolicy, Schedule};
use crate::domain::random::Random;
use crate::domain::vault::Vault;

/// How much longer than any token a key stays published: for a process that signs from a snapshot some seconds old.
const SNAPSHOT_AGE: Duration = Duration::from_mins(1);

/// What the actors stand on; everything here is open and checked.
pub struct Foundation {
    /// Reads.
    pub store: Store,
    /// The connection that Writer takes over.
    pub connection: WriteConnection,
    /// Short-lived state.
    pub kv: KeyValue,
    /// Opens and seals keys.
    pub vault: Arc<Vault>,
    /// The keys that never rotate.
    pub secrets: Arc<Secrets>,
    /// Those that do.
    pub keys: Keys,
    /// What the operator set.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Everything random.
    pub random: Arc<dyn Random>,
}

/// Doors to all actors.
#[derive(Clone)]
pub struct Actors {
    /// All writes.
    pub writes: Writes,
    /// Keys.
    pub key_ring: Door<KeyRing>,
    /// Outgoing mail.
    pub mailer: Door<Mailer>,
    /// Logins and registrations.
    pub login: Shards<Login>,
    /// Authorization requests, codes, tokens.
    pub grants: Shards<Grants>,
    /// Expiry.
    pub sweeper: Door<Sweeper>,
    /// Whoever watches over these.
    pub supervisor: Door<Supervisor>,
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
        publish_ahead: keys.publish_ahead,
        keep_after: longest + SNAPSHOT_AGE,
    };
    RotationPolicy {
        signing: schedule(lifetimes.access.max(lifetimes.id)),
        refresh: schedule(lifetimes.refresh_idle),
    }
}

/// Starts all actors, each after those that it asks: Writer, `KeyRing`, Mailer, Login, Grants, Sweeper.
///
/// # Errors
/// If the mail transport cannot be made.
pub fn start(foundation: Foundation, alarm: &Alarm) -> Result<(Actors, Threads), mailer::transport::TransportError> {
    let Foundation {
        store,
        connection,
        kv,
        vault,
        secrets,
        keys,
        config,
        clock,
        random,
    } = foundation;
    let rooms = config.actors;
    let writing = Arbiter::new();
    let housekeeping = Arbiter::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let deciding: Vec<_> = (0..cores).map(|_| Arbiter::new()).collect();

    let connection = Arc::new(parking_lot::Mutex::new(connection));
    let writes = Writes::new(Door::<Writer>::open(
        &writing.handle(),
        connection,
        alarm.clone(),
        rooms.writer,
    ));
    let key_ring = Door::open(
        &housekeeping.handle(),
        key_ring::Deps {
            store: store.clone(),
            writes: writes.clone(),
            vault,
            policy: rotation_policy(&config),
            keys: keys.clone(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
        },
        alarm.clone(),
        rooms.key_ring,
    );
    let mailer_deps = mailer::Deps::new(
        store.clone(),
        writes.clone(),
        Arc::clone(&secrets),
        Arc::clone(&config),
        Arc::clone(&clock),
        Arc::clone(&random),
    )?;
    let mailer = Door::open(&housekeeping.handle(), mailer_deps, alarm.clone(), rooms.mailer);
    let login_deps = login::Deps {
        store: store.clone(),
        kv: kv.clone(),
        writes: writes.clone(),
        mailer: mailer.clone(),
        secrets: Arc::clone(&secrets),
        config: Arc::clone(&config),
        clock: Arc::clone(&clock),
        random: Arc::clone(&random),
    };
    let grants_deps = grants::Deps {
        store: store.clone(),
        kv: kv.clone(),
        writes: writes.clone(),
        keys,
        secrets,
        config,
        clock: Arc::clone(&clock),
        random: Arc::clone(&random),
    };
    let shard = |arbiter: &Arbiter| Door::open(&arbiter.handle(), login_deps.clone(), alarm.clone(), rooms.login);
    let login = Shards::new(deciding.iter().map(shard).collect());
    let shard = |arbiter: &Arbiter| Door::open(&arbiter.handle(), grants_deps.clone(), alarm.clone(), rooms.grants);
    let grants = Shards::new(deciding.iter().map(shard).collect());
    let sweeper_deps = sweeper::Deps::new(store, kv, writes.clone(), clock, random);
    let sweeper = Door::open(&housekeeping.handle(), sweeper_deps, alarm.clone(), rooms.sweeper);
    let watched = Watched {
        writes,
        key_ring,
        mailer,
        login,
        grants,
        sweeper,
    };
    let supervisor = Door::open(&housekeeping.handle(), watched.clone(), alarm.clone(), SUPERVISOR_ROOM);
    let Watched {
        writes,
        key_ring,
        mailer,
        login,
        grants,
        sweeper,
    } = watched;
    let mut threads = deciding;
    threads.extend([housekeeping, writing]);
    Ok((
        Actors {
            writes,
            key_ring,
            mailer,
            login,
            grants,
            sweeper,
            supervisor,
        },
        Threads(threads),
    ))
}

/// Health checks of several operators at once, and a stop.
const SUPERVISOR_ROOM: usize = 64;

/// The doors that Supervisor watches: all but its own.
#[derive(Clone)]
pub struct Watched {
    writes: Writes,
    key_ring: Door<KeyRing>,
    mailer: Door<Mailer>,
    login: Shards<Login>,
    grants: Shards<Grants>,
    sweeper: Door<Sweeper>,
}

/// The role.
pub struct Supervisor {
    watched: Watched,
}

impl Role for Supervisor {
    const NAME: &'static str = "supervisor";
    type Deps = Watched;

    fn begin(deps: &Watched) -> Self {
        Self { watched: deps.clone() }
    }
}

/// Asks every actor whether it is well.
pub struct CheckHealth;

/// One actor (or all shards of one) and whether it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The role.
    pub actor: &'static str,
    /// Whether it answers and its role is up.
    pub well: bool,
    /// How many requests are under way.
    pub depth: usize,
}

impl Request for CheckHealth {
    type Reply = Vec<Health>;
}

impl Serve<CheckHealth> for Supervisor {
    fn serve(&mut self, _: CheckHealth, _: &Myself<Self>) -> Answer<Vec<Health>> {
        let watched = self.watched.clone();
        Answer::later(async move {
            vec![
                health(std::slice::from_ref(watched.writes.door())).await,
                health(std::slice::from_ref(&watched.key_ring)).await,
                health(std::slice::from_ref(&watched.mailer)).await,
                health(watched.login.doors()).await,
                health(watched.grants.doors()).await,
                health(std::slice::from_ref(&watched.sweeper)).await,
            ]
        })
    }
}

async fn health<R: Role>(doors: &[Door<R>]) -> Health {
    let mut well = true;
    for door in doors {
        well &= door.is_well().await;
    }
    Health {
        actor: R::NAME,
        well,
        depth: doors.iter().map(Door::depth).sum(),
    }
}

/// Closes all doors in reverse order of start, each once what is under way behind it has been answered.
pub struct StopAll {
    /// How long each door may take.
    pub patience: Duration,
}

impl Request for StopAll {
    /// The actors that did not finish in time.
    type Reply = Vec<&'static str>;
}

impl Serve<StopAll> for Supervisor {
    fn serve(&mut self, request: StopAll, _: &Myself<Self>) -> Answer<Vec<&'static str>> {
        let watched = self.watched.clone();
        Answer::later(async move {
            let patience = request.patience;
            let mut late = Vec::new();
            late.extend(close(std::slice::from_ref(&watched.sweeper), patience).await);
            late.extend(close(watched.grants.doors(), patience).await);
            late.extend(close(watched.login.doors(), patience).await);
            late.extend(close(std::slice::from_ref(&watched.mailer), patience).await);
            late.extend(close(std::slice::from_ref(&watched.key_ring), patience).await);
            late.extend(close(std::slice::from_ref(watched.writes.door()), patience).await);
            late
        })
    }
}

async fn close<R: Role>(doors: &[Door<R>], patience: Duration) -> Option<&'static str> {
    let mut in_time = true;
    for door in doors {
        in_time &= door.close(patience).await;
    }
    (!in_time).then_some(R::NAME)
}

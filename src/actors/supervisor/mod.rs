//! Supervisor: starts all other actors in order, says whether they are well, and stops them in reverse order.
//!
//! What keeps an actor up through a panic is the shell around it, [`super::supervise`]; what this adds is the order.

mod start;

pub use start::{Foundation, House, IdentityGround, LedgerGround, Threads, rotation_policy, start};

use std::time::Duration;

use super::ask::{Door, Shards};
use super::grants::Grants;
use super::key_ring::{KeyRing, Keys};
use super::ledger::Ledger;
use super::linking::Linking;
use super::login::Login;
use super::mailer::Mailer;
use super::members::Members;
use super::notifier::Notifier;
use super::supervise::{Answer, Fault, Myself, Request, Role, Serve};
use super::sweeper::Sweeper;
use super::writer::Writes;

/// Doors to all actors but Supervisor itself.
#[derive(Clone)]
pub struct Actors {
    /// All writes.
    pub writes: Writes,
    /// Sign-in and the authorization server; on a server that does this job.
    pub identity: Option<Identity>,
    /// Profiles, admission, administration; on a server that does this job.
    pub members: Option<Door<Members>>,
    /// Entitlements, if they are among the jobs.
    pub ledger: Option<Door<Ledger>>,
    /// Master keys of accounts, if there are accounts and entitlements.
    pub linking: Option<Door<Linking>>,
    /// Expiry.
    pub sweeper: Door<Sweeper>,
}

/// The actors of the job "identity", and what they publish.
#[derive(Clone)]
pub struct Identity {
    /// The published keys.
    pub keys: Keys,
    /// Keys.
    pub key_ring: Door<KeyRing>,
    /// Outgoing mail.
    pub mailer: Door<Mailer>,
    /// Logins and registrations.
    pub login: Shards<Login>,
    /// Authorization requests, codes, tokens.
    pub grants: Shards<Grants>,
    /// News of the end of sessions.
    pub notifier: Door<Notifier>,
}

impl Actors {
    /// Asks Login. A server without the job has no route that does.
    ///
    /// # Errors
    /// As [`Shards::ask`]; [`Fault::Stopped`] without the job.
    pub async fn ask_login<M: Request>(&self, request: M) -> Result<M::Reply, Fault>
    where
        Login: Serve<M>,
    {
        match &self.identity {
            Some(identity) => identity.login.ask(request).await,
            None => Err(Fault::Stopped),
        }
    }

    /// Asks Grants. A server without the job has no route that does.
    ///
    /// # Errors
    /// As [`Shards::ask`]; [`Fault::Stopped`] without the job.
    pub async fn ask_grants<M: Request>(&self, request: M) -> Result<M::Reply, Fault>
    where
        Grants: Serve<M>,
    {
        match &self.identity {
            Some(identity) => identity.grants.ask(request).await,
            None => Err(Fault::Stopped),
        }
    }
}

/// The role.
pub struct Supervisor {
    actors: Actors,
}

impl Role for Supervisor {
    const NAME: &'static str = "supervisor";
    type Deps = Actors;

    fn begin(deps: &Actors) -> Self {
        Self { actors: deps.clone() }
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
        let actors = self.actors.clone();
        Answer::later(async move {
            let mut all = vec![
                health(std::slice::from_ref(actors.writes.door())).await,
                health(std::slice::from_ref(&actors.sweeper)).await,
            ];
            if let Some(identity) = &actors.identity {
                all.push(health(std::slice::from_ref(&identity.key_ring)).await);
                all.push(health(std::slice::from_ref(&identity.mailer)).await);
                all.push(health(&identity.login.doors()).await);
                all.push(health(&identity.grants.doors()).await);
                all.push(health(std::slice::from_ref(&identity.notifier)).await);
            }
            if let Some(members) = &actors.members {
                all.push(health(std::slice::from_ref(members)).await);
            }
            if let Some(ledger) = &actors.ledger {
                all.push(health(std::slice::from_ref(ledger)).await);
            }
            if let Some(linking) = &actors.linking {
                all.push(health(std::slice::from_ref(linking)).await);
            }
            all
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
        let actors = self.actors.clone();
        Answer::later(async move {
            let patience = request.patience;
            let mut late = Vec::new();
            late.extend(close(std::slice::from_ref(&actors.sweeper), patience).await);
            if let Some(members) = &actors.members {
                late.extend(close(std::slice::from_ref(members), patience).await);
            }
            if let Some(linking) = &actors.linking {
                late.extend(close(std::slice::from_ref(linking), patience).await);
            }
            if let Some(ledger) = &actors.ledger {
                late.extend(close(std::slice::from_ref(ledger), patience).await);
            }
            if let Some(identity) = &actors.identity {
                late.extend(close(&identity.grants.doors(), patience).await);
                late.extend(close(std::slice::from_ref(&identity.notifier), patience).await);
                late.extend(close(&identity.login.doors(), patience).await);
                late.extend(close(std::slice::from_ref(&identity.mailer), patience).await);
                late.extend(close(std::slice::from_ref(&identity.key_ring), patience).await);
            }
            late.extend(close(std::slice::from_ref(actors.writes.door()), patience).await);
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

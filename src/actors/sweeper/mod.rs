//! Sweeper: deletes what has expired, in bounded batches, one process at a time among many.
//!
//! Whose turn it is, is a lease in the database. Every batch checks it in its own transaction, so that a process which
//! was frozen in the middle of a sweep stops when it thaws. When wall and monotonic time have parted by more than an
//! hour since the start, nothing is swept and an alarm is raised, until they agree again or the process is restarted.

mod entitlements;
mod index_people;
mod sweep;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use self::turn::Course;
use super::ask::Door;
use super::ledger::Ledger;
use super::supervise::{Answer, Myself, Role, Timers};
use super::writer::Writes;
use crate::db::Store;
use crate::db::kv::KeyValue;
use crate::domain::clock::Clock;
use crate::domain::drift::Baseline;
use crate::domain::random::Random;

/// How often the lease is looked at and, if it is ours, beaten.
const BEAT: Duration = Duration::from_secs(1);

/// What Sweeper is made from.
#[derive(Clone)]
pub struct Deps {
    store: Store,
    kv: KeyValue,
    writes: Writes,
    /// Deals with what is over at midnight, if entitlements are among the jobs.
    ledger: Option<Door<Ledger>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// The clocks at the start of the process: a panic of the role does not make a wrong clock right.
    baseline: Baseline,
}

impl Deps {
    /// Takes the present reading of `clock` for right.
    #[must_use]
    pub fn new(store: Store, kv: KeyValue, writes: Writes, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            store,
            kv,
            writes,
            ledger: None,
            baseline: Baseline::of(clock.as_ref()),
            clock,
            random,
        }
    }

    /// Sweeps entitlements too.
    #[must_use]
    pub fn with_ledger(self, ledger: Option<Door<Ledger>>) -> Self {
        Self { ledger, ..self }
    }
}

/// The state: what has been seen of the lease, and when the last sweep was.
pub struct Sweeper {
    deps: Deps,
    /// Locked while a turn is under way; the next tick passes then. A panic lets go of it too.
    course: Arc<tokio::sync::Mutex<Course>>,
}

impl Role for Sweeper {
    const NAME: &'static str = "sweeper";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        let course = Course::new(deps.random.as_ref());
        Self {
            deps: deps.clone(),
            course: Arc::new(tokio::sync::Mutex::new(course)),
        }
    }

    fn timers(timers: &mut Timers<'_, Self>) {
        timers.every(BEAT);
    }

    fn tick(&mut self, _: &Myself<Self>) -> Answer<()> {
        let Ok(mut course) = Arc::clone(&self.course).try_lock_owned() else {
            return Answer::Ready(());
        };
        let deps = self.deps.clone();
        Answer::later(async move {
            if let Err(error) = course.turn(&deps).await {
                metrics::counter!("countersign_sweep_failures_total").increment(1);
                tracing::error!(%error, "the sweep failed; it is tried again");
            }
        })
    }
}

#[cfg(test)]
mod tests;

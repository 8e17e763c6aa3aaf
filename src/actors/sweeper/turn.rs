//! One look: can the clock be believed, whose turn is it, is a sweep due.

use std::time::Duration;

use super::Deps;
use super::entitlements;
use super::index_people::Pass;
use super::sweep::{sweep_rows, sweep_states};
use crate::actors::failure::Failure;
use crate::actors::writer::WriteError;
use crate::db::sweep::{beat, believe, believed, lease, read_believed, read_lease, take_lease};
use crate::domain::drift::LONGEST_PAUSE;
use crate::domain::lease::{Turn, Watch};
use crate::domain::random::{Random, name};

/// From the start of one sweep to the start of the next.
const CYCLE: Duration = Duration::from_secs(30);

/// Why the wall clock is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It has not gone as far as the monotonic clock since the start.
    Parted,
    /// It was too far ahead of the last sweep at the start.
    Leapt,
}

/// What one process remembers from look to look.
pub(super) struct Course {
    watch: Watch,
    doubt: Option<Doubt>,
    /// Monotonic moments of the last sweeps: of this process's own entries, and of the rows that all share.
    states_swept: Option<Duration>,
    rows_swept: Option<Duration>,
    /// How far this process has looked for people whom no search finds.
    indexing: Pass,
}

impl Course {
    /// A process under a new name: one whose role panicked has to wait its turn again.
    pub(super) fn new(random: &dyn Random) -> Self {
        Self {
            watch: Watch::new(name(random)),
            doubt: None,
            states_swept: None,
            rows_swept: None,
            indexing: Pass::begin(),
        }
    }

    #[cfg(test)]
    pub(super) const fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    #[cfg(test)]
    pub(super) fn name(&self) -> &str {
        self.watch.me()
    }

    /// Looks, and sweeps if it is time and our turn.
    pub(super) async fn turn(&mut self, deps: &Deps) -> Result<(), Failure> {
        if self.doubts(deps).await? {
            // A holder that does not beat loses its turn to a process whose clock is right.
            metrics::gauge!("countersign_sweeper_is_holder").set(0);
            return Ok(());
        }
        let now = deps.clock.monotonic();
        if is_due(self.states_swept, now) {
            self.states_swept = Some(now);
            sweep_states(deps).await;
        }
        let epoch = self.hold(deps).await?;
        metrics::gauge!("countersign_sweeper_is_holder").set(u8::from(epoch.is_some()));
        if let Some(epoch) = epoch
            && is_due(self.rows_swept, now)
        {
            deps.writes.execute(believe(deps.clock.now())).await?;
            sweep_rows(deps, self.watch.me(), epoch).await?;
            entitlements::sweep(deps, self.watch.me(), epoch).await?;
            self.indexing.go_on(deps, self.watch.me(), epoch).await?;
            self.rows_swept = Some(now);
        }
        Ok(())
    }

    /// Whether the wall clock is doubted; says so when that changes.
    async fn doubts(&mut self, deps: &Deps) -> Result<bool, Failure> {
        let last = deps.store.query_one(&believed()).await?;
        let last = last.as_ref().map(read_believed).transpose()?;
        let doubt = if deps.baseline.have_parted(deps.clock.as_ref()) {
            Some(Doubt::Parted)
        } else if last.is_some_and(|last| deps.baseline.has_leapt_from(last)) {
            Some(Doubt::Leapt)
        } else {
            None
        };
        metrics::gauge!("countersign_clock_alarm").set(u8::from(doubt.is_some()));
        if doubt != self.doubt {
            self.doubt = doubt;
            match doubt {
                Some(Doubt::Parted) => tracing::error!(
                    "wall and monotonic time have parted by more than an hour: nothing is swept until they agree again \
                     or the server is restarted; check the clock of this machine"
                ),
                Some(Doubt::Leapt) => tracing::error!(
                    "this server was started more than {} days after the last sweep: nothing is swept, for its clock may \
                     be wrong; if it is right, say so with `countersign db accept-clock`",
                    LONGEST_PAUSE.as_secs() / 86_400
                ),
                None => tracing::info!("the wall clock is believed again"),
            }
        }
        Ok(doubt.is_some())
    }

    /// Beats or takes the lease where that is right; the epoch if it is ours.
    async fn hold(&mut self, deps: &Deps) -> Result<Option<i64>, WriteError> {
        let found = deps.store.query_one(&lease()).await?;
        let found = found.as_ref().map(read_lease).transpose()?;
        let statement = match self.watch.judge(found, deps.clock.monotonic()) {
            Turn::Ours(epoch) => beat(self.watch.me(), epoch),
            Turn::Take(saw) => take_lease(self.watch.me(), saw.as_ref()),
            Turn::Wait => return Ok(None),
        };
        let rows = deps.writes.execute(statement).await?;
        Ok(rows.first().map(read_lease).transpose()?.map(|lease| lease.epoch))
    }
}

fn is_due(last: Option<Duration>, now: Duration) -> bool {
    last.is_none_or(|last| now.saturating_sub(last) >= CYCLE)
}

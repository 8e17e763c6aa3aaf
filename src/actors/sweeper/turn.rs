//! One look: can the clock be believed, whose turn is it, is a sweep due.

use std::time::Duration;

use super::Deps;
use super::entitlements;
use super::index_people::Pass;
use super::sweep::{sweep_rows, sweep_states};
use crate::actors::failure::Failure;
use crate::actors::writer::WriteError;
use crate::db::sweep::{beat, lease, read_lease, take_lease};
use crate::domain::lease::{Turn, Watch};
use crate::domain::random::{Random, name};

/// From the start of one sweep to the start of the next.
const CYCLE: Duration = Duration::from_secs(30);

/// What one process remembers from look to look.
pub(super) struct Course {
    watch: Watch,
    alarmed: bool,
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
            alarmed: false,
            states_swept: None,
            rows_swept: None,
            indexing: Pass::begin(),
        }
    }

    #[cfg(test)]
    pub(super) fn name(&self) -> &str {
        self.watch.me()
    }

    /// Looks, and sweeps if it is time and our turn.
    pub(super) async fn turn(&mut self, deps: &Deps) -> Result<(), Failure> {
        if self.is_alarmed(deps) {
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
            sweep_rows(deps, self.watch.me(), epoch).await?;
            entitlements::sweep(deps, self.watch.me(), epoch).await?;
            self.indexing.go_on(deps, self.watch.me(), epoch).await?;
            self.rows_swept = Some(now);
        }
        Ok(())
    }

    fn is_alarmed(&mut self, deps: &Deps) -> bool {
        let alarmed = deps.baseline.have_parted(deps.clock.as_ref());
        metrics::gauge!("countersign_clock_alarm").set(u8::from(alarmed));
        if alarmed != self.alarmed {
            self.alarmed = alarmed;
            if alarmed {
                tracing::error!(
                    "wall and monotonic time have parted by more than an hour: nothing is swept until they agree again \
                     or the server is restarted; check the clock of this machine"
                );
            } else {
                tracing::info!("wall and monotonic time agree again");
            }
        }
        alarmed
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

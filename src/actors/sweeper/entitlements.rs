//! Midnight at the ledger: this role knows whose turn it is and whether the clock can be believed, the ledger what to do.

use super::Deps;
use super::sweep::{REST, count};
use crate::actors::failure::Failure;
use crate::actors::ledger::sweep::{Progress, Stage, SweepBatch};
use crate::db::sweep::beat;

/// Deals with the last midnight if that has not been done, for as long as `holder` has the turn under `epoch` and the
/// clock can be believed.
pub(super) async fn sweep(deps: &Deps, holder: &str, epoch: i64) -> Result<(), Failure> {
    let Some(ledger) = &deps.ledger else { return Ok(()) };
    let mut stage = Stage::Begin;
    loop {
        if deps.baseline.have_parted(deps.clock.as_ref()) {
            return Ok(());
        }
        let fence = beat(holder, epoch);
        match ledger.ask(SweepBatch { fence, stage }).await?? {
            Progress::Next(next, rows) => {
                metrics::counter!("countersign_swept_rows_total", "table" => table(stage)).increment(count(rows));
                let begins = stage == Stage::Begin;
                stage = next;
                if !begins {
                    actix_rt::time::sleep(REST).await;
                }
            }
            Progress::Done => return Ok(()),
            Progress::NotOurs => {
                tracing::warn!("another process has taken the turn to sweep; this one stops");
                return Ok(());
            }
        }
    }
}

const fn table(stage: Stage) -> &'static str {
    match stage {
        Stage::Rows(swept) => swept.name(),
        Stage::Users(_) => "entitlement_users",
        Stage::Begin | Stage::Payments | Stage::Finish => "entitlement_payments",
    }
}

//! One sweep, in batches that leave room for requests between them.

use std::time::Duration;

use super::Deps;
use crate::actors::writer::WriteError;
use crate::db::Decision;
use crate::db::sweep::{EXPIRIES, Expiry, beat};

/// How many rows go in one transaction, at most.
pub(super) const BATCH: i64 = 500;

/// And at least.
const SMALLEST_BATCH: i64 = 50;

/// How long a batch should take: where one connection writes, others wait as long.
const LONGEST_BATCH: Duration = Duration::from_millis(25);

/// How long a sweep rests between two batches.
pub(super) const REST: Duration = Duration::from_millis(20);

/// How many entries of each kind of the key-value store are dropped in one sweep.
const STATES: usize = 100_000;

/// What became of a batch.
enum Batch {
    /// So many rows are gone, and there may be more.
    Full(usize),
    /// So many rows are gone, and no more have expired.
    Last(usize),
    /// Another process has the turn; nothing was deleted.
    NotOurs,
}

/// Drops expired entries of the key-value store.
pub(super) async fn sweep_states(deps: &Deps) {
    match deps.kv.sweep(STATES, deps.clock.now()).await {
        Ok(swept) => metrics::counter!("countersign_swept_states_total").increment(count(swept)),
        // Rows are swept all the same.
        Err(error) => tracing::warn!(%error, "expired states are not swept now"),
    }
}

/// Deletes expired rows, for as long as `holder` has the turn under `epoch` and the clock can be believed.
pub(super) async fn sweep_rows(deps: &Deps, holder: &str, epoch: i64) -> Result<(), WriteError> {
    let mut size = BATCH;
    for expiry in EXPIRIES {
        loop {
            if deps.baseline.have_parted(deps.clock.as_ref()) {
                return Ok(());
            }
            let began = deps.clock.monotonic();
            let batch = delete_batch(deps, expiry, size, (holder, epoch)).await?;
            size = next_size(size, deps.clock.monotonic().saturating_sub(began));
            let (Batch::Full(rows) | Batch::Last(rows)) = batch else {
                tracing::warn!("another process has taken the turn to sweep; this one stops");
                return Ok(());
            };
            metrics::counter!("countersign_swept_rows_total", "table" => expiry.name).increment(count(rows));
            if matches!(batch, Batch::Last(_)) {
                break;
            }
            actix_rt::time::sleep(REST).await;
        }
    }
    Ok(())
}

/// How many rows go next, when `size` of them took so long.
pub(super) fn next_size(size: i64, took: Duration) -> i64 {
    let next = if took > LONGEST_BATCH {
        size / 2
    } else if took < LONGEST_BATCH / 4 {
        size * 2
    } else {
        size
    };
    next.clamp(SMALLEST_BATCH, BATCH)
}

async fn delete_batch(deps: &Deps, expiry: Expiry, size: i64, turn: (&str, i64)) -> Result<Batch, WriteError> {
    // The beat locks the lease until the batch is committed: nobody takes it over in between.
    let beat = beat(turn.0, turn.1);
    let delete = expiry.statement(deps.clock.now(), size);
    deps.writes
        .transact("sweep", async move |transaction| {
            if transaction.query_one(&beat).await?.is_none() {
                return Ok(Decision::Rollback(Batch::NotOurs));
            }
            let rows = transaction.query(&delete).await?.len();
            let full = i64::try_from(rows).is_ok_and(|rows| rows >= size);
            Ok(Decision::Commit(if full {
                Batch::Full(rows)
            } else {
                Batch::Last(rows)
            }))
        })
        .await
}

pub(super) fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

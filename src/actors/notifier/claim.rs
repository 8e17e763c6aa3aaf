//! Claiming the news that are due, as many as there is room for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::tell::Tell;
use super::{Deps, Notifier};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::actors::writer::WriteError;
use crate::db::notices;

/// How much longer a claim holds than one try may take.
const MARGIN: Duration = Duration::from_secs(30);

/// Looks at the queue.
pub(super) struct Claim;

impl Request for Claim {
    type Reply = ();
}

impl Serve<Claim> for Notifier {
    fn serve(&mut self, _: Claim, me: &Myself<Self>) -> Answer<()> {
        let (deps, room, me) = (self.deps.clone(), Arc::clone(&self.room), me.clone());
        Answer::later(async move {
            if let Err(error) = deps.claim(&room, &me).await {
                tracing::error!(%error, "the queue of logout tokens could not be looked at; it is tried again");
            }
        })
    }
}

impl Deps {
    async fn claim(&self, room: &Arc<Semaphore>, me: &Myself<Notifier>) -> Result<(), WriteError> {
        let waiting = self.store.query_one(&notices::waiting()).await?;
        let waiting = waiting.map_or(Ok(0), |row| row.integer(0))?;
        #[expect(clippy::cast_precision_loss, reason = "a gauge need not be exact beyond 2^53")]
        metrics::gauge!("countersign_logout_notices_waiting").set(waiting as f64);
        if waiting == 0 {
            return Ok(());
        }
        let mut permits: Vec<_> = std::iter::from_fn(|| Arc::clone(room).try_acquire_owned().ok()).collect();
        if permits.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let again_at = now.plus(self.config.outgoing.timeout + MARGIN);
        let limit = i64::try_from(permits.len()).unwrap_or(1);
        let rows = self.writes.execute(notices::claim(now, again_at, limit)).await?;
        for (row, permit) in rows.iter().zip(permits.drain(..)) {
            me.notify(Tell {
                client_id: row.text(0)?.to_owned(),
                sid: row.text(1)?.to_owned(),
                account_id: row.text(2)?.to_owned(),
                attempts: row.integer(3)?,
                permit,
            });
        }
        Ok(())
    }
}

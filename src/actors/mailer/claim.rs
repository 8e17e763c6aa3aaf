//! Claiming the mails that are due, as many as there is room for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::dispatch::Dispatch;
use super::way::Room;
use super::{Deps, Mailer};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::actors::writer::WriteError;
use crate::db::{DbError, links};

/// How much longer a claim holds than one try may take.
const MARGIN: Duration = Duration::from_secs(30);

/// Looks at the queue.
pub(super) struct Claim;

impl Request for Claim {
    type Reply = ();
}

impl Serve<Claim> for Mailer {
    fn serve(&mut self, _: Claim, me: &Myself<Self>) -> Answer<()> {
        self.called = false;
        let (deps, room, me) = (self.deps.clone(), Arc::clone(&self.room), me.clone());
        Answer::later(async move {
            if let Err(error) = deps.claim(&room, &me).await {
                tracing::error!(%error, "the mail queue could not be looked at; it is tried again");
            }
        })
    }
}

impl Deps {
    async fn claim(&self, room: &Arc<Semaphore>, me: &Myself<Mailer>) -> Result<(), WriteError> {
        if room.available_permits() == 0 || self.way.is_closed(self.clock.monotonic()) {
            return Ok(());
        }
        let now = self.clock.now();
        if self.store.query_one(&links::mail_due(now)).await?.is_none() {
            return Ok(());
        }
        let mut permits = take_all(room);
        if permits.is_empty() {
            return Ok(());
        }
        match self.way.room(self.clock.monotonic(), self.config.mail.timeout + MARGIN) {
            Room::All => {}
            Room::One => permits.truncate(1),
            Room::None => return Ok(()),
        }
        let again_at = now.plus(self.config.mail.timeout + MARGIN);
        let limit = i64::try_from(permits.len()).unwrap_or(1);
        let rows = self.writes.execute(links::claim_mails(now, again_at, limit)).await?;
        if rows.is_empty() {
            self.way.nothing_to_try(self.clock.monotonic());
        }
        let more = rows.len() == permits.len();
        for (row, permit) in rows.iter().zip(permits.drain(..)) {
            me.notify(Dispatch {
                id: row.text(0)?.to_owned(),
                sealed: row.blob(1)?.to_owned(),
                attempts: row.integer(2)?,
                more,
                permit,
            });
        }
        Ok(())
    }

    async fn count(&self) -> Result<(), DbError> {
        let row = self.store.query_one(&links::mails_waiting()).await?;
        let waiting = row.map_or(Ok(0), |row| row.integer(0))?;
        #[expect(clippy::cast_precision_loss, reason = "is bounded")]
        metrics::gauge!("countersign_mails_waiting").set(waiting as f64);
        Ok(())
    }
}

/// Tells the gauge how long the queue is.
pub(super) struct Count;

impl Request for Count {
    type Reply = ();
}

impl Serve<Count> for Mailer {
    fn serve(&mut self, _: Count, _: &Myself<Self>) -> Answer<()> {
        let deps = self.deps.clone();
        Answer::later(async move {
            if let Err(error) = deps.count().await {
                tracing::error!(%error, "the mails that wait could not be counted");
            }
        })
    }
}

/// The permits that are free now, each for one mail.
fn take_all(room: &Arc<Semaphore>) -> Vec<OwnedSemaphorePermit> {
    std::iter::from_fn(|| Arc::clone(room).try_acquire_owned().ok()).collect()
}

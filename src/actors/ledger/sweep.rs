//! Midnight: what is over is marked or deleted, in bounded batches. Sweeper says when, and that it is this process's turn.
//!
//! The midnight is noted in the database when all is done, so that a sweep which was cut short is begun again, and one
//! that was missed is caught up with.

use super::book;
use super::{Deps, Ledger};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::actors::writer::WriteError;
use crate::db::entitlements::sweep::{Swept, delete_user, users};
use crate::db::entitlements::{payments, runtime};
use crate::db::{DbError, Decision, Statement, Store};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::day::{round_down, round_up};
use crate::domain::entitlement::key::PublicKey;

/// How many rows go in one transaction.
const BATCH: i64 = 500;

/// How many people are looked at between two rests.
const PAGE: i64 = 2000;

/// How far a sweep has come. Whoever drives it begins with [`Stage::Begin`] and hands back what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing has been looked at.
    Begin,
    /// Payments expire.
    Payments,
    /// Rows of this kind go.
    Rows(Swept),
    /// People without payments go, after this key.
    Users(Option<PublicKey>),
    /// All is done but for noting it.
    Finish,
}

/// What became of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many rows were dealt with, and this comes next.
    Next(Stage, usize),
    /// This midnight has been dealt with.
    Done,
    /// It is another process's turn; nothing was written.
    NotOurs,
}

/// One batch of the sweep of the last midnight.
pub struct SweepBatch {
    /// A statement that gives a row as long as it is this process's turn. It runs in the transaction of the batch.
    pub fence: Statement,
    /// How far the sweep has come.
    pub stage: Stage,
}

impl Request for SweepBatch {
    type Reply = Result<Progress, Failure>;
}

impl Serve<SweepBatch> for Ledger {
    fn serve(&mut self, request: SweepBatch, _: &Myself<Self>) -> Answer<Result<Progress, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move {
            let now = deps.clock.now();
            deps.sweep_batch(request.fence, request.stage, round_down(now), now)
                .await
        })
    }
}

/// Whether `midnight` has been dealt with, if everything has been until `done`. A clock that was ahead for a while has
/// left a midnight of the future there, which does not count.
#[must_use]
pub fn is_done(done: Timestamp, midnight: Timestamp, now: Timestamp) -> bool {
    midnight <= done && done <= round_up(now)
}

impl Deps {
    /// Deals with one batch of `midnight`.
    async fn sweep_batch(
        &self,
        fence: Statement,
        stage: Stage,
        midnight: Timestamp,
        now: Timestamp,
    ) -> Result<Progress, Failure> {
        match stage {
            Stage::Begin => {
                let row = self.store.query_one(&runtime::row()).await?;
                let runtime = row.as_ref().map(runtime::read).transpose()?.unwrap_or_default();
                Ok(if is_done(runtime.expired_until, midnight, now) {
                    Progress::Done
                } else {
                    Progress::Next(Stage::Payments, 0)
                })
            }
            Stage::Payments => {
                let rows = self
                    .fenced(fence, vec![payments::expire(midnight, BATCH)], false)
                    .await?;
                Ok(next(rows, stage, Stage::Rows(Swept::Revocations)))
            }
            Stage::Rows(swept) => {
                let counts = swept == Swept::Revocations;
                let rows = self.fenced(fence, vec![swept.delete(midnight, BATCH)], counts).await?;
                let after = match swept {
                    Swept::Revocations => Stage::Rows(Swept::AppleNotifications),
                    Swept::AppleNotifications => Stage::Rows(Swept::GoogleNotifications),
                    Swept::GoogleNotifications => Stage::Users(None),
                };
                Ok(next(rows, stage, after))
            }
            Stage::Users(after) => self.sweep_users(fence, after).await,
            Stage::Finish => {
                let rows = self
                    .fenced(fence, vec![runtime::expired_until(midnight)], false)
                    .await?;
                Ok(rows.map_or(Progress::NotOurs, |_| Progress::Done))
            }
        }
    }

    /// Whoever has no payment goes. Payments are never deleted, so there is nobody but where somebody's hand was in it.
    async fn sweep_users(&self, fence: Statement, after: Option<PublicKey>) -> Result<Progress, Failure> {
        let page = self.store.query(&users(after.as_ref(), PAGE)).await?;
        let mut last = None;
        let mut deletes = Vec::new();
        for row in &page {
            let master = PublicKey::from_bytes(row.bytes(0)?);
            if row.is_null(1) {
                deletes.push(delete_user(&master));
            }
            last = Some(master);
        }
        let full = i64::try_from(page.len()).is_ok_and(|rows| rows >= PAGE);
        let stage = if full { Stage::Users(last) } else { Stage::Finish };
        if deletes.is_empty() {
            return Ok(Progress::Next(stage, 0));
        }
        let rows = self.fenced(fence, deletes, false).await?;
        Ok(rows.map_or(Progress::NotOurs, |rows| Progress::Next(stage, rows)))
    }

    /// Runs `statements` if `fence` gives a row: how many rows they gave. With `ticket`, each is a revocation that went.
    async fn fenced(
        &self,
        fence: Statement,
        statements: Vec<Statement>,
        ticket: bool,
    ) -> Result<Option<usize>, Failure> {
        let began = self.clock.monotonic();
        let work = self.change("sweep entitlements", async move |transaction| {
            if transaction.query_one(&fence).await?.is_none() {
                return Ok(Decision::Rollback(None));
            }
            book::take(transaction).await?;
            let mut rows = 0;
            for statement in &statements {
                rows += transaction.query(statement).await?.len();
            }
            let ticket = if ticket && rows > 0 {
                let rows = i64::try_from(rows).unwrap_or(i64::MAX);
                Some(book::advance_ticket(transaction, rows).await?)
            } else {
                None
            };
            Ok(Decision::Commit(Some((rows, ticket))))
        });
        let Some((rows, ticket)) = work.await.map_err(|error: WriteError| Failure::from(error))? else {
            return Ok(None);
        };
        if let Some(ticket) = ticket {
            self.revocations.publish(ticket, began);
        }
        Ok(Some(rows))
    }
}

fn next(rows: Option<usize>, stage: Stage, after: Stage) -> Progress {
    let full = |rows: usize| i64::try_from(rows).is_ok_and(|rows| rows >= BATCH);
    match rows {
        None => Progress::NotOurs,
        Some(rows) if full(rows) => Progress::Next(stage, rows),
        Some(rows) => Progress::Next(after, rows),
    }
}

/// Sweeps a midnight from its beginning to its end, as Sweeper does.
#[cfg(test)]
pub(crate) async fn sweep_all(deps: &Deps, midnight: Timestamp, now: Timestamp) {
    let mut stage = Stage::Begin;
    loop {
        let fence = Statement::new("SELECT 1");
        match deps.sweep_batch(fence, stage, midnight, now).await.expect("sweeps") {
            Progress::Next(next, _) => stage = next,
            Progress::Done => return,
            Progress::NotOurs => panic!("the fence holds"),
        }
    }
}

/// What the sweep of a midnight would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// It has been done.
    pub already_done: bool,
    /// Payments that would expire, and of how many owners.
    pub payments: i64,
    /// See [`Forecast::payments`].
    pub payment_owners: i64,
    /// Revocations that would go.
    pub revocations: i64,
    /// People who would go.
    pub users: i64,
    /// Apple's notifications that would go.
    pub apple_notifications: i64,
    /// Google's.
    pub google_notifications: i64,
}

/// Looks what the sweep of `midnight` would do, and does nothing.
///
/// # Errors
/// [`DbError`].
pub async fn forecast(store: &Store, midnight: Timestamp, now: Timestamp) -> Result<Forecast, DbError> {
    let row = store.query_one(&runtime::row()).await?;
    let runtime = row.as_ref().map(runtime::read).transpose()?.unwrap_or_default();
    if is_done(runtime.expired_until, midnight, now) {
        return Ok(Forecast {
            already_done: true,
            ..Forecast::default()
        });
    }
    let expired = store.query_one(&payments::count_expired(midnight)).await?;
    let expired = expired.ok_or_else(|| DbError::Inconsistent("a count has no row".to_owned()))?;
    let mut forecast = Forecast {
        payments: expired.integer(0)?,
        payment_owners: expired.integer(1)?,
        ..Forecast::default()
    };
    for swept in Swept::ALL {
        let count = store.query_one(&swept.count(midnight)).await?;
        let count = count.map_or(Ok(0), |row| row.integer(0))?;
        match swept {
            Swept::Revocations => forecast.revocations = count,
            Swept::AppleNotifications => forecast.apple_notifications = count,
            Swept::GoogleNotifications => forecast.google_notifications = count,
        }
    }
    let mut after = None;
    loop {
        let page = store.query(&users(after.as_ref(), PAGE)).await?;
        for row in &page {
            forecast.users += i64::from(row.is_null(1));
            after = Some(PublicKey::from_bytes(row.bytes(0)?));
        }
        if i64::try_from(page.len()).is_ok_and(|rows| rows < PAGE) {
            return Ok(forecast);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_midnight_of_the_future_does_not_keep_others_from_being_swept() {
        const DAY: i64 = 86_400_000;
        let at = Timestamp::from_millis;
        assert!(!is_done(at(0), at(DAY), at(DAY + 5)));
        assert!(is_done(at(DAY), at(DAY), at(DAY + 5)));
        // Another process's clock is a little ahead.
        assert!(is_done(at(2 * DAY), at(DAY), at(2 * DAY - 5)));
        assert!(!is_done(at(9 * DAY), at(DAY), at(DAY + 5)));
    }
}

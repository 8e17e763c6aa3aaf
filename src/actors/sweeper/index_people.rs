//! Makes people findable whose account is older than the search: once after each start, in bounded batches.
//!
//! Whatever makes or changes an account today writes its words in the same transaction. So an account without words is an
//! old one, and one pass over all of them is enough.

use super::Deps;
use super::sweep::REST;
use crate::actors::writer::WriteError;
use crate::db::sweep::beat;
use crate::db::{DbError, Decision, Transaction, profiles};
use crate::domain::account::terms;

/// Accounts that are looked at in one transaction.
pub(super) const BATCH: i64 = 500;
/// Batches of one sweep; the next one goes on where it ended.
const BATCHES: usize = 50;

/// One pass over all accounts.
#[derive(Debug)]
pub(super) enum Pass {
    /// Everybody up to this account can be found.
    After(String),
    /// Everybody can be found.
    Done,
}

/// What became of a batch.
enum Batch {
    /// It ended at this account, and there may be more.
    Upto(String),
    /// It was the last one.
    Last,
    /// Another process has the turn; nothing was written.
    NotOurs,
}

impl Pass {
    /// Nobody has been looked at.
    pub(super) fn begin() -> Self {
        Self::After(String::new())
    }

    /// Goes on, for as long as `holder` has the turn under `epoch`.
    pub(super) async fn go_on(&mut self, deps: &Deps, holder: &str, epoch: i64) -> Result<(), WriteError> {
        for _ in 0..BATCHES {
            let Self::After(after) = &*self else { return Ok(()) };
            match batch(deps, after, holder, epoch).await? {
                Batch::Upto(account) => *self = Self::After(account),
                Batch::Last => *self = Self::Done,
                Batch::NotOurs => return Ok(()),
            }
            actix_rt::time::sleep(REST).await;
        }
        Ok(())
    }
}

/// Reads a batch, and writes only where somebody of it has no words.
async fn batch(deps: &Deps, after: &str, holder: &str, epoch: i64) -> Result<Batch, WriteError> {
    let page = profiles::indexed(after, BATCH);
    let rows = deps.store.query(&page).await?;
    let mut missing = false;
    for row in &rows {
        missing |= row.integer(2)? == 0;
    }
    let ended = match rows.last() {
        Some(last) if i64::try_from(rows.len()) == Ok(BATCH) => Batch::Upto(last.text(0)?.to_owned()),
        _ => Batch::Last,
    };
    if !missing {
        return Ok(ended);
    }
    let fence = beat(holder, epoch);
    let ours = deps
        .writes
        .transact("index people", async move |transaction| {
            if transaction.query_one(&fence).await?.is_none() {
                return Ok(Decision::Rollback(false));
            }
            write(transaction, &page).await?;
            Ok(Decision::Commit(true))
        })
        .await?;
    Ok(if ours { ended } else { Batch::NotOurs })
}

/// Reads the batch again, where nobody else changes it, and writes what is missing.
async fn write(transaction: &mut Transaction<'_>, page: &crate::db::Statement) -> Result<(), DbError> {
    for row in transaction.query(page).await? {
        if row.integer(2)? != 0 {
            continue;
        }
        let (profile, _) = profiles::read(&row, 3)?;
        for statement in profiles::index(row.text(0)?, &terms(row.text(1)?, &profile)) {
            transaction.query(&statement).await?;
        }
    }
    Ok(())
}

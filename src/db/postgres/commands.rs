//! The lane of commands: each in a serializable transaction of its own, run again when it cannot be ordered among others.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::connector::{Connector, Session};
use super::lanes::session;
use super::running::{Commit, Isolation, Running, commit, rollback};
use super::settle::settle;
use super::trouble::Trouble;
use super::{TRIES, after, left};
use crate::db::error::DbError;
use crate::db::transaction::Transaction;
use crate::db::work::{Keep, Work};

/// How one try at a command ended.
enum Attempt {
    /// With this answer; whether the session can be used again.
    Done(Result<(), DbError>, bool),
    /// It could not be ordered among others; nothing was written.
    Again(DbError),
    /// The session was lost before COMMIT was sent; nothing was written.
    Lost(DbError),
    /// COMMIT was sent and not answered.
    Unanswered(Option<String>),
}

/// Runs `work` and answers it. What is given back can be used for the next.
///
/// # Errors
/// If no session can be had; `work` has been answered all the same.
pub(super) async fn run(
    connector: &Connector,
    mut idle: Option<Session>,
    mut work: Box<dyn Work>,
) -> Result<Option<Session>, DbError> {
    let deadline = after(connector.limits().whole);
    let mut last = Trouble::late().error();
    for attempt in 0..TRIES {
        if left(deadline).is_zero() {
            break;
        }
        let open = match session(connector, idle.take(), deadline).await {
            Ok(open) => open,
            Err(error) => {
                work.settle(Err(error.clone()));
                return Err(error);
            }
        };
        match try_once(&open, work.as_mut(), deadline).await {
            Attempt::Done(outcome, usable) => {
                work.settle(outcome);
                return Ok(usable.then_some(open));
            }
            Attempt::Again(error) => {
                metrics::counter!("countersign_write_retries_total", "lane" => "commands").increment(1);
                last = error;
                pause(attempt, open.facts.pid).await;
                idle = Some(open);
            }
            Attempt::Lost(error) => last = error,
            Attempt::Unanswered(xid) => {
                work.settle(settle(connector, &open.facts, xid.as_deref(), deadline).await);
                return Ok(None);
            }
        }
    }
    work.settle(Err(last));
    Ok(idle)
}

/// Gives the one that won time to finish. Sessions wait for different times, or they would meet again.
async fn pause(attempt: u32, pid: i32) {
    let spread = u64::from(pid.unsigned_abs() % 7);
    let longest = 1 << attempt.min(5);
    tokio::time::sleep(Duration::from_millis(longest + spread)).await;
}

async fn try_once(session: &Session, work: &mut dyn Work, deadline: Instant) -> Attempt {
    let name = work.name();
    let isolation = if work.is_ordered() {
        Isolation::ReadCommitted
    } else {
        Isolation::Serializable
    };
    let mut transaction = Transaction::on_postgres(Running::new(session, deadline, isolation));
    let result = AssertUnwindSafe(async { work.run(&mut transaction).await })
        .catch_unwind()
        .await;
    let (trouble, xid) = transaction.into_postgres().map(Running::end).unwrap_or_default();
    let outcome = match (result, trouble) {
        (_, Some(Trouble::Lost(error))) => return Attempt::Lost(error),
        (Err(_), _) => {
            metrics::counter!("countersign_write_panics_total").increment(1);
            tracing::error!(work = name, "a write panicked and was rolled back");
            Err(DbError::Panicked)
        }
        (_, Some(Trouble::Again(error))) => {
            return if rollback(session).await {
                Attempt::Again(error)
            } else {
                Attempt::Lost(error)
            };
        }
        (_, Some(trouble)) => Err(trouble.error()),
        (Ok(Err(error)), None) => Err(error),
        (Ok(Ok(Keep::No)), None) => Ok(()),
        (Ok(Ok(Keep::Yes)), None) if xid.is_none() => return Attempt::Done(Ok(()), true),
        (Ok(Ok(Keep::Yes)), None) => {
            return match commit(session, deadline).await {
                Commit::Done => Attempt::Done(Ok(()), true),
                Commit::Refused(Trouble::Again(error)) => Attempt::Again(error),
                Commit::Refused(trouble) => Attempt::Done(Err(trouble.error()), true),
                Commit::Unanswered => Attempt::Unanswered(xid),
            };
        }
    };
    let usable = rollback(session).await;
    Attempt::Done(outcome, usable)
}

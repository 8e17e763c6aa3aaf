//! The lane of single statements: what waits goes as one pipelined transaction, and a bad one fails alone.
//!
//! Optimistic: all statements in one flight, then COMMIT. If one is refused, the others are sent again behind savepoints,
//! a few at a time, so that however many are bad each costs little. Every statement decides by its own condition, which
//! PostgreSQL looks at again when it had to wait for the row, so READ COMMITTED is enough.

use std::pin::pin;

use futures_util::future::{maybe_done, poll_immediate};
use tokio::time::Instant;

use super::connector::{Connector, Session};
use super::lanes::session;
use super::running::{Commit, Isolation, begin, commit, rollback};
use super::settle::settle;
use super::trouble::Trouble;
use super::{TRIES, after, left, values};
use crate::db::error::DbError;
use crate::db::statement::Statement;
use crate::db::value::{Row, Value};
use crate::db::work::Work;

/// How many statements share a savepoint when a batch is sent again.
const CHUNK: usize = 16;

/// A batch under way: works in the order of their rows, and what is known of each.
struct Batch {
    works: Vec<Box<dyn Work>>,
    /// An error of its own for each that was refused; the others share the outcome of the commit.
    refused: Vec<Option<DbError>>,
}

/// How one try at a batch ended.
enum Attempt {
    /// The server holds it.
    Kept,
    /// A deadlock, or a serialization failure under a stricter setting; nothing was written.
    Again(DbError),
    /// A statement was refused and has its error; the others want another try.
    Without,
    /// The session was lost before the commit; nothing was written.
    Lost(DbError),
    /// The commit was not answered.
    Unanswered(Option<String>),
}

/// Runs `works` and answers each. What is given back can be used for the next.
///
/// # Errors
/// If no session can be had; all of `works` have been answered.
pub(super) async fn run(
    connector: &Connector,
    mut idle: Option<Session>,
    mut works: Vec<Box<dyn Work>>,
) -> Result<Option<Session>, DbError> {
    // Every process takes row locks in the same order; `sort_by_cached_key` keeps the order of equals.
    works.sort_by_cached_key(|work| work.statement().map(place));
    let refused = works.iter().map(|_| None).collect();
    let mut batch = Batch { works, refused };
    let deadline = after(connector.limits().whole);
    let mut last = Trouble::late().error();
    let mut careful = false;
    for _ in 0..TRIES {
        if left(deadline).is_zero() {
            break;
        }
        let open = match session(connector, idle.take(), deadline).await {
            Ok(open) => open,
            Err(error) => {
                batch.settle(&Err(error.clone()));
                return Err(error);
            }
        };
        let attempt = if batch.works.len() == 1 {
            batch.alone(&open, deadline).await
        } else if careful {
            batch.behind_savepoints(&open, deadline).await
        } else {
            batch.together(&open, deadline).await
        };
        match attempt {
            Attempt::Kept => {
                batch.settle(&Ok(()));
                return Ok(Some(open));
            }
            Attempt::Unanswered(xid) => {
                let outcome = settle(connector, &open.facts, xid.as_deref(), deadline).await;
                batch.settle(&outcome);
                return Ok(None);
            }
            Attempt::Lost(error) => last = error,
            Attempt::Again(error) => {
                metrics::counter!("countersign_write_retries_total", "lane" => "singles").increment(1);
                last = error;
                idle = rollback(&open).await.then_some(open);
            }
            Attempt::Without => {
                careful = true;
                idle = rollback(&open).await.then_some(open);
                if batch.refused.iter().all(Option::is_some) {
                    break;
                }
            }
        }
    }
    batch.settle(&Err(last));
    Ok(idle)
}

impl Batch {
    /// A statement that waits alone is its own transaction: one flight. If its answer is lost, nobody can tell.
    async fn alone(&mut self, session: &Session, deadline: Instant) -> Attempt {
        let Some(statement) = self.works.first().and_then(|work| work.statement()) else {
            return Attempt::Kept;
        };
        let limit = left(deadline).min(session.limits.flight);
        let prepared = match tokio::time::timeout(limit, session.client.prepare_cached(statement.sql)).await {
            Ok(Ok(prepared)) => prepared,
            Ok(Err(error)) => return self.one_refused(0, error.into()),
            Err(_) => return Attempt::Lost(Trouble::late().error()),
        };
        let outcome = tokio::time::timeout(limit, values::run(&session.client, &prepared, statement)).await;
        match outcome {
            Ok(Ok(rows)) => {
                metrics::counter!("countersign_commits_total").increment(1);
                self.keep(0, rows);
                Attempt::Kept
            }
            Ok(Err(Trouble::Lost(_))) | Err(_) => Attempt::Unanswered(None),
            Ok(Err(trouble)) => self.one_refused(0, trouble),
        }
    }

    /// BEGIN and all statements in one flight, then COMMIT.
    async fn together(&mut self, session: &Session, deadline: Instant) -> Attempt {
        let all: Vec<usize> = (0..self.works.len()).collect();
        let mut xid = None;
        match self.fly(session, &all, Before::Begin(&mut xid), deadline).await {
            Flight::Well => self.commit(session, xid, deadline).await,
            Flight::Refused(index, trouble) => self.one_refused(index, trouble),
            Flight::Failed(trouble) => failed(&trouble),
        }
    }

    /// A few statements behind each savepoint; those that are refused are left out of the next try at their chunk.
    async fn behind_savepoints(&mut self, session: &Session, deadline: Instant) -> Attempt {
        let xid = match tokio::time::timeout(session.limits.flight, begin(session, Isolation::ReadCommitted)).await {
            Ok(Ok(xid)) => xid,
            Ok(Err(trouble)) => return failed(&trouble),
            Err(_) => return failed(&Trouble::late()),
        };
        let wanted: Vec<usize> = (0..self.works.len())
            .filter(|index| matches!(self.refused.get(*index), Some(None)))
            .collect();
        let mut savepoint = "SAVEPOINT chunk";
        for chunk in wanted.chunks(CHUNK) {
            let mut chunk = chunk.to_vec();
            while !chunk.is_empty() {
                let flight = self.fly(session, &chunk, Before::Savepoint(savepoint), deadline).await;
                savepoint = "RELEASE SAVEPOINT chunk; SAVEPOINT chunk";
                match flight {
                    Flight::Well => break,
                    Flight::Refused(index, trouble @ Trouble::Refused(_)) => {
                        self.refuse(index, trouble.error());
                        chunk.retain(|other| *other != index);
                        if let Err(trouble) = back(session, deadline).await {
                            return failed(&trouble);
                        }
                    }
                    Flight::Refused(_, trouble) | Flight::Failed(trouble) => return failed(&trouble),
                }
            }
        }
        self.commit(session, Some(xid), deadline).await
    }

    /// Sends `indices` in one flight behind `before`, and keeps their rows if all went well.
    async fn fly(&mut self, session: &Session, indices: &[usize], before: Before<'_>, deadline: Instant) -> Flight {
        let limit = left(deadline).min(session.limits.flight);
        let flown = tokio::time::timeout(limit, self.send(session, indices, before)).await;
        let results = match flown {
            Ok(Ok(results)) => results,
            Ok(Err(flight)) => return flight,
            Err(_) => return Flight::Failed(Trouble::late()),
        };
        for (index, result) in indices.iter().zip(&results) {
            match result {
                // Only a consequence: the cause comes before it.
                Ok(_) | Err(Trouble::Aborted) => {}
                Err(trouble) => return Flight::Refused(*index, trouble.clone()),
            }
        }
        for (index, result) in indices.iter().zip(results) {
            match result {
                Ok(rows) => self.keep(*index, rows),
                Err(trouble) => return Flight::Failed(trouble),
            }
        }
        Flight::Well
    }

    async fn send(
        &self,
        session: &Session,
        indices: &[usize],
        before: Before<'_>,
    ) -> Result<Vec<Result<Vec<Row>, Trouble>>, Flight> {
        let mut prepared = Vec::with_capacity(indices.len());
        for index in indices {
            let Some(statement) = self.works.get(*index).and_then(|work| work.statement()) else {
                continue;
            };
            // From the session's memory, but for the first time.
            match session.client.prepare_cached(statement.sql).await {
                Ok(done) => prepared.push((done, statement)),
                Err(error) => return Err(Flight::Refused(*index, error.into())),
            }
        }
        // Whatever is polled first is sent first; all are polled before any is waited for.
        let mut first = pin!(maybe_done(before.send(session)));
        poll_immediate(first.as_mut()).await;
        let mut flights: Vec<_> = prepared
            .iter()
            .map(|(prepared, statement)| Box::pin(maybe_done(values::run(&session.client, prepared, statement))))
            .collect();
        for flight in &mut flights {
            poll_immediate(flight.as_mut()).await;
        }
        first.as_mut().await;
        if let Some(Err(trouble)) = first.take_output() {
            return Err(Flight::Failed(trouble));
        }
        let mut results = Vec::with_capacity(flights.len());
        for mut flight in flights {
            flight.as_mut().await;
            results.push(flight.as_mut().take_output().unwrap_or(Err(Trouble::Aborted)));
        }
        Ok(results)
    }

    async fn commit(&self, session: &Session, xid: Option<String>, deadline: Instant) -> Attempt {
        match commit(session, deadline).await {
            Commit::Done => Attempt::Kept,
            Commit::Refused(trouble) => failed(&trouble),
            Commit::Unanswered => Attempt::Unanswered(xid),
        }
    }

    /// Notes a refusal, which costs the others another try.
    fn one_refused(&mut self, index: usize, trouble: Trouble) -> Attempt {
        if let Trouble::Refused(error) = trouble {
            self.refuse(index, error);
            return Attempt::Without;
        }
        failed(&trouble)
    }

    fn refuse(&mut self, index: usize, error: DbError) {
        if let Some(slot) = self.refused.get_mut(index) {
            *slot = Some(error);
        }
    }

    fn keep(&mut self, index: usize, rows: Vec<Row>) {
        if let Some(work) = self.works.get_mut(index) {
            work.keep(rows);
        }
    }

    fn settle(self, outcome: &Result<(), DbError>) {
        for (work, refused) in self.works.into_iter().zip(self.refused) {
            work.settle(match refused {
                Some(error) => Err(error),
                None => outcome.clone(),
            });
        }
    }
}

/// What goes before the statements of a flight.
enum Before<'x> {
    /// BEGIN, and the id of the transaction.
    Begin(&'x mut Option<String>),
    /// A savepoint, in the place of the one before.
    Savepoint(&'static str),
}

impl Before<'_> {
    async fn send(self, session: &Session) -> Result<(), Trouble> {
        match self {
            Self::Begin(xid) => *xid = Some(begin(session, Isolation::ReadCommitted).await?),
            Self::Savepoint(sql) => session.client.batch_execute(sql).await?,
        }
        Ok(())
    }
}

/// How a flight ended.
enum Flight {
    /// All statements did what they were asked.
    Well,
    /// This one failed first.
    Refused(usize, Trouble),
    /// Something else did.
    Failed(Trouble),
}

async fn back(session: &Session, deadline: Instant) -> Result<(), Trouble> {
    let limit = left(deadline).min(session.limits.flight);
    match tokio::time::timeout(limit, session.client.batch_execute("ROLLBACK TO chunk")).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Trouble::late()),
    }
}

fn failed(trouble: &Trouble) -> Attempt {
    match trouble {
        Trouble::Lost(error) => Attempt::Lost(error.clone()),
        Trouble::Refused(_) | Trouble::Again(_) | Trouble::Aborted => Attempt::Again(trouble.error()),
    }
}

/// How many bytes of a key are compared.
const KEY: usize = 32;

/// Where a statement writes: its table and the beginning of its first parameter, which is the key by custom.
fn place(statement: &Statement) -> (&'static str, [u8; KEY]) {
    let mut words = statement.sql.split_ascii_whitespace();
    let table = words
        .by_ref()
        .find(|word| matches!(*word, "INTO" | "UPDATE" | "FROM"))
        .and_then(|_| words.next())
        .unwrap_or_default();
    let number;
    let bytes: &[u8] = match statement.parameters.first() {
        None | Some(Value::Null) => &[],
        Some(Value::Text(text)) => text.as_bytes(),
        Some(Value::Blob(bytes)) => bytes,
        Some(Value::Integer(value)) => {
            number = value.to_be_bytes();
            &number
        }
    };
    let mut key = [0; KEY];
    for (slot, byte) in key.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    (table, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_ordered_by_table_and_key() {
        let statement = |sql, key: &str| Statement::new(sql).bind(key);
        let insert = place(&statement("INSERT INTO families (id) VALUES ($1)", "b"));
        let update = place(&statement("UPDATE families SET sid = $2 WHERE id = $1", "a"));
        let delete = place(&statement("DELETE FROM accounts WHERE id = $1", "c"));
        assert_eq!((insert.0, update.0, delete.0), ("families", "families", "accounts"));
        assert!(delete < update && update < insert);
        assert_eq!(
            place(&Statement::new("UPDATE leases SET epoch = 1")),
            ("leases", [0; KEY])
        );
    }
}

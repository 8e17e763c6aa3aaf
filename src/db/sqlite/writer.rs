//! The write connection: a batch of works shares one COMMIT, and a bad one fails alone.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use rusqlite::Connection;

use super::failed;
use crate::db::error::DbError;
use crate::db::transaction::Transaction;
use crate::db::work::{Keep, Work};

/// How many batches keep savepoints after one that had to be run again: whoever makes works fail on purpose then costs the
/// others little.
const CAREFUL: u32 = 64;

/// What became of a work.
type Outcome = Result<(), DbError>;

/// The one connection that writes.
#[derive(Debug)]
pub struct WriteConnection {
    connection: Connection,
    /// Batches to be run behind savepoints from the start.
    careful: u32,
}

impl WriteConnection {
    /// Takes over a connection made by [`super::connect`].
    #[must_use]
    pub const fn new(connection: Connection) -> Self {
        Self { connection, careful: 0 }
    }

    /// Runs all of `batch` in one transaction, then answers each work. Returns after COMMIT.
    ///
    /// Nearly all works keep what they write, and a savepoint costs as much as a row or two. So they are run without; if one
    /// has something to take back, all are run again, those that need one behind a savepoint.
    pub fn run(&mut self, mut batch: Vec<Box<dyn Work>>) {
        let careful = self.careful > 0;
        self.careful = self.careful.saturating_sub(1);
        let outcomes = self.transaction(&mut batch, careful).unwrap_or_else(|Again| {
            self.careful = CAREFUL;
            // Behind savepoints nothing has to be run again.
            self.transaction(&mut batch, true).unwrap_or_default()
        });
        for (work, outcome) in batch.into_iter().zip(outcomes) {
            if matches!(outcome, Err(DbError::Panicked)) {
                metrics::counter!("countersign_write_panics_total").increment(1);
                tracing::error!(work = work.name(), "a write panicked and was rolled back");
            }
            work.settle(outcome);
        }
    }

    /// The outcome of each work after COMMIT or ROLLBACK.
    fn transaction(&self, batch: &mut [Box<dyn Work>], careful: bool) -> Result<Vec<Outcome>, Again> {
        let size = batch.len();
        let all = |error: DbError| Ok(vec![Err(error); size]);
        if let Err(error) = self.batch("BEGIN IMMEDIATE") {
            return all(error);
        }
        let mut outcomes = Vec::with_capacity(batch.len());
        for work in batch.iter_mut() {
            outcomes.push(match self.run_one(work.as_mut(), careful) {
                Ok(outcome) => outcome,
                Err(Again) => {
                    // Whatever hinders this hinders the transaction to come.
                    let _ = self.batch("ROLLBACK");
                    return Err(Again);
                }
            });
            if self.connection.is_autocommit() {
                // A full disk or an I/O error may end the whole transaction: then nothing of this batch is kept.
                let lost: Outcome = Err(DbError::Unavailable(
                    "the transaction was ended by the database".to_owned(),
                ));
                let mut ended: Vec<_> = outcomes.into_iter().map(|outcome| outcome.and(lost.clone())).collect();
                ended.resize(size, lost);
                return Ok(ended);
            }
        }
        if let Err(error) = self.batch("COMMIT") {
            let _ = self.batch("ROLLBACK");
            return all(error);
        }
        metrics::counter!("countersign_commits_total").increment(1);
        Ok(outcomes)
    }

    /// Runs one work, in `careful` runs behind a savepoint if it may have something to take back.
    fn run_one(&self, work: &mut dyn Work, careful: bool) -> Result<Outcome, Again> {
        let savepoint = careful && work.is_compound();
        if savepoint && let Err(error) = self.batch("SAVEPOINT work") {
            return Ok(Err(error));
        }
        let before = self.connection.total_changes();
        let result = self.poll(work);
        if self.connection.is_autocommit() {
            return Ok(result.map(drop));
        }
        let keeps = matches!(result, Ok(Keep::Yes));
        if savepoint {
            let undone = if keeps { Ok(()) } else { self.batch("ROLLBACK TO work") };
            let ended = undone.and_then(|()| self.batch("RELEASE work"));
            return Ok(ended.and(result.map(drop)));
        }
        if !keeps && work.is_compound() && self.connection.total_changes() != before {
            return Err(Again);
        }
        Ok(result.map(drop))
    }

    fn poll(&self, work: &mut dyn Work) -> Result<Keep, DbError> {
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let mut transaction = Transaction::on_sqlite(&self.connection);
            // Nothing in an SQLite transaction waits, so one poll runs the work to its end.
            work.run(&mut transaction).now_or_never()
        }));
        match result {
            Ok(Some(result)) => result,
            Ok(None) => Err(DbError::Inconsistent(format!(
                "{} waited inside a transaction",
                work.name()
            ))),
            Err(_) => Err(DbError::Panicked),
        }
    }

    fn batch(&self, sql: &'static str) -> Result<(), DbError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map(drop)
            .map_err(failed)
    }
}

/// A work has something to take back and no savepoint.
#[derive(Debug)]
struct Again;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::db::sqlite::{Location, connect};
    use crate::db::statement::Statement;
    use crate::db::work::{Decision, command, single};

    fn connection() -> WriteConnection {
        let connection = connect(&Location::Memory("writer-test".to_owned())).expect("opens");
        connection
            .execute_batch("DROP TABLE IF EXISTS t; CREATE TABLE t (k BIGINT PRIMARY KEY NOT NULL)")
            .expect("makes the table");
        WriteConnection::new(connection)
    }

    fn panics_when_bound() -> Statement {
        panic!("on purpose")
    }

    fn insert(key: i64) -> Statement {
        Statement::new("INSERT INTO t (k) VALUES ($1)").bind(key)
    }

    #[test]
    fn works_run_again_behind_savepoints_only_after_one_had_to_be_taken_back() {
        let mut writer = connection();
        let runs = Arc::new(AtomicU32::new(0));
        let mut run = |key: i64, decision: fn(()) -> Decision<()>| {
            let counted = Arc::clone(&runs);
            let (counting, _) = command("counting", async move |_: &mut Transaction<'_>| {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok(Decision::Commit(()))
            });
            let (deciding, mut answer) = command("deciding", async move |transaction: &mut Transaction<'_>| {
                if key > 0 {
                    transaction.query(&insert(key)).await?;
                }
                Ok(decision(()))
            });
            writer.run(vec![counting, deciding]);
            assert!(answer.try_recv().expect("answered").is_ok());
            runs.swap(0, Ordering::Relaxed)
        };
        assert_eq!(run(1, Decision::Commit), 1);
        assert_eq!(run(0, Decision::Rollback), 1, "nothing was written");
        assert_eq!(run(2, Decision::Rollback), 2, "the row has to go");
        assert_eq!(
            run(2, Decision::Rollback),
            1,
            "savepoints are there at once for a while"
        );
        for _ in 1..CAREFUL {
            assert_eq!(run(0, Decision::Commit), 1);
        }
        assert_eq!(run(2, Decision::Rollback), 2);
        assert_eq!(run(2, Decision::Commit), 1, "no row was left behind");
    }

    #[test]
    fn a_bad_work_fails_alone_and_leaves_nothing() {
        let mut writer = connection();
        let (good, mut good_answer) = single(insert(1));
        let (conflict, mut conflict_answer) = single(insert(1));
        let (halfway, mut halfway_answer) = command("halfway", async |transaction: &mut Transaction<'_>| {
            transaction.query(&insert(2)).await?;
            transaction.query(&insert(1)).await?;
            Ok(Decision::Commit(()))
        });
        let (refused, mut refused_answer) = command("refused", async |transaction: &mut Transaction<'_>| {
            transaction.query(&insert(3)).await?;
            Ok(Decision::Rollback("no"))
        });
        let (panics, mut panics_answer) = command("panics", async |transaction: &mut Transaction<'_>| {
            transaction.query(&insert(4)).await?;
            transaction.query(&panics_when_bound()).await?;
            Ok(Decision::Commit(()))
        });
        let (last, mut last_answer) = single(insert(5));
        writer.run(vec![good, conflict, halfway, refused, panics, last]);
        assert!(good_answer.try_recv().expect("answered").is_ok());
        assert!(matches!(
            conflict_answer.try_recv().expect("answered"),
            Err(DbError::Constraint(_))
        ));
        assert!(matches!(
            halfway_answer.try_recv().expect("answered"),
            Err(DbError::Constraint(_))
        ));
        assert_eq!(refused_answer.try_recv().expect("answered").expect("an answer"), "no");
        assert!(matches!(
            panics_answer.try_recv().expect("answered"),
            Err(DbError::Panicked)
        ));
        assert!(last_answer.try_recv().expect("answered").is_ok());
        let (all, mut rows) = single(Statement::new("SELECT k FROM t ORDER BY k"));
        writer.run(vec![all]);
        let keys: Vec<i64> = rows
            .try_recv()
            .expect("answered")
            .expect("reads")
            .iter()
            .map(|row| row.integer(0).expect("integer"))
            .collect();
        assert_eq!(keys, [1, 5]);
    }
}

//! The write connection: a batch of works shares one COMMIT, and a bad one fails alone.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use rusqlite::Connection;

use super::failed;
use crate::db::error::DbError;
use crate::db::transaction::Transaction;
use crate::db::work::{Keep, Work};

/// The one connection that writes.
#[derive(Debug)]
pub struct WriteConnection {
    connection: Connection,
}

impl WriteConnection {
    /// Takes over a connection made by [`super::connect`].
    #[must_use]
    pub const fn new(connection: Connection) -> Self {
        Self { connection }
    }

    /// Runs all of `batch` in one transaction, then answers each work. Returns after COMMIT.
    pub fn run(&mut self, mut batch: Vec<Box<dyn Work>>) {
        if let Err(error) = self.connection.execute_batch("BEGIN IMMEDIATE").map_err(failed) {
            return settle_all(batch, |_| Err(error.clone()));
        }
        let mut results: Vec<Result<(), DbError>> = Vec::with_capacity(batch.len());
        for work in &mut batch {
            results.push(self.run_one(work.as_mut()));
            if self.connection.is_autocommit() {
                // A full disk or an I/O error may end the whole transaction: then nothing of this batch is kept.
                let lost = DbError::Unavailable("the transaction was ended by the database".to_owned());
                return settle_all(batch, |index| match results.get(index) {
                    Some(Err(error)) => Err(error.clone()),
                    _ => Err(lost.clone()),
                });
            }
        }
        if let Err(error) = self.connection.execute_batch("COMMIT").map_err(failed) {
            let _ = self.connection.execute_batch("ROLLBACK");
            return settle_all(batch, |_| Err(error.clone()));
        }
        metrics::counter!("countersign_commits_total").increment(1);
        settle_all(batch, |index| {
            results.get(index).cloned().unwrap_or(Err(DbError::Panicked))
        });
    }

    /// Runs one work behind a savepoint where it needs one.
    fn run_one(&self, work: &mut dyn Work) -> Result<(), DbError> {
        let savepoint = work.is_compound();
        if savepoint {
            self.batch("SAVEPOINT work")?;
        }
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let mut transaction = Transaction::on_sqlite(&self.connection);
            // Nothing in an SQLite transaction waits, so one poll runs the work to its end.
            work.run(&mut transaction).now_or_never()
        }));
        let result = match result {
            Ok(Some(result)) => result,
            Ok(None) => Err(DbError::Inconsistent(format!(
                "{} waited inside a transaction",
                work.name()
            ))),
            Err(_) => {
                metrics::counter!("countersign_write_panics_total").increment(1);
                tracing::error!(work = work.name(), "a write panicked and was rolled back");
                Err(DbError::Panicked)
            }
        };
        if savepoint && !self.connection.is_autocommit() {
            if !matches!(result, Ok(Keep::Yes)) {
                self.batch("ROLLBACK TO work")?;
            }
            self.batch("RELEASE work")?;
        }
        result.map(|_| ())
    }

    fn batch(&self, sql: &'static str) -> Result<(), DbError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map(drop)
            .map_err(failed)
    }
}

fn settle_all(batch: Vec<Box<dyn Work>>, outcome: impl Fn(usize) -> Result<(), DbError>) {
    for (index, work) in batch.into_iter().enumerate() {
        work.settle(outcome(index));
    }
}

#[cfg(test)]
mod tests {
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

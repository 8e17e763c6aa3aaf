//! Writer: owns every write to the database.
//!
//! Works gather while a commit runs and share the next one. A work that waits alone is committed at once: the request
//! to flush queues behind everything that is in the mailbox, so a batch is as large as the load makes it. On PostgreSQL
//! there are two lanes with sessions of their own: single statements share commits, commands have a transaction each.

use std::sync::Arc;

use parking_lot::Mutex;

use super::ask::Door;
use super::supervise::{Answer, Fault, Myself, Request, Role, Serve};
use crate::db::work::{Pending, Work, command, ordered_command, single};
use crate::db::{DbError, Decision, Lanes, Row, SqliteWriter, Statement, Transaction, WriteConnection};

/// The most works that share one commit.
const BATCH: usize = 256;

/// Why a write was not acknowledged.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// Writer did not answer. Whether the write happened is unknown if it timed out; asking again is right.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The database did not take it; nothing was written, but for [`DbError::Unknown`].
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What the role is made from, and what outlives it in a panic: the works of others must not be lost with it.
#[derive(Clone)]
pub struct Deps(Database);

#[derive(Clone)]
enum Database {
    /// Everything waits for one connection, which works on this thread.
    Sqlite {
        connection: Arc<Mutex<SqliteWriter>>,
        /// Works that wait for the next commit; where there are some, a [`Flush`] is in the mailbox.
        waiting: Arc<Mutex<Vec<Box<dyn Work>>>>,
    },
    /// Works wait in their lane.
    Postgres(Lanes),
}

impl Deps {
    /// Takes what writes.
    #[must_use]
    pub fn new(connection: WriteConnection) -> Self {
        Self(match connection {
            WriteConnection::Sqlite(connection) => Database::Sqlite {
                connection: Arc::new(Mutex::new(connection)),
                waiting: Arc::default(),
            },
            WriteConnection::Postgres(lanes) => {
                // Start-up may have left a session behind on a thread that has other things to do.
                lanes.let_go();
                Database::Postgres(lanes)
            }
        })
    }
}

/// The role; its state is in [`Deps`].
pub struct Writer {
    deps: Deps,
}

impl Role for Writer {
    const NAME: &'static str = "writer";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        Self { deps: deps.clone() }
    }
}

/// Work to be committed with others. Its answer comes when it has been settled; until then it keeps its place at the door.
struct Enqueue<T> {
    work: Box<dyn Work>,
    answer: Pending<T>,
}

impl<T: Send + 'static> Request for Enqueue<T> {
    type Reply = Result<T, DbError>;
}

impl<T: Send + 'static> Serve<Enqueue<T>> for Writer {
    fn serve(&mut self, request: Enqueue<T>, me: &Myself<Self>) -> Answer<Result<T, DbError>> {
        match &self.deps.0 {
            Database::Sqlite { waiting, .. } => {
                let mut waiting = waiting.lock();
                if waiting.is_empty() {
                    me.notify(Flush);
                }
                waiting.push(request.work);
            }
            Database::Postgres(lanes) => lanes.submit(request.work),
        }
        // A work is dropped unanswered only if the batch around it panicked.
        Answer::later(async { request.answer.await.unwrap_or(Err(DbError::Panicked)) })
    }
}

/// Commits what waits for SQLite.
struct Flush;

impl Request for Flush {
    type Reply = ();
}

impl Serve<Flush> for Writer {
    fn serve(&mut self, _: Flush, me: &Myself<Self>) -> Answer<()> {
        let Database::Sqlite { connection, waiting } = &self.deps.0 else {
            return Answer::Ready(());
        };
        let batch: Vec<_> = {
            let mut waiting = waiting.lock();
            let size = waiting.len().min(BATCH);
            let batch = waiting.drain(..size).collect();
            if !waiting.is_empty() {
                me.notify(Flush);
            }
            batch
        };
        #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
        metrics::histogram!("countersign_write_batch_size").record(batch.len() as f64);
        connection.lock().run(batch);
        Answer::Ready(())
    }
}

/// What everybody else holds of the Writer.
#[derive(Clone)]
pub struct Writes(Door<Writer>);

impl Writes {
    /// Writes through this door.
    #[must_use]
    pub const fn new(door: Door<Writer>) -> Self {
        Self(door)
    }

    /// Runs one conditional statement; its rows come after COMMIT. By custom `$1` is the key of the row it writes.
    ///
    /// On PostgreSQL it runs under READ COMMITTED: it decides right on the row that it writes. What it reads of other rows
    /// must be such that whoever changes them also writes this one; else it belongs into [`Writes::transact`].
    ///
    /// # Errors
    /// [`WriteError`]; nothing was written, but for a time-out and [`DbError::Unknown`].
    pub async fn execute(&self, statement: Statement) -> Result<Vec<Row>, WriteError> {
        let (work, answer) = single(statement);
        Ok(self.0.ask(Enqueue { work, answer }).await??)
    }

    /// Reads, decides and writes in one transaction, which ends as if no other ran at the same time; the answer comes after
    /// COMMIT. `work` may run more than once.
    ///
    /// # Errors
    /// [`WriteError`]; nothing was written, but for a time-out and [`DbError::Unknown`].
    pub async fn transact<T, F>(&self, name: &'static str, work: F) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: AsyncFnMut(&mut Transaction<'_>) -> Result<Decision<T>, DbError> + Send + 'static,
    {
        let (work, answer) = command(name, work);
        Ok(self.0.ask(Enqueue { work, answer }).await??)
    }

    /// The same for a work that first takes a row which all works like it take first: it waits for its turn instead of
    /// being run again, and what it reads after that is what the one before has left.
    ///
    /// # Errors
    /// As [`Writes::transact`].
    pub async fn transact_in_order<T, F>(&self, name: &'static str, work: F) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: AsyncFnMut(&mut Transaction<'_>) -> Result<Decision<T>, DbError> + Send + 'static,
    {
        let (work, answer) = ordered_command(name, work);
        Ok(self.0.ask(Enqueue { work, answer }).await??)
    }

    /// The door, for health and shutdown.
    #[must_use]
    pub const fn door(&self) -> &Door<Writer> {
        &self.0
    }
}

#[cfg(test)]
mod tests;

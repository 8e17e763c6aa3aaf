//! Read-decide-write commands: what runs inside one transaction, and how its result leaves it.

use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

use super::error::DbError;
use super::statement::Statement;
use super::transaction::Transaction;
use super::value::Row;

/// How a command wants its transaction to end. Either way its value is the answer.
#[derive(Debug)]
pub enum Decision<T> {
    /// Keep what was written.
    Commit(T),
    /// Undo what was written.
    Rollback(T),
}

/// Something that the write connection runs inside a transaction and answers after COMMIT.
pub trait Work: Send {
    /// A name for metrics and logs.
    fn name(&self) -> &'static str;

    /// Whether a failure half-way can leave rows behind, which have to be taken back.
    fn is_compound(&self) -> bool;

    /// Whether it takes a row first that all works like it take first, so that nothing it reads after that can change
    /// before it ends. Such a work waits for its turn, where one that is not is run again.
    fn is_ordered(&self) -> bool {
        false
    }

    /// The statement, if it is one alone: it may then be run without [`Work::run`].
    fn statement(&self) -> Option<&Statement> {
        None
    }

    /// Takes the rows of [`Work::statement`] for the answer.
    fn keep(&mut self, _rows: Vec<Row>) {}

    /// Does the work; keeps the answer for later. May be called more than once, after a rollback.
    fn run<'a>(&'a mut self, transaction: &'a mut Transaction<'_>) -> LocalBoxFuture<'a, Result<Keep, DbError>>;

    /// Answers whoever waits: with what `run` kept if the outcome is `Ok`, else with the error.
    fn settle(self: Box<Self>, outcome: Result<(), DbError>);
}

/// Where the answer of a work will arrive.
pub type Pending<T> = oneshot::Receiver<Result<T, DbError>>;

/// Whether the rows that a work wrote stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// They do.
    Yes,
    /// They are rolled back.
    No,
}

/// One conditional statement; its rows are the answer.
struct Single {
    statement: Statement,
    rows: Vec<Row>,
    reply: oneshot::Sender<Result<Vec<Row>, DbError>>,
}

impl Work for Single {
    fn name(&self) -> &'static str {
        "statement"
    }

    fn is_compound(&self) -> bool {
        false
    }

    fn statement(&self) -> Option<&Statement> {
        Some(&self.statement)
    }

    fn keep(&mut self, rows: Vec<Row>) {
        self.rows = rows;
    }

    fn run<'a>(&'a mut self, transaction: &'a mut Transaction<'_>) -> LocalBoxFuture<'a, Result<Keep, DbError>> {
        Box::pin(async move {
            self.rows = transaction.query(&self.statement).await?;
            Ok(Keep::Yes)
        })
    }

    fn settle(self: Box<Self>, outcome: Result<(), DbError>) {
        let Self { rows, reply, .. } = *self;
        // Nobody waits any more if the asker was dropped; what was committed stays committed.
        let _ = reply.send(outcome.map(|()| rows));
    }
}

/// A closure that reads, decides and writes.
struct Command<T, F> {
    name: &'static str,
    ordered: bool,
    work: F,
    answer: Option<T>,
    reply: oneshot::Sender<Result<T, DbError>>,
}

impl<T, F> Work for Command<T, F>
where
    T: Send + 'static,
    F: AsyncFnMut(&mut Transaction<'_>) -> Result<Decision<T>, DbError> + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_compound(&self) -> bool {
        true
    }

    fn is_ordered(&self) -> bool {
        self.ordered
    }

    fn run<'a>(&'a mut self, transaction: &'a mut Transaction<'_>) -> LocalBoxFuture<'a, Result<Keep, DbError>> {
        Box::pin(async move {
            let (keep, answer) = match (self.work)(transaction).await? {
                Decision::Commit(answer) => (Keep::Yes, answer),
                Decision::Rollback(answer) => (Keep::No, answer),
            };
            self.answer = Some(answer);
            Ok(keep)
        })
    }

    fn settle(self: Box<Self>, outcome: Result<(), DbError>) {
        let Self { answer, reply, .. } = *self;
        let _ = reply.send(outcome.and_then(|()| answer.ok_or(DbError::Panicked)));
    }
}

/// A single statement as work, and where its rows will arrive.
#[must_use]
pub fn single(statement: Statement) -> (Box<dyn Work>, Pending<Vec<Row>>) {
    let (reply, receiver) = oneshot::channel();
    (
        Box::new(Single {
            statement,
            rows: Vec::new(),
            reply,
        }),
        receiver,
    )
}

/// A command as work, and where its answer will arrive.
#[must_use]
pub fn command<T, F>(name: &'static str, work: F) -> (Box<dyn Work>, Pending<T>)
where
    T: Send + 'static,
    F: AsyncFnMut(&mut Transaction<'_>) -> Result<Decision<T>, DbError> + Send + 'static,
{
    make(name, false, work)
}

/// The same for a command that is ordered among others by the row that it takes first ([`Work::is_ordered`]).
#[must_use]
pub fn ordered_command<T, F>(name: &'static str, work: F) -> (Box<dyn Work>, Pending<T>)
where
    T: Send + 'static,
    F: AsyncFnMut(&mut Transaction<'_>) -> Result<Decision<T>, DbError> + Send + 'static,
{
    make(name, true, work)
}

fn make<T, F>(name: &'static str, ordered: bool, work: F) -> (Box<dyn Work>, Pending<T>)
where
    T: Send + 'static,
    F: AsyncFnMut(&mut Transaction<'_>) -> Result<Decision<T>, DbError> + Send + 'static,
{
    let (reply, receiver) = oneshot::channel();
    (
        Box::new(Command {
            name,
            ordered,
            work,
            answer: None,
            reply,
        }),
        receiver,
    )
}

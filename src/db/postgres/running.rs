//! A transaction under way: what a command's statements go through, and how it ends.

use futures_util::future::join;
use tokio::time::Instant;
use tokio_postgres::SimpleQueryMessage;

use super::connector::Session;
use super::trouble::Trouble;
use super::{HASTY, left, values};
use crate::db::error::DbError;
use crate::db::statement::Statement;
use crate::db::value::Row;

/// How a transaction orders itself among others.
#[derive(Clone, Copy)]
pub(super) enum Isolation {
    /// For single statements, each of which decides by itself, and for commands that take a row first by which they are
    /// ordered: what they read after they have waited for it is what the one before has left.
    ReadCommitted,
    /// For commands: whatever they read, they end as if they had run one after the other.
    Serializable,
}

/// The transaction of one command. It begins with its first statement, in the same flight.
pub struct Running<'s> {
    session: &'s Session,
    deadline: Instant,
    isolation: Isolation,
    /// Once it has begun: by what its outcome can be asked for.
    xid: Option<String>,
    sent: bool,
    /// What went wrong first. Everything after it is refused, whatever the command makes of the error.
    trouble: Option<Trouble>,
}

impl<'s> Running<'s> {
    pub(super) const fn new(session: &'s Session, deadline: Instant, isolation: Isolation) -> Self {
        Self {
            session,
            deadline,
            isolation,
            xid: None,
            sent: false,
            trouble: None,
        }
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// [`DbError`] as the server sees it. The whole transaction is lost with it.
    pub async fn query(&mut self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.error());
        }
        let limit = left(self.deadline).min(self.session.limits.flight);
        let outcome = match tokio::time::timeout(limit, self.send(statement)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Trouble::late()),
        };
        outcome.map_err(|trouble| {
            let error = trouble.error();
            self.trouble = Some(trouble);
            error
        })
    }

    async fn send(&mut self, statement: &Statement) -> Result<Vec<Row>, Trouble> {
        let client = &self.session.client;
        let prepared = client.prepare_cached(statement.sql).await?;
        if self.sent {
            return values::run(client, &prepared, statement).await;
        }
        self.sent = true;
        let (xid, rows) = join(
            begin(self.session, self.isolation),
            values::run(client, &prepared, statement),
        )
        .await;
        self.xid = Some(xid?);
        rows
    }

    /// What went wrong, and the id of the transaction if there is one.
    pub(super) fn end(self) -> (Option<Trouble>, Option<String>) {
        (self.trouble, self.xid)
    }
}

/// Begins a transaction and tells its id, by which its outcome can be asked for on another session.
pub(super) async fn begin(session: &Session, isolation: Isolation) -> Result<String, Trouble> {
    let sql = match isolation {
        Isolation::ReadCommitted => "BEGIN; SELECT pg_current_xact_id()",
        Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT pg_current_xact_id()",
    };
    let told = session.client.simple_query(sql).await?;
    let id = told.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    id.ok_or_else(|| {
        Trouble::Lost(DbError::Unavailable(
            "PostgreSQL did not tell a transaction's id".to_owned(),
        ))
    })
}

/// How a COMMIT went.
pub(super) enum Commit {
    /// It holds.
    Done,
    /// It does not: the server said so.
    Refused(Trouble),
    /// No answer came.
    Unanswered,
}

/// Commits. That the server says yes is worth something only where no statement before it failed.
pub(super) async fn commit(session: &Session, deadline: Instant) -> Commit {
    let limit = left(deadline).min(session.limits.flight);
    match tokio::time::timeout(limit, session.client.batch_execute("COMMIT")).await {
        Ok(Ok(())) => {
            metrics::counter!("countersign_commits_total").increment(1);
            Commit::Done
        }
        Ok(Err(error)) => match Trouble::from(error) {
            Trouble::Lost(_) => Commit::Unanswered,
            certain => Commit::Refused(certain),
        },
        Err(_) => Commit::Unanswered,
    }
}

/// Rolls back; whether the session can be used again.
pub(super) async fn rollback(session: &Session) -> bool {
    matches!(
        tokio::time::timeout(HASTY.flight / 4, session.client.batch_execute("ROLLBACK")).await,
        Ok(Ok(()))
    )
}

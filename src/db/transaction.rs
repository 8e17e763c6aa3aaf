//! The inside of a transaction: the one place where statements of a command run.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use super::{postgres, sqlite};

/// An open transaction. It ends when the work that got it returns.
pub struct Transaction<'c>(Open<'c>);

enum Open<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(postgres::Running<'c>),
}

impl<'c> Transaction<'c> {
    pub(super) const fn on_sqlite(connection: &'c rusqlite::Connection) -> Self {
        Self(Open::Sqlite(connection))
    }

    pub(super) const fn on_postgres(running: postgres::Running<'c>) -> Self {
        Self(Open::Postgres(running))
    }

    /// Gives back what [`Transaction::on_postgres`] took.
    pub(super) fn into_postgres(self) -> Option<postgres::Running<'c>> {
        match self.0 {
            Open::Sqlite(_) => None,
            Open::Postgres(running) => Some(running),
        }
    }

    /// Runs a statement and collects its rows (of `SELECT` or `RETURNING`).
    ///
    /// # Errors
    /// [`DbError`] as the database sees it. On PostgreSQL the whole transaction is lost with it.
    pub async fn query(&mut self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        match &mut self.0 {
            Open::Sqlite(connection) => sqlite::query(connection, statement),
            Open::Postgres(running) => running.query(statement).await,
        }
    }

    /// As [`Transaction::query`], for at most one row.
    ///
    /// # Errors
    /// [`DbError`] as the database sees it.
    pub async fn query_one(&mut self, statement: &Statement) -> Result<Option<Row>, DbError> {
        Ok(self.query(statement).await?.into_iter().next())
    }
}

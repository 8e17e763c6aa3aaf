//! The inside of a transaction: the one place where statements of a command run.

use super::error::DbError;
use super::sqlite;
use super::statement::Statement;
use super::value::Row;

/// An open transaction. It ends when the work that got it returns.
pub struct Transaction<'c> {
    connection: &'c rusqlite::Connection,
}

impl<'c> Transaction<'c> {
    pub(super) const fn new(connection: &'c rusqlite::Connection) -> Self {
        Self { connection }
    }

    /// Runs a statement and collects its rows (of `SELECT` or `RETURNING`).
    ///
    /// # Errors
    /// [`DbError`] as the database sees it.
    #[expect(clippy::unused_async, reason = "awaits nothing on SQLite; a networked database does")]
    pub async fn query(&mut self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        sqlite::query(self.connection, statement)
    }

    /// As [`Transaction::query`], for at most one row.
    ///
    /// # Errors
    /// [`DbError`] as the database sees it.
    pub async fn query_one(&mut self, statement: &Statement) -> Result<Option<Row>, DbError> {
        Ok(self.query(statement).await?.into_iter().next())
    }
}

//! Read connections: taken for one statement, given back, opened when all are taken.

use parking_lot::Mutex;
use rusqlite::Connection;

use super::open::{Location, connect};
use crate::db::error::{DbError, OpenError};
use crate::db::statement::Statement;
use crate::db::value::Row;

/// A stack of idle read connections. A read holds its thread, so there are never more connections than threads.
#[derive(Debug)]
pub struct Readers {
    location: Location,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Opens the first connection, so that a database which cannot be read is noticed at start.
    ///
    /// # Errors
    /// As [`connect`].
    pub fn open(location: Location) -> Result<Self, OpenError> {
        let first = open_one(&location)?;
        Ok(Self {
            location,
            idle: Mutex::new(vec![first]),
        })
    }

    /// Runs a reading statement.
    ///
    /// # Errors
    /// [`DbError`] as SQLite sees it; a statement that writes is refused.
    pub fn query(&self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        let taken = self.idle.lock().pop();
        let connection = match taken {
            Some(connection) => connection,
            None => open_one(&self.location).map_err(|error| DbError::Unavailable(error.to_string()))?,
        };
        let rows = super::query(&connection, statement);
        self.idle.lock().push(connection);
        rows
    }
}

fn open_one(location: &Location) -> Result<Connection, OpenError> {
    let connection = connect(location)?;
    connection
        .execute_batch("PRAGMA query_only = ON")
        .map_err(|error| OpenError::Unreadable {
            path: location.describe(),
            reason: error.to_string(),
        })?;
    Ok(connection)
}

//! Opening a database for a mode, and the handle that reads from it.

use std::sync::Arc;

use super::error::{DbError, OpenError};
use super::migrate::{self, SCHEMA};
use super::sqlite::{self, Location, Readers, ServerLock, WriteConnection};
use super::statement::Statement;
use super::value::Row;
use crate::config::{DatabaseUrl, Mode};
use crate::domain::clock::Timestamp;

/// Whether opening may bring the schema up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrate {
    /// Run what is missing.
    Up,
    /// Refuse a schema that is not current.
    Never,
}

/// A handle that reads. Cheap to clone; writes go through the connection that [`Store::open`] returns beside it.
#[derive(Clone, Debug)]
pub struct Store {
    location: Location,
    readers: Arc<Readers>,
}

impl Store {
    /// Opens the database at `url`, which must be ours and of this `mode`.
    ///
    /// # Errors
    /// [`OpenError`]: one sentence that says what is wrong and how to mend it.
    pub fn open(
        url: &DatabaseUrl,
        mode: Mode,
        migrate: Migrate,
        now: Timestamp,
    ) -> Result<(Self, WriteConnection), OpenError> {
        let location = Location::of(url);
        let mut connection = sqlite::connect(&location)?;
        if migrate == Migrate::Up {
            sqlite::with_setup_lock(&location, || migrate::up(&mut connection, mode, now))?;
        }
        migrate::check(&connection, mode, SCHEMA)?;
        let readers = Arc::new(Readers::open(location.clone())?);
        Ok((Self { location, readers }, WriteConnection::new(connection)))
    }

    /// Runs a reading statement and collects its rows.
    ///
    /// # Errors
    /// [`DbError`] as the database sees it.
    #[expect(clippy::unused_async, reason = "awaits nothing on SQLite; a networked database does")]
    pub async fn query(&self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        self.readers.query(statement)
    }

    /// As [`Store::query`], for at most one row.
    ///
    /// # Errors
    /// [`DbError`] as the database sees it.
    pub async fn query_one(&self, statement: &Statement) -> Result<Option<Row>, DbError> {
        Ok(self.query(statement).await?.into_iter().next())
    }

    /// Makes sure that no other server uses the same SQLite file, for as long as the lock lives.
    ///
    /// # Errors
    /// [`OpenError::InUse`] names the file.
    pub fn lock_for_server(&self) -> Result<ServerLock, OpenError> {
        ServerLock::acquire(&self.location)
    }

    /// Runs `work` while no other process sets up the same database.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn with_setup_lock<T>(&self, work: impl FnOnce() -> Result<T, OpenError>) -> Result<T, OpenError> {
        sqlite::with_setup_lock(&self.location, work)
    }
}

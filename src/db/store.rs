//! Opening a database for a mode, the handle that reads from it, and the one that writes.

use std::sync::Arc;

use super::error::{DbError, OpenError};
use super::migrate::{self, SCHEMA};
use super::postgres;
use super::sqlite::{self, FileLock, Location};
use super::statement::Statement;
use super::transaction::Transaction;
use super::value::Row;
use super::work::{Decision, command};
use crate::config::{Connections, DatabaseUrl, Mode};
use crate::domain::clock::Timestamp;

/// Whether opening may bring the schema up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrate {
    /// Run what is missing.
    Up,
    /// Refuse a schema that is not current.
    Never,
}

/// Whether a server's short-lived state is where other servers find it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// It is not, or nobody else may run for another reason: no other server may use the same database.
    Alone,
    /// It is.
    WithOthers,
}

/// A handle that reads. Cheap to clone; writes go through the connection that [`Store::open`] returns beside it.
#[derive(Clone, Debug)]
pub struct Store(Readers);

#[derive(Clone, Debug)]
enum Readers {
    Sqlite {
        location: Location,
        readers: Arc<sqlite::Readers>,
    },
    Postgres(postgres::Readers),
}

impl Store {
    /// Opens the database at `url`, which must be ours and of this `mode`.
    ///
    /// # Errors
    /// [`OpenError`]: one sentence that says what is wrong and how to mend it.
    pub async fn open(
        url: &DatabaseUrl,
        connections: Connections,
        mode: Mode,
        migrate: Migrate,
        now: Timestamp,
    ) -> Result<(Self, WriteConnection), OpenError> {
        let location = match url {
            DatabaseUrl::SqliteFile(path) => Location::File(path.clone()),
            DatabaseUrl::SqliteMemory => Location::memory(),
            DatabaseUrl::Postgres(url) => {
                let (readers, lanes) = postgres::open(url, connections, mode, migrate, now).await?;
                return Ok((Self(Readers::Postgres(readers)), WriteConnection::Postgres(lanes)));
            }
        };
        let mut connection = sqlite::connect(&location)?;
        if migrate == Migrate::Up {
            let _setup = FileLock::for_setup(&location)?;
            sqlite::migrate(&mut connection, mode, now)?;
        }
        migrate::judge(&sqlite::look(&connection)?, mode, SCHEMA)?;
        let readers = Arc::new(sqlite::Readers::open(location.clone())?);
        let writer = WriteConnection::Sqlite(sqlite::WriteConnection::new(connection));
        Ok((Self(Readers::Sqlite { location, readers }), writer))
    }

    /// Runs a reading statement and collects its rows.
    ///
    /// # Errors
    /// [`DbError`] as the database sees it.
    pub async fn query(&self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        match &self.0 {
            Readers::Sqlite { readers, .. } => readers.query(statement),
            Readers::Postgres(readers) => readers.query(statement).await,
        }
    }

    /// As [`Store::query`], for at most one row.
    ///
    /// # Errors
    /// [`DbError`] as the database sees it.
    pub async fn query_one(&self, statement: &Statement) -> Result<Option<Row>, DbError> {
        Ok(self.query(statement).await?.into_iter().next())
    }

    /// Makes sure, for as long as the lock lives, that no other server uses the same SQLite file, or that those which use
    /// the same PostgreSQL database can share it.
    ///
    /// # Errors
    /// [`OpenError::InUse`], [`OpenError::NotAlone`] or [`OpenError::OtherIsAlone`] name the database.
    pub async fn lock_for_server(&self, sharing: Sharing) -> Result<ServerLock, OpenError> {
        Ok(match &self.0 {
            Readers::Sqlite { location, .. } => ServerLock::Sqlite(FileLock::for_server(location)?),
            Readers::Postgres(readers) => {
                ServerLock::Postgres(postgres::Presence::take(readers.connector(), sharing).await?)
            }
        })
    }

    /// Waits until no other process sets up the same database; none will for as long as the lock lives.
    ///
    /// # Errors
    /// [`OpenError`] if the lock cannot be had.
    pub async fn lock_for_setup(&self) -> Result<SetupLock, OpenError> {
        Ok(match &self.0 {
            Readers::Sqlite { location, .. } => SetupLock::Sqlite(FileLock::for_setup(location)?),
            Readers::Postgres(readers) => {
                SetupLock::Postgres(Box::new(postgres::Setup::begin(readers.connector()).await?))
            }
        })
    }
}

/// Held by a server for as long as it runs; commands do not take it.
#[derive(Debug)]
pub enum ServerLock {
    /// A locked file beside the database.
    Sqlite(FileLock),
    /// A lock in a session of its own.
    Postgres(postgres::Presence),
}

impl ServerLock {
    /// Resolves if the lock was lost to another server; never on SQLite.
    pub async fn lost(&mut self) {
        match self {
            Self::Sqlite(_) => std::future::pending().await,
            Self::Postgres(presence) => presence.lost().await,
        }
    }
}

/// Held while migrations run or first keys are made.
pub enum SetupLock {
    /// A locked file beside the database.
    Sqlite(FileLock),
    /// A lock in a session of its own.
    Postgres(Box<postgres::Setup>),
}

/// What writes. Writer owns it; at start-up and on the command line it is used directly.
#[derive(Debug)]
pub enum WriteConnection {
    /// The one connection that writes.
    Sqlite(sqlite::WriteConnection),
    /// Several sessions.
    Postgres(postgres::Lanes),
}

impl WriteConnection {
    /// Runs one command by itself, for whoever holds the connection without a Writer: start-up and the command line.
    ///
    /// # Errors
    /// [`DbError`]; nothing was written, but for [`DbError::Unknown`].
    pub async fn transact<T, F>(&mut self, name: &'static str, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: AsyncFnMut(&mut Transaction<'_>) -> Result<Decision<T>, DbError> + Send + 'static,
    {
        let (work, mut answer) = command(name, work);
        match self {
            Self::Sqlite(connection) => connection.run(vec![work]),
            Self::Postgres(lanes) => lanes.run(work).await,
        }
        answer.try_recv().unwrap_or(Err(DbError::Panicked))
    }
}

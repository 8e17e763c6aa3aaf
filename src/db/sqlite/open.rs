//! Opening SQLite files: settings that durability rests on, and the locks between processes.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::db::error::OpenError;

/// `CSGN` in ASCII, in the file's header: tells our files from those of other applications.
const APPLICATION_ID: i64 = 0x4353_474E;

/// How long a connection waits for another process's write to end.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What durability and speed rest on. What a savepoint would undo is kept in memory: in a file, which it is from the
/// sixteenth page on otherwise, it costs more than the rows themselves. A checkpoint writes a page once, however often it
/// has changed, so there is one for 4000 pages of WAL (16 MB) instead of 1000; beyond 4062 its index would have a second
/// part for readers to search.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000;";

/// Where an SQLite database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file, beside which lie its WAL and its locks.
    File(PathBuf),
    /// This process's memory, under a name that its connections share.
    Memory(String),
}

impl Location {
    /// Memory under a name of its own, which only its own connections know.
    #[must_use]
    pub fn memory() -> Self {
        static MEMORIES: AtomicU64 = AtomicU64::new(0);
        let number = MEMORIES.fetch_add(1, Ordering::Relaxed);
        Self::Memory(format!("countersign-{}-{number}", std::process::id()))
    }

    /// For messages.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Memory(_) => "memory".to_owned(),
        }
    }

    fn beside(&self, suffix: &str) -> Option<PathBuf> {
        let Self::File(path) = self else { return None };
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        Some(name.into())
    }
}

/// Opens a connection with the settings that this server relies on, and makes sure that the file is ours.
///
/// # Errors
/// [`OpenError::Unreadable`] or [`OpenError::Foreign`].
pub fn connect(location: &Location) -> Result<Connection, OpenError> {
    let unreadable = |error| cannot_open(location, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = match location {
        Location::File(path) => {
            create_private(path)?;
            Connection::open_with_flags(path, flags).map_err(unreadable)?
        }
        Location::Memory(name) => {
            Connection::open_with_flags(format!("file:/{name}?vfs=memdb"), flags).map_err(unreadable)?
        }
    };
    connection.busy_timeout(BUSY_TIMEOUT).map_err(unreadable)?;
    connection.set_prepared_statement_cache_capacity(128);
    // Without this SQLite plans some statements anew for every value that is bound to them.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(unreadable)?;
    claim(&connection, location)?;
    connection.execute_batch(SETTINGS).map_err(unreadable)?;
    Ok(connection)
}

/// What SQLite's error means for whoever wanted to open the file.
fn cannot_open(location: &Location, error: &rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::Damaged(location.describe()),
        _ => OpenError::Unreadable {
            path: location.describe(),
            reason: error.to_string(),
        },
    }
}

/// Makes a missing file so that only this user can read it: it holds people's addresses.
fn create_private(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let unreadable = |error: std::io::Error| OpenError::Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(unreadable)
}

/// Marks an empty database as ours and refuses another application's.
fn claim(connection: &Connection, location: &Location) -> Result<(), OpenError> {
    let unreadable = |error| cannot_open(location, &error);
    let id: i64 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(unreadable)?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    let tables: i64 = connection
        .query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get(0))
        .map_err(unreadable)?;
    if id != 0 || tables != 0 {
        if is_original(connection).map_err(unreadable)? {
            return Err(OpenError::Original(location.describe()));
        }
        return Err(OpenError::Foreign(location.describe()));
    }
    connection
        .execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}"))
        .map_err(unreadable)
}

/// Whether the database is that of an original entitlement server.
fn is_original(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 = connection.query_row(
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'runtime' AND sql LIKE '%gen_index_salt%'",
        [],
        |row| row.get(0),
    )?;
    Ok(tables > 0)
}

/// A locked file beside a database. The lock ends with this, or with the process.
#[derive(Debug)]
pub struct FileLock(#[expect(dead_code, reason = "holding the file open is what holds the lock")] Option<File>);

impl FileLock {
    /// The lock of the one server process that may use an SQLite file; or says who has it.
    ///
    /// # Errors
    /// [`OpenError::InUse`] if another server holds it, [`OpenError::Unreadable`] if the lock file cannot be made.
    pub fn for_server(location: &Location) -> Result<Self, OpenError> {
        let Some(path) = location.beside(".lock") else {
            return Ok(Self(None));
        };
        let file = lock_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Some(file))),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(location.describe())),
            Err(TryLockError::Error(error)) => Err(OpenError::Unreadable {
                path: path.display().to_string(),
                reason: error.to_string(),
            }),
        }
    }

    /// The lock of the one process that migrates the database or makes its first keys; waits for it.
    ///
    /// # Errors
    /// [`OpenError::Unreadable`] if the lock file cannot be made.
    pub fn for_setup(location: &Location) -> Result<Self, OpenError> {
        let Some(path) = location.beside(".setup.lock") else {
            return Ok(Self(None));
        };
        let file = lock_file(&path)?;
        file.lock().map_err(|error| OpenError::Unreadable {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(Self(Some(file)))
    }
}

fn lock_file(path: &Path) -> Result<File, OpenError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| OpenError::Unreadable {
            path: path.display().to_string(),
            reason: error.to_string(),
        })
}

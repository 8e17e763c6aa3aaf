//! Migrations, and what a binary may do with a database whose schema is not its own.

use refinery::embed_migrations;
use rusqlite::{Connection, OptionalExtension as _};

use super::error::{DbError, OpenError};
use super::sqlite::Location;
use crate::config::{DatabaseUrl, Mode};
use crate::domain::clock::Timestamp;

mod embedded {
    super::embed_migrations!("migrations");
}
use embedded::migrations;

/// The schema that this binary was built with: the number of the last migration.
pub const SCHEMA: i64 = 4;

/// What `countersign migrate status` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The schema in the database; 0 before the first migration.
    pub found: i64,
    /// The schema of this binary.
    pub known: i64,
}

/// Brings the schema up to date and records the mode of a new database.
///
/// # Errors
/// [`OpenError::Migration`] if a migration fails, [`OpenError::TooNew`] or [`OpenError::OtherMode`] before anything runs.
pub(super) fn up(connection: &mut Connection, mode: Mode, now: Timestamp) -> Result<(), OpenError> {
    let found = schema(connection)?;
    if found > 0 {
        check(connection, mode, found.min(SCHEMA))?;
    }
    if found < SCHEMA {
        migrations::runner()
            .run(connection)
            .map_err(|error| OpenError::Migration(error.to_string()))?;
    }
    connection
        .execute(
            "INSERT INTO deployment (id, application, mode, oldest_schema, created_at) \
             VALUES (1, 'countersign', ?1, 1, ?2) ON CONFLICT (id) DO NOTHING",
            (mode.as_str(), now.as_millis()),
        )
        .map(drop)
        .map_err(unavailable)
}

/// Refuses a database that this binary must not use: not migrated, of the other mode, or too new.
///
/// # Errors
/// The [`OpenError`] that says which.
pub(super) fn check(connection: &Connection, mode: Mode, needed: i64) -> Result<(), OpenError> {
    let found = schema(connection)?;
    if found < needed {
        return Err(OpenError::NotMigrated { found, known: SCHEMA });
    }
    let deployment: Option<(String, i64)> = connection
        .query_row("SELECT mode, oldest_schema FROM deployment WHERE id = 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(unavailable)?;
    let Some((recorded, oldest)) = deployment else {
        // Another process is between the migration and this row; it holds the setup lock, and so must who comes here.
        return Ok(());
    };
    if oldest > SCHEMA {
        return Err(OpenError::TooNew {
            needed: oldest,
            known: SCHEMA,
        });
    }
    if recorded != mode.as_str() {
        return Err(OpenError::OtherMode {
            found: recorded,
            wanted: mode.as_str(),
        });
    }
    Ok(())
}

/// The schema in the database at `url` beside this binary's own.
///
/// # Errors
/// [`OpenError`] if it cannot be opened.
pub fn status(url: &DatabaseUrl) -> Result<Status, OpenError> {
    let connection = super::sqlite::connect(&Location::of(url))?;
    Ok(Status {
        found: schema(&connection)?,
        known: SCHEMA,
    })
}

fn schema(connection: &Connection) -> Result<i64, OpenError> {
    let migrated: i64 = connection
        .query_row(
            "SELECT COUNT(*) FROM sqlite_master WHERE name = 'refinery_schema_history'",
            [],
            |row| row.get(0),
        )
        .map_err(unavailable)?;
    if migrated == 0 {
        return Ok(0);
    }
    connection
        .query_row(
            "SELECT COALESCE(MAX(version), 0) FROM refinery_schema_history",
            [],
            |row| row.get(0),
        )
        .map_err(unavailable)
}

fn unavailable(error: rusqlite::Error) -> OpenError {
    OpenError::Db(DbError::Unavailable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::store::{Migrate, Store};

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn url(folder: &tempfile::TempDir) -> DatabaseUrl {
        DatabaseUrl::SqliteFile(folder.path().join("countersign.db"))
    }

    fn open(url: &DatabaseUrl, mode: Mode, migrate: Migrate) -> Result<(), OpenError> {
        Store::open(url, mode, migrate, NOW).map(drop)
    }

    #[test]
    fn the_schema_constant_is_the_last_migration() {
        let last = migrations::runner()
            .get_migrations()
            .iter()
            .map(refinery::Migration::version)
            .max();
        assert_eq!(last.map(i64::from), Some(SCHEMA));
    }

    #[test]
    fn a_new_database_is_migrated_once_and_opens_again() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&url(&folder), Mode::Dev, Migrate::Up).expect("migrates");
        open(&url(&folder), Mode::Dev, Migrate::Up).expect("opens again");
        assert_eq!(
            status(&url(&folder)).expect("reads"),
            Status {
                found: SCHEMA,
                known: SCHEMA
            }
        );
    }

    #[test]
    fn a_database_of_the_other_mode_is_refused_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&url(&folder), Mode::Dev, Migrate::Up).expect("migrates");
        let error = open(&url(&folder), Mode::Production, Migrate::Up).expect_err("is refused");
        assert!(matches!(error, OpenError::OtherMode { .. }), "{error}");
        assert!(error.to_string().contains("dev mode"), "{error}");
    }

    #[test]
    fn a_database_that_is_not_migrated_is_refused_where_nobody_asked_to_migrate() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = open(&url(&folder), Mode::Production, Migrate::Never).expect_err("is refused");
        assert!(error.to_string().contains("countersign migrate up"), "{error}");
    }

    #[test]
    fn a_database_that_excludes_this_version_is_refused_and_stays_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&url(&folder), Mode::Dev, Migrate::Up).expect("migrates");
        let path = folder.path().join("countersign.db");
        let other = Connection::open(&path).expect("opens");
        other
            .execute("UPDATE deployment SET oldest_schema = ?1", [SCHEMA + 1])
            .expect("updates");
        let error = open(&url(&folder), Mode::Dev, Migrate::Up).expect_err("is refused");
        assert!(matches!(error, OpenError::TooNew { .. }), "{error}");
    }

    #[test]
    fn another_applications_database_is_refused_and_not_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("countersign.db");
        Connection::open(&path)
            .expect("opens")
            .execute_batch("CREATE TABLE notes (n TEXT)")
            .expect("makes it");
        let before = std::fs::read(&path).expect("reads");
        let error = open(&url(&folder), Mode::Dev, Migrate::Up).expect_err("is refused");
        assert!(matches!(error, OpenError::Foreign(_)), "{error}");
        assert_eq!(std::fs::read(&path).expect("reads"), before);
    }

    #[test]
    fn a_second_server_on_one_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, _writer) = Store::open(&url(&folder), Mode::Dev, Migrate::Up, NOW).expect("opens");
        let lock = store.lock_for_server().expect("is free");
        assert!(matches!(store.lock_for_server(), Err(OpenError::InUse(_))));
        drop(lock);
        store.lock_for_server().expect("is free again");
    }

    #[test]
    fn durability_does_not_rest_on_defaults() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&url(&folder), Mode::Dev, Migrate::Up).expect("migrates");
        let location = Location::of(&url(&folder));
        let connection = crate::db::sqlite::connect(&location).expect("opens");
        let journal: String = connection
            .query_row("PRAGMA journal_mode", [], |row| row.get(0))
            .expect("reads");
        let synchronous: i64 = connection
            .query_row("PRAGMA synchronous", [], |row| row.get(0))
            .expect("reads");
        assert_eq!((journal.as_str(), synchronous), ("wal", 2));
    }
}

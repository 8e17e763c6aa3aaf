//! Migrations, and what a binary may do with a database whose schema is not its own.

use refinery::embed_migrations;

use super::error::OpenError;
use super::postgres;
use super::sqlite::{self, Location};
use crate::config::{DatabaseUrl, Mode};

mod embedded {
    super::embed_migrations!("migrations");
}
use embedded::migrations;

/// The schema that this binary was built with: the number of the last migration.
pub const SCHEMA: i64 = 8;

/// What `countersign migrate status` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The schema in the database; 0 before the first migration.
    pub found: i64,
    /// The schema of this binary.
    pub known: i64,
}

/// What a database says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The number of its last migration; 0 before the first.
    pub(super) schema: i64,
    /// `None` for as long as whoever migrates it has not got so far.
    pub(super) deployment: Option<Deployment>,
}

/// The row that says whose database it is.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    /// [`Mode::as_str`].
    pub(super) mode: String,
    /// The oldest schema whose binaries may use it.
    pub(super) oldest_schema: i64,
}

/// All migrations, to be run under the setup lock.
pub(super) fn runner() -> refinery::Runner {
    migrations::runner()
}

/// Refuses a database that this binary must not use: not migrated, of the other mode, or too new.
///
/// # Errors
/// The [`OpenError`] that says which.
pub(super) fn judge(found: &Found, mode: Mode, needed: i64) -> Result<(), OpenError> {
    if found.schema < needed {
        return Err(OpenError::NotMigrated {
            found: found.schema,
            known: SCHEMA,
        });
    }
    let Some(deployment) = &found.deployment else {
        // Another process is between the migration and this row; it holds the setup lock, and so must who comes here.
        return Ok(());
    };
    if deployment.oldest_schema > SCHEMA {
        return Err(OpenError::TooNew {
            needed: deployment.oldest_schema,
            known: SCHEMA,
        });
    }
    if deployment.mode != mode.as_str() {
        return Err(OpenError::OtherMode {
            found: deployment.mode.clone(),
            wanted: mode.as_str(),
        });
    }
    Ok(())
}

/// The schema in the database at `url` beside this binary's own.
///
/// # Errors
/// [`OpenError`] if it cannot be opened.
pub async fn status(url: &DatabaseUrl) -> Result<Status, OpenError> {
    let location = match url {
        DatabaseUrl::SqliteFile(path) => Location::File(path.clone()),
        DatabaseUrl::SqliteMemory => Location::memory(),
        DatabaseUrl::Postgres(url) => return postgres::status(url).await,
    };
    let connection = sqlite::connect(&location)?;
    Ok(Status {
        found: sqlite::look(&connection)?.schema,
        known: SCHEMA,
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::config::Connections;
    use crate::db::ServerLock;
    use crate::db::store::{Migrate, Sharing, Store};
    use crate::domain::clock::Timestamp;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn url(folder: &tempfile::TempDir) -> DatabaseUrl {
        DatabaseUrl::SqliteFile(folder.path().join("countersign.db"))
    }

    async fn open(url: &DatabaseUrl, mode: Mode, migrate: Migrate) -> Result<Store, OpenError> {
        let opened = Store::open(url, Connections::default(), mode, migrate, NOW).await;
        opened.map(|(store, _)| store)
    }

    async fn lock(store: &Store) -> Result<ServerLock, OpenError> {
        store.lock_for_server(Sharing::Alone).await
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

    #[actix_rt::test]
    async fn a_new_database_is_migrated_once_and_opens_again() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&url(&folder), Mode::Dev, Migrate::Up).await.expect("migrates");
        open(&url(&folder), Mode::Dev, Migrate::Up).await.expect("opens again");
        assert_eq!(
            status(&url(&folder)).await.expect("reads"),
            Status {
                found: SCHEMA,
                known: SCHEMA
            }
        );
    }

    #[actix_rt::test]
    async fn a_database_of_the_other_mode_is_refused_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&url(&folder), Mode::Dev, Migrate::Up).await.expect("migrates");
        let error = open(&url(&folder), Mode::Production, Migrate::Up)
            .await
            .expect_err("is refused");
        assert!(matches!(error, OpenError::OtherMode { .. }), "{error}");
        assert!(error.to_string().contains("dev mode"), "{error}");
    }

    #[actix_rt::test]
    async fn a_database_that_is_not_migrated_is_refused_where_nobody_asked_to_migrate() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = open(&url(&folder), Mode::Production, Migrate::Never)
            .await
            .expect_err("is refused");
        assert!(error.to_string().contains("countersign migrate up"), "{error}");
    }

    #[actix_rt::test]
    async fn a_database_that_excludes_this_version_is_refused_and_stays_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&url(&folder), Mode::Dev, Migrate::Up).await.expect("migrates");
        let path = folder.path().join("countersign.db");
        let other = Connection::open(&path).expect("opens");
        other
            .execute("UPDATE deployment SET oldest_schema = ?1", [SCHEMA + 1])
            .expect("updates");
        let error = open(&url(&folder), Mode::Dev, Migrate::Up)
            .await
            .expect_err("is refused");
        assert!(matches!(error, OpenError::TooNew { .. }), "{error}");
    }

    #[actix_rt::test]
    async fn another_applications_database_is_refused_and_not_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("countersign.db");
        Connection::open(&path)
            .expect("opens")
            .execute_batch("CREATE TABLE notes (n TEXT)")
            .expect("makes it");
        let before = std::fs::read(&path).expect("reads");
        let error = open(&url(&folder), Mode::Dev, Migrate::Up)
            .await
            .expect_err("is refused");
        assert!(matches!(error, OpenError::Foreign(_)), "{error}");
        assert_eq!(std::fs::read(&path).expect("reads"), before);
    }

    #[actix_rt::test]
    async fn a_second_server_on_one_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(&url(&folder), Mode::Dev, Migrate::Up).await.expect("opens");
        let held = lock(&store).await.expect("is free");
        assert!(matches!(lock(&store).await, Err(OpenError::InUse(_))));
        drop(held);
        lock(&store).await.expect("is free again");
    }

    #[actix_rt::test]
    async fn durability_does_not_rest_on_defaults() {
        let folder = tempfile::tempdir().expect("a folder");
        open(&url(&folder), Mode::Dev, Migrate::Up).await.expect("migrates");
        let location = Location::File(folder.path().join("countersign.db"));
        let connection = sqlite::connect(&location).expect("opens");
        let journal: String = connection
            .query_row("PRAGMA journal_mode", [], |row| row.get(0))
            .expect("reads");
        let synchronous: i64 = connection
            .query_row("PRAGMA synchronous", [], |row| row.get(0))
            .expect("reads");
        assert_eq!((journal.as_str(), synchronous), ("wal", 2));
    }
}

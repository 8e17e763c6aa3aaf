//! Migrations of an SQLite file, and what it says of itself.

use rusqlite::{Connection, OptionalExtension as _};

use crate::config::Mode;
use crate::db::error::{DbError, OpenError};
use crate::db::migrate::{self, Deployment, Found, SCHEMA};
use crate::domain::clock::Timestamp;

/// Brings the schema up to date and records the mode of a new database. The caller holds the setup lock.
///
/// # Errors
/// [`OpenError::Migration`] if a migration fails, [`OpenError::TooNew`] or [`OpenError::OtherMode`] before anything runs.
pub fn migrate(connection: &mut Connection, mode: Mode, now: Timestamp) -> Result<(), OpenError> {
    let found = look(connection)?;
    if found.schema > 0 {
        migrate::judge(&found, mode, found.schema.min(SCHEMA))?;
    }
    if found.schema < SCHEMA {
        migrate::runner()
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

/// Finds out what the database says of itself.
///
/// # Errors
/// [`OpenError::Db`] if it cannot be read.
pub fn look(connection: &Connection) -> Result<Found, OpenError> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let migrated = number("SELECT COUNT(*) FROM sqlite_master WHERE name = 'refinery_schema_history'");
    if migrated.map_err(unavailable)? == 0 {
        return Ok(Found::default());
    }
    let schema = number("SELECT COALESCE(MAX(version), 0) FROM refinery_schema_history").map_err(unavailable)?;
    if schema == 0 {
        return Ok(Found::default());
    }
    let deployment = connection
        .query_row("SELECT mode, oldest_schema FROM deployment WHERE id = 1", [], |row| {
            Ok(Deployment {
                mode: row.get(0)?,
                oldest_schema: row.get(1)?,
            })
        })
        .optional()
        .map_err(unavailable)?;
    Ok(Found { schema, deployment })
}

fn unavailable(error: rusqlite::Error) -> OpenError {
    OpenError::Db(DbError::Unavailable(error.to_string()))
}

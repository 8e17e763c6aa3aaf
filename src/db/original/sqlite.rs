//! The original's database as an SQLite file. It is opened for reading alone: the file stays as it is.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::table::Table;
use super::{OriginalError, Outlet, Piece, SCHEMA, Stop};
use crate::db::sqlite::value_at;

pub(super) fn read(path: &Path, out: &mut Outlet<'_>) -> Result<(), Stop> {
    let place = || path.display().to_string();
    let unreadable = |error: rusqlite::Error| {
        Stop::Error(OriginalError::Unreadable {
            place: place(),
            reason: error.to_string(),
        })
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(unreadable)?;
    // One snapshot, though the original may still be running.
    connection.execute_batch("BEGIN").map_err(unreadable)?;
    for table in Table::ALL {
        let there: i64 = connection
            .query_row(
                "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?1",
                [table.name()],
                |row| row.get(0),
            )
            .map_err(unreadable)?;
        if there == 0 {
            return Err(OriginalError::Foreign(place(), table.name()).into());
        }
    }
    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(unreadable)?;
    if found != SCHEMA {
        return Err(OriginalError::OtherSchema { place: place(), found }.into());
    }
    let mut total = 0_u64;
    for table in Table::ALL {
        let sql = format!("SELECT COUNT(*) FROM {}", table.name());
        let count: i64 = connection.query_row(&sql, [], |row| row.get(0)).map_err(unreadable)?;
        total = total.saturating_add(u64::try_from(count).unwrap_or(0));
    }
    out.send(Piece::Total(total))?;
    for table in Table::ALL {
        let mut statement = connection.prepare(&table.select()).map_err(unreadable)?;
        let mut rows = statement.query([]).map_err(unreadable)?;
        while let Some(row) = rows.next().map_err(unreadable)? {
            let values = (0..table.columns().len()).map(|column| value_at(row, column));
            let values = values.collect::<Result<Vec<_>, _>>().map_err(|error| {
                Stop::Error(OriginalError::Unreadable {
                    place: format!("table {} of {}", table.name(), place()),
                    reason: error.to_string(),
                })
            })?;
            out.row(table, values)?;
        }
        out.end_of(table)?;
    }
    Ok(())
}

//! What the database says, read beside the server.

use std::collections::HashMap;

use rusqlite::Row;

use crate::support::Folder;

/// The parts of the database that clients know something about.
#[derive(Debug, Default)]
pub struct Database {
    /// Number of accounts by address.
    pub accounts: HashMap<String, i64>,
    /// `(sequence, ended)` by id.
    pub families: HashMap<String, (i64, bool)>,
    /// Ended, by the hash of the cookie.
    pub sessions: HashMap<Vec<u8>, bool>,
    /// The `jti` of revoked access tokens.
    pub revoked: HashMap<String, ()>,
}

/// Reads all of it.
pub fn read(folder: &Folder) -> Database {
    Database {
        accounts: map(folder, "SELECT email, COUNT(*) FROM accounts GROUP BY email", |row| {
            Ok((row.get(0)?, row.get(1)?))
        }),
        families: map(
            folder,
            "SELECT id, sequence, ended_at IS NOT NULL FROM families",
            |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))),
        ),
        sessions: map(folder, "SELECT id_hash, ended_at IS NOT NULL FROM sessions", |row| {
            Ok((row.get(0)?, row.get(1)?))
        }),
        revoked: map(folder, "SELECT jti FROM revoked_tokens", |row| Ok((row.get(0)?, ()))),
    }
}

/// Account ids by address.
pub fn accounts(folder: &Folder) -> HashMap<String, String> {
    map(folder, "SELECT email, id FROM accounts", |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// SQLite's own checks find nothing.
pub fn assert_intact(folder: &Folder) {
    let connection = folder.reader();
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("checks");
    assert_eq!(verdict, "ok");
    let dangling: i64 = connection
        .query_row("SELECT COUNT(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .expect("checks");
    assert_eq!(dangling, 0);
}

fn map<K: std::hash::Hash + Eq, V>(
    folder: &Folder,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<(K, V)>,
) -> HashMap<K, V> {
    let connection = folder.reader();
    let mut statement = connection.prepare(sql).expect("is SQL");
    let rows = statement.query_map([], read).expect("reads");
    rows.collect::<Result<_, _>>().expect("reads")
}

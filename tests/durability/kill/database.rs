//! What the database says, read beside the server.

use std::collections::{HashMap, HashSet};

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
    pub revoked: HashSet<String>,
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
        revoked: map(folder, "SELECT jti, 1 FROM revoked_tokens", |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?))
        })
        .into_keys()
        .collect(),
    }
}

/// Account ids by address.
pub fn accounts(folder: &Folder) -> HashMap<String, String> {
    map(folder, "SELECT email, id FROM accounts", |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Does what a lost write would do.
pub fn damage(folder: &Folder, sql: &str) {
    let connection = rusqlite::Connection::open(folder.database()).expect("opens");
    let changed = connection.execute(sql, []).expect("runs");
    assert!(changed > 0, "there is nothing to lose: {sql}");
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

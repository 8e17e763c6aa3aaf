//! What the database says, read beside the server.

use std::collections::{HashMap, HashSet};

use countersign::db::Row;

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
    let map = |sql| folder.rows(sql).into_iter();
    Database {
        accounts: map("SELECT email, COUNT(*) FROM accounts GROUP BY email ORDER BY email")
            .map(|row| (text(&row, 0), integer(&row, 1)))
            .collect(),
        families: map("SELECT id, sequence, COALESCE(ended_at, 0) FROM families ORDER BY id")
            .map(|row| (text(&row, 0), (integer(&row, 1), integer(&row, 2) != 0)))
            .collect(),
        sessions: map("SELECT id_hash, COALESCE(ended_at, 0) FROM sessions ORDER BY id_hash")
            .map(|row| (row.blob(0).expect("bytes").to_vec(), integer(&row, 1) != 0))
            .collect(),
        revoked: map("SELECT jti FROM revoked_tokens ORDER BY jti")
            .map(|row| text(&row, 0))
            .collect(),
    }
}

/// Account ids by address.
pub fn accounts(folder: &Folder) -> HashMap<String, String> {
    folder
        .rows("SELECT email, id FROM accounts ORDER BY id")
        .iter()
        .map(|row| (text(row, 0), text(row, 1)))
        .collect()
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

fn text(row: &Row, column: usize) -> String {
    row.text(column).expect("text").to_owned()
}

fn integer(row: &Row, column: usize) -> i64 {
    row.integer(column).expect("a number")
}

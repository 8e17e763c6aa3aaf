//! Reading the database of the original entitlement server, to take it over.
//!
//! - [`place`]: what an operator may name: an SQLite file, a PostgreSQL URL
//! - [`table`]: the tables of its schema 9, and how their rows are asked for
//! - `sqlite`, `postgres`: the two drivers
//! - [`convert`], [`import`]: its rows in our own words, and taking them over
//!
//! A thread of its own reads one consistent snapshot and sends it in pieces, so that memory stays bounded and whoever
//! writes may be inside a transaction of another database.

pub mod convert;
pub mod import;
pub mod place;
pub mod table;

mod postgres;
mod sqlite;

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::value::{Row, Value};
use place::Place;
use table::Table;

/// The one schema of the original that is read: that of its last releases.
pub const SCHEMA: i64 = 9;

/// Rows in one piece.
const PIECE: usize = 500;
/// Pieces that may wait to be taken.
const PIECES_AHEAD: usize = 4;

/// Why an original's database cannot be read. Each message is one sentence with its mend.
#[derive(Debug, thiserror::Error)]
pub enum OriginalError {
    /// There is no such file or server, or it cannot be read.
    #[error("{place} cannot be read: {reason}; name the original's SQLite file, or its PostgreSQL URL")]
    Unreadable {
        /// What was named, without a password.
        place: String,
        /// What the system said.
        reason: String,
    },
    /// Something else than the original's database.
    #[error("{0} is not a database of the original: it has no table {1}; name the one that the original uses")]
    Foreign(String, &'static str),
    /// The original's, of another release.
    #[error(
        "{place} has schema {found} of the original, and only schema 9 can be read; start the original's last release on it once, \
         then import"
    )]
    OtherSchema {
        /// What was named.
        place: String,
        /// The schema found.
        found: i64,
    },
    /// The reading thread ended without a word.
    #[error("reading the original's database stopped; try again")]
    Stopped,
}

/// A piece of the snapshot, in order.
#[derive(Debug)]
pub enum Piece {
    /// How many rows the tables have together: for whoever shows progress.
    Total(u64),
    /// Rows of one table, their columns as [`Table::columns`] says.
    Rows(Table, Vec<Row>),
    /// There is no more.
    End,
}

/// The pieces of a snapshot as they are read.
pub struct Snapshot {
    pieces: Receiver<Result<Piece, OriginalError>>,
}

impl Snapshot {
    /// Begins to read.
    #[must_use]
    pub fn begin(place: &Place) -> Self {
        let (sender, pieces) = sync_channel(PIECES_AHEAD);
        let place = place.clone();
        std::thread::spawn(move || {
            let read = match &place {
                Place::Sqlite(path) => sqlite::read(path, &mut Outlet::new(&sender)),
                Place::Postgres(url) => postgres::read(url, &mut Outlet::new(&sender)),
            };
            // Whoever took the pieces is gone: then nobody is told.
            let _ = sender.send(match read {
                Ok(()) => Ok(Piece::End),
                Err(Stop::Error(error)) => Err(error),
                Err(Stop::Unwanted) => return,
            });
        });
        Self { pieces }
    }

    /// The next piece; waits for it.
    ///
    /// # Errors
    /// [`OriginalError`], after which there is no more.
    pub fn next_piece(&self) -> Result<Piece, OriginalError> {
        self.pieces.recv().unwrap_or(Err(OriginalError::Stopped))
    }
}

/// Why reading ended early.
enum Stop {
    Error(OriginalError),
    /// Nobody takes the pieces any more.
    Unwanted,
}

impl From<OriginalError> for Stop {
    fn from(error: OriginalError) -> Self {
        Self::Error(error)
    }
}

/// Where a driver puts what it reads.
struct Outlet<'a> {
    sender: &'a SyncSender<Result<Piece, OriginalError>>,
    waiting: Vec<Row>,
}

impl<'a> Outlet<'a> {
    fn new(sender: &'a SyncSender<Result<Piece, OriginalError>>) -> Self {
        Self {
            sender,
            waiting: Vec::new(),
        }
    }

    fn send(&self, piece: Piece) -> Result<(), Stop> {
        self.sender.send(Ok(piece)).map_err(|_| Stop::Unwanted)
    }

    fn row(&mut self, table: Table, values: Vec<Value>) -> Result<(), Stop> {
        self.waiting.push(Row(values));
        if self.waiting.len() < PIECE {
            return Ok(());
        }
        self.end_of(table)
    }

    /// Sends what waits of a table.
    fn end_of(&mut self, table: Table) -> Result<(), Stop> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.waiting);
        self.send(Piece::Rows(table, rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole of a snapshot: tables with their rows.
    fn collect(place: &Place) -> Result<Vec<(Table, Vec<Row>)>, OriginalError> {
        let snapshot = Snapshot::begin(place);
        let mut found: Vec<(Table, Vec<Row>)> = Vec::new();
        loop {
            match snapshot.next_piece()? {
                Piece::Total(_) => {}
                Piece::End => return Ok(found),
                Piece::Rows(table, rows) => match found.last_mut() {
                    Some((last, all)) if *last == table => all.extend(rows),
                    _ => found.push((table, rows)),
                },
            }
        }
    }

    fn sample(name: &str) -> Place {
        Place::Sqlite(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/vectors/entitlement")
                .join(name),
        )
    }

    #[test]
    fn the_originals_sample_is_read_whole() {
        let found = collect(&sample("original.sqlite")).expect("reads");
        let counts: Vec<(Table, usize)> = found.iter().map(|(table, rows)| (*table, rows.len())).collect();
        assert_eq!(
            counts,
            [
                (Table::Runtime, 1),
                (Table::Users, 14),
                (Table::Payments, 29),
                (Table::Revocations, 2),
                (Table::AppleHistory, 1),
                (Table::GoogleHistory, 1),
                (Table::UserErrors, 1),
            ]
        );
        for (table, rows) in &found {
            assert!(rows.iter().all(|row| row.0.len() == table.columns().len()), "{table:?}");
        }
    }

    #[test]
    fn what_is_no_database_of_the_original_is_refused_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let refused = |name: &str| {
            let error = collect(&Place::Sqlite(path(name))).expect_err("is refused");
            assert_eq!(error.to_string().lines().count(), 1);
            error
        };
        assert!(matches!(refused("none.db"), OriginalError::Unreadable { .. }));
        assert!(!path("none.db").exists(), "nothing is made");
        std::fs::write(path("text"), "not a database, but long enough to be looked at").expect("written");
        assert!(matches!(refused("text"), OriginalError::Unreadable { .. }));

        let connection = rusqlite::Connection::open(path("other.db")).expect("opens");
        connection.execute_batch("CREATE TABLE notes (n TEXT)").expect("made");
        assert!(matches!(refused("other.db"), OriginalError::Foreign(..)));
        std::fs::copy(
            match sample("original.sqlite") {
                Place::Sqlite(path) => path,
                Place::Postgres(_) => unreachable!("it is a file"),
            },
            path("old.db"),
        )
        .expect("copied");
        let connection = rusqlite::Connection::open(path("old.db")).expect("opens");
        connection.execute_batch("PRAGMA user_version = 8").expect("set");
        assert!(matches!(refused("old.db"), OriginalError::OtherSchema { found: 8, .. }));
    }

    #[test]
    fn a_reader_whose_pieces_nobody_takes_ends() {
        let snapshot = Snapshot::begin(&sample("original.sqlite"));
        drop(snapshot);
    }
}

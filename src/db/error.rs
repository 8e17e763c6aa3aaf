//! How a store fails, in words of its own.

/// Why a statement or a transaction did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DbError {
    /// The database cannot be reached or used now; trying again later is right. Nothing was written.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A constraint refused the write. Expected conflicts are `ON CONFLICT` clauses, so this is a fault of ours.
    #[error("the database refused the write: {0}")]
    Constraint(String),
    /// A row does not hold what this version writes.
    #[error("the database is inconsistent: {0}")]
    Inconsistent(String),
    /// The work panicked; its transaction was rolled back.
    #[error("the work panicked and was rolled back")]
    Panicked,
    /// The connection was lost around the commit, and nobody could say what became of it: it was kept whole or not at
    /// all.
    #[error("the connection to the database was lost; whether the write was kept is unknown")]
    Unknown,
}

impl DbError {
    /// The text without the sentence around it.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Unavailable(reason) | Self::Constraint(reason) | Self::Inconsistent(reason) => reason.clone(),
            Self::Panicked | Self::Unknown => self.to_string(),
        }
    }
}

/// Why a database is not opened. Each message is one sentence that says how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read, written or created.
    #[error(
        "cannot open the database {path}: {reason}; check that the folder exists and that this user may write there"
    )]
    Unreadable {
        /// The path that was tried.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The file is damaged, or something else than a database.
    #[error("{0} is damaged or no SQLite database; restore it from a backup, or give database_url a path of its own")]
    Damaged(String),
    /// The file is an SQLite database, but not ours.
    #[error("{0} belongs to another application; give database_url a path of its own")]
    Foreign(String),
    /// The file is the database of an original entitlement server.
    #[error(
        "{0} is the database of the original server; give database_url a path of its own, and take its data over with \
         `countersign entitlement import {0}`"
    )]
    Original(String),
    /// The database is Countersign's own, of the other mode.
    #[error(
        "this database was made in {found} mode and cannot be used in {wanted} mode; give database_url another path"
    )]
    OtherMode {
        /// What the database records.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// Newer binaries have changed the schema in a way that this one would corrupt.
    #[error(
        "this database needs a binary of schema {needed} or newer, this one knows schema {known}; upgrade countersign"
    )]
    TooNew {
        /// The oldest schema that may use it.
        needed: i64,
        /// The schema this binary was built with.
        known: i64,
    },
    /// The schema is older than this binary's, and this command does not migrate.
    #[error("the database has schema {found}, this binary needs {known}; run `countersign migrate up`")]
    NotMigrated {
        /// The schema found.
        found: i64,
        /// The schema this binary was built with.
        known: i64,
    },
    /// Another server process uses the same SQLite file.
    #[error("another countersign server is using {0}; stop it first, or use PostgreSQL for several processes")]
    InUse(String),
    /// A PostgreSQL database that cannot be used.
    #[error("cannot use {database}: {reason}; {mend}")]
    Postgres {
        /// Its URL without the password.
        database: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        mend: &'static str,
    },
    /// Another server process uses the same database, and this one keeps part of its state in its own memory.
    #[error(
        "other countersign servers are using {0}, and this one could not share its memory with them; \
         give all of them the same kv_url = \"redis://…\", or stop the others"
    )]
    NotAlone(String),
    /// Another server process that keeps part of its state in its own memory uses the same database.
    #[error(
        "a countersign server with kv_url = \"memory:\" is using {0}; stop it, or give both the same kv_url = \"redis://…\""
    )]
    OtherIsAlone(String),
    /// The key-value store cannot be used.
    #[error("{0}")]
    KeyValue(String),
    /// A migration failed; the schema stays at the version before it.
    #[error("migrating the database failed: {0}")]
    Migration(String),
    /// A statement failed while opening.
    #[error(transparent)]
    Db(#[from] DbError),
}

//! What an error of the driver means: for the transaction around it, and in the store's own words.

use std::error::Error as _;

use tokio_postgres::error::{Severity, SqlState};

use crate::db::error::DbError;

/// How a statement failed.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// The server refused it; nothing of the transaction it was in will stay.
    Refused(DbError),
    /// The server could not order it among others, or chose it to end a deadlock: the same again may well succeed.
    Again(DbError),
    /// An earlier statement of the transaction failed.
    Aborted,
    /// The session is gone, or not to be trusted. What was sent last may have been done.
    Lost(DbError),
}

impl Trouble {
    /// For whoever waits.
    pub(super) fn error(&self) -> DbError {
        match self {
            Self::Refused(error) | Self::Again(error) | Self::Lost(error) => error.clone(),
            Self::Aborted => DbError::Unavailable("the transaction was ended by an earlier failure".to_owned()),
        }
    }

    /// No answer within the time limit.
    pub(super) fn late() -> Self {
        Self::Lost(DbError::Unavailable("PostgreSQL did not answer in time".to_owned()))
    }
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(told) => of_server(told),
            None => of_driver(&error),
        }
    }
}

fn of_server(told: &tokio_postgres::error::DbError) -> Trouble {
    // Detail and hint may hold what people entered; message and constraint name do not.
    let constraint = told.constraint().map(|name| format!(", {name}")).unwrap_or_default();
    let text = format!("{} ({}{constraint})", told.message(), told.code().code());
    if told.parsed_severity() != Some(Severity::Error) {
        return Trouble::Lost(DbError::Unavailable(text));
    }
    let code = told.code();
    match code.code().get(..2).unwrap_or_default() {
        _ if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED => {
            Trouble::Again(DbError::Unavailable(text))
        }
        _ if *code == SqlState::IN_FAILED_SQL_TRANSACTION => Trouble::Aborted,
        // A server that became a standby, or a pooler that has given this session to another one.
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION || *code == SqlState::INVALID_SQL_STATEMENT_NAME => {
            Trouble::Lost(DbError::Unavailable(text))
        }
        // A table or column that is away, as on SQLite: somebody is at the schema.
        _ if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::UNDEFINED_COLUMN => {
            Trouble::Refused(DbError::Unavailable(text))
        }
        "23" => Trouble::Refused(DbError::Constraint(text)),
        // Connections, resources, operator's doing, the system; a lock that was waited for too long.
        "08" | "53" | "55" | "57" | "58" => Trouble::Refused(DbError::Unavailable(text)),
        _ => Trouble::Refused(DbError::Inconsistent(text)),
    }
}

fn of_driver(error: &tokio_postgres::Error) -> Trouble {
    let text = chain(error);
    let ours = ["error serializing parameter", "error deserializing column", "expected "];
    if ours.iter().any(|start| text.starts_with(start)) {
        return Trouble::Refused(DbError::Inconsistent(text));
    }
    Trouble::Lost(DbError::Unavailable(format!("PostgreSQL: {text}")))
}

/// An error with its causes, as one line. The server's own words come without detail and hint.
pub(super) fn chain(error: &tokio_postgres::Error) -> String {
    if let Some(told) = error.as_db_error() {
        return told.message().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

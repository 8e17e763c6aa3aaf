//! Why an actor could not do what is nobody's mistake to ask.

use super::supervise::Fault;
use super::writer::WriteError;
use crate::db::DbError;
use crate::db::kv::KvError;

/// A failure of the server itself.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// Full, stopping, or a store that is away: trying again later is right.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A fault of ours; the operator finds the cause in the log.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Panicked => Self::Internal(fault.to_string()),
            _ => Self::Unavailable(fault.to_string()),
        }
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Unknown => Self::Unavailable(error.to_string()),
            _ => Self::Internal(error.to_string()),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Fault(fault) => fault.into(),
            WriteError::Db(error) => error.into(),
        }
    }
}

impl From<KvError> for Failure {
    fn from(error: KvError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

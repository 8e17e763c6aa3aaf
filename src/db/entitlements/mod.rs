//! The ledger: payments, users, revocations, and the one row that orders all changes.

pub mod import;
pub mod notifications;
pub mod payments;
pub mod report;
pub mod revocations;
pub mod runtime;
pub mod sweep;
pub mod user_errors;
pub mod users;

#[cfg(test)]
mod tests;

use super::error::DbError;
use super::value::{Row, Value};
use crate::domain::clock::Timestamp;

fn time(row: &Row, index: usize) -> Result<Timestamp, DbError> {
    row.integer(index).map(Timestamp::from_millis)
}

fn optional_time(row: &Row, index: usize) -> Result<Option<Timestamp>, DbError> {
    Ok(row.optional_integer(index)?.map(Timestamp::from_millis))
}

fn flag(value: bool) -> Value {
    Value::Integer(i64::from(value))
}

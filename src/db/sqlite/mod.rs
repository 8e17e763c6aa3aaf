//! SQLite: one write connection, and as many read connections as threads read at once.

mod open;
mod reader;
mod schema;
mod writer;

pub use open::{FileLock, Location, connect};
pub use reader::Readers;
pub(super) use schema::{look, migrate};
pub use writer::WriteConnection;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode};

use super::error::DbError;
use super::statement::Statement;
use super::value::{Row, Value};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Runs a statement on a connection and collects its rows.
pub(super) fn query(connection: &Connection, statement: &Statement) -> Result<Vec<Row>, DbError> {
    let mut prepared = connection.prepare_cached(statement.sql).map_err(failed)?;
    // SQLite takes `$2` for a name and numbers names by first appearance; binding by name keeps `$n` meaning the n-th.
    for (index, value) in statement.parameters.iter().enumerate() {
        let slot = prepared
            .parameter_index(PARAMETER_NAMES.get(index).copied().unwrap_or("$?"))
            .map_err(failed)?
            .ok_or_else(|| DbError::Inconsistent(format!("the statement has no parameter ${}", index + 1)))?;
        prepared.raw_bind_parameter(slot, value).map_err(failed)?;
    }
    let width = prepared.column_count();
    let mut rows = prepared.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let values = (0..width)
            .map(|column| value_at(row, column))
            .collect::<Result<_, _>>()?;
        found.push(Row(values));
    }
    Ok(found)
}

/// The names of positional parameters; no statement has more.
const PARAMETER_NAMES: [&str; 24] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$16", "$17",
    "$18", "$19", "$20", "$21", "$22", "$23", "$24",
];

pub(super) fn value_at(row: &rusqlite::Row<'_>, column: usize) -> Result<Value, DbError> {
    match row.get_ref(column).map_err(failed)? {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(value) => Ok(Value::Integer(value)),
        ValueRef::Text(text) => String::from_utf8(text.to_vec())
            .map(Value::Text)
            .map_err(|_| DbError::Inconsistent(format!("column {column} is not UTF-8"))),
        ValueRef::Blob(bytes) => Ok(Value::Blob(bytes.to_vec())),
        ValueRef::Real(_) => Err(DbError::Inconsistent(format!("column {column} holds a fraction"))),
    }
}

/// SQLite's error in the store's own words.
fn failed(error: rusqlite::Error) -> DbError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => DbError::Constraint(error.to_string()),
        Some(_) => DbError::Unavailable(error.to_string()),
        None => DbError::Inconsistent(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_bound_by_their_number_not_by_their_place() {
        let connection = Connection::open_in_memory().expect("opens");
        let statement = Statement::new("SELECT $2, $1, $2").bind("first").bind("second");
        let rows = query(&connection, &statement).expect("runs");
        let row = rows.first().expect("one row");
        assert_eq!(
            (
                row.text(0).expect("text"),
                row.text(1).expect("text"),
                row.text(2).expect("text")
            ),
            ("second", "first", "second")
        );
    }

    #[test]
    fn bytes_stay_bytes_where_they_look_like_a_number() {
        let connection = Connection::open_in_memory().expect("opens");
        connection
            .execute_batch("CREATE TABLE t (b BYTEA NOT NULL)")
            .expect("makes the table");
        query(
            &connection,
            &Statement::new("INSERT INTO t (b) VALUES ($1)").bind(b"123".as_slice()),
        )
        .expect("inserts");
        let rows = query(&connection, &Statement::new("SELECT b FROM t")).expect("reads");
        assert_eq!(rows.first().expect("one row").blob(0).expect("bytes"), b"123");
    }
}

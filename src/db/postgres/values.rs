//! Parameters on their way in, columns on their way out, and the statement between them.

use std::error::Error;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::{FromSql, ToSql, Type};

use super::trouble::Trouble;
use crate::db::statement::Statement;
use crate::db::value::{Row, Value};

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        match *kind {
            Type::INT8 => i64::from_sql(kind, raw).map(Self::Integer),
            // A literal in the SQL is an INTEGER here; flags that an expression makes are 0 or 1 as on SQLite.
            Type::INT4 => i32::from_sql(kind, raw).map(|value| Self::Integer(value.into())),
            Type::BOOL => bool::from_sql(kind, raw).map(|value| Self::Integer(value.into())),
            Type::BYTEA => Vec::from_sql(kind, raw).map(Self::Blob),
            _ => String::from_sql(kind, raw).map(Self::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::INT4 | Type::BOOL | Type::BYTEA) || <String as FromSql<'_>>::accepts(kind)
    }
}

/// `value` as the driver takes it, for a parameter of type `kind`.
fn parameter<'v>(value: &'v Value, kind: &Type) -> &'v (dyn ToSql + Sync) {
    match (value, kind) {
        (Value::Integer(value), _) => value,
        (Value::Text(text), _) => text,
        (Value::Blob(bytes), _) => bytes,
        (Value::Null, &Type::INT8) => &None::<i64>,
        (Value::Null, &Type::BYTEA) => &None::<&[u8]>,
        (Value::Null, _) => &None::<&str>,
    }
}

/// Runs a statement that was prepared on this session. It is sent when the future is first polled.
pub(super) async fn run(
    client: &ClientWrapper,
    prepared: &tokio_postgres::Statement,
    statement: &Statement,
) -> Result<Vec<Row>, Trouble> {
    let kinds = prepared.params();
    let parameters: Vec<_> = statement
        .parameters
        .iter()
        .enumerate()
        .map(|(index, value)| parameter(value, kinds.get(index).unwrap_or(&Type::TEXT)))
        .collect();
    let rows = client.query(prepared, &parameters).await?;
    rows.iter().map(read).collect()
}

fn read(row: &tokio_postgres::Row) -> Result<Row, Trouble> {
    let values = (0..row.len()).map(|column| row.try_get(column));
    Ok(Row(values.collect::<Result<_, _>>()?))
}

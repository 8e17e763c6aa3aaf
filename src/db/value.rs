//! What goes into a statement and what comes out of a row, the same for every database.

use super::error::DbError;

/// One parameter or one column. Times are integers (ms since the Unix epoch), flags are 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// `BIGINT`.
    Integer(i64),
    /// `TEXT`; never holds a NUL character, which PostgreSQL refuses.
    Text(String),
    /// `BYTEA`.
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Blob(value.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of a result: its values in the order of the `SELECT` or `RETURNING` list.
#[derive(Clone, Debug)]
pub struct Row(pub(super) Vec<Value>);

impl Row {
    /// A row of `NULL`s, as an outer join gives it.
    #[cfg(test)]
    pub(super) fn nulls(columns: usize) -> Self {
        Self(vec![Value::Null; columns])
    }

    /// The text in column `index`.
    ///
    /// # Errors
    /// [`DbError::Inconsistent`] if there is no such column, or it holds something else.
    pub fn text(&self, index: usize) -> Result<&str, DbError> {
        match self.0.get(index) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(unexpected(index, "text", other)),
        }
    }

    /// The integer in column `index`.
    ///
    /// # Errors
    /// As for [`Row::text`].
    pub fn integer(&self, index: usize) -> Result<i64, DbError> {
        match self.0.get(index) {
            Some(Value::Integer(value)) => Ok(*value),
            other => Err(unexpected(index, "an integer", other)),
        }
    }

    /// The bytes in column `index`.
    ///
    /// # Errors
    /// As for [`Row::text`].
    pub fn blob(&self, index: usize) -> Result<&[u8], DbError> {
        match self.0.get(index) {
            Some(Value::Blob(bytes)) => Ok(bytes),
            other => Err(unexpected(index, "bytes", other)),
        }
    }

    /// The `N` bytes in column `index`.
    ///
    /// # Errors
    /// As for [`Row::text`], and if the length differs.
    pub fn bytes<const N: usize>(&self, index: usize) -> Result<[u8; N], DbError> {
        self.blob(index)?
            .try_into()
            .map_err(|_| DbError::Inconsistent(format!("column {index} does not hold {N} bytes")))
    }

    /// Whatever is in column `index`.
    #[must_use]
    pub fn value(&self, index: usize) -> Option<&Value> {
        self.0.get(index)
    }

    /// Whether column `index` is `NULL` (or not there).
    #[must_use]
    pub fn is_null(&self, index: usize) -> bool {
        matches!(self.0.get(index), None | Some(Value::Null))
    }

    /// The integer in column `index`, or `None` for `NULL`.
    ///
    /// # Errors
    /// As for [`Row::text`].
    pub fn optional_integer(&self, index: usize) -> Result<Option<i64>, DbError> {
        if self.is_null(index) {
            Ok(None)
        } else {
            self.integer(index).map(Some)
        }
    }

    /// The text in column `index`, or `None` for `NULL`.
    ///
    /// # Errors
    /// As for [`Row::text`].
    pub fn optional_text(&self, index: usize) -> Result<Option<&str>, DbError> {
        if self.is_null(index) {
            Ok(None)
        } else {
            self.text(index).map(Some)
        }
    }
}

fn unexpected(index: usize, wanted: &str, found: Option<&Value>) -> DbError {
    // The value itself stays out of the message: it may be personal.
    let found = match found {
        None => "nothing",
        Some(Value::Null) => "NULL",
        Some(Value::Integer(_)) => "an integer",
        Some(Value::Text(_)) => "text",
        Some(Value::Blob(_)) => "bytes",
    };
    DbError::Inconsistent(format!("column {index} should hold {wanted}, found {found}"))
}

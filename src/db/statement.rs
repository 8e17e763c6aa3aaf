//! A statement: SQL that runs on every database, with its parameters.

use super::value::Value;

/// SQL with positional parameters `$1`, `$2`, … in the common part of SQLite and PostgreSQL.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(super) sql: &'static str,
    pub(super) parameters: Vec<Value>,
}

impl Statement {
    /// A statement without parameters yet.
    #[must_use]
    pub const fn new(sql: &'static str) -> Self {
        Self {
            sql,
            parameters: Vec::new(),
        }
    }

    /// Adds the next parameter.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.parameters.push(value.into());
        self
    }
}

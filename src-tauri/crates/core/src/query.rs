use serde::{Deserialize, Serialize};

use crate::Value;

/// The most that one query may bring back. What is beyond is left out, and said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct SqlLimits {
    /// Rows.
    pub rows: u64,
    /// Bytes of all values together, as text.
    pub bytes: u64,
}

impl Default for SqlLimits {
    fn default() -> Self {
        Self { rows: 10_000, bytes: 64 << 20 }
    }
}

/// What a query brought back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct SqlResult {
    /// The columns.
    pub columns: Vec<SqlColumn>,
    /// The rows, each with a value for each column.
    pub rows: Vec<Vec<Value>>,
    /// Whether rows are missing because a limit was reached.
    pub truncated: bool,
}

/// A column of a query's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// Its DuckDB type, such as `BIGINT`.
    pub sql_type: String,
}

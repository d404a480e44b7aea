use braincells_core::{Value, ValueCount};
use duckdb::{Connection, Row};

use super::{count_at, one_count};
use crate::DataError;
use crate::column::StoredColumn;
use crate::compare;
use crate::error::during;
use crate::value::{self, Shape};

/// The different values `v` of the column, what orders them `k`, and how often each is there `n`:
/// made by one scan, and all that needs the single values is counted from it.
pub(super) const GROUPS: &str = "temp.braincells_groups";
pub(super) const ORDER: &str = "k, v";

pub(super) fn group(
    connection: &Connection,
    stored: &StoredColumn,
    condition: &str,
) -> Result<(), DataError> {
    let value = compare::in_row(stored);
    let empty = compare::is_empty(stored, &value);
    let (value, key) = match stored.shape {
        // Pictures need not be held in memory to be told apart.
        Shape::Bytes => (format!("sha256({value})"), "v".to_owned()),
        _ => (value, compare::order(stored, "v")),
    };
    let sql = format!(
        "CREATE TEMP TABLE braincells_groups AS SELECT v, {key} AS k, n FROM ( \
             SELECT {value} AS v, count(*) AS n FROM main.rows r \
             WHERE ({condition}) AND NOT ({empty}) GROUP BY 1)"
    );
    connection.execute_batch(&sql).map_err(during("count the values"))
}

pub(super) fn count_groups(connection: &Connection) -> Result<u64, DataError> {
    one_count(connection, &format!("SELECT count(*) FROM {GROUPS}"))
}

pub(super) fn values(
    connection: &Connection,
    stored: &StoredColumn,
    condition: &str,
    order: &str,
    limit: u32,
) -> Result<Vec<ValueCount>, DataError> {
    let failed = during("count the values");
    let sql = format!(
        "SELECT {}, n FROM {GROUPS} WHERE {condition} ORDER BY {order} LIMIT {limit}",
        stored.shape.select("v")
    );
    let mut statement = connection.prepare(&sql).map_err(&failed)?;
    let read = |row: &Row<'_>| {
        Ok(ValueCount { value: value::read(row, 0, stored.shape)?, count: count_at(row, 1)? })
    };
    statement.query_map([], read).map_err(&failed)?.collect::<Result<_, _>>().map_err(failed)
}

pub(super) fn extreme(
    connection: &Connection,
    stored: &StoredColumn,
    order: &str,
) -> Result<Option<Value>, DataError> {
    Ok(values(connection, stored, "true", order, 1)?.pop().map(|found| found.value))
}

use braincells_core::SheetId;
use duckdb::{Connection, params};

use crate::DataError;
use crate::error::during;

/// The format this version writes, and the newest it reads.
pub(crate) const FORMAT_VERSION: i64 = 1;

/// Columns of `main.rows` that are ours.
pub(crate) const RESERVED: [&str; 2] = ["row_id", "row_order"];

// No keys and no indexes: replaying their entries from a write-ahead log after a kill is the
// part of DuckDB that has failed users. Uniqueness is kept by the one writer instead.
const TABLES: &str = "
CREATE SCHEMA braincells;
CREATE TABLE braincells.meta (
    format_version BIGINT, id VARCHAR, name VARCHAR, created_at_ms BIGINT, changed_at_ms BIGINT,
    next_column_id BIGINT);
CREATE TABLE braincells.columns (
    id BIGINT, position BIGINT, name VARCHAR, physical VARCHAR, kind VARCHAR);
CREATE TABLE braincells.recipes (column_id BIGINT, version BIGINT, recipe JSON, at_ms BIGINT);
CREATE TABLE braincells.runs (
    id BIGINT, column_id BIGINT, recipe_version BIGINT, scope JSON, status VARCHAR,
    rows_total BIGINT, started_at_ms BIGINT, ended_at_ms BIGINT, error VARCHAR);
CREATE TABLE braincells.cell_log (
    seq BIGINT, run_id BIGINT, column_id BIGINT, row_id BIGINT, state VARCHAR, value VARCHAR,
    error_code VARCHAR, error_message VARCHAR, error_hint VARCHAR, model VARCHAR,
    recipe_version BIGINT, prompt_tokens UINTEGER, completion_tokens UINTEGER,
    duration_ms UINTEGER, confidence DOUBLE, cut_off BOOLEAN, reasoning VARCHAR, sources JSON, at_ms BIGINT);
";

/// Makes the `braincells` schema beside `main.rows`, with `columns` (name, physical name) as
/// data columns.
pub(crate) fn create(
    connection: &Connection,
    id: SheetId,
    name: &str,
    columns: &[(String, String)],
    now_ms: i64,
) -> Result<(), DataError> {
    let failed = during("create the sheet");
    connection.execute_batch(TABLES).map_err(&failed)?;
    connection
        .execute(
            "INSERT INTO braincells.meta VALUES (?, ?, ?, ?, ?, ?)",
            params![FORMAT_VERSION, id.to_string(), name, now_ms, now_ms, columns.len() as i64 + 1],
        )
        .map_err(&failed)?;
    let mut appender = connection.appender_to_db("columns", "braincells").map_err(&failed)?;
    for (index, (name, physical)) in columns.iter().enumerate() {
        let number = index as i64 + 1;
        appender.append_row(params![number, number, name, physical, "data"]).map_err(&failed)?;
    }
    appender.flush().map_err(&failed)
}

/// The format of the file, `None` when it has no `braincells` schema.
pub(crate) fn format_version(connection: &Connection) -> Option<i64> {
    connection.query_row("SELECT format_version FROM braincells.meta", [], |row| row.get(0)).ok()
}

use std::path::Path;

use braincells_core::SheetId;
use duckdb::{Connection, params};

use crate::error::during;
use crate::{DataError, recipe};

/// The format this version writes, and the newest it reads.
pub(crate) const FORMAT_VERSION: i64 = 5;

/// Columns of `main.rows` that are ours.
pub(crate) const RESERVED: [&str; 2] = ["row_id", "row_order"];

/// How far apart the order keys of neighbouring rows are in a new sheet: room for rows to be
/// put between them 32 times at the same place before all keys are dealt out anew.
pub(crate) const ORDER_GAP: i64 = 1 << 32;

// No keys and no indexes: replaying their entries from a write-ahead log after a kill is the
// part of DuckDB that has failed users. Uniqueness is kept by the one writer instead.
const TABLES: &str = "
CREATE SCHEMA braincells;
CREATE TABLE braincells.meta (
    format_version BIGINT, id VARCHAR, name VARCHAR, created_at_ms BIGINT, changed_at_ms BIGINT,
    next_column_id BIGINT, next_row_id BIGINT, local_only BOOLEAN);
CREATE TABLE braincells.columns (
    id BIGINT, position BIGINT, name VARCHAR, physical VARCHAR, kind VARCHAR,
    recipe_version BIGINT, hidden BOOLEAN, width_px UINTEGER);
CREATE TABLE braincells.recipes (
    column_id BIGINT, version BIGINT, recipe JSON, at_ms BIGINT, inputs JSON);
CREATE TABLE braincells.runs (
    id BIGINT, column_id BIGINT, recipe_version BIGINT, scope JSON, status VARCHAR,
    rows_total BIGINT, started_at_ms BIGINT, ended_at_ms BIGINT, error VARCHAR,
    spent_usd DOUBLE, spent_tokens BIGINT, spent_answers BIGINT);
CREATE TABLE braincells.cell_log (
    seq BIGINT, run_id BIGINT, column_id BIGINT, row_id BIGINT, state VARCHAR, value VARCHAR,
    error_code VARCHAR, error_message VARCHAR, error_hint VARCHAR, model VARCHAR,
    recipe_version BIGINT, prompt_tokens UINTEGER, completion_tokens UINTEGER,
    duration_ms UINTEGER, confidence DOUBLE, cut_off BOOLEAN, reasoning VARCHAR, sources JSON,
    at_ms BIGINT, step_id BIGINT, cached BOOLEAN, label_scores DOUBLE[], calibration_id BIGINT,
    cost_usd DOUBLE);
";

/// How the labels of cells were calibrated. An entry of the log names its own, so that it stays
/// what it was whatever is done later; a run has at most one.
const CALIBRATIONS: &str = "
CREATE TABLE braincells.calibrations (
    id BIGINT, column_id BIGINT, run_id BIGINT, at_ms BIGINT, calibration JSON);
";

/// What undo needs. A step's cells are its entries in the log; its rows are in `row_moves`, where
/// an inserted row has no order before and a removed one none after; what a removed row held is
/// in `removed_rows`, which has the columns of `main.rows` and the step. What a run showed to the
/// model as examples is in `shown_examples`, under the run's step, so that prompts can be told. A discarded step was
/// undone when another was taken, so that it stays undone for ever.
const STEP_TABLES: &str = "
CREATE TABLE braincells.steps (
    id BIGINT, name VARCHAR, at_ms BIGINT, undone BOOLEAN, discarded BOOLEAN, change JSON);
CREATE TABLE braincells.row_moves (
    step_id BIGINT, row_id BIGINT, order_before BIGINT, order_after BIGINT);
CREATE TABLE braincells.shown_examples (step_id BIGINT, examples JSON);
CREATE TABLE braincells.removed_rows AS
    SELECT CAST(0 AS BIGINT) AS step_id, * FROM main.rows LIMIT 0;
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
    connection.execute_batch(STEP_TABLES).map_err(&failed)?;
    connection.execute_batch(CALIBRATIONS).map_err(&failed)?;
    connection
        .execute(
            "INSERT INTO braincells.meta VALUES (?, ?, ?, ?, ?, ?, \
             (SELECT coalesce(max(row_id), 0) + 1 FROM main.rows), false)",
            params![FORMAT_VERSION, id.to_string(), name, now_ms, now_ms, columns.len() as i64 + 1],
        )
        .map_err(&failed)?;
    let mut appender = connection.appender_to_db("columns", "braincells").map_err(&failed)?;
    for (index, (name, physical)) in columns.iter().enumerate() {
        let number = index as i64 + 1;
        let (version, width): (Option<i64>, Option<u32>) = (None, None);
        appender
            .append_row(params![number, number, name, physical, "data", version, false, width])
            .map_err(&failed)?;
    }
    appender.flush().map_err(&failed)
}

/// Sets whether anything of the sheet may leave this machine.
pub(crate) fn set_local_only(connection: &Connection, local_only: bool) -> Result<(), DataError> {
    connection
        .execute("UPDATE braincells.meta SET local_only = ?", [local_only])
        .map(drop)
        .map_err(during("set whether the sheet stays on this machine"))
}

/// Checks the format of an open file and brings an older one up to date, in one transaction.
pub(crate) fn check_format(connection: &Connection, path: &Path) -> Result<(), DataError> {
    let path = path.to_path_buf();
    let Some(found) = format_version(connection) else {
        let reason = "it has no `braincells` tables".to_owned();
        return Err(DataError::NotASheet { path, reason });
    };
    if found > FORMAT_VERSION {
        return Err(DataError::NewerFormat { path, found, supported: FORMAT_VERSION });
    }
    if found < FORMAT_VERSION {
        let failed = during("bring the sheet's format up to date");
        let transaction = connection.unchecked_transaction().map_err(&failed)?;
        if found < 2 {
            connection.execute_batch(&from_version_1()).map_err(&failed)?;
            connection.execute_batch(STEP_TABLES).map_err(&failed)?;
            recipe::note_inputs(connection)?;
        }
        if found < 3 {
            connection.execute_batch(FROM_VERSION_2).map_err(&failed)?;
            connection.execute_batch(CALIBRATIONS).map_err(&failed)?;
        }
        if found < 4 {
            connection.execute_batch(FROM_VERSION_3).map_err(&failed)?;
        }
        connection.execute_batch(FROM_VERSION_4).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        connection.execute_batch("CHECKPOINT").map_err(&failed)?;
    }
    Ok(())
}

/// Version 5 brought what runs took of a provider, apart from their cells.
const FROM_VERSION_4: &str = "
    UPDATE braincells.meta SET format_version = 5;
    ALTER TABLE braincells.runs ADD COLUMN spent_usd DOUBLE;
    ALTER TABLE braincells.runs ADD COLUMN spent_tokens BIGINT;
    ALTER TABLE braincells.runs ADD COLUMN spent_answers BIGINT;
";

/// Version 4 brought what cells cost, and sheets that stay on this machine.
const FROM_VERSION_3: &str = "
    ALTER TABLE braincells.meta ADD COLUMN local_only BOOLEAN;
    UPDATE braincells.meta SET format_version = 4, local_only = false;
    ALTER TABLE braincells.cell_log ADD COLUMN cost_usd DOUBLE;
";

/// Version 3 brought label scores and calibrations.
const FROM_VERSION_2: &str = "
    UPDATE braincells.meta SET format_version = 3;
    ALTER TABLE braincells.cell_log ADD COLUMN label_scores DOUBLE[];
    ALTER TABLE braincells.cell_log ADD COLUMN calibration_id BIGINT;
";

/// Version 2 brought steps, and room between rows.
fn from_version_1() -> String {
    format!(
        "ALTER TABLE braincells.meta ADD COLUMN next_row_id BIGINT;
         UPDATE braincells.meta SET format_version = 2,
             next_row_id = (SELECT coalesce(max(row_id), 0) + 1 FROM main.rows);
         ALTER TABLE braincells.columns ADD COLUMN recipe_version BIGINT;
         ALTER TABLE braincells.columns ADD COLUMN hidden BOOLEAN;
         ALTER TABLE braincells.columns ADD COLUMN width_px UINTEGER;
         UPDATE braincells.columns SET hidden = false, recipe_version = (
             SELECT max(version) FROM braincells.recipes r WHERE r.column_id = columns.id);
         ALTER TABLE braincells.cell_log ADD COLUMN step_id BIGINT;
         ALTER TABLE braincells.cell_log ADD COLUMN cached BOOLEAN;
         UPDATE braincells.cell_log SET step_id = 0, cached = false;
         ALTER TABLE braincells.recipes ADD COLUMN inputs JSON;
         UPDATE main.rows SET row_order = row_order * {ORDER_GAP};"
    )
}

/// The format of the file, if it is older than the one this version writes.
pub(crate) fn older_version(connection: &Connection) -> Option<i64> {
    format_version(connection).filter(|version| *version < FORMAT_VERSION)
}

/// The format of the file, `None` when it has no `braincells` schema.
pub(crate) fn format_version(connection: &Connection) -> Option<i64> {
    connection.query_row("SELECT format_version FROM braincells.meta", [], |row| row.get(0)).ok()
}

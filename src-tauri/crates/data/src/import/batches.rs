//! Formats that DuckDB does not read: rows come as batches, are kept in a temporary table for a
//! while, and go from there into the sheet as the rows of any other format do.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ::arrow::array::{RecordBatch, UInt64Array};
use ::arrow::compute::take_record_batch;
use duckdb::Connection;

use super::choice::Choice;
use super::column::{Fitted, SourceColumn, does_not_fit};
use super::probe::{Probed, unusable};
use super::source::Input;
use super::watch::going_on;
use crate::DataError;
use crate::error::during;
use crate::sql::identifier;

/// The temporary table, as SQL names it.
pub(super) const STAGED: &str = "temp.main.staged";
/// How much is staged at once: as many rows as DuckDB stores together, unless they are large.
const STAGED_ROWS: usize = 122_880;
const STAGED_BYTES: usize = 64 << 20;

/// What is done with a batch; says whether more are wanted.
pub(super) type Take<'a> = &'a mut dyn FnMut(RecordBatch) -> Result<bool, DataError>;

/// A file that gives its rows as batches.
pub(super) trait BatchReader {
    /// How many rows it has.
    fn count(&mut self) -> Result<u64, DataError>;

    /// Gives all batches in order, from the first, until one is the last that is wanted.
    fn read(&mut self, take: Take<'_>) -> Result<(), DataError>;
}

/// Reads a file in one go: the chosen rows are staged, and `store` is called whenever enough have
/// come together, and once at the end. Returns how many were stored.
pub(super) fn load(
    input: Input<'_>,
    columns: &[SourceColumn],
    reader: &mut dyn BatchReader,
    choice: &Choice,
    store: impl Fn() -> duckdb::Result<()>,
) -> Result<u64, DataError> {
    let (connection, probed) = (input.connection, input.probed);
    let mut stored = 0_u64;
    let mut read = 0_u64;
    let (mut staged_rows, mut staged_bytes) = (0, 0);
    let put =
        |before: u64| store().map_err(|error| misfit(connection, probed, columns, before, &error));
    create_stage(connection, columns)?;
    contained(probed, || {
        reader.read(&mut |batch| {
            going_on(input.cancelled)?;
            let start = read;
            read += batch.num_rows() as u64;
            let batch = chosen(&batch, choice, start)?;
            staged_rows += batch.num_rows();
            staged_bytes += batch.get_array_memory_size();
            stage(connection, probed, batch)?;
            if staged_rows >= STAGED_ROWS || staged_bytes >= STAGED_BYTES {
                put(stored)?;
                stored += staged_rows as u64;
                (staged_rows, staged_bytes) = (0, 0);
                create_stage(connection, columns)?;
            }
            Ok(!choice.is_complete(read))
        })
    })?;
    put(stored)?;
    Ok(stored + staged_rows as u64)
}

/// Runs code that reads foreign bytes, so that a defect in a parser is an error about the file.
pub(super) fn contained<T>(
    probed: &Probed,
    work: impl FnOnce() -> Result<T, DataError>,
) -> Result<T, DataError> {
    // What the closure holds is dropped or overwritten with the unfinished import.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(damaged(probed, "")))
}

/// The error for a file whose inside is not as its format wants it.
pub(super) fn damaged(probed: &Probed, said: &str) -> DataError {
    let said = said.lines().next().unwrap_or_default();
    let reason =
        if said.is_empty() { "it is damaged".to_owned() } else { format!("it is damaged: {said}") };
    unusable(&probed.named, reason, "get the file again, or save it anew with its program")
}

fn create_stage(connection: &Connection, columns: &[SourceColumn]) -> Result<(), DataError> {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| format!("{} {}", identifier(&column.name), column.sql_type))
        .collect();
    connection
        .execute_batch(&format!("CREATE OR REPLACE TEMP TABLE {STAGED} ({})", columns.join(", ")))
        .map_err(during("make room for rows"))
}

fn chosen(batch: &RecordBatch, choice: &Choice, start: u64) -> Result<RecordBatch, DataError> {
    let Some(indices) = choice.within(start, batch.num_rows()) else { return Ok(batch.clone()) };
    take_record_batch(batch, &UInt64Array::from(indices))
        .map_err(|error| DataError::database("choose rows", &error.to_string()))
}

fn stage(connection: &Connection, probed: &Probed, batch: RecordBatch) -> Result<(), DataError> {
    if batch.num_rows() == 0 {
        return Ok(());
    }
    let failed = |error: duckdb::Error| {
        let said = error.to_string();
        match DataError::database("import the file", &said) {
            DataError::Database { .. } => damaged(probed, &said),
            error => error,
        }
    };
    let mut appender =
        connection.appender_to_catalog_and_db("staged", "temp", "main").map_err(failed)?;
    appender.append_record_batch(batch).map_err(failed)?;
    appender.flush().map_err(failed)
}

/// Names the row and the value that do not fit a type which a person asked for.
fn misfit(
    connection: &Connection,
    probed: &Probed,
    columns: &[SourceColumn],
    before: u64,
    error: &duckdb::Error,
) -> DataError {
    let found = columns.iter().find_map(|column| {
        let (row, value) = find_misfit(connection, STAGED, column)?;
        Some(does_not_fit(probed, before + row, column, &value))
    });
    found.unwrap_or_else(|| DataError::database("import the file", &error.to_string()))
}

/// The first row, from 1, of which the column's value cannot become the type asked for.
pub(super) fn find_misfit(
    connection: &Connection,
    from: &str,
    column: &SourceColumn,
) -> Option<(u64, String)> {
    let Fitted { there, text, value } = column.fitted(column.cast?);
    let sql = format!(
        "SELECT row, text FROM (SELECT row_number() OVER () AS row, {text} AS text, \
         {there} AND {value} IS NULL AS bad FROM {from} AS src) \
         WHERE bad ORDER BY row LIMIT 1"
    );
    connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).ok()
}

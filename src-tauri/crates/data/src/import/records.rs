//! Formats whose records name their fields and that DuckDB reads: JSON, JSON lines, Parquet.

use duckdb::Connection;

use super::column::SourceColumn;
use super::probe::Probed;
use super::source::{Input, Rows, Scan, Source, refused};
use crate::DataError;
use crate::database::text;
use crate::sql::{file_pattern, literal};

/// Options for one reading of a JSON file, weakest first. Wanted is one column for each key; a
/// file whose records share few keys gives that only when DuckDB is told to accept rare ones.
const JSON_OPTIONS: [&str; 2] = ["", ", field_appearance_threshold = 0"];

pub(super) fn plan_json(input: Input<'_>) -> Result<Source, DataError> {
    // A `.json` file often is JSON lines, so the extension does not decide. Maps are not
    // inferred: they would swallow the columns of records that differ much.
    let probed = input.probed;
    let file = literal(&file_pattern(text(&probed.path)?));
    let sample = input.sample_rows.map_or(-1, |rows| rows as i64);
    let mut largest = String::new();
    let mut options = JSON_OPTIONS.into_iter();
    let mut option = options.next().unwrap_or_default();
    loop {
        let from = format!(
            "read_json({file}, format = 'auto', sample_size = {sample}, \
             hive_partitioning = false, map_inference_threshold = -1{option}{largest})"
        );
        match describe(input.connection, &from) {
            Ok(columns) => {
                let whole = matches!(columns.as_slice(), [(name, kind)]
                    if name == "json" && kind == "JSON");
                match options.next() {
                    Some(next) if whole => option = next,
                    _ => return Ok(source(from, columns)),
                }
            }
            Err(error) => {
                let said = error.to_string();
                if !said.contains("maximum_object_size") || !largest.is_empty() {
                    return Err(refused(probed, &said));
                }
                largest = format!(", maximum_object_size = {}", probed.size_bytes.max(1 << 24));
            }
        }
    }
}

pub(super) fn plan_parquet(input: Input<'_>) -> Result<Source, DataError> {
    let probed: &Probed = input.probed;
    let file = literal(&file_pattern(text(&probed.path)?));
    let from = format!("read_parquet({file}, hive_partitioning = false)");
    let columns =
        describe(input.connection, &from).map_err(|error| refused(probed, &error.to_string()))?;
    Ok(source(from, columns))
}

fn source(from: String, columns: Vec<(String, String)>) -> Source {
    let titled = |(name, sql_type)| SourceColumn::titled(name, sql_type);
    Source {
        columns: columns.into_iter().map(titled).collect(),
        rows: Rows::Scan(Scan { from, retyped: None, expected_rows: None }),
        dialect: None,
        tables: Vec::new(),
        table: None,
    }
}

/// The names and types of what a table function gives.
fn describe(connection: &Connection, from: &str) -> duckdb::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare(&format!("DESCRIBE SELECT * FROM {from}"))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

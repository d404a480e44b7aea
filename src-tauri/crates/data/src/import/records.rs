//! Formats whose records name their fields: JSON, JSON lines, Parquet.

use duckdb::Connection;

use super::probe::Probed;
use super::source::{Source, refused};
use crate::DataError;
use crate::database::text;
use crate::sql::{file_pattern, literal};

/// Options for one reading of a JSON file, weakest first. Wanted is one column for each key; a
/// file whose records share few keys gives that only when DuckDB is told to accept rare ones.
const JSON_OPTIONS: [&str; 2] = ["", ", field_appearance_threshold = 0"];

pub(super) fn plan_json(connection: &Connection, probed: &Probed) -> Result<Source, DataError> {
    // A `.json` file often is JSON lines, so the extension does not decide. Maps are not
    // inferred: they would swallow the columns of records that differ much.
    let file = literal(&file_pattern(text(&probed.path)?));
    let mut largest = String::new();
    let mut options = JSON_OPTIONS.into_iter();
    let mut option = options.next().unwrap_or_default();
    loop {
        let from = format!(
            "read_json({file}, format = 'auto', sample_size = -1, hive_partitioning = false, \
             map_inference_threshold = -1{option}{largest})"
        );
        match describe(connection, &from) {
            Ok(columns) => {
                let whole = matches!(columns.as_slice(), [(name, kind)]
                    if name == "json" && kind == "JSON");
                match options.next() {
                    Some(next) if whole => option = next,
                    _ => return Ok(source(probed, from, columns)),
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

pub(super) fn plan_parquet(connection: &Connection, probed: &Probed) -> Result<Source, DataError> {
    let file = literal(&file_pattern(text(&probed.path)?));
    let from = format!("read_parquet({file}, hive_partitioning = false)");
    let columns =
        describe(connection, &from).map_err(|error| refused(probed, &error.to_string()))?;
    Ok(source(probed, from, columns))
}

fn source(probed: &Probed, from: String, columns: Vec<(String, String)>) -> Source {
    Source {
        probed: probed.clone(),
        from,
        as_text: None,
        delimiter: None,
        columns: columns.into_iter().map(|(name, _)| name).collect(),
        expected_rows: None,
    }
}

/// The names and types of what a table function gives.
fn describe(connection: &Connection, from: &str) -> duckdb::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare(&format!("DESCRIBE SELECT * FROM {from}"))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

use duckdb::Connection;

use super::probe::{Probed, unusable};
use super::{csv, records};
use crate::{DataError, Format};

/// How DuckDB reads a file.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) probed: Probed,
    /// The table function with its options.
    pub(super) from: String,
    /// To be tried when a value does not convert: the same with every column as text.
    pub(super) as_text: Option<String>,
    /// What separates the values of a line, in formats that have lines.
    pub(super) delimiter: Option<u8>,
    /// The columns it gives, in order.
    pub(super) columns: Vec<String>,
    /// How many rows it must give, where that is known otherwise.
    pub(super) expected_rows: Option<u64>,
}

/// Finds out how to read a file.
pub(super) fn plan(connection: &Connection, probed: &Probed) -> Result<Source, DataError> {
    match probed.format {
        Format::Csv | Format::Tsv => csv::plan(connection, probed),
        Format::Json | Format::Jsonl => records::plan_json(connection, probed),
        Format::Parquet => records::plan_parquet(connection, probed),
    }
}

impl Source {
    /// Makes `main.rows` of the file: `select` is the list of its columns, over `src`.
    pub(super) fn create(&self, connection: &Connection, select: &str) -> Result<(), DataError> {
        let make = |from: &str| {
            connection.execute_batch(&format!(
                "CREATE TABLE main.rows AS SELECT {select} FROM {from} AS src"
            ))
        };
        let result = match (make(&self.from), &self.as_text) {
            (Err(error), Some(as_text)) if is_conversion(&error) => make(as_text),
            (result, _) => result,
        };
        result.map_err(|error| match self.delimiter {
            Some(_) => csv::explain(&self.probed, self.delimiter, &error.to_string()),
            None => refused(&self.probed, &error.to_string()),
        })
    }

    /// Checks the number of rows that came in, and returns it.
    pub(super) fn check_rows(&self, rows: u64) -> Result<u64, DataError> {
        let path = &self.probed.path;
        match self.expected_rows {
            Some(expected) if expected != rows => Err(unusable(
                path,
                format!("only {rows} of its {expected} rows can be read"),
                "save it again as plain CSV with one kind of line end",
            )),
            _ if rows == 0 && matches!(self.probed.format, Format::Json | Format::Jsonl) => {
                Err(unusable(path, "it has no rows", "choose a file with data in it"))
            }
            _ => Ok(rows),
        }
    }
}

fn is_conversion(error: &duckdb::Error) -> bool {
    let text = error.to_string();
    text.starts_with("Conversion Error") || text.contains("Error when converting column")
}

/// What DuckDB said about a file, in one line, unless it is about the machine.
pub(super) fn refused(probed: &Probed, text: &str) -> DataError {
    let path = &probed.path;
    if text.contains("not utf-8 encoded") || text.contains("Invalid unicode") {
        let hint = "save it as UTF-8";
        return unusable(path, "its text is not UTF-8", hint);
    }
    let error = DataError::database("import the file", text);
    let DataError::Database { reason, .. } = &error else { return error };
    let named = path.to_str().unwrap_or_default();
    for kind in ["Invalid Input Error: ", "Conversion Error: ", "Binder Error: ", "IO Error: "] {
        if let Some(reason) = reason.strip_prefix(kind)
            && (kind != "IO Error: " || reason.contains(named))
        {
            let reason = reason.replace(&format!(" in file \"{named}\""), "");
            let reason = reason.trim_end_matches(['.', ' ', ':']);
            return unusable(path, reason, "check that the file is whole and of this format");
        }
    }
    error
}

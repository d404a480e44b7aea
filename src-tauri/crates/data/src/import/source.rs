use std::sync::atomic::AtomicBool;

use duckdb::Connection;

use super::batches::BatchReader;
use super::column::{SourceColumn, shown};
use super::options::{ImportOptions, RowSelection};
use super::probe::{Probed, unusable};
use super::{arrow, csv, records, workbook};
use crate::column::sql_type_of;
use crate::{DataError, Format};

/// How many rows tell the types of a file most of the time; as many as DuckDB takes by default.
pub(super) const SAMPLE_ROWS: u64 = 20_480;

/// A file, how a person wants it read, and the connection that reads it.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) connection: &'a Connection,
    pub(super) probed: &'a Probed,
    pub(super) options: &'a ImportOptions,
    /// How many rows types are found from; all of them without it.
    pub(super) sample_rows: Option<u64>,
    /// Whether more may come in than the sample tells of: every value is then checked on its way,
    /// and what does not fit, very long lines too, ends this reading and begins a patient one.
    pub(super) checked: bool,
    pub(super) cancelled: &'a AtomicBool,
}

impl Input<'_> {
    /// How many rows to look at for the types: no more than come in, but enough to tell.
    pub(super) fn sample_for(rows: RowSelection) -> Option<u64> {
        match rows {
            RowSelection::First { count } => Some(count.max(SAMPLE_ROWS)),
            RowSelection::All | RowSelection::Random { .. } => None,
        }
    }

    /// The same with types from a sample, where that takes less time: DuckDB needs several times
    /// as long to look at all values as to read them, and longer for lines that may be long.
    pub(super) fn sampled(self) -> Option<Self> {
        const WORTH_IT_BYTES: u64 = 4 << 20;
        let large = self.probed.size_bytes > WORTH_IT_BYTES;
        let sample_rows = Some(self.sample_rows.unwrap_or(SAMPLE_ROWS));
        let sampled = Self { sample_rows, checked: true, ..self };
        (large && self.probed.format.is_delimited()).then_some(sampled)
    }

    /// Whether every row that comes in is in the sample.
    pub(super) fn sample_is_all(&self) -> bool {
        matches!(self.options.rows, RowSelection::First { .. })
    }
}

/// How a file is read.
pub(super) struct Source {
    pub(super) columns: Vec<SourceColumn>,
    pub(super) rows: Rows,
    /// In CSV and TSV, what was found or asked for.
    pub(super) dialect: Option<super::preview::Dialect>,
    /// In workbooks, the names of all sheets.
    pub(super) tables: Vec<String>,
    /// In workbooks, the one that is read.
    pub(super) table: Option<String>,
}

/// Where the rows come from.
pub(super) enum Rows {
    /// DuckDB reads them itself.
    Scan(Scan),
    /// They are read here and handed to DuckDB.
    Batches(Box<dyn BatchReader>),
}

/// A table function of DuckDB that gives the rows of a file.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// The table function with its options.
    pub(super) from: String,
    /// The same with other types, where types are read from text.
    pub(super) retyped: Option<csv::Reading>,
    /// How many rows it must give, where that is known otherwise.
    pub(super) expected_rows: Option<u64>,
}

/// Finds out how to read a file.
pub(super) fn plan(input: Input<'_>) -> Result<Source, DataError> {
    let mut source = match input.probed.format {
        Format::Csv | Format::Tsv => csv::plan(input)?,
        Format::Json | Format::Jsonl => records::plan_json(input)?,
        Format::Parquet => records::plan_parquet(input)?,
        Format::Arrow => arrow::plan(input)?,
        Format::Xlsx | Format::Xls | Format::Ods => workbook::plan(input)?,
    };
    let names = shown(source.columns.iter().map(|column| column.title.as_str()));
    input.options.check_types(&names)?;
    for (column, name) in source.columns.iter_mut().zip(names) {
        if let Some(word) = input.options.type_of(&name) {
            column.cast = Some(word).filter(|word| sql_type_of(*word) != column.sql_type);
        }
        column.title = name;
    }
    Ok(source)
}

impl Scan {
    /// Runs `make` on what the rows are selected from. Where a value does not convert to the type
    /// that was found for its column, the column becomes text and `make` runs once more.
    pub(super) fn try_each<T>(
        &mut self,
        probed: &Probed,
        columns: &mut [SourceColumn],
        make: impl Fn(&str) -> duckdb::Result<T>,
    ) -> Result<T, DataError> {
        /// More often than this, the types that were found are worth nothing.
        const TRIES: u32 = 20;
        let mut tries = 0;
        loop {
            let said = match make(&self.from) {
                Ok(result) => return Ok(result),
                Err(error) => error.to_string(),
            };
            tries += 1;
            let Some(reading) = &mut self.retyped else { return Err(refused(probed, &said)) };
            let name = unconverted(&said);
            let failed =
                name.and_then(|name| columns.iter_mut().find(|column| column.name == name));
            match failed {
                Some(column) if tries < TRIES => reading.make_text(&column.name),
                Some(_) if tries == TRIES => reading.make_all_text(),
                _ => return Err(csv::explain(probed, Some(reading.separators), &said)),
            }
            reading.tell_types(columns);
            self.from = reading.from();
        }
    }

    /// Checks the number of rows that a file gave.
    pub(super) fn check_rows(&self, probed: &Probed, rows: u64) -> Result<(), DataError> {
        match self.expected_rows {
            Some(expected) if expected != rows => Err(unusable(
                &probed.named,
                format!("only {rows} of its {expected} rows can be read"),
                "save it again as plain CSV with one kind of line end",
            )),
            _ if rows == 0 && matches!(probed.format, Format::Json | Format::Jsonl) => {
                Err(no_rows(probed))
            }
            _ => Ok(()),
        }
    }
}

fn no_rows(probed: &Probed) -> DataError {
    unusable(&probed.named, "it has no rows", "choose a file with data in it")
}

/// The column of which a value did not convert.
fn unconverted(said: &str) -> Option<&str> {
    between(said, "Error when converting column \"", "\". ")
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

/// What DuckDB said about a file, in one line, unless it is about the machine.
pub(super) fn refused(probed: &Probed, text: &str) -> DataError {
    let named = &probed.named;
    if text.contains("not utf-8 encoded") || text.contains("Invalid unicode") {
        let hint = "save it as UTF-8, or name its encoding, such as `--encoding latin-1`";
        return unusable(named, "its text is not UTF-8", hint);
    }
    let error = DataError::database("import the file", text);
    let DataError::Database { reason, .. } = &error else { return error };
    let read = probed.path.to_str().unwrap_or_default();
    for kind in ["Invalid Input Error: ", "Conversion Error: ", "Binder Error: ", "IO Error: "] {
        if let Some(reason) = reason.strip_prefix(kind)
            && (kind != "IO Error: " || reason.contains(read))
        {
            let reason = reason.replace(&format!(" in file \"{read}\""), "");
            let reason = reason.trim_end_matches(['.', ' ', ':']);
            return unusable(named, reason, "check that the file is whole and of this format");
        }
    }
    error
}

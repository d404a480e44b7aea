use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use braincells_core::{ColumnId, RowId, ValueType};
use duckdb::Connection;

use crate::column::StoredColumn;
use crate::database::text;
use crate::error::during;
use crate::sheet::{SheetStore, export_folder};
use crate::sql::{identifier, literal};
use crate::value::Shape;
use crate::watch::interruptible;
use crate::{DataError, Format};

mod arrow;
mod target;
mod workbook;

use target::{Scratch, Target};

pub use target::{write_file, write_file_with};

/// What to export, and where to.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The file; one that exists is replaced.
    pub path: PathBuf,
    /// Its format.
    pub format: Format,
    /// Which columns, in this order; all in display order by default.
    pub columns: Option<Vec<ColumnId>>,
    /// Which rows, in this order; all in sheet order by default.
    pub rows: Option<Vec<RowId>>,
    /// Keep spreadsheets from running text as a formula.
    pub neutralise_formulas: bool,
}

impl SheetStore {
    /// Writes rows of the sheet to a file, and returns how many. Setting `cancelled` stops it with
    /// [`DataError::Cancelled`].
    ///
    /// Parquet and Arrow keep the native types; 128-bit integers become decimals or text, which
    /// they lack. The text formats hold lists, structs and JSON as JSON and bytes as base64; JSON
    /// has `null` for numbers that are not finite. A workbook holds numbers, booleans, dates and
    /// times as such where it can hold them exactly, and everything else as text; a text that is
    /// too long for it, or a sheet that is too large, is an error. The file appears whole or, on
    /// an error, not at all.
    ///
    /// A spreadsheet runs text that begins with `=`, `+`, `-`, `@`, tab or carriage return. To
    /// neutralise it, CSV and TSV put an apostrophe before it, and one more before text that
    /// begins so behind apostrophes of its own: an import that takes one back gives the same text
    /// again. In a workbook text is no formula, whatever it begins with; it is only marked as
    /// text, so that editing it does not turn it into one.
    pub fn export(
        &self,
        request: &ExportRequest,
        cancelled: &AtomicBool,
    ) -> Result<u64, DataError> {
        let columns = match &request.columns {
            None => self.stored_columns().to_vec(),
            Some(ids) => ids.iter().map(|id| self.stored_column(*id)).collect::<Result<_, _>>()?,
        };
        let target = Target::reserve(&request.path)?;
        if columns.is_empty() {
            return Err(target.unusable("the sheet has no columns"));
        }
        let scratch = Scratch::new(&export_folder(&self.path))?;
        let connection = self.own_reader()?;
        let rows = interruptible(&connection, cancelled, |connection| {
            let from = match &request.rows {
                None => "main.rows".to_owned(),
                Some(rows) => chosen(connection, rows)?,
            };
            let table = Table { connection, columns: &columns, from, cancelled };
            let rows = match request.format {
                Format::Arrow => arrow::write(&table, &scratch.file)?,
                Format::Xlsx => {
                    workbook::write(&table, &target, &scratch, request.neutralise_formulas)?
                }
                Format::Xls | Format::Ods => {
                    return Err(target.unusable("this format is only read, not written"));
                }
                _ => copy(&table, request, &scratch.file)?,
            };
            table.go_on()?;
            Ok(rows)
        })?;
        target.fill(&scratch.file)?;
        Ok(rows)
    }
}

/// What is written: columns of some rows.
struct Table<'a> {
    connection: &'a Connection,
    columns: &'a [StoredColumn],
    /// The rows, with `row_id` and `row_order`.
    from: String,
    cancelled: &'a AtomicBool,
}

impl Table<'_> {
    /// Fails once the export is to stop.
    fn go_on(&self) -> Result<(), DataError> {
        if self.cancelled.load(Ordering::Relaxed) { Err(DataError::Cancelled) } else { Ok(()) }
    }

    /// A query for one expression over each column, in the order of the rows.
    fn query(&self, mut select: impl FnMut(&StoredColumn) -> (String, String)) -> String {
        let select: Vec<String> = self
            .columns
            .iter()
            .map(|stored| {
                let (value, name) = select(stored);
                format!("{value} AS {}", identifier(&name))
            })
            .collect();
        // Qualified, because a column may be called `row_order` on its way out.
        let order = "ORDER BY all_rows.row_order, all_rows.row_id";
        format!("SELECT {} FROM {} AS all_rows {order}", select.join(", "), self.from)
    }
}

/// The rows that were asked for, in that order.
fn chosen(connection: &Connection, rows: &[RowId]) -> Result<String, DataError> {
    let failed = during("choose the rows to export");
    // Both names are taken in `main.rows`, so that no column of the sheet has them.
    connection
        .execute_batch(
            "CREATE OR REPLACE TEMP TABLE temp.main.chosen (row_id BIGINT, row_order BIGINT)",
        )
        .map_err(&failed)?;
    let mut appender =
        connection.appender_to_catalog_and_db("chosen", "temp", "main").map_err(&failed)?;
    for (order, row) in (0_i64..).zip(rows) {
        appender.append_row([row.0, order]).map_err(&failed)?;
    }
    appender.flush().map_err(&failed)?;
    let missing = connection.query_row(
        "SELECT min(row_id) FROM temp.main.chosen ANTI JOIN main.rows USING (row_id)",
        [],
        |row| row.get::<_, Option<i64>>(0),
    );
    if let Some(row) = missing.map_err(failed)? {
        return Err(DataError::RowMissing { row: RowId(row) });
    }
    Ok("(SELECT kept.* EXCLUDE (row_order), chosen.row_order \
         FROM temp.main.chosen JOIN main.rows AS kept USING (row_id))"
        .to_owned())
}

/// Lets DuckDB write a format that it knows.
fn copy(table: &Table<'_>, request: &ExportRequest, file: &Path) -> Result<u64, DataError> {
    let neutralise = request.neutralise_formulas;
    let options = match request.format {
        Format::Csv => "FORMAT csv, HEADER, DELIMITER ','",
        Format::Tsv => "FORMAT csv, HEADER, DELIMITER '\t'",
        Format::Json => "FORMAT json, ARRAY true",
        Format::Parquet => "FORMAT parquet",
        _ => "FORMAT json",
    };
    let query = table.query(|stored| {
        let name = &stored.column.name;
        match request.format {
            Format::Parquet => (for_parquet(stored), name.clone()),
            Format::Csv | Format::Tsv if neutralise => (neutralised(stored), neutral_name(name)),
            Format::Csv | Format::Tsv => (for_text(stored), name.clone()),
            _ => (for_json(stored), name.clone()),
        }
    });
    let sql = format!("COPY ({query}) TO {} ({options})", literal(text(file)?));
    let rows = table
        .connection
        .query_row(&sql, [], |row| row.get::<_, i64>(0))
        .map_err(during("export the sheet"))?;
    Ok(rows as u64)
}

pub(crate) fn for_parquet(stored: &StoredColumn) -> String {
    let column = &stored.quoted;
    match stored.column.sql_type.as_str() {
        "HUGEINT" => format!("CAST({column} AS DECIMAL(38, 0))"),
        "UHUGEINT" | "BIT" => format!("CAST({column} AS VARCHAR)"),
        sql_type if sql_type.starts_with("UNION") => stored.select(),
        _ => column.clone(),
    }
}

fn for_json(stored: &StoredColumn) -> String {
    let column = &stored.quoted;
    match stored.column.sql_type.as_str() {
        "DOUBLE" | "FLOAT" => format!("CASE WHEN isfinite({column}) THEN {column} END"),
        _ if stored.shape == Shape::Bytes => stored.select(),
        _ => column.clone(),
    }
}

fn for_text(stored: &StoredColumn) -> String {
    match stored.shape {
        Shape::Nested | Shape::Bytes => stored.select(),
        _ => stored.quoted.clone(),
    }
}

/// Only text can hold a formula; `-1` in a number column is a number.
fn neutralised(stored: &StoredColumn) -> String {
    let value = for_text(stored);
    let is_plain = match stored.column.value_type {
        ValueType::Number | ValueType::Boolean => true,
        ValueType::Time => stored.column.sql_type != "INTERVAL",
        ValueType::Text | ValueType::Nested | ValueType::Binary => false,
    };
    if is_plain {
        return value;
    }
    format!(
        "CASE WHEN regexp_matches(CAST({value} AS VARCHAR), '^''*[=+\\-@\\t\\r]') \
         THEN '''' || CAST({value} AS VARCHAR) ELSE CAST({value} AS VARCHAR) END"
    )
}

fn neutral_name(name: &str) -> String {
    let prefix = if begins_like_formula(name.trim_start_matches('\'')) { "'" } else { "" };
    format!("{prefix}{name}")
}

/// Whether a spreadsheet would run the text.
fn begins_like_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

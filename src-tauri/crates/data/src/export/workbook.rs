//! XLSX, one row in memory at a time.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use ::arrow::array::RecordBatch;
use rust_xlsxwriter::{Format as CellFormat, Workbook, Worksheet, XlsxError};

use super::target::{Scratch, Target};
use super::{Table, begins_like_formula, for_text};
use crate::DataError;
use crate::column::StoredColumn;
use crate::error::during;

mod values;

use values::{Values, date_text, moment_text, serial, short_number, time_text};

/// What a workbook's sheet can hold.
const MOST_ROWS: u64 = 1_048_576;
const MOST_COLUMNS: usize = 16_384;
/// The longest text of a cell, in UTF-16 code units.
const LONGEST_TEXT: usize = 32_767;
/// Integers up to here are exact in its numbers.
const EXACT: i64 = 1 << 53;
const MICROS_PER_DAY: i64 = 86_400_000_000;

pub(super) fn write(
    table: &Table<'_>,
    target: &Target,
    scratch: &Scratch,
    neutralise: bool,
) -> Result<u64, DataError> {
    let failed = during("export the sheet");
    if table.columns.len() > MOST_COLUMNS {
        return Err(target.unusable(&format!(
            "a workbook holds {MOST_COLUMNS} columns, and there are {}",
            table.columns.len()
        )));
    }
    let rows: u64 = table
        .connection
        .query_row(&format!("SELECT count(*) FROM {}", table.from), [], |row| row.get(0))
        .map_err(&failed)?;
    if rows >= MOST_ROWS {
        return Err(target.unusable(&format!(
            "a workbook holds {} rows below its header, and there are {rows}; \
             CSV, Parquet and Arrow hold them",
            MOST_ROWS - 1
        )));
    }
    let path = &scratch.file;
    let mut workbook = Workbook::new();
    let unwritten = |error| unwritten(path, error);
    workbook.set_tempdir(&scratch.folder).map_err(unwritten)?;
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(unwritten)?;
    let mut writer = Writer { sheet, target, path, formats: Formats::new(), neutralise, row: 0 };
    for (column, stored) in (0_u16..).zip(table.columns) {
        writer.text(column, &stored.column.name, stored)?;
    }
    let query = table.query(|stored| (select(stored), stored.column.name.clone()));
    let mut statement = table.connection.prepare(&query).map_err(&failed)?;
    for batch in statement.stream_arrow([]).map_err(&failed)? {
        table.go_on()?;
        writer.batch(&batch.map_err(&failed)?, table.columns)?;
    }
    table.go_on()?;
    let file = File::create(path).map_err(|source| DataError::io("write", path, source))?;
    workbook.save_to_writer(BufWriter::new(file)).map_err(unwritten)?;
    Ok(rows)
}

/// A column in one of the types that [`Writer::batch`] knows.
fn select(stored: &StoredColumn) -> String {
    let column = &stored.quoted;
    let sql_type = stored.column.sql_type.as_str();
    match sql_type {
        "BOOLEAN" | "BIGINT" | "DOUBLE" | "DATE" | "TIMESTAMP" | "TIME" => column.clone(),
        "TINYINT" | "SMALLINT" | "INTEGER" | "UTINYINT" | "USMALLINT" | "UINTEGER" => {
            format!("CAST({column} AS BIGINT)")
        }
        // By its shortest decimal, which is what a person sees.
        "FLOAT" => format!("CAST(CAST({column} AS VARCHAR) AS DOUBLE)"),
        "TIMESTAMP_S" | "TIMESTAMP_MS" => format!("CAST({column} AS TIMESTAMP)"),
        _ => format!("CAST({} AS VARCHAR)", for_text(stored)),
    }
}

struct Formats {
    date: CellFormat,
    moment: CellFormat,
    exact_moment: CellFormat,
    time: CellFormat,
    exact_time: CellFormat,
    text: CellFormat,
}

impl Formats {
    fn new() -> Self {
        let number = |format: &str| CellFormat::new().set_num_format(format);
        Self {
            date: number("yyyy-mm-dd"),
            moment: number("yyyy-mm-dd hh:mm:ss"),
            exact_moment: number("yyyy-mm-dd hh:mm:ss.000"),
            time: number("hh:mm:ss"),
            exact_time: number("hh:mm:ss.000"),
            text: CellFormat::new().set_quote_prefix(),
        }
    }
}

struct Writer<'a> {
    sheet: &'a mut Worksheet,
    target: &'a Target,
    path: &'a Path,
    formats: Formats,
    neutralise: bool,
    /// The row to write; 0 is the header.
    row: u32,
}

impl Writer<'_> {
    fn batch(&mut self, batch: &RecordBatch, columns: &[StoredColumn]) -> Result<(), DataError> {
        let values: Option<Vec<Values<'_>>> =
            batch.columns().iter().map(|column| Values::of(column.as_ref())).collect();
        let Some(values) = values else {
            return Err(DataError::database("export the sheet", "a type is not known"));
        };
        for index in 0..batch.num_rows() {
            self.row += 1;
            for (column, (values, stored)) in (0_u16..).zip(values.iter().zip(columns)) {
                self.cell(column, values, index, stored)?;
            }
        }
        Ok(())
    }

    fn cell(
        &mut self,
        column: u16,
        values: &Values<'_>,
        index: usize,
        stored: &StoredColumn,
    ) -> Result<(), DataError> {
        if values.array().is_null(index) {
            return Ok(());
        }
        let row = self.row;
        let written = match values {
            Values::Boolean(array) => {
                self.sheet.write_boolean(row, column, array.value(index)).map(drop)
            }
            Values::Integer(array) => {
                let number = array.value(index);
                if !(-EXACT..=EXACT).contains(&number) {
                    return self.text(column, &number.to_string(), stored);
                }
                self.sheet.write_number(row, column, number as f64).map(drop)
            }
            Values::Number(array) => {
                let number = array.value(index);
                if !number.is_finite() {
                    return self.text(column, &number.to_string().to_lowercase(), stored);
                }
                self.sheet.write_number(row, column, number).map(drop)
            }
            Values::Date(array) => {
                let days = i64::from(array.value(index));
                let Some(serial) = serial(days) else {
                    return self.text(column, &date_text(days), stored);
                };
                self.sheet
                    .write_number_with_format(row, column, serial as f64, &self.formats.date)
                    .map(drop)
            }
            Values::Moment(array) => {
                let micros = array.value(index);
                let time = micros.rem_euclid(MICROS_PER_DAY);
                let serial = serial(micros.div_euclid(MICROS_PER_DAY));
                let Some(serial) = serial.filter(|_| time % 1000 == 0) else {
                    return self.text(column, &moment_text(micros), stored);
                };
                let whole = time % 1_000_000 == 0;
                let format = if whole { &self.formats.moment } else { &self.formats.exact_moment };
                let serial = serial as f64 + time as f64 / MICROS_PER_DAY as f64;
                self.sheet.write_number_with_format(row, column, serial, format).map(drop)
            }
            Values::Time(array) => {
                let micros = array.value(index);
                if micros % 1000 != 0 || micros >= MICROS_PER_DAY {
                    return self.text(column, &time_text(micros), stored);
                }
                let whole = micros % 1_000_000 == 0;
                let format = if whole { &self.formats.time } else { &self.formats.exact_time };
                let share = micros as f64 / MICROS_PER_DAY as f64;
                self.sheet.write_number_with_format(row, column, share, format).map(drop)
            }
            Values::Text(array) => {
                let text = array.value(index);
                let Some(number) = short_number(text, &stored.column.sql_type) else {
                    return self.text(column, text, stored);
                };
                self.sheet.write_number(row, column, number).map(drop)
            }
        };
        written.map_err(|error| unwritten(self.path, error))
    }

    fn text(&mut self, column: u16, text: &str, stored: &StoredColumn) -> Result<(), DataError> {
        // Bytes are never fewer than code units, and nearly always few enough.
        if text.len() > LONGEST_TEXT && text.encode_utf16().count() > LONGEST_TEXT {
            let name = stored.column.name.escape_debug();
            let place = match self.row {
                0 => format!("the name of column `{name}`"),
                row => format!("the cell of row {row} in column `{name}`"),
            };
            return Err(self.target.unusable(&format!(
                "{place} has {} characters, and a workbook holds {LONGEST_TEXT} in a cell",
                text.chars().count()
            )));
        }
        let marked = self.neutralise && begins_like_formula(text.trim_start_matches('\''));
        let written = if marked {
            self.sheet.write_string_with_format(self.row, column, text, &self.formats.text)
        } else {
            self.sheet.write_string(self.row, column, text)
        };
        written.map(drop).map_err(|error| unwritten(self.path, error))
    }
}

fn unwritten(path: &Path, error: XlsxError) -> DataError {
    match error {
        XlsxError::IoError(source) => DataError::io("write", path, source),
        error => DataError::database("export the sheet", &error.to_string()),
    }
}

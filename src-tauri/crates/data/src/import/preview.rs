use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use braincells_core::Value;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::clipboard::ClipboardKind;
use super::encoding;
use super::options::{Encoding, ImportOptions, RowSelection};
use super::pasted::Pasted;
use super::probe::{self, Probed};
use super::source::{Input, SAMPLE_ROWS};
use super::store::store_rows;
use super::watch::{Unfinished, Watched, going_on};
use crate::database::{self, Allowed};
use crate::error::during;
use crate::lock::{SheetLock, lock_path, with_suffix};
use crate::sql::{file_pattern, identifier};
use crate::value::{self, Shape};
use crate::{DataError, Format, Limits, leftovers};

/// A file up to this size is looked at as a whole.
const WHOLE_BYTES: u64 = 8 << 20;
/// Of text that must be written again as UTF-8, this much.
const RECODED_BYTES: u64 = 64 << 20;

/// What to look at before an import.
#[derive(Clone, Debug)]
pub struct PreviewRequest {
    /// The data file.
    pub source: PathBuf,
    /// Its format.
    pub format: Format,
    /// How to read it.
    pub options: ImportOptions,
    /// How many rows to show.
    pub rows: u64,
    /// A folder for what is needed meanwhile.
    pub scratch: PathBuf,
    /// What the look may use of the machine.
    pub limits: Limits,
}

/// What an import would make of a file, as far as its beginning shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ImportPreview {
    /// The columns in the order of the file.
    pub columns: Vec<PreviewColumn>,
    /// The first rows, with a value for each column.
    pub rows: Vec<Vec<Value>>,
    /// How values are separated, in CSV and TSV.
    pub dialect: Option<Dialect>,
    /// In workbooks, the names of all sheets.
    pub tables: Vec<String>,
    /// In workbooks, the sheet that is read.
    pub table: Option<String>,
    /// The size of the file.
    pub size_bytes: u64,
    /// What the import may still find otherwise, in sentences.
    pub warnings: Vec<String>,
}

/// A column as it would be imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct PreviewColumn {
    /// Its name.
    pub name: String,
    /// Its DuckDB type.
    pub sql_type: String,
}

/// How the values of a text file are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Dialect {
    /// What separates values; nothing where there is one column.
    pub delimiter: Option<char>,
    /// What encloses values, if anything does.
    pub quote: Option<char>,
    /// Whether the first line names the columns.
    pub header: bool,
    /// How characters are written as bytes.
    pub encoding: Encoding,
}

/// Reads the beginning of a file as [`import`](super::import) would, and keeps nothing. A file of
/// any size takes about as long as a small one, but for workbooks, which have to be unpacked.
///
/// Setting `cancelled` stops soon with [`DataError::Cancelled`].
pub fn preview_import(
    request: &PreviewRequest,
    cancelled: &AtomicBool,
) -> Result<ImportPreview, DataError> {
    request.options.check(request.format)?;
    let probed = probe::probe(&request.source, request.format, request.options.encoding)?;
    look(request, probed, None, cancelled)
}

/// [`preview_import`] for [`import_text`](super::import_text). Of the dialect it tells only
/// whether the first line names the columns. `request.source` is what errors call the text;
/// `request.format` is not looked at.
pub fn preview_text(
    text: &str,
    kind: ClipboardKind,
    request: &PreviewRequest,
    cancelled: &AtomicBool,
) -> Result<ImportPreview, DataError> {
    let Pasted { csv, options, probed } =
        Pasted::new(text, kind, &request.source, &request.options)?;
    let request = PreviewRequest { options, format: Format::Csv, ..request.clone() };
    let mut preview = look(&request, probed, Some(&csv), cancelled)?;
    // Those of the CSV that the text was turned into mean nothing to anybody.
    if let Some(dialect) = &mut preview.dialect {
        (dialect.delimiter, dialect.quote) = (None, None);
    }
    preview.size_bytes = text.len() as u64;
    Ok(preview)
}

/// Looks at a file, or at a text in its place.
fn look(
    request: &PreviewRequest,
    mut probed: Probed,
    text: Option<&str>,
    cancelled: &AtomicBool,
) -> Result<ImportPreview, DataError> {
    let size_bytes = probed.size_bytes;
    let place = request.scratch.join(format!("{}.duckdb", Uuid::new_v4()));
    let _lock = RemovedLock { _lock: SheetLock::take(&place)?, path: lock_path(&place) };
    let unfinished = Unfinished::new(with_suffix(&place, ".importing"));
    let recoding = probed.recoding;
    let copy = unfinished.text();
    if let Some(text) = text {
        fs::write(&copy, text).map_err(|source| DataError::io("write", &copy, source))?;
        probed.path = std::path::absolute(&copy)
            .map_err(|source| DataError::io("resolve the path", &copy, source))?;
    }
    let path = database::text(if recoding.is_some() { &copy } else { &probed.path })?.to_owned();
    let allowed = Allowed::Files(vec![file_pattern(&path), path.clone()]);
    let connection = database::open(&unfinished.path, request.limits, &allowed)?;
    let watched = Watched { file: &unfinished.path, progress: &|_| {}, cancelled };
    watched.run(connection.interrupt_handle().as_ref(), || {
        if let Some(recoding) = recoding {
            let most_bytes = probed.format.is_delimited().then_some(RECODED_BYTES);
            let check = || going_on(cancelled);
            let quote = request.options.quote;
            probed = encoding::recode(&probed, recoding, &copy, most_bytes, quote, check)?;
        }
        let sampled = size_bytes > WHOLE_BYTES;
        let rows = match request.options.rows {
            RowSelection::First { count } => request.rows.min(count),
            RowSelection::All | RowSelection::Random { .. } => request.rows,
        };
        let options =
            ImportOptions { rows: RowSelection::First { count: rows }, ..request.options.clone() };
        let input = Input {
            connection: &connection,
            probed: &probed,
            options: &options,
            // All that comes in is in the sample, or is a file small enough to look at whole.
            sample_rows: Some(if sampled { SAMPLE_ROWS.max(rows) } else { u64::from(u32::MAX) }),
            checked: false,
            cancelled,
        };
        let (source, layout, _) = store_rows(input)?;
        let columns: Vec<PreviewColumn> = layout
            .names
            .iter()
            .zip(&source.columns)
            .map(|((name, _), column)| PreviewColumn {
                name: name.clone(),
                sql_type: column.final_type().to_owned(),
            })
            .collect();
        let mut warnings = Vec::new();
        let exact = matches!(probed.format, Format::Parquet | Format::Arrow);
        if sampled && !exact {
            warnings.push(format!(
                "types are found from the first {SAMPLE_ROWS} rows; the import looks at all rows"
            ));
        }
        if matches!(request.options.rows, RowSelection::Random { .. }) {
            warnings.push("these are the first rows; the import takes random ones".to_owned());
        }
        Ok(ImportPreview {
            rows: read(&connection, &layout.names, &columns)?,
            columns,
            dialect: source.dialect,
            tables: source.tables,
            table: source.table,
            size_bytes,
            warnings,
        })
    })
}

fn read(
    connection: &duckdb::Connection,
    names: &[(String, String)],
    columns: &[PreviewColumn],
) -> Result<Vec<Vec<Value>>, DataError> {
    let failed = during("read the first rows");
    let shapes: Vec<Shape> = columns.iter().map(|column| Shape::of(&column.sql_type)).collect();
    let select: Vec<String> = names
        .iter()
        .zip(&shapes)
        .map(|((_, stored), shape)| shape.select(&identifier(stored)))
        .collect();
    let sql = format!("SELECT {} FROM main.rows ORDER BY row_id", select.join(", "));
    let mut statement = connection.prepare(&sql).map_err(&failed)?;
    let mut found = statement.query([]).map_err(&failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(&failed)? {
        let values: duckdb::Result<Vec<Value>> = shapes
            .iter()
            .enumerate()
            .map(|(index, shape)| value::read(row, index, *shape))
            .collect();
        rows.push(values.map_err(&failed)?);
    }
    Ok(rows)
}

/// A lock whose file goes with it: nobody else knows its random name.
struct RemovedLock {
    _lock: SheetLock,
    path: PathBuf,
}

impl Drop for RemovedLock {
    fn drop(&mut self) {
        leftovers::remove(&self.path);
    }
}

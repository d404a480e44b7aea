use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use braincells_core::SheetId;

use crate::column::Names;
use crate::database::{self, Allowed};
use crate::error::during;
use crate::lock::{SheetLock, with_suffix};
use crate::sql::{file_pattern, identifier};
use crate::{DataError, Format, Limits, schema};

mod apostrophe;
mod archive;
mod arrow;
mod batches;
mod choice;
mod clipboard;
mod csv;
mod encoding;
mod options;
mod preview;
mod probe;
mod records;
mod source;
mod watch;
mod workbook;

use choice::Choice;
use probe::Probed;
use source::{Input, Rows, Scan, Source, SourceColumn};
use watch::{Unfinished, Watched, going_on};

pub use clipboard::{ClipboardKind, parse_clipboard, text_table};
pub use options::{Encoding, ImportOptions, Quote, RowSelection, TypeWord};
pub use preview::{Dialect, ImportPreview, PreviewColumn, PreviewRequest, preview_import};

/// What to import, and where to.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The data file.
    pub source: PathBuf,
    /// Its format.
    pub format: Format,
    /// How to read it.
    pub options: ImportOptions,
    /// The sheet's file, which must not exist.
    pub target: PathBuf,
    /// The new sheet's id.
    pub id: SheetId,
    /// The new sheet's name.
    pub name: String,
    /// What the import may use of the machine.
    pub limits: Limits,
}

/// Makes a sheet from a data file of any size, and returns its rows.
///
/// Rows keep the order of the file. Types are found from all values that come in. In CSV and TSV,
/// lines of different lengths are an error rather than a guess; the first line names the columns
/// unless its values are of the types of those below. A workbook's types are those of its cells:
/// results of formulas as they were last computed, values of merged cells in the first of them,
/// errors and dates that are none as text.
///
/// The sheet is written to `<target>.importing` and appears at `target` when it is whole and on
/// disk. `progress` is called from another thread with the bytes written so far. Setting
/// `cancelled` stops within a fraction of a second with [`DataError::Cancelled`]. Nothing is left
/// behind by an error.
pub fn import(
    request: &ImportRequest,
    now_ms: i64,
    progress: &(dyn Fn(u64) + Sync),
    cancelled: &AtomicBool,
) -> Result<u64, DataError> {
    request.options.check(request.format)?;
    let probed = probe::probe(&request.source, request.format, request.options.encoding)?;
    bring_in(request, probed, None, now_ms, progress, cancelled)
}

/// Makes a sheet from a text that holds a table, such as that of a clipboard; otherwise as
/// [`import`]. The text is taken as [`text_table`] takes it, and of the options only `header`,
/// `rows` and `types` are usable.
///
/// `request.source` is what errors call the text; `request.format` is not looked at.
pub fn import_text(
    text: &str,
    kind: ClipboardKind,
    request: &ImportRequest,
    now_ms: i64,
    progress: &(dyn Fn(u64) + Sync),
    cancelled: &AtomicBool,
) -> Result<u64, DataError> {
    let asked = &request.options;
    for (found, option) in [
        (asked.delimiter.is_some(), "delimiter"),
        (asked.quote.is_some(), "quote"),
        (asked.encoding.is_some(), "encoding"),
        (asked.table.is_some(), "table"),
    ] {
        if found {
            let reason = "it means nothing for text of a clipboard".to_owned();
            return Err(DataError::OptionUnusable { option, reason });
        }
    }
    let rows = text_table(text, kind)?;
    if rows.is_empty() {
        let hint = "copy a table first";
        return Err(probe::unusable(&request.source, "there is nothing in it", hint));
    }
    let csv = clipboard::as_csv(&rows);
    let options = ImportOptions {
        delimiter: Some(','),
        quote: Some(Quote::Character('"')),
        // Nobody put apostrophes in.
        keep_apostrophes: true,
        ..asked.clone()
    };
    let request = ImportRequest { options, format: Format::Csv, ..request.clone() };
    let probed = Probed {
        path: request.source.clone(),
        named: request.source.clone(),
        format: Format::Csv,
        size_bytes: csv.len() as u64,
        encoding: Encoding::Utf8,
        recoding: None,
    };
    bring_in(&request, probed, Some(&csv), now_ms, progress, cancelled)
}

/// Imports a file that was looked at, or a text in its place.
fn bring_in(
    request: &ImportRequest,
    mut probed: Probed,
    text: Option<&str>,
    now_ms: i64,
    progress: &(dyn Fn(u64) + Sync),
    cancelled: &AtomicBool,
) -> Result<u64, DataError> {
    let target = &request.target;
    let _lock = SheetLock::take(target)?;
    if target.exists() {
        return Err(DataError::AlreadyExists { path: target.clone() });
    }
    let unfinished = Unfinished::new(with_suffix(target, ".importing"));
    unfinished.remove();

    let recoding = probed.recoding;
    let copy = std::path::absolute(unfinished.text())
        .map_err(|source| DataError::io("resolve the path", target, source))?;
    if let Some(text) = text {
        fs::write(&copy, text).map_err(|source| DataError::io("write", &copy, source))?;
        probed.path.clone_from(&copy);
    }
    let path = database::text(if recoding.is_some() { &copy } else { &probed.path })?.to_owned();
    let allowed = Allowed::Files(vec![file_pattern(&path), path.clone()]);
    let connection = database::open(&unfinished.path, request.limits, &allowed)?;
    let watched = Watched { file: &unfinished.path, progress, cancelled };
    let rows = watched.run(connection.interrupt_handle().as_ref(), || {
        if let Some(recoding) = recoding {
            let check = || going_on(cancelled);
            probed = encoding::recode(&probed, recoding, &copy, None, None, check)?;
        }
        let sample_rows = Input::sample_for(request.options.rows);
        let options = &request.options;
        let input =
            Input { connection: &connection, probed: &probed, options, sample_rows, cancelled };
        write(input, request, now_ms)
    })?;
    connection.close().map_err(|(_, error)| during("write the sheet's file")(error))?;
    going_on(cancelled)?;
    publish(&unfinished.path, target)?;
    if let Ok(metadata) = fs::metadata(target) {
        progress(metadata.len());
    }
    Ok(rows)
}

fn write(input: Input<'_>, request: &ImportRequest, now_ms: i64) -> Result<u64, DataError> {
    let (_, layout, rows) = store_rows(input)?;
    schema::create(input.connection, request.id, &request.name, &layout.names, now_ms)?;
    input.connection.execute_batch("CHECKPOINT").map_err(during("write the sheet's file"))?;
    Ok(rows)
}

/// Makes `main.rows` of the chosen rows of a file.
fn store_rows(input: Input<'_>) -> Result<(Source, Layout, u64), DataError> {
    let connection = input.connection;
    let mut source = source::plan(input)?;
    let layout = Layout::of(&source.columns);
    let rows = match &mut source.rows {
        Rows::Scan(scan) => store_scan(input, scan, &source.columns, &layout)?,
        Rows::Batches(reader) => {
            connection
                .execute_batch(&layout.create(&source.columns))
                .map_err(during("create the sheet"))?;
            let choice = Choice::make(input.options.rows, || {
                batches::contained(input.probed, || reader.count())
            })?;
            let store = |before| {
                let select = layout.select(before);
                let from = batches::STAGED;
                connection.execute_batch(&format!(
                    "INSERT INTO main.rows SELECT {select} FROM {from} AS src"
                ))
            };
            batches::load(input, &source.columns, reader.as_mut(), &choice, store)?
        }
    };
    if input.probed.format.is_delimited() && !input.options.keep_apostrophes {
        let texts = layout.texts(&source.columns);
        apostrophe::take_back(connection, "main.rows", &texts, |name| {
            input.options.type_of(name).is_none()
        })?;
    }
    Ok((source, layout, rows))
}

/// Makes `main.rows` of what DuckDB reads itself.
fn store_scan(
    input: Input<'_>,
    scan: &Scan,
    columns: &[SourceColumn],
    layout: &Layout,
) -> Result<u64, DataError> {
    let (connection, probed) = (input.connection, input.probed);
    let count = || {
        scan.try_each(probed, columns, |from| {
            connection.query_row(&format!("SELECT count(*) FROM {from}"), [], |row| row.get(0))
        })
    };
    let all = input.options.rows == RowSelection::All;
    if !all && scan.expected_rows.is_some() {
        scan.check_rows(probed, count()?)?;
    }
    let choice = Choice::make(input.options.rows, count)?;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    // The list of chosen rows is made once, for both tries.
    let place = "\u{1}";
    let chosen = choice.of(connection, place, &names)?;
    let select = layout.select(0);
    let made = scan.try_each(probed, columns, |from| {
        let from = chosen.replacen(place, from, 1);
        connection
            .execute_batch(&format!("CREATE TABLE main.rows AS SELECT {select} FROM {from} AS src"))
    });
    if let Err(error) = made {
        return Err(cast_misfit(input, scan, columns).unwrap_or(error));
    }
    let rows: i64 = connection
        .query_row("SELECT count(*) FROM main.rows", [], |row| row.get(0))
        .map_err(during("count the rows"))?;
    if all {
        scan.check_rows(probed, rows as u64)?;
    }
    Ok(rows as u64)
}

/// Names the row and the value that a cast to a type which was asked for failed on.
fn cast_misfit(input: Input<'_>, scan: &Scan, columns: &[SourceColumn]) -> Option<DataError> {
    if going_on(input.cancelled).is_err() {
        return None;
    }
    columns.iter().find_map(|column| {
        let (row, value) = batches::find_misfit(input.connection, &scan.from, column)?;
        let (place, sql_type) = (format!("row {row}"), column.final_type());
        Some(source::does_not_fit(input.probed, &place, column, &value, sql_type))
    })
}

/// Where the columns of a source go.
struct Layout {
    /// The name that is shown and the name in `main.rows`.
    names: Vec<(String, String)>,
    /// The values, over `src`.
    values: Vec<String>,
}

impl Layout {
    fn of(columns: &[SourceColumn]) -> Self {
        let mut physical = Names::physical();
        let shown = source::shown(columns.iter().map(|column| column.title.as_str()));
        let stored: Vec<String> =
            columns.iter().map(|column| physical.claim(&column.title)).collect();
        let values = columns.iter().zip(&stored);
        Self {
            values: values
                .map(|(column, name)| format!("{} AS {}", column.select(), identifier(name)))
                .collect(),
            names: shown.into_iter().zip(stored).collect(),
        }
    }

    /// The columns of `main.rows` over `src`, numbered behind the rows that were stored before.
    fn select(&self, before: u64) -> String {
        // `row_number()` over everything is a streaming operator: it numbers the rows as they
        // come, in the order of the file, and holds none of them back.
        let row = format!("row_number() OVER () + {before}");
        format!("{row} AS row_id, {row} AS row_order, {}", self.values.join(", "))
    }

    /// The statement that makes an empty `main.rows`.
    fn create(&self, columns: &[SourceColumn]) -> String {
        let columns: Vec<String> = columns
            .iter()
            .zip(&self.names)
            .map(|(column, (_, name))| format!("{} {}", identifier(name), column.final_type()))
            .collect();
        let columns = columns.join(", ");
        format!("CREATE TABLE main.rows (row_id BIGINT, row_order BIGINT, {columns})")
    }

    /// The columns of text, by the name that is shown and the name in `main.rows`.
    fn texts(&self, columns: &[SourceColumn]) -> Vec<(&str, &str)> {
        let names = columns.iter().zip(&self.names);
        names
            .filter(|(column, _)| column.final_type() == "VARCHAR")
            .map(|(_, (shown, name))| (shown.as_str(), name.as_str()))
            .collect()
    }
}

/// Puts a closed database file in its final place, safe against a loss of power.
fn publish(finished: &Path, target: &Path) -> Result<(), DataError> {
    File::options()
        .write(true)
        .open(finished)
        .and_then(|file| file.sync_all())
        .map_err(|source| DataError::io("flush the sheet", finished, source))?;
    fs::rename(finished, target)
        .map_err(|source| DataError::io("move the sheet to", target, source))?;
    sync_folder(target);
    Ok(())
}

/// Makes a rename durable. Not every file system can, and the file is whole either way.
pub(crate) fn sync_folder(of: &Path) {
    if let Some(folder) = of.parent()
        && let Err(error) = File::open(folder).and_then(|folder| folder.sync_all())
    {
        tracing::debug!(folder = %folder.display(), %error, "folder not flushed");
    }
}

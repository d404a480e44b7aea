use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use braincells_core::SheetId;

use crate::database::{self, Allowed};
use crate::error::during;
use crate::lock::{SheetLock, with_suffix};
use crate::sql::file_pattern;
use crate::{DataError, Format, Limits, schema};

mod apostrophe;
mod archive;
mod arrow;
mod batches;
mod choice;
mod clipboard;
mod column;
mod csv;
mod encoding;
mod options;
mod pasted;
mod preview;
mod probe;
mod records;
mod source;
mod store;
mod watch;
mod workbook;

use pasted::Pasted;
use probe::Probed;
use source::Input;
use store::store_rows;
use watch::{Unfinished, Watched, going_on};

pub use clipboard::{ClipboardKind, parse_clipboard, text_table};
pub use options::{Encoding, ImportOptions, Quote, RowSelection};
pub use preview::{
    Dialect, ImportPreview, PreviewColumn, PreviewRequest, preview_import, preview_text,
};

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
    /// Whether nothing of the sheet may leave this machine, from the beginning.
    pub local_only: bool,
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
    let Pasted { csv, options, probed } =
        Pasted::new(text, kind, &request.source, &request.options)?;
    let request = ImportRequest { options, format: Format::Csv, ..request.clone() };
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
        let input = Input {
            connection: &connection,
            probed: &probed,
            options,
            sample_rows,
            checked: false,
            cancelled,
        };
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
    if request.local_only {
        schema::set_local_only(input.connection, true)?;
    }
    input.connection.execute_batch("CHECKPOINT").map_err(during("write the sheet's file"))?;
    Ok(rows)
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

//! Into a sheet and out of it: import and export.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use braincells_core::{AppError, ColumnId, Event, RowId, SheetId, SheetInfo, ViewId};
use braincells_data::{
    ClipboardKind, ExportRequest, Format, ImportOptions, ImportPreview, ImportRequest,
    PreviewRequest, SheetStore,
};

use serde::{Deserialize, Serialize};

use crate::blocking::blocking;
use crate::columns::column_named;
use crate::error::WorkbenchError;
use crate::sheets::{list_sheet, sheet_limits};
use crate::views::rows_at;
use crate::{Home, Workbench};

/// What errors call a text that has no file.
const CLIPBOARD: &str = "the clipboard";

/// A file to import, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct InputFile {
    /// The file.
    pub source: PathBuf,
    /// Its format; the file's name tells unless given.
    pub format: Option<Format>,
    /// The sheet's name; the file's name unless given.
    pub name: Option<String>,
    /// How to read it.
    pub options: ImportOptions,
}

impl InputFile {
    /// A file about which nothing more is known.
    pub fn new(source: impl Into<PathBuf>) -> Self {
        let options = ImportOptions::default();
        Self { source: source.into(), format: None, name: None, options }
    }

    fn sheet_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| name_from_path(&self.source))
    }
}

/// A file to export to, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputFile {
    /// The file; one that exists is replaced.
    pub path: PathBuf,
    /// Its format; the file's name tells unless given.
    pub format: Option<Format>,
    /// Only these columns, in this order.
    pub columns: Option<Vec<String>>,
    /// Only these rows, in this order, such as those of a view.
    pub rows: Option<Vec<RowId>>,
    /// Keep spreadsheets from running text as a formula.
    pub neutralise_formulas: bool,
}

/// A file to export what is shown of a sheet to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ExportFile {
    /// The file; one that exists is replaced.
    pub path: PathBuf,
    /// Its format; the file's name tells unless given.
    pub format: Option<Format>,
    /// Only these columns, in this order.
    pub columns: Option<Vec<String>>,
    /// The rows of this view, in its order; all in sheet order without.
    pub view: Option<ViewId>,
    /// Of these rows, only those at some positions.
    pub range: Option<Positions>,
    /// Keep spreadsheets from running text as a formula.
    pub neutralise_formulas: bool,
}

/// Some positions of a view, or of a sheet's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Positions {
    /// The first, from 0.
    pub start: u64,
    /// How many, fewer where the rows end.
    pub count: u64,
}

impl OutputFile {
    /// A whole sheet, with formulas neutralised.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { path, format: None, columns: None, rows: None, neutralise_formulas: true }
    }
}

impl Workbench {
    /// Makes a new sheet from a file. Emits [`Event::ImportProgress`]. Dropping the future stops
    /// the import and leaves nothing behind.
    pub async fn import(&self, file: &InputFile) -> Result<SheetInfo, AppError> {
        self.import_locked(file, false).await
    }

    /// [`Workbench::import`] of what may not leave this machine, if `local_only`.
    pub(crate) async fn import_locked(
        &self,
        file: &InputFile,
        local_only: bool,
    ) -> Result<SheetInfo, AppError> {
        let format = known_format(&file.source, file.format)?;
        let (source, name) = (file.source.clone(), file.sheet_name());
        let request = self.import_request(source, format, name, &file.options);
        self.bring_in(ImportRequest { local_only, ..request }, braincells_data::import).await
    }

    /// Makes a new sheet from a text that holds a table, such as that of the clipboard; otherwise
    /// as [`Workbench::import`]. Of the options only header, rows and types are usable.
    pub async fn import_text(
        &self,
        text: String,
        kind: ClipboardKind,
        name: &str,
        options: &ImportOptions,
    ) -> Result<SheetInfo, AppError> {
        let source = PathBuf::from(CLIPBOARD);
        let request = self.import_request(source, Format::Csv, name.to_owned(), options);
        self.bring_in(request, move |request, now_ms, progress, stopped| {
            braincells_data::import_text(&text, kind, request, now_ms, progress, stopped)
        })
        .await
    }

    /// What an import would make of a file: columns, types and the first `rows` rows. Keeps
    /// nothing. Dropping the future stops it.
    pub async fn preview_import(
        &self,
        file: &InputFile,
        rows: u64,
    ) -> Result<ImportPreview, AppError> {
        let format = known_format(&file.source, file.format)?;
        let request = self.preview_request(file.source.clone(), format, &file.options, rows);
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.stopped);
        blocking(move || braincells_data::preview_import(&request, &stopped)).await
    }

    /// What [`Workbench::import_text`] would make of a text, as [`Workbench::preview_import`] says
    /// it of a file.
    pub async fn preview_text(
        &self,
        text: String,
        kind: ClipboardKind,
        options: &ImportOptions,
        rows: u64,
    ) -> Result<ImportPreview, AppError> {
        let request = self.preview_request(PathBuf::from(CLIPBOARD), Format::Csv, options, rows);
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.stopped);
        blocking(move || braincells_data::preview_text(&text, kind, &request, &stopped)).await
    }

    fn preview_request(
        &self,
        source: PathBuf,
        format: Format,
        options: &ImportOptions,
        rows: u64,
    ) -> PreviewRequest {
        let (scratch, limits, options) = (self.home().temporary(), sheet_limits(), options.clone());
        PreviewRequest { source, format, options, rows, scratch, limits }
    }

    fn import_request(
        &self,
        source: PathBuf,
        format: Format,
        name: String,
        options: &ImportOptions,
    ) -> ImportRequest {
        let id = SheetId::random();
        let target = self.home().sheets().join(Home::sheet_file_name(id));
        let options = options.clone();
        let (limits, local_only) = (sheet_limits(), false);
        ImportRequest { source, format, options, target, id, name, limits, local_only }
    }

    async fn bring_in<E: Into<AppError>>(
        &self,
        request: ImportRequest,
        import: impl FnOnce(&ImportRequest, i64, &(dyn Fn(u64) + Sync), &AtomicBool) -> Result<u64, E>
        + Send
        + 'static,
    ) -> Result<SheetInfo, AppError> {
        let (events, catalogue, now_ms) = (self.events(), self.catalogue(), self.now_ms());
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.stopped);
        blocking(move || -> Result<_, AppError> {
            let progress =
                |bytes_written: u64| events.emit(Event::ImportProgress { bytes_written });
            import(&request, now_ms, &progress, &stopped).map_err(Into::into)?;
            let store = SheetStore::open(&request.target, request.limits, now_ms)?;
            list_sheet(&catalogue, &store)
        })
        .await
    }

    /// Writes a sheet to a file, which appears whole or not at all. Returns the number of rows.
    /// Dropping the future stops the export and leaves the target as it was.
    pub async fn export(&self, sheet: SheetId, file: &OutputFile) -> Result<u64, AppError> {
        let mut file = file.clone();
        let rows = file.rows.take();
        self.export_rows(sheet, file, move |_| rows).await
    }

    /// [`Workbench::export`] for rows by position: those of an open view, or some of them.
    pub async fn export_view(&self, sheet: SheetId, file: &ExportFile) -> Result<u64, AppError> {
        let ExportFile { path, format, columns, view, range, neutralise_formulas } = file.clone();
        let view = self.find_view(sheet, view)?;
        let file = OutputFile { path, format, columns, rows: None, neutralise_formulas };
        self.export_rows(sheet, file, move |store| match (view, range) {
            (None, None) => None,
            (view, range) => {
                let Positions { start, count } =
                    range.unwrap_or(Positions { start: 0, count: u64::MAX });
                Some(rows_at(store, view.as_ref(), start, count))
            }
        })
        .await
    }

    async fn export_rows(
        &self,
        sheet: SheetId,
        file: OutputFile,
        rows: impl FnOnce(&SheetStore) -> Option<Vec<RowId>> + Send + 'static,
    ) -> Result<u64, AppError> {
        let format = known_format(&file.path, file.format)?;
        let OutputFile { path, columns: names, neutralise_formulas, .. } = file;
        self.with_stoppable(sheet, move |store, stopped| {
            let columns = names.map(|names| column_ids(store, &names)).transpose()?;
            let rows = rows(store);
            let request = ExportRequest { path, format, columns, rows, neutralise_formulas };
            Ok(store.export(&request, stopped)?)
        })
        .await
    }
}

fn column_ids(store: &SheetStore, names: &[String]) -> Result<Vec<ColumnId>, AppError> {
    let columns = store.columns()?;
    names.iter().map(|name| Ok(column_named(&columns, name)?.id)).collect()
}

pub(crate) fn known_format(path: &Path, format: Option<Format>) -> Result<Format, AppError> {
    format
        .or_else(|| Format::from_path(path))
        .ok_or_else(|| WorkbenchError::UnknownFormat { path: path.to_owned() }.into())
}

fn name_from_path(path: &Path) -> String {
    let stem = path.file_stem().map(PathBuf::from).unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Tells blocking work to stop when the future that waits for it is dropped.
#[derive(Default)]
pub(crate) struct StopOnDrop {
    pub(crate) stopped: Arc<AtomicBool>,
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

//! Into a sheet and out of it: import and export.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use braincells_core::{AppError, ColumnId, Event, SheetId, SheetInfo};
use braincells_data::{ExportRequest, Format, ImportRequest, SheetStore};

use crate::blocking::blocking;
use crate::columns::column_named;
use crate::error::WorkbenchError;
use crate::sheets::{list_sheet, sheet_limits};
use crate::{Home, Workbench};

impl Workbench {
    /// Makes a new sheet from a file. The format is taken from the file's name unless given, the
    /// sheet's name from the file's unless given. Emits [`Event::ImportProgress`]. Dropping the
    /// future stops the import and leaves nothing behind.
    pub async fn import(
        &self,
        source: &Path,
        format: Option<Format>,
        name: Option<&str>,
    ) -> Result<SheetInfo, AppError> {
        self.import_as(SheetId::random(), source, format, name).await
    }

    pub(crate) async fn import_as(
        &self,
        id: SheetId,
        source: &Path,
        format: Option<Format>,
        name: Option<&str>,
    ) -> Result<SheetInfo, AppError> {
        let format = known_format(source, format)?;
        let target = self.home().sheets().join(Home::sheet_file_name(id));
        let name = name.map_or_else(|| name_from_path(source), str::to_owned);
        let source = source.to_owned();
        let request = ImportRequest { source, format, target, id, name, limits: sheet_limits() };
        let (events, catalogue, now_ms) = (self.events(), self.catalogue(), self.now_ms());
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.stopped);
        blocking(move || -> Result<_, AppError> {
            let progress =
                |bytes_written: u64| events.emit(Event::ImportProgress { bytes_written });
            braincells_data::import(&request, now_ms, &progress, &stopped)?;
            let store = SheetStore::open(&request.target, request.limits, now_ms)?;
            list_sheet(&catalogue, &store)
        })
        .await
    }

    /// Writes a sheet to a file: all columns in their order, or the named ones in the order given.
    /// The target appears whole or not at all. Returns the number of rows.
    ///
    /// `neutralise_formulas` puts an apostrophe before text that a spreadsheet would run (CSV and
    /// TSV only).
    pub async fn export(
        &self,
        sheet: SheetId,
        path: &Path,
        format: Option<Format>,
        columns: Option<&[String]>,
        neutralise_formulas: bool,
    ) -> Result<u64, AppError> {
        let format = known_format(path, format)?;
        let path = path.to_owned();
        let names = columns.map(<[String]>::to_vec);
        self.with_store(sheet, move |store| {
            let columns = names.map(|names| column_ids(store, &names)).transpose()?;
            Ok(store.export(&ExportRequest { path, format, columns, neutralise_formulas })?)
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

//! The list of sheets, and the one open store of each.

mod make;
mod open;
mod trash;

use std::path::{Path, PathBuf};

use braincells_core::{AppError, OpeningNotice, ReadOnly, SheetId, SheetInfo};
use braincells_data::{Catalogue, DataError, Limits, SheetStore, distrust, is_in_use, is_there};
use serde::Serialize;

use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::{Home, Workbench, World};
pub(crate) use open::OpenSheets;
use open::open_file;
pub(crate) use trash::tidy_trash;

/// What a person should know about a sheet that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct OpenedSheet {
    /// The sheet.
    pub sheet: SheetId,
    /// What was not as it should be when it was opened.
    pub notices: Vec<OpeningNotice>,
    /// Why it can only be read, if so.
    pub read_only: Option<ReadOnly>,
    /// Whether nothing of it may leave this machine.
    pub local_only: bool,
}

/// What one sheet may use of this machine: a share that leaves room for a model beside it.
pub(crate) fn sheet_limits() -> Limits {
    const GIB: u64 = 1 << 30;
    let memory_bytes = crate::machine::memory()
        .map_or(GIB, |memory| (memory.total_bytes / 4).clamp(GIB / 2, 4 * GIB));
    let threads = braincells_llm::llama::physical_cores().clamp(1, 8);
    Limits { memory_bytes, threads }
}

/// Puts the sheet's present name, size and times into the sheet list. Not for a copy to read from.
pub(crate) fn list_sheet(catalogue: &Catalogue, store: &SheetStore) -> Result<SheetInfo, AppError> {
    let info = store.info()?;
    let file_name = store
        .path()
        .file_name()
        .map_or_else(|| Home::sheet_file_name(info.id), |name| name.to_string_lossy().into_owned());
    catalogue.put_sheet(&info, &file_name)?;
    Ok(info)
}

/// The file of a sheet that the catalogue knows and that is not in the trash.
fn sheet_path(
    catalogue: &Catalogue,
    home: &Home,
    sheet: SheetId,
) -> Result<Option<PathBuf>, DataError> {
    Ok(catalogue.sheet_file(sheet)?.map(|file_name| home.sheets().join(file_name)))
}

/// Lists sheet files that the catalogue does not know: the process that made them ended before it
/// could, or the catalogue was lost.
pub(crate) fn adopt_sheets(catalogue: &Catalogue, world: &World) -> Result<(), AppError> {
    adopt(catalogue, world, &world.home.sheets(), |_id| Ok(()))
}

/// Lists what is in `folder` and not in the catalogue, each with a further note.
fn adopt(
    catalogue: &Catalogue,
    world: &World,
    folder: &Path,
    note: impl Fn(SheetId) -> Result<(), DataError>,
) -> Result<(), AppError> {
    let mut known: Vec<SheetId> = catalogue.sheets()?.into_iter().map(|info| info.id).collect();
    known.extend(catalogue.trash()?.into_iter().map(|(trashed, _)| trashed.sheet.id));
    let entries = std::fs::read_dir(folder).map_err(|error| WorkbenchError::Unreadable {
        path: folder.to_owned(),
        reason: error.to_string(),
        missing: false,
    })?;
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let unknown = sheet_id_of(&path).is_some_and(|id| !known.contains(&id));
        if !unknown {
            continue;
        }
        // A file that does not open (in use elsewhere, damaged) must not keep the home shut.
        match open_file(world, &path, false) {
            Ok(opened) => {
                let info = list_sheet(catalogue, &opened.store)?;
                note(info.id)?;
            }
            Err(error) => tracing::warn!(path = %path.display(), %error, "a sheet was not adopted"),
        }
    }
    Ok(())
}

fn sheet_id_of(path: &Path) -> Option<SheetId> {
    if path.extension()? != "duckdb" {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}

/// The one of `sheets` that `text` means: its id, the beginning of its id, or its name.
fn chosen(text: &str, sheets: &[SheetInfo]) -> Result<Option<SheetId>, WorkbenchError> {
    let id = text.parse::<SheetId>().ok();
    if let Some(info) = sheets.iter().find(|info| Some(info.id) == id) {
        return Ok(Some(info.id));
    }
    let start = text.to_ascii_lowercase();
    let means = |info: &&SheetInfo| {
        info.name == text || (!start.is_empty() && info.id.to_string().starts_with(&start))
    };
    let found: Vec<&SheetInfo> = sheets.iter().filter(means).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.id)),
        several => {
            let candidates =
                several.iter().map(|info| format!("{} `{}`", info.id, info.name)).collect();
            Err(WorkbenchError::AmbiguousSheet { text: text.to_owned(), candidates })
        }
    }
}

impl Workbench {
    /// A sheet as it is listed, counted now.
    pub async fn sheet_info(&self, sheet: SheetId) -> Result<SheetInfo, AppError> {
        self.with_store(sheet, |store| Ok(store.info()?)).await
    }

    /// All sheets whose file is there, in the catalogue's order; those in the trash aside.
    pub async fn sheets(&self) -> Result<Vec<SheetInfo>, AppError> {
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        blocking(move || -> Result<_, AppError> {
            let mut sheets = Vec::new();
            for info in catalogue.sheets()? {
                if sheet_path(&catalogue, &home, info.id)?.is_some_and(|path| is_there(&path)) {
                    sheets.push(info);
                }
            }
            Ok(sheets)
        })
        .await
    }

    /// The sheet that `text` means: its id, the beginning of its id, or its name. More than one
    /// match is an error that lists them.
    pub async fn find_sheet(&self, text: &str) -> Result<SheetId, AppError> {
        match chosen(text, &self.sheets().await?)? {
            Some(sheet) => Ok(sheet),
            None => Err(WorkbenchError::NoSuchSheet { text: text.to_owned() }.into()),
        }
    }

    /// Opens a sheet, if it is not open yet, and says what a person should know about that. The
    /// other verbs open a sheet by themselves; then the same goes out as events only.
    pub async fn open_sheet(&self, sheet: SheetId) -> Result<OpenedSheet, AppError> {
        let read_only = self.store(sheet).await?.read_only();
        let local_only = self.is_locked(sheet).await?;
        let notices = self.open_sheets().notices(sheet).await;
        Ok(OpenedSheet { sheet, notices, read_only, local_only })
    }

    /// Looks again at a sheet that another process has: makes a new copy to read from, or opens
    /// the sheet itself if it is free now. Does nothing to a sheet that is open for writing.
    pub async fn reload_sheet(&self, sheet: SheetId) -> Result<OpenedSheet, AppError> {
        self.open_sheets().forget_copy(sheet).await;
        self.open_sheet(sheet).await
    }

    /// Reads the whole of a sheet in a place where a crash does no harm, and opens it. If it
    /// cannot be read, the last good copy takes its place. Refused while one of its columns is
    /// being filled.
    pub async fn check_sheet(&self, sheet: SheetId) -> Result<OpenedSheet, AppError> {
        if self.live().is_sheet_live(sheet) {
            return Err(WorkbenchError::SheetBusy { sheet }.into());
        }
        let closed = self.open_sheets().close(sheet, self.world()).await?;
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        blocking(move || -> Result<_, AppError> {
            let _closed = closed;
            match sheet_path(&catalogue, &home, sheet)? {
                Some(path) => Ok(distrust(&path)?),
                None => Err(WorkbenchError::NoSuchSheet { text: sheet.to_string() }.into()),
            }
        })
        .await?;
        self.open_sheet(sheet).await
    }

    /// Whether another process has the sheet at present.
    pub(crate) async fn is_elsewhere(&self, sheet: SheetId) -> Result<bool, AppError> {
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        blocking(move || -> Result<_, DataError> {
            Ok(sheet_path(&catalogue, &home, sheet)?.is_some_and(|path| is_in_use(&path)))
        })
        .await
    }
}

//! The list of sheets, and the one open store of each.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use braincells_core::{AppError, SheetId, SheetInfo};
use braincells_data::{Catalogue, Limits, SheetStore};

use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::{Home, Workbench};

/// The sheets this process has open. DuckDB locks the file of an open sheet, so a sheet is opened
/// once and shared.
#[derive(Default)]
pub(crate) struct OpenSheets {
    open: tokio::sync::Mutex<HashMap<SheetId, Arc<SheetStore>>>,
}

impl OpenSheets {
    pub(crate) async fn open(
        &self,
        sheet: SheetId,
        catalogue: Arc<Catalogue>,
        home: &Home,
        now_ms: i64,
    ) -> Result<Arc<SheetStore>, AppError> {
        // Held while opening, so that two callers cannot open the same file twice.
        let mut open = self.open.lock().await;
        if let Some(store) = open.get(&sheet) {
            return Ok(Arc::clone(store));
        }
        let folder = home.sheets();
        let store = blocking(move || -> Result<_, AppError> {
            let Some(file_name) = catalogue.sheet_file(sheet)? else {
                return Err(WorkbenchError::NoSuchSheet { text: sheet.to_string() }.into());
            };
            let path = folder.join(file_name);
            if !path.exists() {
                return Err(WorkbenchError::SheetFileGone { sheet }.into());
            }
            Ok(Arc::new(SheetStore::open(&path, sheet_limits(), now_ms)?))
        })
        .await?;
        open.insert(sheet, Arc::clone(&store));
        Ok(store)
    }

    /// Forgets a sheet, which closes its file once nobody else holds it.
    pub(crate) async fn forget(&self, sheet: SheetId) {
        self.open.lock().await.remove(&sheet);
    }

    /// Writes every open sheet's journal into its file and closes it.
    pub(crate) fn close_all(&mut self) {
        for (sheet, store) in self.open.get_mut().drain() {
            if let Err(error) = store.checkpoint() {
                // Nothing is lost: the journal beside the file is read at the next open.
                tracing::warn!(%sheet, %error, "a sheet was closed without a checkpoint");
            }
        }
    }
}

/// What one sheet may use of this machine: a share that leaves room for a model beside it.
pub(crate) fn sheet_limits() -> Limits {
    const GIB: u64 = 1 << 30;
    let memory_bytes = crate::machine::memory()
        .map_or(GIB, |memory| (memory.total_bytes / 4).clamp(GIB / 2, 4 * GIB));
    let threads = braincells_llm::llama::physical_cores().clamp(1, 8);
    Limits { memory_bytes, threads }
}

/// Puts the sheet's present name, size and times into the sheet list.
pub(crate) fn list_sheet(catalogue: &Catalogue, store: &SheetStore) -> Result<SheetInfo, AppError> {
    let info = store.info()?;
    let file_name = store
        .path()
        .file_name()
        .map_or_else(|| Home::sheet_file_name(info.id), |name| name.to_string_lossy().into_owned());
    catalogue.put_sheet(&info, &file_name)?;
    Ok(info)
}

/// Lists sheet files that the catalogue does not know: the process that made them ended before it
/// could, or the catalogue was lost.
pub(crate) fn adopt_sheets(
    catalogue: &Catalogue,
    home: &Home,
    now_ms: i64,
) -> Result<(), AppError> {
    let known: Vec<SheetId> = catalogue.sheets()?.into_iter().map(|info| info.id).collect();
    let folder = home.sheets();
    let entries = std::fs::read_dir(&folder).map_err(|error| WorkbenchError::Unreadable {
        path: folder.clone(),
        reason: error.to_string(),
        missing: false,
    })?;
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let unknown = sheet_id_of(&path).is_some_and(|id| !known.contains(&id));
        if !unknown {
            continue;
        }
        // A file that does not open (in use elsewhere, damaged) must not keep the home shut.
        match SheetStore::open(&path, sheet_limits(), now_ms) {
            Ok(store) => drop(list_sheet(catalogue, &store)?),
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

impl Workbench {
    /// All sheets whose file is there, in the catalogue's order.
    pub async fn sheets(&self) -> Result<Vec<SheetInfo>, AppError> {
        let catalogue = self.catalogue();
        let folder = self.home().sheets();
        blocking(move || -> Result<_, AppError> {
            let mut sheets = Vec::new();
            for info in catalogue.sheets()? {
                let file = catalogue.sheet_file(info.id)?;
                if file.is_some_and(|name| folder.join(name).exists()) {
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
        let sheets = self.sheets().await?;
        let id = text.parse::<SheetId>().ok();
        if let Some(info) = sheets.iter().find(|info| Some(info.id) == id) {
            return Ok(info.id);
        }
        let start = text.to_ascii_lowercase();
        let means = |info: &&SheetInfo| {
            info.name == text || (!start.is_empty() && info.id.to_string().starts_with(&start))
        };
        let found: Vec<&SheetInfo> = sheets.iter().filter(means).collect();
        match found.as_slice() {
            [] => Err(WorkbenchError::NoSuchSheet { text: text.to_owned() }.into()),
            [one] => Ok(one.id),
            several => {
                let candidates =
                    several.iter().map(|info| format!("{} `{}`", info.id, info.name)).collect();
                Err(WorkbenchError::AmbiguousSheet { text: text.to_owned(), candidates }.into())
            }
        }
    }

    /// Deletes a sheet and its file for good. Refused while one of its columns is being filled.
    pub async fn delete_sheet(&self, sheet: SheetId) -> Result<(), AppError> {
        if self.live().is_sheet_live(sheet) {
            return Err(WorkbenchError::SheetBusy { sheet }.into());
        }
        // Opening proves that no other process holds it.
        let path = match self.store(sheet).await {
            Ok(store) => Some(store.path().to_owned()),
            Err(error) if error.code == braincells_core::Code::NotFound => None,
            Err(error) => return Err(error),
        };
        self.views().forget_sheet(sheet);
        self.open_sheets().forget(sheet).await;
        let catalogue = self.catalogue();
        blocking(move || -> Result<_, AppError> {
            if catalogue.sheet_file(sheet)?.is_none() {
                return Err(WorkbenchError::NoSuchSheet { text: sheet.to_string() }.into());
            }
            if let Some(path) = path {
                braincells_data::remove_sheet(&path)?;
            }
            Ok(catalogue.remove_sheet(sheet)?)
        })
        .await
    }
}

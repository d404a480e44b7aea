//! Deleting sheets, and bringing them back.

use std::sync::Arc;

use braincells_core::{AppError, SheetId, SheetInfo, TrashedSheet};
use braincells_data::{Catalogue, DataError, is_there, move_sheet, remove_sheet};

use super::{adopt, chosen};
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::{Home, Workbench, World};

/// How long a deleted sheet can be brought back, in milliseconds: 30 days.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Workbench {
    /// Moves a sheet to the trash, from where [`Workbench::restore_sheet`] brings it back for 30
    /// days. Refused while one of its columns is being filled.
    pub async fn delete_sheet(&self, sheet: SheetId) -> Result<(), AppError> {
        self.take_out(sheet, move |catalogue, home, now_ms, file_name| {
            // The catalogue says where the sheet belongs; what a kill keeps from getting there
            // is moved at the next start.
            catalogue.put_in_trash(sheet, now_ms)?;
            let moved = move_sheet(&home.sheets().join(file_name), &home.trash().join(file_name));
            if let Err(error) = moved {
                catalogue.take_from_trash(sheet)?;
                return Err(error);
            }
            Ok(())
        })
        .await
    }

    /// Deletes a sheet and its file for good, without the trash. Refused while one of its columns
    /// is being filled.
    pub async fn delete_sheet_for_good(&self, sheet: SheetId) -> Result<(), AppError> {
        self.take_out(sheet, move |catalogue, home, _now_ms, file_name| {
            remove_sheet(&home.sheets().join(file_name))?;
            catalogue.remove_sheet(sheet)
        })
        .await
    }

    async fn take_out(
        &self,
        sheet: SheetId,
        work: impl FnOnce(&Catalogue, &Home, i64, &str) -> Result<(), DataError> + Send + 'static,
    ) -> Result<(), AppError> {
        if self.live().is_sheet_live(sheet) {
            return Err(WorkbenchError::SheetBusy { sheet }.into());
        }
        self.views().forget_sheet(sheet);
        let closed = self.open_sheets().close(sheet, self.world()).await?;
        let (catalogue, home, now_ms) = (self.catalogue(), self.home().clone(), self.now_ms());
        blocking(move || -> Result<_, AppError> {
            let _closed = closed;
            let Some(file_name) = catalogue.sheet_file(sheet)? else {
                return Err(WorkbenchError::NoSuchSheet { text: sheet.to_string() }.into());
            };
            match work(&catalogue, &home, now_ms, &file_name) {
                // Its entry is all there is left of it.
                Err(DataError::SheetMissing { .. }) => Ok(catalogue.remove_sheet(sheet)?),
                result => Ok(result?),
            }
        })
        .await
    }

    /// The sheets in the trash, the one that was deleted last first.
    pub async fn trash(&self) -> Result<Vec<TrashedSheet>, AppError> {
        let catalogue = self.catalogue();
        blocking(move || -> Result<_, DataError> {
            Ok(catalogue.trash()?.into_iter().map(|(sheet, _)| sheet).collect())
        })
        .await
    }

    /// The sheet in the trash that `text` means, as [`Workbench::find_sheet`] finds one.
    pub async fn find_trashed(&self, text: &str) -> Result<SheetId, AppError> {
        let trash = self.trash().await?;
        let sheets: Vec<SheetInfo> = trash.into_iter().map(|trashed| trashed.sheet).collect();
        match chosen(text, &sheets)? {
            Some(sheet) => Ok(sheet),
            None => Err(WorkbenchError::NotInTrash { text: text.to_owned() }.into()),
        }
    }

    /// Brings a sheet back from the trash.
    pub async fn restore_sheet(&self, sheet: SheetId) -> Result<SheetInfo, AppError> {
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        blocking(move || -> Result<_, AppError> {
            let (trashed, file_name) = in_trash(&catalogue, sheet)?;
            catalogue.take_from_trash(sheet)?;
            let moved = move_sheet(&home.trash().join(&file_name), &home.sheets().join(&file_name));
            if let Err(error) = moved {
                catalogue.put_in_trash(sheet, trashed.deleted_at_ms)?;
                return Err(error.into());
            }
            Ok(trashed.sheet)
        })
        .await
    }

    /// Deletes a sheet that is in the trash for good.
    pub async fn delete_trashed(&self, sheet: SheetId) -> Result<(), AppError> {
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        blocking(move || -> Result<_, AppError> {
            let (_, file_name) = in_trash(&catalogue, sheet)?;
            Ok(remove_for_good(&catalogue, &home, sheet, &file_name)?)
        })
        .await
    }

    /// Deletes everything in the trash for good; returns how many sheets.
    pub async fn empty_trash(&self) -> Result<u64, AppError> {
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        blocking(move || -> Result<_, DataError> {
            let trash = catalogue.trash()?;
            for (trashed, file_name) in &trash {
                remove_for_good(&catalogue, &home, trashed.sheet.id, file_name)?;
            }
            Ok(trash.len() as u64)
        })
        .await
    }
}

fn in_trash(catalogue: &Catalogue, sheet: SheetId) -> Result<(TrashedSheet, String), AppError> {
    let found = catalogue.trash()?.into_iter().find(|(trashed, _)| trashed.sheet.id == sheet);
    found.ok_or_else(|| WorkbenchError::NotInTrash { text: sheet.to_string() }.into())
}

fn remove_for_good(
    catalogue: &Catalogue,
    home: &Home,
    sheet: SheetId,
    file_name: &str,
) -> Result<(), DataError> {
    match remove_sheet(&home.trash().join(file_name)) {
        Ok(()) | Err(DataError::SheetMissing { .. }) => catalogue.remove_sheet(sheet),
        Err(error) => Err(error),
    }
}

/// At the start: moves what a killed process was about to move, lists what the catalogue does not
/// know, and deletes for good what has been in the trash for long enough.
pub(crate) fn tidy_trash(catalogue: &Arc<Catalogue>, world: &World) -> Result<(), AppError> {
    let (home, now_ms) = (&world.home, world.clock.now_ms());
    adopt(catalogue, world, &home.trash(), |id| catalogue.put_in_trash(id, now_ms))?;
    for (trashed, file_name) in catalogue.trash()? {
        let id = trashed.sheet.id;
        let (here, there) = (home.sheets().join(&file_name), home.trash().join(&file_name));
        let tidied = if is_there(&here) {
            move_sheet(&here, &there)
        } else if trashed.deleted_at_ms < now_ms - KEPT_MS {
            remove_for_good(catalogue, home, id, &file_name)
        } else {
            Ok(())
        };
        may_wait(id, tidied);
    }
    for info in catalogue.sheets()? {
        let Some(file_name) = catalogue.sheet_file(info.id)? else { continue };
        let (here, there) = (home.sheets().join(&file_name), home.trash().join(&file_name));
        if !is_there(&here) && is_there(&there) {
            may_wait(info.id, move_sheet(&there, &here));
        }
    }
    Ok(())
}

/// Nothing of the kind may keep the home shut.
fn may_wait(sheet: SheetId, tidied: Result<(), DataError>) {
    if let Err(error) = tidied {
        tracing::warn!(%sheet, %error, "a deleted or restored sheet stays where it is");
    }
}

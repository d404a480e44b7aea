use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use braincells_core::{AppError, OpeningNotice, SheetId};
use braincells_data::{Catalogue, DataError, Opened, Opening, SheetStore, is_there, open_sheet};
use tokio::sync::OwnedMutexGuard;

use super::{sheet_limits, sheet_path};
use crate::World;
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::machine::room_bytes;

/// How long a sheet may be in the hands of another verb before it counts as in use, and how often
/// that is looked at.
const LOOKS: u32 = 300;
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A sheet that this process has open, with what was said when it was opened.
pub(crate) struct OpenSheet {
    pub(crate) store: Arc<SheetStore>,
    pub(crate) notices: Vec<OpeningNotice>,
}

type Slot = Arc<tokio::sync::Mutex<Option<OpenSheet>>>;

/// The sheets this process has open. DuckDB locks the file of an open sheet, so a sheet is opened
/// once and shared. Each has a lock of its own: one that takes long to open holds up no other.
#[derive(Default)]
pub(crate) struct OpenSheets {
    slots: Mutex<HashMap<SheetId, Slot>>,
}

impl OpenSheets {
    fn slot(&self, sheet: SheetId) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(sheet).or_default())
    }

    /// The sheet's store, and what is to be told about its opening if it was opened just now.
    pub(crate) async fn open(
        &self,
        sheet: SheetId,
        catalogue: Arc<Catalogue>,
        world: &World,
    ) -> Result<(Arc<SheetStore>, Vec<OpeningNotice>), AppError> {
        // Held while opening, so that two callers cannot open the same file twice.
        let mut slot = self.slot(sheet).lock_owned().await;
        if let Some(open) = slot.as_ref() {
            return Ok((Arc::clone(&open.store), Vec::new()));
        }
        let world = world.clone();
        let Opened { store, notices } = blocking(move || -> Result<_, AppError> {
            let Some(path) = sheet_path(&catalogue, &world.home, sheet)? else {
                return Err(WorkbenchError::NoSuchSheet { text: sheet.to_string() }.into());
            };
            if !is_there(&path) {
                return Err(WorkbenchError::SheetFileGone { sheet }.into());
            }
            let opened = open_file(&world, &path, true)?;
            keep_locked(&catalogue, sheet, &opened)?;
            Ok(opened)
        })
        .await?;
        let store = Arc::new(store);
        *slot = Some(OpenSheet { store: Arc::clone(&store), notices: notices.clone() });
        Ok((store, notices))
    }

    /// What was said when the sheet was opened; nothing if it is not open.
    pub(crate) async fn notices(&self, sheet: SheetId) -> Vec<OpeningNotice> {
        let slot = self.slot(sheet).lock_owned().await;
        slot.as_ref().map_or_else(Vec::new, |open| open.notices.clone())
    }

    /// Forgets a sheet that can only be read, so that it is opened anew.
    pub(crate) async fn forget_copy(&self, sheet: SheetId) {
        let mut slot = self.slot(sheet).lock_owned().await;
        slot.take_if(|open| open.store.read_only().is_some());
    }

    /// Closes a sheet well, once no other verb has it, and keeps it closed until the result is
    /// dropped.
    pub(crate) async fn close(&self, sheet: SheetId, world: &World) -> Result<Closed, AppError> {
        for _ in 0..LOOKS {
            let mut slot = self.slot(sheet).lock_owned().await;
            let Some(OpenSheet { store, notices }) = slot.take() else {
                return Ok(Closed { _slot: slot });
            };
            match Arc::try_unwrap(store) {
                Ok(store) => {
                    let room = room_bytes(world.home.root());
                    blocking(move || store.close(room)).await?;
                    return Ok(Closed { _slot: slot });
                }
                Err(store) => *slot = Some(OpenSheet { store, notices }),
            }
            drop(slot);
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(WorkbenchError::SheetInUse { sheet }.into())
    }

    /// Closes every open sheet.
    pub(crate) fn close_all(&self, world: &World) {
        let slots = std::mem::take(&mut *self.slots.lock().unwrap_or_else(PoisonError::into_inner));
        for (sheet, slot) in slots {
            let Some(open) = slot.try_lock().ok().and_then(|mut slot| slot.take()) else {
                continue;
            };
            let closed = match Arc::try_unwrap(open.store) {
                Ok(store) => store.close(room_bytes(world.home.root())),
                // A run is still at it; the file closes with it.
                Err(store) if store.read_only().is_some() => Ok(()),
                Err(store) => store.checkpoint(),
            };
            if let Err(error) = closed {
                // Nothing is lost: the journal beside the file is read at the next open.
                tracing::warn!(%sheet, %error, "a sheet was closed without a checkpoint");
            }
        }
    }
}

/// Locks a sheet again that came back from before it was locked: what it had to leave out may have
/// been the lock. Before anybody else has the sheet, and before the list of sheets takes over what
/// the sheet says.
fn keep_locked(catalogue: &Catalogue, sheet: SheetId, opened: &Opened) -> Result<(), AppError> {
    let Opened { store, notices } = opened;
    let came_back = !notices.is_empty() && store.read_only().is_none();
    if came_back && catalogue.is_local_only(sheet)? && !store.local_only()? {
        store.set_local_only(true)?;
    }
    Ok(())
}

/// That a sheet is closed and stays so.
pub(crate) struct Closed {
    _slot: OwnedMutexGuard<Option<OpenSheet>>,
}

/// Opens a sheet's file; as a copy to read from, if that will do and another process has it.
pub(crate) fn open_file(
    world: &World,
    path: &Path,
    copy_will_do: bool,
) -> Result<Opened, DataError> {
    let temporary = world.home.temporary();
    open_sheet(&Opening {
        path,
        limits: sheet_limits(),
        now_ms: world.clock.now_ms(),
        probe: &|request| world.probe.probe(request),
        snapshots: copy_will_do.then_some(temporary.as_path()),
        room_bytes: room_bytes(path),
    })
}

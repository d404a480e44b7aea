//! The lock: nothing of a sheet, or nothing at all, may leave this machine.
//!
//! It is looked at before anything is sent, and again after every wait. Setting it stops what is
//! under way in this process: a run pauses and can go on once the lock is off, a preview ends.
//! Another process reads the lock of the settings when it looks the next time. Left out: what was
//! sent before.

use braincells_core::{AppError, Settings, SheetId};
use braincells_llm::cloud::{Endpoint, provider};

use crate::Workbench;
use crate::backends::leaves_machine;
use crate::blocking::blocking;
use crate::error::WorkbenchError;

impl Workbench {
    /// Sets whether anything of a sheet may leave this machine. Not a step: undoing other work does
    /// not take the lock off. Runs of the sheet that ask others, those that wait for their turn
    /// too, pause with [`Code::LocalOnly`](braincells_core::Code::LocalOnly).
    pub async fn set_local_only(&self, sheet: SheetId, locked: bool) -> Result<(), AppError> {
        self.change_store(sheet, move |store| Ok(store.set_local_only(locked)?)).await?;
        if locked {
            // What was begun before this was written is told; what begins after it reads it.
            self.pause_those_that_ask_others(Some(sheet));
        }
        Ok(())
    }

    /// Pauses what asks others than this machine: of one sheet, or all of it.
    pub(crate) fn pause_those_that_ask_others(&self, sheet: Option<SheetId>) {
        self.live().lock_out(sheet);
    }

    /// Whether a model may be asked about a sheet: an error if it is not on this machine, and the
    /// sheet or the settings are locked.
    pub(crate) async fn check_lock(&self, sheet: SheetId, model: &str) -> Result<(), AppError> {
        let settings = self.settings().await?;
        if leaves_machine(model, &settings).is_none() {
            return Ok(());
        }
        let refused = |what| WorkbenchError::LocalOnly { model: model.to_owned(), what };
        if settings.local_only {
            return Err(refused("nothing at all").into());
        }
        if self.is_locked(sheet).await? {
            return Err(refused("nothing of this sheet").into());
        }
        Ok(())
    }

    /// Whether nothing of a sheet may leave this machine: as the sheet says, or the list of sheets,
    /// because a copy of it to read from may be from before it was locked.
    pub(crate) async fn is_locked(&self, sheet: SheetId) -> Result<bool, AppError> {
        let (store, catalogue) = (self.store(sheet).await?, self.catalogue());
        blocking(move || Ok::<_, AppError>(store.local_only()? || catalogue.is_local_only(sheet)?))
            .await
    }

    /// Whether a model is on another machine, so that a run of it costs and can be locked out.
    pub(crate) async fn asks_others(&self, model: &str) -> Result<bool, AppError> {
        // Most models are files, and the settings need not be read for them.
        if !model.contains(':') {
            return Ok(false);
        }
        Ok(leaves_machine(model, &self.settings().await?).is_some())
    }

    /// Whether the settings let a backend be asked anything.
    pub(crate) async fn check_settings_allow(&self, endpoint: &Endpoint) -> Result<(), AppError> {
        let Settings { local_only, .. } = self.settings().await?;
        let stays = endpoint.is_this_machine() && provider(endpoint.backend()).is_none();
        if local_only && !stays {
            let model = endpoint.title().to_owned();
            return Err(WorkbenchError::LocalOnly { model, what: "nothing at all" }.into());
        }
        Ok(())
    }
}

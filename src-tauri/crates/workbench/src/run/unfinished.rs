//! Runs that are alive, and those that are not and could go on, of all sheets.

use braincells_core::{AppError, Code, LiveRun, RunId, RunInfo, RunStatus, SheetId, UnfinishedRun};
use braincells_data::{Catalogue, DataError, SheetStore};

use crate::Workbench;
use crate::blocking::blocking;
use crate::calibration::{After, calibrate_after_run};
use crate::columns::column_with_id;

/// What a sheet says about a run that the catalogue remembers.
enum Found {
    Unfinished(Box<UnfinishedRun>),
    /// It has ended for good, or nothing is left for it to do.
    Over,
    /// It is alive, here or in another process.
    Alive,
}

impl Workbench {
    /// The runs that are alive in this process: those that work first, then those that wait, in
    /// the order in which their turns come.
    pub async fn live_runs(&self) -> Result<Vec<LiveRun>, AppError> {
        let mut runs = Vec::new();
        for (progress, status) in self.live().all() {
            let (sheet, column) = (progress.sheet, progress.column);
            let names = self.with_store(sheet, move |store| {
                let column = column_with_id(&store.columns()?, column)?.name.clone();
                Ok((store.info()?.name, column))
            });
            let (sheet_name, column_name) = match names.await {
                Ok(names) => names,
                // It has ended, and its column or sheet went with it.
                Err(error) if error.code == Code::NotFound => continue,
                Err(error) => return Err(error),
            };
            runs.push(LiveRun { progress, status, sheet_name, column_name });
        }
        Ok(runs)
    }

    /// How many runs are alive in this process.
    pub fn live_run_count(&self) -> usize {
        self.live().all().len()
    }

    /// The runs of all sheets that can go on and are not alive: paused, failed, or left by a
    /// process that ended; the last that began first. Those of sheets in the trash, of sheets that
    /// another process has, and those without a row that is left to fill are not among them.
    ///
    /// Opens the sheets that such a run may be in, and no others.
    pub async fn unfinished_runs(&self) -> Result<Vec<UnfinishedRun>, AppError> {
        let (catalogue, now_ms) = (self.catalogue(), self.now_ms());
        let mut runs = Vec::new();
        for (sheet, run) in blocking(move || catalogue.open_runs()).await? {
            let is_live = self.live().is_live(sheet, run);
            match self.with_store(sheet, move |store| look(store, run, is_live, now_ms)).await {
                Ok(Found::Unfinished(run)) => runs.push(*run),
                Ok(Found::Alive) => {}
                Ok(Found::Over) => self.forget_run(sheet, run).await,
                // The sheet, the run or its column is gone.
                Err(error) if error.code == Code::NotFound => self.forget_run(sheet, run).await,
                // The others are no worse for it.
                Err(error) => tracing::warn!(%sheet, %error, "a sheet with a run does not open"),
            }
        }
        runs.sort_by_key(|run| std::cmp::Reverse(run.run.started_at_ms));
        Ok(runs)
    }

    /// Remembers a run until it has ended for good.
    pub(super) async fn remember_run(&self, sheet: SheetId, run: RunId) {
        self.note_run(move |catalogue| catalogue.put_open_run(sheet, run)).await;
    }

    /// Forgets a run that has ended for good.
    pub(super) async fn forget_run(&self, sheet: SheetId, run: RunId) {
        self.note_run(move |catalogue| catalogue.remove_open_run(sheet, run)).await;
    }

    async fn note_run(
        &self,
        note: impl FnOnce(&Catalogue) -> Result<(), DataError> + Send + 'static,
    ) {
        let catalogue = self.catalogue();
        if let Err(error) = blocking(move || note(&catalogue)).await {
            // The sheet itself has all of the run; it is only not found from outside.
            tracing::warn!(%error, "the list of unfinished runs could not be changed");
        }
    }
}

/// Does what is left of a run that was killed between its last row and its end.
pub(crate) fn end_killed_run(
    store: &SheetStore,
    run: &RunInfo,
    now_ms: i64,
) -> Result<(), AppError> {
    if let Err(error) = calibrate_after_run(store, run.column, run.id, After::AKill, now_ms) {
        tracing::warn!(%error, "a column could not be calibrated after a run that was killed");
    }
    Ok(store.set_run_status(run.id, RunStatus::Done, None, now_ms)?)
}

/// What becomes of a run that is not there, or whose column is not, is for the caller.
fn look(store: &SheetStore, run: RunId, is_live: bool, now_ms: i64) -> Result<Found, AppError> {
    if is_live || store.read_only().is_some() {
        return Ok(Found::Alive);
    }
    let mut info = store.run(run)?;
    if info.status == RunStatus::Running {
        // The disk took no more when it ended.
        info.status = RunStatus::Interrupted;
    }
    let columns = store.columns()?;
    let column_name = column_with_id(&columns, info.column)?.name.clone();
    if !info.status.can_resume() {
        return Ok(Found::Over);
    }
    if store.rows_to_fill(info.column, &info.request, Some(run))?.is_empty() {
        end_killed_run(store, &info, now_ms)?;
        return Ok(Found::Over);
    }
    Ok(Found::Unfinished(Box::new(UnfinishedRun { sheet: store.info()?, column_name, run: info })))
}

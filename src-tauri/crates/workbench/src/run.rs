//! Filling columns: the verbs, and the handle of a run that is under way.

mod asking;
mod batch;
mod begin;
mod calibrate;
mod cap;
mod cells;
mod close;
mod columns;
mod commit;
mod desk;
mod drive;
mod feed;
mod handle;
mod live;
mod lock;
mod order;
mod progress;
mod rows;
mod seeds;
mod spending;
mod unfinished;

use std::sync::Arc;

use braincells_core::{
    AppError, ColumnId, Priority, RowId, RunId, RunInfo, RunRequest, RunStatus, SheetId,
};

use crate::blocking::blocking;
use crate::columns::column_with_id;
use crate::error::WorkbenchError;
use crate::queue::Turn;
use crate::{EngineOptions, Workbench};
use begin::{Begin, begin_run, rows_to_fill};
use cap::{Purse, is_backend, spent_before};
pub(crate) use cells::{Spend, done_cell, failed_cell};
pub use columns::{ColumnOutcome, ColumnsHandle};
pub(crate) use drive::noted;
use drive::{Drive, Tools};
pub use handle::{RunHandle, RunOutcome};
use live::{Claim, Wish};
pub(crate) use live::{LiveRuns, Notes};
pub(crate) use order::Order;
use progress::Progress;
pub(crate) use unfinished::end_killed_run;

impl Workbench {
    /// Starts filling a column. Runs that want the same engine work one after the other, by
    /// priority: if it is this run's turn, this returns once the model is loaded, else at once,
    /// and the run is [`RunStatus::Queued`] until then. A run without rows loads no model and
    /// ends at once.
    ///
    /// Rows that read an AI cell which is empty or failed are left out and keep their state; see
    /// [`RunProgress::rows_waiting`](braincells_core::RunProgress::rows_waiting). One with [`Priority::Now`] may be asked for beside the run
    /// that fills the same column.
    ///
    /// What `options` leave open is as the settings have it; see [`Workbench::settings`].
    pub async fn run(
        &self,
        sheet: SheetId,
        column: ColumnId,
        request: impl Into<RunRequest> + Send,
        options: &EngineOptions,
    ) -> Result<RunHandle, AppError> {
        let request = request.into();
        let (order, claim) = self.take_order(sheet, column, None, request.priority).await?;
        self.launch(order, claim, options, Begin::New(request)).await
    }

    /// Goes on with a run that was paused, interrupted or failed: with the recipe it began with,
    /// and the rows it has not ended yet. A limit that `options` name takes the place of its own;
    /// what it took before counts.
    pub async fn resume(
        &self,
        sheet: SheetId,
        run: RunId,
        options: &EngineOptions,
    ) -> Result<RunHandle, AppError> {
        let info = self.stopped_run(sheet, run).await?;
        let (version, priority) = (Some(info.recipe_version), info.request.priority);
        let (order, claim) = self.take_order(sheet, info.column, version, priority).await?;
        self.launch(order, claim, options, Begin::Again(info)).await
    }

    /// All runs of a sheet, as the store lists them; those that wait for their turn as queued.
    pub async fn runs(&self, sheet: SheetId) -> Result<Vec<RunInfo>, AppError> {
        let mut runs = self.with_store(sheet, |store| Ok(store.runs()?)).await?;
        for run in runs.iter_mut().filter(|run| run.status == RunStatus::Running) {
            if self.live().is_queued(sheet, run.id) {
                run.status = RunStatus::Queued;
            }
        }
        Ok(runs)
    }

    /// Has the run that fills a column take these rows first, in the order given: those that a
    /// person looks at. Rows that it has asked for already, or never will, make no difference. A
    /// later call replaces an earlier one. `false` if no run fills the column.
    pub fn look_at(&self, sheet: SheetId, column: ColumnId, rows: &[RowId]) -> bool {
        self.live().look_at(sheet, column, rows)
    }

    /// Has a live run stop and keep what it has, to be resumed; `false` if it is not alive.
    pub fn pause_run(&self, sheet: SheetId, run: RunId) -> bool {
        self.live().wish(sheet, run, Wish::Pause)
    }

    /// Ends a run for good: a live one is stopped first, a paused or interrupted one is marked.
    pub async fn cancel_run(&self, sheet: SheetId, run: RunId) -> Result<(), AppError> {
        if self.live().wish(sheet, run, Wish::Cancel) {
            return Ok(());
        }
        self.stopped_run(sheet, run).await?;
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| {
            Ok(store.set_run_status(run, RunStatus::Cancelled, None, now_ms)?)
        })
        .await?;
        self.forget_run(sheet, run).await;
        Ok(())
    }

    /// The run, if it can go on. One that is written as running but is not alive in this process
    /// could not write its end (the disk was full): it can go on too.
    async fn stopped_run(&self, sheet: SheetId, run: RunId) -> Result<RunInfo, AppError> {
        let info = self.with_store(sheet, move |store| Ok(store.run(run)?)).await?;
        let stranded = info.status == RunStatus::Running && !self.live().is_live(sheet, run);
        if info.status.can_resume() || stranded {
            return Ok(info);
        }
        Err(WorkbenchError::RunNotResumable { run, status: info.status }.into())
    }

    /// What a run of a column would do, without the right to do it.
    pub(crate) async fn order(
        &self,
        sheet: SheetId,
        column: ColumnId,
        recipe_version: Option<i64>,
    ) -> Result<Order, AppError> {
        let (store, default_model) = (self.store(sheet).await?, self.settings().await?.model);
        blocking(move || {
            let columns = store.columns()?;
            let column = column_with_id(&columns, column)?;
            Order::new(&store, sheet, &columns, column, recipe_version, &default_model)
        })
        .await
    }

    pub(crate) async fn take_order(
        &self,
        sheet: SheetId,
        column: ColumnId,
        recipe_version: Option<i64>,
        priority: Priority,
    ) -> Result<(Order, Claim), AppError> {
        let store = self.writable_store(sheet).await?;
        let default_model = self.settings().await?.model;
        let live = Arc::clone(self.live());
        blocking(move || {
            let columns = store.columns()?;
            let column = column_with_id(&columns, column)?;
            let claim = live.claim(sheet, column, priority)?;
            let order =
                Order::new(&store, sheet, &columns, column, recipe_version, &default_model)?;
            Ok::<_, AppError>((order, claim))
        })
        .await
    }

    /// What a run of this model has to itself; see [`EngineSource::lane`](crate::EngineSource::lane).
    pub(crate) async fn lane(&self, model: &str) -> Result<String, AppError> {
        let (engines, model) = (Arc::clone(&self.world().engines), model.to_owned());
        // May read the settings.
        blocking(move || Ok::<_, AppError>(engines.lane(&model))).await
    }

    async fn launch(
        &self,
        order: Order,
        mut claim: Claim,
        options: &EngineOptions,
        mut begin: Begin,
    ) -> Result<RunHandle, AppError> {
        // The lock aside, which is read around every wait, all of it is as it is said now.
        let settings = self.settings().await?;
        let is_backend = is_backend(&order.recipe.model, &settings);
        let cap_is_usual = begin.take_cap(&order.recipe.model, options.cap, &settings);
        let mut request = begin.request().clone();
        let options = options.or(&settings.engine);
        self.check_run_may_ask(&order, &claim).await?;
        let rows = rows_to_fill(&order, &begin).await?;
        let (mut turn, mut engine) = (None, None);
        if !rows.ready.is_empty() {
            let model = &order.recipe.model;
            claim.set_model(model);
            let lane = self.lane(model).await?;
            let place = self.lines().enter(lane, request.priority);
            if place.view().has_come() {
                self.check_run_may_ask(&order, &claim).await?;
                let loaded = self.engines().engine(model, &options, self.events()).await?;
                self.check_run_may_ask(&order, &claim).await?;
                if is_backend {
                    let purse = Purse { cap: request.cap, cap_is_usual, ..Purse::default() };
                    request.cap = purse.known_cap(self.engines(), model, loaded.as_ref()).await?;
                    begin.set_cap(request.cap);
                }
                engine = Some(loaded);
            } else {
                self.engines().check(model).await?;
                claim.set_queued(true);
            }
            turn = Some(place);
        }
        let spent = spent_before(&order, &begin).await?;
        let purse = is_backend.then_some(Purse { cap: request.cap, cap_is_usual, spent });
        let begin = begin_run(&order, &begin, &rows, self.now_ms()).await?;
        let id = begin.run;
        let progress = Progress::new(begin.clone());
        let standing = turn.as_ref().map(Turn::standing);
        let wish = claim.begin(id, progress.figures(), standing);
        self.remember_run(order.sheet, id).await;
        let tools = Tools {
            world: self.world().clone(),
            answers: self.answers(),
            options,
            fresh: request.fresh,
            turn,
            engine,
            purse,
        };
        let drive = Drive::new(self, order, rows.ready, tools, progress, claim);
        let task = tokio::spawn(drive.finish());
        Ok(RunHandle { id, wish, task, begin })
    }
}

//! Filling a column: the verbs, and the handle of a run that is under way.

mod commit;
mod desk;
mod drive;
mod feed;
mod live;
mod progress;

use std::sync::Arc;

use braincells_core::{
    AppError, Code, Column, ColumnId, ColumnKind, RowId, RunId, RunInfo, RunProgress, RunRequest,
    RunStatus, SheetId,
};
use braincells_data::SheetStore;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::blocking::{blocking, lost};
use crate::columns::column_with_id;
use crate::error::WorkbenchError;
use crate::{EngineOptions, Workbench};
pub(crate) use drive::examples;
use drive::{Drive, Order};
pub(crate) use live::LiveRuns;
use live::{Claim, Wish};
use progress::Progress;

/// A run that is under way. Dropping the handle lets the run go on.
pub struct RunHandle {
    id: RunId,
    wish: watch::Sender<Wish>,
    task: JoinHandle<RunOutcome>,
    begin: RunProgress,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunOutcome {
    /// Where it stands now.
    pub status: RunStatus,
    /// Its last figures.
    pub progress: RunProgress,
    /// Why it could not go on.
    pub error: Option<AppError>,
}

impl RunHandle {
    /// The run.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Stops asking, drops what is in flight, keeps what is done. The run can be resumed.
    pub fn pause(&self) {
        live::wish(&self.wish, Wish::Pause);
    }

    /// Stops as [`RunHandle::pause`] does, but for good.
    pub fn cancel(&self) {
        live::wish(&self.wish, Wish::Cancel);
    }

    /// Waits until the run has ended or stopped, with all that is done on disk.
    pub async fn finished(self) -> RunOutcome {
        match self.task.await {
            Ok(outcome) => outcome,
            Err(error) => RunOutcome {
                status: RunStatus::Interrupted,
                progress: self.begin,
                error: Some(lost(&error)),
            },
        }
    }

    /// [`RunHandle::finished`], with [`RunHandle::pause`] as soon as `stop` is ready.
    pub async fn finished_or_paused_by(self, stop: impl Future<Output = ()>) -> RunOutcome {
        let wish = self.wish.clone();
        let mut finished = std::pin::pin!(self.finished());
        tokio::select! {
            outcome = &mut finished => outcome,
            () = stop => {
                live::wish(&wish, Wish::Pause);
                finished.await
            }
        }
    }
}

impl Workbench {
    /// Starts filling a column. Returns once the model is loaded and the run is recorded; a run
    /// without rows loads no model and ends at once.
    pub async fn run(
        &self,
        sheet: SheetId,
        column: ColumnId,
        request: impl Into<RunRequest> + Send,
        options: &EngineOptions,
    ) -> Result<RunHandle, AppError> {
        let (order, claim) = self.take_order(sheet, column, None).await?;
        let request = request.into();
        let rows = rows_to_fill(&order, &request, None).await?;
        self.launch(order, claim, rows, options, Begin::New(request)).await
    }

    /// Goes on with a run that was paused, interrupted or failed: with the recipe it began with,
    /// and the rows it has not ended yet.
    pub async fn resume(
        &self,
        sheet: SheetId,
        run: RunId,
        options: &EngineOptions,
    ) -> Result<RunHandle, AppError> {
        let info = self.stopped_run(sheet, run).await?;
        let (order, claim) = self.take_order(sheet, info.column, Some(info.recipe_version)).await?;
        let rows = rows_to_fill(&order, &info.request, Some(run)).await?;
        self.launch(order, claim, rows, options, Begin::Again(info)).await
    }

    /// All runs of a sheet, as the store lists them.
    pub async fn runs(&self, sheet: SheetId) -> Result<Vec<RunInfo>, AppError> {
        self.with_store(sheet, |store| Ok(store.runs()?)).await
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
        .await
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

    async fn take_order(
        &self,
        sheet: SheetId,
        column: ColumnId,
        recipe_version: Option<i64>,
    ) -> Result<(Order, Claim), AppError> {
        let store = self.writable_store(sheet).await?;
        let live = Arc::clone(self.live());
        blocking(move || {
            let columns = store.columns()?;
            let column = column_with_id(&columns, column)?;
            let claim = live.claim(sheet, column)?;
            Ok::<_, AppError>((order(&store, sheet, &columns, column, recipe_version)?, claim))
        })
        .await
    }

    async fn launch(
        &self,
        order: Order,
        mut claim: Claim,
        rows: Vec<RowId>,
        options: &EngineOptions,
        begin: Begin,
    ) -> Result<RunHandle, AppError> {
        let engine = if rows.is_empty() {
            None
        } else {
            let model = &order.recipe.model;
            Some(self.engines().engine(model, options, self.events()).await?)
        };
        let begin = begin_run(&order, &begin, rows.len() as u64, self.now_ms()).await?;
        let id = begin.run;
        let wish = claim.begin(id);
        let drive = Drive::new(self, order, engine, rows, Progress::new(begin.clone()), claim);
        let task = tokio::spawn(drive.finish());
        Ok(RunHandle { id, wish, task, begin })
    }
}

enum Begin {
    New(RunRequest),
    Again(RunInfo),
}

/// Everything about the column that a run needs, resolved once.
fn order(
    store: &Arc<SheetStore>,
    sheet: SheetId,
    columns: &[Column],
    column: &Column,
    recipe_version: Option<i64>,
) -> Result<Order, AppError> {
    let ColumnKind::Ai { recipe, recipe_version: newest } = &column.kind else {
        return Err(WorkbenchError::NotAiColumn { name: column.name.clone() }.into());
    };
    let version = recipe_version.unwrap_or(*newest);
    let recipe =
        if version == *newest { recipe.clone() } else { store.recipe(column.id, version)? };
    Order::new(Arc::clone(store), sheet, column.id, recipe, version, columns)
}

async fn rows_to_fill(
    order: &Order,
    request: &RunRequest,
    run: Option<RunId>,
) -> Result<Vec<RowId>, AppError> {
    let (store, column) = (Arc::clone(&order.store), order.column);
    let request = request.clone();
    blocking(move || store.rows_to_fill(column, &request, run)).await
}

/// Writes down that the run is alive; returns its figures at the start.
async fn begin_run(
    order: &Order,
    begin: &Begin,
    row_count: u64,
    now_ms: i64,
) -> Result<RunProgress, AppError> {
    let (store, column, version) = (Arc::clone(&order.store), order.column, order.recipe_version);
    let mut figures = RunProgress {
        sheet: order.sheet,
        column,
        run: RunId(0),
        rows_total: row_count,
        rows_done: 0,
        rows_failed: 0,
        rows_before: 0,
        rows_reused: 0,
        rows_cut_off: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        elapsed_ms: 0,
    };
    match begin {
        Begin::New(request) => {
            let request = request.clone();
            figures.run =
                blocking(move || store.start_run(column, version, &request, row_count, now_ms))
                    .await?;
        }
        Begin::Again(info) => {
            let run = info.id;
            figures.run = run;
            figures.rows_done = info.rows_done;
            figures.rows_failed = info.rows_failed;
            figures.rows_before = info.rows_done + info.rows_failed;
            // Not the total of the beginning: rows may have been edited or deleted since.
            figures.rows_total = figures.rows_before + row_count;
            blocking(move || store.set_run_status(run, RunStatus::Running, None, now_ms)).await?;
        }
    }
    Ok(figures)
}

impl RunOutcome {
    /// Whether the run ended but some cells failed: the command line's exit code 3.
    pub fn has_failed_cells(&self) -> bool {
        self.status == RunStatus::Done && self.progress.rows_failed > 0
    }

    /// Whether the run was stopped by a person.
    pub fn is_stopped(&self) -> bool {
        self.error.as_ref().is_none_or(|error| error.code == Code::Cancelled)
            && matches!(self.status, RunStatus::Paused | RunStatus::Cancelled)
    }
}

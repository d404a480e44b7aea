//! The run loop: rows go to the engine, answers come back, groups of cells go to the disk.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use braincells_core::{
    AppError, CellRecord, Code, Column, ColumnId, Event, Recipe, RowId, RunStatus, SheetId,
};
use braincells_data::{Catalogue, SheetStore};
use braincells_llm::prompt::{Example, PromptPlan};
use braincells_llm::{BatchEvent, BatchEventKind, LLMEngine};
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use super::RunOutcome;
use super::commit::{Committer, Target};
use super::desk::{Desk, Ended, reuse};
use super::feed::{Feed, lock, requests};
use super::live::{Claim, Wish};
use super::progress::Progress;
use crate::Workbench;
use crate::blocking::blocking;
use crate::columns::{own_examples, plan_for};
use crate::error::WorkbenchError;
use crate::tokens::estimated_tokens;

/// Cells that needed no model and wait for the loop.
const READY_CELLS: usize = 256;

/// What is to be filled and how, resolved once, so that all prompts share their beginning.
pub(super) struct Order {
    pub(super) store: Arc<SheetStore>,
    pub(super) sheet: SheetId,
    pub(super) column: ColumnId,
    pub(super) recipe: Recipe,
    pub(super) recipe_version: i64,
    plan: PromptPlan,
    inputs: Vec<ColumnId>,
    examples: Vec<Example>,
}

impl Order {
    pub(super) fn new(
        store: Arc<SheetStore>,
        sheet: SheetId,
        column: ColumnId,
        recipe: Recipe,
        recipe_version: i64,
        columns: &[Column],
    ) -> Result<Self, AppError> {
        let (plan, inputs) = plan_for(&recipe, columns)?;
        let examples = examples(&store, column, &inputs, &plan, &recipe)?;
        Ok(Self { store, sheet, column, recipe, recipe_version, plan, inputs, examples })
    }
}

/// A cell that is finished without a request of its own.
pub(super) struct Ready {
    pub(super) cell: CellRecord,
    pub(super) reused: bool,
}

/// Why the loop stopped.
enum End {
    Filled,
    Asked(Wish),
    /// No other row can succeed either.
    Broken(AppError),
    /// The disk refused; the rows can be filled once it takes them again.
    Unsaved(AppError),
}

pub(super) struct Drive {
    sheet: SheetId,
    engine: Option<Arc<dyn LLMEngine>>,
    feed: Arc<tokio::sync::Mutex<Feed>>,
    desk: Arc<Mutex<Desk>>,
    ready: mpsc::Receiver<Ready>,
    committer: Committer,
    catalogue: Arc<Catalogue>,
    claim: Claim,
}

impl Drive {
    pub(super) fn new(
        workbench: &Workbench,
        order: Order,
        engine: Option<Arc<dyn LLMEngine>>,
        rows: Vec<RowId>,
        progress: Progress,
        claim: Claim,
    ) -> Self {
        let sampling = &order.recipe.sampling;
        let run = progress.now().run;
        let desk = Desk::new(run, sampling.seed, sampling.temperature <= 0.0);
        let desk = Arc::new(Mutex::new(desk));
        let (sender, ready) = mpsc::channel(READY_CELLS);
        let feed = Feed {
            run,
            store: Arc::clone(&order.store),
            plan: order.plan,
            inputs: order.inputs,
            examples: order.examples,
            rows: rows.into_iter(),
            page: VecDeque::new(),
            desk: Arc::clone(&desk),
            ready: sender,
            runtime: tokio::runtime::Handle::current(),
        };
        let in_flight = engine.as_ref().map_or(0, |engine| engine.capabilities().parallel_requests);
        let (store, column, recipe_version) = (order.store, order.column, order.recipe_version);
        let target = Target { store, column, recipe_version };
        let committer =
            Committer::new(target, workbench.world(), progress, claim.by_hand(), in_flight);
        let feed = Arc::new(tokio::sync::Mutex::new(feed));
        let (sheet, catalogue) = (order.sheet, workbench.catalogue());
        Self { sheet, engine, feed, desk, ready, committer, catalogue, claim }
    }

    /// Fills the rows and writes down how it ended.
    pub(super) async fn finish(mut self) -> RunOutcome {
        let end = match AssertUnwindSafe(self.fill()).catch_unwind().await {
            Ok(end) => end,
            Err(_panic) => {
                let message = "the run met a defect and stopped";
                End::Broken(AppError::new(Code::Internal, message).with_hint("resume the run"))
            }
        };
        self.close(end).await
    }

    async fn fill(&mut self) -> End {
        let Some(engine) = self.engine.clone() else { return End::Filled };
        loop {
            let ended = match self.one_batch(engine.as_ref()).await {
                Ok(ended) => ended,
                Err(end) => return end,
            };
            let mut desk = lock(&self.desk);
            if let Some(error) = desk.take_feed_error() {
                return End::Unsaved(error);
            }
            // Second attempts that came after the last row was pulled need another batch.
            if desk.has_attempts() && ended > 0 {
                continue;
            }
            let (asked, unanswered) = desk.asked_and_open();
            if unanswered > 0 || desk.has_rows_left() {
                tracing::error!(asked, unanswered, "the engine ended a batch early");
                return End::Broken(WorkbenchError::EngineEndedEarly { asked, unanswered }.into());
            }
            return End::Filled;
        }
    }

    /// Lets the engine pull what is left. Returns how many requests ended.
    async fn one_batch(&mut self, engine: &dyn LLMEngine) -> Result<u64, End> {
        let mut batch = engine.generate_batch(requests(&self.feed));
        let mut ended = 0;
        loop {
            let Self { claim, committer, ready, .. } = self;
            tokio::select! {
                biased;
                wish = claim.stopped() => return Err(End::Asked(wish)),
                () = committer.due() => committer.write_due().await.map_err(End::Unsaved)?,
                Some(ready) = ready.recv() => {
                    committer.push(ready.cell, ready.reused).await.map_err(End::Unsaved)?;
                }
                event = batch.next() => match event {
                    Some(event) => ended += u64::from(self.take(event).await?),
                    None => break,
                },
            }
        }
        drop(batch);
        while let Ok(ready) = self.ready.try_recv() {
            self.committer.push(ready.cell, ready.reused).await.map_err(End::Unsaved)?;
        }
        Ok(ended)
    }

    /// Takes one event of the batch; `true` if it ended an attempt.
    async fn take(&mut self, event: BatchEvent) -> Result<bool, End> {
        let ended = match event.kind {
            BatchEventKind::Started | BatchEventKind::Delta(_) => return Ok(false),
            BatchEventKind::Failed(error) if error.ends_run() => {
                return Err(End::Broken(error.into()));
            }
            BatchEventKind::Done(response) => lock(&self.desk).answered(event.id, *response),
            BatchEventKind::Failed(error) => lock(&self.desk).failed(event.id, error),
        };
        let Some(Ended { cell, also }) = ended else { return Ok(true) };
        self.committer.push(cell.clone(), false).await.map_err(End::Unsaved)?;
        for row in also {
            // A whole table may wait for one answer; a stop does not wait for the table.
            if let Some(wish) = self.claim.wish() {
                return Err(End::Asked(wish));
            }
            let same = reuse(&cell, row);
            self.committer.push(same, cell.error.is_none()).await.map_err(End::Unsaved)?;
        }
        Ok(true)
    }

    async fn close(mut self, end: End) -> RunOutcome {
        let (mut status, mut error) = match end {
            End::Filled => (RunStatus::Done, None),
            End::Asked(wish) => (wish.status(), None),
            End::Broken(error) => (RunStatus::Failed, Some(error)),
            End::Unsaved(error) => (RunStatus::Paused, Some(error)),
        };
        let written = match self.committer.write_all().await {
            Ok(()) => self.write_status(status, error.as_ref()).await,
            Err(unsaved) => Err(unsaved),
        };
        if let Err(unsaved) = written {
            (status, error) = (RunStatus::Paused, Some(error.unwrap_or(unsaved)));
            if let Err(error) = self.write_status(status, error.as_ref()).await {
                // It stays written as running; `resume` and the next open both take it on.
                tracing::warn!(%error, "the end of a run could not be written down");
            }
        }
        let Self { sheet, claim, mut committer, .. } = self;
        // Released before the news: whoever hears it may start the next run at once.
        drop(claim);
        let events = Arc::clone(&committer.events);
        committer.progress.tell(events.as_ref());
        let progress = committer.progress.now();
        events.emit(Event::RunEnded {
            sheet,
            run: progress.run,
            status,
            progress: progress.clone(),
            error: error.clone(),
        });
        RunOutcome { status, progress, error }
    }

    async fn write_status(
        &self,
        status: RunStatus,
        error: Option<&AppError>,
    ) -> Result<(), AppError> {
        let (store, catalogue) =
            (Arc::clone(&self.committer.target.store), Arc::clone(&self.catalogue));
        let (run, now_ms) = (self.committer.progress.now().run, self.committer.clock.now_ms());
        let reason = error.map(|error| error.message.clone());
        blocking(move || {
            store.set_run_status(run, status, reason.as_deref(), now_ms)?;
            crate::sheets::list_sheet(&catalogue, &store).map(drop)
        })
        .await
    }
}

/// The examples of a run: those of the recipe, then validated and edited cells, as many as fit.
pub(crate) fn examples(
    store: &SheetStore,
    column: ColumnId,
    inputs: &[ColumnId],
    plan: &PromptPlan,
    recipe: &Recipe,
) -> Result<Vec<Example>, AppError> {
    let most = recipe.examples.max_count;
    if most == 0 {
        return Ok(Vec::new());
    }
    let rows = store.examples(column, inputs, most)?;
    let of_sheet = rows.into_iter().map(|row| Example { inputs: row.inputs, value: row.value });
    let examples = own_examples(recipe, plan).into_iter().chain(of_sheet);
    Ok(plan.select_examples(examples, &estimated_tokens))
}

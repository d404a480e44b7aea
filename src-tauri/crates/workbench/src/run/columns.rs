//! Filling several columns, each behind those that it reads.

use braincells_core::{AppError, Column, ColumnId, Graph, RunRequest, RunStatus, SheetId};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::live::{self, Wish};
use super::{RunHandle, RunOutcome};
use crate::blocking::lost;
use crate::columns::column_with_id;
use crate::error::WorkbenchError;
use crate::workbench::WeakWorkbench;
use crate::{EngineOptions, Workbench};

/// Several columns that are being filled. Dropping the handle lets them go on.
pub struct ColumnsHandle {
    wish: watch::Sender<Wish>,
    task: JoinHandle<Vec<ColumnOutcome>>,
}

/// What became of one of several columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnOutcome {
    /// The column.
    pub column: ColumnId,
    /// How its run ended; `None` if there was nothing to do or it did not begin.
    pub outcome: Option<RunOutcome>,
    /// Why it did not begin: it could not, or a column that it reads was not filled.
    pub error: Option<AppError>,
}

impl ColumnsHandle {
    /// Pauses the column that is being filled, and begins no other. The same request goes on.
    pub fn pause(&self) {
        live::wish(&self.wish, Wish::Pause);
    }

    /// Cancels the run of the column that is being filled, and begins no other.
    pub fn cancel(&self) {
        live::wish(&self.wish, Wish::Cancel);
    }

    /// Waits until all is done or stopped; the columns in the order in which they were filled.
    /// Those that a stop kept from beginning are not among them.
    pub async fn finished(self) -> Result<Vec<ColumnOutcome>, AppError> {
        self.task.await.map_err(|error| lost(&error))
    }

    /// [`ColumnsHandle::finished`], with [`ColumnsHandle::pause`] as soon as `stop` is ready.
    pub async fn finished_or_paused_by(
        self,
        stop: impl Future<Output = ()>,
    ) -> Result<Vec<ColumnOutcome>, AppError> {
        let wish = self.wish.clone();
        let mut finished = std::pin::pin!(self.finished());
        tokio::select! {
            outcomes = &mut finished => outcomes,
            () = stop => {
                live::wish(&wish, Wish::Pause);
                finished.await
            }
        }
    }
}

impl Workbench {
    /// Fills several AI columns, or all: one after the other, each behind those of them that it
    /// reads, and where that leaves a choice, the one whose model is loaded, then the one that
    /// stands first. An unfinished run with the same request goes on.
    ///
    /// A column that cannot be filled keeps those that read it from beginning; single failed cells
    /// do not, the rows that read them wait. A pause or cancel of one run ends all of it, and so do
    /// its limit, which is for each run, and the lock.
    pub async fn run_columns(
        &self,
        sheet: SheetId,
        columns: Option<&[ColumnId]>,
        request: impl Into<RunRequest> + Send,
        options: &EngineOptions,
    ) -> Result<ColumnsHandle, AppError> {
        let all = self.columns(sheet).await?;
        let wanted: Vec<ColumnId> = match columns {
            None => all.iter().filter(|c| c.recipe().is_some()).map(|column| column.id).collect(),
            Some(columns) => columns.to_vec(),
        };
        for column in &wanted {
            let column = column_with_id(&all, *column)?;
            if column.recipe().is_none() {
                return Err(WorkbenchError::NotAiColumn { name: column.name.clone() }.into());
            }
        }
        let plan = Plan::new(&all, &wanted);
        let (wish, wished) = watch::channel(Wish::GoOn);
        // Not a strong hold: the last clone to go pauses what is alive.
        let workbench = self.downgrade();
        let filling = Filling {
            workbench,
            sheet,
            plan,
            request: request.into(),
            options: options.clone(),
            wished,
        };
        Ok(ColumnsHandle { wish, task: tokio::spawn(filling.finish()) })
    }
}

/// Which columns are left, and which of them may begin. Pure.
struct Plan {
    graph: Graph,
    /// In an order in which each stands behind those it reads.
    left: Vec<ColumnId>,
    models: Vec<(ColumnId, String)>,
    names: Vec<(ColumnId, String)>,
    unfilled: Vec<ColumnId>,
}

impl Plan {
    fn new(all: &[Column], wanted: &[ColumnId]) -> Self {
        let graph = Graph::of(all);
        let model = |column: &Column| Some((column.id, column.recipe()?.model.clone()));
        Self {
            left: graph.order(wanted),
            graph,
            models: all.iter().filter_map(model).collect(),
            names: all.iter().map(|column| (column.id, column.name.clone())).collect(),
            unfilled: Vec::new(),
        }
    }

    /// The next column: one that waits for none of those that are left.
    fn next(&mut self, loaded: Option<&str>) -> Option<ColumnId> {
        let is_free = |column: &ColumnId| {
            !self.left.iter().any(|other| self.graph.dependents(&[*other]).contains(column))
        };
        let is_loaded = |column: &ColumnId| {
            loaded.is_some() && self.model(*column) == loaded && is_free(column)
        };
        let at = self
            .left
            .iter()
            .position(is_loaded)
            .or_else(|| self.left.iter().position(is_free))
            .or((!self.left.is_empty()).then_some(0))?;
        Some(self.left.remove(at))
    }

    fn model(&self, column: ColumnId) -> Option<&str> {
        self.models.iter().find(|(id, _)| *id == column).map(|(_, model)| model.as_str())
    }

    /// The name of a column that was not filled and that this one needs.
    fn missing_input(&self, column: ColumnId) -> Option<&str> {
        let needs = |other: &&ColumnId| self.graph.dependents(&[**other]).contains(&column);
        let missing = self.unfilled.iter().find(needs)?;
        self.names.iter().find(|(id, _)| id == missing).map(|(_, name)| name.as_str())
    }
}

struct Filling {
    workbench: WeakWorkbench,
    sheet: SheetId,
    plan: Plan,
    request: RunRequest,
    options: EngineOptions,
    wished: watch::Receiver<Wish>,
}

impl Filling {
    async fn finish(mut self) -> Vec<ColumnOutcome> {
        let mut outcomes = Vec::new();
        let mut loaded = None;
        while !self.is_stopped() {
            let Some(column) = self.plan.next(loaded.as_deref()) else { break };
            let outcome = self.fill(column).await;
            let run = outcome.outcome.as_ref();
            let stopped = run.is_some_and(RunOutcome::is_stopped);
            let filled = run.map_or(outcome.error.is_none(), |run| run.status == RunStatus::Done);
            if run.is_some() {
                loaded = self.plan.model(column).map(str::to_owned);
            }
            if !filled {
                self.plan.unfilled.push(column);
            }
            outcomes.push(outcome);
            if stopped {
                break;
            }
        }
        outcomes
    }

    async fn fill(&mut self, column: ColumnId) -> ColumnOutcome {
        let missing = self.plan.missing_input(column).map(str::to_owned);
        let started = match (missing, self.workbench.upgrade()) {
            (Some(name), _) => Err(WorkbenchError::InputNotFilled { name }.into()),
            (None, None) => Err(AppError::from(WorkbenchError::Closed)),
            (None, Some(workbench)) => {
                let request = self.request.clone();
                workbench.go_on_or_begin(self.sheet, column, request, &self.options).await
            }
        };
        match started {
            Ok(None) => ColumnOutcome { column, outcome: None, error: None },
            Ok(Some(run)) => {
                let outcome = Some(self.follow(run).await);
                ColumnOutcome { column, outcome, error: None }
            }
            Err(error) => ColumnOutcome { column, outcome: None, error: Some(error) },
        }
    }

    /// Waits for a run, and passes a wish to stop on to it.
    async fn follow(&mut self, run: RunHandle) -> RunOutcome {
        let wish = run.wish.clone();
        let mut finished = std::pin::pin!(run.finished());
        let mut wished = self.wished.clone();
        loop {
            tokio::select! {
                outcome = &mut finished => return outcome,
                changed = wished.changed() => match changed {
                    Ok(()) => live::wish(&wish, *wished.borrow_and_update()),
                    // The handle was dropped: nobody will wish for anything any more.
                    Err(_) => return finished.await,
                },
            }
        }
    }

    fn is_stopped(&self) -> bool {
        *self.wished.borrow() != Wish::GoOn
    }
}

//! How a run begins: anew, or where it was stopped.

use std::sync::Arc;

use braincells_core::{AppError, RunCap, RunId, RunInfo, RunProgress, RunRequest, RunStatus};

use super::order::{Order, Rows};
use crate::blocking::blocking;

/// Whether a run is new or goes on.
pub(super) enum Begin {
    New(RunRequest),
    Again(RunInfo),
}

impl Begin {
    /// What it is asked to do.
    pub(super) fn request(&self) -> &RunRequest {
        match self {
            Self::New(request) => request,
            Self::Again(info) => &info.request,
        }
    }

    pub(super) fn set_cap(&mut self, cap: RunCap) {
        match self {
            Self::New(request) => request.cap = cap,
            Self::Again(info) => info.request.cap = cap,
        }
    }
}

/// The rows that it has to fill.
pub(super) async fn rows_to_fill(order: &Order, begin: &Begin) -> Result<Rows, AppError> {
    let (order, request) = (order.clone(), begin.request().clone());
    let run = match begin {
        Begin::New(_) => None,
        Begin::Again(info) => Some(info.id),
    };
    blocking(move || order.rows(&request, run)).await
}

/// Writes down that the run is alive; returns its figures at the start.
pub(super) async fn begin_run(
    order: &Order,
    begin: &Begin,
    rows: &Rows,
    now_ms: i64,
) -> Result<RunProgress, AppError> {
    let (store, column, version) = (Arc::clone(&order.store), order.column, order.recipe_version);
    let row_count = rows.ready.len() as u64;
    let mut figures = RunProgress {
        sheet: order.sheet,
        column,
        run: RunId(0),
        rows_total: row_count,
        rows_done: 0,
        rows_failed: 0,
        rows_before: 0,
        rows_waiting: rows.waiting,
        rows_reused: 0,
        rows_cut_off: 0,
        prompt_tokens: 0,
        shared_tokens: 0,
        completion_tokens: 0,
        cost_usd: None,
        flow: None,
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
            let cap = info.request.cap;
            blocking(move || {
                if store.run(run)?.request.cap != cap {
                    store.set_run_cap(run, cap)?;
                }
                store.set_run_status(run, RunStatus::Running, None, now_ms)
            })
            .await?;
        }
    }
    Ok(figures)
}

//! Rows on their way to the engine: read in pages, turned into requests one by one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::vec::IntoIter;

use braincells_core::{AppError, CellFigures, ColumnId, RowId, RunId, Value};
use braincells_data::SheetStore;
use braincells_llm::prompt::Example;
use braincells_llm::{LLMRequest, RequestId, RequestStream, prompt::PromptPlan};
use futures::stream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::desk::{Admitted, Desk, FeedState, failed_cell};
use super::drive::Ready;
use crate::blocking::lost;
use crate::error::WorkbenchError;

/// Rows read with one query. Two pages of long texts still fit into memory.
const PAGE_ROWS: usize = 512;

/// The source of a run's requests. Only one page of values is in memory; what needs no model
/// (an empty row, a prompt that was answered before) goes straight to the run loop.
pub(super) struct Feed {
    pub(super) run: RunId,
    pub(super) store: Arc<SheetStore>,
    pub(super) plan: PromptPlan,
    pub(super) inputs: Vec<ColumnId>,
    pub(super) examples: Vec<Example>,
    pub(super) rows: IntoIter<RowId>,
    pub(super) page: VecDeque<(RowId, Vec<Value>)>,
    pub(super) desk: Arc<Mutex<Desk>>,
    pub(super) ready: mpsc::Sender<Ready>,
    /// Engines may poll the stream from a thread of their own.
    pub(super) runtime: Handle,
}

/// The requests that are left, as an engine pulls them.
pub(super) fn requests(feed: &Arc<tokio::sync::Mutex<Feed>>) -> RequestStream {
    Box::pin(stream::unfold(Arc::clone(feed), |feed| async move {
        let next = feed.lock().await.next().await;
        next.map(|request| (request, feed))
    }))
}

impl Feed {
    async fn next(&mut self) -> Option<(RequestId, LLMRequest)> {
        loop {
            if let Some(again) = lock(&self.desk).next_attempt() {
                return Some(again);
            }
            let (row, values) = match self.next_row().await {
                Ok(Some(row)) => row,
                Ok(None) => {
                    lock(&self.desk).set_feed(FeedState::Ended);
                    return None;
                }
                Err(error) => {
                    lock(&self.desk).set_feed(FeedState::Broken(error));
                    return None;
                }
            };
            let ready = match self.admit(row, &values) {
                Admitted::Ask(id, request) => return Some((id, request)),
                Admitted::WaitsForAnother => continue,
                Admitted::Known(cell) => Ready { reused: cell.error.is_none(), cell },
            };
            // A closed channel means that the run is over; nobody wants more requests.
            self.ready.send(ready).await.ok()?;
        }
    }

    fn admit(&self, row: RowId, values: &[Value]) -> Admitted {
        if self.plan.is_input_empty(values) {
            let error = AppError::from(WorkbenchError::EmptyInput);
            return Admitted::Known(failed_cell(self.run, row, error, CellFigures::default()));
        }
        let mut desk = lock(&self.desk);
        let seed = desk.seed_for(row, 0);
        desk.admit(row, self.plan.request(values, &self.examples, seed))
    }

    async fn next_row(&mut self) -> Result<Option<(RowId, Vec<Value>)>, AppError> {
        if self.page.is_empty() {
            let rows: Vec<RowId> = self.rows.by_ref().take(PAGE_ROWS).collect();
            if rows.is_empty() {
                return Ok(None);
            }
            self.page = self.read(rows).await?;
        }
        Ok(self.page.pop_front())
    }

    async fn read(&self, rows: Vec<RowId>) -> Result<VecDeque<(RowId, Vec<Value>)>, AppError> {
        let (store, inputs) = (Arc::clone(&self.store), self.inputs.clone());
        let read = self.runtime.spawn_blocking(move || {
            let values = store.values(&inputs, &rows)?;
            Ok::<_, AppError>(rows.into_iter().zip(values).collect())
        });
        read.await.map_err(|error| lost(&error))?
    }
}

pub(super) fn lock(desk: &Mutex<Desk>) -> std::sync::MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

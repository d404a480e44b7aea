//! Rows on their way to the engine: read in pages, turned into requests, looked up among earlier
//! answers.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use braincells_core::{AppError, CellFigures, CellRecord, RowId};
use braincells_llm::{LLMRequest, RequestId, RequestStream};
use futures::stream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use super::asking::{Asking, Question};
use super::cells::failed_cell;
use super::desk::{Admitted, Desk, FeedState};
use super::live::Aside;
use super::rows::PendingRows;
use crate::blocking::lost;
use crate::error::WorkbenchError;
use crate::queue::TurnView;

/// Rows read with one query. Two pages of long texts are in memory at most.
const PAGE_ROWS: usize = 512;

/// The source of a run's requests. Only two pages of values are in memory; what needs no model (an
/// empty row, a prompt that was answered before) goes straight to the run loop.
///
/// An engine that ends may leave any wait below unfinished, and the next one goes on with the same
/// feed: what was taken and not handed over is kept in the feed itself.
pub(super) struct Feed {
    pub(super) asking: Arc<Asking>,
    pub(super) rows: PendingRows,
    pub(super) page: VecDeque<Question>,
    pub(super) desk: Arc<Mutex<Desk>>,
    pub(super) aside: Arc<Aside>,
    pub(super) turn: TurnView,
    pub(super) ready: mpsc::Sender<Ready>,
    /// The next page, which is read while this one is asked.
    pub(super) ahead: Option<Ahead>,
    /// A row that the limit of the run keeps back.
    pub(super) held: Option<Question>,
    /// Whether something was said of the rows since those at the front were read.
    pub(super) heard: bool,
    /// A cell on its way to the run loop.
    pub(super) unsent: Option<Ready>,
    /// Engines may poll the stream from a thread of their own.
    pub(super) runtime: Handle,
}

/// A page that is being read.
pub(super) struct Ahead {
    rows: Vec<RowId>,
    reading: JoinHandle<Result<VecDeque<Question>, AppError>>,
}

/// A cell that is finished without a request of its own.
pub(super) struct Ready {
    pub(super) cell: CellRecord,
    pub(super) reused: bool,
}

/// What the limit of a run says to a row.
enum Limit {
    /// It may be asked for, or need not be.
    Free,
    /// Not before it is known what those in flight take.
    Waits,
    Reached,
}

/// The requests that are left, as an engine pulls them. Ends early when a more urgent run waits.
pub(super) fn requests(feed: &Arc<tokio::sync::Mutex<Feed>>) -> RequestStream {
    Box::pin(stream::unfold(Arc::clone(feed), |feed| async move {
        let next = feed.lock().await.next().await;
        next.map(|request| (request, feed))
    }))
}

impl Feed {
    async fn next(&mut self) -> Option<(RequestId, LLMRequest)> {
        loop {
            self.send_unsent().await?;
            if lock(&self.desk).has_stopped_asking() {
                return None;
            }
            if self.turn.must_give_way() {
                lock(&self.desk).step_aside();
                return None;
            }
            self.wait_while_held().await;
            if self.is_full() {
                self.asking.room.notified().await;
                continue;
            }
            if let Some(again) = self.next_attempt() {
                return Some(again);
            }
            self.hear();
            if self.held.is_none() {
                self.held = match self.next_question().await {
                    Ok(Some(question)) => Some(question),
                    Ok(None) => {
                        self.end();
                        return None;
                    }
                    Err(error) => {
                        lock(&self.desk).set_feed(FeedState::Broken(error));
                        return None;
                    }
                };
            }
            match self.limit() {
                Limit::Free => {}
                Limit::Waits => {
                    self.asking.room.notified().await;
                    continue;
                }
                Limit::Reached => return None,
            }
            let Some(question) = self.held.take() else { continue };
            let (cell, reused) = match self.admit(question) {
                Admitted::Ask(id, request) => return Some((id, request)),
                Admitted::WaitsForAnother => continue,
                Admitted::Known(cell) => {
                    let reused = cell.error.is_none();
                    (cell, reused)
                }
            };
            self.unsent = Some(Ready { cell, reused });
        }
    }

    /// A request to be asked again, if the limit of the run lets it.
    fn next_attempt(&self) -> Option<(RequestId, LLMRequest)> {
        let mut desk = lock(&self.desk);
        if !desk.may_ask(None) {
            return None;
        }
        desk.next_attempt(Instant::now())
    }

    /// What the limit of the run says to the row that is next. Looked at in one go: an answer that
    /// comes in between may make room, or be the last that could.
    fn limit(&self) -> Limit {
        let Some(question) = &self.held else { return Limit::Free };
        let mut desk = lock(&self.desk);
        let request = question.request.as_ref();
        // First, because it costs nothing where there is no limit; the other reads the whole prompt.
        if desk.may_ask(request) {
            return Limit::Free;
        }
        let has_to_ask = match request {
            Some(request) => question.answer.is_none() && desk.would_ask(request),
            None => self.asking.plan.wants_new_items(),
        };
        if !has_to_ask {
            Limit::Free
        } else if desk.in_flight() > 0 {
            Limit::Waits
        } else {
            desk.reach_limit();
            Limit::Reached
        }
    }

    /// Notes that all rows were given out. What is to be asked again goes out with the next batch,
    /// or never, if the limit does not let it.
    fn end(&self) {
        let mut desk = lock(&self.desk);
        desk.set_feed(FeedState::Ended);
        let waits = desk.next_attempt_at().is_some() && !desk.may_ask(None);
        if waits && desk.in_flight() == 0 {
            desk.reach_limit();
        }
    }

    fn is_full(&self) -> bool {
        let desk = lock(&self.desk);
        let usual = self.asking.most_in_flight.load(Ordering::Relaxed);
        desk.in_flight() >= desk.most_in_flight(usual)
    }

    async fn send_unsent(&mut self) -> Option<()> {
        if self.unsent.is_some() {
            // A closed channel means that the run is over; nobody wants more requests.
            let room = self.ready.reserve().await.ok()?;
            if let Some(ready) = self.unsent.take() {
                room.send(ready);
            }
        }
        Some(())
    }

    /// Waits as long as the provider wants. The timer is made on the runtime and may be waited
    /// for anywhere.
    async fn wait_while_held(&self) {
        let Some(until) = lock(&self.desk).held_until(Instant::now()) else { return };
        let wait = {
            let _runtime = self.runtime.enter();
            tokio::time::sleep_until(until)
        };
        wait.await;
    }

    fn admit(&self, question: Question) -> Admitted {
        let Question { row, request, key, answer } = question;
        let mut desk = lock(&self.desk);
        let Some(request) = request else {
            return desk.admit_new(row).unwrap_or_else(|| {
                let error = AppError::from(WorkbenchError::EmptyInput);
                Admitted::Known(failed_cell(self.asking.run, row, error, CellFigures::default()))
            });
        };
        match answer.and_then(|answer| desk.known(row, &request, &answer)) {
            Some(cell) => Admitted::Known(cell),
            None => desk.admit(row, request, key),
        }
    }

    /// Takes in what was said of the rows: which to ask first, which somebody else has filled.
    fn hear(&mut self) {
        let Some((look_at, filled)) = self.aside.take() else { return };
        let ahead = self.ahead.iter().flat_map(|ahead| ahead.rows.iter().copied());
        let read: Vec<RowId> = self.page.iter().map(|question| question.row).chain(ahead).collect();
        let mut left_out = self.rows.leave_out(&filled, read.iter().copied());
        if self.held.take_if(|held| filled.contains(&held.row)).is_some() {
            left_out += 1;
        }
        if !look_at.is_empty() {
            self.rows.look_at(&look_at, read.into_iter());
        }
        lock(&self.desk).leave_out(left_out);
        self.heard = true;
    }

    async fn next_question(&mut self) -> Result<Option<Question>, AppError> {
        if std::mem::take(&mut self.heard) {
            let front = self.rows.front_page(PAGE_ROWS);
            if !front.is_empty() {
                // If this wait is not finished, they come when their turn does.
                let mut front = finished(self.read(front)).await?;
                front.append(&mut self.page);
                self.page = front;
            }
        }
        loop {
            while let Some(question) = self.page.pop_front() {
                if self.rows.give_out(question.row) {
                    return Ok(Some(question));
                }
            }
            if self.ahead.is_none() {
                self.read_ahead();
            }
            let Some(ahead) = &mut self.ahead else { return Ok(None) };
            let page = finished(&mut ahead.reading).await;
            self.read_ahead();
            self.page = page?;
        }
    }

    fn read_ahead(&mut self) {
        let rows = self.rows.page(PAGE_ROWS);
        let reading = (!rows.is_empty()).then(|| self.read(rows.clone()));
        self.ahead = reading.map(|reading| Ahead { rows, reading });
    }

    fn read(&self, rows: Vec<RowId>) -> JoinHandle<Result<VecDeque<Question>, AppError>> {
        let asking = Arc::clone(&self.asking);
        self.runtime.spawn_blocking(move || asking.questions(rows))
    }
}

async fn finished<T>(
    reading: impl Future<Output = Result<Result<T, AppError>, JoinError>>,
) -> Result<T, AppError> {
    reading.await.map_err(|error| lost(&error))?
}

/// What is under these locks is changed in one go or not at all.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

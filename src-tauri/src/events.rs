//! Events of the workbench on their way to the page: gathered, thinned out, and sent about 30 times
//! a second.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use braincells_core::{AppError, Code, ColumnId, Event, EventSink, RowId, SheetId};
use serde::Serialize;
use tauri::ipc::Channel;

/// How long events are gathered before they are sent.
const GATHERED_FOR: Duration = Duration::from_millis(33);
/// Cells that one batch tells of at most. A page shows a few hundred; it reads what it shows from
/// the sheet when the run has ended.
const MOST_CELLS: usize = 4_096;

/// What the system asks of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum Ask {
    /// To offer files for import: they were dropped on the window, or the program was started
    /// again with them.
    OpenFiles {
        /// The files, from the root of the file system.
        paths: Vec<String>,
    },
    /// To ask the person what to do: the window is to be closed and runs are alive.
    Close {
        /// How many.
        live_runs: u32,
    },
    /// To show that files hover over the window, or no longer do.
    Drag {
        /// The files, once they are known.
        paths: Vec<String>,
        /// Whether they are over the window.
        over: bool,
    },
}

/// Takes the workbench's events from any thread and sends them to the page in batches.
pub struct WindowEvents {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<Gathered>,
    changed: Condvar,
}

#[derive(Default)]
struct Gathered {
    events: Vec<Event>,
    channel: Option<Channel<Vec<Event>>>,
    asks: Option<Channel<Ask>>,
    ended: bool,
}

impl WindowEvents {
    /// Starts the thread that sends.
    pub fn start() -> Result<Self, AppError> {
        let shared = Arc::<Shared>::default();
        let sender = Arc::clone(&shared);
        thread::Builder::new()
            .name("window-events".to_owned())
            .spawn(move || sender.send())
            .map_err(|error| {
                let message = format!("a thread for events cannot be started: {error}");
                AppError::new(Code::Internal, message)
            })?;
        Ok(Self { shared })
    }

    /// Where events and asks go from now on; what came before the page was there is kept for it.
    pub fn subscribe(&self, events: Channel<Vec<Event>>, asks: Channel<Ask>) {
        let mut gathered = self.shared.lock();
        gathered.channel = Some(events);
        gathered.asks = Some(asks);
        self.shared.changed.notify_all();
    }

    /// Asks the page for something, at once; `false` if no page listens.
    pub fn ask(&self, ask: Ask) -> bool {
        let gathered = self.shared.lock();
        gathered.asks.as_ref().is_some_and(|asks| asks.send(ask).is_ok())
    }
}

impl EventSink for WindowEvents {
    fn emit(&self, event: Event) {
        gather(&mut self.shared.lock().events, event);
        self.shared.changed.notify_all();
    }
}

impl Drop for WindowEvents {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self) {
        let mut gathered = self.lock();
        while !gathered.ended {
            if gathered.events.is_empty() || gathered.channel.is_none() {
                gathered = self.changed.wait(gathered).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let batch = std::mem::take(&mut gathered.events);
            let channel = gathered.channel.clone();
            drop(gathered);
            // A page that is gone (a reload) subscribes again and reads the state anew.
            drop(channel.map(|channel| channel.send(batch)));
            let held = self.lock();
            let waited = self.changed.wait_timeout_while(held, GATHERED_FOR, |state| !state.ended);
            gathered = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Puts an event with those that wait, in place of what it makes pointless: earlier figures of the
/// same run or load, and the streamed text of a cell that is done.
fn gather(events: &mut Vec<Event>, event: Event) {
    match &event {
        Event::ImportProgress { .. } => events.retain(|old| !matches!(old, Event::ImportProgress { .. })),
        Event::ModelLoading { .. } => events.retain(|old| !matches!(old, Event::ModelLoading { .. })),
        Event::ModelCopying { .. } => events.retain(|old| !matches!(old, Event::ModelCopying { .. })),
        Event::ModelTuning { .. } => events.retain(|old| !matches!(old, Event::ModelTuning { .. })),
        Event::RunProgress(new) => events.retain(|old| {
            !matches!(old, Event::RunProgress(old) if old.sheet == new.sheet && old.run == new.run)
        }),
        Event::DownloadProgress(new) => events
            .retain(|old| !matches!(old, Event::DownloadProgress(old) if old.id == new.id)),
        Event::ModelStatus { model: new, .. } => events
            .retain(|old| !matches!(old, Event::ModelStatus { model, .. } if model == new)),
        Event::MlxModelStateChanged(new) => events
            .retain(|old| !matches!(old, Event::MlxModelStateChanged(old) if old.model == new.model)),
        Event::ModelsChanged => events.retain(|old| !matches!(old, Event::ModelsChanged)),
        // The beginning of an attempt; what an earlier one said no longer counts.
        Event::CellDelta { sheet, column, row, text } if text.is_empty() => {
            forget_text(events, (*sheet, *column, *row));
        }
        Event::CellDelta { sheet, column, row, text } => {
            // The text of one cell comes in order, so its last piece is near the end.
            for old in events.iter_mut().rev().take(256) {
                match old {
                    Event::CellDelta { sheet: s, column: c, row: r, text: t }
                        if (*s, *c, *r) == (*sheet, *column, *row) =>
                    {
                        // The empty beginning of an attempt stays: an earlier one may be shown.
                        if t.is_empty() {
                            break;
                        }
                        t.push_str(text);
                        return;
                    }
                    Event::CellDone { sheet: s, column: c, row: r, .. }
                        if (*s, *c, *r) == (*sheet, *column, *row) => break,
                    _ => {}
                }
            }
        }
        Event::CellDone { sheet, column, row, .. } => {
            forget_text(events, (*sheet, *column, *row));
        }
        Event::EngineRestarted { .. } | Event::SheetNotice { .. } | Event::RunEnded { .. } => {}
    }
    events.push(event);
    let is_cell = |event: &Event| matches!(event, Event::CellDone { .. } | Event::CellDelta { .. });
    if events.len() > 2 * MOST_CELLS {
        let mut too_many =
            events.iter().filter(|event| is_cell(event)).count().saturating_sub(MOST_CELLS);
        events.retain(|event| {
            let goes = too_many > 0 && is_cell(event);
            too_many -= usize::from(goes);
            !goes
        });
    }
}

fn forget_text(events: &mut Vec<Event>, cell: (SheetId, ColumnId, RowId)) {
    events.retain(|old| {
        !matches!(old, Event::CellDelta { sheet, column, row, .. } if (*sheet, *column, *row) == cell)
    });
}

#[cfg(test)]
mod tests {
    use braincells_core::{CellState, RunId, RunProgress, Value};

    use super::*;

    fn delta(sheet: SheetId, row: i64, text: &str) -> Event {
        Event::CellDelta { sheet, column: ColumnId(1), row: RowId(row), text: text.to_owned() }
    }

    fn done(sheet: SheetId, row: i64) -> Event {
        let (state, value) = (CellState::Done, Value::from("x"));
        let (column, row) = (ColumnId(1), RowId(row));
        Event::CellDone { sheet, column, row, state, value, error: None, confidence: None }
    }

    fn progress(sheet: SheetId, run: i64, rows_done: u64) -> Event {
        Event::RunProgress(RunProgress {
            sheet,
            column: ColumnId(1),
            run: RunId(run),
            rows_total: 9,
            rows_done,
            rows_failed: 0,
            rows_before: 0,
            rows_waiting: 0,
            rows_reused: 0,
            rows_cut_off: 0,
            prompt_tokens: 0,
            shared_tokens: 0,
            completion_tokens: 0,
            cost_usd: None,
            flow: None,
            elapsed_ms: 1,
        })
    }

    fn gathered(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
        let mut list = Vec::new();
        for event in events {
            gather(&mut list, event);
        }
        list
    }

    #[test]
    fn later_figures_replace_earlier_ones_of_the_same_run() {
        let (one, other) = (SheetId::random(), SheetId::random());
        let all =
            [progress(one, 1, 1), progress(other, 1, 5), progress(one, 1, 2), progress(one, 2, 7)];
        assert_eq!(
            gathered(all),
            [progress(other, 1, 5), progress(one, 1, 2), progress(one, 2, 7)]
        );
    }

    #[test]
    fn streamed_text_is_joined_for_each_cell_and_ends_with_the_cell() {
        let sheet = SheetId::random();
        let joined = gathered([delta(sheet, 1, "a"), delta(sheet, 2, "x"), delta(sheet, 1, "b")]);
        assert_eq!(joined, [delta(sheet, 1, "ab"), delta(sheet, 2, "x")]);
        let ended = gathered([delta(sheet, 1, "a"), delta(sheet, 2, "x"), done(sheet, 1)]);
        assert_eq!(ended, [delta(sheet, 2, "x"), done(sheet, 1)]);
        let second = gathered([delta(sheet, 1, "a"), delta(sheet, 1, ""), delta(sheet, 1, "b")]);
        let begun = [delta(sheet, 1, ""), delta(sheet, 1, "b")];
        assert_eq!(second, begun, "only the second attempt counts, and that it began is told");
        let again = gathered([done(sheet, 1), delta(sheet, 1, "a")]);
        assert_eq!(again, [done(sheet, 1), delta(sheet, 1, "a")]);
    }

    #[test]
    fn a_page_that_does_not_keep_up_gets_the_latest_cells() {
        let sheet = SheetId::random();
        let rows = 3 * MOST_CELLS as i64;
        let list = gathered(
            std::iter::once(progress(sheet, 1, 1)).chain((0..rows).map(|row| done(sheet, row))),
        );
        assert!(list.len() <= 2 * MOST_CELLS + 1);
        assert_eq!(list.first(), Some(&progress(sheet, 1, 1)), "figures are kept");
        assert_eq!(list.last(), Some(&done(sheet, rows - 1)));
    }
}

use std::sync::{Mutex, MutexGuard, PoisonError};

use braincells_core::{CellState, Event, EventSink, RowId, RunProgress};
use tokio::sync::watch;

/// Keeps every event in the order in which it came.
#[derive(Debug)]
pub struct RecordedEvents {
    events: Mutex<Vec<Event>>,
    count: watch::Sender<usize>,
}

impl Default for RecordedEvents {
    fn default() -> Self {
        Self { events: Mutex::default(), count: watch::Sender::new(0) }
    }
}

impl RecordedEvents {
    /// All events so far.
    pub fn all(&self) -> Vec<Event> {
        self.lock().clone()
    }

    /// Forgets what came so far.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The rows that were announced as done or failed, in order.
    pub fn ended_rows(&self) -> Vec<(RowId, CellState)> {
        let ended = |event: &Event| match event {
            Event::CellDone { row, state, .. } => Some((*row, *state)),
            _ => None,
        };
        self.lock().iter().filter_map(ended).collect()
    }

    /// The figures that were told, in order.
    pub fn progress(&self) -> Vec<RunProgress> {
        let figures = |event: &Event| match event {
            Event::RunProgress(progress) => Some(progress.clone()),
            _ => None,
        };
        self.lock().iter().filter_map(figures).collect()
    }

    /// Waits until the events satisfy `enough`.
    pub async fn until(&self, enough: impl Fn(&[Event]) -> bool) {
        let mut count = self.count.subscribe();
        while !enough(&self.lock()) {
            count.changed().await.expect("the sender lives as long as `self`");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for RecordedEvents {
    fn emit(&self, event: Event) {
        self.lock().push(event);
        self.count.send_modify(|count| *count += 1);
    }
}

//! The figures of a live run, and how often they are told.

use std::time::Duration;

use braincells_core::{CellRecord, CellState, Event, EventSink, RunProgress};
use tokio::time::Instant;

/// Ten times a second is all a person can read.
const LEAST_BETWEEN: Duration = Duration::from_millis(100);

/// Counts what is on disk. Intervals are taken from tokio's clock, which never jumps and which
/// tests can pause.
pub(super) struct Progress {
    figures: RunProgress,
    began: Instant,
    told: Option<Instant>,
}

impl Progress {
    pub(super) fn new(figures: RunProgress) -> Self {
        Self { figures, began: Instant::now(), told: None }
    }

    /// Milliseconds since this process's part of the run began.
    pub(super) fn elapsed_ms(&self) -> i64 {
        self.began.elapsed().as_millis() as i64
    }

    pub(super) fn add(&mut self, cell: &CellRecord) {
        match cell.state {
            CellState::Failed => self.figures.rows_failed += 1,
            _ => self.figures.rows_done += 1,
        }
        self.figures.rows_cut_off += u64::from(cell.figures.cut_off);
        self.figures.prompt_tokens += u64::from(cell.figures.prompt_tokens);
        self.figures.completion_tokens += u64::from(cell.figures.completion_tokens);
    }

    pub(super) fn add_reused(&mut self, rows: u64) {
        self.figures.rows_reused += rows;
    }

    /// Notes rows that this run no longer has to fill.
    pub(super) fn leave_out(&mut self, rows: u64) {
        self.figures.rows_total = self.figures.rows_total.saturating_sub(rows);
    }

    /// Tells the figures unless that was done a moment ago.
    pub(super) fn tell_if_due(&mut self, events: &dyn EventSink) {
        if self.told.is_none_or(|told| told.elapsed() >= LEAST_BETWEEN) {
            self.tell(events);
        }
    }

    pub(super) fn tell(&mut self, events: &dyn EventSink) {
        self.told = Some(Instant::now());
        events.emit(Event::RunProgress(self.now()));
    }

    /// The figures of this moment.
    pub(super) fn now(&self) -> RunProgress {
        RunProgress { elapsed_ms: self.elapsed_ms() as u64, ..self.figures.clone() }
    }
}

//! The figures of a live run, and how often they are told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use braincells_core::{CellRecord, CellState, Event, EventSink, RunProgress};
use tokio::time::Instant;

/// Ten times a second is all a person can read.
const LEAST_BETWEEN: Duration = Duration::from_millis(100);

/// Counts what is on disk. Intervals are taken from tokio's clock, which never jumps and which
/// tests can pause.
pub(super) struct Progress {
    figures: Arc<Figures>,
    told: Option<Instant>,
}

/// The figures of a run, for those who ask meanwhile.
pub(super) struct Figures {
    counted: Mutex<RunProgress>,
    began: Instant,
}

impl Progress {
    pub(super) fn new(figures: RunProgress) -> Self {
        let figures = Figures { counted: Mutex::new(figures), began: Instant::now() };
        Self { figures: Arc::new(figures), told: None }
    }

    /// The figures, which go on counting.
    pub(super) fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.figures)
    }

    /// Milliseconds since this process's part of the run began.
    pub(super) fn elapsed_ms(&self) -> i64 {
        self.figures.elapsed_ms()
    }

    pub(super) fn add(&mut self, cell: &CellRecord) {
        let mut counted = self.figures.lock();
        match cell.state {
            CellState::Failed => counted.rows_failed += 1,
            _ => counted.rows_done += 1,
        }
        counted.rows_cut_off += u64::from(cell.figures.cut_off);
        counted.prompt_tokens += u64::from(cell.figures.prompt_tokens);
        counted.shared_tokens += u64::from(cell.figures.shared_tokens);
        counted.completion_tokens += u64::from(cell.figures.completion_tokens);
    }

    pub(super) fn add_reused(&mut self, rows: u64) {
        self.figures.lock().rows_reused += rows;
    }

    /// Notes rows that this run no longer has to fill.
    pub(super) fn leave_out(&mut self, rows: u64) {
        let mut counted = self.figures.lock();
        counted.rows_total = counted.rows_total.saturating_sub(rows);
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
        self.figures.now()
    }
}

impl Figures {
    /// The figures of this moment.
    pub(super) fn now(&self) -> RunProgress {
        RunProgress { elapsed_ms: self.elapsed_ms() as u64, ..self.lock().clone() }
    }

    fn elapsed_ms(&self) -> i64 {
        self.began.elapsed().as_millis() as i64
    }

    fn lock(&self) -> MutexGuard<'_, RunProgress> {
        // Nothing under this lock can panic half-way through a change.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

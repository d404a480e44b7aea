//! The figures of a live run, and how often they are told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use braincells_core::{CellFigures, CellRecord, CellState, Event, EventSink, RunProgress};
use braincells_llm::LLMEngine;
use tokio::time::Instant;

/// Ten times a second is all a person can read.
const LEAST_BETWEEN: Duration = Duration::from_millis(100);

/// A provider that lets a run wait is told of at least as often.
const MOST_BETWEEN: Duration = Duration::from_secs(1);

/// Counts what is on disk. Intervals are taken from tokio's clock, which never jumps and which
/// tests can pause.
pub(super) struct Progress {
    figures: Arc<Figures>,
    told: Option<Instant>,
    /// Whose flow is told; not held, so that a run that gives way lets its model go.
    engine: Option<Weak<dyn LLMEngine>>,
}

/// The figures of a run, for those who ask meanwhile.
pub(super) struct Figures {
    counted: Mutex<RunProgress>,
    began: Instant,
}

impl Progress {
    pub(super) fn new(figures: RunProgress) -> Self {
        let figures = Figures { counted: Mutex::new(figures), began: Instant::now() };
        Self { figures: Arc::new(figures), told: None, engine: None }
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
    }

    /// Counts what was taken for a cell, whether or not it counts as one of the run's rows: a person
    /// may have taken it over meanwhile.
    pub(super) fn add_spent(&mut self, figures: &CellFigures) {
        let mut counted = self.figures.lock();
        counted.prompt_tokens += u64::from(figures.prompt_tokens);
        counted.shared_tokens += u64::from(figures.shared_tokens);
        counted.completion_tokens += u64::from(figures.completion_tokens);
        if let Some(cost) = figures.cost_usd {
            counted.cost_usd = Some(counted.cost_usd.unwrap_or(0.0) + cost);
        }
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

    /// Tells from now on how the provider of this engine takes the requests, if it has one.
    pub(super) fn follow(&mut self, engine: &Arc<dyn LLMEngine>) {
        let flow = engine.flow();
        self.engine = flow.is_some().then(|| Arc::downgrade(engine));
        self.figures.lock().flow = flow;
    }

    /// Tells of no engine any more.
    pub(super) fn unfollow(&mut self) {
        self.engine = None;
        self.figures.lock().flow = None;
    }

    /// Waits until it is time to tell how the provider takes the requests, whether or not a row was
    /// done meanwhile; for ever if there is none.
    pub(super) async fn flow_due(&self) {
        match (&self.engine, self.told) {
            (None, _) => std::future::pending().await,
            (Some(_), None) => {}
            (Some(_), Some(told)) => tokio::time::sleep_until(told + MOST_BETWEEN).await,
        }
    }

    pub(super) fn tell(&mut self, events: &dyn EventSink) {
        self.told = Some(Instant::now());
        if let Some(engine) = &self.engine {
            let flow = engine.upgrade().and_then(|engine| engine.flow());
            self.figures.lock().flow = flow;
        }
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

//! The thread that owns the model: rows in, tokens out, one turn after the other.
//!
//! A turn takes on waiting rows where there is room, and adds a token to every row that is being
//! computed. Cancels are seen before each call of the model. After a call that failed, rows are
//! computed one by one for a while (`recovery`).

mod looks;
mod prompts;
mod recovery;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use braincells_llm::decoding::row::{ActiveRow, Row};
use braincells_llm::decoding::{Token, Tokenizer};
use braincells_llm::{EngineFigures, FinishReason};

use super::batch;
use super::cache::Cache;
use super::decoder::Decoder;
use super::kept::Kept;
use super::room::Room;
use crate::MlxError;
use recovery::Suspect;

/// After so many calls for tokens MLX gives back what it keeps of memory. Keys and values grow: what
/// it keeps of their earlier sizes is of no use.
const CLEARED_EVERY: u64 = 256;

/// What the thread and its callers share.
#[derive(Default)]
pub struct Shared {
    pub is_shutting_down: AtomicBool,
    pub figures: Mutex<EngineFigures>,
}

/// The engine's state.
pub struct Actor {
    decoder: Decoder,
    words: Arc<dyn Tokenizer>,
    shared: Arc<Shared>,
    inbound: Receiver<Row>,
    room: Room,
    waiting: Vec<Row>,
    /// Rows of a call that failed: one after the other, and before any that wait.
    suspects: VecDeque<Suspect>,
    /// Whether the row in work is one of these.
    is_alone: bool,
    /// Rows that are being computed; their keys and values are the rows of `cache`.
    active: Vec<ActiveRow>,
    cache: Cache,
    /// Prompts that were computed alone, and what several began with.
    kept: Kept<Cache>,
    /// Calls for tokens so far.
    steps: u64,
    /// When the last call of the model ended, while there was work.
    busy_since: Option<Instant>,
}

/// What the loop does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Another turn.
    Again,
    /// Nothing is left to do, and nobody can ask any more.
    Over,
}

impl Actor {
    pub fn new(
        decoder: Decoder,
        words: Arc<dyn Tokenizer>,
        shared: Arc<Shared>,
        inbound: Receiver<Row>,
        room: Room,
    ) -> Self {
        Self {
            cache: decoder.cache(0),
            decoder,
            words,
            shared,
            inbound,
            room,
            waiting: Vec::new(),
            suspects: VecDeque::new(),
            is_alone: false,
            active: Vec::new(),
            kept: Kept::new(room.context),
            steps: 0,
            busy_since: None,
        }
    }

    /// Works until nobody can ask any more.
    pub fn run(mut self) {
        while self.turn() == Turn::Again {}
    }

    /// Waits for work if there is none, and does a part of it.
    pub fn turn(&mut self) -> Turn {
        if self.receive() == Turn::Over || self.shared.is_shutting_down.load(Ordering::Relaxed) {
            return Turn::Over;
        }
        if let Err(error) = self.forget_cancelled().and_then(|()| self.take_rows()) {
            self.recover(&error);
        }
        if let Err(error) = self.forget_cancelled().and_then(|()| self.step()) {
            self.recover(&error);
        }
        Turn::Again
    }

    fn take_rows(&mut self) -> Result<(), MlxError> {
        self.is_alone &= !self.active.is_empty();
        if self.suspects.is_empty() && !self.is_alone {
            self.admit()
        } else if self.active.is_empty() {
            self.take_suspect()
        } else {
            Ok(())
        }
    }

    /// Whether a call for these rows is of use to anybody, asked in the middle of it.
    fn goes_on<'a>(&self, rows: impl IntoIterator<Item = &'a Row>) -> Box<dyn Fn() -> bool> {
        let shared = Arc::clone(&self.shared);
        let callers: Vec<_> = rows.into_iter().map(Row::events).collect();
        Box::new(move || {
            let is_over = shared.is_shutting_down.load(Ordering::Relaxed);
            !is_over && callers.iter().any(|caller| !caller.is_closed())
        })
    }

    fn receive(&mut self) -> Turn {
        let count = |actor: &Self| actor.active.len() + actor.waiting.len() + actor.suspects.len();
        if count(self) == 0 {
            self.busy_since = None;
            // What rows have left behind is of no use to others.
            give_back_memory();
            match self.inbound.recv() {
                Ok(row) => self.waiting.push(row),
                Err(_) => return Turn::Over,
            }
        }
        while count(self) < self.room.rows {
            match self.inbound.try_recv() {
                Ok(row) => self.waiting.push(row),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        self.busy_since.get_or_insert_with(Instant::now);
        Turn::Again
    }

    fn forget_cancelled(&mut self) -> Result<(), MlxError> {
        self.waiting.retain(|row| !row.is_cancelled());
        self.suspects.retain(|row| !row.is_cancelled());
        let is_left = |row: &ActiveRow| !row.row.is_cancelled();
        if self.active.iter().all(is_left) {
            return Ok(());
        }
        let left: Vec<bool> = self.active.iter().map(is_left).collect();
        self.active.retain(is_left);
        self.keep_columns(&left)
    }

    /// Drops the keys and values of rows that are not marked.
    fn keep_columns(&mut self, left: &[bool]) -> Result<(), MlxError> {
        let rows: Vec<usize> = (0..left.len()).filter(|row| left[*row]).collect();
        let length = self.cache.length();
        let cache = std::mem::replace(&mut self.cache, self.decoder.cache(0));
        if !rows.is_empty() {
            self.cache = cache.picked(&rows, length)?.shortened()?;
        }
        Ok(())
    }

    /// Adds to every row what it needs next.
    fn step(&mut self) -> Result<(), MlxError> {
        let Some(width) = self.active.iter().map(|row| row.pending().len()).min() else {
            return Ok(());
        };
        if width == 0 {
            // Looks behind a row were given up: the next turn ends, or drops the row.
            return Ok(());
        }
        let began = Instant::now();
        let tokens: Vec<&[Token]> = self.active.iter().map(|row| &row.pending()[..width]).collect();
        let logits = batch::step(&self.decoder, &mut self.cache, &tokens)?;
        let count = (self.active.len() * width) as u64;
        self.count(began, |figures, seconds| {
            figures.generation_seconds += seconds;
            figures.generated_tokens += count;
        });
        self.steps += 1;
        if self.steps.is_multiple_of(CLEARED_EVERY) {
            give_back_memory();
        }
        for (row, logits) in self.active.iter_mut().zip(&logits) {
            if row.pending().len() == width {
                row.take(logits, &*self.words);
            } else {
                // Its grammar has certain tokens left; what the model thinks of them is no matter.
                row.note_computed(width);
            }
        }
        self.settle()
    }

    /// Scores labels and lets go of rows that have their answer.
    fn settle(&mut self) -> Result<(), MlxError> {
        self.score()?;
        let left: Vec<bool> = self.active.iter().map(|row| row.ended.is_none()).collect();
        if left.iter().all(|left| *left) {
            return Ok(());
        }
        let (ended, active): (Vec<_>, Vec<_>) =
            self.active.drain(..).partition(|row| row.ended.is_some());
        self.active = active;
        for row in ended {
            self.finish(row);
        }
        self.keep_columns(&left)
    }

    /// Hands a row's answer out.
    fn finish(&self, row: ActiveRow) {
        let mut figures = self.shared.figures.lock().unwrap_or_else(PoisonError::into_inner);
        figures.rows += 1;
        figures.forced_tokens += u64::from(row.forced());
        drop(figures);
        let reason = row.ended.unwrap_or(FinishReason::Stop);
        row.finish(reason);
    }

    /// Notes a call of the model that began then and has just ended.
    fn count(&mut self, began: Instant, note: impl FnOnce(&mut EngineFigures, f64)) {
        let now = Instant::now();
        let mut figures = self.shared.figures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = self.busy_since.replace(now) {
            figures.other_seconds += began.saturating_duration_since(before).as_secs_f64();
        }
        figures.calls += 1;
        note(&mut figures, now.saturating_duration_since(began).as_secs_f64());
    }

    /// Claims that these keys and values are those of a prompt.
    #[cfg(test)]
    pub fn pretend_kept(&mut self, prompt: Vec<Token>, cache: Cache) {
        self.kept.keep(prompt, cache);
    }
}

/// Gives back memory that MLX keeps for what comes next.
fn give_back_memory() {
    if let Err(error) = mlx_rs::memory::clear_cache() {
        tracing::debug!("MLX keeps memory that it does not use: {error}");
    }
}

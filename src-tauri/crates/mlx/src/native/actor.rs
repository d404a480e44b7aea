//! The thread that owns the model: rows in, tokens out, one turn after the other.
//!
//! A turn takes on waiting rows where there is room, and adds a token to every row that is being
//! computed. Cancels are seen before each call of the model.

mod prompts;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use braincells_llm::decoding::row::{ActiveRow, Row};
use braincells_llm::decoding::{Token, Tokenizer};
use braincells_llm::{EngineFigures, FinishReason, LLMError};

use super::batch::{self, Extended};
use super::cache::Cache;
use super::decoder::Decoder;
use crate::MlxError;

/// Places behind prompts that are looked at in one call.
const MOST_LOOKS: usize = 16;

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
    /// The most rows at once.
    slots: usize,
    waiting: Vec<Row>,
    /// Rows that are being computed; their keys and values are the rows of `cache`.
    active: Vec<ActiveRow>,
    cache: Cache,
    /// The last prompt that was computed alone, or what several began with.
    kept: (Vec<Token>, Cache),
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
        slots: usize,
    ) -> Self {
        let (cache, kept) = (decoder.cache(0), decoder.cache(1));
        Self {
            decoder,
            words,
            shared,
            inbound,
            slots: slots.max(1),
            waiting: Vec::new(),
            active: Vec::new(),
            cache,
            kept: (Vec::new(), kept),
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
        if let Err(error) = self.forget_cancelled().and_then(|()| self.admit()) {
            self.fail_all(&error);
        }
        if let Err(error) = self.forget_cancelled().and_then(|()| self.step()) {
            self.fail_all(&error);
        }
        Turn::Again
    }

    fn receive(&mut self) -> Turn {
        if self.active.is_empty() && self.waiting.is_empty() {
            self.busy_since = None;
            // What rows have left behind is of no use to others.
            if let Err(error) = mlx_rs::memory::clear_cache() {
                tracing::debug!("MLX keeps memory that it does not use: {error}");
            }
            match self.inbound.recv() {
                Ok(row) => self.waiting.push(row),
                Err(_) => return Turn::Over,
            }
        }
        while self.active.len() + self.waiting.len() < self.slots {
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
        let began = Instant::now();
        let tokens: Vec<&[Token]> = self.active.iter().map(|row| &row.pending()[..width]).collect();
        let logits = batch::step(&self.decoder, &mut self.cache, &tokens)?;
        let count = (self.active.len() * width) as u64;
        self.count(began, |figures, seconds| {
            figures.generation_seconds += seconds;
            figures.generated_tokens += count;
        });
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
        for row in 0..self.active.len() {
            self.score(row)?;
        }
        let left: Vec<bool> = self.active.iter().map(|row| row.ended.is_none()).collect();
        if left.iter().all(|left| *left) {
            return Ok(());
        }
        let mut marks = left.iter();
        let (ended, active): (Vec<ActiveRow>, Vec<ActiveRow>) =
            self.active.drain(..).partition(|_| !marks.next().copied().unwrap_or(false));
        self.active = active;
        for row in ended {
            let mut figures = self.shared.figures.lock().unwrap_or_else(PoisonError::into_inner);
            figures.rows += 1;
            figures.forced_tokens += u64::from(row.forced());
            drop(figures);
            let reason = row.ended.unwrap_or(FinishReason::Stop);
            row.finish(reason);
        }
        self.keep_columns(&left)
    }

    /// Looks at the places behind a row's prompt where its labels part.
    fn score(&mut self, row: usize) -> Result<(), MlxError> {
        let Some(trie) = self.active[row].trie() else { return Ok(()) };
        let nodes: Vec<usize> =
            (0..trie.node_count()).filter(|node| !trie.path(*node).is_empty()).collect();
        for nodes in nodes.chunks(MOST_LOOKS) {
            let paths: Vec<&[Token]> = nodes.iter().map(|node| trie.path(*node)).collect();
            let picks = vec![row; nodes.len()];
            let began = Instant::now();
            let length = self.cache.length();
            let events = self.active[row].row.events();
            let goes_on = || !events.is_closed();
            let done = batch::extend(&self.decoder, &self.cache, &picks, length, &paths, goes_on)?;
            // A row that nobody waits for is dropped before the next call.
            let Extended::Done(_, logits) = done else { return Ok(()) };
            self.count(began, |figures, seconds| figures.prompt_seconds += seconds);
            for (node, logits) in nodes.iter().zip(&logits) {
                self.active[row].scores[*node] = trie.score(*node, logits);
            }
        }
        self.active[row].ended = Some(FinishReason::Scored);
        Ok(())
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

    /// MLX could not compute something: its rows fail, and the next ones begin with nothing.
    fn fail_all(&mut self, error: &MlxError) {
        let error = LLMError::InferenceFailed { reason: error.to_string() };
        tracing::warn!(%error, "the rows in work fail");
        let active = self.active.drain(..).map(ActiveRow::into_row);
        for row in active.chain(self.waiting.drain(..)) {
            row.fail(error.clone());
        }
        self.cache = self.decoder.cache(0);
        self.kept = (Vec::new(), self.decoder.cache(1));
    }

    /// Claims that these keys and values are those of a prompt.
    #[cfg(test)]
    pub fn pretend_kept(&mut self, prompt: Vec<Token>, cache: Cache) {
        self.kept = (prompt, cache);
    }
}

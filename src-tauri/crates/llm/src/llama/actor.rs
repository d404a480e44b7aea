//! The engine's thread: owns the context, takes prepared rows, computes, sends events back.
//!
//! The loop asks [`plan`] what to do and does it: take rows on (`admission`, with the prefixes
//! that they share in `prefixes`), compute prompts and one token of every row here, score labels
//! (`scores`), both in one call on a GPU (`mixed`). A row whose caller is gone is dropped before
//! the next call; if nobody at all waits any more, the running call is aborted (`recovery`).
//!
//! Sequences: those of rows first, see `sequences`, then those of prefixes.
//!
//! A little longer than most files: the loop stands beside the two steps that it runs most.

mod admission;
mod disk;
mod mixed;
mod prefixes;
mod recovery;
mod scores;
mod sequences;
mod waiting;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Sender;

use super::KeptPrefixes;
use super::ffi::{Batch, Context, DecodeError, Model, Sequence, Token};
use super::plan::{AnswerLengths, Calls, Situation, Step, plan};
use super::queue::Queue;
use super::row::{ActiveRow, Row};
use crate::{BatchEvent, EngineFigures, FinishReason};

use self::prefixes::Prefixes;
pub use self::prefixes::{FEW_PREFIX_SEQUENCES, PREFIX_SEQUENCES};
use self::sequences::Sequences;
use self::waiting::Waiting;

/// How long a group is gathered after the last arrival.
const GATHER: Duration = Duration::from_millis(5);
/// The most rows of one window, in groups: rows that are reordered to share what they can.
const WINDOW_GROUPS: usize = 8;

/// What the thread shares with the engine's handle and with llama.cpp's abort question.
#[derive(Default)]
pub struct Shared {
    /// Set once to end the thread.
    pub is_shutting_down: AtomicBool,
    /// Batches that may still send rows.
    pub open_batches: AtomicUsize,
    /// What the engine has done since it was loaded.
    pub figures: Mutex<EngineFigures>,
    /// Names the model and the settings that a prefix on disk depends on, once they are known.
    pub state_name: OnceLock<String>,
    /// The callers of the rows in the present call. Empty between calls: a clone kept here
    /// would keep a finished batch's stream from ending.
    watched: Mutex<Vec<Sender<BatchEvent>>>,
}

impl Shared {
    /// Whether the present call computes for nobody.
    pub fn should_abort(&self) -> bool {
        if self.is_shutting_down.load(Ordering::Relaxed) {
            return true;
        }
        match self.watched.try_lock() {
            Ok(watched) => !watched.is_empty() && watched.iter().all(Sender::is_closed),
            Err(_) => false,
        }
    }

    fn watch(&self, senders: Vec<Sender<BatchEvent>>) {
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = senders;
    }
}

/// How the thread works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Rows that generate together.
    pub slots: usize,
    /// Sequences for rows: an even number, see `sequences`.
    pub row_sequences: usize,
    /// Sequences for prefixes.
    pub prefixes: usize,
    /// Whether prompts and generation share their calls.
    pub is_mixed: bool,
    /// Whether a row must be computed in the same calls and in the same cells whatever else is
    /// asked: one row at a time, block by block ([`Calls::Blocks`]), behind a prefix of whole
    /// blocks that it has all of or behind nothing, from the first cell on. Kernels differ with
    /// the size of a call, and sums over cells with where the cells lie.
    pub is_exact: bool,
    /// Where prefixes are kept on disk.
    pub kept_prefixes: Option<KeptPrefixes>,
}

/// The state of the engine's thread.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, none a state")]
pub struct Actor {
    model: Arc<Model>,
    context: Context,
    shared: Arc<Shared>,
    inbound: Receiver<Row>,
    queue: Queue<Waiting>,
    active: Vec<ActiveRow>,
    /// Rows whose prompt is computed in part.
    filling: Vec<ActiveRow>,
    sequences: Sequences,
    slots: usize,
    row_sequences: usize,
    prefixes: Prefixes,
    kept_prefixes: Option<KeptPrefixes>,
    /// The prompt that was taken on last. Where one row is computed at a time, the next one may
    /// wait alone, and this one shows what it shares.
    last_prompt: Vec<Token>,
    /// Whether part of a sequence can be copied.
    in_part: bool,
    /// Whether rows of equal length belong together, because sequences are computed in step.
    sorts_by_length: bool,
    is_mixed: bool,
    is_exact: bool,
    /// How many rows are taken on at once; fewer after the memory was full.
    most_admitted: usize,
    lengths: AnswerLengths,
    batch: Batch,
    gathered: bool,
    figures: EngineFigures,
    /// Up to when the figures say where the time went, and the seconds of calls in them then.
    counted: (Instant, f64),
    /// Whether the present call generates.
    is_generating: bool,
}

/// The tokens that a row shares.
fn shared_tokens(row: &ActiveRow) -> &[Token] {
    &row.row.prepared.tokens[..row.shared]
}

impl Actor {
    /// Takes the context on the thread that will use it. It must have been made with
    /// `row_sequences + prefixes` sequences.
    pub fn new(
        model: Arc<Model>,
        context: Context,
        settings: Settings,
        shared: Arc<Shared>,
        inbound: Receiver<Row>,
    ) -> Self {
        let Settings { slots, row_sequences, prefixes, is_mixed, is_exact, kept_prefixes } =
            settings;
        Self {
            in_part: model.keeps_every_position() && !is_exact,
            sorts_by_length: model.keeps_one_state(),
            model,
            context,
            shared,
            inbound,
            queue: Queue::new(slots, WINDOW_GROUPS * slots.max(2)),
            active: Vec::with_capacity(slots),
            filling: Vec::new(),
            sequences: Sequences::new(row_sequences),
            slots,
            row_sequences,
            prefixes: Prefixes::new(row_sequences, prefixes),
            kept_prefixes,
            last_prompt: Vec::new(),
            is_mixed,
            is_exact,
            most_admitted: row_sequences,
            lengths: AnswerLengths::default(),
            batch: Batch::default(),
            gathered: false,
            figures: EngineFigures::default(),
            counted: (Instant::now(), 0.0),
            is_generating: false,
        }
    }

    /// Works until the engine is shut down.
    pub fn run(mut self) {
        while !self.shared.is_shutting_down.load(Ordering::Relaxed) {
            // Waiting for something to do does not count.
            self.counted = (Instant::now(), self.figures.compute_seconds());
            while !self.queue.is_full() {
                let Ok(row) = self.inbound.try_recv() else { break };
                self.queue.push(Waiting::New(Box::new(row)));
            }
            self.drop_cancelled();
            let step = plan(Situation {
                active: self.active.len(),
                filling: self.filling.len(),
                slots: self.slots,
                waiting: self.queue.len(),
                fitting: self.fitting(),
                more_announced: self.shared.open_batches.load(Ordering::Acquire) > 0,
                gathered: self.gathered,
                is_mixed: self.is_mixed,
            });
            match step {
                Step::Admit(count) => {
                    self.gathered = false;
                    self.admit(count);
                }
                Step::Mix(count) => {
                    self.gathered = false;
                    self.mix(count);
                }
                Step::Generate => self.generate(),
                Step::Gather => match self.inbound.recv_timeout(GATHER) {
                    Ok(row) => self.queue.push(Waiting::New(Box::new(row))),
                    Err(RecvTimeoutError::Timeout) => self.gathered = true,
                    Err(RecvTimeoutError::Disconnected) => return,
                },
                Step::Sleep => match self.inbound.recv() {
                    Ok(row) => {
                        self.gathered = false;
                        self.queue.push(Waiting::New(Box::new(row)));
                    }
                    Err(_) => return,
                },
            }
            if !matches!(step, Step::Gather | Step::Sleep) {
                self.publish();
            }
        }
    }

    /// Brings the figures up to now. Done before anybody hears of an answer, so that the figures
    /// of a run have all that its last answer took.
    fn publish(&mut self) {
        let (until, computed) = self.counted;
        self.counted = (Instant::now(), self.figures.compute_seconds());
        let passed = self.counted.0.duration_since(until).as_secs_f64();
        self.figures.other_seconds += (passed - (self.counted.1 - computed)).max(0.0);
        *self.shared.figures.lock().unwrap_or_else(PoisonError::into_inner) = self.figures.clone();
    }

    fn drop_cancelled(&mut self) {
        self.queue.retain(|waiting| !waiting.is_cancelled());
        let (cancelled, active): (Vec<_>, Vec<_>) =
            self.active.drain(..).partition(|active| active.row.is_cancelled());
        self.active = active;
        let (stopped, filling): (Vec<_>, Vec<_>) =
            self.filling.drain(..).partition(|filling| filling.row.is_cancelled());
        self.filling = filling;
        for row in cancelled.into_iter().chain(stopped) {
            self.release(row.sequence);
        }
    }

    fn release(&mut self, sequence: Sequence) {
        for freed in self.sequences.give_back(sequence) {
            self.context.forget(freed);
        }
    }

    /// One call, watched by the callers of the active rows and of `group`.
    fn decode(&mut self, group: &[ActiveRow]) -> Result<(), DecodeError> {
        let callers = group.iter().chain(&self.active).chain(&self.filling);
        let callers = callers.map(|active| active.row.events());
        let waiting = self.queue.iter().map(Waiting::events);
        self.shared.watch(callers.chain(waiting).collect());
        let began = Instant::now();
        let result = self.context.decode(&self.batch);
        let seconds = began.elapsed().as_secs_f64();
        self.shared.watch(Vec::new());
        let (tokens, calls) = (self.batch.len() as u64, u64::from(!self.batch.is_empty()));
        let figures = &mut self.figures;
        figures.calls += calls;
        if self.is_generating {
            figures.generation_seconds += seconds;
            figures.generated_tokens += tokens;
        } else {
            figures.prompt_seconds += seconds;
            figures.prompt_tokens += tokens;
        }
        result
    }

    /// How `tokens` of the next rows are cut into calls.
    fn calls(&self, tokens: usize) -> Calls {
        Calls::of(tokens, self.context.size().batch_tokens as usize, self.is_exact)
    }

    /// Computes what every row has pending, with logits after the last token of each, and lets
    /// the rows take them: a prompt, or what was chosen and forced since.
    fn compute(&mut self, rows: &mut [ActiveRow]) -> Result<(), DecodeError> {
        let total = rows.iter().map(|row| row.pending().len()).sum();
        let calls = self.calls(total);
        self.batch.clear();
        // Rows whose last token is in the batch: index in the rows, index in the batch.
        let mut ready: Vec<(usize, usize)> = Vec::new();
        for index in 0..rows.len() {
            let (begin, count) = (rows[index].position(), rows[index].pending().len());
            for step in 0..count {
                if calls.end_before(self.batch.len(), begin + step) {
                    self.decode(rows)?;
                    self.take_logits(rows, &mut ready);
                }
                let (row, is_last) = (&rows[index], step + 1 == count);
                let token = row.pending()[step];
                let place = self.batch.push(token, begin + step, row.sequence, is_last);
                if is_last {
                    ready.push((index, place));
                }
            }
        }
        self.decode(rows)?;
        self.take_logits(rows, &mut ready);
        Ok(())
    }

    /// Lets rows use the logits of the last call, and empties the batch for the next.
    fn take_logits(&mut self, rows: &mut [ActiveRow], ready: &mut Vec<(usize, usize)>) {
        for (index, place) in ready.drain(..) {
            rows[index].take(self.context.logits(place), &*self.model);
        }
        self.batch.clear();
    }

    /// The next tokens of every active row. Rows that have thought enough about a label are
    /// scored.
    fn generate(&mut self) {
        let mut rows = std::mem::take(&mut self.active);
        self.is_generating = true;
        let result = self.compute(&mut rows);
        self.is_generating = false;
        let (mut scored, rows): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.trie().is_some());
        self.active = rows;
        if let Err(error) = result.and_then(|()| self.compute_scores(&mut scored)) {
            self.give_up(scored, error);
            return;
        }
        for row in scored {
            self.answer(row, FinishReason::Scored);
        }
        self.end_finished();
    }

    fn end_finished(&mut self) {
        let (finished, active): (Vec<_>, Vec<_>) =
            self.active.drain(..).partition(|row| row.ended.is_some());
        self.active = active;
        for row in finished {
            self.lengths.push(row.generated());
            let reason = row.ended.unwrap_or(FinishReason::Stop);
            self.answer(row, reason);
        }
    }

    /// Hands a row's answer out and frees its place.
    fn answer(&mut self, row: ActiveRow, reason: FinishReason) {
        self.release(row.sequence);
        self.figures.rows += 1;
        self.figures.shared_tokens += row.shared as u64;
        self.figures.forced_tokens += u64::from(row.forced());
        self.publish();
        row.finish(reason);
    }
}

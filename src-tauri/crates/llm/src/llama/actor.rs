//! The engine's thread: owns the context, takes prepared rows, computes, sends events back.
//!
//! The loop asks [`plan`] what to do and does it. A row whose caller is gone is dropped before
//! the next call; if nobody at all waits any more, the running call is aborted.
//!
//! Longer than most files because every step shares the context, the batch and the list of rows.
//!
//! Sequences: rows are `0..slots`, each row's scratch sequence for label scoring follows at
//! `slots + row`, the shared prefix is the last.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::ffi::{Batch, Context, DecodeError, Model, Sequence, Token};
use super::plan::{Situation, Step, plan};
use super::prefix;
use super::row::{ActiveRow, Row};
use crate::{BatchEvent, FinishReason, LLMError};

/// How long a group is gathered after the last arrival.
const GATHER: Duration = Duration::from_millis(5);
/// How many waiting rows are compared at least to find what prompts have in common.
const COMPARED_ROWS: usize = 16;

/// What the thread shares with the engine's handle and with llama.cpp's abort question.
#[derive(Default)]
pub struct Shared {
    /// Set once to end the thread.
    pub is_shutting_down: AtomicBool,
    /// Batches that may still send rows.
    pub open_batches: AtomicUsize,
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
        *self.watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = senders;
    }
}

/// The state of the engine's thread.
pub struct Actor {
    model: Arc<Model>,
    context: Context,
    shared: Arc<Shared>,
    inbound: Receiver<Row>,
    waiting: VecDeque<Row>,
    active: Vec<ActiveRow>,
    free: Vec<Sequence>,
    slots: usize,
    prefix: Vec<Token>,
    in_part: bool,
    batch: Batch,
    gathered: bool,
}

impl Actor {
    /// Takes the context, made with `2 * slots + 1` sequences, on the thread that will use it.
    pub fn new(
        model: Arc<Model>,
        context: Context,
        slots: usize,
        shared: Arc<Shared>,
        inbound: Receiver<Row>,
    ) -> Self {
        Self {
            in_part: model.keeps_every_position(),
            model,
            context,
            shared,
            inbound,
            waiting: VecDeque::new(),
            active: Vec::with_capacity(slots),
            free: (0..slots as Sequence).rev().collect(),
            slots,
            prefix: Vec::new(),
            batch: Batch::default(),
            gathered: false,
        }
    }

    /// Works until the engine is shut down.
    pub fn run(mut self) {
        while !self.shared.is_shutting_down.load(Ordering::Relaxed) {
            while self.waiting.len() < COMPARED_ROWS.max(2 * self.slots) {
                let Ok(row) = self.inbound.try_recv() else { break };
                self.waiting.push_back(row);
            }
            self.drop_cancelled();
            let step = plan(Situation {
                active: self.active.len(),
                slots: self.slots,
                waiting: self.waiting.len(),
                more_announced: self.shared.open_batches.load(Ordering::Acquire) > 0,
                gathered: self.gathered,
            });
            match step {
                Step::Admit(count) => {
                    self.gathered = false;
                    self.admit(count);
                }
                Step::Generate => self.generate(),
                Step::Gather => match self.inbound.recv_timeout(GATHER) {
                    Ok(row) => self.waiting.push_back(row),
                    Err(RecvTimeoutError::Timeout) => self.gathered = true,
                    Err(RecvTimeoutError::Disconnected) => return,
                },
                Step::Sleep => match self.inbound.recv() {
                    Ok(row) => {
                        self.gathered = false;
                        self.waiting.push_back(row);
                    }
                    Err(_) => return,
                },
            }
        }
    }

    fn prefix_sequence(&self) -> Sequence {
        2 * self.slots as Sequence
    }

    fn scratch(&self, sequence: Sequence) -> Sequence {
        self.slots as Sequence + sequence
    }

    fn drop_cancelled(&mut self) {
        self.waiting.retain(|row| !row.is_cancelled());
        let (cancelled, active): (Vec<_>, Vec<_>) =
            self.active.drain(..).partition(|active| active.row.is_cancelled());
        self.active = active;
        for active in cancelled {
            self.release(active.sequence);
        }
    }

    fn release(&mut self, sequence: Sequence) {
        self.context.forget(sequence);
        self.free.push(sequence);
    }

    /// Computes the prompts of up to `count` waiting rows: the prefix if it pays, then every
    /// row's own tokens, then the scores of label rows.
    fn admit(&mut self, count: usize) {
        let mut group = self.take_group(count);
        if group.is_empty() {
            // No room beside the active rows: they go on until one of them ends.
            self.generate();
            return;
        }
        let result = self.compute_prompts(&mut group);
        let result = result.and_then(|()| self.compute_scores(&mut group));
        match result {
            Ok(()) => {
                for row in group {
                    if row.trie().is_some() {
                        self.release(row.sequence);
                        row.finish(FinishReason::Scored);
                    } else {
                        self.active.push(row);
                    }
                }
                self.end_finished();
            }
            Err(error) => self.give_up(group, error),
        }
    }

    /// The rows from the front of the queue that fit into the memory together.
    fn take_group(&mut self, count: usize) -> Vec<ActiveRow> {
        let prompts: Vec<&[Token]> = self
            .waiting
            .iter()
            .take(count.max(COMPARED_ROWS))
            .map(|row| row.prepared.tokens.as_slice())
            .collect();
        let better = prefix::better(&self.prefix, &prompts, self.in_part).map(<[Token]>::to_vec);
        // Rows that started from the old prefix keep its cells: it is replaced when none is left.
        let replaceable = self.prefix.is_empty() || self.active.is_empty();
        if let Some(better) = better.filter(|_| replaceable) {
            self.context.forget(self.prefix_sequence());
            if self.compute_prefix(&better).is_ok() {
                self.prefix = better;
            } else {
                // Not worth failing rows for: they are computed whole.
                self.context.forget(self.prefix_sequence());
                self.prefix.clear();
            }
        }
        let mut group: Vec<ActiveRow> = Vec::with_capacity(count);
        let cells = self.context.size().cells as usize;
        let mut used: usize =
            self.prefix.len() + self.active.iter().map(ActiveRow::cells).sum::<usize>();
        while group.len() < count {
            let Some(row) = self.waiting.front() else { break };
            let mut length = prefix::shared(&self.prefix, &row.prepared.tokens, self.in_part);
            if used + row.prepared.cells(length) > cells {
                if !group.is_empty() || !self.active.is_empty() {
                    break;
                }
                // Alone and still too big beside the prefix: then without the prefix.
                self.context.forget(self.prefix_sequence());
                self.prefix.clear();
                (length, used) = (0, 0);
            }
            let (Some(row), Some(sequence)) = (self.waiting.pop_front(), self.free.pop()) else {
                break;
            };
            used += row.prepared.cells(length);
            if length > 0 {
                let from = self.prefix_sequence();
                if length == self.prefix.len() {
                    self.context.share_all(from, sequence);
                } else {
                    self.context.share(from, sequence, length);
                }
            }
            group.push(ActiveRow::new(row, sequence, length));
        }
        group
    }

    fn compute_prefix(&mut self, tokens: &[Token]) -> Result<(), DecodeError> {
        let sequence = self.prefix_sequence();
        let most = self.context.size().batch_tokens as usize;
        for (chunk_index, chunk) in tokens.chunks(most).enumerate() {
            self.batch.clear();
            for (index, &token) in chunk.iter().enumerate() {
                self.batch.push(token, chunk_index * most + index, sequence, false);
            }
            self.decode(&[])?;
        }
        Ok(())
    }

    /// One call, watched by the callers of the active rows and of `group`.
    fn decode(&mut self, group: &[ActiveRow]) -> Result<(), DecodeError> {
        let callers = group.iter().chain(&self.active).map(|active| active.row.events());
        let waiting = self.waiting.iter().map(Row::events);
        self.shared.watch(callers.chain(waiting).collect());
        let result = self.context.decode(&self.batch);
        self.shared.watch(Vec::new());
        result
    }

    fn compute_prompts(&mut self, group: &mut [ActiveRow]) -> Result<(), DecodeError> {
        // Calls of equal size: a small rest would cost nearly as much as a full call.
        let total: usize = group.iter().map(|row| row.own_tokens().count()).sum();
        let calls = total.div_ceil(self.context.size().batch_tokens as usize);
        let most = total.div_ceil(calls.max(1));
        self.batch.clear();
        // Rows whose last token is in the batch: index in the group, index in the batch.
        let mut ready: Vec<(usize, usize)> = Vec::new();
        for index in 0..group.len() {
            let last = group[index].prompt_length() - 1;
            let own: Vec<(usize, Token)> = group[index].own_tokens().collect();
            for (position, token) in own {
                if self.batch.len() == most {
                    self.decode(group)?;
                    self.take_logits(group, &mut ready);
                }
                let place =
                    self.batch.push(token, position, group[index].sequence, position == last);
                if position == last {
                    ready.push((index, place));
                }
            }
        }
        self.decode(group)?;
        self.take_logits(group, &mut ready);
        Ok(())
    }

    /// Lets rows use the logits of the last call, and empties the batch for the next.
    fn take_logits(&mut self, group: &mut [ActiveRow], ready: &mut Vec<(usize, usize)>) {
        for (index, place) in ready.drain(..) {
            let row = &mut group[index];
            let logits = self.context.logits(place);
            match row.trie() {
                Some(trie) => {
                    row.scores = vec![Vec::new(); trie.node_count()];
                    if trie.path(0).is_empty() {
                        row.scores[0] = trie.score(0, logits);
                    }
                }
                None => row.ended = row.advance(logits, &self.model),
            }
        }
        self.batch.clear();
    }

    /// Looks at the branching nodes below the prompts of label rows, each behind a scratch copy
    /// of its row, which every kind of memory can forget again.
    fn compute_scores(&mut self, group: &mut [ActiveRow]) -> Result<(), DecodeError> {
        let most = self.context.size().batch_tokens as usize;
        let nodes = group.iter().filter_map(ActiveRow::trie).map(|trie| trie.node_count()).max();
        for node in 0..nodes.unwrap_or(0) {
            let mut looks: Vec<(usize, usize)> = Vec::new();
            self.batch.clear();
            for index in 0..group.len() {
                let Some(trie) = group[index].trie().filter(|trie| node < trie.node_count()) else {
                    continue;
                };
                let path = trie.path(node);
                let Some(last) = path.len().checked_sub(1) else { continue };
                if self.batch.len() + path.len() > most {
                    self.look(group, node, &mut looks)?;
                }
                let row = &group[index];
                let (sequence, begin) = (self.scratch(row.sequence), row.prompt_length());
                self.context.share_all(row.sequence, sequence);
                for (step, &token) in path.iter().enumerate() {
                    let place = self.batch.push(token, begin + step, sequence, step == last);
                    if step == last {
                        looks.push((index, place));
                    }
                }
            }
            self.look(group, node, &mut looks)?;
        }
        Ok(())
    }

    fn look(
        &mut self,
        group: &mut [ActiveRow],
        node: usize,
        looks: &mut Vec<(usize, usize)>,
    ) -> Result<(), DecodeError> {
        self.decode(group)?;
        for (index, place) in looks.drain(..) {
            let row = &mut group[index];
            if let Some(trie) = row.trie() {
                row.scores[node] = trie.score(node, self.context.logits(place));
            }
            self.context.forget(self.scratch(row.sequence));
        }
        self.batch.clear();
        Ok(())
    }

    /// One token for every active row.
    fn generate(&mut self) {
        self.batch.clear();
        let mut places = Vec::with_capacity(self.active.len());
        for row in &self.active {
            let (token, position) = row.next.expect("a row that did not end has a next token");
            places.push(self.batch.push(token, position, row.sequence, true));
        }
        if let Err(error) = self.decode(&[]) {
            self.give_up(Vec::new(), error);
            return;
        }
        for (row, place) in self.active.iter_mut().zip(places) {
            row.ended = row.advance(self.context.logits(place), &self.model);
        }
        self.end_finished();
    }

    fn end_finished(&mut self) {
        let (finished, active): (Vec<_>, Vec<_>) =
            self.active.drain(..).partition(|row| row.ended.is_some());
        self.active = active;
        for row in finished {
            self.release(row.sequence);
            let reason = row.ended.unwrap_or(FinishReason::Stop);
            row.finish(reason);
        }
    }

    /// A call failed: every row in the context ends, and the context starts afresh. After an
    /// abort nobody waits for them; after anything else they are told why.
    fn give_up(&mut self, group: Vec<ActiveRow>, error: DecodeError) {
        self.context.forget_all();
        self.prefix.clear();
        self.free = (0..self.slots as Sequence).rev().collect();
        let reason = match error {
            DecodeError::Aborted => None,
            DecodeError::NoRoom => Some("the key-value memory is full".to_owned()),
            DecodeError::Failed(code) => Some(format!("llama.cpp's decode answered {code}")),
        };
        for active in self.active.drain(..).chain(group) {
            let error = match &reason {
                Some(reason) => LLMError::InferenceFailed { reason: reason.clone() },
                None => LLMError::Cancelled,
            };
            active.row.fail(error);
        }
    }
}

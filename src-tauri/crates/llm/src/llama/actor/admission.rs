//! Taking rows on: who comes next, what they share, and whether the memory has room for them.

use std::collections::BTreeSet;

use super::super::ffi::{DecodeError, Sequence, Token};
use super::super::plan::{equal_calls, halved};
use super::super::prefix;
use super::super::prepare::{Answering, Prepared};
use super::super::row::ActiveRow;
use super::sequences::Need;
use super::waiting::Waiting;
use super::{Actor, shared_tokens};
use crate::{FinishReason, LLMError};

impl Actor {
    /// How many of the next rows could be taken on.
    pub(super) fn fitting(&self) -> usize {
        if self.is_exact {
            return usize::from(self.active.is_empty() && !self.queue.is_empty());
        }
        let free = self.free_slots(&[]);
        let fitting = self.sequences.fitting(self.queue.iter().map(Waiting::need), free);
        fitting.min(self.most_admitted)
    }

    /// Slots that neither a row in work nor one of `group` has.
    fn free_slots(&self, group: &[ActiveRow]) -> usize {
        let busy = self.active.iter().chain(&self.filling).chain(group);
        let busy = busy.filter(|row| Need::of(&row.row.prepared).is_slot).count();
        self.slots.saturating_sub(busy)
    }

    /// Takes the next `count` rows on and computes their prompts: the prefixes that pay, then
    /// every row's own tokens, then the scores of label rows.
    pub(super) fn admit(&mut self, count: usize) {
        let mut group = Vec::with_capacity(count);
        let result = self.take_group(count, &mut group);
        if group.is_empty() && result.is_ok() {
            // No room beside the active rows: they go on until one of them ends.
            if !self.active.is_empty() {
                self.generate();
            }
            return;
        }
        let result = result
            .and_then(|()| self.compute(&mut group))
            .and_then(|()| self.compute_scores(&mut group));
        match result {
            Ok(()) => {
                self.most_admitted = self.most_admitted.saturating_mul(2).min(self.row_sequences);
                self.settle(group);
            }
            // Even an empty group: an interrupted row may have found no room to go on.
            Err(DecodeError::NoRoom) => self.put_back(group),
            Err(error) => self.give_up(group, error),
        }
    }

    /// Rows whose prompt is computed generate from now on, or are answered already.
    pub(super) fn settle(&mut self, group: Vec<ActiveRow>) {
        for row in group {
            if row.trie().is_some() && row.ended.is_none() {
                self.answer(row, FinishReason::Scored);
            } else {
                self.active.push(row);
            }
        }
        self.end_finished();
    }

    /// The memory was full: rows that have not used their logits wait again, in front, and fewer
    /// are tried next time. A row for which even an empty memory is too small fails.
    pub(super) fn put_back(&mut self, group: Vec<ActiveRow>) {
        let (mut settled, unsettled): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|row| row.trie().is_none() && row.is_settled());
        self.most_admitted = halved(unsettled.len());
        let is_hopeless = unsettled.len() <= 1
            && settled.is_empty()
            && self.active.is_empty()
            && self.filling.is_empty()
            && !self.drop_prefix(&BTreeSet::new());
        let too_small = || LLMError::InferenceFailed {
            reason: "the key-value memory is too small for this row".to_owned(),
        };
        if is_hopeless && unsettled.is_empty() {
            match self.queue.pop() {
                Some(Waiting::Interrupted(row)) => row.into_row().fail(too_small()),
                Some(waiting) => self.queue.push_front(waiting),
                None => {}
            }
        }
        for row in unsettled.into_iter().rev() {
            self.release(row.sequence);
            let row = row.into_row();
            if is_hopeless {
                row.fail(too_small());
            } else {
                self.queue.push_front(Waiting::New(Box::new(row)));
            }
        }
        self.active.append(&mut settled);
        self.end_finished();
        // Otherwise the rows would be tried again before anything has changed.
        if !self.active.is_empty() {
            self.generate();
        }
    }

    /// Cells that a row keeps reserved beyond what it shares.
    pub(super) fn reserved_cells(&self, row: &ActiveRow) -> usize {
        self.cells_of(&row.row.prepared, row.shared, row.generated())
    }

    fn cells_of(&self, prepared: &Prepared, shared: usize, generated: u32) -> usize {
        let most = prepared.cells(prepared.tokens.len());
        let answer = if matches!(prepared.answering, Answering::Scored { .. }) {
            most
        } else {
            self.lengths.reserved(u32::try_from(most).unwrap_or(u32::MAX), generated) as usize
        };
        prepared.tokens.len() - shared + answer
    }

    /// Puts waiting rows in order, as many as the next step may take.
    fn settle_order(&mut self, count: usize) {
        let by_length = self.sorts_by_length;
        self.queue.settle(count, |rows| {
            let prompts: Vec<&[Token]> = rows.iter().map(Waiting::prompt).collect();
            prefix::order(&prompts, by_length)
        });
    }

    /// The next rows that fit into the memory together. Rows that were interrupted get back what
    /// they held and go on.
    pub(super) fn take_group(
        &mut self,
        count: usize,
        group: &mut Vec<ActiveRow>,
    ) -> Result<(), DecodeError> {
        self.settle_order(count);
        self.compute_prefixes(count)?;
        let mut own_tokens = 0;
        while group.len() < count {
            // More rows than slots only as long as they fit into one call.
            let next = self.queue.front().map_or(0, |waiting| {
                let start = self.start_of(waiting.prompt());
                waiting.prompt().len() - start.map_or(0, |(_, length)| length)
            });
            let is_full = own_tokens + next > self.context.size().batch_tokens as usize;
            if group.len() >= self.slots && is_full {
                break;
            }
            let Some(sequence) = self.place_for_next(group) else { break };
            let Some(waiting) = self.queue.pop() else { break };
            let start = self.start_of(waiting.prompt());
            let length = start.map_or(0, |(_, length)| length);
            if let Some((prefix, length)) = start {
                self.start_from(prefix, sequence, length);
            }
            own_tokens += waiting.prompt().len() - length;
            self.last_prompt.clear();
            self.last_prompt.extend_from_slice(waiting.prompt());
            match waiting {
                Waiting::New(row) => group.push(ActiveRow::new(*row, sequence, length)),
                Waiting::Interrupted(mut row) => {
                    (row.sequence, row.shared) = (sequence, length);
                    self.resume(*row)?;
                }
            }
        }
        Ok(())
    }

    /// A sequence for the row in front, if the memory has room for it beside all others. Prefixes
    /// that it does not start from make room; alone, it may have all.
    fn place_for_next(&mut self, group: &[ActiveRow]) -> Option<Sequence> {
        loop {
            let waiting = self.queue.front()?;
            let need = waiting.need();
            // Rows were counted before they were put into order.
            if need.is_slot && self.free_slots(group) == 0 {
                return None;
            }
            let (prepared, generated) = match waiting {
                Waiting::New(row) => (&row.prepared, 0),
                Waiting::Interrupted(row) => (&row.row.prepared, row.generated()),
            };
            let start = self.start_of(&prepared.tokens);
            if self.is_exact && start.is_none() && self.has_prefixes() {
                self.drop_prefix(&BTreeSet::new());
                continue;
            }
            let needed = self.cells_of(prepared, start.map_or(0, |(_, length)| length), generated);
            let others: Vec<&ActiveRow> =
                self.active.iter().chain(group).chain(&self.filling).collect();
            let own: usize = others.iter().map(|row| self.reserved_cells(row)).sum();
            let stored = self.prefix_cells(others.iter().map(|row| shared_tokens(row)));
            let is_alone = others.is_empty();
            if stored + own + needed <= self.context.size().cells as usize {
                return self.sequences.take(need.is_pair);
            }
            let spared: BTreeSet<Sequence> = start.map(|(prefix, _)| prefix).into_iter().collect();
            if self.drop_prefix(&spared) || (is_alone && self.drop_prefix(&BTreeSet::new())) {
                continue;
            }
            // Alone it is let in whatever is reserved: it fits the context, which was checked
            // before.
            return if is_alone { self.sequences.take(need.is_pair) } else { None };
        }
    }

    /// Computes again what an interrupted row held, and lets it go on.
    fn resume(&mut self, row: ActiveRow) -> Result<(), DecodeError> {
        let tokens: Vec<Token> = row.held_tokens().collect();
        let (sequence, shared) = (row.sequence, row.shared);
        // In the list of active rows it is ended like them if the call fails.
        self.active.push(row);
        let own_tokens = tokens.len() - shared;
        let most = equal_calls(own_tokens, self.context.size().batch_tokens as usize);
        for (start, chunk) in (shared..).step_by(most).zip(tokens[shared..].chunks(most)) {
            self.batch.clear();
            for (position, &token) in (start..).zip(chunk) {
                self.batch.push(token, position, sequence, false);
            }
            let result = self.decode(&[]);
            self.batch.clear();
            if let Err(error) = result {
                if error == DecodeError::NoRoom
                    && let Some(row) = self.active.pop()
                {
                    self.interrupt(row);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes a row's place away; it waits in front of all others and goes on later.
    pub(super) fn interrupt(&mut self, row: ActiveRow) {
        self.release(row.sequence);
        self.figures.interrupted += 1;
        self.queue.push_front(Waiting::Interrupted(Box::new(row)));
    }
}

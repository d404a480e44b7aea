//! Prompts and generation in one call, for devices where prompt tokens ride along nearly for
//! free: the next tokens of every generating row first, then pieces of prompts, oldest first.

use super::super::ffi::DecodeError;
use super::super::plan::prompt_budget;
use super::super::row::ActiveRow;
use super::Actor;

/// Tokens of one mixed call.
const MIXED_TOKENS: usize = 512;

impl Actor {
    /// Takes up to `count` rows on, then one mixed call.
    pub(super) fn mix(&mut self, count: usize) {
        if count > 0 {
            let mut group = Vec::with_capacity(count);
            let result = self.take_group(count, &mut group);
            match result {
                Ok(()) => self.filling.append(&mut group),
                Err(DecodeError::NoRoom) => return self.put_back(group),
                Err(error) => return self.give_up(group, error),
            }
        }
        let batch_tokens = self.context.size().batch_tokens as usize;
        let pending: usize = self.active.iter().map(|row| row.pending().len()).sum();
        if self.filling.is_empty() || pending >= batch_tokens {
            // Nothing to mix, or no room for it beside so many forced tokens.
            if !self.active.is_empty() {
                self.generate();
            }
            return;
        }
        self.batch.clear();
        let mut places: Vec<usize> = Vec::with_capacity(self.active.len());
        for row in &self.active {
            let place = push_pending(&mut self.batch, row, row.pending().len());
            places.extend(place);
        }
        let mut budget = prompt_budget(pending, MIXED_TOKENS, batch_tokens);
        // How many tokens of each prompt go into this call, and the place of the last one's
        // logits if it ends with it.
        let mut pieces: Vec<(usize, Option<usize>)> = Vec::with_capacity(self.filling.len());
        for row in &self.filling {
            let count = row.pending().len().min(budget);
            pieces.push((count, push_pending(&mut self.batch, row, count)));
            budget -= count;
        }
        let result = self.decode(&[]);
        self.figures.generated_tokens += pending as u64;
        self.figures.prompt_tokens = self.figures.prompt_tokens.saturating_sub(pending as u64);
        if let Err(error) = result {
            self.give_up(Vec::new(), error);
            return;
        }
        for (row, place) in self.active.iter_mut().zip(places) {
            row.take(self.context.logits(place), &*self.model);
        }
        let mut ended: Vec<ActiveRow> = Vec::new();
        for (mut row, (count, end)) in std::mem::take(&mut self.filling).into_iter().zip(pieces) {
            if let Some(place) = end {
                row.take(self.context.logits(place), &*self.model);
                ended.push(row);
            } else {
                row.note_computed(count);
                self.filling.push(row);
            }
        }
        self.batch.clear();
        let (scored, active): (Vec<_>, Vec<_>) =
            self.active.drain(..).partition(|row| row.trie().is_some());
        self.active = active;
        ended.extend(scored);
        match self.compute_scores(&mut ended) {
            Ok(()) => self.settle(ended),
            Err(error) => self.give_up(ended, error),
        }
    }
}

/// Adds the first `count` of a row's pending tokens. Answers the place of the last one's logits
/// if these are all.
fn push_pending(batch: &mut super::Batch, row: &ActiveRow, count: usize) -> Option<usize> {
    let mut end = None;
    for (step, &token) in row.pending()[..count].iter().enumerate() {
        let is_last = step + 1 == row.pending().len();
        let place = batch.push(token, row.position() + step, row.sequence, is_last);
        end = is_last.then_some(place);
    }
    end
}

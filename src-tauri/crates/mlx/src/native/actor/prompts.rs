//! Taking on rows: their prompts are computed, and what they begin with alike only once.

use std::time::Instant;

use braincells_llm::decoding::Token;
use braincells_llm::decoding::row::{ActiveRow, Row};

use super::Actor;
use crate::MlxError;
use crate::native::admission::{Group, groups};
use crate::native::batch::{self, Extended};
use crate::native::cache::Cache;

impl Actor {
    /// Takes on the waiting rows: their prompts are computed.
    pub(super) fn admit(&mut self) -> Result<(), MlxError> {
        let prompts: Vec<&[Token]> =
            self.waiting.iter().map(|row| row.prepared.tokens.as_slice()).collect();
        let groups = groups(&self.kept.0, &prompts);
        let mut waiting: Vec<Option<Row>> = self.waiting.drain(..).map(Some).collect();
        for group in groups {
            let rows: Vec<Row> = group.rows.iter().filter_map(|row| waiting[*row].take()).collect();
            let taken = match self.compute_prompts(&group, &rows) {
                Ok(Extended::Done(cache, logits)) => {
                    self.take_on(rows, group.shared, cache, &logits)
                }
                Ok(Extended::Stopped) => Ok(()),
                Err(error) => {
                    self.waiting.extend(rows);
                    Err(error)
                }
            };
            if let Err(error) = taken {
                self.waiting.extend(waiting.into_iter().flatten());
                return Err(error);
            }
        }
        Ok(())
    }

    /// The prompts of a group, and the logits behind each.
    fn compute_prompts(&mut self, group: &Group, rows: &[Row]) -> Result<Extended, MlxError> {
        let shared = group.shared;
        let goes_on = || rows.iter().any(|row| !row.is_cancelled());
        let mut computed = 0;
        if shared > 0 && !group.is_kept {
            let start = rows[0].prepared.tokens[..shared].to_vec();
            let (empty, began) = (self.decoder.cache(1), Instant::now());
            match batch::extend(&self.decoder, &empty, &[0], 0, &[&start], goes_on)? {
                Extended::Done(cache, _) => self.kept = (start, cache),
                Extended::Stopped => return Ok(Extended::Stopped),
            }
            self.count(began, |figures, seconds| {
                figures.prompt_seconds += seconds;
                figures.prefixes += 1;
            });
            computed = shared;
        }
        let base = if shared > 0 { self.kept.1.clone() } else { self.decoder.cache(1) };
        let ends: Vec<&[Token]> = rows.iter().map(|row| &row.prepared.tokens[shared..]).collect();
        let (picks, began) = (vec![0; rows.len()], Instant::now());
        let done = batch::extend(&self.decoder, &base, &picks, shared, &ends, goes_on)?;
        let Extended::Done(cache, logits) = done else { return Ok(Extended::Stopped) };
        computed += ends.iter().map(|end| end.len()).sum::<usize>();
        self.count(began, |figures, seconds| {
            figures.prompt_seconds += seconds;
            figures.prompt_tokens += computed as u64;
            figures.shared_tokens += (shared * rows.len()) as u64;
        });
        if rows.len() == 1 && shared == 0 {
            // The next row may begin alike.
            self.kept = (rows[0].prepared.tokens.clone(), cache.clone());
        }
        Ok(Extended::Done(cache, logits))
    }

    /// Puts rows whose prompts are computed beside those that are in work.
    fn take_on(
        &mut self,
        rows: Vec<Row>,
        shared: usize,
        cache: Cache,
        logits: &[Vec<f32>],
    ) -> Result<(), MlxError> {
        for (row, logits) in rows.into_iter().zip(logits) {
            let mut row = ActiveRow::new(row, 0, shared);
            row.take(logits, &*self.words);
            self.active.push(row);
        }
        let running = std::mem::replace(&mut self.cache, self.decoder.cache(0));
        self.cache = running.joined(cache)?;
        self.settle()
    }
}

//! Taking on rows: their prompts are computed, and what they begin with alike only once.

use std::time::Instant;

use braincells_llm::decoding::Token;
use braincells_llm::decoding::row::{ActiveRow, Row};

use super::Actor;
use super::recovery::Suspect;
use crate::MlxError;
use crate::native::admission::{Group, is_news, next_group};
use crate::native::batch::{self, Extended};
use crate::native::cache::Cache;

impl Actor {
    /// Takes on the waiting rows: their prompts are computed.
    pub(super) fn admit(&mut self) -> Result<(), MlxError> {
        loop {
            let prompts: Vec<&[Token]> =
                self.waiting.iter().map(|row| row.prepared.tokens.as_slice()).collect();
            let Some(group) = next_group(&self.kept.prompts(), &prompts) else { return Ok(()) };
            let mut rows = Vec::with_capacity(group.rows.len());
            // From the last on, so that the numbers of the others stay.
            for row in group.rows.iter().rev() {
                rows.push(self.waiting.remove(*row));
            }
            rows.reverse();
            match self.compute_prompts(&group, &rows) {
                Ok(Extended::Done(cache, logits)) => {
                    self.take_on(rows, group.shared, cache, &logits)?;
                }
                // Nobody waits for them.
                Ok(Extended::Stopped) => {}
                Err(error) => {
                    self.suspects.extend(rows.into_iter().map(Suspect::new));
                    return Err(error);
                }
            }
        }
    }

    /// The prompts of a group, and the logits behind each.
    fn compute_prompts(&mut self, group: &Group, rows: &[Row]) -> Result<Extended, MlxError> {
        let shared = group.shared;
        let goes_on = self.goes_on(rows);
        let (known, base) = match group.kept {
            Some((place, known)) => (known, self.kept.used(place)),
            None => (0, self.decoder.cache(1)),
        };
        let base = if known < shared {
            let start = rows[0].prepared.tokens[..shared].to_vec();
            let (more, began) = (&start[known..], Instant::now());
            let done = batch::extend(&self.decoder, &base, &[0], known, &[more], &goes_on)?;
            let Extended::Done(cache, _) = done else { return Ok(Extended::Stopped) };
            self.count(began, |figures, seconds| {
                figures.prompt_seconds += seconds;
                figures.prompt_tokens += (shared - known) as u64;
                figures.prefixes += 1;
            });
            self.kept.keep(start, cache.clone());
            cache
        } else {
            base
        };
        let ends: Vec<&[Token]> = rows.iter().map(|row| &row.prepared.tokens[shared..]).collect();
        let (picks, began) = (vec![0; rows.len()], Instant::now());
        let done = batch::extend(&self.decoder, &base, &picks, shared, &ends, &goes_on)?;
        let Extended::Done(cache, logits) = done else { return Ok(Extended::Stopped) };
        let computed = ends.iter().map(|end| end.len()).sum::<usize>();
        self.count(began, |figures, seconds| {
            figures.prompt_seconds += seconds;
            figures.prompt_tokens += computed as u64;
            figures.shared_tokens += (shared * rows.len()) as u64;
        });
        if let [row] = rows
            && is_news(&row.prepared.tokens, shared)
        {
            self.kept.keep(row.prepared.tokens.clone(), cache.clone());
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

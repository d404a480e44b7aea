//! The prefixes in memory: computed once, copied to rows, kept while they are used.
//!
//! At most [`PREFIX_SEQUENCES`]; the one that was not used for longest makes room. Rows that
//! started from a prefix keep its cells when it goes, so [`stored_cells`] counts the cells of
//! prefixes and of what rows share together, each once.

use std::collections::BTreeSet;
use std::time::Instant;

use super::super::ffi::{DecodeError, Sequence, Token};
use super::super::plan::EXACT_BLOCK;
use super::super::prefix::{self, LEAST_OWN_TOKENS, Limits, NewPrefix, common, covered};
use super::Actor;
use super::waiting::Waiting;

/// Prefixes kept at the same time.
pub const PREFIX_SEQUENCES: usize = 8;
/// Where every sequence has a state of its own size, however short it is.
pub const FEW_PREFIX_SEQUENCES: usize = 2;

/// One prefix in memory.
struct Kept {
    tokens: Vec<Token>,
    sequence: Sequence,
    last_used: u64,
}

/// All of them.
pub struct Prefixes {
    kept: Vec<Kept>,
    free: Vec<Sequence>,
    /// Grows with every use.
    clock: u64,
}

impl Prefixes {
    /// None yet; they will have the sequences `from..from + count`.
    pub fn new(from: usize, count: usize) -> Self {
        let free = (from..from + count).rev().map(|index| index as Sequence).collect();
        Self { kept: Vec::new(), free, clock: 0 }
    }

    /// How many there can be.
    pub fn sequences(&self) -> usize {
        self.kept.len() + self.free.len()
    }

    fn token_lists(&self) -> Vec<&[Token]> {
        self.kept.iter().map(|kept| kept.tokens.as_slice()).collect()
    }

    /// The best start for `path`, as sequence and tokens.
    fn best(&self, path: &[Token], in_part: bool) -> Option<(Sequence, usize)> {
        let starts = self.kept.iter().map(|kept| {
            let length = covered(&kept.tokens, path, in_part);
            (length, kept.last_used, kept.sequence)
        });
        let (length, _, sequence) = starts.max()?;
        (length > 0).then_some((sequence, length))
    }

    fn touch(&mut self, sequence: Sequence) {
        self.clock += 1;
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.sequence == sequence) {
            kept.last_used = self.clock;
        }
    }

    fn least_used(&self, spared: &BTreeSet<Sequence>) -> Option<usize> {
        let others = self.kept.iter().enumerate();
        let others = others.filter(|(_, kept)| !spared.contains(&kept.sequence));
        others.min_by_key(|(_, kept)| kept.last_used).map(|(index, _)| index)
    }
}

/// How many cells the starts of several sequences take that share what is equal.
pub fn stored_cells(mut paths: Vec<&[Token]>) -> usize {
    paths.sort_unstable();
    let shared: usize = paths.windows(2).map(|pair| common(pair[0], pair[1])).sum();
    paths.iter().map(|path| path.len()).sum::<usize>() - shared
}

impl Actor {
    /// Whether any prefix is in memory.
    pub(super) fn has_prefixes(&self) -> bool {
        !self.prefixes.kept.is_empty()
    }

    /// Lets the prefix go that was not used for longest, but none of `spared`. Answers whether
    /// there was one.
    pub(super) fn drop_prefix(&mut self, spared: &BTreeSet<Sequence>) -> bool {
        let Some(index) = self.prefixes.least_used(spared) else { return false };
        let kept = self.prefixes.kept.remove(index);
        self.context.forget(kept.sequence);
        self.prefixes.free.push(kept.sequence);
        true
    }

    /// The prefix that a row with this prompt starts from best, and how many of its tokens.
    pub(super) fn start_of(&self, prompt: &[Token]) -> Option<(Sequence, usize)> {
        self.prefixes.best(prefix::shareable(prompt), self.in_part)
    }

    /// The prefix that begins with all of `tokens`.
    pub(super) fn prefix_of(&self, tokens: &[Token]) -> Option<Sequence> {
        let mut kept = self.prefixes.kept.iter();
        kept.find(|kept| kept.tokens.starts_with(tokens)).map(|kept| kept.sequence)
    }

    /// Gives a row's sequence the first `length` tokens of a prefix.
    pub(super) fn start_from(&mut self, prefix: Sequence, sequence: Sequence, length: usize) {
        self.prefixes.touch(prefix);
        self.copy_prefix(prefix, sequence, length);
    }

    fn copy_prefix(&mut self, prefix: Sequence, sequence: Sequence, length: usize) {
        let whole = self.prefixes.kept.iter().find(|kept| kept.sequence == prefix);
        if whole.is_some_and(|kept| kept.tokens.len() == length) {
            self.context.share_all(prefix, sequence);
        } else {
            self.context.share(prefix, sequence, length);
        }
    }

    /// Cells that prefixes take, and the shared parts of rows.
    pub(super) fn prefix_cells<'a>(&'a self, rows: impl Iterator<Item = &'a [Token]>) -> usize {
        let mut paths = self.prefixes.token_lists();
        paths.extend(rows);
        stored_cells(paths)
    }

    /// Computes the prefixes that pay for the next `count` waiting rows.
    pub(super) fn compute_prefixes(&mut self, count: usize) -> Result<(), DecodeError> {
        let mut waiting: Vec<&[Token]> = self.queue.iter().map(Waiting::prompt).collect();
        let Some(shortest) = waiting.iter().map(|prompt| prompt.len()).min() else { return Ok(()) };
        if waiting.len() == 1 {
            waiting.push(&self.last_prompt);
        }
        let used: BTreeSet<Sequence> = waiting
            .iter()
            .take(count)
            .filter_map(|prompt| Some(self.start_of(prompt)?.0))
            .collect();
        let busy = self.active.iter().chain(&self.filling);
        let rows: usize = busy.map(|row| self.reserved_cells(row)).sum();
        let cells = (self.context.size().cells as usize)
            .saturating_sub(rows + shortest.min(self.context.size().batch_tokens as usize));
        let limits = Limits {
            // What the next rows start from stays, if only one.
            prefixes: self.prefixes.sequences().saturating_sub(used.len()).max(1),
            cells,
            in_part: self.in_part,
            step: if self.is_exact { EXACT_BLOCK } else { 1 },
        };
        let new = prefix::choose(&self.prefixes.token_lists(), &waiting, count, limits);
        if new.is_empty() {
            return Ok(());
        }
        let new: Vec<(NewPrefix, Vec<Token>)> =
            new.into_iter().map(|new| (new, waiting[new.prompt][..new.length].to_vec())).collect();
        let deepest = new.iter().map(|(new, _)| new.depth).max().unwrap_or(0);
        let mut spared = used;
        for depth in 0..=deepest {
            let level = new.iter().filter(|(new, _)| new.depth == depth);
            let level: Vec<&[Token]> = level.map(|(_, tokens)| tokens.as_slice()).collect();
            match self.compute_level(&level, &mut spared) {
                Ok(()) => {}
                // Not worth failing rows for: they are computed from what there is.
                Err(DecodeError::NoRoom) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Computes prefixes that do not start from each other, in common calls.
    fn compute_level(
        &mut self,
        level: &[&[Token]],
        spared: &mut BTreeSet<Sequence>,
    ) -> Result<(), DecodeError> {
        let mut made: Vec<(Sequence, usize, &[Token])> = Vec::new();
        for &tokens in level {
            let start = self.prefixes.best(tokens, self.in_part);
            let from = start.map(|(from, _)| from);
            spared.extend(from);
            while !self.has_cells_for(tokens) && self.drop_prefix(spared) {}
            if self.prefixes.free.is_empty() {
                self.drop_prefix(spared);
            }
            let Some(sequence) = self.prefixes.free.pop() else { break };
            // Like a row it computes some tokens itself, if need be again.
            let most = tokens.len().saturating_sub(LEAST_OWN_TOKENS);
            let length = start.map_or(0, |(_, length)| length);
            let length = if self.in_part { length.min(most) } else { length };
            if let Some(from) = from {
                self.prefixes.touch(from);
                self.copy_prefix(from, sequence, length);
            }
            made.push((sequence, length, tokens));
        }
        // One that is read from the disk is not computed.
        let mut missing = made.clone();
        missing.retain(|&(sequence, length, tokens)| {
            length > 0 || !self.read_prefix(sequence, tokens)
        });
        let began = Instant::now();
        let computed: usize = missing.iter().map(|(_, length, tokens)| tokens.len() - length).sum();
        let calls = self.calls(computed);
        let mut result = Ok(());
        self.batch.clear();
        'all: for &(sequence, length, tokens) in &missing {
            for (position, &token) in tokens.iter().enumerate().skip(length) {
                if calls.end_before(self.batch.len(), position) {
                    result = self.decode(&[]);
                    self.batch.clear();
                    if result.is_err() {
                        break 'all;
                    }
                }
                self.batch.push(token, position, sequence, false);
            }
        }
        if result.is_ok() {
            result = self.decode(&[]);
        }
        self.batch.clear();
        if let Err(error) = result {
            for (sequence, ..) in made {
                self.context.forget(sequence);
                self.prefixes.free.push(sequence);
            }
            return Err(error);
        }
        let seconds = began.elapsed().as_secs_f64();
        self.figures.prefixes += missing.len() as u64;
        self.figures.prefixes_read += (made.len() - missing.len()) as u64;
        for &(sequence, length, tokens) in &missing {
            let share = (tokens.len() - length) as f64 / computed.max(1) as f64;
            if length == 0 {
                self.write_prefix(sequence, tokens, seconds * share);
            }
        }
        for (sequence, _, tokens) in made {
            self.prefixes.clock += 1;
            let last_used = self.prefixes.clock;
            self.prefixes.kept.push(Kept { tokens: tokens.to_vec(), sequence, last_used });
            spared.insert(sequence);
        }
        Ok(())
    }

    fn has_cells_for(&self, tokens: &[Token]) -> bool {
        let busy = || self.active.iter().chain(&self.filling);
        let rows: usize = busy().map(|row| self.reserved_cells(row)).sum();
        let shared = busy().map(super::shared_tokens);
        let stored = self.prefix_cells(shared.chain(std::iter::once(tokens)));
        stored + rows < self.context.size().cells as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(kept: &[&[Token]]) -> Prefixes {
        let mut prefixes = Prefixes::new(10, 3);
        for tokens in kept {
            let sequence = prefixes.free.pop().unwrap();
            prefixes.clock += 1;
            let last_used = prefixes.clock;
            prefixes.kept.push(Kept { tokens: tokens.to_vec(), sequence, last_used });
        }
        prefixes
    }

    #[test]
    fn the_longest_start_is_taken_and_the_newest_of_equals() {
        let prefixes = with(&[&[1, 2, 3], &[1, 2], &[1, 9, 9, 9]]);
        assert_eq!(prefixes.best(&[1, 2, 3, 4], true), Some((10, 3)));
        assert_eq!(prefixes.best(&[1, 7], true), Some((12, 1)));
        assert_eq!(prefixes.best(&[1, 7], false), None);
        assert_eq!(prefixes.best(&[1, 2, 7], false), Some((11, 2)));
        assert_eq!(prefixes.best(&[7], true), None);
    }

    #[test]
    fn the_one_not_used_for_longest_goes_first() {
        let mut prefixes = with(&[&[1], &[2], &[3]]);
        prefixes.touch(10);
        let spared = BTreeSet::from([11]);
        assert_eq!(prefixes.least_used(&spared), Some(2));
        assert_eq!(prefixes.least_used(&BTreeSet::new()), Some(1));
        assert_eq!(prefixes.least_used(&BTreeSet::from([10, 11, 12])), None);
    }

    #[test]
    fn equal_starts_are_stored_once() {
        assert_eq!(stored_cells(vec![]), 0);
        assert_eq!(stored_cells(vec![&[1, 2, 3], &[1, 2, 4], &[1, 2], &[5]]), 5);
    }
}

//! Who has which sequence of the context. Pure bookkeeping.
//!
//! There is an even number of sequences for rows, numbered from 0: usually twice as many as rows
//! that generate. A row that looks at several places behind its prompt takes a pair, one of the
//! first half and the one as far into the second; every other row takes one. So rows that need
//! their prompt only can be taken on in greater number than rows that generate, which fills the
//! calls when texts are short.

use super::super::ffi::Sequence;
use super::super::prepare::{Answering, Prepared};
use super::super::thinking::Thinks;

/// What a row needs of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// A second sequence, for copies behind the prompt.
    pub is_pair: bool,
    /// One of the slots, because it generates tokens.
    pub is_slot: bool,
}

impl Need {
    /// What a prepared row needs.
    pub fn of(prepared: &Prepared) -> Self {
        match &prepared.answering {
            Answering::Scored { trie, .. } => {
                let is_pair = trie.node_count() > 1 || !trie.path(0).is_empty();
                let thinks = !matches!(prepared.thinks, Thinks::No);
                Self { is_pair, is_slot: is_pair || thinks }
            }
            _ => Self { is_pair: false, is_slot: true },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Nobody,
    Single,
    Pair,
}

/// The sequences of rows.
#[derive(Clone, Debug)]
pub struct Sequences {
    holders: Vec<Holder>,
}

impl Sequences {
    /// All free. `count` is even and at least 2.
    pub fn new(count: usize) -> Self {
        Self { holders: vec![Holder::Nobody; count] }
    }

    fn pairs(&self) -> usize {
        self.holders.len() / 2
    }

    fn partner(&self, index: usize) -> usize {
        (index + self.pairs()) % self.holders.len()
    }

    /// Takes one, or a pair, named by its first.
    pub fn take(&mut self, is_pair: bool) -> Option<Sequence> {
        let is_free = |index: &usize| self.holders[*index] == Holder::Nobody;
        let index = if is_pair {
            let index =
                (0..self.pairs()).find(|index| is_free(index) && is_free(&self.partner(*index)))?;
            let partner = self.partner(index);
            self.holders[partner] = Holder::Pair;
            self.holders[index] = Holder::Pair;
            index
        } else {
            // Where a pair is broken already, so that pairs are left.
            let broken = |index: &usize| is_free(index) && !is_free(&self.partner(*index));
            let all = 0..self.holders.len();
            let index = all.clone().find(broken).or_else(|| all.clone().find(is_free))?;
            self.holders[index] = Holder::Single;
            index
        };
        Some(index as Sequence)
    }

    /// Frees what [`Sequences::take`] gave, and says which sequences that are.
    pub fn give_back(&mut self, sequence: Sequence) -> Vec<Sequence> {
        let index = sequence as usize;
        let mut freed = vec![sequence];
        if self.holders[index] == Holder::Pair {
            let partner = self.partner(index);
            self.holders[partner] = Holder::Nobody;
            freed.push(partner as Sequence);
        }
        self.holders[index] = Holder::Nobody;
        freed
    }

    /// The second of a pair.
    pub fn second(&self, first: Sequence) -> Sequence {
        self.partner(first as usize) as Sequence
    }

    /// How many of the waiting rows, taken in their order, would find room when `free_slots` are
    /// free.
    pub fn fitting(&self, needs: impl Iterator<Item = Need>, free_slots: usize) -> usize {
        let mut after = self.clone();
        let mut slots = free_slots;
        needs
            .take_while(|need| {
                if need.is_slot && slots == 0 {
                    return false;
                }
                slots -= usize::from(need.is_slot);
                after.take(need.is_pair).is_some()
            })
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENERATES: Need = Need { is_pair: false, is_slot: true };
    const LOOKS: Need = Need { is_pair: true, is_slot: true };
    const PROMPT: Need = Need { is_pair: false, is_slot: false };

    #[test]
    fn pairs_are_two_and_singles_leave_pairs_whole() {
        let mut sequences = Sequences::new(6);
        assert_eq!(sequences.take(false), Some(0));
        assert_eq!(sequences.take(false), Some(3), "the other half of the broken pair");
        assert_eq!(sequences.take(true), Some(1));
        assert_eq!(sequences.second(1), 4);
        assert_eq!(sequences.take(true), Some(2));
        assert_eq!((sequences.take(true), sequences.take(false)), (None, None));
        assert_eq!(sequences.give_back(1), [1, 4]);
        assert_eq!(sequences.give_back(3), [3]);
        assert_eq!(sequences.take(false), Some(3));
        assert_eq!(sequences.take(true), Some(1));
    }

    #[test]
    fn rows_fit_by_slots_and_by_sequences() {
        let sequences = Sequences::new(8);
        let fitting = |needs: &[Need], slots| sequences.fitting(needs.iter().copied(), slots);
        assert_eq!(fitting(&[PROMPT; 20], 4), 8, "twice as many as slots");
        assert_eq!(fitting(&[PROMPT; 20], 0), 8);
        assert_eq!(fitting(&[LOOKS; 20], 4), 4);
        assert_eq!(fitting(&[GENERATES; 20], 3), 3);
        assert_eq!(fitting(&[PROMPT, GENERATES, PROMPT, GENERATES], 1), 3, "in their order");
        let mut busy = sequences.clone();
        let taken: Vec<_> = (0..4).filter_map(|_| busy.take(false)).collect();
        assert_eq!(taken.len(), 4);
        assert_eq!(busy.fitting([LOOKS; 9].into_iter(), 9), 2);
    }
}

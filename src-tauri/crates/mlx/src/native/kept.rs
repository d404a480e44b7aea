//! Prompts whose keys and values stay in memory for rows that begin alike. Generic over what is kept
//! of them, so that it is tested without a model.

use braincells_llm::decoding::Token;

/// Columns that are filled at the same time; each has a beginning of its own.
const MOST_KEPT: usize = 4;

/// Some prompts, those that were used last at the end.
#[derive(Debug)]
pub struct Kept<C> {
    prompts: Vec<(Vec<Token>, C)>,
    most_tokens: usize,
}

impl<C: Clone> Kept<C> {
    /// Nothing yet; later prompts of so many tokens together.
    pub fn new(most_tokens: usize) -> Self {
        Self { prompts: Vec::new(), most_tokens }
    }

    /// What is kept.
    pub fn prompts(&self) -> Vec<&[Token]> {
        self.prompts.iter().map(|(prompt, _)| prompt.as_slice()).collect()
    }

    /// What is kept of one of these, which is used now.
    pub fn used(&mut self, place: usize) -> C {
        let entry = self.prompts.remove(place);
        let kept = entry.1.clone();
        self.prompts.push(entry);
        kept
    }

    /// Keeps one more, in place of those that it begins with, and of the ones that were not used
    /// for the longest time where there are too many.
    pub fn keep(&mut self, prompt: Vec<Token>, kept: C) {
        self.prompts.retain(|(other, _)| !prompt.starts_with(other));
        self.prompts.push((prompt, kept));
        while self.prompts.len() > 1 && (self.prompts.len() > MOST_KEPT || self.are_long()) {
            self.prompts.remove(0);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.prompts.clear();
    }

    fn are_long(&self) -> bool {
        self.prompts.iter().map(|(prompt, _)| prompt.len()).sum::<usize>() > self.most_tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_stays() {
        let mut kept = Kept::new(100);
        for prompt in 0..4 {
            kept.keep(vec![prompt; 10], prompt);
        }
        assert_eq!(kept.used(0), 0);
        kept.keep(vec![0; 20], 5);
        let first = |kept: &Kept<i32>| kept.prompts().iter().map(|one| one[0]).collect::<Vec<_>>();
        assert_eq!(first(&kept), [1, 2, 3, 0], "one goes on where the other ends");
        kept.keep(vec![7; 10], 7);
        assert_eq!(first(&kept), [2, 3, 0, 7]);
        kept.keep(vec![8; 75], 8);
        assert_eq!(first(&kept), [7, 8], "no more tokens than there is room for");
        kept.keep(vec![9; 200], 9);
        assert_eq!(first(&kept), [9], "the last one stays in any case");
        kept.clear();
        assert!(kept.prompts().is_empty());
    }
}

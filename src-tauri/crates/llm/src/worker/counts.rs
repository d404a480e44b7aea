//! Numbers of tokens that are known already: callers ask for the same texts again and again.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

/// Texts that are remembered, by their hashes.
const MOST_TEXTS: usize = 8192;

#[derive(Default)]
pub struct Counts {
    known: Mutex<HashMap<(u64, u64), u32>>,
    hashers: (RandomState, RandomState),
}

impl Counts {
    /// The number of tokens of a text: as remembered, else as `count` says.
    pub fn of(&self, text: &str, count: impl FnOnce() -> Option<u32>) -> Option<u32> {
        let key = (self.hashers.0.hash_one(text), self.hashers.1.hash_one(text));
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tokens) = known().get(&key) {
            return Some(*tokens);
        }
        let tokens = count()?;
        let mut known = known();
        if known.len() >= MOST_TEXTS {
            known.clear();
        }
        known.insert(key, tokens);
        Some(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_once_and_what_is_unknown_is_asked_again() {
        let counts = Counts::default();
        assert_eq!(counts.of("a", || None), None);
        assert_eq!(counts.of("a", || Some(1)), Some(1));
        assert_eq!(counts.of("a", || panic!("it is known")), Some(1));
        for number in 0..2 * MOST_TEXTS {
            let text = number.to_string();
            assert_eq!(counts.of(&text, || Some(number as u32)), Some(number as u32));
        }
        assert!(counts.known.lock().unwrap().len() <= MOST_TEXTS);
    }
}

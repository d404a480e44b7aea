//! Seeing that a free answer goes round in circles, as small models do.
//!
//! An answer ends when its last tokens are the same stretch three times in a row, at least
//! `LEAST_TOKENS` in all: three times the same eight tokens, or a longer stretch three times.
//! Then every further token would most likely repeat it once more, up to the token limit, so such
//! an answer counts as cut off by a limit. Repeated words or rows of a table that lie apart, or
//! of which something differs, are no circle. A typed answer that does is brought to its end; there
//! it takes four times as much, for a list of equal numbers may well be the answer.

use super::Token;

/// What repeats must be this long together.
const LEAST_TOKENS: usize = 24;
/// And must follow itself this often.
const TIMES: usize = 3;
/// By how much both are more in a typed answer.
const PATIENCE: usize = 4;
/// The longest stretch that is looked for.
const MOST_PERIOD: usize = 256;

/// The tokens of one answer, watched for circles.
#[derive(Debug)]
pub struct Circles {
    tokens: Vec<Token>,
    /// For each distance, counted from 1, how many tokens at the end equal the one so far before.
    runs: Vec<usize>,
    patience: usize,
}

impl Circles {
    /// For an answer of this kind.
    pub fn new(is_typed: bool) -> Self {
        let patience = if is_typed { PATIENCE } else { 1 };
        Self { tokens: Vec::new(), runs: Vec::new(), patience }
    }

    /// Adds a token. Answers whether the answer goes round in circles.
    pub fn push(&mut self, token: Token) -> bool {
        let before = self.tokens.len();
        if self.runs.len() < before.min(MOST_PERIOD) {
            self.runs.push(0);
        }
        let mut is_circle = false;
        for (index, run) in self.runs.iter_mut().enumerate() {
            let period = index + 1;
            *run = if self.tokens[before - period] == token { *run + 1 } else { 0 };
            is_circle |= *run + period >= self.patience * LEAST_TOKENS.max(TIMES * period);
        }
        self.tokens.push(token);
        is_circle
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn circle_at(tokens: impl IntoIterator<Item = Token>) -> Option<usize> {
        let mut circles = Circles::new(false);
        (1..).zip(tokens).find(|&(_, token)| circles.push(token)).map(|(count, _)| count)
    }

    #[test]
    fn a_typed_answer_may_repeat_itself_four_times_as_long() {
        let mut circles = Circles::new(true);
        // `0,0,0,...`, forty times.
        assert!((0..80).all(|place| !circles.push(place % 2)));
        assert!((80..200).any(|place| circles.push(place % 2)));
    }

    #[test]
    fn the_same_stretch_three_times_in_a_row_is_a_circle() {
        assert_eq!(circle_at((0..100).map(|place| place % 8)), Some(24));
        assert_eq!(circle_at([7; 100]), Some(24), "one token");
        assert_eq!(circle_at((0..400).map(|place| place % 60)), Some(180));
        let late = (1000..1050).chain((0..100).map(|place| place % 10));
        assert_eq!(circle_at(late), Some(50 + 30));
    }

    #[test]
    fn what_lies_apart_or_differs_is_none() {
        assert_eq!(circle_at([7; 23]), None, "too short");
        // Rows of a table: nine equal tokens and a number that differs.
        let rows = (0..50).flat_map(|row| (0..9).chain([100 + row]));
        assert_eq!(circle_at(rows), None);
        // The same eight tokens three times with other text between.
        let apart = (0..8).chain(100..140).chain(0..8).chain(200..230).chain(0..8);
        assert_eq!(circle_at(apart), None);
        assert_eq!(circle_at((0..2000).map(|place| place % 300)), None, "longer than looked for");
    }

    proptest! {
        #[test]
        fn it_is_seen_exactly_when_it_is_complete(
            before in proptest::collection::vec(1000_i32..1_000_000, 0..60),
            period in 1_usize..80,
        ) {
            let before: Vec<Token> = (0..).zip(before).map(|(place, _)| 5000 + place).collect();
            let circle = (0..1000).map(|place| (place % period) as Token);
            let found = circle_at(before.iter().copied().chain(circle));
            prop_assert_eq!(found, Some(before.len() + (3 * period).max(24)));
        }
    }
}

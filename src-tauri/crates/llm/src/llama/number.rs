//! Decoding a decimal number: at each step only the tokens that keep the text a number may be
//! chosen, and the end only where the text is one.
//!
//! The form is `-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?`: at most 15 digits before the point, so
//! that a double holds every integer exactly, and an end after at most 23 tokens.

use super::ffi::{Model, Token};

const MOST_WHOLE_DIGITS: u8 = 15;
const MOST_DECIMALS: u8 = 6;

/// How far a number is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Minus,
    Zero,
    Whole(u8),
    Point,
    Decimals(u8),
}

impl State {
    fn after(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Start, b'-') => Some(Self::Minus),
            (Self::Start | Self::Minus, b'0') => Some(Self::Zero),
            (Self::Start | Self::Minus, b'1'..=b'9') => Some(Self::Whole(1)),
            (Self::Whole(digits), b'0'..=b'9') if digits < MOST_WHOLE_DIGITS => {
                Some(Self::Whole(digits + 1))
            }
            (Self::Zero | Self::Whole(_), b'.') => Some(Self::Point),
            (Self::Point, b'0'..=b'9') => Some(Self::Decimals(1)),
            (Self::Decimals(digits), b'0'..=b'9') if digits < MOST_DECIMALS => {
                Some(Self::Decimals(digits + 1))
            }
            _ => None,
        }
    }

    fn after_all(self, bytes: &[u8]) -> Option<Self> {
        bytes.iter().try_fold(self, |state, &byte| state.after(byte))
    }

    fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Whole(_) | Self::Decimals(_))
    }
}

/// The tokens of a vocabulary that can be part of a number, found once per model.
#[derive(Debug)]
pub struct NumberTokens {
    tokens: Vec<(Token, Vec<u8>)>,
    ends: Vec<Token>,
}

impl NumberTokens {
    /// Looks through the vocabulary.
    pub fn of(model: &Model) -> Self {
        let all = 0..model.vocabulary_size() as Token;
        let ends = all.clone().filter(|&token| model.ends_generation(token)).collect();
        let tokens = all
            .filter(|&token| !model.is_control(token))
            .map(|token| (token, model.token_bytes(token)))
            .filter(|(_, bytes)| {
                !bytes.is_empty()
                    && bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'))
            })
            .collect();
        Self { tokens, ends }
    }
}

/// A number being written.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumberWriter {
    state: State,
}

impl NumberWriter {
    /// The tokens that may come next. Never empty: a number can always go on or end.
    pub fn allowed(self, tokens: &NumberTokens) -> Vec<Token> {
        let digits = tokens
            .tokens
            .iter()
            .filter(|(_, bytes)| self.state.after_all(bytes).is_some())
            .map(|(token, _)| *token);
        if self.state.may_end() {
            digits.chain(tokens.ends.iter().copied()).collect()
        } else {
            digits.collect()
        }
    }

    /// Takes the bytes of a chosen token.
    pub fn advance(&mut self, bytes: &[u8]) {
        self.state = self.state.after_all(bytes).unwrap_or(self.state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> NumberTokens {
        let texts = ["0", "1", "7", "42", "-", ".", "-1", "3.5", "..", "007"];
        NumberTokens {
            tokens: texts
                .iter()
                .zip(0..)
                .map(|(text, id)| (id, text.as_bytes().to_vec()))
                .collect(),
            ends: vec![99],
        }
    }

    fn allowed_after(text: &str) -> Vec<String> {
        let tokens = tokens();
        let mut writer = NumberWriter::default();
        writer.advance(text.as_bytes());
        writer
            .allowed(&tokens)
            .into_iter()
            .map(|id| match tokens.tokens.get(id as usize) {
                Some((_, bytes)) => String::from_utf8(bytes.clone()).unwrap(),
                None => "END".to_owned(),
            })
            .collect()
    }

    #[test]
    fn only_what_keeps_it_a_number_is_allowed() {
        assert_eq!(allowed_after(""), ["0", "1", "7", "42", "-", "-1", "3.5"]);
        assert_eq!(allowed_after("-"), ["0", "1", "7", "42", "3.5"]);
        assert_eq!(allowed_after("0"), [".", "END"]);
        assert_eq!(allowed_after("12"), ["0", "1", "7", "42", ".", "3.5", "007", "END"]);
        assert_eq!(allowed_after("12."), ["0", "1", "7", "42", "007"]);
        assert_eq!(allowed_after("12.345678"), ["END"]);
        assert_eq!(allowed_after("123456789012345"), [".", "END"]);
    }
}

//! Decoding a decimal number: at each step only the tokens that keep the text a number may be
//! chosen.
//!
//! The form is `-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?`: at most 15 digits before the point, so
//! that a double holds every integer exactly, and an end after at most 23 tokens.
//!
//! The number ends where the model, left alone, would go on with anything that is not part of
//! it: a unit, a full stop, a new line. Forcing it to choose between a digit and the end token
//! would turn the `1.` of a list into `1.111111`. A point that no digit follows is dropped.

use super::ffi::{Model, Token};

const MOST_WHOLE_DIGITS: u8 = 15;
const MOST_DECIMALS: u8 = 6;
/// The longest number in characters, and so in tokens (sign, digits, point, decimals), and one
/// more to see that it ends.
pub const MOST_TOKENS: u32 = 3 + MOST_WHOLE_DIGITS as u32 + MOST_DECIMALS as u32;

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
        !matches!(self, Self::Start | Self::Minus)
    }
}

/// The tokens of a vocabulary that can be part of a number, found once per model.
#[derive(Debug)]
pub struct NumberTokens {
    tokens: Vec<(Token, Vec<u8>)>,
}

impl NumberTokens {
    /// Looks through the vocabulary.
    pub fn of(model: &Model) -> Self {
        let tokens = (0..model.vocabulary_size() as Token)
            .filter(|&token| !model.is_control(token))
            .map(|token| (token, model.token_bytes(token)))
            .filter(|(_, bytes)| {
                !bytes.is_empty()
                    && bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'))
            })
            .collect();
        Self { tokens }
    }
}

/// A number being written.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumberWriter {
    state: State,
}

impl NumberWriter {
    /// The tokens that may come next. Empty only where the number is at its longest.
    pub fn allowed(self, tokens: &NumberTokens) -> Vec<Token> {
        tokens
            .tokens
            .iter()
            .filter(|(_, bytes)| self.state.after_all(bytes).is_some())
            .map(|(token, _)| *token)
            .collect()
    }

    /// Whether what is written may stand, but for a point at its end.
    pub fn may_end(self) -> bool {
        self.state.may_end()
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
        }
    }

    fn after(text: &str) -> (Vec<String>, bool) {
        let tokens = tokens();
        let mut writer = NumberWriter::default();
        writer.advance(text.as_bytes());
        let allowed = writer
            .allowed(&tokens)
            .into_iter()
            .map(|id| String::from_utf8(tokens.tokens[id as usize].1.clone()).unwrap());
        (allowed.collect(), writer.may_end())
    }

    #[test]
    fn only_what_keeps_it_a_number_is_allowed() {
        for (text, allowed, may_end) in [
            ("", &["0", "1", "7", "42", "-", "-1", "3.5"][..], false),
            ("-", &["0", "1", "7", "42", "3.5"], false),
            ("0", &["."], true),
            ("12", &["0", "1", "7", "42", ".", "3.5", "007"], true),
            ("12.", &["0", "1", "7", "42", "007"], true),
            ("12.345678", &[], true),
            ("123456789012345", &["."], true),
        ] {
            let (found, ends) = after(text);
            assert!(found.iter().eq(allowed), "after `{text}`: {found:?}");
            assert_eq!(ends, may_end, "after `{text}`");
        }
    }
}

//! The thinking of reasoning models: split off the answer, bounded, and closed before an answer
//! that has a form.
//!
//! A chat template opens the thinking, or the model does with its first token. What is thought is
//! never part of the answer; a typed answer begins behind it. Templates that close it at once
//! ask for an answer without any, and are left alone.

use std::sync::Arc;

use super::{Token, Tokenizer};
use crate::{LLMError, Segment};

const OPENS: &str = "<think>";
const CLOSES: &str = "</think>";
/// Tokens of thinking, where the context has room for them. Then it is closed.
pub const MOST_TOKENS: u32 = 1024;

/// How a model marks its thinking.
#[derive(Debug)]
pub struct ThinkingMarks {
    opens: Option<Token>,
    closes: Option<Token>,
    /// What ends thinking that is too long.
    closing: Arc<[Token]>,
    /// What stands between thinking and answer.
    gap: Arc<[Token]>,
}

/// Whether a row thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinks {
    /// Not as far as can be seen, or its template has closed the thinking.
    No,
    /// It may: its first token decides.
    Perhaps,
    /// Its template has opened the thinking.
    Yes,
}

impl ThinkingMarks {
    /// Looks for the marks among the model's tokens.
    pub fn of(model: &dyn Tokenizer) -> Result<Self, LLMError> {
        let single = |name: &str| -> Result<Option<Token>, LLMError> {
            let tokens = model.tokenise(name, false, true)?;
            Ok(match tokens[..] {
                [token] if model.token_name(token).as_deref() == Some(name) => Some(token),
                _ => None,
            })
        };
        Ok(Self {
            opens: single(OPENS)?,
            closes: single(CLOSES)?,
            closing: model.tokenise(&format!("\n{CLOSES}\n\n"), false, true)?.into(),
            gap: model.tokenise("\n\n", false, false)?.into(),
        })
    }

    /// Whether a chat that was rendered so leads to thinking.
    pub fn thinks(&self, chat: &[Segment]) -> Thinks {
        let after_data = chat.last().filter(|segment| !segment.is_data);
        let tail = after_data.map_or("", |segment| segment.text.as_str());
        match (tail.rfind(OPENS), tail.rfind(CLOSES)) {
            (Some(opens), closes) if closes.is_none_or(|closes| closes < opens) => Thinks::Yes,
            (None, None) if self.opens.is_some() => Thinks::Perhaps,
            _ => Thinks::No,
        }
    }

    /// Whether a token opens the thinking.
    pub fn is_opened_by(&self, token: Token) -> bool {
        self.opens == Some(token)
    }

    /// What ends thinking that is too long, the gap behind it included.
    pub fn closing(&self) -> &[Token] {
        &self.closing
    }

    /// What stands between thinking and an answer that has a form.
    pub fn gap(&self) -> &[Token] {
        &self.gap
    }
}

/// What a row has thought so far.
#[derive(Clone, Debug, Default)]
pub struct Thought {
    bytes: Vec<u8>,
    tokens: u32,
}

impl Thought {
    /// How many tokens it has.
    pub fn tokens(&self) -> u32 {
        self.tokens
    }

    /// Adds a token. Answers with what stands behind the closing mark, once that is there.
    pub fn push(&mut self, token: Token, bytes: &[u8], marks: &ThinkingMarks) -> Option<Vec<u8>> {
        self.tokens += 1;
        let from = (self.bytes.len() + 1).saturating_sub(CLOSES.len());
        self.bytes.extend_from_slice(bytes);
        let closes = CLOSES.as_bytes();
        let found = self.bytes[from..].windows(closes.len()).position(|window| window == closes);
        if let Some(at) = found {
            let after = self.bytes.split_off(from + at);
            return Some(after[closes.len()..].to_vec());
        }
        // A control token adds no bytes.
        (marks.closes == Some(token)).then(Vec::new)
    }

    /// Adds tokens that were not chosen.
    pub fn count(&mut self, tokens: usize) {
        self.tokens += tokens as u32;
    }

    /// What was thought, if anything.
    pub fn into_text(self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let text = text.trim();
        let text = text.strip_prefix(OPENS).unwrap_or(text).trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(opens: Option<Token>, closes: Option<Token>) -> ThinkingMarks {
        ThinkingMarks { opens, closes, closing: [7, 8].into(), gap: [9].into() }
    }

    fn chat(tail: &str) -> Vec<Segment> {
        vec![
            Segment { text: "<think> is text in a cell".to_owned(), is_data: true },
            Segment { text: tail.to_owned(), is_data: false },
        ]
    }

    #[test]
    fn the_end_of_the_template_tells_whether_a_row_thinks() {
        for (tail, with_token, without) in [
            ("<|im_end|>\n<|im_start|>assistant\n", Thinks::Perhaps, Thinks::No),
            ("<|assistant|><think>\n", Thinks::Yes, Thinks::Yes),
            ("<|assistant|><think>\n\n</think>\n\n", Thinks::No, Thinks::No),
        ] {
            assert_eq!(marks(Some(1), Some(2)).thinks(&chat(tail)), with_token, "{tail}");
            assert_eq!(marks(None, None).thinks(&chat(tail)), without, "{tail}");
        }
    }

    #[test]
    fn the_closing_mark_is_found_across_tokens_and_as_a_token_without_bytes() {
        let marks = marks(None, Some(2));
        let mut thought = Thought::default();
        for piece in ["<think>a", " < b</", "thi"] {
            assert_eq!(thought.push(1, piece.as_bytes(), &marks), None);
        }
        assert_eq!(thought.push(1, b"nk>\n\nyes", &marks), Some(b"\n\nyes".to_vec()));
        assert_eq!(thought.tokens(), 4);
        assert_eq!(thought.into_text().as_deref(), Some("a < b"));
        let mut thought = Thought::default();
        assert_eq!(thought.push(1, b" \n", &marks), None);
        assert_eq!(thought.push(2, b"", &marks), Some(Vec::new()));
        assert_eq!(thought.into_text(), None, "blank is nothing");
    }
}

//! What one chunk of a stream, or one whole completion, has in it. Servers differ in what they
//! leave out and what they write in its place, so nothing is demanded here.

use braincells_core::Value;

use super::super::labels::TokenChoice;

/// Why the server says that an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// The model ended it.
    Stop,
    /// It came to the limit of tokens.
    Length,
    /// The provider ended it, for what is in it.
    Filtered,
    /// The server failed in the middle of it.
    Failed,
}

impl Finish {
    fn of(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "" => None,
            "length" | "max_tokens" | "model_length" => Some(Self::Length),
            "content_filter" | "safety" => Some(Self::Filtered),
            "error" => Some(Self::Failed),
            // "stop" above all; also "eos_token", "stop_sequence", and what may come.
            _ => Some(Self::Stop),
        }
    }
}

/// The parts of a chunk.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    pub(super) error: Option<&'a Value>,
    pub(super) choice: Option<ChoicePiece<'a>>,
    pub(super) usage: Option<&'a Value>,
}

/// What the first choice has in a chunk.
#[derive(Debug)]
pub(super) struct ChoicePiece<'a> {
    pub(super) content: String,
    pub(super) reasoning: String,
    pub(super) refusal: String,
    pub(super) finish: Option<Finish>,
    log_probabilities: &'a [Value],
}

impl<'a> Pieces<'a> {
    pub(super) fn of(chunk: &'a Value) -> Self {
        let choices = chunk.get("choices").and_then(Value::as_array);
        let first = choices.and_then(|choices| {
            let is_first = |choice: &&Value| {
                choice.is_object() && choice.get("index").is_none_or(|at| at.as_u64() == Some(0))
            };
            choices.iter().find(is_first)
        });
        let error = [Some(chunk), first].into_iter().flatten().find_map(|place| {
            place.get("error").filter(|error| match error {
                Value::Null | Value::Bool(false) => false,
                Value::String(text) => !text.is_empty(),
                _ => true,
            })
        });
        let usage = chunk.get("usage").filter(|usage| usage.is_object());
        // Some servers send an error as it is.
        let is_error = choices.is_none()
            && usage.is_none()
            && ["code", "message"].iter().all(|name| chunk.get(name).is_some());
        let error = error.or_else(|| is_error.then_some(chunk));
        Self { error, choice: first.map(ChoicePiece::of), usage }
    }
}

impl<'a> ChoicePiece<'a> {
    fn of(choice: &'a Value) -> Self {
        let message = ["delta", "message"].iter().find_map(|name| choice.get(name));
        let message = message.unwrap_or(&Value::Null);
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut piece = Self {
            content: String::new(),
            // Servers that write both write the same into them.
            reasoning: match text("reasoning_content") {
                "" => text("reasoning").to_owned(),
                reasoning => reasoning.to_owned(),
            },
            refusal: text("refusal").to_owned(),
            finish: choice.get("finish_reason").and_then(Finish::of),
            log_probabilities: choice
                .pointer("/logprobs/content")
                .and_then(Value::as_array)
                .map_or(&[], Vec::as_slice),
        };
        match message.get("content") {
            Some(Value::String(content)) => piece.content.push_str(content),
            Some(Value::Array(parts)) => parts.iter().for_each(|part| piece.take_part(part)),
            _ => {}
        }
        piece
    }

    fn take_part(&mut self, part: &Value) {
        let text = |part: &Value| match part {
            Value::String(text) => text.clone(),
            part => part.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
        };
        match part.get("thinking") {
            // Mistral's thinking is a list of parts again.
            Some(Value::Array(parts)) => {
                for part in parts {
                    self.reasoning.push_str(&text(part));
                }
            }
            Some(thinking) => self.reasoning.push_str(&text(thinking)),
            None => match part.get("refusal").and_then(Value::as_str) {
                Some(refusal) => self.refusal.push_str(refusal),
                None => self.content.push_str(&text(part)),
            },
        }
    }

    /// What it says about tokens of the answer. Those of thinking alone are many and of no use.
    pub(super) fn tokens(&self) -> impl Iterator<Item = TokenChoice> + '_ {
        let is_thinking = self.content.is_empty() && !self.reasoning.is_empty();
        let entries = if is_thinking { &[][..] } else { self.log_probabilities };
        entries.iter().filter_map(TokenChoice::of)
    }
}

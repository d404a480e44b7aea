//! An answer put together from the pieces that a server sends, or from one whole completion.
//!
//! [`super::call`] hands in what came, [`super::batch_file`] the bodies of a file. Promises: what
//! is shown while it comes is what the answer begins with; nothing is shown of thinking, and
//! nothing of an answer that has a form. Left out: whether the answer is valid; tools, which are
//! never offered; any choice but the first.

mod pieces;
mod text;
mod usage;

use braincells_core::{Output, Value};
use serde::de::IgnoredAny;

use self::pieces::{Finish, Pieces};
use self::text::{AnswerText, Parts};
pub(super) use self::usage::Spent;
use self::usage::Usage;
use super::body::stops;
use super::failure::{AskedOf, Failure, of_error_object, one_line};
use super::labels::{TokenChoice, scores};
use super::learned::Learned;
use super::typed::{Form, unwrapped};
use crate::output::{THINK_CLOSES, split_reasoning};
use crate::{FinishReason, LLMError, LLMRequest, LLMResponse, Price, estimated_tokens};

/// An answer and what it teaches about the server.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answered {
    /// The answer. Its duration is not known here.
    pub(super) response: LLMResponse,
    /// Whether it had the form that was demanded; `None` where none was, or where it was cut off.
    pub(super) has_form: Option<bool>,
    /// Whether the model thought before it answered.
    pub(super) thought: bool,
    /// Whether the server said why it ended.
    pub(super) says_end: bool,
}

/// An answer as it comes.
pub(super) struct Assembly<'a> {
    request: &'a LLMRequest,
    asked: AskedOf<'a>,
    form: Form,
    /// Whether its tokens say how probable labels are.
    has_scores: bool,
    text: AnswerText,
    reasoning: String,
    refusal: String,
    finish: Option<Finish>,
    usage: Usage,
    tokens: Vec<TokenChoice>,
    has_choice: bool,
}

impl<'a> Assembly<'a> {
    /// Nothing yet of the answer to a request that was written by `sent`.
    pub(super) fn new(request: &'a LLMRequest, asked: AskedOf<'a>, sent: &Learned) -> Self {
        let demand = sent.demand(asked.endpoint.traits().json_schema);
        Self {
            request,
            asked,
            form: Form::of(&request.output, demand),
            has_scores: matches!(request.output, Output::Label { .. } | Output::Boolean),
            text: AnswerText::new(stops(request)),
            reasoning: String::new(),
            refusal: String::new(),
            finish: None,
            usage: Usage::default(),
            tokens: Vec::new(),
            has_choice: false,
        }
    }

    /// What is in a completion that came as a whole, to a request that was written by `sent`. Fails
    /// if there is none in it, or an error.
    pub(super) fn of_completion(
        value: &Value,
        request: &'a LLMRequest,
        asked: &AskedOf<'a>,
        sent: &Learned,
    ) -> Result<Self, Failure> {
        if value.get("choices").is_none_or(|choices| !choices.is_array()) {
            // Some servers put what is wrong right into the body.
            let error = value.get("error").filter(|error| !error.is_null());
            return Err(of_error_object(asked, error.unwrap_or(value)));
        }
        let mut assembly = Self::new(request, *asked, sent);
        assembly.take(value)?;
        Ok(assembly)
    }

    /// Takes a chunk of a stream or a whole completion. Answers whether something of the answer was
    /// in it, or of the thinking before it; fails if there is an error in it.
    pub(super) fn take(&mut self, chunk: &Value) -> Result<bool, Failure> {
        let Pieces { error, choice, usage } = Pieces::of(chunk);
        if let Some(error) = error
            && !self.is_whole()
        {
            return Err(of_error_object(&self.asked, error));
        }
        if let Some(usage) = usage {
            self.usage.take(usage);
        }
        let Some(choice) = choice else { return Ok(false) };
        self.has_choice = true;
        // Servers may send events without anything in them long before, and in between.
        let has_part = choice.finish.is_some()
            || [&choice.content, &choice.reasoning, &choice.refusal]
                .into_iter()
                .any(|text| !text.is_empty());
        self.text.push(&choice.content);
        self.reasoning.push_str(&choice.reasoning);
        self.refusal.push_str(&choice.refusal);
        if self.has_scores {
            self.tokens.extend(choice.tokens());
        }
        if self.finish.is_none() {
            self.finish = choice.finish;
        }
        if self.finish == Some(Finish::Failed) {
            return Err(Failure::Retry("the server ended the answer with an error".to_owned()));
        }
        Ok(has_part)
    }

    /// What can be shown since the last call: only of free text.
    pub(super) fn take_delta(&mut self) -> Option<&str> {
        if self.request.output == Output::Text { self.text.take_delta() } else { None }
    }

    /// Whether there is a choice, or a word on what it took.
    pub(super) fn has_anything(&self) -> bool {
        self.has_choice || self.usage.is_said()
    }

    /// Whether the server said that the answer ended.
    pub(super) fn is_said(&self) -> bool {
        matches!(self.finish, Some(Finish::Stop | Finish::Length | Finish::Filtered))
    }

    /// Whether the answer ended, by the server's word or at a stop sequence that the server does not
    /// know: then it is whole, whatever happens to what would come behind it.
    pub(super) fn is_whole(&self) -> bool {
        self.is_said() || self.text.is_stopped()
    }

    /// What it took so far, should it come to nothing.
    pub(super) fn spent(&self, price: Option<Price>) -> Spent {
        self.usage.spent(self.request, self.written_tokens(), price)
    }

    /// About how many tokens were written so far.
    fn written_tokens(&self) -> u32 {
        let texts = [self.reasoning.as_str(), &self.refusal].into_iter().chain(self.text.all());
        texts.map(estimated_tokens).fold(0, u32::saturating_add)
    }

    /// The answer, once nothing more comes.
    pub(super) fn finish(self, price: Option<Price>) -> Result<Answered, Failure> {
        if !self.has_choice {
            return Err(Failure::Retry("there was no answer in what the server sent".to_owned()));
        }
        if !self.refusal.trim().is_empty() || self.finish == Some(Finish::Filtered) {
            return Err(Failure::Cell(self.refused()));
        }
        let written = self.written_tokens();
        let Self { request, form, text, reasoning, finish, usage, tokens, .. } = self;
        let Parts { answer, thoughts, stopped } = text.finish();
        let mut reasonings = vec![reasoning.trim().to_owned()];
        reasonings.extend(thoughts);
        let has_closed_thinking = has_closed_thinking(&answer);
        let (answer, closed) = if has_closed_thinking && request.output != Output::Text {
            without_closed_thinking(answer)
        } else {
            // Free text keeps it, because it was shown; whoever reads it splits it.
            (answer, None)
        };
        reasonings.extend(closed);
        reasonings.retain(|thought| !thought.is_empty());
        let reasoning = (!reasonings.is_empty()).then(|| reasonings.join("\n\n"));

        let (content, has_form) = unwrapped(&answer, &request.output, form);
        let finish_reason = match finish {
            Some(Finish::Length) if !stopped => FinishReason::Length,
            _ => FinishReason::Stop,
        };
        let is_judged = form != Form::Bare && finish_reason == FinishReason::Stop;
        let thought = reasoning.is_some() || has_closed_thinking || usage.thinking_tokens > 0;
        let counts = usage.counts(request, written);
        let scores = scores(&content, &tokens, &request.output);
        let (confidence, label_probabilities) =
            scores.map_or((None, Vec::new()), |scores| (Some(scores.confidence), scores.labels));
        let response = LLMResponse {
            content,
            reasoning,
            model: request.model.clone(),
            prompt_tokens: counts.prompt,
            shared_tokens: counts.shared,
            completion_tokens: counts.completion,
            duration_ms: 0,
            finish_reason,
            confidence,
            label_probabilities,
            cost_usd: usage.cost(counts, price),
        };
        let has_form = is_judged.then_some(has_form);
        Ok(Answered { response, has_form, thought, says_end: finish.is_some() })
    }

    fn refused(&self) -> LLMError {
        let reason = match self.refusal.trim() {
            "" => "its content filter ended the answer".to_owned(),
            refusal => one_line(refusal, self.asked.key),
        };
        LLMError::Refused { backend: self.asked.endpoint.title().to_owned(), reason }
    }
}

/// Whether there is thinking in an answer that only has an end: its beginning was written by the
/// model's chat template. JSON may have the tag in a text.
fn has_closed_thinking(answer: &str) -> bool {
    answer.contains(THINK_CLOSES) && serde_json::from_str::<IgnoredAny>(answer).is_err()
}

fn without_closed_thinking(answer: String) -> (String, Option<String>) {
    match split_reasoning(&answer) {
        Some((reasoning, rest)) => (rest.to_owned(), reasoning),
        None => (answer, None),
    }
}

/// What half of an answer took of which nothing can be read, by an estimate.
pub(super) fn spent_on_half(request: &LLMRequest, half: &str, price: Option<Price>) -> Spent {
    Usage::default().spent(request, estimated_tokens(half), price)
}

/// The answer in a completion that came as a whole, to a request that was written by `sent`.
pub(super) fn of_completion(
    value: &Value,
    request: &LLMRequest,
    asked: &AskedOf<'_>,
    sent: &Learned,
    price: Option<Price>,
) -> Result<Answered, Failure> {
    Assembly::of_completion(value, request, asked, sent)?.finish(price)
}

#[cfg(test)]
mod tests;

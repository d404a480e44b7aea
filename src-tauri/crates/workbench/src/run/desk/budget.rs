//! What a run may take of a provider: a cap, what was taken, and what is on its way. Pure.

use std::collections::HashMap;

use braincells_core::RunCap;
use braincells_data::RunSpent;
use braincells_llm::{LLMRequest, LLMResponse, Price, RequestId, estimated_prompt_tokens};

/// Sums of many small costs are not exact.
const TOLERANCE_USD: f64 = 1e-9;

/// Lets requests go out as long as what they are expected to take stays within the cap.
///
/// Until something was answered, a request is expected to take its prompt and the longest answer,
/// which is far too much as a rule; afterwards as much as an answer took so far. One request goes
/// out while anything at all is left and nothing is known: else a small cap would never be tried.
#[derive(Debug)]
pub(in crate::run) struct Budget {
    cap: RunCap,
    price: Option<Price>,
    /// Of the whole run, what it took before a pause counted.
    spent_usd: f64,
    spent_tokens: u64,
    /// What was answered in the whole run, for the mean.
    answers: u64,
    answers_usd: f64,
    answers_tokens: u64,
    /// Whether money is limited and something was answered at a cost that nobody knows.
    cost_unknown: bool,
    in_flight: HashMap<RequestId, Guess>,
    /// Tokens of thinking that an answer may take beyond its limit.
    thinking_tokens: u64,
}

/// What a request is expected to take before anything is known of its like.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Guess {
    tokens: u64,
    /// `None` without a price.
    usd: Option<f64>,
}

impl Budget {
    pub(in crate::run) fn new(cap: RunCap, price: Option<Price>, spent: RunSpent) -> Self {
        let unknown = spent.answers > 0 && spent.cost_usd.is_none() && price.is_none();
        Self {
            cap,
            price,
            cost_unknown: cap.micro_usd.is_some() && unknown,
            spent_usd: spent.cost_usd.unwrap_or(0.0),
            spent_tokens: spent.tokens,
            answers: spent.answers,
            answers_usd: spent.cost_usd.unwrap_or(0.0),
            answers_tokens: spent.tokens,
            in_flight: HashMap::new(),
            thinking_tokens: 0,
        }
    }

    /// The same for a model that may think so many tokens before it answers.
    pub(in crate::run) fn with_thinking(self, tokens: u32) -> Self {
        Self { thinking_tokens: tokens.into(), ..self }
    }

    /// Whether one more request may go out: this one, as far as it is known.
    pub(super) fn has_room_for(&self, request: Option<&LLMRequest>) -> bool {
        self.cap.is_none() || {
            let next = request.map(|request| self.guess(request));
            self.is_within_tokens(next) && self.is_within_money(next)
        }
    }

    /// Whether any request could go out at all if nothing were in flight.
    pub(super) fn is_used_up(&self) -> bool {
        let tokens = self.cap.tokens.is_some_and(|cap| self.spent_tokens >= cap);
        tokens || self.cost_unknown || self.cap_usd().is_some_and(|cap| self.spent_usd >= cap)
    }

    fn is_within_tokens(&self, next: Option<Guess>) -> bool {
        let Some(cap) = self.cap.tokens else { return true };
        if self.spent_tokens >= cap {
            return false;
        }
        if self.answers > 0 {
            let each = self.answers_tokens.div_ceil(self.answers);
            let expected = each.saturating_mul(self.in_flight.len() as u64 + 1);
            return self.spent_tokens.saturating_add(expected) <= cap;
        }
        if self.in_flight.is_empty() {
            return true;
        }
        let Some(next) = next else { return false };
        let guessed: u64 = self.in_flight.values().map(|guess| guess.tokens).sum();
        self.spent_tokens.saturating_add(guessed).saturating_add(next.tokens) <= cap
    }

    fn is_within_money(&self, next: Option<Guess>) -> bool {
        let Some(cap) = self.cap_usd() else { return true };
        if self.cost_unknown || self.spent_usd >= cap {
            return false;
        }
        let expected = if self.answers > 0 {
            let each = self.answers_usd / self.answers as f64;
            Some(each * (self.in_flight.len() as f64 + 1.0))
        } else if self.in_flight.is_empty() {
            return true;
        } else {
            let guesses = self.in_flight.values().map(|guess| guess.usd);
            guesses.chain([next.and_then(|next| next.usd)]).sum()
        };
        // Without a price nothing more goes out before the first answer says what it cost.
        expected.is_some_and(|expected: f64| self.spent_usd + expected <= cap + TOLERANCE_USD)
    }

    /// Notes that a request goes out.
    pub(super) fn asked(&mut self, id: RequestId, request: &LLMRequest) {
        let guess = self.guess(request);
        self.in_flight.insert(id, guess);
    }

    /// Notes that a request has ended without an answer.
    pub(super) fn gone(&mut self, id: RequestId) {
        self.in_flight.remove(&id);
    }

    /// Notes what an attempt took that came to no answer, and answers what it cost as far as that can
    /// be known: a server that breaks off tells nothing, and then it counts as an answer does.
    pub(super) fn lost(&mut self, tokens: u64, cost_usd: Option<f64>) -> Option<f64> {
        let mean = (self.answers > 0).then(|| self.answers_usd / self.answers as f64);
        self.spent_tokens = self.spent_tokens.saturating_add(tokens);
        self.spent_usd += cost_usd.or(mean).unwrap_or(0.0);
        cost_usd.or(mean)
    }

    /// Notes an answer. How many tokens it took the engine says or guesses.
    pub(super) fn answered(&mut self, id: RequestId, response: &mut LLMResponse) {
        self.in_flight.remove(&id);
        let (prompt, completion) =
            (u64::from(response.prompt_tokens), u64::from(response.completion_tokens));
        if response.cost_usd.is_none() {
            response.cost_usd = self.price.map(|price| price.of(prompt, completion));
        }
        self.cost_unknown |= self.cap.micro_usd.is_some() && response.cost_usd.is_none();
        let usd = response.cost_usd.unwrap_or(0.0);
        self.answers += 1;
        self.answers_usd += usd;
        self.answers_tokens = self.answers_tokens.saturating_add(prompt + completion);
        self.spent_usd += usd;
        self.spent_tokens = self.spent_tokens.saturating_add(prompt + completion);
    }

    /// What is said to a person when no more may go out.
    pub(super) fn reached(&self) -> String {
        let spent = dollars(self.spent_usd);
        let verb = if self.is_used_up() { "is reached" } else { "would be passed" };
        match (self.cap_usd(), self.cap.tokens) {
            (Some(cap), _) if self.cost_unknown => format!(
                "the limit of {} cannot be kept: the provider does not tell what answers cost",
                dollars(cap)
            ),
            (Some(cap), _) if !self.is_within_money(None) => {
                format!("the limit of {} {verb}: {spent} was spent", dollars(cap))
            }
            (_, Some(cap)) => {
                format!("the limit of {cap} tokens {verb}: {} were taken", self.spent_tokens)
            }
            (cap, None) => {
                format!("the limit of {} {verb}: {spent} was spent", dollars(cap.unwrap_or(0.0)))
            }
        }
    }

    fn cap_usd(&self) -> Option<f64> {
        self.cap.micro_usd.map(|micro| micro as f64 / 1e6)
    }

    fn guess(&self, request: &LLMRequest) -> Guess {
        let prompt = u64::from(estimated_prompt_tokens(request));
        let completion = u64::from(request.token_limit()) + self.thinking_tokens;
        let usd = self.price.map(|price| price.of(prompt, completion));
        Guess { tokens: prompt + completion, usd }
    }
}

/// An amount with at least cents, and as many places as a small one needs.
fn dollars(usd: f64) -> String {
    let text = format!("{usd:.6}");
    let (whole, places) = text.split_once('.').unwrap_or((&text, "00"));
    let kept = places.trim_end_matches('0').len().max(2);
    format!("${whole}.{}", &places[..kept])
}

#[cfg(test)]
mod tests;

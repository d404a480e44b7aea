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
    spent: RunSpent,
    /// Of that, what came to no answer since, and is no measure for one.
    lost_tokens: u64,
    lost_usd: f64,
    /// Whether money is limited and something was answered at a cost that nobody knows.
    cost_unknown: bool,
    in_flight: HashMap<RequestId, Guess>,
    /// Tokens of thinking that an answer may take beyond its limit.
    thinking_tokens: u64,
}

/// What a request is expected to take before anything is known of its like; nothing where that is
/// not asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Guess {
    tokens: u64,
    /// `None` without a price.
    usd: Option<f64>,
}

impl Budget {
    pub(in crate::run) fn new(cap: RunCap, price: Option<Price>, spent: RunSpent) -> Self {
        // Nobody knew what the first part cost: the dearest that its tokens can have been.
        let dearest = |price: Price| price.of(spent.tokens, 0).max(price.of(0, spent.tokens));
        let guessed = price.filter(|_| spent.answers > 0).map(dearest);
        let spent = RunSpent { cost_usd: spent.cost_usd.or(guessed), ..spent };
        let unknown = spent.answers > 0 && spent.cost_usd.is_none();
        let cost_unknown = cap.micro_usd.is_some() && unknown;
        Self {
            cap,
            price,
            spent,
            lost_tokens: 0,
            lost_usd: 0.0,
            cost_unknown,
            in_flight: HashMap::new(),
            thinking_tokens: 0,
        }
    }

    /// What the whole run took so far.
    pub(super) fn spent(&self) -> RunSpent {
        self.spent
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
        let tokens = self.cap.tokens.is_some_and(|cap| self.spent.tokens >= cap);
        tokens || self.cost_unknown || self.cap_usd().is_some_and(|cap| self.spent_usd() >= cap)
    }

    fn is_within_tokens(&self, next: Option<Guess>) -> bool {
        let Some(cap) = self.cap.tokens else { return true };
        let RunSpent { tokens: spent, answers, .. } = self.spent;
        if spent >= cap {
            return false;
        }
        if answers > 0 {
            let mean = spent.saturating_sub(self.lost_tokens).div_ceil(answers);
            let expected = mean.saturating_mul(self.in_flight.len() as u64 + 1);
            return spent.saturating_add(expected) <= cap;
        }
        if self.in_flight.is_empty() {
            return true;
        }
        let Some(next) = next else { return false };
        let guessed: u64 = self.in_flight.values().map(|guess| guess.tokens).sum();
        spent.saturating_add(guessed).saturating_add(next.tokens) <= cap
    }

    fn is_within_money(&self, next: Option<Guess>) -> bool {
        let Some(cap) = self.cap_usd() else { return true };
        let spent_usd = self.spent_usd();
        if self.cost_unknown || spent_usd >= cap {
            return false;
        }
        let expected = if let Some(mean) = self.mean_usd() {
            Some(mean * (self.in_flight.len() as f64 + 1.0))
        } else if self.in_flight.is_empty() {
            return true;
        } else {
            let guesses = self.in_flight.values().map(|guess| guess.usd);
            guesses.chain([next.and_then(|next| next.usd)]).sum()
        };
        // Without a price nothing more goes out before the first answer says what it cost.
        expected.is_some_and(|expected: f64| spent_usd + expected <= cap + TOLERANCE_USD)
    }

    /// Notes that a request goes out.
    pub(super) fn asked(&mut self, id: RequestId, request: &LLMRequest) {
        let guess = if self.cap.is_none() { Guess::default() } else { self.guess(request) };
        self.in_flight.insert(id, guess);
    }

    /// Notes that a request has ended without an answer.
    pub(super) fn gone(&mut self, id: RequestId) {
        self.in_flight.remove(&id);
    }

    /// Notes what an attempt took that came to no answer, and answers what it cost as far as that can
    /// be known: a server that breaks off tells nothing, and then it counts as an answer does.
    pub(super) fn lost(&mut self, tokens: u64, cost_usd: Option<f64>) -> Option<f64> {
        let cost_usd = cost_usd.or(self.mean_usd());
        self.spent.tokens = self.spent.tokens.saturating_add(tokens);
        self.lost_tokens = self.lost_tokens.saturating_add(tokens);
        if let Some(usd) = cost_usd {
            self.spent.cost_usd = Some(self.spent_usd() + usd);
            self.lost_usd += usd;
        }
        cost_usd
    }

    /// What an answer took so far.
    fn mean_usd(&self) -> Option<f64> {
        let answers = self.spent.answers;
        (answers > 0).then(|| (self.spent_usd() - self.lost_usd) / answers as f64)
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
        if let Some(usd) = response.cost_usd {
            self.spent.cost_usd = Some(self.spent_usd() + usd);
        }
        self.spent.answers += 1;
        self.spent.tokens = self.spent.tokens.saturating_add(prompt + completion);
    }

    /// What is said to a person when no more may go out.
    pub(super) fn reached(&self) -> String {
        let spent = dollars(self.spent_usd());
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
                format!("the limit of {cap} tokens {verb}: {} were taken", self.spent.tokens)
            }
            (cap, None) => {
                format!("the limit of {} {verb}: {spent} was spent", dollars(cap.unwrap_or(0.0)))
            }
        }
    }

    fn spent_usd(&self) -> f64 {
        self.spent.cost_usd.unwrap_or(0.0)
    }

    fn cap_usd(&self) -> Option<f64> {
        self.cap.micro_usd.map(|micro| micro as f64 / 1e6)
    }

    /// What a request is expected to take; nothing once answers say what their like take, because
    /// reading the whole prompt takes long.
    fn guess(&self, request: &LLMRequest) -> Guess {
        if self.spent.answers > 0 {
            return Guess::default();
        }
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

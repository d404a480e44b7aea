//! What an answer took, as the server says or by an estimate.

use braincells_core::Value;

use crate::{LLMRequest, Price, estimated_prompt_tokens};

/// What `usage` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Usage {
    prompt: Option<u32>,
    completion: Option<u32>,
    cached: u32,
    /// Of the generated tokens, those that were thought.
    pub(super) thinking_tokens: u32,
    /// What the provider took, in US dollars.
    pub(super) cost_usd: Option<f64>,
}

/// What an attempt took that came to no answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cloud) struct Spent {
    /// Tokens of the prompt.
    pub(in crate::cloud) prompt_tokens: u32,
    /// Tokens generated.
    pub(in crate::cloud) completion_tokens: u32,
    /// In US dollars, where that is known.
    pub(in crate::cloud) cost_usd: Option<f64>,
}

/// Tokens of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) prompt: u32,
    pub(super) shared: u32,
    pub(super) completion: u32,
}

impl Usage {
    /// Takes a later word on it. What it does not say stays as it is.
    pub(super) fn take(&mut self, usage: &Value) {
        let count = |pointer: &str| {
            let number = usage.pointer(pointer)?.as_f64().filter(|number| *number >= 0.0)?;
            // A cast of a number that is too large takes the largest.
            Some(number as u32)
        };
        self.prompt = count("/prompt_tokens").or(self.prompt);
        self.completion = count("/completion_tokens").or(self.completion);
        self.cached = count("/prompt_tokens_details/cached_tokens").unwrap_or(self.cached);
        self.thinking_tokens =
            count("/completion_tokens_details/reasoning_tokens").unwrap_or(self.thinking_tokens);
        let cost = usage.get("cost").and_then(|cost| match cost {
            Value::String(text) => text.parse().ok(),
            cost => cost.as_f64(),
        });
        self.cost_usd = cost.filter(|cost| cost.is_finite() && *cost >= 0.0).or(self.cost_usd);
    }

    /// Whether anything was said.
    pub(super) fn is_said(&self) -> bool {
        self.prompt.is_some() || self.completion.is_some() || self.cost_usd.is_some()
    }

    /// The tokens of the request and of an answer of about so many tokens. A server that says 0
    /// where there is something does not count.
    pub(super) fn counts(&self, request: &LLMRequest, written_tokens: u32) -> Counts {
        let some = |tokens: Option<u32>| tokens.filter(|&tokens| tokens > 0);
        let prompt = some(self.prompt).unwrap_or_else(|| estimated_prompt_tokens(request));
        Counts {
            prompt,
            shared: self.cached.min(prompt),
            completion: some(self.completion).unwrap_or(written_tokens),
        }
    }

    /// What it cost in US dollars: as the server says, else by the price.
    pub(super) fn cost(&self, counts: Counts, price: Option<Price>) -> Option<f64> {
        let by_price = || Some(price?.of(counts.prompt.into(), counts.completion.into()));
        self.cost_usd.or_else(by_price)
    }

    /// What it took to come to nothing.
    pub(super) fn spent(
        &self,
        request: &LLMRequest,
        written_tokens: u32,
        price: Option<Price>,
    ) -> Spent {
        let counts = self.counts(request, written_tokens);
        Spent {
            prompt_tokens: counts.prompt,
            completion_tokens: counts.completion,
            cost_usd: self.cost(counts, price),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Message, Role};

    #[test]
    fn what_is_not_said_is_estimated() {
        let request = LLMRequest::new("m", vec![Message::new(Role::User, "é".repeat(9))]);
        let said = |values: &[Value]| {
            let mut usage = Usage::default();
            for value in values {
                usage.take(value);
            }
            let Counts { prompt, shared, completion } = usage.counts(&request, 5);
            ((prompt, shared, completion), usage.cost_usd)
        };
        assert_eq!(said(&[]), ((13, 0, 5), None), "nine letters of their own, and a message");
        let whole = json!({
            "prompt_tokens": 12, "completion_tokens": 0, "cost": 0.25,
            "prompt_tokens_details": { "cached_tokens": 10 },
        });
        assert_eq!(said(std::slice::from_ref(&whole)), ((12, 10, 5), Some(0.25)), "0 is no count");
        let later = json!({ "completion_tokens": 7, "cost": "0.5", "prompt_tokens_details": null });
        assert_eq!(said(&[whole, later]), ((12, 10, 7), Some(0.5)));
        let odd = json!({
            "prompt_tokens": -1, "completion_tokens": "many", "cost": -0.5,
            "prompt_tokens_details": { "cached_tokens": 1e30 },
        });
        assert_eq!(said(&[odd]), ((13, 13, 5), None));
        assert_eq!(said(&[json!(null), json!([])]), ((13, 0, 5), None));
        assert_eq!(said(&[json!({ "prompt_tokens": 0 })]).0, (13, 0, 5), "a prompt has some");
    }
}

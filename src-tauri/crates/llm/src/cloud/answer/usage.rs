//! What an answer took, as the server says or by an estimate.

use braincells_core::Value;

use crate::LLMRequest;

/// Bytes of UTF-8 that are a token, in an estimate. Characters would make far too little of Chinese.
const BYTES_PER_TOKEN: usize = 4;

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

    /// The tokens of the request and of an answer with so many bytes.
    pub(super) fn counts(&self, request: &LLMRequest, written_bytes: usize) -> Counts {
        let prompt = self.prompt.unwrap_or_else(|| estimated_tokens(request));
        Counts {
            prompt,
            shared: self.cached.min(prompt),
            completion: self.completion.unwrap_or_else(|| tokens_of(written_bytes)),
        }
    }
}

/// About how many tokens the messages are.
pub(in crate::cloud) fn estimated_tokens(request: &LLMRequest) -> u32 {
    tokens_of(request.messages.iter().map(|message| message.content.len()).sum())
}

fn tokens_of(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u32::MAX)
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
        assert_eq!(said(&[]), ((5, 0, 2), None), "18 bytes and 5");
        let whole = json!({
            "prompt_tokens": 12, "completion_tokens": 0, "cost": 0.25,
            "prompt_tokens_details": { "cached_tokens": 10 },
        });
        assert_eq!(said(std::slice::from_ref(&whole)), ((12, 10, 0), Some(0.25)));
        let later = json!({ "completion_tokens": 7, "cost": "0.5", "prompt_tokens_details": null });
        assert_eq!(said(&[whole, later]), ((12, 10, 7), Some(0.5)));
        let odd = json!({
            "prompt_tokens": -1, "completion_tokens": "many", "cost": -0.5,
            "prompt_tokens_details": { "cached_tokens": 1e30 },
        });
        assert_eq!(said(&[odd]), ((5, 5, 2), None));
        assert_eq!(said(&[json!(null), json!([])]), ((5, 0, 2), None));
    }
}

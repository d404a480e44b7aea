//! A good answer, as the chunks of a stream or as one object.

use std::time::Duration;

use serde_json::{Value, json};

/// A token, its probability and others that might have stood there.
#[derive(Clone, Debug)]
pub struct Logprob {
    /// The token's text.
    pub token: String,
    /// The natural logarithm of its probability.
    pub logprob: f64,
    /// Others with theirs.
    pub others: Vec<(String, f64)>,
}

impl Logprob {
    /// A token with its probability and those of others.
    pub fn new(token: &str, probability: f64, others: &[(&str, f64)]) -> Self {
        let others = others.iter().map(|(text, p)| ((*text).to_owned(), p.ln())).collect();
        Self { token: token.to_owned(), logprob: probability.ln(), others }
    }

    fn json(&self) -> Value {
        let entry = |token: &str, logprob: f64| json!({"token": token, "logprob": logprob, "bytes": token.as_bytes()});
        let mut all = vec![entry(&self.token, self.logprob)];
        all.extend(self.others.iter().map(|(token, logprob)| entry(token, *logprob)));
        let mut own = entry(&self.token, self.logprob);
        own["top_logprobs"] = all.into();
        own
    }
}

/// An answer and how it comes.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// Thinking that comes before it, in a field of its own.
    pub reasoning: Option<String>,
    /// `stop`, `length` or `content_filter`.
    pub finish_reason: String,
    /// Tokens of prompt and answer; `None` if the server does not say.
    pub usage: Option<(u32, u32)>,
    /// What it cost in US dollars, if the server says.
    pub cost_usd: Option<f64>,
    /// Probabilities of its tokens.
    pub logprobs: Vec<Logprob>,
    /// Before the first byte, headers included.
    pub delay: Duration,
    /// Before each further piece of the text.
    pub delay_between: Duration,
}

impl Answer {
    /// An answer without delay, with a token for each word.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let words = text.split_whitespace().count() as u32;
        Self {
            text,
            reasoning: None,
            finish_reason: "stop".to_owned(),
            usage: Some((10, words)),
            cost_usd: None,
            logprobs: Vec::new(),
            delay: Duration::ZERO,
            delay_between: Duration::ZERO,
        }
    }

    /// The same after a while.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    fn usage(&self) -> Option<Value> {
        let (prompt, completion) = self.usage?;
        let mut usage = json!({
            "prompt_tokens": prompt, "completion_tokens": completion,
            "total_tokens": prompt + completion,
        });
        if let Some(cost) = self.cost_usd {
            usage["cost"] = cost.into();
        }
        Some(usage)
    }

    /// One object.
    pub fn whole(&self, model: &Value) -> Value {
        let mut message = json!({"role": "assistant", "content": self.text});
        if let Some(reasoning) = &self.reasoning {
            message["reasoning_content"] = reasoning.as_str().into();
        }
        let mut choice =
            json!({"index": 0, "message": message, "finish_reason": self.finish_reason});
        if !self.logprobs.is_empty() {
            choice["logprobs"] = self.logprobs_json();
        }
        let mut whole = json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
            "choices": [choice],
        });
        if let Some(usage) = self.usage() {
            whole["usage"] = usage;
        }
        whole
    }

    fn logprobs_json(&self) -> Value {
        json!({"content": self.logprobs.iter().map(Logprob::json).collect::<Vec<_>>()})
    }

    /// The events of a stream, each as the bytes of one chunk.
    pub fn events(&self, model: &Value, with_usage: bool) -> Vec<String> {
        let chunk = |choices: Value| {
            json!({
                "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
                "model": model, "choices": choices,
            })
        };
        let delta =
            |delta: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]));
        let mut events = vec![delta(json!({"role": "assistant", "content": ""}))];
        if let Some(reasoning) = &self.reasoning {
            events.push(delta(json!({"reasoning_content": reasoning})));
        }
        for (at, piece) in self.text.split_inclusive(' ').enumerate() {
            let mut event = delta(json!({"content": piece}));
            if at == 0 && !self.logprobs.is_empty() {
                event["choices"][0]["logprobs"] = self.logprobs_json();
            }
            events.push(event);
        }
        events.push(chunk(json!([{"index": 0, "delta": {}, "finish_reason": self.finish_reason}])));
        if let Some(usage) = self.usage().filter(|_| with_usage) {
            let mut last = chunk(json!([]));
            last["usage"] = usage;
            events.push(last);
        }
        let mut events: Vec<String> =
            events.iter().map(|event| format!("data: {event}\n\n")).collect();
        events.push("data: [DONE]\n\n".to_owned());
        events
    }
}

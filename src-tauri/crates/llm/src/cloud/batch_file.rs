//! Batch files: many requests written into a file that a person hands to a provider, and the file
//! of results that comes back.
//!
//! The workbench writes and reads the files; here is one line of each. What this module promises:
//! a line of requests asks what an engine would have asked, but not as a stream; a line of results
//! is an answer, a failure of its row, or told to be neither. What it leaves out: which rows, in
//! which order, and whether one comes twice.

use serde_json::{Value, json};

use super::answer;
use super::body::chat_body;
use super::endpoint::Endpoint;
use super::failure::{self, AskedOf, Failure};
use super::learned::Learned;
use crate::{LLMError, LLMRequest, LLMResponse};

/// The longest line that is read. An answer is a few kilobytes; probabilities of its tokens make it
/// longer.
pub const MAX_LINE_BYTES: usize = 16 << 20;

/// The longest name of a request: what the providers allow.
const MAX_ID_CHARS: usize = 512;

/// What a line of results says about a request.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchLine {
    /// The name that the request was written with.
    pub custom_id: String,
    /// Its answer, or why there is none. An error here is that of one row, whatever it is.
    pub result: Result<LLMResponse, LLMError>,
}

/// A line that is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoResult {
    /// Nothing is on it.
    #[error("the line is empty")]
    Empty,
    /// It is not what providers write.
    #[error("the line is no result of a batch: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody asked that.
    #[error("no request has the name `{custom_id}`")]
    Unknown {
        /// The name on the line.
        custom_id: String,
    },
}

/// The line that asks `request` of `model`, without a line break.
pub fn request_line(
    custom_id: &str,
    request: &LLMRequest,
    endpoint: &Endpoint,
    model: &str,
) -> String {
    json!({
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": chat_body(request, endpoint, model, &known(request, endpoint, model), false),
    })
    .to_string()
}

/// What is known about a model by its name. An engine learns it from what is refused; a file that
/// is refused comes back hours later.
fn known(request: &LLMRequest, endpoint: &Endpoint, model: &str) -> Learned {
    let mut known = Learned::default();
    let is_o =
        model.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if endpoint.backend() == "openai" && (is_o || model.starts_with("gpt-5")) {
        known.thinks = true;
        let refused = ["logprobs", "stop"].into_iter();
        // One that a person chose is theirs to choose.
        for name in refused.chain((request.temperature == 0.0).then_some("temperature")) {
            known.refuse(name, &Learned::default(), true);
        }
    }
    known
}

/// Reads a line of results. `request_of` gives the request that was written under a name.
pub fn read_line(
    line: &str,
    request_of: impl FnOnce(&str) -> Option<LLMRequest>,
    endpoint: &Endpoint,
    model: &str,
) -> Result<BatchLine, NoResult> {
    let unreadable = |reason: &str| NoResult::Unreadable { reason: reason.to_owned() };
    if line.len() > MAX_LINE_BYTES {
        return Err(unreadable("it is too long"));
    }
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.is_empty() {
        return Err(NoResult::Empty);
    }
    let value: Value = serde_json::from_str(line).map_err(|_error| unreadable("it is not JSON"))?;
    let custom_id = value.get("custom_id").and_then(Value::as_str);
    let custom_id = custom_id.ok_or_else(|| unreadable("it has no `custom_id`"))?;
    if custom_id.chars().count() > MAX_ID_CHARS {
        return Err(unreadable("its `custom_id` is too long"));
    }
    if value.get("method").is_some() {
        return Err(unreadable("it is a request, not a result"));
    }
    let Some(request) = request_of(custom_id) else {
        return Err(NoResult::Unknown { custom_id: failure::one_line(custom_id, None) });
    };
    let asked = AskedOf { endpoint, model, key: None, parameters: &[], has_answered: false };
    let result = answer_of(&value, &request, &asked);
    Ok(BatchLine {
        custom_id: custom_id.to_owned(),
        result: result.map_err(|failure| failure.into_error(&asked)),
    })
}

fn answer_of(
    line: &Value,
    request: &LLMRequest,
    asked: &AskedOf<'_>,
) -> Result<LLMResponse, Failure> {
    let some = |name: &str| line.get(name).filter(|value| !value.is_null());
    if let Some(error) = some("error") {
        return Err(of_error(error, asked));
    }
    let Some(response) = some("response") else {
        return Err(Failure::Retry("the file has no answer for it".to_owned()));
    };
    let body = match response.get("body") {
        // Some write the body as a text.
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        Some(body) => body.clone(),
        None => Value::Null,
    };
    let status = response.get("status_code").and_then(Value::as_u64).unwrap_or(200);
    if !(200..300).contains(&status) {
        let status = u16::try_from(status).unwrap_or(500);
        let headers = reqwest::header::HeaderMap::new();
        return Err(failure::of_status(asked, status, &headers, &body.to_string(), 0));
    }
    if body.is_null() {
        return Err(Failure::Retry("the file has no answer for it".to_owned()));
    }
    let answered = answer::of_completion(&body, request, asked, &Learned::default(), None)?;
    Ok(answered.response)
}

/// What went wrong outside of the model: the batch expired or was cancelled, or as everywhere.
fn of_error(error: &Value, asked: &AskedOf<'_>) -> Failure {
    let code = error.get("code").and_then(Value::as_str).unwrap_or_default();
    match code {
        "batch_expired" | "batch_cancelled" | "expired" | "cancelled" => {
            let message = error.get("message").and_then(Value::as_str).unwrap_or(code);
            Failure::Retry(failure::one_line(message, None))
        }
        _ => failure::of_error_object(asked, error),
    }
}

#[cfg(test)]
mod tests;

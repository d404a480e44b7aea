//! The body of a request, as it goes over the wire.
//!
//! [`super::call`] sends it, [`super::batch_file`] writes it into a file. Promises: nothing of the
//! request's text is changed or cut; what a server was found to refuse is not in it. Left out:
//! where it goes and with which key.

use braincells_core::Output;
use serde_json::{Map, Value, json};

use super::endpoint::Endpoint;
use super::learned::Learned;
use super::typed::{self, Form};
use crate::{LLMRequest, Message, Role, estimated_prompt_tokens};

/// The most texts that end an answer which servers take; others are looked for in what comes.
const MOST_STOPS: usize = 4;

/// Tokens that the wrapping of an answer takes, white space included.
const WRAPPING_TOKENS: u32 = 16;

/// Room for the thinking of a model that thinks: its tokens count towards the same limit.
pub(super) const THINKING_TOKENS: u32 = 4096;

/// Everything in a body that a server may refuse by name and that the request can do without.
const OPTIONAL: [&str; 13] = [
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "seed",
    "stop",
    "top_k",
    "min_p",
    "logprobs",
    "top_logprobs",
    "response_format",
    "usage",
];

/// The chat completion that asks this.
pub(super) fn chat_body(
    request: &LLMRequest,
    endpoint: &Endpoint,
    model: &str,
    learned: &Learned,
    streaming: bool,
) -> Value {
    let traits = endpoint.traits();
    let demand = learned.demand(traits.json_schema);
    let form = Form::of(&request.output, demand);
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| {
        if learned.takes(name) {
            body.insert(name.to_owned(), value);
        }
    };
    set("model", json!(model));
    set("messages", messages(request, learned, endpoint));
    if streaming {
        set("stream", json!(true));
        set("stream_options", json!({ "include_usage": true }));
    }
    set("temperature", decimal(request.temperature));
    if request.top_p < 1.0 {
        set("top_p", decimal(request.top_p));
    }
    if request.temperature > 0.0 {
        // Some servers read it into 32 bits with a sign.
        set("seed", json!(request.seed & 0x7fff_ffff));
    }
    if traits.samples_top_k {
        if request.top_k > 0 {
            set("top_k", json!(request.top_k));
        }
        if request.min_p > 0.0 {
            set("min_p", decimal(request.min_p));
        }
    }
    if let Some(name) = learned.limit_name(traits.max_tokens_field) {
        let wrapping = if form == Form::Wrapped { WRAPPING_TOKENS } else { 0 };
        let limit = request.token_limit().saturating_add(wrapping);
        set(name, json!(limit.saturating_add(thinking_room(request, learned))));
    }
    let stops: Vec<&String> = stops(request).take(MOST_STOPS).collect();
    if !stops.is_empty() {
        set("stop", json!(stops));
    }
    if let Some(alternatives) = learned.alternatives()
        && request.output.scored_labels().is_some()
    {
        set("logprobs", json!(true));
        set("top_logprobs", json!(alternatives));
    }
    if let Some(format) = typed::response_format(&request.output, demand) {
        set("response_format", format);
    }
    if traits.usage_cost {
        set("usage", json!({ "include": true }));
    }
    Value::Object(body)
}

/// How many tokens of thinking there is room for besides the answer.
pub(super) fn thinking_room(request: &LLMRequest, learned: &Learned) -> u32 {
    if !learned.thinks || learned.room_refused {
        return 0;
    }
    let taken = estimated_prompt_tokens(request)
        .saturating_add(request.token_limit())
        .saturating_add(WRAPPING_TOKENS);
    let free = learned.context_tokens.map(|context| context.saturating_sub(taken));
    free.map_or(THINKING_TOKENS, |free| free.min(THINKING_TOKENS))
}

/// The names of what a body has and could do without.
pub(super) fn parameters(body: &Value) -> Vec<&'static str> {
    OPTIONAL.into_iter().filter(|name| body.get(name).is_some()).collect()
}

/// The texts that end an answer. One with a form ends where its form does: inside of it they would
/// only break it.
pub(super) fn stops(request: &LLMRequest) -> impl Iterator<Item = &String> {
    let has_form = !matches!(request.output, Output::Text | Output::Label { .. } | Output::Boolean);
    let stops = if has_form { &[][..] } else { &request.stop_sequences };
    stops.iter().filter(|stop| !stop.is_empty())
}

fn messages(request: &LLMRequest, learned: &Learned, endpoint: &Endpoint) -> Value {
    let demand = learned.demand(endpoint.traits().json_schema);
    let sentence = typed::sentence(&request.output, demand);
    let of_role = |role: Role| move |message: &Message| message.role == role;
    let rules = request.messages.iter().rposition(of_role(Role::System));
    let told = rules.or_else(|| request.messages.iter().position(of_role(Role::User)));
    let message = |(at, message): (usize, &Message)| {
        let content = match (message.role, sentence) {
            (Role::Assistant, _) => typed::example(&message.content, &request.output, demand),
            (_, Some(sentence)) if told == Some(at) => {
                format!("{}\n\n{sentence}", message.content).into()
            }
            _ => message.content.as_str().into(),
        };
        json!({ "role": message.role.as_str(), "content": content })
    };
    request.messages.iter().enumerate().map(message).collect()
}

/// The number as a person wrote it: 0.1 and not the nearest number of 32 bits, 0 and not 0.0.
fn decimal(number: f32) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e6 {
        return json!(number as i64);
    }
    number.to_string().parse::<f64>().map_or(Value::Null, |number| json!(number))
}

#[cfg(test)]
mod tests;

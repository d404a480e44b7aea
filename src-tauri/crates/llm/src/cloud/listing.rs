//! Lists of models, in the shapes that servers have for them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Price;

/// The longest id of a model.
const MAX_ID_CHARS: usize = 300;

/// The most models that are taken of one list.
const MAX_MODELS: usize = 50_000;

/// Where servers say how many tokens a model takes, the surest first: what is loaded may be less
/// than what was trained.
const CONTEXT: [&str; 8] = [
    "/loaded_context_length",
    "/max_model_len",
    "/context_length",
    "/max_context_length",
    "/context_window",
    "/meta/n_ctx",
    "/meta/n_ctx_train",
    "/top_provider/context_length",
];

/// A model of a backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ListedModel {
    /// As the backend names it.
    pub id: String,
    /// The most tokens of prompt and answer together, where it says.
    pub context_tokens: Option<u32>,
    /// What it takes, where it says. The dearest, where the backend chooses among several.
    pub price: Option<Price>,
}

/// What came of testing a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ConnectionReport {
    /// How long the answer took.
    pub duration_ms: u32,
    /// How many models there are, if that was asked.
    pub models: Option<u32>,
    /// Whose key it is, if the backend says.
    pub account: Option<String>,
}

/// The models of a list, sorted by id; `None` if it is no list. `not_chat` are parts of the ids of
/// models that are left out.
pub(super) fn read(list: &Value, not_chat: &[&str]) -> Option<Vec<ListedModel>> {
    let entries = ["data", "models"].iter().find_map(|name| list.get(name)?.as_array());
    let entries = entries.or_else(|| list.as_array())?;
    let mut models = Vec::new();
    for entry in entries.iter().take(MAX_MODELS) {
        read_entry(entry, not_chat, &mut models);
    }
    models.sort_by(|one, other| one.id.cmp(&other.id));
    models.dedup_by(|one, other| one.id == other.id);
    Some(models)
}

/// Whose key it is, from what a provider says of a key.
pub(super) fn account(answer: &Value) -> Option<String> {
    let names = ["/name", "/data/name", "/data/label"];
    let name = names.iter().find_map(|at| answer.pointer(at)?.as_str())?;
    // A key without a name is labelled with parts of itself.
    (is_id(name) && !name.starts_with("sk-")).then(|| name.to_owned())
}

fn read_entry(entry: &Value, not_chat: &[&str], models: &mut Vec<ListedModel>) {
    let names = ["id", "name", "model"];
    let id = entry.as_str().or_else(|| names.iter().find_map(|name| entry.get(name)?.as_str()));
    let Some(id) = id.filter(|id| is_id(id)) else { return };
    if not_chat.iter().any(|part| id.contains(part)) || !chats(entry) {
        return;
    }
    let Some(providers) = entry.get("providers").and_then(Value::as_array) else {
        models.push(ListedModel {
            id: id.to_owned(),
            context_tokens: context_tokens(entry),
            price: price(entry),
        });
        return;
    };
    read_providers(id, providers, models);
}

/// A model that several providers have behind one router: once for whichever of them the router
/// takes, and once for each of them.
fn read_providers(id: &str, providers: &[Value], models: &mut Vec<ListedModel>) {
    let is_live = |provider: &&Value| {
        provider.get("status").and_then(Value::as_str).is_none_or(|status| status == "live")
    };
    let live: Vec<&Value> = providers.iter().filter(is_live).collect();
    if live.is_empty() {
        return;
    }
    let prices: Option<Vec<Price>> = live.iter().map(|provider| price(provider)).collect();
    // Unknown as soon as one is unknown: a limit on money must not be based on hope.
    let dearest = prices.and_then(|prices| {
        prices.into_iter().reduce(|one, other| Price {
            prompt_usd_per_million: one.prompt_usd_per_million.max(other.prompt_usd_per_million),
            completion_usd_per_million: one
                .completion_usd_per_million
                .max(other.completion_usd_per_million),
        })
    });
    let longest = live.iter().filter_map(|provider| context_tokens(provider)).max();
    models.push(ListedModel { id: id.to_owned(), context_tokens: longest, price: dearest });
    for provider in live {
        let name = provider.get("provider").and_then(Value::as_str).filter(|name| is_id(name));
        if let Some(name) = name {
            models.push(ListedModel {
                id: format!("{id}:{name}"),
                context_tokens: context_tokens(provider),
                price: price(provider),
            });
        }
    }
}

/// Whether a text can be the id of a model.
fn is_id(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= MAX_ID_CHARS
        && !text.chars().any(char::is_control)
}

/// Whether a model answers text with text, as far as the list says.
fn chats(entry: &Value) -> bool {
    let has_text = |at: &str| {
        let kinds = entry.pointer(at).and_then(Value::as_array);
        kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind == "text"))
    };
    let kind = entry.get("type").and_then(Value::as_str).unwrap_or_default();
    let others = [
        "audio",
        "embedding",
        "embeddings",
        "image",
        "moderation",
        "rerank",
        "transcribe",
        "video",
    ];
    has_text("/architecture/output_modalities")
        && has_text("/architecture/input_modalities")
        && !others.contains(&kind)
        && entry.pointer("/capabilities/completion_chat") != Some(&Value::Bool(false))
}

fn context_tokens(entry: &Value) -> Option<u32> {
    let tokens = CONTEXT.iter().find_map(|at| {
        let value = entry.pointer(at)?;
        value.as_u64().or_else(|| value.as_f64().map(|tokens| tokens as u64)).filter(|n| *n > 0)
    })?;
    Some(u32::try_from(tokens).unwrap_or(u32::MAX))
}

fn price(entry: &Value) -> Option<Price> {
    let pricing = entry.get("pricing")?;
    let pair = |prompt: &str, completion: &str, tokens: f64| {
        Some(Price {
            prompt_usd_per_million: dollars(pricing.get(prompt)?)? * tokens,
            completion_usd_per_million: dollars(pricing.get(completion)?)? * tokens,
        })
    };
    // For one token, or for a million.
    pair("prompt", "completion", 1e6).or_else(|| pair("input", "output", 1.0))
}

/// Negative stands for unknown.
fn dollars(value: &Value) -> Option<f64> {
    let figure = match value {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    (figure.is_finite() && figure >= 0.0).then_some(figure)
}

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// Requests in flight at once to one backend, where nobody chose a number.
pub const DEFAULT_PARALLEL_REQUESTS: u32 = 5;

/// Whether a text can be the id of a backend: 2 to 32 small letters, digits and hyphens, a letter
/// first.
pub fn is_backend_id(text: &str) -> bool {
    let may_stand = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (2..=32).contains(&text.len())
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.bytes().all(may_stand)
}

/// What a person chose about the backends that are not on this machine. Holds no keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct BackendSettings {
    /// Endpoints that a person added.
    pub endpoints: Vec<EndpointSettings>,
    /// How hard backends may be asked; one that is not among them has the defaults.
    pub limits: Vec<BackendLimits>,
    /// The Hugging Face organisation that pays; empty for the key's owner.
    pub bill_to: String,
}

impl BackendSettings {
    /// How hard this backend may be asked.
    #[must_use]
    pub fn limits_of(&self, backend: &str) -> BackendLimits {
        let known = self.limits.iter().find(|limits| limits.backend == backend);
        known.cloned().unwrap_or_else(|| BackendLimits {
            backend: backend.to_owned(),
            ..BackendLimits::default()
        })
    }
}

/// A server that speaks the chat completions of OpenAI.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct EndpointSettings {
    /// Its id, which models are named with: `id:model`. Small letters, digits and hyphens.
    pub id: String,
    /// Where it is, with or without `/v1` at the end.
    pub base_url: String,
    /// Models that were typed by hand, beside those that the server lists.
    pub models: Vec<String>,
}

/// How hard one backend may be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct BackendLimits {
    /// The backend's id.
    pub backend: String,
    /// The most requests in flight at once; `None` for [`DEFAULT_PARALLEL_REQUESTS`].
    pub parallel_requests: Option<u32>,
    /// The most requests that are sent in a minute.
    pub requests_per_minute: Option<u32>,
    /// The most tokens, prompts and answers together, that are asked for in a minute.
    pub tokens_per_minute: Option<u32>,
}

/// What one run may take of a provider before it stops. What is `None` has no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RunCap {
    /// Money, in millionths of a US dollar.
    pub micro_usd: Option<u64>,
    /// Tokens, prompts and answers together.
    pub tokens: Option<u64>,
}

impl RunCap {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// This cap as a whole, or `other` where it limits nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_none() { other } else { self }
    }
}

/// How a provider takes the requests of a run, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RequestFlow {
    /// Requests in flight.
    pub in_flight: u32,
    /// The most that are sent at once now; fewer than allowed while the provider is slow.
    pub limit: u32,
    /// Milliseconds until the next request is sent, while the provider asked to wait.
    pub wait_ms: Option<u64>,
    /// Times that the provider asked to slow down.
    pub slowed_down: u64,
    /// Requests that were sent again.
    pub retries: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_from_a_key() {
        for id in ["openai", "hf", "llama-server", "lm-studio2"] {
            assert!(is_backend_id(id), "{id}");
        }
        let key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789";
        for other in ["", "a", key, "hf_abcDEF", "a b", "-a", "1a"] {
            assert!(!is_backend_id(other), "{other}");
        }
    }

    #[test]
    fn a_cap_takes_the_place_of_another_as_a_whole() {
        let money = RunCap { micro_usd: Some(5), tokens: None };
        let tokens = RunCap { micro_usd: None, tokens: Some(7) };
        assert_eq!(money.or(tokens), money, "who says money means no limit on tokens");
        assert_eq!(RunCap::default().or(tokens), tokens);
        let zero = RunCap { micro_usd: Some(0), tokens: None };
        assert_eq!(zero.or(tokens), zero, "nothing may be spent");
    }
}

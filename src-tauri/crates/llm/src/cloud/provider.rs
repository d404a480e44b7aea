//! The table of providers. What differs between them is data here, and nothing but data: code that
//! asks for a provider by its name does not belong anywhere else.

/// What is known of a server before it was asked. What turns out to be otherwise is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traits {
    /// Whether answers can be demanded to follow a JSON schema.
    pub(super) json_schema: bool,
    /// What the limit on generated tokens is called.
    pub(super) max_tokens_field: &'static str,
    /// Whether `top_k` and `min_p` are known.
    pub(super) samples_top_k: bool,
    /// Whether `usage` says what an answer cost, in US dollars.
    pub(super) usage_cost: bool,
}

/// The traits of a server about which nothing is known.
pub(super) const UNKNOWN_SERVER: Traits = Traits {
    json_schema: true,
    max_tokens_field: "max_tokens",
    samples_top_k: true,
    usage_cost: false,
};

/// What is asked to see whether a key is good. It costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyTest {
    /// The list of models.
    Models,
    /// Something below the base URL.
    Below(&'static str),
    /// An address of its own, of the same party; the list of models where the base URL is another.
    At(&'static str),
}

/// A header that a provider takes beside the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExtraHeader {
    /// The organisation that pays, under this name.
    BillTo(&'static str),
    /// Always the same.
    Fixed(&'static str, &'static str),
}

/// A row of the table of providers; data, not code.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// How models of it are named: `id:model`.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Where it is asked.
    pub base_url: &'static str,
    /// The environment variable that its users keep the key in.
    pub key_variable: &'static str,
    /// The page where a person makes a key.
    pub key_page: &'static str,
    pub(super) alias: Option<&'static str>,
    pub(super) traits: Traits,
    pub(super) headers: &'static [ExtraHeader],
    pub(super) key_test: KeyTest,
    /// Whether the models can be listed without a key.
    pub(super) lists_without_key: bool,
    /// Parts of the ids of models that do not chat, where the list does not say which do.
    pub(super) not_chat: &'static [&'static str],
}

/// All providers.
pub const PROVIDERS: [Provider; 3] = [
    Provider {
        id: "huggingface",
        title: "Hugging Face",
        base_url: "https://router.huggingface.co/v1",
        key_variable: "HF_TOKEN",
        key_page: "https://huggingface.co/settings/tokens",
        alias: Some("hf"),
        traits: Traits {
            json_schema: true,
            max_tokens_field: "max_tokens",
            samples_top_k: false,
            usage_cost: false,
        },
        headers: &[ExtraHeader::BillTo("x-hf-bill-to")],
        key_test: KeyTest::At("https://huggingface.co/api/whoami-v2"),
        lists_without_key: true,
        not_chat: &[],
    },
    Provider {
        id: "openrouter",
        title: "OpenRouter",
        base_url: "https://openrouter.ai/api/v1",
        key_variable: "OPENROUTER_API_KEY",
        key_page: "https://openrouter.ai/settings/keys",
        alias: None,
        traits: Traits {
            json_schema: true,
            max_tokens_field: "max_tokens",
            samples_top_k: true,
            usage_cost: true,
        },
        headers: &[
            ExtraHeader::Fixed("http-referer", env!("CARGO_PKG_REPOSITORY")),
            ExtraHeader::Fixed("x-title", "Braincells"),
        ],
        key_test: KeyTest::Below("key"),
        lists_without_key: true,
        not_chat: &[],
    },
    Provider {
        id: "openai",
        title: "OpenAI",
        base_url: "https://api.openai.com/v1",
        key_variable: "OPENAI_API_KEY",
        key_page: "https://platform.openai.com/api-keys",
        alias: None,
        traits: Traits {
            json_schema: true,
            max_tokens_field: "max_completion_tokens",
            samples_top_k: false,
            usage_cost: false,
        },
        headers: &[],
        key_test: KeyTest::Models,
        lists_without_key: false,
        not_chat: &[
            "audio",
            "babbage",
            "computer-use",
            "dall-e",
            "davinci",
            "embedding",
            "image",
            "instruct",
            "moderation",
            "realtime",
            "sora",
            "transcribe",
            "tts",
            "whisper",
        ],
    },
];

static TABLE: [Provider; 3] = PROVIDERS;

/// The provider with this id or alias.
pub fn provider(id_or_alias: &str) -> Option<&'static Provider> {
    TABLE.iter().find(|row| row.id == id_or_alias || row.alias == Some(id_or_alias))
}

/// A server that many people have on their own machine, at its usual address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointPreset {
    /// The id that is proposed.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Where it listens unless told otherwise.
    pub base_url: &'static str,
}

/// Servers that are offered when an endpoint is added.
pub const ENDPOINT_PRESETS: [EndpointPreset; 4] = [
    EndpointPreset { id: "ollama", title: "Ollama", base_url: "http://localhost:11434/v1" },
    EndpointPreset { id: "lm-studio", title: "LM Studio", base_url: "http://localhost:1234/v1" },
    EndpointPreset {
        id: "llama-server",
        title: "llama-server",
        base_url: "http://localhost:8080/v1",
    },
    EndpointPreset { id: "vllm", title: "vLLM", base_url: "http://localhost:8000/v1" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_found_by_its_id_and_its_alias_and_nothing_else() {
        for row in &TABLE {
            assert_eq!(provider(row.id), Some(row));
        }
        assert_eq!(provider("hf"), provider("huggingface"));
        for other in ["", "HF", "openai ", "ollama", "local"] {
            assert_eq!(provider(other), None, "{other}");
        }
    }

    #[test]
    fn the_table_is_sound() {
        for row in &TABLE {
            assert!(row.base_url.starts_with("https://"), "{}", row.id);
            assert!(!row.base_url.ends_with('/'), "{}", row.id);
            assert!(row.key_page.starts_with("https://") && !row.key_variable.is_empty());
        }
        for preset in ENDPOINT_PRESETS {
            assert!(provider(preset.id).is_none(), "{} would hide a provider", preset.id);
        }
    }
}

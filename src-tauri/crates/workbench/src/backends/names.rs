//! What the name of a model means: `backend:model`, or a model file.

use braincells_core::{EndpointSettings, is_backend_id};
use braincells_llm::cloud::provider;

/// A model of a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteModel {
    /// The backend's id.
    pub(crate) backend: String,
    /// The model as the backend names it.
    pub(crate) model: String,
}

/// The backend and the model that a name means; `None` for a model file.
pub(crate) fn split(name: &str, endpoints: &[EndpointSettings]) -> Option<RemoteModel> {
    let (word, model) = name.split_once(':')?;
    let provider = provider(word).map(|provider| provider.id);
    let endpoint = || endpoints.iter().find(|endpoint| endpoint.id == word);
    let backend = match provider {
        Some(id) => id.to_owned(),
        None => endpoint()?.id.clone(),
    };
    Some(RemoteModel { backend, model: model.trim().to_owned() })
}

/// The word in front of the colon, where it could only be a backend that is not there.
pub(crate) fn is_of_unknown_backend<'a>(
    name: &'a str,
    endpoints: &[EndpointSettings],
) -> Option<&'a str> {
    if split(name, endpoints).is_some() {
        return None;
    }
    let (word, _) = name.split_once(':')?;
    // One letter in front of a colon is a drive.
    (is_backend_id(word) && !std::path::Path::new(name).exists()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_at_its_first_colon_if_a_backend_stands_before_it() {
        let endpoint = |id: &str| EndpointSettings { id: id.into(), ..EndpointSettings::default() };
        let endpoints = [endpoint("ollama"), endpoint("lab-2")];
        let cases = [
            ("openai:gpt-4o-mini", Some(("openai", "gpt-4o-mini"))),
            ("hf:Qwen/Qwen3-8B", Some(("huggingface", "Qwen/Qwen3-8B"))),
            ("huggingface:Qwen/Qwen3-8B:together", Some(("huggingface", "Qwen/Qwen3-8B:together"))),
            ("ollama:llama3.2:1b", Some(("ollama", "llama3.2:1b"))),
            ("lab-2: m ", Some(("lab-2", "m"))),
            ("openai:", Some(("openai", ""))),
            ("vllm:m", None),
            ("OpenAI:m", None),
            (r"C:\models\x.gguf", None),
            ("gpt-4o-mini", None),
            ("", None),
            (":m", None),
            ("/models/openai:m.gguf", None),
        ];
        for (name, expected) in cases {
            let found = split(name, &endpoints);
            let found = found.as_ref().map(|found| (found.backend.as_str(), found.model.as_str()));
            assert_eq!(found, expected, "{name}");
        }
        let unknown = |name| is_of_unknown_backend(name, &endpoints);
        assert_eq!(unknown("vllm:m"), Some("vllm"));
        for known in ["ollama:m", r"C:\x.gguf", "c:x", "m.gguf", "/a/b:c"] {
            assert_eq!(unknown(known), None, "{known}");
        }
    }
}

/// The families of models that are computed. All are decoders of one kind; they differ in what
/// [`ModelConfig`](super::ModelConfig) says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Llama, and Mistral before its third generation of small models.
    Llama,
    /// Qwen 2 and 2.5: biases on queries, keys and values.
    Qwen2,
    /// Qwen 3: queries and keys are normalised head by head.
    Qwen3,
    /// Gemma 3: norms around each part, windows, an embedding that is scaled.
    Gemma3,
    /// SmolLM 3: some layers without positions.
    SmolLM3,
    /// Ministral 3: queries are scaled by their position.
    Ministral3,
}

impl Architecture {
    /// The family that a `model_type` names, of a text model or of one that has one as a part.
    pub fn of(model_type: &str) -> Option<Self> {
        match model_type {
            "gemma3" => Some(Self::Gemma3),
            // Whose part may be an older Mistral, too; its `config.json` says which.
            "mistral3" => Some(Self::Ministral3),
            other => Self::of_text(other),
        }
    }

    /// The family of a text model.
    pub(super) fn of_text(model_type: &str) -> Option<Self> {
        Some(match model_type {
            "llama" | "mistral" => Self::Llama,
            "qwen2" => Self::Qwen2,
            "qwen3" => Self::Qwen3,
            "gemma3_text" => Self::Gemma3,
            "smollm3" => Self::SmolLM3,
            "ministral3" => Self::Ministral3,
            _ => return None,
        })
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma3 => "gemma3",
            Self::SmolLM3 => "smollm3",
            Self::Ministral3 => "ministral3",
        }
    }
}

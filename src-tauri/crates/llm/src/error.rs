use std::path::PathBuf;

use braincells_core::{AppError, Code};
use serde::{Deserialize, Serialize};

/// What can go wrong between a request and its answer. Plain data, so that it can cross a
/// process boundary as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum LLMError {
    /// The model file is not there.
    #[error("there is no model file at `{}`", path.display())]
    ModelNotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The model file cannot be loaded.
    #[error("the model file `{}` cannot be loaded: {reason}", path.display())]
    ModelBroken {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// A model file cannot be written.
    #[error("the model file `{}` cannot be written: {reason}", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
        /// Whether its disk is full.
        full: bool,
    },
    /// The model needs more memory than there is.
    #[error(
        "the model needs about {} MB of memory and {} MB are available",
        needed_bytes / 1_000_000,
        available_bytes / 1_000_000
    )]
    ModelTooLarge {
        /// What it needs, with its context, by an estimate.
        needed_bytes: u64,
        /// What there is.
        available_bytes: u64,
    },
    /// The engine's thread is gone or the engine was shut down.
    #[error("the engine is not running")]
    NotRunning,
    /// The engine failed while it worked on this request.
    #[error("inference failed: {reason}")]
    InferenceFailed {
        /// What happened.
        reason: String,
    },
    /// The engine's process ended; see [`crate::worker`].
    #[error(
        "the engine's process ended while it {}: {reason}",
        if *requests == 0 { "loaded the model" } else { "computed this" }
    )]
    WorkerDied {
        /// How it ended, with what it said last.
        reason: String,
        /// How many requests it had by then: with one, that one is to blame, or nobody.
        requests: u32,
    },
    /// Prompt and answer do not fit the context.
    #[error("the prompt needs {needed_tokens} tokens and {available_tokens} are available")]
    ContextLengthExceeded {
        /// Tokens of the prompt plus the least room for an answer.
        needed_tokens: u32,
        /// Tokens the model can take for one request.
        available_tokens: u32,
    },
    /// The request itself makes no sense.
    #[error("the request cannot be answered: {reason}")]
    InvalidRequest {
        /// What is wrong with it.
        reason: String,
    },
    /// The model's chat template cannot be used.
    #[error("the chat template failed: {reason}")]
    ChatTemplate {
        /// What the template engine said.
        reason: String,
    },
    /// The answer is not of the requested output type.
    #[error("the answer is not a valid {expected}: {reason}")]
    OutputInvalid {
        /// The output type's word.
        expected: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The provider asks to slow down.
    #[error("the provider asks to slow down")]
    RateLimited {
        /// How long to wait, if it said.
        retry_after_ms: Option<u64>,
    },
    /// There is no key for the backend, or it was refused.
    #[error("{backend} {}: {reason}", if *missing { "has no key" } else { "refused the key" })]
    KeyRefused {
        /// The backend's title.
        backend: String,
        /// Whether there is none.
        missing: bool,
        /// What the provider said, or where a key is looked for.
        reason: String,
    },
    /// The provider wants to be paid first.
    #[error("{backend} wants to be paid first: {reason}")]
    NoCredit {
        /// The backend's title.
        backend: String,
        /// What it said.
        reason: String,
    },
    /// The backend does not have the model.
    #[error("{backend} has no model `{model}`: {reason}")]
    ModelUnknown {
        /// The backend's title.
        backend: String,
        /// The model as it was asked for.
        model: String,
        /// What it said.
        reason: String,
    },
    /// The backend cannot be reached, and was tried for a while.
    #[error("{backend} cannot be reached: {reason}")]
    Unreachable {
        /// The backend's title.
        backend: String,
        /// What happened.
        reason: String,
    },
    /// The backend failed at this request again and again.
    #[error("{backend} failed: {reason}")]
    ServerFailed {
        /// The backend's title.
        backend: String,
        /// What happened.
        reason: String,
    },
    /// The provider will not answer this request.
    #[error("{backend} will not answer this: {reason}")]
    Refused {
        /// The backend's title.
        backend: String,
        /// What it said.
        reason: String,
    },
    /// Stopped by the caller.
    #[error("cancelled")]
    Cancelled,
}

impl LLMError {
    /// Whether asking again may help.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::InferenceFailed { .. }
                | Self::WorkerDied { .. }
                | Self::OutputInvalid { .. }
                | Self::RateLimited { .. }
        )
    }

    /// Whether no other request of the same run can succeed either.
    pub fn ends_run(&self) -> bool {
        matches!(
            self,
            Self::ModelNotFound { .. }
                | Self::ModelBroken { .. }
                | Self::ModelTooLarge { .. }
                | Self::NotRunning
                | Self::ChatTemplate { .. }
                | Self::KeyRefused { .. }
                | Self::NoCredit { .. }
                | Self::ModelUnknown { .. }
                | Self::Unreachable { .. }
                | Self::Cancelled
        )
    }
}

impl From<LLMError> for AppError {
    fn from(error: LLMError) -> Self {
        let (code, hint) = match &error {
            LLMError::ModelNotFound { .. } => (
                Code::ModelMissing,
                Some(
                    "see `braincells models`, or fetch the starter model with `scripts/starter-model`",
                ),
            ),
            LLMError::ModelBroken { .. } => (
                Code::ModelBroken,
                Some("the file may be incomplete or not a GGUF model; download it again"),
            ),
            LLMError::NotWritten { full: true, .. } => {
                (Code::DiskFull, Some("free some space on the disk of the models folder"))
            }
            LLMError::NotWritten { full: false, .. } => {
                (Code::Storage, Some("check the permissions of the models folder"))
            }
            LLMError::ModelTooLarge { .. } => (
                Code::EngineFailed,
                Some(
                    "take a smaller model or quantisation, a shorter context, or fewer rows at once",
                ),
            ),
            LLMError::NotRunning => (Code::EngineFailed, Some("start the run again")),
            LLMError::InferenceFailed { .. } => (
                Code::EngineFailed,
                Some("retry the failed cells; if it happens again, run `braincells doctor`"),
            ),
            LLMError::WorkerDied { .. } => (
                Code::EngineFailed,
                Some(
                    "if it happens again, close other programs, compute fewer rows at once, or take a smaller model",
                ),
            ),
            LLMError::ContextLengthExceeded { .. } => (
                Code::ContextLength,
                Some(
                    "shorten the prompt or the cell, use fewer examples, or take a model with a longer context",
                ),
            ),
            LLMError::InvalidRequest { .. } => (Code::BadInput, None),
            LLMError::ChatTemplate { .. } => (
                Code::ModelBroken,
                Some(
                    "the template inside the model file is unusable; try another conversion of the model",
                ),
            ),
            LLMError::OutputInvalid { .. } => (
                Code::OutputInvalid,
                Some("retry the cell, or make the prompt say more plainly what the answer must be"),
            ),
            LLMError::RateLimited { .. } => (Code::RateLimited, Some("wait a little, then resume")),
            LLMError::KeyRefused { .. } => (
                Code::KeyRefused,
                Some("enter a valid key in the settings, or with `braincells keys set`"),
            ),
            LLMError::NoCredit { .. } => {
                (Code::NoCredit, Some("add credit at the provider, then resume; nothing is lost"))
            }
            LLMError::ModelUnknown { .. } => (
                Code::ModelMissing,
                Some("see `braincells backends models` for what there is, or check the spelling"),
            ),
            LLMError::Unreachable { .. } => (
                Code::Unreachable,
                Some("check the network and the address, then resume; nothing is lost"),
            ),
            LLMError::ServerFailed { .. } => {
                (Code::EngineFailed, Some("retry the failed cells later, or take another model"))
            }
            LLMError::Refused { .. } => {
                (Code::Refused, Some("change the prompt or the cell, or take another model"))
            }
            LLMError::Cancelled => (Code::Cancelled, None),
        };
        let app = AppError::new(code, error.to_string());
        match hint {
            Some(hint) => app.with_hint(hint),
            None => app,
        }
    }
}

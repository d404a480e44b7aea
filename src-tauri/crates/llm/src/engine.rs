//! The engine seam: what a request is, what comes back, and the trait every engine implements.

mod figures;
mod request;

use std::pin::Pin;

use async_trait::async_trait;
use braincells_core::RequestFlow;
use futures::stream::Stream;
use serde::{Deserialize, Serialize};

pub use self::figures::EngineFigures;
pub use self::request::{AnswerKey, LLMRequest, Message, Role};
use crate::{InferencePool, LLMError};

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model ended it, or a stop sequence did.
    Stop,
    /// The token limit cut it off, or it went round in circles and would have reached it.
    Length,
    /// The answer came from scoring a closed set; nothing was decoded.
    Scored,
}

/// The probability of one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelProbability {
    /// The label as the recipe spells it.
    pub label: String,
    /// Its share of the probability of all allowed labels, 0 to 1.
    pub probability: f64,
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LLMResponse {
    /// The answer, without thinking and without stop sequences.
    pub content: String,
    /// The model's thinking, split off.
    pub reasoning: Option<String>,
    /// The engine's name for the model that answered.
    pub model: String,
    /// Tokens of the prompt, the shared prefix included.
    pub prompt_tokens: u32,
    /// Of those, how many were not computed for this request because another shared them.
    pub shared_tokens: u32,
    /// Tokens generated.
    pub completion_tokens: u32,
    /// Wall time from admission to the last token, in milliseconds.
    pub duration_ms: u32,
    /// Why it ended.
    pub finish_reason: FinishReason,
    /// Probability of the answer among the allowed ones, 0 to 1, where it can be computed.
    pub confidence: Option<f64>,
    /// For label and boolean outputs: every label's probability, in the recipe's order.
    pub label_probabilities: Vec<LabelProbability>,
    /// What the provider took for it, in US dollars: as it says, else by its known price.
    #[serde(default)]
    pub cost_usd: Option<f64>,
}

/// What a provider takes for a model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Price {
    /// US dollars for a million tokens of prompts.
    pub prompt_usd_per_million: f64,
    /// US dollars for a million generated tokens.
    pub completion_usd_per_million: f64,
}

impl Price {
    /// What these tokens cost, in US dollars.
    #[must_use]
    pub fn of(&self, prompt_tokens: u64, completion_tokens: u64) -> f64 {
        (self.prompt_usd_per_million * prompt_tokens as f64
            + self.completion_usd_per_million * completion_tokens as f64)
            / 1e6
    }
}

/// Names a request within one batch; chosen by the caller, unique in that batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// What happens to one request of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BatchEventKind {
    /// The engine took it on.
    Started,
    /// More text of the answer, cut at a character boundary.
    Delta(String),
    /// An attempt took this and came to no answer; another attempt may follow.
    Spent {
        /// Tokens of the prompt.
        prompt_tokens: u32,
        /// Tokens generated before it ended.
        completion_tokens: u32,
        /// What the provider took for it, in US dollars, where that is known.
        cost_usd: Option<f64>,
    },
    /// The final answer; nothing follows for this id.
    Done(Box<LLMResponse>),
    /// It failed; nothing follows for this id.
    Failed(LLMError),
}

/// An event of a batch, tagged with the request it belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchEvent {
    /// The request.
    pub id: RequestId,
    /// What happened.
    pub kind: BatchEventKind,
}

/// The requests of a batch, pulled by the engine as it has room.
pub type RequestStream = Pin<Box<dyn Stream<Item = (RequestId, LLMRequest)> + Send>>;

/// The events of a batch, in any order between requests. Ends after the last request's end.
/// Dropping it cancels what is not finished.
pub type BatchStream<'a> = Pin<Box<dyn Stream<Item = BatchEvent> + Send + 'a>>;

/// The text of one answer as it is made, ended by the stream's end or an error.
pub type TokenStream = Pin<Box<dyn Stream<Item = Result<String, LLMError>> + Send>>;

/// Which engine and model this is. Holds no keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "backend")]
pub enum LLMBackend {
    /// A model of this machine, in this process or one of its own.
    Local {
        /// The GGUF file, or the folder of a checkpoint for MLX.
        model_path: std::path::PathBuf,
    },
    /// A provider, or a server that speaks its language.
    Remote {
        /// The backend's id.
        id: String,
        /// The model as the backend names it.
        model: String,
    },
    /// The scripted engine of tests.
    Fake,
}

/// What an engine can do, so that callers ask instead of guess.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The most tokens of prompt and answer together, for one request.
    pub context_tokens: u32,
    /// Whether typed outputs are enforced while decoding.
    pub constrains_output: bool,
    /// Whether answers carry probabilities.
    pub reports_confidence: bool,
    /// Whether labels and booleans are scored without decoding, behind
    /// [`LLMRequest::lead_in`](crate::LLMRequest::lead_in): only such scores can be calibrated, and
    /// asking for a calibration costs nothing but time.
    #[serde(default)]
    pub scores_labels: bool,
    /// How many requests are worked on at once.
    pub parallel_requests: u32,
    /// Names everything besides the request that an answer depends on: the model's content, the
    /// engine's build and settings. Answers may be kept under it and used again by any engine
    /// with the same one; `None` where that cannot be said.
    #[serde(default)]
    pub fingerprint: Option<String>,
}

/// Something that answers requests.
#[async_trait]
pub trait LLMEngine: Send + Sync {
    /// Answers one request.
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError>;

    /// Answers one request, piece by piece. Dropping the stream cancels.
    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError>;

    /// Answers many requests. Pulls them as it has room and yields events tagged by id;
    /// dropping the stream cancels what is in flight before the next token is computed.
    ///
    /// The default asks [`LLMEngine::generate`] with as many requests at once as
    /// [`Capabilities::parallel_requests`] says; an engine that batches overrides it.
    fn generate_batch(&self, requests: RequestStream) -> BatchStream<'_> {
        InferencePool::new(self.capabilities().parallel_requests as usize).run(self, requests)
    }

    /// Whether a request would be answered now.
    async fn is_ready(&self) -> bool;

    /// Which engine and model this is.
    fn backend(&self) -> LLMBackend;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// How many tokens a text is for this model, without what a chat template puts around it;
    /// `None` where the engine cannot tell. May wait for the engine's process: not for async code.
    fn count_tokens(&self, _text: &str) -> Option<u32> {
        None
    }

    /// What it has computed since it was loaded; `None` where the engine does not count.
    fn figures(&self) -> Option<EngineFigures> {
        None
    }

    /// What its provider takes for the model, where that is known.
    fn price(&self) -> Option<Price> {
        None
    }

    /// Tokens of thinking that an answer may take beyond [`LLMRequest::token_limit`].
    fn thinking_tokens(&self) -> u32 {
        0
    }

    /// How its provider takes the requests at this moment; `None` for an engine on this machine.
    fn flow(&self) -> Option<RequestFlow> {
        None
    }
}

//! Asking language models: requests, prompts, typed answers, and the engines that answer.
//!
//! The workbench is the only caller. It assembles a prompt for each row ([`prompt`]), hands a
//! stream of [`LLMRequest`]s to an [`LLMEngine`] and gets back [`BatchEvent`]s tagged by
//! request.
//!
//! What this crate promises: an answer is either valid for its output type or a typed error; a
//! prompt is never cut silently; dropping a stream stops the work behind it; row data can never
//! act as a control token of the model. What it leaves out: sheets, files of data, retries
//! across runs, where keys are kept.
//!
//! Engines: [`cloud`] asks providers and servers that speak their language, [`mlx`] has the helper
//! for Apple Silicon answer, [`FakeEngine`] answers from a script, and the llama.cpp engine is
//! behind the feature `llama`, so that everything else builds and is tested without C++.

mod chat_template;
pub mod cloud;
#[cfg(feature = "decoding")]
pub mod decoding;
mod engine;
mod error;
mod fake;
pub mod mlx;
pub mod output;
mod pool;
pub mod prompt;
pub mod schema;
mod single;
mod tokens;
pub mod worker;

#[cfg(feature = "llama")]
pub mod llama;

pub use braincells_core::{Place, Template, TemplateError, nearest, renamed};
pub use chat_template::{ChatTemplate, Segment};
pub use engine::{
    AnswerKey, BatchEvent, BatchEventKind, BatchStream, Capabilities, EngineFigures, FinishReason,
    LLMBackend, LLMEngine, LLMRequest, LLMResponse, LabelProbability, Message, Price, RequestId,
    RequestStream, Role, TokenStream,
};
pub use error::LLMError;
pub use fake::{FakeAnswer, FakeEngine, FakeGate};
pub use pool::{DEFAULT_PARALLEL_REQUESTS, InferencePool};
pub use tokens::{estimated_prompt_tokens, estimated_tokens};

//! Providers, and any server that speaks their language: chat completions as OpenAI has them.
//!
//! The workbench makes an [`Endpoint`] of what a person chose, takes the key from where it is kept,
//! and hands both with the model to a [`CloudEngine`], which is an [`LLMEngine`](crate::LLMEngine)
//! like any other. It lists models and tries keys with a [`CloudClient`], and writes and reads
//! files of batches with [`batch_file`].
//!
//! What it promises:
//! - An answer that came whole is never asked for again, one that broke off once more at most; what
//!   came to nothing is told with what it took.
//! - Nothing runs behind a stream: dropping it closes its connections.
//! - A server that asks to slow down is asked less, by all requests of the engine together.
//! - The key goes to the endpoint's own host, or to that which its provider has for trying keys, and
//!   into no error, log or `Debug`.
//! - What a server refuses by name is left out from then on, so that one code asks all of them.
//!
//! What it leaves out: where keys are kept, what a run may cost, whether an answer is valid for its
//! output type ([`crate::output`] says that, and the caller asks again), and remembering anything
//! about a server for the next engine.
//!
//! How a request goes through the modules: `engine` waits for its place in `flow`, `call`
//! sends the `body` and reads `events` into an `answer`, whose form is that of `typed` and
//! whose probabilities are those of `labels`; `failure` says what a failure means, and
//! `learned` keeps what it taught.

mod answer;
mod arriving;
pub mod batch_file;
mod body;
mod call;
mod client;
mod endpoint;
mod engine;
mod events;
mod failure;
mod flow;
mod key;
mod labels;
mod learned;
mod listing;
#[cfg(test)]
mod loopback;
mod provider;
mod typed;

pub use client::{ClientOptions, CloudClient};
pub use endpoint::Endpoint;
pub use engine::{CloudEngine, CloudModel};
pub use flow::{FlowLimits, Pauses};
pub use key::ApiKey;
pub use listing::{ConnectionReport, ListedModel};
pub use provider::{ENDPOINT_PRESETS, EndpointPreset, PROVIDERS, Provider, provider};

//! [`CloudEngine`]: the engine that asks a server.
//!
//! The workbench makes one for each backend, model and set of limits, and hands it batches.
//! Promises: a request waits for its place in the flow of the engine and is sent again by the rules
//! of [`super::failure`], a bounded number of times; what one request taught about the server, all
//! later ones know; an answer that the server began to make is asked for twice at most, and what it
//! took is told where it came to nothing; there is no task behind a stream. Left out: whether answers are valid, and
//! asking again because they are not.

mod asking;
mod batch;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use braincells_core::{Clock, RequestFlow};

use self::asking::Asking;
use super::body::THINKING_TOKENS;
use super::client::CloudClient;
use super::endpoint::Endpoint;
use super::flow::{Flow, FlowLimits};
use super::key::ApiKey;
use super::learned::Learned;
use crate::{
    BatchStream, Capabilities, LLMBackend, LLMEngine, LLMError, LLMRequest, LLMResponse, Price,
    RequestStream, TokenStream, single,
};

/// The context of a model whose own is not known: that of most models that are hosted.
const USUAL_CONTEXT_TOKENS: u32 = 131_072;

/// A model of a backend, with what is needed to ask it.
#[derive(Clone, Debug)]
pub struct CloudModel {
    /// Where it is asked.
    pub endpoint: Endpoint,
    /// The key, where there is one.
    pub key: Option<ApiKey>,
    /// The model as the backend names it.
    pub model: String,
    /// What the backend takes for it, where that is known.
    pub price: Option<Price>,
    /// The most tokens of prompt and answer together, where that is known.
    pub context_tokens: Option<u32>,
}

/// An engine that asks a server. See the module's page for what it promises.
pub struct CloudEngine {
    shared: Arc<Shared>,
}

/// What all requests of an engine have in common.
struct Shared {
    client: CloudClient,
    model: CloudModel,
    limits: FlowLimits,
    clock: Arc<dyn Clock>,
    flow: Arc<Flow>,
    learned: Mutex<Learned>,
    /// How many requests were answered.
    answered: AtomicU64,
}

impl Shared {
    fn learned(&self) -> MutexGuard<'_, Learned> {
        // Nothing under it panics half-way.
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CloudEngine {
    /// An engine. Sends nothing yet. `seed` draws the waits before a request is sent again.
    pub fn new(
        client: CloudClient,
        model: CloudModel,
        limits: FlowLimits,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Self {
        let flow = Flow::new(limits, client.pauses(), seed);
        let learned = Mutex::new(Learned::of_context(model.context_tokens));
        let answered = AtomicU64::new(0);
        Self { shared: Arc::new(Shared { client, model, limits, clock, flow, learned, answered }) }
    }

    fn parallel_requests(&self) -> u32 {
        self.shared.limits.parallel_requests.max(1)
    }

    fn batch(&self, requests: RequestStream, begins_anew: bool) -> batch::Batch {
        let most_rows = self.parallel_requests() as usize;
        batch::Batch::new(Arc::clone(&self.shared), requests, most_rows, begins_anew)
    }
}

#[async_trait]
impl LLMEngine for CloudEngine {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        Asking::new(&self.shared, &request, true).answer(&mut |_| {}).await
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        // Text that was handed out cannot be taken back.
        Ok(single::pieces(self.batch(single::batch_of(request), false)))
    }

    fn generate_batch(&self, requests: RequestStream) -> BatchStream<'_> {
        Box::pin(self.batch(requests, true))
    }

    async fn is_ready(&self) -> bool {
        true
    }

    fn backend(&self) -> LLMBackend {
        let CloudModel { endpoint, model, .. } = &self.shared.model;
        LLMBackend::Remote { id: endpoint.backend().to_owned(), model: model.clone() }
    }

    fn capabilities(&self) -> Capabilities {
        let CloudModel { endpoint, model, context_tokens, .. } = &self.shared.model;
        Capabilities {
            context_tokens: context_tokens.unwrap_or(USUAL_CONTEXT_TOKENS),
            constrains_output: false,
            reports_confidence: true,
            scores_labels: false,
            parallel_requests: self.parallel_requests(),
            fingerprint: Some(format!("cloud 1 {} {model}", endpoint.base_url())),
        }
    }

    fn price(&self) -> Option<Price> {
        self.shared.model.price
    }

    fn thinking_tokens(&self) -> u32 {
        let learned = self.shared.learned();
        if learned.thinks && !learned.room_refused { THINKING_TOKENS } else { 0 }
    }

    fn flow(&self) -> Option<RequestFlow> {
        Some(self.shared.flow.state())
    }
}

#[cfg(test)]
mod tests;

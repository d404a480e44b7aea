//! An engine in somebody's hands: it answers as the engine does, and as long as it is there its
//! model is running and its file is held.

use std::sync::Arc;

use async_trait::async_trait;
use braincells_core::RequestFlow;
use braincells_llm::{
    BatchStream, Capabilities, EngineFigures, LLMBackend, LLMEngine, LLMError, LLMRequest,
    LLMResponse, Price, RequestStream, TokenStream,
};

use super::board::Mark;
use crate::held::Held;

pub(super) struct InUse {
    // Gone before the others: what they say is true until it is out of memory.
    engine: Arc<dyn LLMEngine>,
    _held: Arc<Held>,
    _mark: Mark,
}

impl InUse {
    pub(super) fn new(engine: Arc<dyn LLMEngine>, held: Arc<Held>, mark: Mark) -> Self {
        Self { engine, _held: held, _mark: mark }
    }
}

#[async_trait]
impl LLMEngine for InUse {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        self.engine.generate(request).await
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        self.engine.generate_stream(request).await
    }

    fn generate_batch(&self, requests: RequestStream) -> BatchStream<'_> {
        self.engine.generate_batch(requests)
    }

    async fn is_ready(&self) -> bool {
        self.engine.is_ready().await
    }

    fn backend(&self) -> LLMBackend {
        self.engine.backend()
    }

    fn capabilities(&self) -> Capabilities {
        self.engine.capabilities()
    }

    fn count_tokens(&self, text: &str) -> Option<u32> {
        self.engine.count_tokens(text)
    }

    fn figures(&self) -> Option<EngineFigures> {
        self.engine.figures()
    }

    fn price(&self) -> Option<Price> {
        self.engine.price()
    }

    fn flow(&self) -> Option<RequestFlow> {
        self.engine.flow()
    }
}

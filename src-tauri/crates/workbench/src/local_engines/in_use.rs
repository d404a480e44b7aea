//! An engine in somebody's hands: it answers as the engine does, and as long as it is there its
//! model is running and its file is held.

use std::sync::Arc;

use async_trait::async_trait;
use braincells_core::RequestFlow;
use braincells_llm::{
    BatchStream, Capabilities, EngineFigures, LLMBackend, LLMEngine, LLMError, LLMRequest,
    LLMResponse, Price, RequestStream, TokenStream,
};
use futures::StreamExt;

use super::board::Mark;
use crate::held::Held;
use crate::models::LOCAL_MLX;

pub(super) struct InUse {
    // Gone before the others: what they say is true until it is out of memory.
    engine: Arc<dyn LLMEngine>,
    /// What the list of models calls its model.
    name: String,
    _held: Arc<Held>,
    _mark: Mark,
}

impl InUse {
    pub(super) fn new(
        engine: Arc<dyn LLMEngine>,
        name: String,
        held: Arc<Held>,
        mark: Mark,
    ) -> Self {
        Self { engine, name, _held: held, _mark: mark }
    }
}

/// A request that names its model: whichever was chosen answers, and the cell is to say which.
fn named(request: LLMRequest, name: &str) -> LLMRequest {
    if request.model == LOCAL_MLX {
        return LLMRequest { model: name.to_owned(), ..request };
    }
    request
}

#[async_trait]
impl LLMEngine for InUse {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        self.engine.generate(named(request, &self.name)).await
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        self.engine.generate_stream(named(request, &self.name)).await
    }

    fn generate_batch(&self, requests: RequestStream) -> BatchStream<'_> {
        let name = self.name.clone();
        let requests = requests.map(move |(id, request)| (id, named(request, &name)));
        self.engine.generate_batch(requests.boxed())
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

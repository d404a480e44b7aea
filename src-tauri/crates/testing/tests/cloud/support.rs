use std::sync::Arc;
use std::time::Duration;

use braincells_core::Output;
use braincells_llm::cloud::{
    ApiKey, ClientOptions, CloudClient, CloudEngine, CloudModel, Endpoint, FlowLimits, Pauses,
};
use braincells_llm::{
    BatchEvent, BatchEventKind, LLMEngine, LLMError, LLMRequest, LLMResponse, Message, RequestId,
    Role,
};
use braincells_testing::ChatServer;
use braincells_workbench::SystemClock;
use futures::{StreamExt, stream};

/// A key that no error, log or `Debug` may have in it.
pub const KEY: &str = "canary-5e2f90c7d1ab";

/// Nobody waits for long between two attempts, and no outage is expected to end soon. How long is
/// waited elsewhere is tested on a clock that stands still.
pub const HURRIED: Pauses = Pauses {
    first: Duration::from_millis(5),
    longest: Duration::from_millis(50),
    outage: Duration::ZERO,
};

/// An engine that asks `base_url`, and the parts of it that a test may want to be different.
pub struct Asks {
    pub base_url: String,
    pub options: ClientOptions,
    pub parallel: u32,
    pub key: Option<&'static str>,
}

impl Asks {
    pub fn of(server: &ChatServer) -> Self {
        Self::at(&server.base_url())
    }

    pub fn at(base_url: &str) -> Self {
        let options = ClientOptions { pauses: HURRIED, ..ClientOptions::default() };
        Self { base_url: base_url.to_owned(), options, parallel: 8, key: Some(KEY) }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::custom("own", &self.base_url).expect("it can be made")
    }

    pub fn client(&self) -> CloudClient {
        CloudClient::new(&self.options).expect("it can be made")
    }

    pub fn engine(&self) -> CloudEngine {
        let model = CloudModel {
            endpoint: self.endpoint(),
            key: self.key.map(|key| ApiKey::new(key).expect("it can be made")),
            model: "test-model".to_owned(),
            price: None,
            context_tokens: None,
        };
        let limits = FlowLimits {
            parallel_requests: self.parallel,
            requests_per_minute: None,
            tokens_per_minute: None,
        };
        CloudEngine::new(self.client(), model, limits, Arc::new(SystemClock), 1)
    }
}

pub fn engine(server: &ChatServer) -> CloudEngine {
    Asks::of(server).engine()
}

pub fn request(text: impl Into<String>) -> LLMRequest {
    let messages = vec![Message::new(Role::System, "rules"), Message::new(Role::User, text)];
    LLMRequest::new("own:test-model", messages)
}

pub fn typed(text: impl Into<String>, output: Output) -> LLMRequest {
    LLMRequest { output, ..request(text) }
}

/// The ends of a batch, by request.
pub async fn ends(
    engine: &CloudEngine,
    requests: Vec<LLMRequest>,
) -> Vec<Result<LLMResponse, LLMError>> {
    let count = requests.len();
    let numbered = (0..).map(RequestId).zip(requests);
    let mut events = engine.generate_batch(Box::pin(stream::iter(numbered)));
    let mut ends: Vec<Option<Result<LLMResponse, LLMError>>> = vec![None; count];
    while let Some(BatchEvent { id, kind }) = events.next().await {
        let end = match kind {
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {
                continue;
            }
            BatchEventKind::Done(response) => Ok(*response),
            BatchEventKind::Failed(error) => Err(error),
        };
        let before = ends[id.0 as usize].replace(end);
        assert!(before.is_none(), "{id:?} ended twice");
    }
    // What was not pulled any more after the batch's end has no event.
    ends.into_iter().flatten().collect()
}

//! The starter model, for the tests that ask a real one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use braincells_llm::llama::{LlamaEngine, LoadOptions};
use braincells_llm::{BatchEventKind, LLMEngine, LLMRequest, LLMResponse, RequestId};
use futures::StreamExt;

/// Where `scripts/test` says that it is.
#[expect(clippy::disallowed_methods, reason = "the one setting that tests take from outside")]
pub fn model_path() -> PathBuf {
    std::env::var_os("BRAINCELLS_TEST_MODEL").map(PathBuf::from).expect(
        "BRAINCELLS_TEST_MODEL must name the starter model: run the tests with scripts/test",
    )
}

/// An engine with it.
pub fn load(options: &LoadOptions) -> LlamaEngine {
    LlamaEngine::load(&model_path(), options, |_| true).expect("the starter model loads")
}

/// The answers to a batch, in its order. Deltas of an answer are its beginning, and each request
/// starts and ends once.
pub async fn answers(engine: &LlamaEngine, requests: Vec<LLMRequest>) -> Vec<LLMResponse> {
    let count = requests.len();
    let requests = (0..).map(RequestId).zip(requests);
    let mut events = engine.generate_batch(futures::stream::iter(requests).boxed());
    let (mut done, mut deltas): (BTreeMap<_, LLMResponse>, BTreeMap<_, String>) =
        (BTreeMap::new(), BTreeMap::new());
    let mut started = std::collections::BTreeSet::new();
    while let Some(event) = events.next().await {
        match event.kind {
            BatchEventKind::Done(response) => {
                let text = deltas.remove(&event.id).unwrap_or_default();
                assert!(response.content.starts_with(&text), "{text} of {response:?}");
                assert!(done.insert(event.id, *response).is_none(), "one answer per request");
            }
            BatchEventKind::Failed(error) => panic!("{:?}: {error}", event.id),
            BatchEventKind::Spent { .. } => panic!("it costs nothing"),
            BatchEventKind::Started => assert!(started.insert(event.id), "started once"),
            BatchEventKind::Delta(text) => deltas.entry(event.id).or_default().push_str(&text),
        }
    }
    assert_eq!(done.len(), count);
    done.into_values().collect()
}

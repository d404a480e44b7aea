//! The helper as the app starts it.

use braincells_core::Output;
use braincells_llm::{LLMEngine, LLMError, LLMRequest};

use crate::process::start;
use crate::support::{answers, load, question, tiny};

#[test]
fn the_helper_answers_as_the_engine_does() {
    let folder = tiny("llama-4bit");
    let requests = || -> Vec<LLMRequest> {
        let labels = ["one", "two"].map(str::to_owned).to_vec();
        let of_row = |row: u64| LLMRequest {
            max_tokens: Some(12),
            output: if row.is_multiple_of(3) {
                Output::Label { labels: labels.clone() }
            } else {
                Output::Text
            },
            ..question(&format!("Row {row}"))
        };
        (0..30).map(of_row).collect()
    };
    let helper = start(folder.path().to_owned(), |_| ()).unwrap();
    let found = answers(&helper, requests());
    let expected = answers(&load(folder.path(), 8).unwrap(), requests());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(
            (&found.content, found.finish_reason),
            (&expected.content, expected.finish_reason)
        );
    }
    assert_eq!(helper.count_tokens("<|im_end|>"), Some(10));
    assert_eq!(helper.figures().unwrap().rows, 30);
    assert!(helper.capabilities().fingerprint.unwrap().contains("abc"));
}

#[test]
fn a_model_that_the_helper_refuses_is_told_as_it_is() {
    let folder = tiny("llama");
    std::fs::write(folder.path().join("model.safetensors"), b"short").unwrap();
    let refused = start(folder.path().to_owned(), |_| ()).map(|_| ());
    assert!(
        matches!(&refused, Err(LLMError::ModelBroken { reason, .. }) if reason.contains("5 bytes")),
        "{refused:?}"
    );
    let missing = start(folder.path().join("nowhere"), |_| ()).map(|_| ());
    assert!(matches!(missing, Err(LLMError::ModelNotFound { .. })));
}

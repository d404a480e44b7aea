//! The starter model, converted: real text, equal to what mlx-lm writes.

use std::sync::OnceLock;

use braincells_core::Output;
use braincells_llm::decoding::Tokenizer;
use braincells_llm::{LLMRequest, LLMResponse, Message, Role};
use braincells_mlx::ModelConfig;
use braincells_mlx::native::{MlxEngine, Words};
use serde_json::Value;

use crate::support::{answers, load, reference};

/// What mlx-lm answered, as JSON.
fn answered(file: &str) -> Vec<Value> {
    serde_json::from_slice(&std::fs::read(reference(file)).unwrap()).unwrap()
}

/// The messages of such an answer.
fn messages(asked: &Value) -> Vec<Message> {
    let message = |message: &Value| {
        let role = if message["role"] == "system" { Role::System } else { Role::User };
        Message::new(role, message["content"].as_str().unwrap())
    };
    asked["messages"].as_array().unwrap().iter().map(message).collect()
}

fn greedy(asked: &Value) -> LLMRequest {
    let most = asked["most_tokens"].as_u64().unwrap();
    LLMRequest { max_tokens: Some(most as u32), ..LLMRequest::new("m", messages(asked)) }
}

fn compare(found: &[LLMResponse], asked: &[Value]) {
    assert_eq!(found.len(), asked.len());
    for (found, asked) in found.iter().zip(asked) {
        assert_eq!(found.content, asked["text"].as_str().unwrap().trim_end(), "{asked}");
        assert_eq!(
            u64::from(found.prompt_tokens),
            asked["prompt"].as_array().unwrap().len() as u64
        );
    }
}

#[test]
fn four_bits_say_what_they_say_to_mlx_lm() {
    let asked = answered("smollm2-4bit/answers.json");
    let engine = load(&reference("smollm2-4bit"), 2).unwrap();
    let found = answers(&engine, asked.iter().map(greedy).collect());
    compare(&found, &asked);
    assert_eq!(found[0].content, "The capital of France is Paris.");
}

/// The model for eight rows at once, which several tests ask.
fn eight() -> &'static MlxEngine {
    static ENGINE: OnceLock<MlxEngine> = OnceLock::new();
    ENGINE.get_or_init(|| load(&reference("smollm2"), 8).unwrap())
}

/// Word by word as mlx-lm answers them one after the other.
fn fifty_reviews(engine: &MlxEngine) {
    let asked = answered("smollm2/answers.json");
    assert_eq!(asked.len(), 50);
    compare(&answers(engine, asked.iter().map(greedy).collect()), &asked);
}

#[test]
fn fifty_reviews_together_have_the_answers_of_mlx_lm() {
    fifty_reviews(eight());
}

#[test]
fn fifty_reviews_alone_have_the_answers_of_mlx_lm() {
    fifty_reviews(&load(&reference("smollm2"), 1).unwrap());
}

#[test]
fn labels_are_as_likely_as_mlx_lm_says() {
    let asked = answered("smollm2/labels.json");
    let texts = |value: &Value| {
        let all = value.as_array().unwrap().iter();
        all.map(|one| one.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let request = |asked: &Value| LLMRequest {
        output: Output::Label { labels: texts(&asked["labels"]) },
        ..LLMRequest::new("m", messages(asked))
    };
    let found = answers(eight(), asked.iter().map(request).collect());
    for (found, asked) in found.iter().zip(&asked) {
        let expected = asked["probabilities"].as_array().unwrap();
        for (label, expected) in found.label_probabilities.iter().zip(expected) {
            let difference = (label.probability - expected.as_f64().unwrap()).abs();
            assert!(difference < 1e-4, "{label:?} and {expected}");
        }
        assert!(found.confidence.unwrap() >= 0.5);
    }
}

#[test]
fn prompts_are_cut_as_the_reference_cuts_them() {
    let folder = reference("smollm2");
    let words = Words::read(&folder, &ModelConfig::read(&folder).unwrap()).unwrap();
    for text in ["Hello, world!", " 2024-02-29\n\n", "né€😀日本語", "<|im_end|>"] {
        let tokens = words.tokenise(text, false, false).unwrap();
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| words.token_bytes(*token)).collect();
        assert_eq!(bytes, text.as_bytes());
        assert!(!tokens.iter().any(|token| words.is_control(*token)));
    }
    let end = words.end_of_turn().unwrap();
    assert_eq!(words.token_name(end).as_deref(), Some("<|im_end|>"));
    assert!(words.ends_generation(end) && words.is_control(end));
}

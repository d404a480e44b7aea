//! Answers that have a form, by a model that says noise: what is promised must not depend on what
//! it says.

use braincells_core::{NumberLimits, Output};
use braincells_llm::output::{read_answer, value_matches};
use braincells_llm::{FinishReason, LLMEngine, LLMError, LLMRequest};
use braincells_mlx::LoadOptions;
use braincells_mlx::native::MlxEngine;
use serde_json::json;

use crate::support::{answers, ends, load, question, tiny};

fn outputs() -> Vec<Output> {
    let labels: Vec<String> = ["good", "goods and more", "bad", "so-so"].map(str::to_owned).into();
    let limits = NumberLimits { integer: true, min: Some(-5.0), max: Some(500.0) };
    let schema = json!({
        "type": "object",
        "properties": {
            "colour": {"enum": ["red", "green"]},
            "sizes": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
            "note": {"type": "string", "maxLength": 8}
        },
        "required": ["colour", "sizes", "note"],
        "additionalProperties": false
    });
    vec![
        Output::Text,
        Output::Label { labels: labels.clone() },
        Output::Labels { labels },
        Output::Number(limits),
        Output::Boolean,
        Output::Date,
        Output::Json { schema },
    ]
}

/// Rows of every output type, greedy and sampled, of different length.
fn requests() -> Vec<LLMRequest> {
    let of_output = |(row, output): (usize, Output)| {
        let text = format!("Row {row} says {}.", "something ".repeat(row % 5));
        let temperature = if row % 2 == 0 { 0.0 } else { 0.9 };
        LLMRequest {
            output,
            temperature,
            seed: row as u64,
            max_tokens: Some(24),
            ..question(&text)
        }
    };
    let outputs = outputs();
    outputs.iter().cycle().take(50).cloned().enumerate().map(of_output).collect()
}

#[test]
fn typed_answers_are_valid_and_do_not_depend_on_the_rows_beside_them() {
    for name in ["qwen3-4bit", "gemma3"] {
        let folder = tiny(name);
        let (together, alone) = (load(folder.path(), 8).unwrap(), load(folder.path(), 1).unwrap());
        let found = answers(&together, requests());
        let expected = answers(&alone, requests());
        for ((request, found), expected) in requests().iter().zip(&found).zip(&expected) {
            let output = &request.output;
            if request.temperature == 0.0 {
                // Where a token is drawn, rounding may turn the die: there it is valid, or nothing.
                assert_eq!(found.content, expected.content, "{name}, {output:?}");
            }
            if *output != Output::Text {
                let answer = read_answer(&found.content, output);
                let answer = answer.unwrap_or_else(|error| panic!("{output:?}: {error}"));
                assert!(value_matches(&answer.value, output), "{output:?}: {}", found.content);
            }
            let is_scored = output.scored_labels().is_some();
            assert_eq!(found.finish_reason == FinishReason::Scored, is_scored);
            if is_scored {
                let total: f64 =
                    found.label_probabilities.iter().map(|label| label.probability).sum();
                assert!((total - 1.0).abs() < 1e-6, "{output:?}: {total}");
                let pairs = found.label_probabilities.iter().zip(&expected.label_probabilities);
                for (one, other) in pairs {
                    assert!(
                        (one.probability - other.probability).abs() < 1e-3,
                        "{one:?} {other:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_rows_begin_with_is_computed_once() {
    let folder = tiny("qwen3");
    let engine = load(folder.path(), 8).unwrap();
    let requests: Vec<LLMRequest> = (0..24)
        .map(|row| LLMRequest { max_tokens: Some(2), ..question(&format!("Row {row}")) })
        .collect();
    let found = answers(&engine, requests);
    let figures = engine.figures().unwrap();
    let prompts: u64 = found.iter().map(|answer| u64::from(answer.prompt_tokens)).sum();
    assert_eq!(figures.rows, 24);
    // The rules are most of a prompt, and the first row computes them, alone or for the others.
    assert!(figures.prompt_tokens < prompts / 4, "{figures:?} of {prompts}");
    assert!(figures.prefixes <= 2, "{figures:?}");
    assert!(found.iter().filter(|answer| answer.shared_tokens > 60).count() >= 22);
}

#[test]
fn a_prompt_that_does_not_fit_is_an_error_and_nothing_is_cut() {
    let folder = tiny("qwen3");
    let options = LoadOptions { context_tokens: 200, ..LoadOptions::default() };
    let engine = MlxEngine::load(folder.path(), &options, |_| true).unwrap();
    let found = ends(&engine, vec![question("short"), question(&"long ".repeat(50))]);
    assert!(found[0].is_ok());
    assert!(matches!(
        found[1],
        Err(LLMError::ContextLengthExceeded { available_tokens: 200, needed_tokens }) if needed_tokens > 250
    ));
    assert_eq!(engine.capabilities().context_tokens, 200);
}

#[test]
fn an_answer_may_be_kept_under_the_name_of_what_it_depends_on() {
    let folder = tiny("qwen3");
    let engine = load(folder.path(), 1).unwrap();
    assert_eq!(engine.capabilities().fingerprint, None);
    let name = engine.with_model_hash("abc").capabilities().fingerprint.unwrap();
    assert!(name.contains("MLX") && name.contains("abc") && name.contains("template"), "{name}");
}

#[test]
fn names_of_control_tokens_in_a_row_are_letters() {
    let folder = tiny("qwen3");
    let engine = load(folder.path(), 2).unwrap();
    let one = |text: &str| LLMRequest { max_tokens: Some(1), ..question(text) };
    let found = answers(&engine, vec![one("<|im_end|>"), one("1234567890")]);
    assert_eq!(found[0].prompt_tokens, found[1].prompt_tokens, "ten letters each");
}

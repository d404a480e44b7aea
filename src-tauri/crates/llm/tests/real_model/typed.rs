//! Typed answers of the real model: always valid, whatever is asked and however tokens are
//! chosen.

use std::sync::OnceLock;

use braincells_core::{NumberLimits, Output, Value};
use braincells_llm::llama::{LlamaEngine, LoadOptions};
use braincells_llm::output::{read_answer, value_matches};
use braincells_llm::{FinishReason, LLMEngine, LLMRequest, LLMResponse, Message, Role};
use futures::StreamExt;
use serde_json::json;

use super::starter::{answers, load, model_path};

const TEXTS: [&str; 12] = [
    "The battery lasts three days. I paid 49.99 dollars on 3 March 2021 and would buy it again.",
    "Broke after a week, the shop does not answer.",
    "It is a cable. It has two ends.",
    "Llegó tarde, el 12 de mayo, pero funciona muy bien.",
    "Für 20 Euro völlig in Ordnung, die Verarbeitung könnte besser sein.",
    "最高です！😀",
    "Five stars for the screen, one star for the speakers.",
    "\"Quoted\", with a \\ backslash and\na second line.",
    "",
    "1. first 2. second 3. third",
    "{\"name\": \"not the answer\"}",
    "I bought 2 of them in 1999 and 3 more in 2004, each for about 1,250.50.",
];

fn engine() -> &'static LlamaEngine {
    static ENGINE: OnceLock<LlamaEngine> = OnceLock::new();
    ENGINE.get_or_init(|| load(&LoadOptions::default()))
}

fn ask(instruction: &str, text: &str, output: &Output, temperature: f32, seed: u64) -> LLMRequest {
    let mut request = LLMRequest::new(
        "starter",
        vec![
            Message::new(Role::System, "Do exactly what the user asks. Answer briefly."),
            Message::new(Role::User, format!("{instruction}: {text}")),
        ],
    );
    request.output = output.clone();
    (request.temperature, request.seed) = (temperature, seed);
    request
}

fn review() -> Value {
    json!({
        "type": "object",
        "properties": {
            "product": {"type": "string"},
            "stars": {"type": "integer", "minimum": 1, "maximum": 5},
            "price": {"type": ["number", "null"], "minimum": 0},
            "mood": {"enum": ["good", "bad", "mixed"]},
            "points": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "about": {"enum": ["quality", "price", "delivery", "other"]},
                        "says": {"type": "string", "maxLength": 60},
                    },
                    "required": ["about", "says"],
                },
                "maxItems": 3,
            },
        },
        "required": ["product", "stars", "price", "mood", "points"],
        "additionalProperties": false,
    })
}

fn outputs() -> Vec<(&'static str, Output)> {
    let limits = |integer, min, max| Output::Number(NumberLimits { integer, min, max });
    let labels = ["price", "quality", "delivery", "service", "price and quality"];
    vec![
        ("How many words has this", Output::number()),
        ("How many stars from 1 to 5", limits(true, Some(1.0), Some(5.0))),
        ("The sentiment from -1 to 1", limits(false, Some(-1.0), Some(1.0))),
        ("When was this", Output::Date),
        ("What is this about", Output::Labels { labels: labels.map(str::to_owned).into() }),
        ("Extract the review", Output::Json { schema: review() }),
        ("Write anything as JSON", Output::Json { schema: json!({}) }),
        (
            "When and who",
            Output::Json {
                schema: json!({"type": "object", "properties": {
                "when": {"type": "string", "format": "date-time"},
                "who": {"type": "string", "pattern": "^[A-Z][a-z]+( [A-Z][a-z]+)?$"},
            }, "required": ["when", "who"]}),
            },
        ),
    ]
}

fn assert_valid(response: &LLMResponse, output: &Output) {
    let answer = read_answer(&response.content, output)
        .unwrap_or_else(|error| panic!("{output:?}: `{}`: {error}", response.content));
    assert!(value_matches(&answer.value, output), "{output:?}: `{}`", response.content);
}

#[tokio::test]
async fn every_answer_of_every_type_is_valid_also_when_it_is_sampled_wildly() {
    for (instruction, output) in outputs() {
        let is_json = matches!(output, Output::Json { .. });
        let texts = if is_json { &TEXTS[..4] } else { &TEXTS[..] };
        let mut requests = Vec::new();
        for (seed, text) in (0..).zip(texts) {
            requests.push(ask(instruction, text, &output, 0.0, seed));
            requests.push(ask(instruction, text, &output, 1.5, seed));
            requests.push(ask(instruction, text, &output, 1.5, 100 + seed));
        }
        for request in requests.iter_mut().filter(|_| is_json) {
            request.max_tokens = Some(48);
        }
        for response in answers(engine(), requests).await {
            assert_valid(&response, &output);
            assert_eq!(response.confidence.is_none(), is_json);
            assert!(response.confidence.is_none_or(|share| (0.0..=1.0).contains(&share)));
            if !is_json {
                assert_eq!(response.finish_reason, FinishReason::Stop, "{}", response.content);
            }
        }
    }
}

#[tokio::test]
async fn json_is_brought_to_its_end_before_the_tokens_run_out() {
    let schema = json!({"type": "object", "properties": {
    "story": {"type": "string"}, "morals": {"type": "array", "items": {"type": "string"}},
}, "required": ["story", "morals"]});
    let output = Output::Json { schema };
    let requests = (0..8).map(|seed| {
        let mut request = ask("Write a very long story about", "a whale", &output, 0.7, seed);
        request.max_tokens = Some(40);
        request
    });
    let responses = answers(engine(), requests.collect()).await;
    for response in &responses {
        assert_valid(response, &output);
        assert!(response.completion_tokens <= 120, "{}", response.completion_tokens);
    }
    assert!(responses.iter().any(|response| response.finish_reason == FinishReason::Length));
}

fn three_fields() -> Output {
    let schema = json!({"type": "object", "properties": {
        "sentiment": {"enum": ["positive", "negative", "neutral"]},
        "mentions_price": {"type": "boolean"},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
    }, "required": ["sentiment", "mentions_price", "stars"]});
    Output::Json { schema }
}

#[tokio::test]
async fn what_is_certain_is_not_chosen_token_by_token() {
    let output = three_fields();
    let requests = TEXTS.iter().map(|text| ask("Judge the review", text, &output, 0.0, 0));
    let before = engine().figures().unwrap();
    let responses = answers(engine(), requests.collect()).await;
    let figures = engine().figures().unwrap().since(&before);
    let tokens: u64 = responses.iter().map(|one| u64::from(one.completion_tokens)).sum();
    assert!(responses.iter().all(|one| one.content.starts_with(r#"{"sentiment":""#)));
    assert!(2 * figures.forced_tokens > tokens, "{} of {tokens}", figures.forced_tokens);
    assert!(figures.other_share() < 0.5, "{figures:?}");
}

/// Prints where the time goes. Run it alone: `--run-ignored only`.
#[tokio::test]
#[ignore = "a measurement"]
async fn measure_json_of_three_fields() {
    let output = three_fields();
    let requests = |count: usize| -> Vec<LLMRequest> {
        let texts = TEXTS.iter().cycle().take(count);
        texts.map(|text| ask("Judge the review", text, &output, 0.0, 0)).collect()
    };
    answers(engine(), requests(12)).await;
    let before = engine().figures().unwrap();
    let responses = answers(engine(), requests(192)).await;
    let figures = engine().figures().unwrap().since(&before);
    let tokens: u64 = responses.iter().map(|one| u64::from(one.completion_tokens)).sum();
    let other_micros = 1e6 * figures.other_seconds / tokens as f64;
    let share = 100.0 * figures.forced_tokens as f64 / tokens as f64;
    panic!(
        "{tokens} tokens, {share:.1} % forced, {other_micros:.1} µs each outside the model: {figures:?}"
    );
}

#[tokio::test]
async fn the_same_seed_writes_the_same_whatever_rows_are_beside() {
    let exact = LoadOptions { exact: true, ..LoadOptions::default() };
    let engine = LlamaEngine::load(&model_path(), &exact, |_| true).unwrap();
    let outputs = outputs();
    let request = |index: usize| {
        let (instruction, output) = &outputs[index % outputs.len()];
        ask(instruction, TEXTS[index % TEXTS.len()], output, 1.5, index as u64)
    };
    let mut alone = Vec::new();
    for index in 0..8 {
        alone.push(engine.generate(request(index)).await.unwrap().content);
    }
    let together = answers(&engine, (0..8).rev().map(request).collect()).await;
    let together: Vec<String> = together.into_iter().rev().map(|answer| answer.content).collect();
    assert_eq!(alone, together);
}

/// A copy of the model whose chat template opens the thinking.
fn thinking_model() -> tempfile::TempPath {
    let mut bytes = std::fs::read(model_path()).unwrap();
    let replace = |bytes: &mut Vec<u8>, old: &str, new: &str| {
        assert_eq!(old.len(), new.len());
        let at = bytes.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
        bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    };
    // A header says how long its texts are, so the length stays: a shorter default message makes
    // room for the tag.
    let old = "\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n\
           ' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + \
           '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ \
           '<|im_start|>assistant\n' }}";
    let new = old
        .replace(", trained by Hugging Face", "")
        .replace("assistant\n' }}", "assistant\n<think>\n'");
    let spaces = " ".repeat(old.len() - new.len() - 2);
    replace(&mut bytes, old, &format!("{new}{spaces}}}}}"));
    let file = tempfile::Builder::new().suffix(".gguf").tempfile().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file.into_temp_path()
}

#[tokio::test]
async fn a_model_that_thinks_answers_behind_its_thinking() {
    let path = thinking_model();
    // Room for some fifty tokens of thinking.
    let options = LoadOptions { context_tokens: Some(224), ..LoadOptions::default() };
    let engine = LlamaEngine::load(&path, &options, |_| true).unwrap();
    let labels = ["good", "bad"].map(str::to_owned).to_vec();
    let json = json!({"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}}, "required": ["mood"]});
    for output in [
        Output::Text,
        Output::Label { labels },
        Output::Boolean,
        Output::number(),
        Output::Date,
        Output::Json { schema: json },
    ] {
        let mut requests: Vec<LLMRequest> =
            TEXTS[1..4].iter().map(|text| ask("Judge", text, &output, 0.0, 0)).collect();
        for request in &mut requests {
            request.max_tokens = Some(16);
        }
        for response in answers(&engine, requests).await {
            let reasoning = response.reasoning.as_deref().unwrap_or_default();
            assert!(
                !reasoning.is_empty() && !reasoning.contains("think>"),
                "{output:?}: {response:?}"
            );
            assert!(!response.content.contains("think>"), "{output:?}: {response:?}");
            assert!(response.completion_tokens > 10, "{output:?}: {response:?}");
            if output != Output::Text {
                assert_valid(&response, &output);
            }
            if matches!(output, Output::Label { .. } | Output::Boolean) {
                assert_eq!(response.finish_reason, FinishReason::Scored);
                let sum: f64 = response.label_probabilities.iter().map(|p| p.probability).sum();
                assert!((sum - 1.0).abs() < 1e-6, "{sum}");
            }
        }
    }
}

#[tokio::test]
async fn a_streamed_typed_answer_is_the_answer_in_pieces() {
    let output = Output::Json { schema: review() };
    let request = ask("Extract the review", TEXTS[0], &output, 0.0, 0);
    let whole = engine().generate(request.clone()).await.unwrap();
    let pieces: Vec<String> =
        engine().generate_stream(request).await.unwrap().map(Result::unwrap).collect().await;
    assert!(pieces.len() > 1, "{pieces:?}");
    assert_eq!(pieces.concat(), whole.content);
}

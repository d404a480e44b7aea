use std::time::Duration;

use braincells_core::Output;
use futures::StreamExt;
use serde_json::json;
use tokio::time::Instant;

use super::{FakeAnswer, FakeEngine, FakeGate};
use crate::output::read_answer;
use crate::{LLMEngine, LLMError, LLMRequest, Message, Role};

fn request(text: &str, output: Output) -> LLMRequest {
    let messages = vec![Message::new(Role::System, "rules"), Message::new(Role::User, text)];
    LLMRequest { output, ..LLMRequest::new("fake", messages) }
}

fn outputs() -> Vec<Output> {
    vec![
        Output::Text,
        Output::Label { labels: vec!["a".into(), "b".into(), "c".into()] },
        Output::number(),
        Output::Boolean,
        Output::Date,
        Output::Json {
            schema: json!({
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "mood": {"enum": ["up", "down"]},
                    "marks": {"type": "array", "items": {"type": "integer"}},
                    "kind": {"const": "note"},
                },
            }),
        },
    ]
}

#[tokio::test]
async fn the_echo_is_valid_for_every_type_and_depends_on_the_last_user_message_alone() {
    for output in outputs() {
        let mut different = std::collections::BTreeSet::new();
        for row in 0..40 {
            let asked = request(&format!("row {row}"), output.clone());
            let mut again = asked.clone();
            again.messages.insert(0, Message::new(Role::User, "an example"));
            again.seed = 7;
            let first = FakeEngine::echo().generate(asked).await.unwrap();
            let second = FakeEngine::echo().generate(again).await.unwrap();
            assert_eq!(first.content, second.content);
            assert_eq!(first.label_probabilities, second.label_probabilities);
            read_answer(&first.content, &output).unwrap();
            different.insert(first.content);
        }
        assert!(different.len() > 1, "{} never varies", output.as_str());
    }
}

#[tokio::test]
async fn the_echo_is_the_same_in_every_build() {
    let answer = FakeEngine::echo().generate(request("row 1", Output::Text)).await.unwrap();
    assert_eq!(answer.content, "echo 64431f186491289b");
}

#[tokio::test]
async fn a_schemas_shape_is_followed() {
    let output = outputs().pop().unwrap();
    let answer = FakeEngine::echo().generate(request("row 1", output.clone())).await.unwrap();
    let value = read_answer(&answer.content, &output).unwrap().value;
    assert_eq!(value["kind"], "note");
    assert!(value["name"].is_string() && value["marks"][0].is_u64(), "{value}");
    assert!(["up", "down"].contains(&value["mood"].as_str().unwrap()));
}

#[tokio::test]
async fn a_chosen_label_is_the_likeliest_and_the_shares_add_up() {
    for output in outputs() {
        let answer = FakeEngine::echo().generate(request("row", output.clone())).await.unwrap();
        let shares: Vec<_> = answer.label_probabilities.iter().map(|e| e.probability).collect();
        if !matches!(output, Output::Label { .. } | Output::Boolean) {
            assert!(shares.is_empty() && answer.confidence.is_none());
            continue;
        }
        let confidence = answer.confidence.unwrap();
        assert!(confidence > 0.5 && confidence <= 1.0);
        assert!(shares.iter().all(|share| *share <= confidence));
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}

#[tokio::test]
async fn garbage_is_passed_on_without_confidence() {
    let engine = FakeEngine::answering(|_| FakeAnswer::text("perhaps"));
    let answer = engine.generate(request("row", Output::Boolean)).await.unwrap();
    assert_eq!(answer.content, "perhaps");
    assert_eq!((answer.confidence, answer.label_probabilities.len()), (None, 0));
}

#[tokio::test]
async fn failures_come_when_the_script_says() {
    let failing = FakeEngine::answering(|_| FakeAnswer::FailAfter {
        chunks: vec!["one ".into(), "two".into()],
        error: LLMError::InferenceFailed { reason: "scripted".into() },
    });
    let error = LLMError::InferenceFailed { reason: "scripted".into() };
    let asked = request("row", Output::Text);
    assert_eq!(failing.generate(asked.clone()).await, Err(error.clone()));
    let pieces: Vec<_> = failing.generate_stream(asked).await.unwrap().collect().await;
    assert_eq!(pieces, [Ok("one ".to_owned()), Ok("two".to_owned()), Err(error)]);
    assert_eq!((failing.requests_seen(), failing.in_flight()), (2, 0));
}

#[tokio::test]
async fn chunks_are_one_answer_without_streaming() {
    let engine = FakeEngine::answering(|_| FakeAnswer::Chunks(vec!["ab".into(), "c".into()]));
    assert_eq!(engine.generate(request("row", Output::Text)).await.unwrap().content, "abc");
}

#[tokio::test]
async fn a_prompt_too_long_names_both_numbers() {
    let engine = FakeEngine::echo().with_context_tokens(8);
    assert_eq!(engine.capabilities().context_tokens, 8);
    assert!(engine.generate(request("two words", Output::Text)).await.is_ok());
    let error = LLMError::ContextLengthExceeded { needed_tokens: 9, available_tokens: 8 };
    let long = request("three whole words", Output::Text);
    assert_eq!(engine.generate(long.clone()).await, Err(error.clone()));
    assert_eq!(engine.generate_stream(long).await.err(), Some(error));
    assert_eq!(engine.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn delays_are_on_the_paused_clock_and_in_the_figures() {
    let engine = FakeEngine::answering(|_| FakeAnswer::text("late").after_ms(40).after_ms(2));
    let began = Instant::now();
    let answer = engine.generate(request("row", Output::Text)).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_millis(42));
    assert_eq!(answer.duration_ms, 42);
}

#[tokio::test(start_paused = true)]
async fn a_gate_holds_until_released_and_then_stays_open() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("free").held_by(&held));
    let ask = || Box::pin(engine.generate(request("row", Output::Text)));
    let (mut first, mut second) = (ask(), ask());
    assert!(futures::poll!(&mut first).is_pending() && futures::poll!(&mut second).is_pending());
    assert_eq!(engine.in_flight(), 2);

    gate.release(1);
    assert_eq!(first.await.unwrap().content, "free");
    assert!(futures::poll!(&mut second).is_pending(), "one was released, not two");
    gate.open();
    assert_eq!(second.await.unwrap().content, "free");
    assert_eq!(ask().await.unwrap().content, "free");
    assert_eq!((engine.in_flight(), engine.most_in_flight(), engine.requests_seen()), (0, 2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_request_is_no_longer_in_flight() {
    let gate = FakeGate::new();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("never").held_by(&gate));
    let mut asked = Box::pin(engine.generate(request("row", Output::Text)));
    assert!(futures::poll!(&mut asked).is_pending());
    assert_eq!(engine.in_flight(), 1);
    drop(asked);
    assert_eq!(engine.in_flight(), 0);

    let chunks = FakeEngine::answering(|_| FakeAnswer::Chunks(vec!["a".into(), "b".into()]));
    let mut stream = chunks.generate_stream(request("row", Output::Text)).await.unwrap();
    assert_eq!(stream.next().await, Some(Ok("a".to_owned())));
    assert_eq!(chunks.in_flight(), 1);
    drop(stream);
    assert_eq!(chunks.in_flight(), 0);
}

//! Calls that fail: what they were of is computed once more, one by one.

use std::cell::Cell;

use braincells_core::Output;
use braincells_llm::{LLMError, LLMRequest};

use super::case::{case, case_of, request};
use super::*;

/// A letter that no other text of these tests has.
const BAD: Token = b'~' as Token;

fn short(text: &str) -> LLMRequest {
    LLMRequest { max_tokens: Some(6), ..request(text) }
}

/// What rows of these texts answer where nothing fails.
fn expected(texts: &[&str]) -> Vec<String> {
    let answer = |text: &&str| {
        let mut case = case();
        let mut events = case.request(1, short(text));
        case.end(&mut events).unwrap().content
    };
    texts.iter().map(answer).collect()
}

#[test]
fn keys_and_values_that_are_damaged_are_computed_again() {
    let mut case = case();
    // Those of a model with other heads: MLX refuses to put them beside its own.
    let prompt = case.preparer.prepare(request("some text")).unwrap().tokens;
    let (cache, _) = alone(&load("gemma3").0, &prompt);
    case.actor.pretend_kept(prompt, cache);
    let texts = ["some text", "some text, which is longer"];
    let mut events: Vec<_> =
        (0..).zip(texts).map(|(id, text)| case.request(id, short(text))).collect();
    let expected = expected(&texts);
    for (events, expected) in events.iter_mut().zip(expected) {
        assert_eq!(case.end(events).unwrap().content, expected);
    }
}

#[test]
fn only_the_row_that_cannot_be_computed_fails() {
    let (mut decoder, _) = load("qwen3");
    decoder.pretend_failing(Box::new(|rows| rows.iter().any(|row| row.contains(&BAD))));
    let mut case = case_of(decoder);
    let texts = ["some text", "some ~ text", "some text, which is longer"];
    let mut all: Vec<_> =
        (0..).zip(texts).map(|(id, text)| case.request(id, short(text))).collect();
    let ends: Vec<_> = all.iter_mut().map(|events| case.end(events)).collect();
    let is_told = matches!(
        &ends[1],
        Err(LLMError::InferenceFailed { reason }) if reason.contains("MLX")
    );
    assert!(is_told, "{ends:?}");
    let sound = expected(&[texts[0], texts[2]]);
    assert_eq!(ends[0].as_ref().unwrap().content, sound[0]);
    assert_eq!(ends[2].as_ref().unwrap().content, sound[1]);
    let mut next = case.request(3, short(texts[0]));
    assert_eq!(case.end(&mut next).unwrap().content, sound[0], "it goes on as before");
}

/// In the middle of answers, of which the callers have seen a part.
#[test]
fn rows_in_the_middle_of_their_answers_go_on_where_they_were() {
    let texts = ["some text", "another", "some text, which is longer"];
    let labels = ["an end", "an answer"].map(str::to_owned).to_vec();
    let scored = LLMRequest { output: Output::Label { labels }, ..request("a third") };
    let expected = expected(&texts);
    let mut sound = case();
    let mut events = sound.request(1, scored.clone());
    let expected_label = sound.end(&mut events).unwrap().label_probabilities;
    for fails_at in 1..12 {
        let (mut decoder, _) = load("qwen3");
        let calls = Cell::new(0);
        decoder.pretend_failing(Box::new(move |_| {
            calls.set(calls.get() + 1);
            calls.get() == fails_at
        }));
        let mut case = case_of(decoder);
        let mut all: Vec<_> =
            (0..).zip(texts).map(|(id, text)| case.request(id, short(text))).collect();
        let mut label = case.request(9, scored.clone());
        for (events, expected) in all.iter_mut().zip(&expected) {
            let found = case.end(events).unwrap_or_else(|error| panic!("{fails_at}: {error}"));
            assert_eq!(&found.content, expected, "call {fails_at}");
        }
        let found = case.end(&mut label).unwrap().label_probabilities;
        for (found, expected) in found.iter().zip(&expected_label) {
            let difference = (found.probability - expected.probability).abs();
            assert!(difference < 1e-3, "call {fails_at}: {found:?} and {expected:?}");
        }
    }
}

#[test]
fn a_model_that_always_fails_fails_every_row_once() {
    let (mut decoder, _) = load("qwen3");
    decoder.pretend_failing(Box::new(|_| true));
    let mut case = case_of(decoder);
    let mut all: Vec<_> = (0..6).map(|id| case.ask(id, "some text")).collect();
    for events in &mut all {
        assert!(matches!(case.end(events), Err(LLMError::InferenceFailed { .. })));
        assert!(events.try_recv().is_err());
    }
}

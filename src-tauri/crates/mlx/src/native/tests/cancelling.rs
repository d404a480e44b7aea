//! A row that nobody waits for any more.

use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use braincells_llm::{BatchEventKind, LLMError};

use super::case::{case, case_of};
use super::*;
use crate::native::actor::{Shared, Turn};

#[test]
fn no_token_is_computed_after_a_cancel() {
    let mut case = case();
    let (one, two) = (case.ask(1, "some text"), case.ask(2, "another, which is longer"));
    for _ in 0..3 {
        assert_eq!(case.actor.turn(), Turn::Again);
    }
    // Two rows, one token in each turn.
    assert_eq!(case.generated(), 6);
    drop(one);
    assert_eq!(case.actor.turn(), Turn::Again);
    assert_eq!(case.generated(), 7, "one row is left");
    drop(two);
    let calls = case.calls();
    // It would wait for the next row: there is none to come.
    drop(std::mem::replace(&mut case.inbound, sync_channel(1).0));
    assert_eq!(case.actor.turn(), Turn::Again);
    assert_eq!(case.actor.turn(), Turn::Over);
    assert_eq!(case.calls(), calls, "nothing was computed for nobody");
}

#[test]
fn a_row_that_is_cancelled_while_it_waits_is_never_computed() {
    let mut case = case();
    drop(case.ask(1, "nobody waits"));
    assert_eq!(case.actor.turn(), Turn::Again);
    assert_eq!(case.calls(), 0);
}

#[test]
fn a_long_prompt_is_given_up_between_calls() {
    let (decoder, _) = load("qwen3");
    let prompt: Vec<Token> = (0..2000).map(|place| place % 128).collect();
    let mut asked = 0;
    let goes_on = || {
        asked += 1;
        asked < 3
    };
    let empty = decoder.cache(1);
    let found = batch::extend(&decoder, &empty, &[0], 0, &[&prompt], goes_on).unwrap();
    assert!(matches!(found, Extended::Stopped));
    assert_eq!(asked, 3, "two calls of four were made");
}

#[test]
fn a_long_prompt_is_given_up_when_the_engine_is_shut_down() {
    let (mut decoder, _) = load("qwen3");
    let shared = Arc::<Mutex<Option<Arc<Shared>>>>::default();
    let known = Arc::clone(&shared);
    decoder.pretend_failing(Box::new(move |_| {
        if let Some(shared) = &*known.lock().unwrap() {
            shared.is_shutting_down.store(true, Ordering::Relaxed);
        }
        false
    }));
    let mut case = case_of(decoder);
    *shared.lock().unwrap() = Some(Arc::clone(&case.shared));
    let mut events = case.ask(1, &"a long text ".repeat(200));
    drop(std::mem::replace(&mut case.inbound, sync_channel(1).0));
    assert_eq!(case.actor.turn(), Turn::Again);
    assert_eq!(case.actor.turn(), Turn::Over);
    assert_eq!(case.calls(), 0, "the prompt of several calls was not computed to its end");
    let last = events.blocking_recv().map(|event| event.kind);
    assert_eq!(last, Some(BatchEventKind::Failed(LLMError::NotRunning)));
}

#[test]
fn shutting_down_ends_the_next_turn() {
    let mut case = case();
    let mut events = case.ask(1, "some text");
    case.actor.turn();
    case.shared.is_shutting_down.store(true, Ordering::Relaxed);
    assert_eq!(case.actor.turn(), Turn::Over);
    drop(case);
    let mut last = None;
    while let Some(event) = events.blocking_recv() {
        last = Some(event.kind);
    }
    let expected = BatchEventKind::Failed(LLMError::NotRunning);
    assert_eq!(last, Some(expected), "its caller does not wait for ever");
}

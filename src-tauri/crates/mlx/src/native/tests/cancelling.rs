//! A row that nobody waits for any more.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use braincells_llm::decoding::Tokenizer;
use braincells_llm::decoding::prepare::Preparer;
use braincells_llm::decoding::row::Row;
use braincells_llm::{BatchEvent, BatchEventKind, LLMError, LLMRequest, Message, RequestId, Role};
use tokio::sync::mpsc::{Receiver, channel};

use super::*;
use crate::native::actor::{Actor, Shared, Turn};

/// Letters are tokens.
struct Letters;

impl Tokenizer for Letters {
    fn vocabulary_size(&self) -> usize {
        128
    }

    fn tokenise(
        &self,
        text: &str,
        _add_special: bool,
        _parse_special: bool,
    ) -> Result<Vec<Token>, LLMError> {
        Ok(text.bytes().map(|byte| Token::from(byte % 128)).collect())
    }

    fn tokenise_bytes(&self, bytes: &[u8]) -> Option<Vec<Token>> {
        Some(bytes.iter().map(|byte| Token::from(byte % 128)).collect())
    }

    fn token_bytes(&self, token: Token) -> Vec<u8> {
        vec![token as u8]
    }

    fn token_name(&self, _token: Token) -> Option<String> {
        None
    }

    fn is_control(&self, _token: Token) -> bool {
        false
    }

    fn ends_generation(&self, _token: Token) -> bool {
        false
    }

    fn joins_pieces(&self) -> bool {
        true
    }

    fn wants_bos(&self) -> bool {
        false
    }

    fn bos(&self) -> Option<Token> {
        None
    }

    fn eos(&self) -> Option<Token> {
        None
    }

    fn end_of_turn(&self) -> Option<Token> {
        None
    }

    fn chat_template(&self) -> Option<String> {
        None
    }
}

struct Case {
    actor: Actor,
    shared: Arc<Shared>,
    inbound: SyncSender<Row>,
    preparer: Preparer,
}

fn case() -> Case {
    let (decoder, _) = load("qwen3");
    let words: Arc<dyn Tokenizer> = Arc::new(Letters);
    let preparer = Preparer::new(Arc::clone(&words), 4096, None).unwrap();
    let (inbound, receiver) = sync_channel(8);
    let shared = Arc::<Shared>::default();
    let actor = Actor::new(decoder, words, Arc::clone(&shared), receiver, 4);
    Case { actor, shared, inbound, preparer }
}

fn request(text: &str) -> LLMRequest {
    // Sampled, so that it does not go round in circles.
    LLMRequest {
        max_tokens: Some(1000),
        temperature: 2.0,
        ..LLMRequest::new("tiny", vec![Message::new(Role::User, text)])
    }
}

impl Case {
    fn ask(&self, id: u64, text: &str) -> Receiver<BatchEvent> {
        let (events, receiver) = channel(2000);
        let prepared = self.preparer.prepare(request(text)).unwrap();
        let row = futures::executor::block_on(Row::new(RequestId(id), &events, prepared));
        self.inbound.send(row.unwrap()).unwrap();
        receiver
    }

    fn calls(&self) -> u64 {
        self.shared.figures.lock().unwrap().calls
    }

    fn generated(&self) -> u64 {
        self.shared.figures.lock().unwrap().generated_tokens
    }
}

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
fn rows_that_cannot_be_computed_fail_and_the_next_ones_do_not() {
    let mut case = case();
    // Keys and values of a model with other heads: MLX refuses to put them beside its own.
    let prompt = case.preparer.prepare(request("some text")).unwrap().tokens;
    let (cache, _) = alone(&load("gemma3").0, &prompt);
    case.actor.pretend_kept(prompt, cache);
    let (mut one, mut two) = (case.ask(1, "some text"), case.ask(2, "some text, which is longer"));
    case.actor.turn();
    for events in [&mut one, &mut two] {
        let failed = events.blocking_recv().map(|event| event.kind);
        let is_told = matches!(
            &failed,
            Some(BatchEventKind::Failed(LLMError::InferenceFailed { reason })) if reason.contains("MLX")
        );
        assert!(is_told, "{failed:?}");
        assert!(events.blocking_recv().is_none());
    }
    let mut next = case.ask(3, "some text");
    case.actor.turn();
    assert_eq!(next.blocking_recv().map(|event| event.kind), Some(BatchEventKind::Started));
}

#[test]
fn shutting_down_ends_the_next_turn() {
    let mut case = case();
    let mut events = case.ask(1, "some text");
    case.actor.turn();
    case.shared.is_shutting_down.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(case.actor.turn(), Turn::Over);
    drop(case);
    let mut last = None;
    while let Some(event) = events.blocking_recv() {
        last = Some(event.kind);
    }
    let expected = BatchEventKind::Failed(LLMError::NotRunning);
    assert_eq!(last, Some(expected), "its caller does not wait for ever");
}

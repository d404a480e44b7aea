//! Rows that are shown what no sound model says, and callers who take nothing.

use std::sync::mpsc::sync_channel;
use std::thread::Builder;

use braincells_core::Output;
use futures::StreamExt;
use futures::executor::block_on;
use tokio::sync::mpsc::{Receiver, channel};

use super::*;
use crate::decoding::feed::feed;
use crate::decoding::prepare::Preparer;
use crate::{LLMRequest, Message, Role};

/// Letters are tokens, and the end of thinking is none.
struct Letters;

const END: Token = 127;

impl Tokenizer for Letters {
    fn vocabulary_size(&self) -> usize {
        128
    }

    fn tokenise(&self, text: &str, _: bool, _: bool) -> Result<Vec<Token>, LLMError> {
        let is_mark = text.contains("</think>");
        Ok(text.bytes().filter(|_| !is_mark).map(|byte| Token::from(byte % 127)).collect())
    }

    fn tokenise_bytes(&self, bytes: &[u8]) -> Option<Vec<Token>> {
        Some(bytes.iter().map(|byte| Token::from(byte % 127)).collect())
    }

    fn token_bytes(&self, token: Token) -> Vec<u8> {
        vec![token as u8]
    }

    fn token_name(&self, _token: Token) -> Option<String> {
        None
    }

    fn is_control(&self, token: Token) -> bool {
        token == END
    }

    fn ends_generation(&self, token: Token) -> bool {
        token == END
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
        Some(END)
    }

    fn chat_template(&self) -> Option<String> {
        None
    }
}

fn preparer() -> Preparer {
    Preparer::new(Arc::new(Letters), 4096, None).unwrap()
}

fn request() -> LLMRequest {
    LLMRequest::new("m", vec![Message::new(Role::User, "some text")])
}

/// A row that was taken on, after a change of what it is to compute.
fn row(
    request: LLMRequest,
    change: impl FnOnce(&mut Prepared),
) -> (ActiveRow, Receiver<BatchEvent>) {
    let (events, receiver) = channel(16);
    let mut prepared = preparer().prepare(request).unwrap();
    change(&mut prepared);
    let row = block_on(Row::new(RequestId(1), &events, prepared)).unwrap();
    (ActiveRow::new(row, 0, 0), receiver)
}

/// The reason that its caller hears behind the start.
fn failure(row: ActiveRow, mut events: Receiver<BatchEvent>) -> String {
    let reason = row.ended.expect("it has ended");
    row.finish(reason);
    assert_eq!(events.try_recv().map(|event| event.kind), Ok(BatchEventKind::Started));
    match events.try_recv().map(|event| event.kind) {
        Ok(BatchEventKind::Failed(LLMError::InferenceFailed { reason })) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn logits_that_are_no_numbers_are_no_answer() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (mut row, events) = row(request(), |_| ());
        row.take(&[value; 128], &Letters);
        let reason = failure(row, events);
        assert!(reason.contains("no numbers"), "{value}: {reason}");
    }
    // One that can be chosen is enough.
    let mut logits = [f32::NAN; 128];
    logits[70] = -3.0;
    let (mut row, _events) = row(request(), |_| ());
    row.take(&logits, &Letters);
    assert_eq!((row.ended, row.pending()), (None, [70].as_slice()));
}

#[test]
fn labels_behind_logits_that_are_no_numbers_are_no_answer() {
    let labels = ["same start, one", "same start, two"].map(str::to_owned).to_vec();
    let request = LLMRequest { output: Output::Label { labels }, ..request() };
    let (mut row, events) = row(request, |_| ());
    row.take(&[0.0; 128], &Letters);
    assert_eq!((row.ended, row.trie().is_some()), (None, true), "it is to be looked behind");
    row.take_look(0, &[f32::NAN; 128]);
    assert!(failure(row, events).contains("no numbers"));
}

#[test]
fn a_row_with_nothing_to_compute_ends() {
    let (mut row, events) = row(request(), |prepared| {
        prepared.thinks = Thinks::Yes;
        prepared.most_thinking_tokens = 0;
    });
    // It has thought enough, and this model has no words to say so.
    row.take(&[0.0; 128], &Letters);
    assert!(failure(row, events).contains("nothing to compute"));
}

#[test]
fn a_caller_who_takes_no_events_holds_up_its_own_rows_only() {
    let (events, mut receiver) = channel(16);
    let (inbound, rows) = sync_channel(100);
    let requests = (0..100).map(|row| (RequestId(row), request()));
    let feeding = Builder::new().name("feed".to_owned()).spawn(move || {
        block_on(feed(
            futures::stream::iter(requests.collect::<Vec<_>>()).boxed(),
            &preparer(),
            &inbound,
            &events,
        ));
    });
    let feeding = feeding.unwrap();
    let mut logits = [0.0; 128];
    let mut work = |row: Row| {
        let mut row = ActiveRow::new(row, 0, 0);
        for letter in 0..50 {
            logits[65 + letter % 20] += 1.0;
            row.take(&logits, &Letters);
        }
        row.finish(FinishReason::Length);
    };
    // Nobody takes an event, and 16 places are 8 rows: all of them are worked off all the same.
    // Were this thread to wait, the test would never end.
    let handed: Vec<Row> = (0..8).map(|_| rows.recv().unwrap()).collect();
    handed.into_iter().for_each(&mut work);
    assert!(rows.try_recv().is_err(), "no more are handed on");
    // Now somebody takes what there is, and the others follow.
    let mut done = 8;
    let mut ends = 0;
    while ends < 100 {
        match receiver.blocking_recv().unwrap().kind {
            BatchEventKind::Done(_) => ends += 1,
            BatchEventKind::Failed(error) => panic!("{error}"),
            _ => {}
        }
        if ends == done && done < 100 {
            work(rows.recv().unwrap());
            done += 1;
        }
    }
    feeding.join().unwrap();
}

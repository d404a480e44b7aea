use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::stream::{self, StreamExt};
use tokio::time::Instant;

use super::InferencePool;
use crate::{
    BatchEvent, BatchEventKind, FakeAnswer, FakeEngine, FakeGate, LLMEngine, LLMError, LLMRequest,
    Message, RequestId, RequestStream, Role,
};

fn request(text: &str) -> LLMRequest {
    LLMRequest::new("fake", vec![Message::new(Role::User, text)])
}

fn numbered(count: u64) -> RequestStream {
    Box::pin(stream::iter((0..count).map(|id| (RequestId(id), request(&id.to_string())))))
}

/// The number in the request's text.
fn number(request: &LLMRequest) -> u64 {
    request.messages[0].content.parse().unwrap()
}

fn ended(events: &[BatchEvent]) -> Vec<u64> {
    events
        .iter()
        .filter(|event| !matches!(event.kind, BatchEventKind::Started))
        .map(|event| event.id.0)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn never_more_in_flight_than_the_limit_and_never_fewer_while_work_waits() {
    for (limit, most) in [(0, 1), (1, 1), (3, 3), (50, 20)] {
        let engine =
            FakeEngine::answering(|request| FakeAnswer::text("a").after_ms(number(request) + 1));
        let events: Vec<_> = InferencePool::new(limit).run(&engine, numbered(20)).collect().await;
        assert_eq!(engine.most_in_flight(), most, "limit {limit}");
        assert_eq!(engine.in_flight(), 0);
        assert_eq!(engine.requests_seen(), 20);
        assert_eq!(events.len(), 40, "a start and an end for each");
    }
}

#[tokio::test(start_paused = true)]
async fn every_request_starts_once_and_then_ends_once() {
    let engine = FakeEngine::answering(|request| match number(request) {
        number if number % 3 == 0 => {
            FakeAnswer::Fail(LLMError::RateLimited { retry_after_ms: None })
        }
        number => FakeAnswer::text(format!("answer {number}")).after_ms(100 - number),
    });
    let events: Vec<_> = InferencePool::new(4).run(&engine, numbered(30)).collect().await;
    for id in 0..30 {
        let kinds: Vec<_> =
            events.iter().filter(|event| event.id.0 == id).map(|event| &event.kind).collect();
        match (&kinds[..], id % 3) {
            ([BatchEventKind::Started, BatchEventKind::Failed(error)], 0) => {
                assert_eq!(*error, LLMError::RateLimited { retry_after_ms: None });
            }
            ([BatchEventKind::Started, BatchEventKind::Done(response)], 1 | 2) => {
                assert_eq!(response.content, format!("answer {id}"));
            }
            _ => panic!("request {id}: {kinds:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_request_does_not_hold_up_a_wave() {
    let engine = FakeEngine::answering(|request| {
        FakeAnswer::text("a").after_ms(if number(request) == 0 { 1000 } else { 10 })
    });
    let began = Instant::now();
    let events: Vec<_> = InferencePool::new(2).run(&engine, numbered(51)).collect().await;
    assert_eq!(ended(&events).last(), Some(&0), "all others went past the slow one");
    assert_eq!(began.elapsed(), Duration::from_secs(1), "50 short ones fit beside it");
}

#[tokio::test(start_paused = true)]
async fn the_order_of_ends_is_the_order_in_which_they_end() {
    let engine =
        FakeEngine::answering(|request| FakeAnswer::text("a").after_ms(100 - number(request) * 10));
    let events: Vec<_> = InferencePool::new(5).run(&engine, numbered(5)).collect().await;
    assert_eq!(ended(&events), [4, 3, 2, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn requests_are_pulled_only_when_there_is_room() {
    let pulled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&pulled);
    let requests = Box::pin(numbered(10).inspect(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("a").held_by(&held));
    let mut events = InferencePool::new(3).run(&engine, requests);

    for _ in 0..3 {
        assert!(matches!(events.next().await.unwrap().kind, BatchEventKind::Started));
    }
    assert!(futures::poll!(events.next()).is_pending());
    assert_eq!((pulled.load(Ordering::SeqCst), engine.in_flight()), (3, 3));

    gate.release(1);
    assert!(matches!(events.next().await.unwrap().kind, BatchEventKind::Done(_)));
    assert!(matches!(events.next().await.unwrap().kind, BatchEventKind::Started));
    assert_eq!(pulled.load(Ordering::SeqCst), 4, "one out, one in");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_stream_drops_the_calls_in_flight() {
    let gate = FakeGate::new();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("a").held_by(&gate));
    let mut events = InferencePool::new(4).run(&engine, numbered(100));
    events.next().await.unwrap();
    assert_eq!(engine.in_flight(), 4);
    drop(events);
    assert_eq!(engine.in_flight(), 0);
    assert_eq!(engine.requests_seen(), 4, "nothing else was begun");
}

#[tokio::test(start_paused = true)]
async fn batches_on_one_pool_share_its_limit_and_an_idle_one_holds_no_room() {
    let pool = InferencePool::new(1);
    let engine = FakeEngine::answering(|_| FakeAnswer::text("a").after_ms(5));
    let (sender, receiver) = tokio::sync::mpsc::channel::<(RequestId, LLMRequest)>(1);
    let mut idle =
        pool.run(&engine, Box::pin(tokio_stream::wrappers::ReceiverStream::new(receiver)));
    assert!(futures::poll!(idle.next()).is_pending(), "it waits for a request");

    let (left, right) = tokio::join!(
        pool.run(&engine, numbered(5)).collect::<Vec<_>>(),
        pool.run(&engine, numbered(5)).collect::<Vec<_>>(),
    );
    assert_eq!((ended(&left).len(), ended(&right).len()), (5, 5));
    assert_eq!(engine.most_in_flight(), 1);

    sender.send((RequestId(9), request("late"))).await.unwrap();
    drop(sender);
    assert_eq!(ended(&idle.collect::<Vec<_>>().await), [9]);
}

#[tokio::test(start_paused = true)]
async fn an_engine_batches_through_the_pool_by_default() {
    let engine =
        FakeEngine::answering(|_| FakeAnswer::text("a").after_ms(5)).with_parallel_requests(7);
    let boxed: Box<dyn LLMEngine> = Box::new(engine);
    let began = Instant::now();
    let events: Vec<_> = boxed.generate_batch(numbered(21)).collect().await;
    assert_eq!(ended(&events).len(), 21);
    assert_eq!(began.elapsed(), Duration::from_millis(15), "three rounds of seven");
    assert!(boxed.generate_batch(Box::pin(stream::empty())).next().await.is_none());
}

use std::time::Duration;

use braincells_llm::{BatchEventKind, LLMEngine, RequestId};
use braincells_testing::{Answer, ChatCall, ChatServer, End, Reply};
use futures::{StreamExt, stream};
use serde_json::json;
use tokio::time::timeout;

use super::support::{Asks, engine, request};

/// Good answers until the window is open, then as many that never end.
fn opens_then(call: &ChatCall, then: &Reply) -> Reply {
    if call.number < 64 { Reply::text("fine") } else { then.clone() }
}

fn half_an_answer() -> Reply {
    let events = Answer::new("one two three").events(&json!("m"), true);
    let chunks = vec![events[..2].concat().into_bytes()];
    Reply::Raw { content_type: "text/event-stream".to_owned(), chunks, end: End::Stall }
}

#[tokio::test]
async fn dropping_a_batch_ends_all_that_is_in_flight_within_a_second() {
    for then in [Reply::Stall, half_an_answer()] {
        let server = {
            let then = then.clone();
            ChatServer::start(move |call| opens_then(call, &then)).await
        };
        let engine = Asks { parallel: 64, ..Asks::of(&server) }.engine();
        let requests = stream::iter((0..1_000).map(|id| (RequestId(id), request("x"))));
        let mut batch = engine.generate_batch(Box::pin(requests));
        let mut all_stalled = Box::pin(server.until_in_flight(64));
        loop {
            tokio::select! {
                biased;
                () = &mut all_stalled => break,
                event = batch.next() => assert!(event.is_some()),
            }
        }
        let calls = server.calls();
        drop(batch);
        let closed = timeout(Duration::from_secs(1), server.until_in_flight(0)).await;
        assert!(closed.is_ok(), "{} are still open", server.in_flight());
        assert_eq!(server.calls(), calls, "and nothing more is asked");
        assert_eq!(engine.flow().unwrap().in_flight, 0);
        // The engine goes on with the next batch.
        server.set_script(|_| Reply::text("again"));
        assert_eq!(engine.generate(request("x")).await.unwrap().content, "again");
    }
}

#[tokio::test]
async fn dropping_one_request_or_stream_ends_it() {
    let server = ChatServer::start(|_| half_an_answer()).await;
    let engine = engine(&server);
    let mut asking = Box::pin(engine.generate(request("x")));
    tokio::select! {
        _ = &mut asking => panic!("it never ends"),
        () = server.until_in_flight(1) => {}
    }
    drop(asking);
    timeout(Duration::from_secs(1), server.until_in_flight(0)).await.unwrap();

    let mut pieces = engine.generate_stream(request("x")).await.unwrap();
    assert_eq!(pieces.next().await.unwrap().unwrap(), "one ");
    assert_eq!(server.in_flight(), 1);
    drop(pieces);
    timeout(Duration::from_secs(1), server.until_in_flight(0)).await.unwrap();
}

#[tokio::test]
async fn text_is_heard_while_the_answer_is_made() {
    let server = ChatServer::start(|_| half_an_answer()).await;
    let engine = engine(&server);
    let requests = stream::iter([(RequestId(7), request("x"))]);
    let mut batch = engine.generate_batch(Box::pin(requests));
    assert_eq!(batch.next().await.unwrap().kind, BatchEventKind::Started);
    let delta = batch.next().await.unwrap();
    assert_eq!((delta.id, delta.kind), (RequestId(7), BatchEventKind::Delta("one ".to_owned())));
}

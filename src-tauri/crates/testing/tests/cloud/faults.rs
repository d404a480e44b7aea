use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use braincells_llm::{BatchEvent, BatchEventKind, LLMEngine, RequestId};
use braincells_testing::{Answer, ChatCall, ChatServer, Dice, End, Reply, becomes};
use futures::{StreamExt, stream};
use serde_json::json;

use super::support::{Asks, ends, engine, request};

const ROWS: u64 = 20_000;

/// What the server did instead of answering, by kind.
#[derive(Debug, Default)]
struct Injected {
    asked_to_wait: AtomicUsize,
    failed: AtomicUsize,
    dropped: AtomicUsize,
    stalled: AtomicUsize,
    garbage: AtomicUsize,
    other_type: AtomicUsize,
    answered: AtomicUsize,
    /// How often the answer of a row broke off behind its beginning, by its text.
    broken_off: Mutex<HashMap<String, u32>>,
}

impl Injected {
    fn failures(&self) -> usize {
        let Self { asked_to_wait, failed, dropped, stalled, garbage, other_type, .. } = self;
        let all = [asked_to_wait, failed, dropped, stalled, garbage, other_type];
        all.iter().map(|count| count.load(Ordering::SeqCst)).sum()
    }

    /// 5 % wait, 2 % fail, 1 % dropped, 1 % stalled, 1 % garbage or cut off, 0.5 % of another type.
    fn reply(&self, call: &ChatCall) -> Reply {
        let mut dice = Dice::new(0xb0a7 + call.number as u64);
        let (roll, other) = (dice.below(1_000), dice.below(1_000));
        let count = |counter: &AtomicUsize| counter.fetch_add(1, Ordering::SeqCst);
        match roll {
            0..50 => {
                count(&self.asked_to_wait);
                let reply = Reply::error(429, "rate_limit_exceeded", "Rate limit reached");
                match other {
                    // Each of these holds everything back.
                    0..3 => reply.with_header("retry-after-ms", "100"),
                    3..500 => reply.with_header("retry-after", "0"),
                    _ => reply,
                }
            }
            50..70 => {
                count(&self.failed);
                Reply::error(500, "internal_error", "The server had an error")
            }
            70..80 => {
                count(&self.dropped);
                if other < 500 { Reply::Drop } else { self.events(call, &mut dice, End::Abort) }
            }
            80..90 => {
                count(&self.stalled);
                if other < 500 { Reply::Stall } else { self.events(call, &mut dice, End::Stall) }
            }
            90..100 => {
                count(&self.garbage);
                match other {
                    0..300 => self.events(call, &mut dice, End::Close),
                    300..600 => raw("text/event-stream", b"data: {\"choices\": [{\n\n"),
                    _ => raw("text/event-stream", &[0xff, 0x00, b'\n', b'\n']),
                }
            }
            100..105 => {
                count(&self.other_type);
                raw("text/html", b"<html><body>Please sign in</body></html>")
            }
            _ => {
                count(&self.answered);
                Reply::Answer(Answer::new(call.last_user_message()))
            }
        }
    }

    /// The first events of a good answer, up to somewhere in front of the one that ends it.
    fn events(&self, call: &ChatCall, dice: &mut Dice, end: End) -> Reply {
        let mut events = Answer::new(call.last_user_message()).events(&json!("test-model"), true);
        let whole = events.len() as u64 - 3;
        events.truncate(dice.below(whole + 1) as usize);
        if !events.is_empty() {
            *self
                .broken_off
                .lock()
                .expect("nobody panics with it")
                .entry(call.last_user_message().to_owned())
                .or_default() += 1;
        }
        let chunks = vec![events.concat().into_bytes()];
        Reply::Raw { content_type: "text/event-stream".to_owned(), chunks, end }
    }
}

fn raw(content_type: &str, bytes: &[u8]) -> Reply {
    let content_type = content_type.to_owned();
    Reply::Raw { content_type, chunks: vec![bytes.to_vec()], end: End::Close }
}

#[tokio::test]
async fn every_row_ends_once_and_well_unless_its_answer_broke_off_twice() {
    let injected = Arc::new(Injected::default());
    let server = {
        let injected = Arc::clone(&injected);
        ChatServer::start(move |call| injected.reply(call)).await
    };
    let mut asks = Asks { parallel: 64, ..Asks::of(&server) };
    asks.options.stall_timeout = Some(Duration::from_millis(300));
    let engine = asks.engine();
    let began = Instant::now();
    let text_of = |id: u64| format!("row {id} and what it says");
    let requests = stream::iter((0..ROWS).map(move |id| (RequestId(id), request(text_of(id)))));
    let mut batch = engine.generate_batch(Box::pin(requests));
    let (mut done, mut failed) = (vec![0_u32; ROWS as usize], Vec::new());
    let mut spent = 0;
    // What was heard of an answer since it was last sent.
    let mut heard: HashMap<RequestId, String> = HashMap::new();
    while let Some(BatchEvent { id, kind }) = batch.next().await {
        match kind {
            BatchEventKind::Started => {
                heard.insert(id, String::new());
            }
            BatchEventKind::Delta(text) => heard.get_mut(&id).unwrap().push_str(&text),
            BatchEventKind::Done(response) => {
                done[id.0 as usize] += 1;
                assert_eq!(response.content, text_of(id.0));
                assert_eq!(heard.remove(&id).as_deref(), Some(response.content.as_str()));
                assert_eq!(response.completion_tokens, 6);
            }
            BatchEventKind::Spent { .. } => spent += 1,
            BatchEventKind::Failed(error) => {
                assert!(error.to_string().contains("(2 attempts)"), "{id:?}: {error}");
                done[id.0 as usize] += 1;
                failed.push(text_of(id.0));
            }
        }
    }
    drop(batch);
    let flow = engine.flow().unwrap();
    let (calls, answered) = (server.calls(), injected.answered.load(Ordering::SeqCst));
    println!("{ROWS} rows in {:.1?}, {calls} calls, {injected:?}, {flow:?}", began.elapsed());
    assert!(done.iter().all(|&ends| ends == 1), "every row ends once");
    assert!(server.most_in_flight() <= 64, "{}", server.most_in_flight());
    assert_eq!(calls, answered + injected.failures());
    assert_eq!(flow.in_flight, 0);
    // An answer that came is paid for once, one that broke off is bought twice at most. A machine
    // that stands still for longer than the stall timeout makes good answers into stalls, which is
    // nobody's fault.
    let paid_twice = answered + failed.len() - ROWS as usize;
    assert!(paid_twice <= 20, "{paid_twice} answers were asked for again");
    let broken_off = injected.broken_off.lock().unwrap();
    let others = failed.iter().filter(|text| broken_off.get(*text).is_none_or(|&times| times < 2));
    assert!(others.count() <= 20, "{failed:?}");
    let broken: u32 = broken_off.values().sum();
    assert!(spent > 0 && spent <= broken + 20, "{spent} of {broken} were told");
}

#[tokio::test]
async fn a_server_that_goes_away_and_comes_back_loses_no_row() {
    let mut server = ChatServer::start(|call| {
        let pause = Duration::from_millis(20);
        Reply::Answer(Answer::new(call.last_user_message()).after(pause))
    })
    .await;
    let engine = Asks { parallel: 8, ..Asks::of(&server) }.engine();
    let rows = 200;
    let requests = stream::iter((0..rows).map(|id| (RequestId(id), request(format!("row {id}")))));
    let mut batch = engine.generate_batch(Box::pin(requests));
    let mut done = Vec::new();
    let (mut is_gone, mut is_back) = (false, false);
    while let Some(event) = batch.next().await {
        match event.kind {
            BatchEventKind::Done(_) => done.push(event.id.0),
            BatchEventKind::Failed(error) => panic!("{error}"),
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {}
        }
        if done.len() == 50 && !is_gone {
            server.stop().await;
            is_gone = true;
        }
        // All that was in flight broke, and was tried again.
        if !is_back && engine.flow().unwrap().retries > 8 {
            server.start_again().await.unwrap();
            is_back = true;
        }
    }
    assert!(is_gone && is_back);
    done.sort_unstable();
    assert_eq!(done, (0..rows).collect::<Vec<_>>());
}

#[tokio::test]
async fn nobody_there_is_said_soon_and_once() {
    let mut server = ChatServer::start(|_| Reply::text("x")).await;
    server.stop().await;
    let engine = Asks { parallel: 64, ..Asks::of(&server) }.engine();
    let ends = ends(&engine, (0..1_000).map(|_| request("x")).collect()).await;
    assert!(ends.len() <= 64, "{} rows were begun", ends.len());
    for end in ends {
        let error = end.unwrap_err();
        assert!(error.ends_run() && error.to_string().contains("cannot be reached"), "{error}");
    }
}

#[tokio::test]
async fn a_row_that_always_fails_fails_alone() {
    let server = ChatServer::start(|call| {
        if call.last_user_message() == "poison" {
            return Reply::error(500, "internal_error", "The server had an error");
        }
        Reply::text("fine")
    })
    .await;
    let texts = ["a", "poison", "b", "c"];
    let ends = ends(&engine(&server), texts.map(request).into()).await;
    let failed: Vec<bool> = ends.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, true, false, false]);
    assert!(!ends[1].as_ref().unwrap_err().ends_run());
    let sent = server.calls() - 3;
    assert_eq!(sent, 6);
}

#[tokio::test]
async fn what_the_provider_asks_to_wait_is_waited_and_shown() {
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let server = {
        let times = Arc::clone(&times);
        ChatServer::start(move |call| {
            times.lock().unwrap().push(Instant::now());
            if call.number == 0 {
                let reply = Reply::error(429, "rate_limit_exceeded", "Rate limit reached");
                return reply.with_header("retry-after-ms", "300");
            }
            Reply::text("fine")
        })
        .await
    };
    let engine = Arc::new(engine(&server));
    let asking = {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move { engine.generate(request("x")).await })
    };
    let engine_of_watcher = Arc::clone(&engine);
    let was_shown = tokio::task::spawn_blocking(move || {
        becomes(|| engine_of_watcher.flow().unwrap().wait_ms.is_some())
    });
    assert!(was_shown.await.unwrap());
    assert_eq!(asking.await.unwrap().unwrap().content, "fine");
    let times = times.lock().unwrap();
    assert!(times[1].duration_since(times[0]) >= Duration::from_millis(300));
    assert_eq!(engine.flow().unwrap().wait_ms, None);
}

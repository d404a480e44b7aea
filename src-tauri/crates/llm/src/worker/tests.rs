//! Both sides against each other and against peers that misbehave.

#![cfg(unix)]

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use futures::StreamExt;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::protocol::{
    BatchId, EVENT_ROOM, FromWorker, PROTOCOL, ToWorker, encode, read_frame, write_frame,
};
use super::*;
use crate::{
    BatchEvent, BatchEventKind, FakeAnswer, FakeEngine, FakeGate, LLMEngine, LLMError, LLMRequest,
    Message, RequestId, Role,
};

/// Hands out one engine, whatever is asked for.
struct Given(Arc<FakeEngine>);

impl Loader for Given {
    fn load(
        &self,
        path: &Path,
        _options: Value,
        model_hash: &mut dyn FnMut() -> Option<String>,
        mut progress: LoadProgress,
    ) -> Result<Arc<dyn LLMEngine>, LLMError> {
        if path == Path::new("none") {
            return Err(LLMError::ModelNotFound { path: path.to_owned() });
        }
        assert_ne!(path, Path::new("defect"), "a defect of a test");
        for step in 0..1000 {
            if !progress(step as f32 / 1000.0) {
                return Err(LLMError::Cancelled);
            }
        }
        drop(model_hash());
        Ok(Arc::clone(&self.0) as Arc<dyn LLMEngine>)
    }
}

/// A served engine, and the parent's end.
struct Bench {
    socket: UnixStream,
    served: JoinHandle<Served>,
    engine: Arc<FakeEngine>,
}

impl Bench {
    fn new(engine: FakeEngine) -> Self {
        let engine = Arc::new(engine);
        let (socket, theirs) = UnixStream::pair().unwrap();
        let loader = Given(Arc::clone(&engine));
        let served = std::thread::Builder::new()
            .spawn(move || serve(theirs.try_clone().unwrap(), theirs, loader, Logs::Kept))
            .unwrap();
        Self { socket, served, engine }
    }

    fn send(&mut self, frame: &ToWorker) {
        write_frame(&mut self.socket, frame).unwrap();
    }

    fn load(&mut self, path: &str) {
        let (path, options) = (path.into(), json!({}));
        self.send(&ToWorker::Load { path, options, log: None });
        self.send(&ToWorker::ModelHash { sha256: None });
    }

    fn ask(&mut self, batch: u64, id: u64) {
        let messages = vec![Message::new(Role::User, format!("question {id}"))];
        let request = Box::new(LLMRequest::new("m", messages));
        self.send(&ToWorker::Generate { batch: BatchId(batch), id: RequestId(id), request });
    }

    fn read(&mut self) -> Option<FromWorker> {
        read_frame(&mut self.socket).unwrap()
    }

    /// Reads until a frame is of interest.
    fn until<T>(&mut self, wanted: impl Fn(FromWorker) -> Option<T>) -> T {
        loop {
            let frame = self.read().expect("it serves");
            if let Some(found) = wanted(frame) {
                return found;
            }
        }
    }

    fn until_loaded(&mut self) {
        self.until(|frame| matches!(frame, FromWorker::Loaded { .. }).then_some(()));
    }

    fn until_fatal(&mut self) -> String {
        self.until(|frame| match frame {
            FromWorker::Fatal { reason } => Some(reason),
            _ => None,
        })
    }

    fn end(self) -> Served {
        drop(self.socket);
        self.served.join().unwrap()
    }
}

#[test]
fn a_child_says_hello_loads_answers_and_ends_when_told() {
    let mut bench = Bench::new(FakeEngine::echo().with_parallel_requests(4));
    let hello = bench.read().unwrap();
    assert!(matches!(hello, FromWorker::Hello { protocol: PROTOCOL, .. }), "{hello:?}");
    bench.load("model");
    let mut told = 0;
    while !matches!(bench.read().unwrap(), FromWorker::Loaded { .. }) {
        told += 1;
    }
    assert!((90..=101).contains(&told), "{told} times of a thousand");
    bench.send(&ToWorker::Count { id: 7, texts: vec!["one two".to_owned(), String::new()] });
    let counted = bench.until(|frame| match frame {
        FromWorker::Counted { id, counts } => Some((id, counts)),
        _ => None,
    });
    assert_eq!(counted, (7, vec![Some(4), Some(0)]));
    for id in 0..8 {
        bench.ask(1, id);
    }
    bench.send(&ToWorker::EndBatch { batch: BatchId(1) });
    let mut done = 0;
    while done < 8 {
        done += bench.until(|frame| match frame {
            FromWorker::Events { events, .. } => {
                let is_done = |event: &&BatchEvent| matches!(event.kind, BatchEventKind::Done(_));
                Some(events.iter().filter(is_done).count())
            }
            _ => None,
        });
    }
    bench.send(&ToWorker::Shutdown);
    assert_eq!(bench.served.join().unwrap(), Served::ShutDown);
}

#[test]
fn a_child_ends_with_its_parent_in_the_middle_of_its_work() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("late").held_by(&held));
    let mut bench = Bench::new(engine);
    bench.load("model");
    bench.until_loaded();
    bench.ask(1, 1);
    bench.until(|frame| matches!(frame, FromWorker::Events { .. }).then_some(()));
    assert_eq!(bench.end(), Served::ParentGone);
    gate.open();
}

#[test]
fn a_cancelled_batch_leaves_the_engine_and_the_others_go_on() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |request| match request.messages[0].content.as_str() {
        "question 1" => FakeAnswer::text("late").held_by(&held),
        _ => FakeAnswer::text("now"),
    });
    let mut bench = Bench::new(engine);
    bench.load("model");
    bench.until_loaded();
    bench.ask(1, 1);
    bench.until(|frame| matches!(frame, FromWorker::Events { .. }).then_some(()));
    assert_eq!(bench.engine.in_flight(), 1);
    bench.send(&ToWorker::Cancel { batch: BatchId(1) });
    bench.ask(2, 2);
    bench.send(&ToWorker::EndBatch { batch: BatchId(2) });
    let is_end = |event: &BatchEvent| matches!(event.kind, BatchEventKind::Done(_));
    bench.until(|frame| match frame {
        FromWorker::Events { batch: BatchId(2), events, .. } => {
            events.iter().any(is_end).then_some(())
        }
        _ => None,
    });
    while bench.engine.in_flight() > 0 {
        std::thread::yield_now();
    }
    bench.send(&ToWorker::Shutdown);
    assert_eq!(bench.served.join().unwrap(), Served::ShutDown);
}

#[test]
fn a_child_sends_no_more_events_than_it_was_given_room_for() {
    // More pieces than there is room.
    let pieces = EVENT_ROOM as usize + 500;
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("word ".repeat(4)));
    let mut bench = Bench::new(engine.with_parallel_requests(pieces as u32));
    bench.load("model");
    bench.until_loaded();
    for id in 0..pieces as u64 {
        bench.ask(1, id);
    }
    let events = |frame| match frame {
        FromWorker::Events { events, .. } => Some(events.len()),
        _ => None,
    };
    let mut seen = 0;
    // A frame holds at most 64, and one is not sent in part.
    while seen + 64 <= EVENT_ROOM as usize {
        seen += bench.until(events);
    }
    assert!(seen <= EVENT_ROOM as usize, "{seen}");
    bench.send(&ToWorker::Count { id: 1, texts: vec!["control is not behind events".into()] });
    let next = bench.until(|frame| match frame {
        FromWorker::Counted { .. } => Some(0),
        frame => events(frame),
    });
    assert!(seen + next <= EVENT_ROOM as usize, "{seen} and {next}");
    seen += next;
    bench.send(&ToWorker::Credit { batch: BatchId(1), events: 4 * EVENT_ROOM });
    while seen < 2 * pieces {
        seen += bench.until(events);
    }
    assert_eq!(seen, 2 * pieces, "each began and ended");
    assert_eq!(bench.end(), Served::ParentGone);
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    type Ask = dyn Fn(&mut Bench);
    let cases: [(&Ask, &str); 4] = [
        (&|bench| bench.ask(1, 1), "before it was loaded"),
        (&|bench| bench.send(&ToWorker::ModelHash { sha256: None }), "a model's hash"),
        (
            &|bench| {
                bench.load("model");
                bench.load("model");
            },
            "load twice",
        ),
        (
            &|bench| std::io::Write::write_all(&mut bench.socket, b"\x02\0\0\0{}").unwrap(),
            "cannot read",
        ),
    ];
    for (ask, expected) in cases {
        let mut bench = Bench::new(FakeEngine::echo());
        ask(&mut bench);
        let reason = bench.until_fatal();
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(bench.end(), Served::Broken);
    }
    let mut bench = Bench::new(FakeEngine::echo());
    bench.load("none");
    let error = bench.until(|frame| match frame {
        FromWorker::LoadFailed { error } => Some(error),
        _ => None,
    });
    assert_eq!(error, LLMError::ModelNotFound { path: "none".into() });
}

#[test]
fn an_engine_that_ends_within_the_child_ends_the_child() {
    let engine = FakeEngine::answering(|_| FakeAnswer::Fail(LLMError::NotRunning));
    let mut bench = Bench::new(engine);
    bench.load("model");
    bench.until_loaded();
    bench.ask(1, 1);
    assert!(bench.until_fatal().contains("without an answer"));
}

#[test]
fn a_defect_within_the_child_ends_the_child() {
    let engine = FakeEngine::answering(|_| panic!("a defect of a test"));
    let mut bench = Bench::new(engine);
    bench.load("model");
    bench.until_loaded();
    bench.ask(1, 1);
    assert!(bench.until_fatal().contains("defect"));
    let mut bench = Bench::new(FakeEngine::echo());
    bench.load("defect");
    assert!(bench.until_fatal().contains("defect"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_child_that_is_told_anything_in_any_order_ends(
        told in prop::collection::vec(0..9_u8, 0..12),
        garbage in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = Vec::new();
        for (at, kind) in told.into_iter().enumerate() {
            let (batch, id) = (BatchId(u64::from(kind % 2)), RequestId(at as u64));
            let frame = match kind {
                0 | 1 => ToWorker::Load { path: "model".into(), options: json!({}), log: None },
                2 => ToWorker::ModelHash { sha256: None },
                3 | 4 => {
                    let request = Box::new(LLMRequest::new("m", Vec::new()));
                    ToWorker::Generate { batch, id, request }
                }
                5 => ToWorker::EndBatch { batch },
                6 => ToWorker::Cancel { batch },
                7 => ToWorker::Credit { batch, events: u32::MAX },
                _ => ToWorker::Count { id: 1, texts: vec!["x".to_owned()] },
            };
            bytes.extend(encode(&frame).unwrap());
        }
        bytes.extend(garbage);
        let served = serve(
            bytes.as_slice(),
            std::io::sink(),
            Given(Arc::new(FakeEngine::echo())),
            Logs::Kept,
        );
        prop_assert_ne!(served, Served::ShutDown);
    }
}

fn shell(script: &str) -> WorkerProgram {
    WorkerProgram {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
    }
}

async fn load(program: WorkerProgram) -> Result<WorkerEngine, LLMError> {
    let model = WorkerModel { path: "model".into(), options: json!({}) };
    WorkerEngine::load(program, model, async { None }, |_| {}).await
}

/// A frame as a shell writes it.
fn printed(frame: &FromWorker) -> String {
    let digits: String = encode(frame).unwrap().iter().fold(String::new(), |mut text, byte| {
        std::fmt::Write::write_fmt(&mut text, format_args!("\\{byte:03o}")).unwrap();
        text
    });
    format!("printf '{digits}' >&0\n")
}

fn hello(version: &str) -> String {
    printed(&FromWorker::Hello { protocol: PROTOCOL, version: version.to_owned() })
}

#[tokio::test]
async fn a_child_that_is_none_or_talks_nonsense_is_an_error_that_says_so() {
    let own = env!("CARGO_PKG_VERSION");
    let died =
        |reason: &str| format!("the engine's process ended while it loaded the model: {reason}");
    let cases = [
        ("exit 3".to_owned(), died("it ended with exit code 3")),
        ("kill -SEGV $$".to_owned(), died("it crashed with SIGSEGV")),
        (
            "echo 'a.c:7: GGML_ASSERT(x) failed' >&2; echo bye; kill -ABRT $$".to_owned(),
            died("it gave up with SIGABRT after it said `a.c:7: GGML_ASSERT(x) failed`"),
        ),
        ("printf '\\002\\000\\000\\000{}' >&0; sleep 60".to_owned(), died("it does not speak")),
        ("printf '\\377\\377\\377\\377' >&0; sleep 60".to_owned(), died("it does not speak")),
        (
            printed(&FromWorker::LoadProgress { fraction: 0.5 }) + "sleep 60",
            died("it does not say hello"),
        ),
        (hello("0.0.0") + "sleep 60", format!("version 0.0.0 and this one is {own}")),
        (hello(own) + "exit 4", died("it ended with exit code 4")),
        (
            hello(own)
                + &printed(&FromWorker::LoadFailed {
                    error: LLMError::ModelNotFound { path: "m".into() },
                })
                + "sleep 60",
            "there is no model file at `m`".to_owned(),
        ),
        (
            hello(own) + &printed(&FromWorker::Fatal { reason: "no luck".to_owned() }) + "sleep 60",
            died("no luck"),
        ),
    ];
    for (script, expected) in cases {
        let error = load(shell(&script)).await.err().expect(&script).to_string();
        assert!(error.contains(&expected), "{script}: {error}");
    }
    let missing = WorkerProgram { program: "/no/such/program".into(), ..shell("") };
    let error = load(missing).await.err().unwrap().to_string();
    assert!(error.contains("`/no/such/program` cannot be started"), "{error}");
}

#[tokio::test]
async fn a_load_that_nobody_waits_for_is_ended_at_once() {
    let script = hello(env!("CARGO_PKG_VERSION"))
        + &printed(&FromWorker::LoadProgress { fraction: 0.5 })
        + "exec sleep 600";
    let (telling, told) = std::sync::mpsc::sync_channel(8);
    let model = WorkerModel { path: "model".into(), options: json!({}) };
    let began = std::time::Instant::now();
    let loading = WorkerEngine::load(shell(&script), model, async { None }, move |news| {
        drop(telling.try_send(news));
    });
    let first = tokio::task::spawn_blocking(move || told.recv().unwrap());
    tokio::select! {
        _ = loading => panic!("it does not load"),
        news = first => assert_eq!(news.unwrap(), WorkerNews::Loading(0.5)),
    }
    assert!(began.elapsed().as_secs() < 60, "nobody waited for the child");
}

#[tokio::test]
async fn a_batch_of_an_engine_whose_child_is_gone_ends() {
    let script = hello(env!("CARGO_PKG_VERSION"))
        + &printed(&FromWorker::Loaded { capabilities: FakeEngine::echo().capabilities() })
        + "exit 0";
    let engine = load(shell(&script)).await.unwrap();
    while engine.is_ready().await {
        tokio::task::yield_now().await;
    }
    let request = LLMRequest::new("m", vec![Message::new(Role::User, "a")]);
    assert_eq!(engine.generate(request.clone()).await, Err(LLMError::NotRunning));
    let requests = futures::stream::iter([(RequestId(1), request)]).boxed();
    let events: Vec<_> = engine.generate_batch(requests).collect().await;
    let refused = BatchEventKind::Failed(LLMError::NotRunning);
    assert_eq!(events, [BatchEvent { id: RequestId(1), kind: refused }]);
    assert_eq!(engine.count_tokens("a"), None);
}

#[tokio::test]
async fn a_child_that_does_not_end_when_it_is_asked_to_is_ended() {
    let script = hello(env!("CARGO_PKG_VERSION"))
        + &printed(&FromWorker::Loaded { capabilities: FakeEngine::echo().capabilities() })
        + "exec sleep 600";
    let engine = load(shell(&script)).await.unwrap();
    let began = std::time::Instant::now();
    drop(engine);
    assert!((1..60).contains(&began.elapsed().as_secs()), "it had its time and no more");
}

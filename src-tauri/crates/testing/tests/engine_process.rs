//! An engine in a process of its own, with scripted answers: however that process ends, each row
//! has its end, and no process is left behind.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use braincells_core::{CellState, Code, Event, RunScope, RunStatus, Value};
use braincells_llm::llama::LoadOptions;
use braincells_llm::worker::{WorkerEngine, WorkerModel, WorkerProgram};
use braincells_llm::{
    BatchEventKind, FakeEngine, LLMEngine, LLMError, LLMRequest, Message, RequestId, Role,
};
use braincells_testing::{
    ManualClock, RecordedEvents, Scripted, TempHome, becomes, children, kill, lives,
    scripted_workbench, small_model, text_recipe,
};
use braincells_workbench::{
    EngineOptions, InputFile, LocalEngines, ProbeHere, RunOutcome, Workbench, World,
};
use futures::StreamExt;
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_engine_process");

fn program() -> WorkerProgram {
    WorkerProgram {
        program: PROGRAM.into(),
        arguments: vec!["serve".into()],
        // Where `kill` is.
        environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
    }
}

async fn engine(parallel_rows: u32) -> WorkerEngine {
    let options = LoadOptions { parallel_rows: Some(parallel_rows), ..LoadOptions::default() };
    let model = WorkerModel { path: "none".into(), options: json!(options) };
    WorkerEngine::load(program(), model, async { None }, |_| {}).await.expect("it loads")
}

fn ask(text: &str) -> LLMRequest {
    LLMRequest::new("m", vec![Message::new(Role::User, text)])
}

async fn process_of(engine: &WorkerEngine) -> u32 {
    engine.generate(ask("who")).await.expect("it answers").content.parse().expect("a number")
}

fn own_children() -> Vec<u32> {
    children(std::process::id(), "engine_process")
}

/// A workbench whose models run in the scripted process.
struct Desk {
    scripted: Scripted,
    workbench: Workbench,
    model: PathBuf,
    events: Arc<RecordedEvents>,
    clock: Arc<ManualClock>,
    /// Removed last.
    _home: TempHome,
}

impl Desk {
    fn new() -> Self {
        // Its home, its clock and its list of events; the engine is another.
        let scripted = scripted_workbench(FakeEngine::echo());
        let home = TempHome::new();
        // As much of a model file as is looked at before it is loaded.
        let model = scripted.home.write("model.gguf", small_model("scripted"));
        let (events, clock) = (Arc::clone(&scripted.events), Arc::clone(&scripted.clock));
        let engines = LocalEngines::in_worker(home.home(), Arc::clone(&clock) as _, program());
        let workbench = Workbench::open(World {
            home: home.home(),
            clock: Arc::clone(&clock) as _,
            events: Arc::clone(&events) as _,
            engines: Arc::new(engines),
            probe: Arc::new(ProbeHere),
            cloud: braincells_testing::no_backends(),
        })
        .expect("a new home opens");
        // The scripted workbench is closed; its folder stays.
        let scripted = Scripted { workbench: workbench.clone(), ..scripted };
        Self { scripted, workbench, model, events, clock, _home: home }
    }

    async fn fill(
        &self,
        rows: impl IntoIterator<Item = String>,
        parallel_rows: u32,
        meanwhile: impl Future<Output = ()>,
    ) -> (RunOutcome, Vec<(Value, Option<CellState>)>) {
        let lines: Vec<String> = std::iter::once("text".to_owned()).chain(rows).collect();
        let source = self.scripted.home.write("rows.csv", lines.join("\n") + "\n");
        let sheet = self.workbench.import(&InputFile::new(source)).await.expect("it is read").id;
        let mut recipe = text_recipe("{{text}}");
        recipe.model = self.model.to_string_lossy().into_owned();
        let column = self.workbench.add_ai_column(sheet, "answer", recipe).await.expect("added").id;
        let options =
            EngineOptions { parallel_rows: Some(parallel_rows), ..EngineOptions::default() };
        let run = self.workbench.run(sheet, column, RunScope::Empty, &options).await;
        let run = run.expect("it starts");
        meanwhile.await;
        let outcome = run.finished().await;
        let cells = self.scripted.cells(sheet, column).await;
        (outcome, cells.into_iter().map(|(_, value, state)| (value, state)).collect())
    }

    fn restarts(&self) -> Vec<String> {
        let reason = |event| match event {
            Event::EngineRestarted { model, reason } => {
                assert_eq!(model, "model.gguf");
                Some(reason)
            }
            _ => None,
        };
        self.events.all().into_iter().filter_map(reason).collect()
    }

    /// The rows that failed, with why.
    fn failures(&self) -> Vec<String> {
        let error = |event| match event {
            Event::CellDone { error: Some(error), .. } => {
                assert_eq!(error.code, Code::EngineFailed);
                Some(error.message)
            }
            _ => None,
        };
        self.events.all().into_iter().filter_map(error).collect()
    }
}

fn ended(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::RunEnded { .. }))
}

fn done(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::CellDone { .. })).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_of_the_engines_process_lose_no_row() {
    const KILLS: usize = 20;
    // More than can be finished and not yet announced when a kill comes.
    const BETWEEN: usize = 300;
    // They are announced in groups of up to 256, and some come while a kill is on its way.
    const ROWS: usize = KILLS * (BETWEEN + 600);
    let desk = Desk::new();
    let events = Arc::clone(&desk.events);
    let kills = async move {
        for number in 0..KILLS {
            let enough = done(&events.all()) + BETWEEN;
            events.until(|events| done(events) >= enough || ended(events)).await;
            assert!(!ended(&events.all()), "kill {number}: the run goes on");
            let found = own_children();
            assert_eq!(found.len(), 1, "kill {number}: there is one process");
            kill(found[0]);
        }
    };
    let rows = (0..ROWS).map(|row| format!("row {row}"));
    let (outcome, cells) = desk.fill(rows, 4, kills).await;
    assert_eq!((outcome.status, &outcome.error), (RunStatus::Done, &None));
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_failed), (ROWS as u64, 0));
    for (row, (value, state)) in cells.iter().enumerate() {
        assert_eq!((value, *state), (&Value::from(format!("row {row}")), Some(CellState::Done)));
    }
    let ended = desk.events.ended_rows();
    let rows: BTreeSet<_> = ended.iter().map(|(row, _)| *row).collect();
    assert_eq!((ended.len(), rows.len()), (ROWS, ROWS), "each row is announced once");
    let restarts = desk.restarts();
    assert_eq!(restarts.len(), KILLS);
    assert!(restarts.iter().all(|reason| reason.contains("SIGKILL")), "{restarts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_kill_the_engines_process_fail_alone_and_say_why() {
    let desk = Desk::new();
    // Next to each other, at the end, and with many beside them.
    let deadly = [(0, "crash"), (57, "segfault"), (58, "out of memory"), (199, "crash")];
    let row = |row: usize| match deadly.iter().find(|(at, _)| *at == row) {
        // Equal prompts are asked once, so each is its own.
        Some((_, word)) => (*word).to_owned(),
        None => format!("row {row}"),
    };
    let (outcome, cells) = desk.fill((0..200).map(row), 8, async {}).await;
    assert_eq!((outcome.status, &outcome.error), (RunStatus::Done, &None));
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_failed), (196, 4));
    for (at, (value, state)) in cells.iter().enumerate() {
        let expected = if deadly.iter().any(|(deadly, _)| *deadly == at) {
            (Value::Null, Some(CellState::Failed))
        } else {
            (Value::from(row(at)), Some(CellState::Done))
        };
        assert_eq!((value.clone(), *state), expected, "row {at}");
    }
    let failures = desk.failures();
    for signal in ["SIGABRT", "SIGSEGV", "SIGKILL"] {
        let told = failures.iter().filter(|failure| failure.contains(signal)).count();
        assert_eq!(told, if signal == "SIGABRT" { 2 } else { 1 }, "{failures:?}");
    }
    assert!(failures.iter().all(|failure| failure.contains("nothing but this row")));
    // Each of the four ends it twice alone; before that each of the three places where they are
    // ends it with many others and with few.
    assert!(desk.restarts().len() <= 4 * 2 + 3 * 2, "{:?}", desk.restarts());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_ends_over_every_row_ends_the_run_and_blames_none() {
    let desk = Desk::new();
    // Each its own prompt, and more than are found out before the run gives up: each takes two
    // ends, and four engines end three times each.
    let rows = (0..12).map(|row| format!("crash {row}"));
    let (outcome, cells) = desk.fill(rows, 1, async {}).await;
    assert_eq!(outcome.status, RunStatus::Failed);
    let error = outcome.error.expect("it says why").message;
    assert!(error.contains("SIGABRT"), "{error}");
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_failed), (0, 0));
    assert!(cells.iter().all(|(_, state)| *state != Some(CellState::Failed)), "{cells:?}");
    desk.workbench.unload_models().await;
    assert_eq!(own_children(), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_unloaded_leaves_no_process_behind() {
    let desk = Desk::new();
    let rows = || (0..20).map(|row| format!("row {row}"));
    let (outcome, _) = desk.fill(rows(), 4, async {}).await;
    assert_eq!(outcome.progress.rows_done, 20);
    let loaded = own_children();
    assert_eq!(loaded.len(), 1);
    desk.clock.advance_ms(60 * 60_000);
    assert!(desk.workbench.tick().await, "it was idle for long");
    assert_eq!(own_children(), [0; 0], "unloading waits for the end");

    let (outcome, _) = desk.fill(rows(), 4, async {}).await;
    assert_eq!(outcome.progress.rows_done, 20);
    let (first, events) = (own_children(), desk.events.all().len());
    // Another setting is another load, and the old process goes before the new one comes.
    let (outcome, _) = desk.fill(rows(), 2, async {}).await;
    assert_eq!(outcome.progress.rows_done, 20);
    let second = own_children();
    assert!(first.len() == 1 && second.len() == 1 && first != second);
    assert!(desk.events.all().len() > events);
    desk.workbench.unload_models().await;
    assert_eq!(own_children(), [0; 0]);
    assert!(desk.restarts().is_empty(), "nothing ended by itself");
}

#[tokio::test]
async fn an_engine_goes_on_after_its_process_ended() {
    let engine = engine(4).await;
    let first = process_of(&engine).await;
    let error = engine.generate(ask("crash")).await.expect_err("it crashes");
    let LLMError::WorkerDied { reason, requests: 1 } = &error else { panic!("{error}") };
    assert!(reason.contains("SIGABRT"), "{reason}");
    assert!(!lives(first));
    // Nobody waited for another one; the source of engines loads it again.
    let again = engine.generate(ask("hello")).await;
    match again {
        Ok(answer) => assert_eq!(answer.content, "hello"),
        Err(error) => assert_eq!(error, LLMError::NotRunning),
    }
    // Four of which one ends it: each is told, and what was not asked yet is asked of the next.
    let engine = self::engine(2).await;
    let texts = ["one", "crash", "three", "four", "five", "six"];
    let requests = (0..).map(RequestId).zip(texts.map(ask));
    let pulled = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&pulled);
    let requests = futures::stream::iter(requests).inspect(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let mut events = engine.generate_batch(requests.boxed());
    let (mut ended, mut died) = (Vec::new(), 0);
    while let Some(event) = events.next().await {
        let in_flight = pulled.load(Ordering::SeqCst) - ended.len();
        assert!(in_flight <= 5, "{in_flight} of at most four, and one that is handed over");
        match event.kind {
            BatchEventKind::Done(_) => ended.push(event.id.0),
            BatchEventKind::Failed(LLMError::WorkerDied { requests, .. }) => {
                died += 1;
                ended.push(event.id.0);
                assert!((1..=4).contains(&requests), "{requests}");
            }
            BatchEventKind::Failed(error) => panic!("{error}"),
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {}
        }
    }
    ended.sort_unstable();
    assert_eq!(ended, [0, 1, 2, 3, 4, 5]);
    assert!((1..=4).contains(&died), "{died}");
    assert_eq!(engine.count_tokens("two words"), Some(4));
}

#[tokio::test]
async fn the_process_sees_no_environment_but_what_is_named() {
    let engine = engine(1).await;
    let names = engine.generate(ask("environment")).await.expect("it answers").content;
    assert_eq!(names, "GGML_NO_BACKTRACE PATH");
}

#[tokio::test]
async fn an_engine_that_is_dropped_in_the_middle_of_its_work_ends_its_process() {
    let engine = engine(1).await;
    let process = process_of(&engine).await;
    let requests = futures::stream::iter([(RequestId(1), ask("spin"))]).boxed();
    let mut batch = engine.generate_batch(requests);
    assert!(batch.next().await.is_some(), "it began");
    drop(batch);
    drop(engine);
    assert!(!lives(process), "it was waited for");
}

#[test]
fn the_process_ends_when_its_parent_is_killed() {
    let mut parent = Command::new(PROGRAM)
        .arg("parent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the process starts");
    let said = BufReader::new(parent.stdout.take().expect("it is piped"));
    let mut said = said.lines().map(|line| line.expect("it speaks"));
    let child: u32 = said.next().expect("it says so").parse().expect("a number");
    assert_eq!(said.next().as_deref(), Some("busy"));
    assert_eq!(children(parent.id(), "engine_process"), [child]);
    parent.kill().expect("it can be killed");
    parent.wait().expect("it can be waited for");
    assert!(becomes(|| !lives(child)), "process {child} outlives its parent");
}

//! What goes wrong while a column is filled: every cell has its end, none twice, none is lost.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use braincells_core::{AppError, Code, EventSink, Output, RunScope};
use braincells_llm::{
    BatchEvent, BatchEventKind, BatchStream, Capabilities, FakeGate, LLMBackend, LLMEngine,
    LLMError, LLMResponse, RequestStream, TokenStream,
};
use braincells_workbench::{EngineSource, InputFile, Workbench, World};
use futures::StreamExt;
use tokio::time::Instant;

use super::*;

/// A small generator (SplitMix64), so that faults are random and the same each time.
fn dice(number: u64) -> u64 {
    let number = (number.wrapping_add(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// What the script does with one attempt at a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Good,
    Retryable,
    RateLimited,
    Permanent,
    Garbage,
    Slow,
    Death,
}

/// 5 % retryable errors (a tenth of them a provider that wants to slow down), 2 % permanent ones,
/// 1 % garbage, 1 % slow answers, 0.1 % engines that end.
fn fate(row: u64, attempt: u64) -> Fate {
    // What is wrong with the row itself stays so.
    match dice(row) % 1000 {
        0..20 => return Fate::Permanent,
        20..30 => return Fate::Garbage,
        _ => {}
    }
    match dice(dice(row) ^ attempt) % 1000 {
        0..5 => Fate::RateLimited,
        5..50 => Fate::Retryable,
        50..60 => Fate::Slow,
        60..61 => Fate::Death,
        _ => Fate::Good,
    }
}

fn row_number(request: &LLMRequest) -> u64 {
    let row = request.messages.iter().find_map(|message| message.content.strip_prefix("row "));
    row.expect("each prompt names its row").parse().expect("a number")
}

/// The script, with a count of attempts at each row.
#[derive(Default)]
struct Faults {
    attempts: Mutex<HashMap<u64, u64>>,
    good: Mutex<HashMap<u64, u64>>,
    deaths: AtomicUsize,
}

impl Faults {
    fn answer(&self, request: &LLMRequest) -> FakeAnswer {
        let row = row_number(request);
        let attempt = {
            let mut attempts = self.attempts.lock().expect("no test panics here");
            let count = attempts.entry(row).or_default();
            *count += 1;
            *count
        };
        let failed = |reason: &str| LLMError::InferenceFailed { reason: reason.to_owned() };
        match fate(row, attempt) {
            Fate::Retryable => FakeAnswer::Fail(failed("for now")),
            Fate::RateLimited => {
                FakeAnswer::Fail(LLMError::RateLimited { retry_after_ms: Some(20) })
            }
            Fate::Permanent => {
                FakeAnswer::Fail(LLMError::InvalidRequest { reason: "never".to_owned() })
            }
            Fate::Garbage => FakeAnswer::text("not a number at all"),
            Fate::Death => FakeAnswer::Fail(LLMError::NotRunning),
            fate => {
                *self.good.lock().expect("no test panics here").entry(row).or_default() += 1;
                let answer = FakeAnswer::text(row.to_string());
                if fate == Fate::Slow { answer.after_ms(30_000) } else { answer }
            }
        }
    }
}

/// Ends for good when a request meets its death: half of the times with an error, half of the
/// times by just ending the stream.
struct Mortal {
    engine: FakeEngine,
    faults: Arc<Faults>,
    dead: AtomicBool,
}

#[async_trait]
impl LLMEngine for Mortal {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(LLMError::NotRunning);
        }
        let result = self.engine.generate(request).await;
        if result == Err(LLMError::NotRunning) && !self.dead.swap(true, Ordering::SeqCst) {
            self.faults.deaths.fetch_add(1, Ordering::SeqCst);
        }
        result
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        self.engine.generate_stream(request).await
    }

    fn generate_batch(&self, requests: RequestStream) -> BatchStream<'_> {
        let pool = braincells_llm::InferencePool::new(64).run(self, requests);
        let dies_silently = self.faults.deaths.load(Ordering::SeqCst) % 2 == 1;
        let is_death = move |event: &BatchEvent| {
            dies_silently && event.kind == BatchEventKind::Failed(LLMError::NotRunning)
        };
        pool.take_while(move |event| std::future::ready(!is_death(event))).boxed()
    }

    async fn is_ready(&self) -> bool {
        !self.dead.load(Ordering::SeqCst)
    }

    fn backend(&self) -> LLMBackend {
        LLMBackend::Fake
    }

    fn capabilities(&self) -> Capabilities {
        self.engine.capabilities()
    }
}

/// Hands out a new engine whenever the last one is dead.
struct Reloading {
    faults: Arc<Faults>,
    present: tokio::sync::Mutex<Option<Arc<Mortal>>>,
    loaded: AtomicUsize,
}

impl Reloading {
    fn new() -> Self {
        Self {
            faults: Arc::default(),
            present: tokio::sync::Mutex::new(None),
            loaded: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl EngineSource for Reloading {
    async fn check(&self, _model: &str) -> Result<(), AppError> {
        Ok(())
    }

    async fn engine(
        &self,
        _model: &str,
        _options: &EngineOptions,
        _events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        let mut present = self.present.lock().await;
        if let Some(engine) = present.as_ref()
            && engine.is_ready().await
        {
            return Ok(Arc::clone(engine) as Arc<dyn LLMEngine>);
        }
        self.loaded.fetch_add(1, Ordering::SeqCst);
        let faults = Arc::clone(&self.faults);
        let engine = FakeEngine::answering(move |request| faults.answer(request));
        let engine = Arc::new(Mortal {
            engine: engine.with_parallel_requests(64),
            faults: Arc::clone(&self.faults),
            dead: AtomicBool::new(false),
        });
        *present = Some(Arc::clone(&engine));
        Ok(engine)
    }
}

fn workbench_with(engines: Arc<dyn EngineSource>) -> (Workbench, Scripted) {
    let scripted = scripted_workbench(FakeEngine::echo());
    let home = braincells_testing::TempHome::new();
    let workbench = Workbench::open(World {
        home: home.home(),
        clock: Arc::clone(&scripted.clock) as _,
        events: Arc::clone(&scripted.events) as _,
        engines,
        probe: std::sync::Arc::new(braincells_workbench::ProbeHere),
        cloud: braincells_testing::no_backends(),
    })
    .expect("a new home opens");
    let replaced = Scripted { workbench, home, ..scripted };
    (replaced.workbench.clone(), replaced)
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_cells_under_faults_all_end_once() {
    const ROWS: usize = 100_000;
    let engines = Arc::new(Reloading::new());
    let (workbench, scripted) = workbench_with(Arc::clone(&engines) as _);
    let sheet = scripted.sheet(&numbered_rows(ROWS)).await;
    let recipe = typed_recipe("{{text}}", Output::number());
    let column = workbench.add_ai_column(sheet, "number", recipe).await.unwrap().id;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.status, &outcome.error), (RunStatus::Done, &None));
    let progress = &outcome.progress;
    assert_eq!(progress.rows_done + progress.rows_failed, ROWS as u64);

    let ended = scripted.events.ended_rows();
    let different: BTreeSet<RowId> = ended.iter().map(|(row, _)| *row).collect();
    assert_eq!((ended.len(), different.len()), (ROWS, ROWS), "each row is announced once");
    let cells = scripted.cells(sheet, column).await;
    let (mut done, mut failed) = (0_u64, 0);
    for (index, (_, value, state)) in cells.iter().enumerate() {
        match state {
            Some(CellState::Done) => {
                done += 1;
                assert_eq!(*value, index as u64, "every cell has the answer of its own row");
            }
            Some(CellState::Failed) => failed += 1,
            state => panic!("row {index} is {state:?}"),
        }
    }
    assert_eq!((done, failed), (progress.rows_done, progress.rows_failed));
    let hopeless = (0..ROWS as u64)
        .filter(|row| matches!(fate(*row, 1), Fate::Permanent | Fate::Garbage))
        .count() as u64;
    assert!((2500..3500).contains(&hopeless));
    assert!(failed >= hopeless && failed < hopeless + 100, "{failed} of {hopeless}");

    let runs = workbench.runs(sheet).await.unwrap();
    assert_eq!((runs[0].rows_done, runs[0].rows_failed), (done, failed), "the log agrees");
    let good = engines.faults.good.lock().unwrap();
    let twice = good.values().filter(|count| **count > 1).count();
    let deaths = engines.faults.deaths.load(Ordering::SeqCst);
    assert!(deaths > 50, "{deaths} engines ended");
    assert_eq!(engines.loaded.load(Ordering::SeqCst), deaths + 1, "each was replaced");
    // What was in flight when an engine ended may have been answered unheard, and nothing else.
    assert!(twice <= deaths * 64, "{twice} rows were answered twice");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_ends_every_engine_fails_alone() {
    let engine = FakeEngine::answering(|request| match question(request) {
        "row 3" => FakeAnswer::Fail(LLMError::NotRunning),
        text => FakeAnswer::text(text),
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(1));
    let sheet = scripted.sheet(&numbered_rows(20)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 19));
    let mut events = scripted.events.all().into_iter();
    let error = events.find_map(|event| match event {
        Event::CellDone { error, .. } => error,
        _ => None,
    });
    let error = error.unwrap();
    assert_eq!(error.message, "the engine ended each time that it worked on this row");
    assert_eq!(scripted.engines.models_asked().len(), 4);
    let last = scripted.sheet("text\nrow 3\n").await;
    let column = add(&scripted, last, "answer", text_recipe("{{text}}")).await;
    let outcome = fill(&scripted, last, column, RunScope::Empty).await;
    assert_eq!((outcome.status, outcome.progress.rows_failed), (RunStatus::Done, 1));
}

#[tokio::test(start_paused = true)]
async fn failures_are_retried_after_a_while_and_a_provider_gets_the_time_it_wants() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&times);
    let began = Instant::now();
    let engine = FakeEngine::answering(move |request| {
        let mut times = seen.lock().unwrap();
        let text = question(request).to_owned();
        let attempt = times.iter().filter(|(other, _)| *other == text).count();
        times.push((text.clone(), began.elapsed().as_millis()));
        match (text.as_str(), attempt) {
            ("row 0", 0) => FakeAnswer::Fail(LLMError::RateLimited { retry_after_ms: Some(5000) }),
            ("row 1", 0 | 1) => {
                FakeAnswer::Fail(LLMError::InferenceFailed { reason: "x".to_owned() })
            }
            _ => FakeAnswer::text("fine"),
        }
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(1));
    let sheet = scripted.sheet(&numbered_rows(3)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 3));
    let times = times.lock().unwrap();
    let of = |text: &str| -> Vec<u128> {
        times.iter().filter(|(other, _)| other == text).map(|(_, at)| *at).collect()
    };
    let first = of("row 0");
    assert!(first[1] >= first[0] + 5000, "{first:?}");
    assert!(of("row 2")[0] >= first[0] + 5000, "nothing is asked of a provider that is busy");
    let second = of("row 1");
    assert!(second[1] >= second[0] + 250 && second[2] >= second[1] + 500, "{second:?}");
}

#[tokio::test]
async fn after_the_wish_to_stop_nothing_more_is_asked() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine =
        FakeEngine::answering(move |request| FakeAnswer::text(question(request)).held_by(&held));
    let scripted = scripted_workbench(engine.with_parallel_requests(8));
    let sheet = scripted.sheet(&numbered_rows(5000)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    gate.release(700);
    scripted.events.until(|events| cells_done(events) >= 500).await;
    run.pause();
    let seen = scripted.engine.requests_seen();
    gate.open();
    let before = Instant::now();
    let outcome = run.finished().await;
    assert_eq!(outcome.status, RunStatus::Paused);
    assert!(before.elapsed().as_millis() < 1000, "a stop takes no second");
    assert_eq!(scripted.engine.requests_seen(), seen);
    assert_eq!(scripted.engine.in_flight(), 0);
    assert!(outcome.progress.rows_done >= 500 && outcome.progress.rows_done <= 700);
}

/// A file system of a few megabytes; `None` where this process may not mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::TempDir::new().expect("a test machine has a temporary folder");
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = std::process::Command::new("umount").arg("-l").arg(self.0.path()).output();
        drop(unmounted);
    }
}

#[tokio::test]
async fn a_full_disk_pauses_the_run_and_it_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("24m") else {
        println!("skipped: this process may not mount a small file system");
        return;
    };
    // Each answer takes 4 KB, in the log and in the sheet.
    let engine = || {
        FakeEngine::answering(|request| {
            let row = row_number(request);
            // Numbers of twenty digits, which no compression makes small.
            let numbers: Vec<String> =
                (0..200).map(|at| dice((row << 32) | at).to_string()).collect();
            FakeAnswer::text(numbers.concat())
        })
    };
    let scripted = scripted_workbench(engine());
    let open = |engine: FakeEngine| {
        Workbench::open(World {
            home: braincells_workbench::Home::new(disk.0.path().join("home")),
            clock: Arc::clone(&scripted.clock) as _,
            events: Arc::clone(&scripted.events) as _,
            engines: Arc::new(braincells_testing::ScriptedEngines::new(Arc::new(engine))),
            probe: std::sync::Arc::new(braincells_workbench::ProbeHere),
            cloud: braincells_testing::no_backends(),
        })
        .expect("the home opens")
    };
    let workbench = open(engine());
    let source = scripted.home.write("rows.csv", numbered_rows(3000));
    let sheet = workbench.import(&InputFile::new(&source)).await.unwrap().id;
    let recipe = text_recipe("{{text}}");
    let column = workbench.add_ai_column(sheet, "answer", recipe).await.unwrap().id;
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![7; 14 << 20]).unwrap();
    let options = EngineOptions::default();
    let run = workbench.run(sheet, column, RunScope::Empty, &options).await.unwrap();
    let id = run.id();
    let outcome = run.finished().await;
    let error = outcome.error.expect("the disk is too small");
    assert_eq!((outcome.status, error.code), (RunStatus::Paused, Code::DiskFull), "{error}");
    assert!(error.hint.is_some_and(|hint| hint.contains("space")));
    assert!(outcome.progress.rows_done < 3000);
    std::fs::remove_file(&ballast).unwrap();
    let shown = workbench.show(sheet, None, 0, 10_000).await.unwrap();
    let done = shown.window.rows.iter().filter(|row| !row.cells[1].value.is_null()).count();
    assert!(done as u64 >= outcome.progress.rows_done, "what was announced is there");
    let outcome = workbench.resume(sheet, id, &options).await.unwrap().finished().await;
    assert!(outcome.progress.rows_done > done as u64, "{outcome:?}");
}

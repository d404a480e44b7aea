//! Filling a column, with scripted engines and real storage.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use braincells_core::{
    CellState, Code, ColumnId, Event, Output, RowId, RunScope, RunStatus, SheetId, Value,
};
use braincells_llm::{
    BatchStream, Capabilities, FakeAnswer, FakeEngine, FakeGate, LLMBackend, LLMEngine, LLMError,
    LLMRequest, LLMResponse, RequestStream, Role, TokenStream,
};
use braincells_testing::{
    Scripted, ScriptedEngines, scripted_workbench, text_recipe, typed_recipe,
};
use braincells_workbench::{EngineOptions, ProbeHere, RunHandle, RunOutcome, Workbench, World};

const ANIMALS: &str = "animal\nowl\ncat\nfox\nbee\nant\n";

fn question(request: &LLMRequest) -> &str {
    &request.messages.last().expect("a request has messages").content
}

fn upper() -> FakeEngine {
    FakeEngine::answering(|request| FakeAnswer::text(question(request).to_uppercase()))
}

async fn column(scripted: &Scripted, sheet: SheetId, prompt: &str) -> ColumnId {
    let added = scripted.workbench.add_ai_column(sheet, "answer", text_recipe(prompt)).await;
    added.expect("the recipe fits the sheet").id
}

async fn start(
    scripted: &Scripted,
    sheet: SheetId,
    column: ColumnId,
    scope: RunScope,
) -> RunHandle {
    let options = EngineOptions::default();
    scripted.workbench.run(sheet, column, scope, &options).await.expect("the run starts")
}

async fn fill(
    scripted: &Scripted,
    sheet: SheetId,
    column: ColumnId,
    scope: RunScope,
) -> RunOutcome {
    start(scripted, sheet, column, scope).await.finished().await
}

async fn values(scripted: &Scripted, sheet: SheetId, column: ColumnId) -> Vec<Value> {
    scripted.cells(sheet, column).await.into_iter().map(|(_, value, _)| value).collect()
}

async fn states(scripted: &Scripted, sheet: SheetId, column: ColumnId) -> Vec<Option<CellState>> {
    scripted.cells(sheet, column).await.into_iter().map(|(_, _, state)| state).collect()
}

fn cells_done(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::CellDone { .. })).count()
}

fn numbered_rows(count: usize) -> String {
    let rows: Vec<String> = (0..count).map(|row| format!("row {row}")).collect();
    format!("text\n{}\n", rows.join("\n"))
}

#[tokio::test]
async fn a_run_fills_every_row_in_place_and_ends_as_done() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(outcome.status, RunStatus::Done);
    assert_eq!(outcome.error, None);
    assert_eq!((outcome.progress.rows_total, outcome.progress.rows_done), (5, 5));
    assert_eq!(values(&scripted, sheet, column).await, ["OWL", "CAT", "FOX", "BEE", "ANT"]);
    assert_eq!(scripted.events.ended_rows().len(), 5);
    let runs = scripted.workbench.runs(sheet).await.unwrap();
    assert_eq!((runs.len(), runs[0].status, runs[0].rows_done), (1, RunStatus::Done, 5));
}

#[tokio::test]
async fn only_what_is_on_disk_is_announced() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |request| match question(request) {
        "owl" | "fox" => FakeAnswer::text("quick"),
        _ => FakeAnswer::text("slow").held_by(&held),
    });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    scripted.events.until(|events| cells_done(events) == 2).await;
    let announced = scripted.events.ended_rows();
    for (row, value, state) in scripted.cells(sheet, column).await {
        let is_announced = announced.contains(&(row, CellState::Done));
        assert_eq!(value == "quick", is_announced, "row {row}");
        assert_eq!(state == Some(CellState::Done), is_announced, "row {row}");
    }
    gate.open();
    assert_eq!(run.finished().await.progress.rows_done, 5);
}

#[tokio::test]
async fn progress_is_told_at_most_ten_times_a_second_and_once_at_the_end() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(&numbered_rows(3000)).await;
    let column = column(&scripted, sheet, "{{text}}").await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    let told = scripted.events.progress();
    let most = outcome.progress.elapsed_ms / 100 + 2;
    assert!(told.len() as u64 <= most, "{} in {} ms", told.len(), outcome.progress.elapsed_ms);
    let last = told.last().unwrap();
    assert_eq!((last.rows_done, last.rows_total), (3000, 3000));
    assert!(matches!(scripted.events.all().last(), Some(Event::RunEnded { .. })));
}

#[tokio::test]
async fn a_paused_run_drops_what_is_in_flight_and_goes_on_with_the_rest() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |request| {
        FakeAnswer::text(question(request).to_uppercase()).held_by(&held)
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(2));
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    let id = run.id();
    gate.release(2);
    scripted.events.until(|events| cells_done(events) == 2).await;
    run.pause();
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.error), (RunStatus::Paused, None));
    assert_eq!(outcome.progress.rows_done, 2);
    assert_eq!(scripted.engine.in_flight(), 0);

    let seen = scripted.engine.requests_seen();
    gate.open();
    let options = EngineOptions::default();
    let outcome = scripted.workbench.resume(sheet, id, &options).await.unwrap().finished().await;
    assert_eq!(outcome.status, RunStatus::Done);
    assert_eq!(scripted.engine.requests_seen() - seen, 3, "only what was not done is asked");
    let progress = &outcome.progress;
    assert_eq!((progress.rows_total, progress.rows_done, progress.rows_before), (5, 5, 2));
    assert_eq!(values(&scripted, sheet, column).await, ["OWL", "CAT", "FOX", "BEE", "ANT"]);
    assert_eq!(scripted.workbench.runs(sheet).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_cancelled_run_is_over_for_good() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("late").held_by(&held));
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    let id = run.id();
    run.pause();
    run.cancel();
    run.pause();
    // A wish that was not seen yet can still be raised, never lowered.
    let status = run.finished().await.status;
    assert_eq!(status, RunStatus::Cancelled);
    let options = EngineOptions::default();
    let refused = scripted.workbench.resume(sheet, id, &options).await.err().unwrap();
    assert_eq!(refused.code, Code::Conflict);
    let refused = scripted.workbench.cancel_run(sheet, id).await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
}

#[tokio::test]
async fn a_live_run_can_be_cancelled_by_its_number() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("late").held_by(&held));
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    scripted.workbench.cancel_run(sheet, run.id()).await.unwrap();
    assert_eq!(run.finished().await.status, RunStatus::Cancelled);
}

#[tokio::test]
async fn a_column_has_one_run_at_a_time() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("late").held_by(&held));
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    let options = EngineOptions::default();
    let second = scripted.workbench.run(sheet, column, RunScope::All, &options).await;
    assert_eq!(second.err().unwrap().code, Code::Conflict);
    let deleted = scripted.workbench.delete_sheet(sheet).await;
    assert_eq!(deleted.unwrap_err().code, Code::Conflict);
    gate.open();
    assert_eq!(run.finished().await.status, RunStatus::Done);
    assert_eq!(fill(&scripted, sheet, column, RunScope::All).await.status, RunStatus::Done);
}

#[tokio::test]
async fn a_dropped_workbench_pauses_its_runs() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("late").held_by(&held));
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    let Scripted { workbench, home, .. } = scripted;
    drop(workbench);
    assert_eq!(run.finished().await.status, RunStatus::Paused);
    let again = Scripted::open(home, FakeEngine::echo());
    let runs = again.workbench.runs(sheet).await.unwrap();
    assert_eq!(runs[0].status, RunStatus::Paused);
}

#[tokio::test]
async fn identical_prompts_are_asked_once() {
    let scripted = scripted_workbench(upper().with_parallel_requests(1));
    let sheet = scripted.sheet("animal,id\nowl,1\nowl,2\ncat,3\nowl,4\ncat,5\n").await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(scripted.engine.requests_seen(), 2);
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_reused), (5, 3));
    assert_eq!(values(&scripted, sheet, column).await, ["OWL", "OWL", "CAT", "OWL", "CAT"]);
    assert_eq!(outcome.progress.completion_tokens, 4, "a reused answer takes no tokens");
}

#[tokio::test]
async fn rows_that_wait_for_a_failed_answer_fail_with_it() {
    let engine = FakeEngine::answering(|_| {
        FakeAnswer::Fail(LLMError::InvalidRequest { reason: "no".to_owned() })
    });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet("animal,id\nowl,1\nowl,2\nowl,3\n").await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_failed, outcome.progress.rows_reused), (3, 0));
    assert!(outcome.has_failed_cells());
}

#[tokio::test]
async fn sampled_rows_have_seeds_of_their_own_whatever_their_order() {
    let seeds_with = async |parallel_requests: u32| {
        let seeds = Arc::new(Mutex::new(BTreeMap::new()));
        let noted = Arc::clone(&seeds);
        let engine = FakeEngine::answering(move |request| {
            noted.lock().unwrap().insert(question(request).to_owned(), request.seed);
            FakeAnswer::text("x")
        });
        let scripted = scripted_workbench(engine.with_parallel_requests(parallel_requests));
        let sheet = scripted.sheet(ANIMALS).await;
        let mut recipe = text_recipe("{{animal}}");
        recipe.sampling.temperature = 0.8;
        recipe.sampling.seed = 7;
        let column = scripted.workbench.add_ai_column(sheet, "answer", recipe).await.unwrap().id;
        fill(&scripted, sheet, column, RunScope::Empty).await;
        std::mem::take(&mut *seeds.lock().unwrap())
    };
    let (alone, together) = (seeds_with(1).await, seeds_with(4).await);
    assert_eq!(alone, together);
    let different: std::collections::BTreeSet<u64> = alone.values().copied().collect();
    assert_eq!(different.len(), 5);
}

#[tokio::test]
async fn a_row_without_input_fails_without_a_request() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet("animal,id\nowl,1\n,2\n\"  \",3\n").await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_failed), (1, 2));
    assert_eq!(scripted.engine.requests_seen(), 1);
    let reasons = scripted.events.all().into_iter().filter_map(|event| match event {
        Event::CellDone { error, .. } => error,
        _ => None,
    });
    for error in reasons {
        assert_eq!(error.code, Code::BadInput);
        assert_eq!(error.message, "every referenced cell is empty");
    }
}

#[tokio::test]
async fn an_answer_of_the_wrong_type_is_asked_for_again_with_what_was_wrong() {
    let engine = FakeEngine::answering(|request| {
        if request.messages.iter().any(|message| message.content.contains("cannot be used")) {
            return FakeAnswer::text("wild");
        }
        FakeAnswer::text("I would rather not say")
    });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet("animal\nowl\n").await;
    let output = Output::Label { labels: vec!["wild".to_owned(), "tame".to_owned()] };
    let recipe = typed_recipe("{{animal}}", output);
    let column = scripted.workbench.add_ai_column(sheet, "answer", recipe).await.unwrap().id;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_failed), (1, 0));
    assert_eq!(scripted.engine.requests_seen(), 2);
    assert_eq!(values(&scripted, sheet, column).await, ["wild"]);
}

#[tokio::test]
async fn an_answer_that_stays_wrong_fails_after_three_attempts_and_can_be_retried() {
    let scripted = scripted_workbench(FakeEngine::answering(|_| FakeAnswer::text("many")));
    let sheet = scripted.sheet("animal\nowl\ncat\n").await;
    let recipe = typed_recipe("{{animal}}", Output::number());
    let column = scripted.workbench.add_ai_column(sheet, "legs", recipe).await.unwrap().id;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.status, outcome.progress.rows_failed), (RunStatus::Done, 2));
    assert_eq!(scripted.engine.requests_seen(), 6);
    assert_eq!(states(&scripted, sheet, column).await, [Some(CellState::Failed); 2]);

    let scripted = scripted.reopen(FakeEngine::answering(|_| FakeAnswer::text("4")));
    let nothing = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((nothing.status, nothing.progress.rows_total), (RunStatus::Done, 0));
    assert!(scripted.engines.models_asked().is_empty(), "no rows, no model");
    let outcome = fill(&scripted, sheet, column, RunScope::Failed).await;
    assert_eq!(outcome.progress.rows_done, 2);
    assert_eq!(states(&scripted, sheet, column).await, [Some(CellState::Done); 2]);
}

#[tokio::test]
async fn a_failed_regeneration_keeps_the_last_good_value() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet("animal\nowl\n").await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    fill(&scripted, sheet, column, RunScope::Empty).await;
    let scripted = scripted.reopen(FakeEngine::answering(|_| {
        FakeAnswer::Fail(LLMError::ContextLengthExceeded { needed_tokens: 9, available_tokens: 8 })
    }));
    let outcome = fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!(outcome.progress.rows_failed, 1);
    assert_eq!(scripted.engine.requests_seen(), 1, "a prompt that does not fit is asked once");
    let cells = scripted.cells(sheet, column).await;
    assert_eq!((&cells[0].1, cells[0].2), (&Value::from("OWL"), Some(CellState::Failed)));
}

#[tokio::test]
async fn cells_by_hand_are_kept_and_shown_as_examples() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let engine = FakeEngine::answering(move |request| {
        seen.lock().unwrap().push(request.clone());
        FakeAnswer::text(question(request).to_uppercase())
    });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    fill(&scripted, sheet, column, RunScope::First { count: 2 }).await;
    assert_eq!(requests.lock().unwrap().len(), 2);
    let workbench = &scripted.workbench;
    let rows: Vec<RowId> =
        scripted.cells(sheet, column).await.into_iter().map(|(row, ..)| row).collect();
    workbench.validate_cell(sheet, column, rows[0]).await.unwrap();
    workbench.edit_cell(sheet, column, rows[2], Value::from("Reynard")).await.unwrap();
    let empty = workbench.validate_cell(sheet, column, rows[4]).await.unwrap_err();
    assert_eq!(empty.code, Code::BadInput);

    requests.lock().unwrap().clear();
    let outcome = fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!(outcome.progress.rows_total, 3, "two cells are by hand");
    assert_eq!(values(&scripted, sheet, column).await, ["OWL", "CAT", "Reynard", "BEE", "ANT"]);
    let expected = [Some(CellState::Validated), Some(CellState::Done), Some(CellState::Edited)];
    assert_eq!(states(&scripted, sheet, column).await[..3], expected);
    for request in requests.lock().unwrap().iter() {
        let turns: Vec<(Role, &str)> = request.messages[1..]
            .iter()
            .map(|message| (message.role, message.content.as_str()))
            .collect();
        assert_eq!(
            turns[..4],
            [
                (Role::User, "owl"),
                (Role::Assistant, "OWL"),
                (Role::User, "fox"),
                (Role::Assistant, "Reynard"),
            ]
        );
    }
}

#[tokio::test]
async fn a_cell_that_a_person_takes_over_during_a_run_is_not_overwritten_or_announced() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |request| {
        FakeAnswer::text(question(request).to_uppercase()).held_by(&held)
    });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let fox = scripted.cells(sheet, column).await[2].0;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    let edit = scripted.workbench.edit_cell(sheet, column, fox, Value::from("Reynard"));
    edit.await.unwrap();
    gate.open();
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 4));
    assert_eq!(values(&scripted, sheet, column).await, ["OWL", "CAT", "Reynard", "BEE", "ANT"]);
    assert!(!scripted.events.ended_rows().iter().any(|(row, _)| *row == fox));
}

#[tokio::test]
async fn a_stop_keeps_the_answers_that_were_not_written_yet() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |request| match question(request) {
        "ant" => FakeAnswer::text("never").held_by(&held),
        animal => FakeAnswer::text(animal.to_uppercase()),
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(1));
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    while scripted.engine.requests_seen() < 5 {
        tokio::task::yield_now().await;
    }
    run.pause();
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Paused, 4));
    assert_eq!(values(&scripted, sheet, column).await[..4], ["OWL", "CAT", "FOX", "BEE"]);
    assert!(outcome.progress.elapsed_ms < 1000, "a stop takes no second");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_stays_gone_ends_the_run_and_loses_nothing() {
    let answered = AtomicUsize::new(0);
    let engine = FakeEngine::answering(move |request| {
        if answered.fetch_add(1, Ordering::SeqCst) < 2 {
            return FakeAnswer::text(question(request).to_uppercase());
        }
        FakeAnswer::Fail(LLMError::NotRunning)
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(1));
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    let id = run.id();
    let outcome = run.finished().await;
    assert_eq!(outcome.status, RunStatus::Failed);
    assert_eq!(outcome.error.unwrap().code, Code::EngineFailed);
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_failed), (2, 0));
    assert_eq!(scripted.engines.models_asked().len(), 4, "three more engines were tried");
    let scripted = scripted.reopen(upper());
    let stored = scripted.workbench.runs(sheet).await.unwrap();
    assert_eq!(stored[0].error.as_deref(), Some("the engine is not running"));
    let options = EngineOptions::default();
    let outcome = scripted.workbench.resume(sheet, id, &options).await.unwrap().finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 5));
    assert_eq!(scripted.engine.requests_seen(), 3);
}

#[tokio::test]
async fn a_second_column_reads_the_first() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet("animal\nowl\n").await;
    let first = column(&scripted, sheet, "{{animal}}").await;
    let recipe = text_recipe("again {{answer}}");
    let second = scripted.workbench.add_ai_column(sheet, "twice", recipe).await.unwrap().id;
    fill(&scripted, sheet, first, RunScope::Empty).await;
    fill(&scripted, sheet, second, RunScope::Empty).await;
    assert_eq!(values(&scripted, sheet, second).await, ["AGAIN OWL"]);
}

/// Ends every batch without looking at it.
struct Deaf(FakeEngine);

#[async_trait]
impl LLMEngine for Deaf {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        self.0.generate(request).await
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        self.0.generate_stream(request).await
    }

    fn generate_batch(&self, _requests: RequestStream) -> BatchStream<'_> {
        Box::pin(futures::stream::empty())
    }

    async fn is_ready(&self) -> bool {
        true
    }

    fn backend(&self) -> LLMBackend {
        LLMBackend::Fake
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_ends_early_does_not_make_a_run_look_done() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet(ANIMALS).await;
    let column = column(&scripted, sheet, "{{animal}}").await;
    let Scripted { workbench, home, clock, events, .. } = scripted;
    drop(workbench);
    let workbench = Workbench::open(World {
        home: home.home(),
        clock,
        events,
        engines: Arc::new(ScriptedEngines::new(Arc::new(Deaf(upper())))),
        probe: Arc::new(ProbeHere),
        cloud: braincells_testing::no_backends(),
    })
    .unwrap();
    let options = EngineOptions::default();
    let run = workbench.run(sheet, column, RunScope::Empty, &options).await.unwrap();
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Failed, 0));
    assert_eq!(outcome.error.unwrap().code, Code::EngineFailed);
}

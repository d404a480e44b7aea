//! Calibrated labels: what a run asks first, what becomes of its answers, and calibrating a
//! finished column anew.

use std::sync::atomic::{AtomicUsize, Ordering};

use braincells_core::{
    AppError, CalibrationMode, CellFigures, Code, ExamplePolicy, HistoryEntry, LabelShare, Output,
    RunId, RunScope,
};
use braincells_llm::{FakeGate, LLMError, Role};
use serde_json::json;

use super::*;

/// Texts that name a label: three for each of two.
const PROBES: usize = 6;

/// What is answered freely before them in a sheet of six rows: these, and the same texts.
const FREE: usize = 12;

/// What is asked before the first row.
const BEFORE: usize = FREE + PROBES;

const REVIEWS: &str =
    "text\nfine thing\nfine again\nbroken thing\nfine day\nbroken box\nbroken day\n";

/// Logits of a model that knows `fine` from `broken` and likes the first label by `liking`.
fn opinion(request: &LLMRequest, liking: f64) -> Vec<f64> {
    let text = question(request);
    let count = |word: &str| text.matches(word).count() as f64;
    vec![count("fine") - count("broken") + liking, 0.0]
}

fn liking(by: f64) -> FakeEngine {
    FakeEngine::answering(|_| FakeAnswer::text("good"))
        .with_label_logits(move |request| opinion(request, by))
}

fn labels(mode: CalibrationMode) -> Recipe {
    let labels = vec!["good".to_owned(), "bad".to_owned()];
    let recipe = typed_recipe("{{text}}", Output::Label { labels });
    Recipe { calibration: mode, examples: ExamplePolicy { max_count: 0, max_tokens: 0 }, ..recipe }
}

async fn filled(engine: FakeEngine, mode: CalibrationMode) -> (Scripted, SheetId, ColumnId) {
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(REVIEWS).await;
    let column = add(&scripted, sheet, "verdict", labels(mode)).await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 6));
    (scripted, sheet, column)
}

/// `true` for each `good`.
async fn good(scripted: &Scripted, sheet: SheetId, column: ColumnId) -> Vec<bool> {
    values(scripted, sheet, column).await.into_iter().map(|value| value == "good").collect()
}

const RIGHT: [bool; 6] = [true, true, false, true, false, false];

/// The latest entry of a cell's history.
async fn latest(scripted: &Scripted, sheet: SheetId, column: ColumnId, row: i64) -> HistoryEntry {
    let history = scripted.workbench.cell_history(sheet, column, RowId(row)).await;
    history.expect("the cell is there").swap_remove(0)
}

async fn shares(
    scripted: &Scripted,
    sheet: SheetId,
    column: ColumnId,
    row: i64,
) -> Vec<LabelShare> {
    latest(scripted, sheet, column, row).await.labels
}

async fn figures(scripted: &Scripted, sheet: SheetId, column: ColumnId, row: i64) -> CellFigures {
    latest(scripted, sheet, column, row).await.figures
}

async fn step_names(scripted: &Scripted, sheet: SheetId) -> Vec<String> {
    let steps = scripted.workbench.steps(sheet).await.expect("a sheet has steps").into_iter();
    steps.filter(|step| !step.undone).map(|step| step.name).collect()
}

fn refused<T: std::fmt::Debug>(result: Result<T, AppError>) -> AppError {
    result.expect_err("it is refused")
}

#[tokio::test]
async fn a_liking_is_measured_before_the_first_row_and_taken_back() {
    let (scripted, sheet, column) = filled(liking(3.0), CalibrationMode::Prior).await;
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
    assert_eq!(scripted.engine.requests_seen(), 6 + BEFORE);
    let shares = shares(&scripted, sheet, column, 3).await;
    assert!(shares[0].raw > 0.85, "the model said good: {shares:?}");
    let calibrated = shares[1].calibrated.unwrap();
    assert!(calibrated > 0.5, "{shares:?}");
    let shown = figures(&scripted, sheet, column, 3).await.confidence.unwrap();
    assert!((shown - calibrated).abs() < 1e-12, "the confidence is of the value shown");
}

#[tokio::test]
async fn without_calibration_nothing_is_asked_and_cells_are_as_the_model_says() {
    let (scripted, sheet, column) = filled(liking(3.0), CalibrationMode::None).await;
    assert_eq!(good(&scripted, sheet, column).await, [true; 6]);
    assert_eq!(scripted.engine.requests_seen(), 6);
    let shares = shares(&scripted, sheet, column, 3).await;
    assert_eq!(shares[0].calibrated, None);
    assert!((shares[0].raw + shares[1].raw - 1.0).abs() < 1e-12, "they are kept all the same");
}

/// A model that writes a sentence, and makes up its mind in it only.
fn talkative() -> FakeEngine {
    let engine = FakeEngine::answering(|request| {
        let label = if question(request).contains("bad") { "bad" } else { "good" };
        FakeAnswer::text(format!("The verdict on this is {label}, I think"))
    });
    engine.with_label_logits(|request| match request.lead_in.as_deref() {
        Some("The verdict on this is ") => opinion(request, 1.0),
        _ => vec![1.0, 0.0],
    })
}

#[tokio::test]
async fn labels_are_scored_behind_what_the_model_writes_before_it_names_one() {
    let (scripted, sheet, column) = filled(talkative(), CalibrationMode::Prior).await;
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
    let workbench = &scripted.workbench;
    let figures = workbench.label_figures(sheet, column).await.unwrap();
    let used = figures.calibration.unwrap();
    assert_eq!(used.lead_in.as_deref(), Some("The verdict on this is "));
    let seq = latest(&scripted, sheet, column, 1).await.seq;
    let prompt = workbench.cell_prompt(sheet, column, RowId(1), seq).await.unwrap();
    let last = prompt.messages.last().unwrap();
    assert_eq!((last.role, last.content.as_str()), (Role::Assistant, "The verdict on this is "));

    workbench.recalibrate(sheet, column, CalibrationMode::None).await.unwrap();
    let figures = workbench.label_figures(sheet, column).await.unwrap();
    assert_eq!(figures.calibration.unwrap().lead_in, used.lead_in, "the scores are still of it");

    workbench.recalibrate(sheet, column, CalibrationMode::Prior).await.unwrap();
    workbench.clear_cells(sheet, &[column], &[RowId(2), RowId(3)]).await.unwrap();
    let before = scripted.engine.requests_seen();
    fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(scripted.engine.requests_seen() - before, 2, "it is known already");
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
}

#[tokio::test]
async fn cells_as_the_model_says_have_no_lead_in_and_do_not_count_with_others() {
    let (scripted, sheet, column) = filled(talkative(), CalibrationMode::None).await;
    assert_eq!(good(&scripted, sheet, column).await, [true; 6]);
    assert_eq!(scripted.engine.requests_seen(), 6);
    let workbench = &scripted.workbench;
    workbench.set_recipe(sheet, column, labels(CalibrationMode::Prior)).await.unwrap();
    workbench.clear_cells(sheet, &[column], &[RowId(3)]).await.unwrap();
    fill(&scripted, sheet, column, RunScope::Empty).await;
    let done = workbench.recalibrate(sheet, column, CalibrationMode::Prior).await.unwrap();
    assert_eq!((done.cells, done.without_prior), (0, 5), "the others were asked in another way");
    assert_eq!(good(&scripted, sheet, column).await, [true, true, false, true, true, true]);
}

#[tokio::test]
async fn a_run_without_calibration_does_not_spoil_what_was_measured() {
    let (scripted, sheet, column) = filled(talkative(), CalibrationMode::Prior).await;
    let workbench = &scripted.workbench;
    let all: Vec<RowId> = (1..=6).map(RowId).collect();
    for (mode, expected) in [
        (CalibrationMode::None, [true; 6]),
        (CalibrationMode::Prior, RIGHT),
        (CalibrationMode::None, [true; 6]),
        (CalibrationMode::Prior, RIGHT),
    ] {
        workbench.set_recipe(sheet, column, labels(mode)).await.unwrap();
        workbench.clear_cells(sheet, &[column], &all).await.unwrap();
        let asked = scripted.engine.requests_seen();
        fill(&scripted, sheet, column, RunScope::Empty).await;
        assert_eq!(good(&scripted, sheet, column).await, expected, "{mode:?}");
        assert!(scripted.engine.requests_seen() - asked <= 6, "nothing is measured again");
    }
}

#[tokio::test]
async fn yes_and_no_are_calibrated_too() {
    let scripted = scripted_workbench(liking(-3.0));
    let sheet = scripted.sheet(REVIEWS).await;
    let recipe = Recipe { output: Output::Boolean, ..labels(CalibrationMode::Prior) };
    let column = add(&scripted, sheet, "fine", recipe).await;
    fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(values(&scripted, sheet, column).await, RIGHT.map(Value::from));
    let shares = shares(&scripted, sheet, column, 1).await;
    assert_eq!((shares[0].label.as_str(), shares[1].label.as_str()), ("true", "false"));
    assert!(shares[0].raw < 0.5 && shares[0].calibrated > Some(0.5), "{shares:?}");
}

#[tokio::test]
async fn the_same_prompt_is_measured_once() {
    let scripted = scripted_workbench(liking(3.0));
    let sheet = scripted.sheet(REVIEWS).await;
    let column = add(&scripted, sheet, "verdict", labels(CalibrationMode::Prior)).await;
    for (count, asked) in [(2, 2 + BEFORE), (4, 2), (6, 2)] {
        let before = scripted.engine.requests_seen();
        fill(&scripted, sheet, column, RunScope::First { count }).await;
        assert_eq!(scripted.engine.requests_seen() - before, asked, "the first {count}");
    }
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
    let other = Recipe { prompt: "Now: {{text}}".to_owned(), ..labels(CalibrationMode::Prior) };
    scripted.workbench.set_recipe(sheet, column, other).await.unwrap();
    let before = scripted.engine.requests_seen();
    fill(&scripted, sheet, column, RunScope::Stale).await;
    assert_eq!(scripted.engine.requests_seen() - before, 6 + BEFORE, "another prompt");
}

#[tokio::test]
async fn answers_that_were_kept_answer_the_probes_too() {
    let scripted = scripted_workbench(liking(3.0).with_fingerprint("likes 3"));
    for (name, asked) in [("one", 6 + BEFORE), ("two", 0)] {
        let before = scripted.engine.requests_seen();
        let sheet = scripted.sheet(REVIEWS).await;
        let column = add(&scripted, sheet, name, labels(CalibrationMode::Prior)).await;
        fill(&scripted, sheet, column, RunScope::Empty).await;
        assert_eq!(good(&scripted, sheet, column).await, RIGHT);
        assert_eq!(scripted.engine.requests_seen() - before, asked, "{name}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().expect("a runtime starts")
}

/// A column whose run ended without a word when two of its six rows were done, and the calibration
/// that these have.
fn cut_off(recipe: Recipe) -> (Scripted, SheetId, ColumnId, RunId, Option<i64>) {
    let asked = AtomicUsize::new(0);
    let gate = FakeGate::new();
    // All before the rows and two of these are answered, then all waits.
    let engine = FakeEngine::answering(move |_| {
        let answer = FakeAnswer::text("good");
        let number = asked.fetch_add(1, Ordering::SeqCst);
        if number < BEFORE + 2 { answer } else { answer.held_by(&gate) }
    });
    let engine =
        engine.with_parallel_requests(1).with_label_logits(|request| opinion(request, 3.0));
    let first = runtime();
    let left = first.block_on(async {
        let scripted = scripted_workbench(engine);
        let sheet = scripted.sheet(REVIEWS).await;
        let column = add(&scripted, sheet, "verdict", recipe).await;
        let run = start(&scripted, sheet, column, RunScope::Empty).await.id();
        scripted.events.until(|events| cells_done(events) == 2).await;
        let began_with = figures(&scripted, sheet, column, 1).await.calibration;
        (scripted, sheet, column, run, began_with)
    });
    // Nothing of the run gets to write down its end.
    drop(first);
    left
}

#[test]
fn a_run_that_goes_on_takes_the_calibration_it_began_with() {
    let (scripted, sheet, column, run, began_with) = cut_off(labels(CalibrationMode::Prior));
    runtime().block_on(async {
        // The engine's liking is another now: what was measured still counts.
        let scripted = scripted.reopen(liking(2.5));
        let options = EngineOptions::default();
        let resumed = scripted.workbench.resume(sheet, run, &options).await.unwrap();
        assert_eq!(resumed.finished().await.status, RunStatus::Done);
        assert_eq!(scripted.engine.requests_seen(), 4, "nothing is measured again");
        assert_eq!(good(&scripted, sheet, column).await, RIGHT);
        for row in 1..=6 {
            assert_eq!(figures(&scripted, sheet, column, row).await.calibration, began_with);
        }
    });
}

#[test]
fn what_a_kill_left_of_calibrating_is_done_by_whoever_finds_it() {
    let (scripted, sheet, column, run, began_with) = cut_off(labels(CalibrationMode::Batch));
    runtime().block_on(async {
        let scripted = scripted.reopen(liking(3.0));
        let workbench = &scripted.workbench;
        // Without these rows the run has written its last cell.
        workbench.delete_rows(sheet, &[3, 4, 5, 6].map(RowId)).await.unwrap();
        assert_eq!(figures(&scripted, sheet, column, 1).await.calibration, began_with);
        assert_eq!(workbench.unfinished_runs().await.unwrap(), []);
        let used = workbench.label_figures(sheet, column).await.unwrap().calibration.unwrap();
        assert_eq!((used.mode, used.rows), (CalibrationMode::Batch, 2));
        let runs = workbench.runs(sheet).await.unwrap();
        let ended = runs.iter().find(|one| one.id == run).unwrap();
        assert_eq!(ended.status, RunStatus::Done);
        assert_eq!(scripted.engine.requests_seen(), 0);
    });
}

#[test]
fn a_run_that_goes_on_with_another_prompt_is_measured_anew() {
    let examples = ExamplePolicy { max_count: 4, max_tokens: 1000 };
    let recipe = Recipe { examples, ..labels(CalibrationMode::Prior) };
    let (scripted, sheet, column, run, began_with) = cut_off(recipe);
    runtime().block_on(async {
        let scripted = scripted.reopen(liking(2.5));
        let workbench = &scripted.workbench;
        // The rest of the run shows the correction as an example.
        workbench.edit_cell(sheet, column, RowId(1), "bad".into()).await.unwrap();
        let resumed = workbench.resume(sheet, run, &EngineOptions::default()).await.unwrap();
        assert_eq!(resumed.finished().await.status, RunStatus::Done);
        let (before, after) = (
            figures(&scripted, sheet, column, 2).await.calibration,
            figures(&scripted, sheet, column, 3).await.calibration,
        );
        assert_eq!(before, began_with);
        assert_ne!(after, began_with, "what the rest was asked with is another prompt");
    });
}

#[test]
fn a_mode_that_was_chosen_while_a_run_was_stopped_is_that_of_all_its_cells() {
    let (scripted, sheet, column, run, _) = cut_off(labels(CalibrationMode::Prior));
    runtime().block_on(async {
        let scripted = scripted.reopen(liking(3.0));
        let workbench = &scripted.workbench;
        let done = workbench.recalibrate(sheet, column, CalibrationMode::None).await.unwrap();
        assert_eq!(done.cells, 2);
        let resumed = workbench.resume(sheet, run, &EngineOptions::default()).await.unwrap();
        assert_eq!(resumed.finished().await.status, RunStatus::Done);
        assert_eq!(scripted.engine.requests_seen(), 4, "no row twice, and nothing is measured");
        assert_eq!(good(&scripted, sheet, column).await, [true; 6], "as the model says");
        let figures = workbench.label_figures(sheet, column).await.unwrap();
        assert_eq!(figures.mode, CalibrationMode::None, "the run leaves the recipe alone");
        let used = figures.calibration.unwrap();
        assert_eq!((used.mode, used.inputs), (CalibrationMode::None, 6), "what was measured stays");
    });
}

#[tokio::test]
async fn probes_that_end_the_engines_process_cost_no_others() {
    let asked = AtomicUsize::new(0);
    let died = || LLMError::WorkerDied { reason: "killed".to_owned(), requests: 1 };
    // All that are asked together fail, and of the others one more.
    let engine = FakeEngine::answering(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        FREE..BEFORE | 20 => FakeAnswer::Fail(died()),
        _ => FakeAnswer::text("good"),
    });
    let engine = engine.with_label_logits(|request| opinion(request, 3.0));
    let (scripted, sheet, column) = filled(engine, CalibrationMode::Prior).await;
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
    assert_eq!(scripted.engine.requests_seen(), 6 + BEFORE + PROBES + 1);
    let used = scripted.workbench.label_figures(sheet, column).await.unwrap().calibration.unwrap();
    assert_eq!(used.inputs as usize, PROBES, "each of them was answered in the end");
}

#[tokio::test]
async fn a_correction_that_is_taken_back_counts_no_more() {
    let (scripted, sheet, column) = filled(liking(3.0), CalibrationMode::Prior).await;
    let workbench = &scripted.workbench;
    for (row, label) in [(1, "good"), (2, "good"), (3, "bad"), (5, "bad")] {
        workbench.edit_cell(sheet, column, RowId(row), label.into()).await.unwrap();
    }
    workbench.recalibrate(sheet, column, CalibrationMode::Prior).await.unwrap();
    let used = workbench.label_figures(sheet, column).await.unwrap().calibration.unwrap();
    assert_eq!(used.checked_cells, 4);
    // The calibration, and the correction before it.
    workbench.undo(sheet).await.unwrap();
    workbench.undo(sheet).await.unwrap();
    workbench.edit_cell(sheet, column, RowId(3), "good".into()).await.unwrap();
    let figures = workbench.label_figures(sheet, column).await.unwrap();
    assert_eq!(figures.checked_raw.unwrap().cells, 3);
    workbench.recalibrate(sheet, column, CalibrationMode::Prior).await.unwrap();
    let used = workbench.label_figures(sheet, column).await.unwrap().calibration.unwrap();
    assert_eq!(used.checked_cells, 0, "three of one label refine nothing");
}

#[tokio::test]
async fn an_engine_that_ends_while_it_is_measured_is_outlived() {
    let asked = AtomicUsize::new(0);
    let engine = FakeEngine::answering(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        5 => FakeAnswer::Fail(LLMError::NotRunning),
        7 => FakeAnswer::Fail(LLMError::InferenceFailed { reason: "for now".to_owned() }),
        _ => FakeAnswer::text("good"),
    });
    let engine = engine.with_label_logits(|request| opinion(request, 3.0));
    let (scripted, sheet, column) = filled(engine, CalibrationMode::Prior).await;
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
}

#[tokio::test]
async fn an_engine_that_scores_nothing_fills_labels_as_ever() {
    let engine = FakeEngine::answering(|request| {
        let fine = question(request).contains("fine");
        // No share is known for an answer that is not spelled as the label.
        FakeAnswer::text(if fine { "good." } else { "\"bad\"" })
    });
    let (scripted, sheet, column) = filled(engine, CalibrationMode::Prior).await;
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
    assert_eq!(figures(&scripted, sheet, column, 1).await.label_scores, [0.0; 0]);
    let recalibrated = scripted.workbench.recalibrate(sheet, column, CalibrationMode::Batch).await;
    let error = recalibrated.unwrap_err();
    assert_eq!(error.code, Code::BadInput);
    assert!(error.message.contains("no label scores are kept"), "{}", error.message);
}

#[tokio::test]
async fn a_finished_column_is_calibrated_anew_without_asking_the_model() {
    let (scripted, sheet, column) = filled(liking(3.0), CalibrationMode::Prior).await;
    let asked = scripted.engine.requests_seen();
    let workbench = &scripted.workbench;
    let before = step_names(&scripted, sheet).await;

    let raw = workbench.recalibrate(sheet, column, CalibrationMode::None).await.unwrap();
    assert_eq!((raw.cells, raw.changed, raw.unscored, raw.without_prior), (6, 3, 0, 0));
    assert_eq!(good(&scripted, sheet, column).await, [true; 6]);
    assert_eq!(step_names(&scripted, sheet).await.last().unwrap(), "Calibrate `verdict`");
    let mode = |columns: Vec<braincells_core::Column>| columns[1].recipe().unwrap().calibration;
    assert_eq!(mode(workbench.columns(sheet).await.unwrap()), CalibrationMode::None);

    let again = workbench.recalibrate(sheet, column, CalibrationMode::None).await.unwrap();
    assert_eq!((again.cells, again.changed), (0, 0));
    assert_eq!(step_names(&scripted, sheet).await.len(), before.len() + 1, "nothing was done");

    let back = workbench.recalibrate(sheet, column, CalibrationMode::Prior).await.unwrap();
    assert_eq!((back.cells, back.changed), (6, 3));
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
    let batch = workbench.recalibrate(sheet, column, CalibrationMode::Batch).await.unwrap();
    assert_eq!(batch.changed, 0);
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);

    for expected in [RIGHT, [true; 6], RIGHT] {
        workbench.undo(sheet).await.unwrap();
        assert_eq!(good(&scripted, sheet, column).await, expected);
    }
    assert_eq!(step_names(&scripted, sheet).await, before);
    assert_eq!(scripted.engine.requests_seen(), asked, "no model was asked");
}

#[tokio::test]
async fn a_persons_cells_and_stale_cells_stay_as_they_are() {
    let (scripted, sheet, column) = filled(liking(3.0), CalibrationMode::None).await;
    let workbench = &scripted.workbench;
    workbench.validate_cell(sheet, column, RowId(3)).await.unwrap();
    workbench.edit_cell(sheet, column, RowId(1), "bad".into()).await.unwrap();
    let text = workbench.find_column(sheet, "text").await.unwrap().id;
    workbench.edit_cell(sheet, text, RowId(5), "something else".into()).await.unwrap();
    let done = workbench.recalibrate(sheet, column, CalibrationMode::Batch).await.unwrap();
    assert_eq!(done.cells, 3);
    let good = good(&scripted, sheet, column).await;
    assert_eq!(good, [false, true, true, true, true, false]);
    let states = states(&scripted, sheet, column).await;
    assert_eq!((states[0], states[2]), (CellState::Edited, CellState::Validated));
    assert_eq!(states[4], CellState::Stale, "its scores are of another text");
}

#[tokio::test]
async fn what_was_not_measured_is_said_and_nothing_is_changed() {
    let (scripted, sheet, column) = filled(liking(3.0), CalibrationMode::None).await;
    let workbench = &scripted.workbench;
    let before = step_names(&scripted, sheet).await;
    let no_prior = refused(workbench.recalibrate(sheet, column, CalibrationMode::Prior).await);
    assert!(no_prior.message.contains("never measured"), "{}", no_prior.message);
    assert!(no_prior.hint.unwrap().contains("batch"));
    let text = workbench.find_column(sheet, "text").await.unwrap().id;
    let data = refused(workbench.recalibrate(sheet, text, CalibrationMode::None).await);
    assert!(data.message.contains("no recipe"), "{}", data.message);
    let words = add(&scripted, sheet, "words", text_recipe("{{text}}")).await;
    let free = refused(workbench.recalibrate(sheet, words, CalibrationMode::None).await);
    assert!(free.message.contains("no labels"), "{}", free.message);
    assert_eq!(refused(workbench.label_figures(sheet, words).await).code, Code::BadInput);
    assert_eq!(step_names(&scripted, sheet).await.len(), before.len() + 1, "only `words`");
    assert_eq!(good(&scripted, sheet, column).await, [true; 6]);
}

#[tokio::test]
async fn an_empty_column_only_takes_the_mode() {
    let scripted = scripted_workbench(liking(3.0));
    let sheet = scripted.sheet(REVIEWS).await;
    let column = add(&scripted, sheet, "verdict", labels(CalibrationMode::None)).await;
    let done = scripted.workbench.recalibrate(sheet, column, CalibrationMode::Prior).await.unwrap();
    assert_eq!((done.cells, done.unscored), (0, 0));
    fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
}

#[tokio::test]
async fn a_recipe_that_differs_in_the_calibration_alone_makes_nothing_stale() {
    let (scripted, sheet, column) = filled(liking(3.0), CalibrationMode::Prior).await;
    let asked = scripted.engine.requests_seen();
    let raw = labels(CalibrationMode::None);
    assert_eq!(scripted.workbench.set_recipe(sheet, column, raw).await.unwrap(), 2);
    assert_eq!(states(&scripted, sheet, column).await, [CellState::Done; 6]);
    assert_eq!(good(&scripted, sheet, column).await, [true; 6], "its cells follow");
    assert_eq!(scripted.engine.requests_seen(), asked);
}

#[tokio::test]
async fn a_column_is_calibrated_by_its_rows_once_they_are_all_there() {
    let (scripted, sheet, column) = filled(liking(-4.0), CalibrationMode::Batch).await;
    assert_eq!(good(&scripted, sheet, column).await, RIGHT);
    let names = step_names(&scripted, sheet).await;
    assert_eq!(names.last().unwrap(), "Fill `verdict`", "it belongs to the run");
    let figures = scripted.workbench.label_figures(sheet, column).await.unwrap();
    let used = figures.calibration.unwrap();
    assert_eq!((used.mode, used.rows), (CalibrationMode::Batch, 6));
    assert!(cells_done(&scripted.events.all()) > 6, "those that changed are told again");
}

/// Rows that the model cannot tell at all.
fn hopeless(count: usize) -> String {
    let rows: Vec<String> = (0..count).map(|row| format!("fine broken {row}")).collect();
    format!("text\n{}\n", rows.join("\n"))
}

#[tokio::test]
async fn cells_that_a_person_checked_refine_the_calibration() {
    let scripted = scripted_workbench(liking(3.0));
    let rows: Vec<String> = (0..40)
        .map(|row| if row % 2 == 0 { format!("fine {row}") } else { format!("broken {row}") })
        .collect();
    let sheet = scripted.sheet(&format!("text\n{}\n", rows.join("\n"))).await;
    let column = add(&scripted, sheet, "verdict", labels(CalibrationMode::None)).await;
    fill(&scripted, sheet, column, RunScope::First { count: 30 }).await;
    let workbench = &scripted.workbench;
    let nothing = workbench.label_figures(sheet, column).await.unwrap();
    assert_eq!((nothing.checked_raw, nothing.checked_calibrated), (None, None));
    for row in 1..=20 {
        let label = if row % 2 == 1 { "good" } else { "bad" };
        workbench.edit_cell(sheet, column, RowId(row), label.into()).await.unwrap();
    }
    // Nothing was measured, but the checked cells say enough.
    let done = workbench.recalibrate(sheet, column, CalibrationMode::Prior).await.unwrap();
    assert_eq!((done.cells, done.changed), (10, 5));
    let figures = workbench.label_figures(sheet, column).await.unwrap();
    let (raw, calibrated) = (figures.checked_raw.unwrap(), figures.checked_calibrated.unwrap());
    assert_eq!((raw.cells, raw.accuracy), (20, 0.5));
    assert_eq!((calibrated.cells, calibrated.accuracy), (20, 1.0));
    assert!(calibrated.calibration_error < raw.calibration_error);
    assert_eq!(calibrated.reliability.len(), 10);
    assert_eq!(figures.calibration.unwrap().checked_cells, 20);
    let counts: Vec<_> =
        figures.counts.iter().map(|c| (c.label.as_str(), c.raw, c.calibrated)).collect();
    assert_eq!(counts, [("good", 10, 5), ("bad", 0, 5)]);

    // A later run asks for them as it asks for its own rows, at most as many as it has.
    let before = scripted.engine.requests_seen();
    fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(scripted.engine.requests_seen() - before, 10 + 18 + PROBES + 10);
    let used = workbench.label_figures(sheet, column).await.unwrap().calibration.unwrap();
    assert!(used.checked_cells >= 10, "{used:?}");
    let good = good(&scripted, sheet, column).await;
    assert!(good.iter().enumerate().all(|(row, good)| *good == (row % 2 == 0)), "{good:?}");
}

#[tokio::test]
async fn a_held_out_accuracy_does_not_praise_what_it_was_made_of() {
    let scripted = scripted_workbench(liking(0.5));
    let sheet = scripted.sheet(&hopeless(40)).await;
    let column = add(&scripted, sheet, "verdict", labels(CalibrationMode::Prior)).await;
    fill(&scripted, sheet, column, RunScope::Empty).await;
    for row in 1..=40 {
        let label = if row % 2 == 1 { "good" } else { "bad" };
        scripted.workbench.edit_cell(sheet, column, RowId(row), label.into()).await.unwrap();
    }
    let figures = scripted.workbench.label_figures(sheet, column).await.unwrap();
    let accuracy = figures.checked_calibrated.unwrap().accuracy;
    assert!(accuracy <= 0.55, "the model knows nothing: {accuracy}");
}

#[tokio::test]
async fn examples_of_the_prompt_are_not_asked_for() {
    let scripted = scripted_workbench(liking(3.0));
    let sheet = scripted.sheet(REVIEWS).await;
    let examples = ExamplePolicy { max_count: 8, max_tokens: 1024 };
    let recipe = Recipe { examples, ..labels(CalibrationMode::Prior) };
    let column = add(&scripted, sheet, "verdict", recipe).await;
    for (row, label) in [(1, "good"), (3, "bad")] {
        scripted.workbench.edit_cell(sheet, column, RowId(row), json!(label)).await.unwrap();
    }
    fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(scripted.engine.requests_seen(), 4 + BEFORE);
}

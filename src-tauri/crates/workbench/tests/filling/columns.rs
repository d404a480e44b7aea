use braincells_core::{Code, RunScope};
use braincells_llm::{FakeGate, LLMError};

use super::*;

const LETTERS: &str = "letter\na\nb\nc\n";

#[tokio::test]
async fn columns_are_filled_behind_those_they_read_whatever_their_order() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet(LETTERS).await;
    let first = add(&scripted, sheet, "last", text_recipe("{{letter}}")).await;
    let second = add(&scripted, sheet, "middle", text_recipe("x{{letter}}")).await;
    let third = add(&scripted, sheet, "other", text_recipe("y{{letter}}")).await;
    let workbench = &scripted.workbench;
    workbench.set_recipe(sheet, first, text_recipe("{{middle}}{{other}}!")).await.unwrap();
    let handle = workbench
        .run_columns(sheet, None, RunScope::Pending, &EngineOptions::default())
        .await
        .unwrap();
    let outcomes = handle.finished().await.unwrap();
    let order: Vec<ColumnId> = outcomes.iter().map(|outcome| outcome.column).collect();
    assert_eq!(order, [second, third, first]);
    assert_eq!(values(&scripted, sheet, first).await, ["XAYA!", "XBYB!", "XCYC!"]);
    let again = workbench
        .run_columns(sheet, Some(&[first]), RunScope::Pending, &EngineOptions::default())
        .await
        .unwrap();
    let outcomes = again.finished().await.unwrap();
    assert_eq!((outcomes.len(), &outcomes[0].outcome, &outcomes[0].error), (1, &None, &None));
    let data = workbench.columns(sheet).await.unwrap()[0].id;
    let options = EngineOptions::default();
    let refused = workbench.run_columns(sheet, Some(&[data]), RunScope::All, &options).await;
    assert_eq!(refused.err().unwrap().code, Code::BadInput);
}

#[tokio::test]
async fn columns_of_one_model_follow_each_other_where_nothing_else_decides() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet(LETTERS).await;
    let with_model =
        |model: &str, prompt: &str| Recipe { model: model.to_owned(), ..text_recipe(prompt) };
    let first = add(&scripted, sheet, "a", with_model("small", "{{letter}} 1")).await;
    let second = add(&scripted, sheet, "b", with_model("large", "{{letter}} 2")).await;
    let third = add(&scripted, sheet, "c", with_model("small", "{{letter}} 3")).await;
    let fourth = add(&scripted, sheet, "d", with_model("large", "{{a}} {{b}}")).await;
    let options = EngineOptions::default();
    let handle = scripted.workbench.run_columns(sheet, None, RunScope::Empty, &options).await;
    let outcomes = handle.unwrap().finished().await.unwrap();
    let order: Vec<ColumnId> = outcomes.iter().map(|outcome| outcome.column).collect();
    assert_eq!(order, [first, third, second, fourth]);
    assert_eq!(scripted.engines.models_asked(), ["small", "small", "large", "large"]);
}

#[tokio::test]
async fn rows_whose_input_is_empty_or_failed_wait_and_keep_their_state() {
    let engine = FakeEngine::answering(|request| match question(request) {
        "b" => FakeAnswer::Fail(LLMError::InvalidRequest { reason: "no".to_owned() }),
        text => FakeAnswer::text(text.to_uppercase()),
    });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(LETTERS).await;
    let first = add(&scripted, sheet, "first", text_recipe("{{letter}}")).await;
    let second = add(&scripted, sheet, "second", text_recipe("{{first}} {{letter}}")).await;
    let outcome = fill(&scripted, sheet, second, RunScope::All).await;
    let progress = &outcome.progress;
    assert_eq!(
        (outcome.status, progress.rows_total, progress.rows_waiting),
        (RunStatus::Done, 0, 3)
    );
    assert!(scripted.engines.models_asked().is_empty(), "waiting loads no model");

    let options = EngineOptions::default();
    let handle = scripted.workbench.run_columns(sheet, None, RunScope::Empty, &options).await;
    let outcomes = handle.unwrap().finished().await.unwrap();
    let progress = &outcomes[1].outcome.as_ref().unwrap().progress;
    assert_eq!((progress.rows_done, progress.rows_failed, progress.rows_waiting), (2, 0, 1));
    let expected = [CellState::Done, CellState::Empty, CellState::Done];
    assert_eq!(states(&scripted, sheet, second).await, expected);
    let row = rows(&scripted, sheet, first).await[1];
    scripted.workbench.edit_cell(sheet, first, row, Value::from("by hand")).await.unwrap();
    let outcome = fill(&scripted, sheet, second, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_waiting), (1, 0));
    assert_eq!(values(&scripted, sheet, second).await[1], "BY HAND B");
}

#[tokio::test]
async fn a_column_that_cannot_be_filled_keeps_its_readers_and_nobody_else_from_beginning() {
    let engine = FakeEngine::answering(|request| match question(request) {
        text if text.starts_with("broken") => {
            FakeAnswer::Fail(LLMError::ChatTemplate { reason: "no".to_owned() })
        }
        text => FakeAnswer::text(text.to_uppercase()),
    });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(LETTERS).await;
    let broken = add(&scripted, sheet, "broken", text_recipe("broken {{letter}}")).await;
    let reader = add(&scripted, sheet, "reader", text_recipe("{{broken}}")).await;
    let far = add(&scripted, sheet, "far", text_recipe("{{reader}} {{letter}}")).await;
    let other = add(&scripted, sheet, "other", text_recipe("{{letter}}")).await;
    let options = EngineOptions::default();
    let handle = scripted.workbench.run_columns(sheet, None, RunScope::Empty, &options).await;
    let outcomes = handle.unwrap().finished().await.unwrap();
    let found: BTreeMap<ColumnId, (Option<RunStatus>, Option<String>)> = outcomes
        .into_iter()
        .map(|outcome| {
            let status = outcome.outcome.map(|run| run.status);
            (outcome.column, (status, outcome.error.map(|error| error.message)))
        })
        .collect();
    assert_eq!(found[&broken], (Some(RunStatus::Failed), None));
    assert_eq!(found[&other], (Some(RunStatus::Done), None));
    for column in [reader, far] {
        let message = found[&column].1.as_deref().unwrap();
        assert_eq!(message, "the column `broken`, which this one reads, was not filled");
    }
}

#[tokio::test]
async fn a_pause_ends_the_whole_and_the_same_request_goes_on() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |request| {
        FakeAnswer::text(question(request).to_uppercase()).held_by(&held)
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(1));
    let sheet = scripted.sheet(LETTERS).await;
    let first = add(&scripted, sheet, "first", text_recipe("{{letter}}")).await;
    let second = add(&scripted, sheet, "second", text_recipe("{{first}}{{first}}")).await;
    let options = EngineOptions::default();
    let all = async || {
        let handle = scripted.workbench.run_columns(sheet, None, RunScope::Empty, &options).await;
        handle.unwrap()
    };
    let handle = all().await;
    gate.release(1);
    scripted.events.until(|events| cells_done(events) == 1).await;
    handle.pause();
    let outcomes = handle.finished().await.unwrap();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].outcome.as_ref().unwrap().status, RunStatus::Paused);
    gate.open();
    let outcomes = all().await.finished().await.unwrap();
    assert_eq!(outcomes.len(), 2);
    assert_eq!(values(&scripted, sheet, second).await, ["AA", "BB", "CC"]);
    let runs = scripted.workbench.runs(sheet).await.unwrap();
    let of_first = runs.iter().filter(|run| run.column == first).count();
    assert_eq!(of_first, 1, "the paused run went on");
}

#[tokio::test]
async fn a_dropped_workbench_ends_a_run_of_several_columns() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("late").held_by(&held));
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(LETTERS).await;
    add(&scripted, sheet, "first", text_recipe("{{letter}}")).await;
    add(&scripted, sheet, "second", text_recipe("{{letter}}")).await;
    let options = EngineOptions::default();
    let handle = scripted.workbench.run_columns(sheet, None, RunScope::Empty, &options).await;
    let handle = handle.unwrap();
    while scripted.engine.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    let Scripted { workbench, home, .. } = scripted;
    drop(workbench);
    let outcomes = handle.finished().await.unwrap();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].outcome.as_ref().unwrap().status, RunStatus::Paused);
    Scripted::open(home, upper());
}

#[tokio::test]
async fn columns_that_would_wait_for_each_other_are_refused() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet(LETTERS).await;
    let workbench = &scripted.workbench;
    let own = workbench.add_ai_column(sheet, "a", text_recipe("{{a}} {{letter}}")).await;
    let error = own.unwrap_err();
    assert_eq!(error.code, Code::BadTemplate);
    assert!(error.message.ends_with("`a` -> `a`"), "{error}");
    let first = add(&scripted, sheet, "a", text_recipe("{{letter}}")).await;
    let second = add(&scripted, sheet, "b", text_recipe("{{a}}")).await;
    let error = workbench.set_recipe(sheet, first, text_recipe("{{b}}")).await.unwrap_err();
    assert!(error.message.ends_with("`a` -> `b` -> `a`"), "{error}");
    assert_eq!(workbench.columns(sheet).await.unwrap()[1].recipe().unwrap().prompt, "{{letter}}");
    let version = workbench.set_recipe(sheet, second, text_recipe("{{letter}}")).await.unwrap();
    assert_eq!(version, 2);
    workbench.set_recipe(sheet, first, text_recipe("{{b}}")).await.unwrap();
    let graph = workbench.graph(sheet).await.unwrap();
    assert_eq!(graph.dependents(&[second]), [first]);
}

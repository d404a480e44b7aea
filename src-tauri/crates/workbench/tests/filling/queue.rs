use braincells_core::{Priority, RunScope};
use braincells_llm::FakeGate;

use super::*;

fn urgent(scope: RunScope) -> RunRequest {
    RunRequest { priority: Priority::Now, ..scope.into() }
}

/// An engine whose answers wait at a gate and say whose question they answer.
fn held(gate: &FakeGate) -> FakeEngine {
    let gate = gate.clone();
    FakeEngine::answering(move |request| {
        FakeAnswer::text(question(request).to_uppercase()).held_by(&gate)
    })
}

#[tokio::test]
async fn a_second_run_waits_for_the_engine_and_says_so() {
    let gate = FakeGate::new();
    let scripted = scripted_workbench(held(&gate));
    let sheet = scripted.sheet(&numbered_rows(6)).await;
    let first = add(&scripted, sheet, "first", text_recipe("1 {{text}}")).await;
    let second = add(&scripted, sheet, "second", text_recipe("2 {{text}}")).await;
    let first = start(&scripted, sheet, first, RunScope::Empty).await;
    let waiting = start(&scripted, sheet, second, RunScope::Empty).await;
    let status = async || {
        let runs = scripted.workbench.runs(sheet).await.unwrap();
        runs.into_iter().map(|run| run.status).collect::<Vec<_>>()
    };
    assert_eq!(status().await, [RunStatus::Running, RunStatus::Queued]);
    assert_eq!(scripted.engines.models_asked().len(), 1, "it loads nothing while it waits");
    gate.open();
    assert_eq!(first.finished().await.status, RunStatus::Done);
    assert_eq!(waiting.finished().await.status, RunStatus::Done);
    assert_eq!(status().await, [RunStatus::Done, RunStatus::Done]);
    let order: Vec<ColumnId> = (scripted.events.all().into_iter())
        .filter_map(|event| match event {
            Event::CellDone { column, .. } => Some(column),
            _ => None,
        })
        .collect();
    assert!(order[6..].iter().all(|column| *column == second), "one after the other");
}

#[tokio::test]
async fn a_run_that_waits_can_be_stopped_and_resumed() {
    let gate = FakeGate::new();
    let scripted = scripted_workbench(held(&gate));
    let sheet = scripted.sheet(&numbered_rows(3)).await;
    let first = add(&scripted, sheet, "first", text_recipe("1 {{text}}")).await;
    let second = add(&scripted, sheet, "second", text_recipe("2 {{text}}")).await;
    let first = start(&scripted, sheet, first, RunScope::Empty).await;
    let waiting = start(&scripted, sheet, second, RunScope::Empty).await;
    let id = waiting.id();
    waiting.pause();
    let outcome = waiting.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Paused, 0));
    gate.open();
    assert_eq!(first.finished().await.status, RunStatus::Done);
    let options = EngineOptions::default();
    let outcome = scripted.workbench.resume(sheet, id, &options).await.unwrap().finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 3));
}

#[tokio::test]
async fn the_urgent_goes_in_between_and_nothing_is_asked_twice() {
    let gate = FakeGate::new();
    let scripted = scripted_workbench(held(&gate).with_parallel_requests(2));
    let sheet = scripted.sheet(&numbered_rows(10)).await;
    let long = add(&scripted, sheet, "long", text_recipe("long {{text}}")).await;
    let other = add(&scripted, sheet, "other", text_recipe("other {{text}}")).await;
    let rows = rows(&scripted, sheet, other).await;
    let run = start(&scripted, sheet, long, RunScope::Empty).await;
    gate.release(2);
    scripted.events.until(|events| cells_done(events) == 2).await;
    let ids = vec![rows[7], rows[3]];
    let between = start(&scripted, sheet, other, urgent(RunScope::These { ids })).await;
    gate.open();
    let between = between.finished().await;
    assert_eq!((between.status, between.progress.rows_done), (RunStatus::Done, 2));
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 10));
    assert_eq!(scripted.engine.requests_seen(), 12, "what was in flight was not dropped");
    let columns: Vec<ColumnId> = (scripted.events.all().into_iter())
        .filter_map(|event| match event {
            Event::CellDone { column, .. } => Some(column),
            _ => None,
        })
        .collect();
    let last_of_other = columns.iter().rposition(|column| *column == other).unwrap();
    let long_before = columns[..last_of_other].iter().filter(|column| **column == long).count();
    assert!(long_before <= 5, "at most what was in flight came before: {long_before}");
}

#[tokio::test]
async fn an_urgent_run_of_the_same_column_takes_its_rows_off_the_long_one() {
    let gate = FakeGate::new();
    let scripted = scripted_workbench(held(&gate).with_parallel_requests(1));
    let sheet = scripted.sheet(&numbered_rows(8)).await;
    let column = add(&scripted, sheet, "long", text_recipe("{{text}}")).await;
    let ids = rows(&scripted, sheet, column).await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    gate.release(1);
    scripted.events.until(|events| cells_done(events) == 1).await;
    let wanted = vec![ids[6], ids[0]];
    let between = start(&scripted, sheet, column, urgent(RunScope::These { ids: wanted })).await;
    let options = EngineOptions::default();
    let third = scripted.workbench.run(sheet, column, RunScope::All, &options).await;
    assert_eq!(third.err().unwrap().code, braincells_core::Code::Conflict);
    gate.open();
    assert_eq!(between.finished().await.progress.rows_done, 2);
    let outcome = run.finished().await;
    let progress = &outcome.progress;
    assert_eq!((outcome.status, progress.rows_done, progress.rows_total), (RunStatus::Done, 7, 7));
    assert_eq!(scripted.engine.requests_seen(), 9, "8 rows, and the first one made again");
    assert_eq!(states(&scripted, sheet, column).await, [CellState::Done; 8]);
}

#[tokio::test]
async fn rows_that_a_person_looks_at_come_first() {
    let gate = FakeGate::new();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (noted, held) = (Arc::clone(&asked), gate.clone());
    let engine = FakeEngine::answering(move |request| {
        noted.lock().unwrap().push(question(request).to_owned());
        FakeAnswer::text("x").held_by(&held)
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(1));
    let sheet = scripted.sheet(&numbered_rows(2000)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
    let ids = rows(&scripted, sheet, column).await;
    assert!(!scripted.workbench.look_at(sheet, column, &ids[..2]), "nobody fills the column");
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    gate.release(1);
    scripted.events.until(|events| cells_done(events) == 1).await;
    assert!(scripted.workbench.look_at(sheet, column, &[ids[1900], ids[0], ids[30], ids[31]]));
    gate.open();
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 2000));
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2000, "each row once");
    assert_eq!(asked[2..6], ["row 1900", "row 30", "row 31", "row 2"]);
}

#[tokio::test]
async fn a_preview_does_not_wait_for_the_end_of_a_run() {
    let gate = FakeGate::new();
    let scripted = scripted_workbench(held(&gate).with_parallel_requests(1));
    let sheet = scripted.sheet(&numbered_rows(6)).await;
    let column = add(&scripted, sheet, "long", text_recipe("{{text}}")).await;
    let run = start(&scripted, sheet, column, RunScope::Empty).await;
    let recipe = text_recipe("preview {{text}}");
    let options = EngineOptions::default();
    let preview = scripted.workbench.preview(sheet, &recipe, 2, &options);
    let (rows, ()) = tokio::join!(preview, async {
        while scripted.engine.in_flight() == 0 {
            tokio::task::yield_now().await;
        }
        gate.open();
    });
    assert_eq!(rows.unwrap()[0].value, "PREVIEW ROW 0");
    assert_eq!(run.finished().await.progress.rows_done, 6);
}

//! Runs as a window lists them: alive, or left to go on with.

use braincells_core::{LiveRun, Priority, RunScope, UnfinishedRun};
use braincells_llm::FakeGate;
use braincells_testing::TempHome;

use super::*;

fn held(gate: &FakeGate) -> FakeEngine {
    let gate = gate.clone();
    FakeEngine::answering(move |_| FakeAnswer::text("late").held_by(&gate))
}

async fn unfinished(scripted: &Scripted) -> Vec<UnfinishedRun> {
    scripted.workbench.unfinished_runs().await.expect("the list is there")
}

#[tokio::test]
async fn live_runs_of_all_sheets_are_listed_in_the_order_of_their_turns() {
    let gate = FakeGate::new();
    let scripted = scripted_workbench(held(&gate).with_parallel_requests(2));
    let workbench = &scripted.workbench;
    let one = scripted.sheet(&numbered_rows(4)).await;
    let two = scripted.sheet(&numbered_rows(3)).await;
    workbench.rename_sheet(two, "second").await.unwrap();
    let first = add(&scripted, one, "first", text_recipe("1 {{text}}")).await;
    let later = add(&scripted, one, "later", text_recipe("2 {{text}}")).await;
    let other = add(&scripted, two, "other", text_recipe("3 {{text}}")).await;
    assert_eq!(workbench.live_runs().await.unwrap(), []);
    let low = RunRequest { priority: Priority::Background, ..RunScope::Empty.into() };
    let runs = [
        start(&scripted, one, first, RunScope::Empty).await,
        start(&scripted, one, later, low).await,
        start(&scripted, two, other, RunScope::Empty).await,
    ];
    gate.release(2);
    scripted.events.until(|events| cells_done(events) == 2).await;
    let live = workbench.live_runs().await.unwrap();
    let shown = |live: &LiveRun| (live.sheet_name.clone(), live.column_name.clone(), live.status);
    let expected = |sheet: &str, column: &str, status| (sheet.into(), column.into(), status);
    assert_eq!(
        live.iter().map(shown).collect::<Vec<_>>(),
        [
            expected("sheet", "first", RunStatus::Running),
            expected("second", "other", RunStatus::Queued),
            expected("sheet", "later", RunStatus::Queued),
        ]
    );
    let progress = &live[0].progress;
    assert_eq!((progress.sheet, progress.column, progress.run), (one, first, runs[0].id()));
    assert_eq!((progress.rows_total, progress.rows_done), (4, 2));
    assert_eq!(unfinished(&scripted).await, [], "what is alive is not left over");

    assert!(workbench.pause_run(one, runs[0].id()));
    assert!(workbench.pause_run(two, runs[2].id()));
    let [first_run, later_run, other_run] = runs;
    let id = first_run.id();
    assert_eq!(first_run.finished().await.status, RunStatus::Paused);
    assert_eq!(other_run.finished().await.status, RunStatus::Paused);
    assert!(!workbench.pause_run(one, id), "it is not alive any more");
    gate.open();
    assert_eq!(later_run.finished().await.status, RunStatus::Done);
    assert_eq!(workbench.live_runs().await.unwrap(), []);
    for event in scripted.events.all() {
        if let Event::CellDone { sheet, column, .. } = event {
            assert_eq!(sheet == two, column == other && sheet != one, "each names its sheet");
        }
    }
}

#[tokio::test]
async fn unfinished_runs_are_found_until_they_end_or_lose_what_they_are_about() {
    let gate = FakeGate::new();
    let scripted = scripted_workbench(held(&gate).with_parallel_requests(1));
    let workbench = &scripted.workbench;
    let (mut sheets, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let sheet = scripted.sheet(&numbered_rows(3)).await;
        let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
        scripted.clock.advance_ms(1);
        let run = start(&scripted, sheet, column, RunScope::Empty).await;
        run.pause();
        ids.push(run.id());
        assert_eq!(run.finished().await.status, RunStatus::Paused);
        sheets.push((sheet, column));
    }
    let listed = unfinished(&scripted).await;
    let found: Vec<SheetId> = listed.iter().map(|run| run.sheet.id).collect();
    let expected: Vec<SheetId> = sheets.iter().rev().map(|(sheet, _)| *sheet).collect();
    assert_eq!(found, expected, "the last that began first");
    assert_eq!(
        (listed[0].column_name.as_str(), listed[0].run.status),
        ("answer", RunStatus::Paused)
    );

    gate.open();
    let options = EngineOptions::default();
    let (done, _) = sheets[0];
    let resumed = workbench.resume(done, ids[0], &options).await.unwrap();
    assert_eq!(resumed.finished().await.status, RunStatus::Done);
    let (cancelled, _) = sheets[1];
    workbench.cancel_run(cancelled, ids[1]).await.unwrap();
    let (without_column, column) = sheets[2];
    workbench.delete_columns(without_column, &[column]).await.unwrap();
    let (deleted, _) = sheets[3];
    workbench.delete_sheet(deleted).await.unwrap();
    let (left, column) = sheets[4];
    let found = unfinished(&scripted).await;
    assert_eq!(found.iter().map(|run| run.sheet.id).collect::<Vec<_>>(), [left]);
    workbench.restore_sheet(deleted).await.unwrap();
    assert_eq!(unfinished(&scripted).await.len(), 2, "it came back with its sheet");
    workbench.delete_sheet_for_good(deleted).await.unwrap();

    // Another run fills what this one had left.
    assert_eq!(fill(&scripted, left, column, RunScope::Empty).await.status, RunStatus::Done);
    assert_eq!(unfinished(&scripted).await, []);
}

#[test]
fn a_run_whose_process_ended_is_found_by_the_next_one_without_opening_other_sheets() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.enable_all().build().expect("a runtime starts")
    };
    let gate = FakeGate::new();
    let first = runtime();
    let scripted = first.block_on(async {
        let scripted = Scripted::open(TempHome::new(), held(&gate).with_parallel_requests(2));
        scripted.sheet(&numbered_rows(2)).await;
        let sheet = scripted.sheet(&numbered_rows(5)).await;
        let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
        drop(start(&scripted, sheet, column, RunScope::Empty).await);
        gate.release(2);
        scripted.events.until(|events| cells_done(events) == 2).await;
        scripted
    });
    // Nothing of the run gets to write down its end.
    drop(first);
    runtime().block_on(async {
        let scripted = scripted.reopen(upper());
        let runs = unfinished(&scripted).await;
        let UnfinishedRun { sheet, run, .. } = &runs[0];
        assert_eq!((runs.len(), run.status), (1, RunStatus::Interrupted));
        assert_eq!((run.rows_total, run.rows_done, sheet.row_count), (5, 2, 5));
        let options = EngineOptions::default();
        let resumed = scripted.workbench.resume(sheet.id, run.id, &options).await.unwrap();
        assert_eq!(resumed.finished().await.status, RunStatus::Done);
        assert_eq!(unfinished(&scripted).await, []);
    });
}

#[tokio::test]
async fn a_cell_is_told_to_be_generated_before_it_is_told_to_be_done() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(&numbered_rows(3)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
    fill(&scripted, sheet, column, RunScope::Empty).await;
    for row in rows(&scripted, sheet, column).await {
        let told = |event| match event {
            Event::CellDelta { sheet: s, column: c, row: r, text } if r == row => {
                assert_eq!((s, c, text.as_str()), (sheet, column, ""));
                Some("begun")
            }
            Event::CellDone { row: r, .. } if r == row => Some("done"),
            _ => None,
        };
        let told: Vec<&str> = scripted.events.all().into_iter().filter_map(told).collect();
        assert_eq!(told, ["begun", "done"]);
    }
}

use std::collections::BTreeMap;

use braincells_core::{RunScope, RunStatus};
use braincells_data::DataError;

use super::*;

fn ten_rows(folder: &Path) -> (SheetStore, ColumnId) {
    let text: String =
        std::iter::once("a\n".to_owned()).chain((0..10).map(|row| format!("{row}\n"))).collect();
    let store = sheet(folder, "ten.csv", text);
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    (store, column)
}

fn rows(store: &SheetStore, column: ColumnId, scope: RunScope, run: Option<RunId>) -> Vec<i64> {
    store.rows_to_fill(column, &scope.into(), run).unwrap().into_iter().map(|row| row.0).collect()
}

#[test]
fn each_scope_names_its_rows_and_never_those_of_a_person() {
    let folder = folder();
    let (store, column) = ten_rows(folder.path());
    assert_eq!(rows(&store, column, RunScope::Empty, None), (1..=10).collect::<Vec<_>>());
    let run = store.start_run(column, 1, &RunScope::Empty.into(), 10, NOW_MS).unwrap();
    let cells = [
        done(run, 1, "x"),
        failed(run, 2, "no"),
        record(3, CellState::Edited, "mine"),
        record(4, CellState::Validated, "good"),
        failed(run, 5, "no"),
        done(run, 5, "second try"),
    ];
    store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap();
    assert_eq!(rows(&store, column, RunScope::Empty, None), [6, 7, 8, 9, 10]);
    assert_eq!(rows(&store, column, RunScope::First { count: 7 }, None), [6, 7]);
    assert_eq!(rows(&store, column, RunScope::First { count: 0 }, None), [0_i64; 0]);
    assert_eq!(rows(&store, column, RunScope::Failed, None), [2]);
    assert_eq!(rows(&store, column, RunScope::All, None), [1, 2, 5, 6, 7, 8, 9, 10]);
    assert_eq!(rows(&store, column, RunScope::All, Some(run)), [6, 7, 8, 9, 10]);
    let other = store.start_run(column, 1, &RunScope::All.into(), 8, NOW_MS).unwrap();
    store.commit_cells(column, Some(1), &[done(other, 6, "y")], NOW_MS).unwrap();
    assert_eq!(rows(&store, column, RunScope::All, Some(other)), [1, 2, 5, 7, 8, 9, 10]);
    let counts = BTreeMap::from([
        (CellState::Empty, 4),
        (CellState::Done, 3),
        (CellState::Failed, 1),
        (CellState::Edited, 1),
        (CellState::Validated, 1),
    ]);
    assert_eq!(store.count_states(column).unwrap(), counts);
}

#[test]
fn a_run_is_counted_by_the_latest_entry_of_each_row() {
    let folder = folder();
    let (store, column) = ten_rows(folder.path());
    let run = store.start_run(column, 1, &RunScope::First { count: 3 }.into(), 3, NOW_MS).unwrap();
    assert_eq!(run, RunId(1));
    let cells =
        [failed(run, 1, "no"), failed(run, 2, "no"), done(run, 1, "yes"), done(run, 3, "z")];
    store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap();
    let info = store.run(run).unwrap();
    assert_eq!((info.rows_total, info.rows_done, info.rows_failed), (3, 2, 1));
    assert_eq!(
        (info.status, info.request),
        (RunStatus::Running, RunScope::First { count: 3 }.into())
    );
    assert_eq!((info.started_at_ms, info.ended_at_ms), (NOW_MS, None));

    store.set_run_status(run, RunStatus::Failed, Some("engine gone"), NOW_MS + 9).unwrap();
    let second = store.start_run(column, 2, &RunScope::Failed.into(), 1, NOW_MS + 10).unwrap();
    let runs = store.runs().unwrap();
    assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), [run, second]);
    assert_eq!(runs[0].error.as_deref(), Some("engine gone"));
    assert_eq!(runs[0].ended_at_ms, Some(NOW_MS + 9));
    assert_eq!((runs[1].rows_done, runs[1].recipe_version), (0, 2));
    store.set_run_status(run, RunStatus::Running, None, NOW_MS + 11).unwrap();
    let again = store.run(run).unwrap();
    assert_eq!((again.ended_at_ms, again.error), (None, None), "a resumed run has not ended");

    let error = store.set_run_status(RunId(9), RunStatus::Done, None, NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::RunMissing { run: RunId(9) }), "{error}");
    assert!(matches!(store.run(RunId(9)), Err(DataError::RunMissing { .. })));
}

#[test]
fn a_run_that_its_process_left_is_interrupted_and_goes_on_where_it_was() {
    let folder = folder();
    let (store, column) = ten_rows(folder.path());
    let left = store.start_run(column, 1, &RunScope::Empty.into(), 10, NOW_MS).unwrap();
    let ended = store.start_run(column, 1, &RunScope::Empty.into(), 10, NOW_MS).unwrap();
    store.set_run_status(ended, RunStatus::Done, None, NOW_MS).unwrap();
    let cells = [done(left, 1, "x"), failed(left, 4, "no")];
    store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap();

    let store = reopen(store);
    let info = store.run(left).unwrap();
    assert_eq!((info.status, info.ended_at_ms), (RunStatus::Interrupted, Some(NOW_MS + 1)));
    assert!(info.status.can_resume());
    assert_eq!(store.run(ended).unwrap().status, RunStatus::Done);
    assert_eq!(rows(&store, column, RunScope::All, Some(left)), [2, 3, 5, 6, 7, 8, 9, 10]);
    assert_eq!(store.start_run(column, 1, &RunScope::Empty.into(), 1, NOW_MS).unwrap(), RunId(3));
}

#[test]
fn the_log_holds_everything_about_an_attempt() {
    let folder = folder();
    let (store, column) = ten_rows(folder.path());
    let run = store.start_run(column, 1, &RunScope::Empty.into(), 10, NOW_MS).unwrap();
    let mut cell = done(run, 7, "seven");
    cell.reasoning = Some("because".to_owned());
    cell.figures = CellFigures {
        model: Some("tiny.gguf".to_owned()),
        prompt_tokens: 120,
        shared_tokens: 0,
        completion_tokens: 3,
        duration_ms: 45,
        confidence: Some(0.875),
        cut_off: true,
        cached: false,
        label_scores: vec![-0.25, -1.5],
        calibration: Some(3),
        cost_usd: Some(0.25),
    };
    store.commit_cells(column, Some(4), &[failed(run, 2, "no"), cell], NOW_MS + 7).unwrap();
    let path = store.path().to_path_buf();
    drop(store);
    let log: Vec<String> = duckdb::Connection::open(path)
        .unwrap()
        .prepare("SELECT to_json(l)::VARCHAR FROM braincells.cell_log l ORDER BY seq")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<duckdb::Result<_>>()
        .unwrap();
    let log: Vec<Value> = log.iter().map(|entry| serde_json::from_str(entry).unwrap()).collect();
    let at_ms = NOW_MS + 7;
    assert_eq!(
        log,
        [
            serde_json::json!({"seq": 1, "run_id": 1, "column_id": 2, "row_id": 2,
                "state": "failed", "value": null, "error_code": "engine_failed",
                "error_message": "no", "error_hint": "try again", "model": null,
                "recipe_version": 4, "prompt_tokens": 0, "completion_tokens": 0,
                "duration_ms": 0, "confidence": null, "cut_off": false, "reasoning": null, "sources": null,
                "at_ms": at_ms, "step_id": 2, "cached": false,
                "label_scores": null, "calibration_id": null, "cost_usd": null}),
            serde_json::json!({"seq": 2, "run_id": 1, "column_id": 2, "row_id": 7,
                "state": "done", "value": "seven", "error_code": null, "error_message": null,
                "error_hint": null, "model": "tiny.gguf", "recipe_version": 4,
                "prompt_tokens": 120, "completion_tokens": 3, "duration_ms": 45,
                "confidence": 0.875, "cut_off": true, "reasoning": "because", "sources": null, "at_ms": at_ms, "step_id": 2, "cached": false,
                "label_scores": [-0.25, -1.5], "calibration_id": 3, "cost_usd": 0.25})
        ]
    );
}

//! Label scores and calibrations, as the log keeps them.

use braincells_core::{Calibration, CalibrationMode, CheckedScores, HistoryEntry, RunStatus};
use braincells_data::{CellEdit, Recalibrated, RowPlace, ScoredCell};
use serde_json::json;

use super::*;

const SCORES: [[f64; 2]; 4] = [[-0.1, -2.3], [-0.2, -1.7], [-690.0, -1e-300], [-0.6, -0.8]];

fn labelled() -> Recipe {
    recipe(Output::Label { labels: vec!["yes".into(), " no ".into()] })
}

fn prior(bias: f64) -> Calibration {
    Calibration {
        mode: CalibrationMode::Prior,
        bias: vec![bias, -bias],
        prior: vec![-0.2, -1.7],
        inputs: 32,
        ..Calibration::unchanged(2, "prompt")
    }
}

/// A column `verdict` over four rows, all `yes`, and `after` that reads it.
fn filled(folder: &Path) -> (SheetStore, ColumnId, ColumnId) {
    let store = sheet(folder, "t.csv", "a\nw\nx\ny\nz\n");
    let verdict = store.add_ai_column("verdict", &labelled(), NOW_MS).unwrap().id;
    let reads = Recipe { prompt: "Of {{verdict}}".to_owned(), ..recipe(Output::Text) };
    let after = store.add_ai_column("after", &reads, NOW_MS).unwrap().id;
    fill(&store, verdict, |row| {
        let mut cell = done(RunId(0), row, "yes");
        cell.figures.label_scores = SCORES[row as usize - 1].to_vec();
        cell.figures.confidence = Some(0.9);
        cell.figures.model = Some("tiny.gguf".to_owned());
        cell
    });
    fill(&store, after, |row| done(RunId(0), row, "text"));
    (store, verdict, after)
}

fn fill(store: &SheetStore, column: ColumnId, cell: impl Fn(i64) -> CellRecord) -> RunId {
    let all = braincells_core::RunScope::All.into();
    let rows = store.rows_to_fill(column, &all, None).unwrap();
    let run = store.start_run(column, 1, &all, rows.len() as u64, NOW_MS).unwrap();
    let stored = store.add_calibration(column, Some(run), &prior(0.5), NOW_MS).unwrap();
    let cells: Vec<CellRecord> = rows
        .iter()
        .map(|row| {
            let mut cell = CellRecord { run: Some(run), ..cell(row.0) };
            if !cell.figures.label_scores.is_empty() {
                cell.figures.calibration = Some(stored);
            }
            cell
        })
        .collect();
    store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap();
    store.set_run_status(run, braincells_core::RunStatus::Done, None, NOW_MS).unwrap();
    run
}

/// All cells become `no`.
fn all_no(store: &SheetStore, column: ColumnId) -> Vec<Recalibrated> {
    let cells = store.scored_cells(column).unwrap().into_iter();
    cells
        .map(|cell| Recalibrated { cell, value: "no".into(), confidence: 0.7, calibration: 0 })
        .collect()
}

fn shown(store: &SheetStore, column: ColumnId) -> Vec<(Value, CellState, Option<f64>)> {
    let window = store.window(&[column], 0, 99).unwrap();
    let cell = |cell: &braincells_core::CellView| {
        (cell.value.clone(), cell.state.unwrap(), cell.confidence)
    };
    window.rows.iter().map(|row| cell(&row.cells[0])).collect()
}

fn latest(store: &SheetStore, column: ColumnId, row: i64) -> HistoryEntry {
    store.cell_history(column, RowId(row)).unwrap().remove(0)
}

#[test]
fn scores_survive_to_the_last_bit_and_say_every_labels_share() {
    let folder = folder();
    let (store, verdict, _) = filled(folder.path());
    let store = reopen(store);
    let cells: Vec<ScoredCell> = store.scored_cells(verdict).unwrap();
    let scores: Vec<&[f64]> = cells.iter().map(|cell| cell.scores.as_slice()).collect();
    assert_eq!(scores, SCORES);
    assert_eq!((cells[0].state, cells[0].recipe_version), (CellState::Done, Some(1)));
    let entry = latest(&store, verdict, 1);
    assert_eq!(entry.figures.label_scores, SCORES[0]);
    let names: Vec<&str> = entry.labels.iter().map(|share| share.label.as_str()).collect();
    assert_eq!(names, ["yes", "no"], "as the prompt has them");
    let (yes, no) = (&entry.labels[0], &entry.labels[1]);
    assert!((yes.raw + no.raw - 1.0).abs() < 1e-12 && yes.raw > 0.89);
    let odds = ((SCORES[0][0] - 0.5) - (SCORES[0][1] + 0.5)).exp();
    assert!((yes.calibrated.unwrap() - odds / (1.0 + odds)).abs() < 1e-12);
}

#[test]
fn a_cell_that_was_not_scored_has_no_scores_and_an_edit_keeps_those_of_the_model() {
    let folder = folder();
    let (store, verdict, after) = filled(folder.path());
    assert_eq!(latest(&store, after, 1).labels, []);
    assert_eq!(latest(&store, after, 1).figures.label_scores, [0.0; 0]);
    assert_eq!(store.scored_cells(after).unwrap(), []);
    store.edit_cells(&[CellEdit::new(verdict, RowId(2), "no".into())], NOW_MS).unwrap();
    let cell = store.scored_cells(verdict).unwrap().remove(1);
    assert_eq!((cell.state, cell.value), (CellState::Edited, json!("no")));
    assert_eq!(cell.scores, SCORES[1]);
    store.edit_cells(&[CellEdit::new(verdict, RowId(2), Value::Null)], NOW_MS).unwrap();
    assert_eq!(store.scored_cells(verdict).unwrap().len(), 3, "an emptied cell is none");
    fill(&store, verdict, |row| done(RunId(0), row, "no"));
    assert_eq!(store.scored_cells(verdict).unwrap(), [], "its scores are of another answer");
}

#[test]
fn recalibrating_is_one_step_that_leaves_a_persons_cells_alone() {
    let folder = folder();
    let (store, verdict, after) = filled(folder.path());
    store.edit_cells(&[CellEdit::new(verdict, RowId(1), "yes".into())], NOW_MS).unwrap();
    let approved =
        CellEdit { state: CellState::Validated, ..CellEdit::new(verdict, RowId(2), "yes".into()) };
    store.edit_cells(&[approved], NOW_MS).unwrap();
    fill(&store, after, |row| done(RunId(0), row, "text"));
    let before = (shown(&store, verdict), shown(&store, after));
    let steps = store.steps().unwrap().len();

    let recipe = Recipe { calibration: CalibrationMode::Batch, ..labelled() };
    let cells = all_no(&store, verdict);
    let changed = store.recalibrate(verdict, None, &recipe, &[prior(2.0)], &cells, NOW_MS).unwrap();
    assert_eq!(changed, 2);
    let expected = [
        (json!("yes"), CellState::Edited, None),
        (json!("yes"), CellState::Validated, None),
        (json!("no"), CellState::Done, Some(0.7)),
        (json!("no"), CellState::Done, Some(0.7)),
    ];
    assert_eq!(shown(&store, verdict), expected);
    let states: Vec<CellState> = shown(&store, after).into_iter().map(|cell| cell.1).collect();
    let (done, stale) = (CellState::Done, CellState::Stale);
    assert_eq!(states, [done, done, stale, stale], "only what was made from changed values");
    let named: Vec<String> = store.steps().unwrap().into_iter().map(|step| step.name).collect();
    assert_eq!(&named[steps..], ["Calibrate `verdict`"]);
    let column = store.columns().unwrap().remove(1);
    assert_eq!(column.recipe().unwrap().calibration, CalibrationMode::Batch);
    let entry = latest(&store, verdict, 3);
    assert_eq!((entry.figures.label_scores.as_slice(), entry.run), (&SCORES[2][..], None));
    assert_eq!(entry.figures.model.as_deref(), Some("tiny.gguf"));

    let store = reopen(store);
    assert_eq!(shown(&store, verdict), expected);
    store.undo(NOW_MS).unwrap();
    assert_eq!((shown(&store, verdict), shown(&store, after)), before);
    let column = store.columns().unwrap().remove(1);
    assert_eq!(column.recipe().unwrap().calibration, CalibrationMode::Prior);
    store.redo(NOW_MS).unwrap();
    assert_eq!(shown(&store, verdict), expected);
}

#[test]
fn a_cell_that_changed_meanwhile_is_not_recalibrated() {
    let folder = folder();
    let (store, verdict, _) = filled(folder.path());
    let cells = all_no(&store, verdict);
    store.edit_cells(&[CellEdit::new(verdict, RowId(1), "no".into())], NOW_MS).unwrap();
    store.delete_rows(&[RowId(2)], NOW_MS).unwrap();
    let changed =
        store.recalibrate(verdict, None, &labelled(), &[prior(2.0)], &cells, NOW_MS).unwrap();
    assert_eq!(changed, 2);
    assert_eq!(latest(&store, verdict, 1).state, CellState::Edited);
}

#[test]
fn only_the_calibration_may_differ_and_nothing_to_do_is_no_step() {
    let folder = folder();
    let (store, verdict, _) = filled(folder.path());
    let steps = store.steps().unwrap().len();
    let other = Recipe { prompt: "Else {{a}}".to_owned(), ..labelled() };
    let error = store.recalibrate(verdict, None, &other, &[], &[], NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::RecipeDiffers { .. }), "{error}");
    assert_eq!(store.recalibrate(verdict, None, &labelled(), &[], &[], NOW_MS).unwrap(), 0);
    assert_eq!(store.steps().unwrap().len(), steps);
}

#[test]
fn a_live_run_keeps_its_column() {
    let folder = folder();
    let (store, verdict, _) = filled(folder.path());
    let cells = all_no(&store, verdict);
    let all = braincells_core::RunScope::All.into();
    let run = store.start_run(verdict, 1, &all, 4, NOW_MS).unwrap();
    let error =
        store.recalibrate(verdict, None, &labelled(), &[prior(1.0)], &cells, NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::ColumnAlive { .. }), "{error}");
    // A person works on something else meanwhile, and has just taken that back.
    let input = store.columns().unwrap()[0].id;
    store.edit_cells(&[CellEdit::new(input, RowId(1), "other".into())], NOW_MS).unwrap();
    store.undo(NOW_MS).unwrap();
    let (own, steps) = ([prior(1.0)], store.steps().unwrap());
    let before = shown(&store, verdict);
    let changed = store.recalibrate(verdict, Some(run), &labelled(), &own, &cells, NOW_MS).unwrap();
    assert_eq!(changed, 4, "at its end the run itself may");
    assert_eq!(store.steps().unwrap(), steps, "it belongs to the run");
    store.set_run_status(run, RunStatus::Done, None, NOW_MS).unwrap();
    let redone = store.redo(NOW_MS).unwrap().unwrap();
    assert_eq!(redone.id, steps.last().unwrap().id, "what was taken back can be done again");
    store.undo(NOW_MS).unwrap();
    store.undo(NOW_MS).unwrap();
    assert_eq!(shown(&store, verdict), before, "it is undone with the run");
}

#[test]
fn another_calibration_alone_makes_no_cell_stale() {
    let folder = folder();
    let (store, verdict, after) = filled(folder.path());
    let before = (shown(&store, verdict), shown(&store, after));
    let recipe = Recipe { calibration: CalibrationMode::None, ..labelled() };
    assert_eq!(store.set_recipe(verdict, &recipe, NOW_MS).unwrap(), 2);
    assert_eq!((shown(&store, verdict), shown(&store, after)), before);
    let other = Recipe { prompt: "Else {{a}}".to_owned(), ..recipe };
    store.set_recipe(verdict, &other, NOW_MS).unwrap();
    assert!(shown(&store, verdict).iter().all(|cell| cell.1 == CellState::Stale));
}

#[test]
fn a_run_finds_the_calibration_it_began_with() {
    let folder = folder();
    let (store, verdict, _) = filled(folder.path());
    let run =
        store.start_run(verdict, 1, &braincells_core::RunScope::All.into(), 4, NOW_MS).unwrap();
    assert_eq!(store.calibration_of_run(run).unwrap(), None);
    let checked = CheckedScores { row: RowId(3), scores: vec![-0.1, -2.4], label: 1 };
    let used = Calibration { checked: vec![checked], ..prior(0.25) };
    let id = store.add_calibration(verdict, Some(run), &used, NOW_MS).unwrap();
    store.add_calibration(verdict, None, &prior(9.0), NOW_MS).unwrap();
    let store = reopen(store);
    let found = store.calibration_of_run(run).unwrap().unwrap();
    assert_eq!((found.id, found.run, found.calibration), (id, Some(run), used));
    let all: Vec<i64> = store.calibrations(verdict).unwrap().iter().map(|one| one.id).collect();
    assert_eq!(all, [id + 1, id, 1], "the latest first");
}

#[test]
fn a_copy_of_a_column_keeps_scores_and_calibration() {
    let folder = folder();
    let (store, verdict, _) = filled(folder.path());
    let copy = store.duplicate_column(verdict, "copy", NOW_MS).unwrap().id;
    let (own, copied) = (store.scored_cells(verdict).unwrap(), store.scored_cells(copy).unwrap());
    let scores = |cells: &[ScoredCell]| -> Vec<(Vec<f64>, Option<i64>)> {
        cells.iter().map(|cell| (cell.scores.clone(), cell.calibration)).collect()
    };
    assert_eq!(scores(&copied), scores(&own));
    assert_eq!(store.calibrations(copy).unwrap(), store.calibrations(verdict).unwrap());
    let shares = |column| latest(&store, column, 1).labels;
    assert_eq!(shares(copy), shares(verdict));
    let cells = all_no(&store, copy);
    assert_eq!(
        store.recalibrate(copy, None, &labelled(), &[prior(1.0)], &cells, NOW_MS).unwrap(),
        4
    );
    assert_eq!(shown(&store, verdict)[0].0, "yes", "the original is another column");
}

#[test]
fn rows_that_are_put_in_are_not_scored() {
    let folder = folder();
    let (store, verdict, _) = filled(folder.path());
    store.insert_rows(RowPlace::First, 2, NOW_MS).unwrap();
    let rows: Vec<i64> = store.scored_cells(verdict).unwrap().iter().map(|c| c.row.0).collect();
    assert_eq!(rows, [1, 2, 3, 4]);
}

/// A file as the second version of the format wrote it.
const VERSION_2: &str = "
CREATE TABLE main.rows (row_id BIGINT, row_order BIGINT, a VARCHAR, answer VARCHAR);
INSERT INTO main.rows VALUES (1, 4294967296, 'x', 'yes'), (2, 8589934592, 'y', 'no');
CREATE SCHEMA braincells;
CREATE TABLE braincells.meta (
    format_version BIGINT, id VARCHAR, name VARCHAR, created_at_ms BIGINT, changed_at_ms BIGINT,
    next_column_id BIGINT, next_row_id BIGINT);
INSERT INTO braincells.meta VALUES (2, '936da01f-9abd-4d9d-80c7-02af85c822a8', 'old', 5, 6, 3, 3);
CREATE TABLE braincells.columns (
    id BIGINT, position BIGINT, name VARCHAR, physical VARCHAR, kind VARCHAR,
    recipe_version BIGINT, hidden BOOLEAN, width_px UINTEGER);
INSERT INTO braincells.columns VALUES (1, 1, 'a', 'a', 'data', NULL, false, NULL),
    (2, 2, 'answer', 'answer', 'ai', 1, false, 120);
CREATE TABLE braincells.recipes (
    column_id BIGINT, version BIGINT, recipe JSON, at_ms BIGINT, inputs JSON);
INSERT INTO braincells.recipes VALUES (2, 1, '{\"prompt\": \"is {{a}}\", \"model\": \"m\",
    \"output\": {\"type\": \"label\", \"labels\": [\"yes\", \"no\"]}}', 5, '{\"a\": 1}');
CREATE TABLE braincells.runs (
    id BIGINT, column_id BIGINT, recipe_version BIGINT, scope JSON, status VARCHAR,
    rows_total BIGINT, started_at_ms BIGINT, ended_at_ms BIGINT, error VARCHAR);
INSERT INTO braincells.runs VALUES (1, 2, 1, '{\"rows\": \"empty\"}', 'done', 2, 5, 6, NULL);
CREATE TABLE braincells.cell_log (
    seq BIGINT, run_id BIGINT, column_id BIGINT, row_id BIGINT, state VARCHAR, value VARCHAR,
    error_code VARCHAR, error_message VARCHAR, error_hint VARCHAR, model VARCHAR,
    recipe_version BIGINT, prompt_tokens UINTEGER, completion_tokens UINTEGER,
    duration_ms UINTEGER, confidence DOUBLE, cut_off BOOLEAN, reasoning VARCHAR, sources JSON,
    at_ms BIGINT, step_id BIGINT, cached BOOLEAN);
INSERT INTO braincells.cell_log (seq, run_id, column_id, row_id, state, value, recipe_version,
    confidence, at_ms, step_id, cached) VALUES
    (1, 1, 2, 1, 'done', 'yes', 1, 0.75, 5, 1, false), (2, 1, 2, 2, 'done', 'no', 1, 0.5, 5, 1, false);
CREATE TABLE braincells.steps (
    id BIGINT, name VARCHAR, at_ms BIGINT, undone BOOLEAN, discarded BOOLEAN, change JSON);
INSERT INTO braincells.steps VALUES (1, 'Fill `answer`', 5, false, false, '{}');
CREATE TABLE braincells.row_moves (
    step_id BIGINT, row_id BIGINT, order_before BIGINT, order_after BIGINT);
CREATE TABLE braincells.shown_examples (step_id BIGINT, examples JSON);
CREATE TABLE braincells.removed_rows AS
    SELECT CAST(0 AS BIGINT) AS step_id, * FROM main.rows LIMIT 0;
CHECKPOINT;
";

#[test]
fn a_sheet_of_the_second_format_opens_with_everything_in_it_and_takes_scores() {
    let folder = folder();
    let path = folder.path().join("old.duckdb");
    duckdb::Connection::open(&path).unwrap().execute_batch(VERSION_2).unwrap();
    let store = SheetStore::open(&path, LIMITS, NOW_MS).unwrap();
    let column = ids(&store)[1];
    let cells = |store: &SheetStore| shown(store, column);
    let before =
        [(json!("yes"), CellState::Done, Some(0.75)), (json!("no"), CellState::Done, Some(0.5))];
    assert_eq!(cells(&store), before);
    assert_eq!(store.scored_cells(column).unwrap(), []);
    assert_eq!(latest(&store, column, 1).labels, [], "nobody knows its shares");
    assert_eq!(store.columns().unwrap()[1].recipe().unwrap().calibration, CalibrationMode::Prior);
    fill(&store, column, |row| {
        let mut cell = done(RunId(0), row, "no");
        cell.figures.label_scores = vec![-1.0, -0.5];
        cell
    });
    let store = reopen(store);
    assert_eq!(store.scored_cells(column).unwrap().len(), 2);
    store.undo(NOW_MS).unwrap();
    assert_eq!(cells(&store), before);
    store.undo(NOW_MS).unwrap();
    assert_eq!(cells(&store)[0].1, CellState::Empty, "its own steps can be undone too");
    let kept: Vec<String> = file_names(folder.path());
    assert!(kept.iter().any(|name| name.contains("old") && name != "old.duckdb"), "{kept:?}");
}

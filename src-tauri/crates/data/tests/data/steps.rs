//! Undo and redo: single steps by name, then random sequences of everything.

use std::collections::BTreeMap;

use braincells_core::{Calibration, CalibrationMode, DataType};
use braincells_data::{CellEdit, ExportRequest, Recalibrated, RowPlace, SplitPart};
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Everything that a person can see of a sheet.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    name: String,
    columns: Vec<Column>,
    rows: Vec<RowId>,
    cells: Vec<Vec<braincells_core::CellView>>,
    counts: Vec<BTreeMap<CellState, u64>>,
}

/// The sheet as a file.
fn exported(store: &SheetStore) -> String {
    let path = store.path().with_extension("csv-seen");
    let request = ExportRequest {
        path: path.clone(),
        format: Format::Csv,
        columns: None,
        rows: None,
        neutralise_formulas: false,
    };
    store.export(&request, &never()).unwrap();
    fs::read_to_string(&path).unwrap()
}

fn seen(store: &SheetStore) -> Seen {
    let ids = ids(store);
    let window = store.window(&ids, 0, u64::MAX).unwrap();
    let columns = store.columns().unwrap();
    let ai = columns.iter().filter(|column| column.recipe().is_some());
    let counts = ai.map(|column| store.count_states(column.id).unwrap()).collect();
    Seen {
        name: store.info().unwrap().name,
        rows: window.rows.iter().map(|row| row.row).collect(),
        cells: window.rows.into_iter().map(|row| row.cells).collect(),
        columns,
        counts,
    }
}

const TABLE: &str = "a,n,when,flag\n\
    one,1,2024-01-01,true\n\
    \"{\"\"x\"\": 1, \"\"y\"\": \"\"z\"\"}\",2.5,2024-02-29,false\n\"three\nlines\",,2024-03-01,\n=4,-4,,true\n";

/// One action of a person or of a run; numbers pick among what is there.
#[derive(Clone, Debug)]
enum Op {
    Edit(usize, usize, u8),
    Clear(Vec<(usize, usize)>),
    Approve(usize, usize),
    Insert(usize, u8),
    DeleteRows(Vec<usize>),
    MoveRows(Vec<usize>, usize),
    AddColumn(u8),
    AddAi(usize, u8),
    Rename(usize, u8),
    MoveColumn(usize, usize),
    Hide(usize, bool),
    DeleteColumn(usize),
    Duplicate(usize, u8),
    Split(usize, u8),
    Retype(usize, usize),
    Recipe(usize, u8),
    Run(usize, u8),
    Calibrate(usize, u8),
    RenameSheet(u8),
    Restore(usize, usize, usize),
    Undo,
    Redo,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let pick = || 0..64_usize;
    prop_oneof![
        6 => (pick(), pick(), any::<u8>()).prop_map(|(c, r, v)| Op::Edit(c, r, v)),
        2 => prop::collection::vec((pick(), pick()), 1..6).prop_map(Op::Clear),
        2 => (pick(), pick()).prop_map(|(c, r)| Op::Approve(c, r)),
        3 => (pick(), 1..4_u8).prop_map(|(p, n)| Op::Insert(p, n)),
        2 => prop::collection::vec(pick(), 1..4).prop_map(Op::DeleteRows),
        3 => (prop::collection::vec(pick(), 1..4), pick()).prop_map(|(r, p)| Op::MoveRows(r, p)),
        1 => any::<u8>().prop_map(Op::AddColumn),
        2 => (pick(), any::<u8>()).prop_map(|(c, n)| Op::AddAi(c, n)),
        2 => (pick(), any::<u8>()).prop_map(|(c, n)| Op::Rename(c, n)),
        1 => (pick(), pick()).prop_map(|(c, p)| Op::MoveColumn(c, p)),
        1 => (pick(), any::<bool>()).prop_map(|(c, h)| Op::Hide(c, h)),
        1 => pick().prop_map(Op::DeleteColumn),
        1 => (pick(), any::<u8>()).prop_map(|(c, n)| Op::Duplicate(c, n)),
        1 => (pick(), any::<u8>()).prop_map(|(c, n)| Op::Split(c, n)),
        1 => (pick(), pick()).prop_map(|(c, t)| Op::Retype(c, t)),
        1 => (pick(), any::<u8>()).prop_map(|(c, n)| Op::Recipe(c, n)),
        5 => (pick(), any::<u8>()).prop_map(|(c, n)| Op::Run(c, n)),
        1 => (pick(), any::<u8>()).prop_map(|(c, n)| Op::Calibrate(c, n)),
        1 => any::<u8>().prop_map(Op::RenameSheet),
        1 => (pick(), pick(), pick()).prop_map(|(c, r, e)| Op::Restore(c, r, e)),
        3 => Just(Op::Undo),
        2 => Just(Op::Redo),
        1 => Just(Op::Reopen),
    ]
}

fn ai_recipe(input: &str, output: Output, salt: u8) -> Recipe {
    Recipe { prompt: format!("{salt} of {{{{{input}}}}}"), ..recipe(output) }
}

fn output(number: u8) -> Output {
    match number % 4 {
        0 | 1 => Output::Text,
        2 => Output::number(),
        _ => Output::Boolean,
    }
}

fn answer(output: &Output, salt: u8) -> Value {
    match output {
        Output::Number(_) => json!(f64::from(salt) / 3.0),
        Output::Boolean => json!(salt.is_multiple_of(2)),
        _ => json!(format!("answer {salt}, \"quoted\"\n")),
    }
}

/// Fills a column as a run does, some cells failing.
fn run(store: &SheetStore, column: &Column, salt: u8) -> Result<(), DataError> {
    let Some(recipe) = column.recipe() else { return Ok(()) };
    let scope: braincells_core::RunRequest = match salt % 3 {
        0 => braincells_core::RunScope::All,
        1 => braincells_core::RunScope::Pending,
        _ => braincells_core::RunScope::First { count: 2 },
    }
    .into();
    let rows = store.rows_to_fill(column.id, &scope, None)?;
    let run = store.start_run(column.id, 1, &scope, rows.len() as u64, NOW_MS)?;
    let cells: Vec<CellRecord> = rows
        .iter()
        .map(|row| match row.0 as u8 ^ salt {
            number if number % 5 == 0 => failed(run, row.0, "no answer"),
            number => {
                let mut cell = done(run, row.0, answer(&recipe.output, number));
                if recipe.output.scored_labels().is_some() {
                    cell.figures.label_scores = vec![-f64::from(number) / 100.0, -1.0];
                }
                cell
            }
        })
        .collect();
    for group in cells.chunks(3) {
        store.commit_cells(column.id, Some(1), group, NOW_MS)?;
    }
    store.set_run_status(run, braincells_core::RunStatus::Done, None, NOW_MS)
}

fn split_column(store: &SheetStore, column: ColumnId, number: u8) -> Result<(), DataError> {
    let part = |number: u8| SplitPart {
        property: ["x", "y"][usize::from(number % 2)].to_owned(),
        name: "x".to_owned(),
        data_type: DataType::ALL[usize::from(number) % DataType::ALL.len()],
    };
    let parts = [part(number), part(number.wrapping_add(1))];
    store.split_json_column(column, &parts, NOW_MS).map(drop)
}

/// One of the AI columns, if there are some.
fn ai_at(columns: &[Column], at: usize) -> Option<&Column> {
    let ai: Vec<&Column> = columns.iter().filter(|column| column.recipe().is_some()).collect();
    ai.get(at % ai.len().max(1)).copied()
}

/// Gives the scored cells of a column other values.
fn calibrate(store: &SheetStore, column: &Column, salt: u8) -> Result<(), DataError> {
    let Some(own) = column.recipe() else { return Ok(()) };
    let mode = CalibrationMode::ALL[usize::from(salt) % 3];
    let recipe = Recipe { calibration: mode, ..own.clone() };
    let done = store.scored_cells(column.id)?.into_iter();
    let done = done.filter(|cell| cell.state == CellState::Done);
    let cells: Vec<Recalibrated> = done
        .map(|cell| {
            let (value, confidence) = (answer(&own.output, salt), f64::from(salt) / 255.0);
            Recalibrated { cell, value, confidence, calibration: 0 }
        })
        .collect();
    let unchanged = [Calibration::unchanged(2, "prompt")];
    store.recalibrate(column.id, None, &recipe, &unchanged, &cells, NOW_MS).map(drop)
}

/// Does `op`; refusals that a person would meet are fine and must change nothing.
fn apply(store: &SheetStore, op: &Op) -> Result<(), DataError> {
    let columns = store.columns().unwrap();
    let rows = store.window(&[], 0, u64::MAX).unwrap().rows;
    let column = |at: usize| columns[at % columns.len()].clone();
    let row = |at: usize| rows.get(at % rows.len().max(1)).map(|row| row.row);
    match op {
        Op::Edit(c, r, v) => {
            let (column, Some(row)) = (column(*c), row(*r)) else { return Ok(()) };
            let text = match v % 4 {
                0 => format!("{}", i32::from(*v) - 100),
                1 => format!("2020-01-{:02}", v % 28 + 1),
                2 => "true".to_owned(),
                _ => format!("=word {v}\n"),
            };
            store.edit_cells(&[CellEdit::new(column.id, row, text.into())], NOW_MS).map(drop)
        }
        Op::Clear(cells) => {
            let edit =
                |(c, r): &(usize, usize)| Some(CellEdit::new(column(*c).id, row(*r)?, Value::Null));
            let edits: Vec<CellEdit> = cells.iter().filter_map(edit).collect();
            store.edit_cells(&edits, NOW_MS).map(drop)
        }
        Op::Approve(c, r) => {
            let (column, Some(row)) = (column(*c), row(*r)) else { return Ok(()) };
            let value = store.values(&[column.id], &[row])?.remove(0).remove(0);
            if column.recipe().is_none() || value.is_null() {
                return Ok(());
            }
            let record = record(row.0, CellState::Validated, value);
            store.commit_cells(column.id, None, &[record], NOW_MS)
        }
        Op::Insert(place, count) => {
            let place = match (place % 4, row(*place)) {
                (0, _) | (_, None) => RowPlace::First,
                (1, _) => RowPlace::Last,
                (2, Some(row)) => RowPlace::Before(row),
                (_, Some(row)) => RowPlace::Behind(row),
            };
            store.insert_rows(place, u64::from(*count), NOW_MS).map(drop)
        }
        Op::DeleteRows(picks) => {
            let rows: Vec<RowId> = picks.iter().filter_map(|at| row(*at)).collect();
            store.delete_rows(&rows, NOW_MS)
        }
        Op::MoveRows(picks, place) => {
            let rows: Vec<RowId> = picks.iter().filter_map(|at| row(*at)).collect();
            let Some(at) = row(*place) else { return Ok(()) };
            let place = if place % 2 == 0 { RowPlace::Before(at) } else { RowPlace::Behind(at) };
            store.move_rows(&rows, place, NOW_MS)
        }
        Op::AddColumn(n) => {
            let data_type = DataType::ALL[usize::from(*n) % DataType::ALL.len()];
            store.add_data_column(&format!("new {n}"), data_type, NOW_MS).map(drop)
        }
        Op::AddAi(c, n) => {
            let recipe = ai_recipe(&column(*c).name, output(*n), *n);
            store.add_ai_column(&format!("ai {n}"), &recipe, NOW_MS).map(drop)
        }
        Op::Rename(c, n) => {
            let name = ["x", "größe 😀", "a.b", "say \"hi\"", "A"][usize::from(*n) % 5];
            store.rename_column(column(*c).id, name, NOW_MS)
        }
        Op::MoveColumn(c, place) => {
            store.move_column(column(*c).id, place % (columns.len() + 1), NOW_MS)
        }
        Op::Hide(c, hidden) => store.hide_column(column(*c).id, *hidden, NOW_MS),
        Op::DeleteColumn(c) if columns.len() > 2 => store.delete_columns(&[column(*c).id], NOW_MS),
        Op::Duplicate(c, n) => {
            store.duplicate_column(column(*c).id, &format!("copy {n}"), NOW_MS).map(drop)
        }
        Op::Split(c, n) => split_column(store, column(*c).id, *n),
        Op::Retype(c, t) => {
            let data_type = DataType::ALL[t % DataType::ALL.len()];
            store.retype_column(column(*c).id, data_type, t % 2 == 0, NOW_MS).map(drop)
        }
        Op::Recipe(c, n) => {
            let column = column(*c);
            let Some(old) = column.recipe() else { return Ok(()) };
            let recipe = Recipe { output: output(*n), ..old.clone() };
            store.set_recipe(column.id, &recipe, NOW_MS).map(drop)
        }
        Op::Run(c, n) => ai_at(&columns, *c).map_or(Ok(()), |column| run(store, column, *n)),
        Op::Calibrate(c, n) => {
            ai_at(&columns, *c).map_or(Ok(()), |column| calibrate(store, column, *n))
        }
        Op::RenameSheet(n) => store.rename(&format!("sheet {n}"), NOW_MS),
        Op::Restore(c, r, e) => {
            let (column, Some(row)) = (column(*c), row(*r)) else { return Ok(()) };
            let history = store.cell_history(column.id, row)?;
            match history.get(e % history.len().max(1)) {
                Some(entry) => store.restore_cell(column.id, row, entry.seq, NOW_MS),
                None => Ok(()),
            }
        }
        Op::Undo => store.undo(NOW_MS).map(drop),
        Op::Redo => store.redo(NOW_MS).map(drop),
        Op::DeleteColumn(_) | Op::Reopen => Ok(()),
    }
}

/// Steps that count.
fn depth(store: &SheetStore) -> usize {
    store.steps().unwrap().iter().filter(|step| !step.undone).count()
}

fn undo_all_and_redo_all(ops: &[Op]) {
    let folder = folder();
    let mut store = sheet(folder.path(), "t.csv", TABLE);
    // What was seen when so many steps counted.
    let mut levels = vec![seen(&store)];
    let first_export = exported(&store);
    for (index, op) in ops.iter().enumerate() {
        if matches!(op, Op::Reopen) {
            store = reopen(store);
        }
        let before = depth(&store);
        let result = apply(&store, op);
        let (after, now) = (depth(&store), seen(&store));
        if let Err(error) = &result {
            assert!(
                matches!(error.code(), Code::BadInput | Code::Conflict | Code::NotFound),
                "{op:?}: {error}"
            );
            assert_eq!(after, before, "a refusal of {op:?} left a step: {error}");
        }
        match op {
            Op::Undo | Op::Redo => {
                assert_eq!(now, levels[after], "after {op:?}, action {index}");
            }
            _ => {
                assert!(after - before <= 1, "{op:?} is {} steps", after - before);
                if after == before {
                    assert_eq!(now, levels[after], "{op:?} changed the sheet without a step");
                } else {
                    levels.truncate(after);
                    levels.push(now);
                }
            }
        }
    }
    let (end, last_export) = (depth(&store), exported(&store));
    let levels = &levels[..=end];
    for (level, expected) in levels.iter().enumerate().rev().skip(1) {
        let step = store.undo(NOW_MS).unwrap().expect("a step is left");
        assert_eq!(&seen(&store), expected, "level {level}, after undoing {step:?}");
        if level % 7 == 3 {
            store = reopen(store);
            assert_eq!(&seen(&store), expected, "level {level}, after a restart");
        }
    }
    assert_eq!(store.undo(NOW_MS).unwrap(), None);
    assert_eq!(exported(&store), first_export);
    for (level, expected) in levels.iter().enumerate().skip(1) {
        let step = store.redo(NOW_MS).unwrap().expect("a step was undone");
        assert_eq!(&seen(&store), expected, "level {level}, after redoing {step:?}");
        if level % 7 == 3 {
            store = reopen(store);
        }
    }
    assert_eq!(exported(&store), last_export);
    assert_eq!(&seen(&reopen(store)), levels.last().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn undoing_gives_back_every_earlier_sheet_and_redoing_every_later_one(
        ops in prop::collection::vec(op(), 20..40),
    ) {
        undo_all_and_redo_all(&ops);
    }
}

/// Mostly short sequences: what a long one meets, many short ones meet too, and sooner.
fn long_sequence() -> impl Strategy<Value = Vec<Op>> {
    let sequence = |length| prop::collection::vec(op(), length);
    prop_oneof![28 => sequence(20..40), 3 => sequence(40..100), 1 => sequence(100..200)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "takes half an hour: run it with `--run-ignored only` before a release"]
    fn one_of_two_thousand_long_sequences_undo_and_redo(ops in long_sequence()) {
        undo_all_and_redo_all(&ops);
    }

    #[test]
    #[ignore = "the other thousand, beside it"]
    fn two_of_two_thousand_long_sequences_undo_and_redo(ops in long_sequence()) {
        undo_all_and_redo_all(&ops);
    }
}

/// A file as the first version of the format wrote it.
pub(super) const VERSION_1: &str = "
CREATE TABLE main.rows (row_id BIGINT, row_order BIGINT, a VARCHAR, answer VARCHAR);
INSERT INTO main.rows VALUES (1, 1, 'x', 'one'), (2, 2, 'y', NULL);
CREATE SCHEMA braincells;
CREATE TABLE braincells.meta (
    format_version BIGINT, id VARCHAR, name VARCHAR, created_at_ms BIGINT, changed_at_ms BIGINT,
    next_column_id BIGINT);
INSERT INTO braincells.meta VALUES (1, '936da01f-9abd-4d9d-80c7-02af85c822a8', 'old', 5, 6, 3);
CREATE TABLE braincells.columns (
    id BIGINT, position BIGINT, name VARCHAR, physical VARCHAR, kind VARCHAR);
INSERT INTO braincells.columns VALUES (1, 1, 'a', 'a', 'data'), (2, 2, 'answer', 'answer', 'ai');
CREATE TABLE braincells.recipes (column_id BIGINT, version BIGINT, recipe JSON, at_ms BIGINT);
INSERT INTO braincells.recipes VALUES (2, 1, '{\"prompt\": \"old {{a}}\", \"model\": \"m\"}', 5),
    (2, 2, '{\"prompt\": \"new {{a}}\", \"model\": \"m\"}', 6);
CREATE TABLE braincells.runs (
    id BIGINT, column_id BIGINT, recipe_version BIGINT, scope JSON, status VARCHAR,
    rows_total BIGINT, started_at_ms BIGINT, ended_at_ms BIGINT, error VARCHAR);
INSERT INTO braincells.runs VALUES (1, 2, 1, '{\"rows\": \"empty\"}', 'running', 2, 5, NULL, NULL);
CREATE TABLE braincells.cell_log (
    seq BIGINT, run_id BIGINT, column_id BIGINT, row_id BIGINT, state VARCHAR, value VARCHAR,
    error_code VARCHAR, error_message VARCHAR, error_hint VARCHAR, model VARCHAR,
    recipe_version BIGINT, prompt_tokens UINTEGER, completion_tokens UINTEGER,
    duration_ms UINTEGER, confidence DOUBLE, cut_off BOOLEAN, reasoning VARCHAR, sources JSON,
    at_ms BIGINT);
INSERT INTO braincells.cell_log (seq, run_id, column_id, row_id, state, value, at_ms)
    VALUES (1, 1, 2, 1, 'done', 'one', 5);
CHECKPOINT;
";

#[test]
fn a_sheet_of_the_first_format_opens_with_everything_in_it() {
    let folder = folder();
    let path = folder.path().join("old.duckdb");
    duckdb::Connection::open(&path).unwrap().execute_batch(VERSION_1).unwrap();
    let store = SheetStore::open(&path, LIMITS, NOW_MS).unwrap();
    assert_eq!(table(&store), [[json!("x"), json!("one")], [json!("y"), Value::Null]]);
    let column = store.columns().unwrap().remove(1);
    assert_eq!(column.recipe().unwrap().prompt, "new {{a}}", "the newest recipe counts");
    let run = store.runs().unwrap().remove(0);
    assert_eq!((run.status.as_str(), run.rows_done), ("interrupted", 1));
    assert_eq!(run.request, braincells_core::RunScope::Empty.into());
    assert_eq!(store.undo(NOW_MS).unwrap(), None, "what is older than steps stays");
    store.insert_rows(RowPlace::Before(RowId(2)), 1, NOW_MS).unwrap();
    store.delete_rows(&[RowId(1)], NOW_MS).unwrap();
    let store = reopen(store);
    assert_eq!(store.rows_at(0, 9), [RowId(3), RowId(2)]);
    store.undo(NOW_MS).unwrap();
    store.undo(NOW_MS).unwrap();
    assert_eq!(table(&store), [[json!("x"), json!("one")], [json!("y"), Value::Null]]);
}

#[test]
fn cells_below_a_changed_one_become_stale_and_undo_makes_them_done_again() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\nx\ny\n");
    let a = ids(&store)[0];
    let first = store.add_ai_column("b", &ai_recipe("a", Output::Text, 1), NOW_MS).unwrap();
    let second = store.add_ai_column("c", &ai_recipe("b", Output::Text, 1), NOW_MS).unwrap();
    for column in [&first, &second] {
        run(&store, column, 0).unwrap();
    }
    let states = |store: &SheetStore| -> Vec<Vec<CellState>> {
        let window = store.window(&[first.id, second.id], 0, 9).unwrap();
        let state = |cell: &braincells_core::CellView| cell.state.unwrap();
        window.rows.iter().map(|row| row.cells.iter().map(state).collect()).collect()
    };
    let done = vec![vec![CellState::Done; 2]; 2];
    assert_eq!(states(&store), done);
    store.edit_cells(&[CellEdit::new(a, RowId(1), "new".into())], NOW_MS).unwrap();
    let below = vec![vec![CellState::Stale; 2], vec![CellState::Done; 2]];
    assert_eq!(states(&store), below, "only the row of the change, through both columns");
    let store = reopen(store);
    assert_eq!(states(&store), below);
    let stale = braincells_core::RunScope::Stale.into();
    assert_eq!(store.rows_to_fill(first.id, &stale, None).unwrap(), [RowId(1)]);
    store.undo(NOW_MS).unwrap();
    assert_eq!(states(&store), done);

    let run_again = store.start_run(first.id, 1, &stale, 1, NOW_MS).unwrap();
    store.commit_cells(first.id, Some(1), &[super::done(run_again, 2, "z")], NOW_MS).unwrap();
    assert_eq!(states(&store)[1], [CellState::Done, CellState::Stale], "a run counts as a change");
    let error = store.undo(NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::StepAlive { .. }), "{error}");
    store.set_run_status(run_again, braincells_core::RunStatus::Paused, None, NOW_MS).unwrap();
    store.undo(NOW_MS).unwrap();
    assert_eq!(states(&store), done);

    let recipe = Recipe { model: "other".to_owned(), ..ai_recipe("a", Output::Text, 1) };
    store.set_recipe(first.id, &recipe, NOW_MS).unwrap();
    assert_eq!(states(&store), vec![vec![CellState::Stale; 2]; 2]);
    store.rename_column(a, "größe", NOW_MS).unwrap();
    let renamed = store.columns().unwrap().remove(1);
    assert_eq!(renamed.recipe().unwrap().prompt, "1 of {{größe}}");
    let error = store.delete_columns(&[a], NOW_MS).unwrap_err();
    assert!(matches!(&error, DataError::ColumnInUse { users, .. } if users == &["b"]), "{error}");
}

#[test]
fn a_pasted_block_adds_the_rows_it_needs_and_is_one_step() {
    let folder = folder();
    let store = sheet(folder.path(), "t.csv", TABLE);
    let before = seen(&store);
    let columns = ids(&store);
    let block =
        vec![vec![json!("new"), json!("7")], vec![json!("newer"), Value::Null], vec![json!("end")]];
    let rows = store.rows_at(2, 9);
    assert_eq!(store.paste_block(&columns, &rows, &block, NOW_MS).unwrap(), 1);
    let now = table(&store);
    assert_eq!(now[2][..2], [json!("new"), json!(7)]);
    assert_eq!(now[3][..2], [json!("newer"), Value::Null]);
    assert_eq!(now[4][..2], [json!("end"), Value::Null]);
    store.undo(NOW_MS).unwrap();
    assert_eq!(seen(&store), before);
    let wide = vec![vec![json!("x"); 5]];
    let error = store.paste_block(&columns, &rows, &wide, NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::BlockTooWide { width: 5, room: 4 }), "{error}");
    let wrong = vec![vec![json!("fine"), json!("not a number")]];
    store.paste_block(&columns, &rows, &wrong, NOW_MS).unwrap_err();
    assert_eq!(seen(&store), before, "one value that does not fit leaves everything as it was");
}

#[test]
fn rows_keep_their_place_when_the_room_between_them_runs_out() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\nx\ny\n");
    let mut expected = vec![RowId(1), RowId(2)];
    for _ in 0..40 {
        let added = store.insert_rows(RowPlace::Behind(RowId(1)), 1, NOW_MS).unwrap();
        expected.insert(1, added[0]);
        assert_eq!(store.rows_at(0, 99), expected);
    }
    for _ in 0..40 {
        store.undo(NOW_MS).unwrap();
    }
    assert_eq!(store.rows_at(0, 99), [RowId(1), RowId(2)]);
    for _ in 0..40 {
        store.redo(NOW_MS).unwrap();
    }
    assert_eq!(store.rows_at(0, 99), expected);
}

#[test]
fn compacting_keeps_the_sheet_and_the_latest_steps_and_drops_the_rest() {
    let folder = folder();
    let store = sheet(folder.path(), "t.csv", TABLE);
    let columns = ids(&store);
    store.delete_columns(&[columns[3]], NOW_MS).unwrap();
    store.delete_rows(&[RowId(4)], NOW_MS).unwrap();
    store.edit_cells(&[CellEdit::new(columns[0], RowId(1), "undone".into())], NOW_MS).unwrap();
    store.undo(NOW_MS).unwrap();
    store.edit_cells(&[CellEdit::new(columns[0], RowId(1), "first".into())], NOW_MS).unwrap();
    let level = seen(&store);
    store.edit_cells(&[CellEdit::new(columns[0], RowId(1), "second".into())], NOW_MS).unwrap();
    let now = seen(&store);
    let compacted = store.compact(1, NOW_MS).unwrap();
    let expected = braincells_data::Compacted { steps: 4, columns: 1, rows: 1 };
    assert_eq!(compacted, expected);
    let store = reopen(store);
    assert_eq!(seen(&store), now);
    let values: Vec<Value> = store
        .cell_history(columns[0], RowId(1))
        .unwrap()
        .into_iter()
        .map(|entry| entry.value)
        .collect();
    assert_eq!(values, [json!("second"), json!("first"), json!("one")]);
    assert_eq!(store.undo(NOW_MS).unwrap().unwrap().name, "Edit a cell of `a`");
    assert_eq!(seen(&store), level);
    assert_eq!(store.undo(NOW_MS).unwrap(), None);
    store.redo(NOW_MS).unwrap();
    assert_eq!(seen(&store), now);
    assert_eq!(store.compact(9, NOW_MS).unwrap(), braincells_data::Compacted::default());
}

#[test]
fn a_cell_goes_back_to_any_value_it_had() {
    let folder = folder();
    let store = sheet(folder.path(), "t.csv", TABLE);
    let n = ids(&store)[1];
    assert_eq!(store.cell_history(n, RowId(2)).unwrap(), [], "never changed");
    for value in [json!("7"), Value::Null, json!(8.5)] {
        store.edit_cells(&[CellEdit::new(n, RowId(2), value)], NOW_MS).unwrap();
    }
    store.undo(NOW_MS).unwrap();
    let history = store.cell_history(n, RowId(2)).unwrap();
    let seen: Vec<(Value, bool)> =
        history.iter().map(|entry| (entry.value.clone(), entry.undone)).collect();
    let expected =
        [(json!(8.5), true), (Value::Null, false), (json!(7), false), (json!(2.5), false)];
    assert_eq!(seen, expected);
    assert_eq!(history[3].step, None, "the imported value comes from no step");
    store.restore_cell(n, RowId(2), history[3].seq, NOW_MS).unwrap();
    assert_eq!(table(&store)[1][1], json!(2.5));
    let error = store.restore_cell(n, RowId(2), 999, NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::EntryMissing { .. }), "{error}");
}

#[test]
fn a_typed_value_is_stored_as_it_is_or_refused_and_never_rounded() {
    let folder = folder();
    let store = sheet(folder.path(), "t.csv", "i,d,n\n1,2024-01-01,2.5\n2,2024-01-02,3\n");
    let columns = ids(&store);
    let before = seen(&store);
    for (column, typed) in [(0, json!("1.5")), (0, json!(1.5)), (1, json!("2024-01-01 12:30"))] {
        let edits = [
            CellEdit::new(columns[column], RowId(1), before.cells[1][column].value.clone()),
            CellEdit::new(columns[column], RowId(2), typed.clone()),
        ];
        let error = store.edit_cells(&edits, NOW_MS).unwrap_err();
        assert!(matches!(error, DataError::WrongType { row: RowId(2), .. }), "{typed}: {error}");
    }
    let error = store.retype_column(columns[2], DataType::Integer, false, NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::WouldLose { count: 1, .. }), "{error}");
    assert_eq!(seen(&store), before);
    assert_eq!(store.retype_column(columns[2], DataType::Integer, true, NOW_MS).unwrap(), 1);
    assert_eq!(table(&store)[0][2], Value::Null);
    assert_eq!(table(&store)[1][2], json!(3));
}

#[test]
fn an_old_recipe_follows_the_columns_it_was_written_for() {
    let folder = folder();
    let store = sheet(folder.path(), "t.csv", "a,b\nx,y\n");
    let (a, b) = (ids(&store)[0], ids(&store)[1]);
    let old = Recipe { prompt: "{{a}} and {{b}}".to_owned(), ..recipe(Output::Text) };
    let column = store.add_ai_column("c", &old, NOW_MS).unwrap().id;
    store.set_recipe(column, &recipe(Output::Text), NOW_MS).unwrap();
    store.rename_column(a, "third", NOW_MS).unwrap();
    store.rename_column(b, "a", NOW_MS).unwrap();
    store.rename_column(a, "b", NOW_MS).unwrap();
    let store = reopen(store);
    assert_eq!(store.recipe(column, 1).unwrap().prompt, "{{b}} and {{a}}", "the two are swapped");
    assert_eq!(store.recipe(column, 2).unwrap().prompt, "Say something about {{b}}");
    for _ in 0..3 {
        store.undo(NOW_MS).unwrap();
    }
    assert_eq!(store.recipe(column, 1).unwrap(), old);
}

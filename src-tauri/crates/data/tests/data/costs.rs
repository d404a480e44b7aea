//! What cells cost, sheets that stay on this machine, and sheets from before there was either.

use braincells_core::{RunCap, RunRequest, RunScope, RunStatus};
use braincells_data::{RunSpent, write_file_with};

use super::*;

fn paid(run: RunId, row: i64, cost_usd: Option<f64>) -> CellRecord {
    let mut cell = done(run, row, "x");
    cell.figures.model = Some("m".to_owned());
    cell.figures.prompt_tokens = 100;
    cell.figures.completion_tokens = 10;
    cell.figures.duration_ms = 5;
    cell.figures.cost_usd = cost_usd;
    cell
}

fn filled(folder: &Path) -> (SheetStore, ColumnId) {
    let store = sheet(folder, "a.csv", "a\n1\n2\n3\n4\n");
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    (store, column)
}

#[test]
fn a_run_has_taken_what_its_log_says_undone_or_not() {
    let folder = folder();
    let (store, column) = filled(folder.path());
    let run = store.start_run(column, 1, &RunScope::Empty.into(), 4, NOW_MS).unwrap();
    assert_eq!(store.run_spent(run).unwrap(), RunSpent::default());
    let mut reused = paid(run, 2, None);
    (reused.figures.completion_tokens, reused.figures.duration_ms) = (0, 0);
    let mut no_good = failed(run, 3, "no");
    no_good.figures = paid(run, 3, Some(0.25)).figures;
    let cells = [paid(run, 1, Some(0.5)), reused, no_good];
    store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap();
    let spent = RunSpent { cost_usd: Some(0.75), tokens: 220, answers: 2 };
    assert_eq!(store.run_spent(run).unwrap(), spent);
    let history = store.cell_history(column, RowId(1)).unwrap();
    assert_eq!(history[0].figures.cost_usd, Some(0.5));
    assert_eq!(store.cell_history(column, RowId(2)).unwrap()[0].figures.cost_usd, None);
    store.set_run_status(run, RunStatus::Paused, None, NOW_MS).unwrap();
    store.undo(NOW_MS).unwrap();
    assert_eq!(store.run_spent(run).unwrap(), spent, "undoing brings no money back");
    let other = store.start_run(column, 1, &RunScope::Empty.into(), 4, NOW_MS).unwrap();
    store.commit_cells(column, Some(1), &[paid(other, 1, None)], NOW_MS).unwrap();
    let unknown = RunSpent { cost_usd: None, tokens: 110, answers: 1 };
    assert_eq!(store.run_spent(other).unwrap(), unknown);
    let store = reopen(store);
    assert_eq!(store.run_spent(run).unwrap(), spent);
}

#[test]
fn what_was_noted_of_a_run_never_shrinks_and_needs_no_log() {
    let folder = folder();
    let (store, column) = filled(folder.path());
    let run = store.start_run(column, 1, &RunScope::Empty.into(), 4, NOW_MS).unwrap();
    // Attempts of which no cell says anything, at a cost that nobody knows yet.
    let tried = RunSpent { cost_usd: None, tokens: 330, answers: 3 };
    store.note_run_spent(run, tried).unwrap();
    assert_eq!(store.run_spent(run).unwrap(), tried);
    store.commit_cells(column, Some(1), &[paid(run, 1, Some(0.5))], NOW_MS).unwrap();
    let with_cost = RunSpent { cost_usd: Some(0.5), ..tried };
    assert_eq!(
        store.run_spent(run).unwrap(),
        with_cost,
        "the log is no more than it, but has a cost"
    );
    let all = RunSpent { cost_usd: Some(0.75), tokens: 440, answers: 4 };
    store.note_run_spent(run, all).unwrap();
    store.note_run_spent(run, tried).unwrap();
    assert_eq!(store.run_spent(run).unwrap(), all);
    store.set_run_cap(run, RunCap { micro_usd: Some(7), tokens: None }).unwrap();
    store.set_run_status(run, RunStatus::Paused, None, NOW_MS).unwrap();
    // Nothing brings the run's cells back, and their log goes.
    store.undo(NOW_MS).unwrap();
    store.add_ai_column("other", &recipe(Output::Text), NOW_MS).unwrap();
    store.compact(0, NOW_MS).unwrap();
    assert_eq!(store.cell_history(column, RowId(1)).unwrap().len(), 0);
    assert_eq!(store.run_spent(run).unwrap(), all);
    assert_eq!(reopen(store).run_spent(run).unwrap(), all);
}

#[test]
fn a_run_can_go_on_with_another_cap() {
    let folder = folder();
    let (store, column) = filled(folder.path());
    let request = RunRequest { fresh: true, ..RunScope::All.into() };
    let run = store.start_run(column, 1, &request, 4, NOW_MS).unwrap();
    let cap = RunCap { micro_usd: Some(7), tokens: None };
    store.set_run_cap(run, cap).unwrap();
    assert_eq!(store.run(run).unwrap().request, RunRequest { cap, ..request });
}

#[test]
fn the_lock_is_no_step_and_stays() {
    let folder = folder();
    let (store, _) = filled(folder.path());
    assert!(!store.local_only().unwrap() && !store.info().unwrap().local_only);
    store.set_local_only(true).unwrap();
    assert!(store.local_only().unwrap() && store.info().unwrap().local_only);
    store.undo(NOW_MS).unwrap();
    assert_eq!(store.columns().unwrap().len(), 1, "the step before it was undone");
    assert!(store.local_only().unwrap());
    let store = reopen(store);
    assert!(store.local_only().unwrap());
    store.set_local_only(false).unwrap();
    assert!(!store.local_only().unwrap());
}

#[test]
fn it_is_known_how_a_run_made_a_cell() {
    let folder = folder();
    let (store, column) = filled(folder.path());
    let run = store.start_run(column, 1, &RunScope::Empty.into(), 4, NOW_MS).unwrap();
    let cells = [paid(run, 1, None), paid(run, 2, None), failed(run, 3, "no")];
    store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap();
    let by_hand = [record(2, CellState::Edited, "mine")];
    store.commit_cells(column, Some(1), &by_hand, NOW_MS).unwrap();
    let made = store.made_cells(column, &[1, 2, 3, 4].map(RowId)).unwrap();
    assert_eq!(made.len(), 2, "neither a person's cell nor an empty one");
    let first = &made[&RowId(1)];
    assert_eq!((first.state, first.model.as_deref()), (CellState::Done, Some("m")));
    assert_eq!((first.prompt_tokens, first.completion_tokens), (100, 10));
    assert_eq!(made[&RowId(3)].error.as_deref(), Some("no"));
    assert_eq!(store.made_cells(column, &[]).unwrap().len(), 0);
}

/// A file as the fourth version of the format wrote it: what a run took is in its log alone.
const VERSION_4: &str = "
UPDATE braincells.meta SET format_version = 4;
ALTER TABLE braincells.runs DROP COLUMN spent_usd;
ALTER TABLE braincells.runs DROP COLUMN spent_tokens;
ALTER TABLE braincells.runs DROP COLUMN spent_answers;
CHECKPOINT;
";

/// The same of the third version: without costs and without a lock too.
const VERSION_3: &str = "
UPDATE braincells.meta SET format_version = 3;
ALTER TABLE braincells.meta DROP COLUMN local_only;
ALTER TABLE braincells.cell_log DROP COLUMN cost_usd;
CHECKPOINT;
";

#[test]
fn a_sheet_of_the_fourth_format_opens_with_what_its_runs_took() {
    let folder = folder();
    let (store, column) = filled(folder.path());
    let run = store.start_run(column, 1, &RunScope::Empty.into(), 4, NOW_MS).unwrap();
    store.commit_cells(column, Some(1), &[paid(run, 1, Some(0.5))], NOW_MS).unwrap();
    store.set_run_status(run, RunStatus::Paused, None, NOW_MS).unwrap();
    store.set_local_only(true).unwrap();
    let (before, path) = (table(&store), store.path().to_path_buf());
    drop(store);
    duckdb::Connection::open(&path).unwrap().execute_batch(VERSION_4).unwrap();
    let store = SheetStore::open(&path, LIMITS, NOW_MS).unwrap();
    assert_eq!(table(&store), before);
    assert!(store.local_only().unwrap());
    let spent = RunSpent { cost_usd: Some(0.5), tokens: 110, answers: 1 };
    assert_eq!(store.run_spent(run).unwrap(), spent);
    let more = RunSpent { cost_usd: Some(1.0), tokens: 220, answers: 2 };
    store.note_run_spent(run, more).unwrap();
    assert_eq!(reopen(store).run_spent(run).unwrap(), more);
}

#[test]
fn a_sheet_of_the_third_format_opens_with_everything_in_it_and_takes_costs() {
    let folder = folder();
    let (store, column) = filled(folder.path());
    let run = store.start_run(column, 1, &RunScope::First { count: 2 }.into(), 2, NOW_MS).unwrap();
    let cells = [paid(run, 1, None), paid(run, 2, None)];
    store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap();
    store.set_run_status(run, RunStatus::Done, None, NOW_MS).unwrap();
    let (before, rates) = (table(&store), store.run_rates().unwrap());
    let path = store.path().to_path_buf();
    drop(store);
    let connection = duckdb::Connection::open(&path).unwrap();
    connection.execute_batch(VERSION_4).unwrap();
    connection.execute_batch(VERSION_3).unwrap();
    drop(connection);
    let store = SheetStore::open(&path, LIMITS, NOW_MS).unwrap();
    assert_eq!((table(&store), store.run_rates().unwrap()), (before, rates));
    assert!(!store.local_only().unwrap());
    assert_eq!(store.run_spent(run).unwrap(), RunSpent { cost_usd: None, tokens: 220, answers: 2 });
    assert_eq!(store.cell_history(column, RowId(1)).unwrap()[0].figures.cost_usd, None);
    store.set_local_only(true).unwrap();
    let run = store.start_run(column, 1, &RunScope::Empty.into(), 2, NOW_MS).unwrap();
    store.commit_cells(column, Some(1), &[paid(run, 3, Some(0.125))], NOW_MS).unwrap();
    let store = reopen(store);
    assert!(store.local_only().unwrap());
    assert_eq!(store.run_spent(run).unwrap().cost_usd, Some(0.125));
    let kept = file_names(folder.path());
    let old = kept.iter().find(|name| name.rsplit('.').next() == Some("v3"));
    assert!(old.is_some(), "the sheet is kept as it was: {kept:?}");
}

#[test]
fn a_file_that_is_made_piece_by_piece_appears_whole_or_not_at_all() {
    let folder = folder();
    let path = write(folder.path(), "out.jsonl", "old");
    let made: Result<(), DataError> = write_file_with(&path, |write| {
        write(b"new")?;
        Err(DataError::Cancelled)
    });
    assert!(matches!(made, Err(DataError::Cancelled)));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    write_file_with::<DataError>(&path, |write| (0..3).try_for_each(|_| write(b"new\n"))).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new\nnew\nnew\n");
    assert_eq!(file_names(folder.path()), ["out.jsonl"]);
    let nowhere = folder.path().join("none").join("out.jsonl");
    assert!(write_file_with::<DataError>(&nowhere, |_| Ok(())).is_err());
}

use braincells_core::RunScope;
use braincells_data::RunRate;

use super::*;

fn asked(run: RunId, row: i64) -> CellRecord {
    let mut cell = done(run, row, "x");
    cell.figures.model = Some("tiny.gguf".to_owned());
    cell.figures.prompt_tokens = 100;
    cell.figures.completion_tokens = 10;
    cell.figures.duration_ms = 40;
    cell
}

#[test]
fn a_run_is_measured_by_what_it_asked_while_it_worked() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n2\n3\n4\n");
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    assert_eq!(store.run_rates().unwrap(), []);
    let run = store.start_run(column, 1, &RunScope::Empty.into(), 4, NOW_MS).unwrap();
    let mut reused = asked(run, 2);
    (reused.figures.completion_tokens, reused.figures.duration_ms) = (0, 0);
    store.commit_cells(column, Some(1), &[asked(run, 1), reused], NOW_MS + 1000).unwrap();
    // A night's pause, of which half a minute counts.
    let morning = NOW_MS + 1000 + 8 * 3_600_000;
    store.commit_cells(column, Some(1), &[asked(run, 3)], morning).unwrap();
    store.commit_cells(column, Some(1), &[asked(run, 4)], morning + 250).unwrap();
    let later = store.start_run(column, 1, &RunScope::All.into(), 4, morning + 900).unwrap();
    store.commit_cells(column, Some(1), &[failed(later, 1, "no")], morning + 950).unwrap();
    let expected = RunRate {
        run,
        column,
        model: Some("tiny.gguf".to_owned()),
        cells: 3,
        prompt_tokens: 300,
        completion_tokens: 30,
        elapsed_ms: 31_250,
    };
    assert_eq!(store.run_rates().unwrap(), [expected], "a run that asked nothing has no rate");
}

#[test]
fn states_come_in_the_order_of_the_rows() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n2\n3\n");
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    let run = store.start_run(column, 1, &RunScope::Empty.into(), 3, NOW_MS).unwrap();
    store
        .commit_cells(column, Some(1), &[done(run, 1, "x"), failed(run, 3, "no")], NOW_MS)
        .unwrap();
    let states = store.cell_states(column, &[RowId(3), RowId(2), RowId(1)]).unwrap();
    assert_eq!(states, [CellState::Failed, CellState::Empty, CellState::Done]);
    let data = ids(&store)[0];
    assert!(matches!(store.cell_states(data, &[]), Err(DataError::NotAiColumn { .. })));
}

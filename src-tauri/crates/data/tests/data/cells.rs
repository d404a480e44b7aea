use braincells_core::{Code, RunStatus, Value};
use braincells_data::DataError;
use serde_json::json;

use super::*;

fn filled(folder: &Path, rows: usize, output: Output) -> (SheetStore, ColumnId, RunId) {
    let text: String =
        std::iter::once("a\n".to_owned()).chain((0..rows).map(|row| format!("{row}\n"))).collect();
    let store = sheet(folder, "rows.csv", text);
    let column = store.add_ai_column("answer", &recipe(output), NOW_MS).unwrap().id;
    let scope = braincells_core::RunScope::Empty;
    let run = store.start_run(column, 1, &scope.into(), rows as u64, NOW_MS).unwrap();
    (store, column, run)
}

fn value(store: &SheetStore, column: ColumnId, row: i64) -> Value {
    store.values(&[column], &[RowId(row)]).unwrap().remove(0).remove(0)
}

#[test]
fn values_of_every_output_type_come_back_as_they_went_in() {
    let labels = Output::Label { labels: vec!["yes".into(), "no".into()] };
    let json_output = Output::Json { schema: json!({}) };
    let cases: [(Output, &str, Vec<Value>); 6] = [
        (
            Output::Text,
            "VARCHAR",
            vec![json!("plain"), json!("null"), json!("{\"a\":1}"), json!("a\0b 😀")],
        ),
        (labels, "VARCHAR", vec![json!("yes"), json!("no")]),
        (
            Output::number(),
            "DOUBLE",
            vec![json!(3), json!(-0.1), json!(9_007_199_254_740_992_i64), json!(1e300)],
        ),
        (Output::Boolean, "BOOLEAN", vec![json!(true), json!(false)]),
        (Output::Date, "DATE", vec![json!("2024-02-29"), json!("0099-01-01")]),
        (json_output, "JSON", vec![json!({"a": [1, null]}), json!("text"), json!([]), json!(5)]),
    ];
    for (output, sql_type, values) in cases {
        let folder = folder();
        let (store, column, run) = filled(folder.path(), 4, output);
        let cells: Vec<CellRecord> = values
            .iter()
            .enumerate()
            .map(|(index, value)| done(run, index as i64 + 1, value.clone()))
            .collect();
        store.commit_cells(column, Some(1), &cells, NOW_MS + 5).unwrap();
        let store = reopen(store);
        assert_eq!(types(&store)[1].1, sql_type);
        for (index, expected) in values.iter().enumerate() {
            assert_eq!(&value(&store, column, index as i64 + 1), expected, "{sql_type}");
        }
        assert_eq!(store.info().unwrap().changed_at_ms, NOW_MS + 5);
    }
}

#[test]
fn cells_go_on_being_stored_when_columns_were_added_meanwhile() {
    let folder = folder();
    let (store, first, run) = filled(folder.path(), 2, Output::Text);
    store.commit_cells(first, Some(1), &[done(run, 1, "a")], NOW_MS).unwrap();
    let second = store.add_ai_column("other", &recipe(Output::number()), NOW_MS).unwrap().id;
    store.commit_cells(second, Some(1), &[done(run, 1, 1)], NOW_MS).unwrap();
    store.commit_cells(first, Some(1), &[done(run, 2, "b")], NOW_MS).unwrap();
    let values = store.values(&[first, second], &[RowId(1), RowId(2)]).unwrap();
    assert_eq!(values, [[json!("a"), json!(1)], [json!("b"), Value::Null]]);
}

#[test]
fn a_value_of_the_wrong_type_is_refused_and_nothing_of_its_group_is_stored() {
    let cases = [
        (Output::number(), json!("3")),
        (Output::number(), json!(9_007_199_254_740_993_i64)),
        (Output::number(), json!(true)),
        (Output::Boolean, json!("true")),
        (Output::Boolean, json!(1)),
        (Output::Text, json!(3)),
        (Output::Text, json!({"a": 1})),
        (Output::Date, json!("31 February")),
        (Output::Date, json!("2024-02-30")),
        (Output::Date, json!(2024)),
    ];
    for (output, wrong) in cases {
        let folder = folder();
        let right = match &output {
            Output::Number(_) => json!(1),
            Output::Boolean => json!(true),
            Output::Date => json!("2024-01-01"),
            _ => json!("fine"),
        };
        let (store, column, run) = filled(folder.path(), 2, output);
        let cells = [done(run, 1, right.clone()), done(run, 2, wrong.clone())];
        let error = store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap_err();
        assert!(
            matches!(&error, DataError::WrongType { row: RowId(2), .. }),
            "{wrong} gave: {error}"
        );
        assert_eq!(AppError::from(error).code, Code::BadInput);
        assert_eq!(value(&store, column, 1), Value::Null, "the group is one transaction");
        assert_eq!(store.run(run).unwrap().rows_done, 0);
        store.commit_cells(column, Some(1), &cells[..1], NOW_MS).unwrap();
        assert_eq!(value(&store, column, 1), right, "the sheet is as usable as before");
    }
}

#[test]
fn a_failure_keeps_the_last_good_value_and_says_why_until_the_next_success() {
    let folder = folder();
    let (store, column, run) = filled(folder.path(), 3, Output::Text);
    let mut good = done(run, 1, "good");
    good.figures.confidence = Some(0.75);
    store.commit_cells(column, Some(1), &[good, failed(run, 2, "no idea")], NOW_MS).unwrap();
    store.commit_cells(column, Some(1), &[failed(run, 1, "too slow")], NOW_MS).unwrap();
    let store = reopen(store);
    let window = store.window(&[column], 0, 3).unwrap();
    let cell = &window.rows[0].cells[0];
    assert_eq!((&cell.value, cell.state), (&json!("good"), Some(CellState::Failed)));
    assert_eq!(cell.error.as_deref(), Some("too slow"));
    assert_eq!(cell.confidence, None, "the confidence of the last good value is not that of now");
    let cell = &window.rows[1].cells[0];
    assert_eq!((&cell.value, cell.error.as_deref()), (&Value::Null, Some("no idea")));
    assert_eq!(window.rows[2].cells[0].state, Some(CellState::Empty));

    store.set_run_status(run, RunStatus::Running, None, NOW_MS).unwrap();
    let mut better = done(run, 1, "better");
    better.figures.confidence = Some(0.5);
    store.commit_cells(column, Some(1), &[better], NOW_MS).unwrap();
    let cell = &store.window(&[column], 0, 1).unwrap().rows[0].cells[0];
    assert_eq!((cell.state, cell.error.as_deref()), (Some(CellState::Done), None));
    assert_eq!(cell.confidence, Some(0.5));
}

#[test]
fn the_later_of_two_records_of_a_row_wins_in_value_and_state() {
    let folder = folder();
    let (store, column, run) = filled(folder.path(), 3, Output::Text);
    let cells = [
        done(run, 1, "first"),
        done(run, 2, "only"),
        done(run, 1, "second"),
        failed(run, 1, "third"),
        done(run, 3, "gone"),
        record(3, CellState::Empty, Value::Null),
    ];
    store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap();
    let window = store.window(&[column], 0, 3).unwrap();
    let seen: Vec<_> = window
        .rows
        .iter()
        .map(|row| (row.cells[0].value.clone(), row.cells[0].state.unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            (json!("second"), CellState::Failed),
            (json!("only"), CellState::Done),
            (Value::Null, CellState::Empty)
        ]
    );
}

#[test]
fn what_a_person_wrote_is_never_overwritten_by_a_run() {
    let folder = folder();
    let (store, column, run) = filled(folder.path(), 3, Output::Text);
    let by_hand =
        [record(1, CellState::Edited, "mine"), record(2, CellState::Validated, "approved")];
    store.commit_cells(column, None, &by_hand, NOW_MS).unwrap();
    let late = [done(run, 1, "theirs"), failed(run, 2, "no"), done(run, 3, "new")];
    store.commit_cells(column, Some(1), &late, NOW_MS).unwrap();
    let store = reopen(store);
    store.set_run_status(run, RunStatus::Running, None, NOW_MS).unwrap();
    store.commit_cells(column, Some(1), &late[..2], NOW_MS).unwrap();
    let window = store.window(&[column], 0, 3).unwrap();
    let seen: Vec<_> = window
        .rows
        .iter()
        .map(|row| (row.cells[0].value.clone(), row.cells[0].state.unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            (json!("mine"), CellState::Edited),
            (json!("approved"), CellState::Validated),
            (json!("new"), CellState::Done)
        ]
    );
    // Clearing a cell gives it back to the runs.
    store.commit_cells(column, None, &[record(1, CellState::Empty, Value::Null)], NOW_MS).unwrap();
    store.commit_cells(column, Some(1), &late[..1], NOW_MS).unwrap();
    assert_eq!(value(&store, column, 1), "theirs");
}

#[test]
fn examples_are_the_cells_of_a_person_with_their_inputs_in_sheet_order() {
    let folder = folder();
    let (store, column, run) = filled(folder.path(), 6, Output::Text);
    let inputs = [ids(&store)[0]];
    assert_eq!(store.examples(column, &inputs, 8).unwrap(), []);
    let cells = [
        record(5, CellState::Validated, "five"),
        record(2, CellState::Edited, "two"),
        record(4, CellState::Edited, Value::Null),
        done(run, 3, "three"),
        record(6, CellState::Edited, "six"),
    ];
    store.commit_cells(column, None, &cells, NOW_MS).unwrap();
    let seen: Vec<_> = store
        .examples(column, &inputs, 2)
        .unwrap()
        .into_iter()
        .map(|example| (example.row.0, example.inputs, example.value))
        .collect();
    assert_eq!(seen, [(2, vec![json!(1)], json!("two")), (5, vec![json!(4)], json!("five"))]);
    assert_eq!(store.examples(column, &[], 0).unwrap(), []);
}

#[test]
fn a_cell_of_five_megabytes_is_stored_and_read_back() {
    let folder = folder();
    let (store, column, run) = filled(folder.path(), 2, Output::Text);
    let large = "ü".repeat(2_500_000);
    store.commit_cells(column, Some(1), &[done(run, 2, large.clone())], NOW_MS).unwrap();
    assert_eq!(value(&reopen(store), column, 2), large);
}

#[test]
fn rows_columns_and_states_that_do_not_exist_are_refused() {
    let folder = folder();
    let (store, column, run) = filled(folder.path(), 2, Output::Text);
    store.commit_cells(column, None, &[done(run, 3, "x")], NOW_MS).unwrap();
    let (gone, window) =
        (record(3, CellState::Edited, "x"), store.window(&[column], 0, 9).unwrap());
    assert_eq!(window.rows.len(), 2, "a run's answer for a row that is gone goes nowhere");
    let error = store.commit_cells(column, None, &[gone], NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::RowMissing { row: RowId(3) }), "{error}");
    let error = store.commit_cells(ColumnId(99), None, &[done(run, 1, "x")], NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::ColumnMissing { column: ColumnId(99) }), "{error}");
    let running = record(1, CellState::Running, "x");
    let error = store.commit_cells(column, None, &[running], NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::UnstorableState { .. }), "{error}");
    let error = store.values(&[column], &[RowId(1), RowId(7)]).unwrap_err();
    assert!(matches!(error, DataError::RowMissing { row: RowId(7) }), "{error}");
    let data = ids(&store)[0];
    let error = store.count_states(data).unwrap_err();
    assert!(matches!(error, DataError::NotAiColumn { .. }), "{error}");
}

#[test]
fn windows_and_values_come_in_the_order_asked_for() {
    let folder = folder();
    let (store, column, run) = filled(folder.path(), 5, Output::Text);
    store.commit_cells(column, Some(1), &[done(run, 5, "e")], NOW_MS).unwrap();
    let a = ids(&store)[0];
    let window = store.window(&[column, a], 3, 10).unwrap();
    assert_eq!((window.start, window.row_count, window.rows.len()), (3, 5, 2));
    assert_eq!(window.columns, [column, a]);
    assert_eq!(window.rows[1].cells[0].value, "e");
    assert_eq!(window.rows[1].cells[1].value, json!(4));
    assert_eq!(window.rows[1].cells[1].state, None, "a data cell has no state");
    assert_eq!(store.window(&[a], 5, 10).unwrap().rows, []);
    assert_eq!(store.window(&[], 0, 2).unwrap().rows.len(), 2);
    let picked = [RowId(4), RowId(1), RowId(4)];
    assert_eq!(store.values(&[a], &picked).unwrap(), [[json!(3)], [json!(0)], [json!(3)]]);
    assert_eq!(store.values(&[a], &[]).unwrap(), Vec::<Vec<Value>>::new());
}

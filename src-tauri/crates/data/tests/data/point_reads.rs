//! Windows of scattered rows: from the file of window values they are what DuckDB says.

use std::sync::atomic::Ordering;

use braincells_core::{
    CellState, CellTest, DataType, Filter, SortBy, SortKey, ViewSpec, WindowRow,
};
use braincells_data::{CellEdit, RowPlace, View};
use serde_json::json;

use super::*;

fn backwards(store: &SheetStore) -> View {
    let column = ids(store)[0];
    let by = SortKey { column, by: SortBy::Value, descending: true };
    store.make_view(&ViewSpec { sort: vec![by], filter: None }, &never()).unwrap()
}

/// The rows of a view as the window of the whole sheet shows them, which never uses the file.
fn expected(store: &SheetStore, columns: &[ColumnId], view: &View) -> Vec<WindowRow> {
    let window = store.window(columns, 0, u64::MAX).unwrap();
    let find = |row: &RowId| window.rows.iter().find(|found| found.row == *row).unwrap().clone();
    view.rows().iter().map(find).collect()
}

fn shown(store: &SheetStore, columns: &[ColumnId], view: &View) -> Vec<WindowRow> {
    store.window_of(view, columns, 0, u64::MAX).unwrap().rows
}

#[test]
fn values_of_every_type_are_the_same_from_the_file() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT * EXCLUDE (empty_struct, bignum, bit, time_tz, map, \"union\", hugeint, uhugeint, dec38_10), \
         unnest([1, 2, 3]) AS n, repeat('long ', 200) AS long, 0.1::FLOAT AS f, 'nan'::DOUBLE AS d, \
         '{\"b\": [1, null], \"a\": 1.0}'::JSON AS j, 'a' || chr(0) || '\u{1f600}' AS s \
         FROM test_all_types()",
    );
    let columns = ids(&store);
    assert!(columns.len() > 30, "{}", columns.len());
    let view = backwards(&store);
    let before = shown(&store, &columns, &view);
    assert_eq!(before, expected(&store, &columns, &view));
    assert!(store.prepare_windows(&columns).unwrap());
    for (before, after) in before.iter().zip(shown(&store, &columns, &view)) {
        for (column, (before, after)) in
            store.columns().unwrap().iter().zip(before.cells.iter().zip(after.cells))
        {
            assert_eq!(*before, after, "{} {}", column.name, column.sql_type);
        }
    }
}

#[test]
fn changed_cells_are_read_from_the_sheet_and_the_rest_from_the_file() {
    let folder = folder();
    let text: String = (0..3000).map(|row| format!("{row}\n")).collect();
    let store = sheet(folder.path(), "a.csv", format!("a\n{text}"));
    let ai = store.add_ai_column("answer", &recipe(Output::number()), NOW_MS).unwrap().id;
    let columns = ids(&store);
    let view = backwards(&store);
    assert!(store.prepare_windows(&columns).unwrap());
    let folder_of_file = format!("{}.windows", store.path().display());
    let files = || fs::read_dir(&folder_of_file).unwrap().map(|file| file.unwrap().path());
    let first: Vec<PathBuf> = files().collect();
    assert_eq!(first.len(), 1);

    let mut cells: Vec<CellRecord> =
        (1..=900).map(|row| record(row, CellState::Edited, row * 2)).collect();
    cells.push(record(7, CellState::Empty, Value::Null));
    cells.push(record(8, CellState::Failed, Value::Null));
    store.commit_cells(ai, None, &cells, NOW_MS).unwrap();
    assert_eq!(shown(&store, &columns, &view), expected(&store, &columns, &view));
    assert!(store.prepare_windows(&columns).unwrap());
    assert_eq!(files().collect::<Vec<_>>(), first, "so few changes are not worth a new file");

    let cells: Vec<CellRecord> =
        (1..=2500).map(|row| record(row, CellState::Edited, row * 3)).collect();
    store.commit_cells(ai, None, &cells, NOW_MS).unwrap();
    assert!(store.prepare_windows(&columns).unwrap());
    assert_eq!(files().count(), 2, "the changed column has a file of its own now");
    assert_eq!(shown(&store, &columns, &view), expected(&store, &columns, &view));
    drop(store);
    assert!(!Path::new(&folder_of_file).exists(), "nothing is left beside a closed sheet");
}

#[test]
fn columns_that_come_later_get_their_own_file_and_any_choice_of_columns_is_right() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a,b,c\n1,x,2.5\n2,y,\n3,,0\n");
    let columns = ids(&store);
    let view = backwards(&store);
    assert!(store.prepare_windows(&columns[..1]).unwrap());
    let late = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    store.commit_cells(late, None, &[record(2, CellState::Edited, "late")], NOW_MS).unwrap();
    assert!(store.prepare_windows(&[columns[1], late]).unwrap());
    for chosen in [
        vec![],
        vec![late],
        vec![columns[2], columns[0], late, columns[0]],
        vec![columns[1], columns[2], columns[0]],
    ] {
        assert_eq!(shown(&store, &chosen, &view), expected(&store, &chosen, &view), "{chosen:?}");
    }
}

#[test]
fn a_reader_never_sees_a_value_older_than_the_last_commit_it_knows_of() {
    const ROWS: i64 = 2000;
    let folder = folder();
    let text: String = (0..ROWS).map(|row| format!("{row}\n")).collect();
    let store = sheet(folder.path(), "a.csv", format!("a\n{text}"));
    let ai = store.add_ai_column("answer", &recipe(Output::number()), NOW_MS).unwrap().id;
    let view = backwards(&store);
    let committed = std::sync::atomic::AtomicI64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=40 {
                let cells: Vec<CellRecord> = (1..=ROWS)
                    .step_by(3)
                    .map(|row| record(row, CellState::Edited, round))
                    .collect();
                store.commit_cells(ai, None, &cells, NOW_MS).unwrap();
                committed.store(round, Ordering::SeqCst);
            }
        });
        while committed.load(Ordering::SeqCst) < 40 {
            store.prepare_windows(&[ai]).unwrap();
            let known = committed.load(Ordering::SeqCst);
            for row in store.window_of(&view, &[ai], 0, u64::MAX).unwrap().rows {
                if row.row.0 % 3 == 1 {
                    let value = row.cells[0].value.as_i64().unwrap_or(0);
                    assert!(value >= known, "row {}: {value} after {known}", row.row);
                }
            }
        }
    });
    assert_eq!(shown(&store, &[ai], &view), expected(&store, &[ai], &view));
}

#[test]
fn a_scan_does_not_hold_up_a_commit_or_a_new_column() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT i AS n, md5(i::VARCHAR) AS a, md5((i + 1)::VARCHAR) AS b FROM range(400000) t(i)",
    );
    let columns = ids(&store);
    let view = store
        .make_view(
            &ViewSpec {
                sort: vec![SortKey { column: columns[1], by: SortBy::Value, descending: false }],
                filter: None,
            },
            &never(),
        )
        .unwrap();
    // Starts the scan, which takes far longer than the next lines.
    store.window_of(&view, &columns, 5, 100).unwrap();
    let late = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    store.commit_cells(late, None, &[record(2, CellState::Edited, "by hand")], NOW_MS).unwrap();
    store.checkpoint().unwrap();
    let filter =
        Filter::Cell { column: late, test: CellTest::OneOf { values: vec![json!("by hand")] } };
    let found =
        store.make_view(&ViewSpec { sort: vec![], filter: Some(filter) }, &never()).unwrap();
    assert_eq!(found.rows(), [RowId(2)]);
    let columns = ids(&store);
    assert!(store.prepare_windows(&columns).unwrap());
    let window = store.window_of(&view, &columns, 399_000, 100).unwrap();
    let rows: Vec<RowId> = window.rows.iter().map(|row| row.row).collect();
    let values = store.values(&columns, &rows).unwrap();
    for (row, values) in window.rows.iter().zip(values) {
        let shown: Vec<Value> = row.cells.iter().map(|cell| cell.value.clone()).collect();
        assert_eq!(shown, values);
    }
    // A second scan may be running: closing the sheet must not wait for its end or leave it.
    store.window_of(&view, &columns, 5, 100).unwrap();
    drop(reopen(store));
}

#[test]
fn a_place_that_cannot_be_written_to_costs_time_and_no_error() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n2\n");
    fs::write(format!("{}.windows", store.path().display()), "in the way").unwrap();
    let columns = ids(&store);
    assert!(!store.prepare_windows(&columns).unwrap());
    let view = backwards(&store);
    assert_eq!(shown(&store, &columns, &view), expected(&store, &columns, &view));
}

#[test]
fn a_checkpoint_that_a_reader_is_in_the_way_of_is_made_when_it_ends() {
    let folder = folder();
    let store =
        sheet_of(folder.path(), "SELECT i AS n, md5(i::VARCHAR) AS a FROM range(200000) t(i)");
    let column = ids(&store)[1];
    let log = PathBuf::from(format!("{}.wal", store.path().display()));
    let size = || fs::metadata(&log).map_or(0, |metadata| metadata.len());
    let by = SortKey { column, by: SortBy::Value, descending: false };
    let spec = ViewSpec { sort: vec![by], filter: None };
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            for _ in 0..4 {
                store.make_view(&spec, &never()).unwrap();
            }
        });
        while !reader.is_finished() {
            let name = SheetId::random().to_string();
            store.add_ai_column(&name, &recipe(Output::Text), NOW_MS).unwrap();
        }
        reader.join().unwrap();
    });
    store.make_view(&spec, &never()).unwrap();
    assert_eq!(size(), 0, "what is in the log is in the file when nobody reads");
}

const ACTS: usize = 9;

/// What a person may do to the sheet of the next test, one step each.
fn act(store: &SheetStore, number: usize) {
    let (a, b, ai) = (ColumnId(1), ColumnId(2), ColumnId(3));
    let edit = |edits: &[(ColumnId, i64, Value)]| {
        let edits: Vec<CellEdit> = edits
            .iter()
            .map(|(column, row, value)| CellEdit::new(*column, RowId(*row), value.clone()))
            .collect();
        store.edit_cells(&edits, NOW_MS).unwrap();
    };
    match number {
        0 => edit(&[(a, 3, json!(300)), (b, 4, json!("four"))]),
        1 => store.delete_rows(&[RowId(3), RowId(9)], NOW_MS).unwrap(),
        2 => {
            store.insert_rows(RowPlace::Before(RowId(5)), 3, NOW_MS).unwrap();
        }
        3 => {
            store.retype_column(a, DataType::Text, false, NOW_MS).unwrap();
        }
        4 => edit(&[(a, 5, json!("five")), (ai, 5, json!("by hand"))]),
        5 => {
            let place = RowPlace::Behind(RowId(30));
            store.move_rows(&[RowId(60), RowId(1)], place, NOW_MS).unwrap();
        }
        6 => {
            store.duplicate_column(b, "copy", NOW_MS).unwrap();
        }
        7 => edit(&[(b, 6, Value::Null)]),
        _ => store.delete_rows(&[RowId(6)], NOW_MS).unwrap(),
    }
}

/// Compares with [`SheetStore::values`], which never reads the file.
fn check_rows(store: &SheetStore, view: &View, what: &str) {
    let columns = ids(store);
    let fresh = store.make_view(&ViewSpec::default(), &never()).unwrap();
    assert_eq!(fresh.rows(), store.rows_at(0, u64::MAX), "{what}");
    for view in [view, &fresh] {
        let shown = shown(store, &columns, view);
        let rows: Vec<RowId> = shown.iter().map(|row| row.row).collect();
        let present = store.without_lost_rows(view);
        assert_eq!(rows, present.rows(), "{what}");
        let values = store.values(&columns, &rows).unwrap();
        for (row, values) in shown.into_iter().zip(values) {
            let shown: Vec<Value> = row.cells.into_iter().map(|cell| cell.value).collect();
            assert_eq!(shown, values, "{what}, row {}", row.row);
        }
    }
}

#[test]
fn whatever_a_person_does_or_undoes_the_file_never_shows_an_older_value() {
    // With a file from before the acts, and one that is made after some of them.
    for prepare_after in [0, 2, 4, 8] {
        let folder = folder();
        let text: String = (0..60).map(|row| format!("{row},x{row}\n")).collect();
        let store = sheet(folder.path(), "a.csv", format!("a,b\n{text}"));
        store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap();
        let view = backwards(&store);
        assert!(store.prepare_windows(&ids(&store)).unwrap());
        for number in 0..ACTS {
            act(&store, number);
            check_rows(&store, &view, &format!("act {number}"));
            if number == prepare_after {
                assert!(store.prepare_windows(&ids(&store)).unwrap());
            }
        }
        for number in (0..ACTS).rev() {
            store.undo(NOW_MS).unwrap().unwrap();
            check_rows(&store, &view, &format!("undo {number}"));
        }
        for number in 0..ACTS {
            store.redo(NOW_MS).unwrap().unwrap();
            check_rows(&store, &view, &format!("redo {number}"));
        }
        store.compact(0, NOW_MS).unwrap();
        // The name that the column had in the table before its type changed is free again.
        store.retype_column(ColumnId(1), DataType::Json, true, NOW_MS).unwrap();
        check_rows(&store, &view, "compact");
    }
}

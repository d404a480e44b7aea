//! A column of JSON objects becomes typed columns.

use braincells_core::{DataType, JsonProperty, SplitColumns};
use braincells_data::SplitPart;
use serde_json::json;

use super::*;

fn part(property: &str, data_type: DataType) -> SplitPart {
    SplitPart { property: property.to_owned(), name: property.to_owned(), data_type }
}

/// A sheet with a column `j` of these JSON texts; an empty one is an empty cell.
fn sheet_of_json(folder: &Path, texts: &[&str]) -> SheetStore {
    let rows: Vec<String> = texts
        .iter()
        .map(|text| match *text {
            "" => "(NULL)".to_owned(),
            text => format!("('{}')", text.replace('\'', "''")),
        })
        .collect();
    let store = sheet_of(folder, &format!("SELECT * FROM (VALUES {}) t(j)", rows.join(", ")));
    let column = ids(&store)[0];
    store.retype_column(column, DataType::Json, false, NOW_MS).unwrap();
    store
}

fn split(store: &SheetStore, parts: &[SplitPart]) -> SplitColumns {
    store.split_json_column(ids(store)[0], parts, NOW_MS).unwrap()
}

fn counts(split: &SplitColumns) -> Vec<(u64, u64)> {
    split.columns.iter().map(|one| (one.filled, one.misfits)).collect()
}

#[test]
fn every_type_gets_the_values_that_fit_and_counts_those_that_do_not() {
    let folder = folder();
    let store = sheet_of_json(
        folder.path(),
        &[
            r#"{"v": "text"}"#,
            r#"{"v": 12}"#,
            r#"{"v": -3.5}"#,
            r#"{"v": true}"#,
            r#"{"v": "2024-02-29"}"#,
            r#"{"v": "2024-02-30"}"#,
            r#"{"v": [1, 2]}"#,
            r#"{"v": {"a": 1}}"#,
            r#"{"v": null}"#,
            r#"{"w": 1}"#,
            r#"{"v": "7"}"#,
            r#"{"v": 18446744073709551615}"#,
            r#"{"v": ""}"#,
            r#"{"v": 5.0}"#,
            r#"{"v": "nan"}"#,
            "",
        ],
    );
    let parts: Vec<SplitPart> =
        DataType::ALL.into_iter().map(|data_type| part("v", data_type)).collect();
    let made = split(&store, &parts);
    let names: Vec<&str> = made.columns.iter().map(|one| one.column.name.as_str()).collect();
    assert_eq!(names, ["v", "v_2", "v_3", "v_4", "v_5", "v_6", "v_7"]);
    let types: Vec<&str> = made.columns.iter().map(|one| one.column.sql_type.as_str()).collect();
    assert_eq!(types, ["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "JSON"]);
    let values = table(&store);
    let column = |at: usize| -> Vec<Value> {
        values.iter().map(|row| row[1 + at].clone()).filter(|value| !value.is_null()).collect()
    };
    assert_eq!(
        column(0),
        [
            "text",
            "12",
            "-3.5",
            "true",
            "2024-02-29",
            "2024-02-30",
            "7",
            "18446744073709551615",
            "",
            "5.0",
            "nan"
        ]
        .map(Value::from)
    );
    assert_eq!(column(1), [json!(12), json!(7), json!(5)]);
    assert_eq!(column(2)[..3], [json!(12), json!(-3.5), json!(7)]);
    assert_eq!(column(2).len(), 5);
    assert_eq!(column(3), [json!(true)]);
    assert_eq!(column(4), [json!("2024-02-29")]);
    assert_eq!(column(5), [json!("2024-02-29 00:00:00")]);
    assert_eq!(column(6).len(), 13);
    assert_eq!(column(6)[6], json!([1, 2]));
    // Thirteen rows have a value; what is not filled does not fit.
    for (filled, misfits) in counts(&made) {
        assert_eq!(filled + misfits, 13);
    }
    assert_eq!(made.columns[4].misfit_example, Some(json!("text")));
    assert_eq!(made.columns[6].misfit_example, None);
    assert_eq!(made.no_objects, 0);
}

#[test]
fn it_is_one_step_that_can_be_undone_and_done_again() {
    let folder = folder();
    let store = sheet_of_json(folder.path(), &[r#"{"a": 1, "b": "x"}"#, r#"{"a": 2}"#]);
    store.add_data_column("b", DataType::Text, NOW_MS).unwrap();
    let (before, steps) = (table(&store), store.steps().unwrap().len());
    let made = split(&store, &[part("a", DataType::Integer), part("b", DataType::Text)]);
    assert_eq!(counts(&made), [(2, 0), (1, 0)]);
    assert_eq!(store.steps().unwrap().len(), steps + 1);
    assert_eq!(store.steps().unwrap().last().unwrap().name, "Split `j` into 2 columns");
    assert_eq!(names(&store.columns().unwrap()), ["j", "a", "b_2", "b"], "behind its source");
    let after = table(&store);
    assert_eq!(after[1], [json!({"a": 2}), json!(2), Value::Null, Value::Null]);
    store.undo(NOW_MS).unwrap();
    assert_eq!((names(&store.columns().unwrap()), table(&store)), (vec!["j", "b"], before));
    store.redo(NOW_MS).unwrap();
    assert_eq!(table(&store), after);
    assert_eq!(table(&reopen(store)), after);
}

#[test]
fn a_property_is_found_whatever_its_name() {
    let folder = folder();
    let hostile =
        ["a/b", "~1", "", "it's", "say \"hi\"", "$.a[0]", "größe 😀", "0", "new\nline", "*"];
    let object: serde_json::Map<String, Value> = hostile
        .iter()
        .zip(0..)
        .map(|(name, at): (_, i64)| ((*name).to_owned(), at.into()))
        .collect();
    let store = sheet_of_json(folder.path(), &[&Value::Object(object).to_string()]);
    let listed = store.json_properties(ids(&store)[0]).unwrap();
    let expected =
        |name: &&str| JsonProperty { property: (*name).to_owned(), data_type: DataType::Integer };
    assert_eq!(listed, hostile.iter().map(expected).collect::<Vec<_>>());
    let parts: Vec<SplitPart> =
        listed.iter().map(|one| part(&one.property, one.data_type)).collect();
    let made = split(&store, &parts);
    assert!(made.columns.iter().all(|one| (one.filled, one.misfits) == (1, 0)), "{made:?}");
    assert_eq!(made.columns[2].column.name, "column", "a nameless property");
    let values: Vec<Value> = table(&store).remove(0).into_iter().skip(1).collect();
    assert_eq!(values, (0..hostile.len()).map(Value::from).collect::<Vec<_>>());
}

#[test]
fn the_types_of_properties_are_those_that_fit_all_their_values() {
    let folder = folder();
    let store = sheet_of_json(
        folder.path(),
        &[
            r#"{"text": "a", "whole": 1, "number": 1, "yes": true, "day": "2024-01-31", "mixed": 1}"#,
            r#"{"text": "2024-01-31", "whole": -2, "number": 2.5, "yes": null, "mixed": "a"}"#,
            r#"{"list": [1], "object": {}, "none": null, "day": "2024-02-01"}"#,
            "[1, 2]",
            r#""a""#,
            "null",
            "",
        ],
    );
    let found: Vec<(String, DataType)> = store
        .json_properties(ids(&store)[0])
        .unwrap()
        .into_iter()
        .map(|one| (one.property, one.data_type))
        .collect();
    let expected = [
        ("text", DataType::Text),
        ("whole", DataType::Integer),
        ("number", DataType::Number),
        ("yes", DataType::Boolean),
        ("day", DataType::Date),
        ("mixed", DataType::Json),
        ("list", DataType::Json),
        ("object", DataType::Json),
        ("none", DataType::Text),
    ];
    assert_eq!(found, expected.map(|(name, data_type)| (name.to_owned(), data_type)));
    let made = split(&store, &[part("text", DataType::Text), part("0", DataType::Integer)]);
    assert_eq!((counts(&made), made.no_objects), (vec![(2, 0), (0, 0)], 2));
}

#[test]
fn texts_that_are_json_and_structs_are_split_and_other_columns_refused() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT * FROM (VALUES ('{\"a\": 1}', {'a': 1, 'b': 'x'}, 5), ('{broken', NULL, 6)) t(s, n, i)",
    );
    let columns = ids(&store);
    let made =
        store.split_json_column(columns[0], &[part("a", DataType::Integer)], NOW_MS).unwrap();
    assert_eq!((counts(&made), made.no_objects), (vec![(1, 0)], 1));
    let found = store.json_properties(columns[1]).unwrap();
    assert_eq!(found.iter().map(|one| one.property.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let made = store.split_json_column(columns[1], &[part("b", DataType::Text)], NOW_MS).unwrap();
    assert_eq!((counts(&made), made.no_objects), (vec![(1, 0)], 0));
    let before = store.steps().unwrap().len();
    let error =
        store.split_json_column(columns[2], &[part("a", DataType::Integer)], NOW_MS).unwrap_err();
    assert_eq!(error.code(), Code::BadInput);
    assert!(matches!(store.json_properties(columns[2]), Err(DataError::NoJson { .. })));
    let many: Vec<SplitPart> = (0..257).map(|at| part(&at.to_string(), DataType::Text)).collect();
    let error = store.split_json_column(columns[0], &many, NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::TooManyProperties { .. }));
    assert_eq!(store.steps().unwrap().len(), before, "a refusal is no step");
}

#[test]
fn later_changes_of_the_objects_do_not_reach_the_columns() {
    let folder = folder();
    let store = sheet_of_json(folder.path(), &[r#"{"a": 1}"#]);
    split(&store, &[part("a", DataType::Integer)]);
    let (column, row) = (ids(&store)[0], RowId(1));
    let edit = braincells_data::CellEdit::new(column, row, json!({"a": 2}));
    store.edit_cells(&[edit], NOW_MS).unwrap();
    assert_eq!(table(&store)[0], [json!({"a": 2}), json!(1)]);
}

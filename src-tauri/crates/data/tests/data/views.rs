//! Filters and orders, against a model of a few lines each.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use braincells_core::{
    CellState, CellTest, Code, Filter, RunRequest, RunScope, SortBy, SortKey, TextPlace, ViewSpec,
};
use braincells_data::{DataError, RowPlace, View};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const WHOLE: ColumnId = ColumnId(1);
const FLOAT: ColumnId = ColumnId(2);
const TEXT: ColumnId = ColumnId(3);
const FLAG: ColumnId = ColumnId(4);
const DAY: ColumnId = ColumnId(5);
const AI: ColumnId = ColumnId(6);

/// One row as the model has it.
#[derive(Clone, Debug)]
struct ModelRow {
    whole: Option<i64>,
    float: Option<f64>,
    text: Option<String>,
    flag: Option<bool>,
    /// January of 2024.
    day: Option<u8>,
    /// State, text and confidence of the AI cell, as they were written one after the other.
    answers: Vec<(CellState, &'static str, Option<f64>)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Empty,
    Number(f64),
    Text(String),
    Flag(bool),
    Day(u8),
}

impl ModelRow {
    fn cell(&self, column: ColumnId) -> Cell {
        let text = |text: &str| match text.trim() {
            "" => Cell::Empty,
            _ => Cell::Text(text.to_owned()),
        };
        let found = match column {
            WHOLE => self.whole.map(|whole| Cell::Number(whole as f64)),
            FLOAT => self.float.map(Cell::Number),
            TEXT => self.text.as_deref().map(text),
            FLAG => self.flag.map(Cell::Flag),
            DAY => self.day.map(Cell::Day),
            _ => {
                let last = self.answers.iter().rfind(|answer| answer.0 != CellState::Failed);
                last.filter(|answer| answer.0 != CellState::Empty).map(|answer| text(answer.1))
            }
        };
        found.unwrap_or(Cell::Empty)
    }

    fn state(&self) -> CellState {
        self.answers.last().map_or(CellState::Empty, |answer| answer.0)
    }

    fn confidence(&self) -> Option<f64> {
        self.answers.last().and_then(|answer| answer.2)
    }
}

impl Cell {
    fn text(&self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Number(number) if number.is_nan() => Some("nan".to_owned()),
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Day(day) => Some(format!("2024-01-{day:02}")),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => match (a.is_nan(), b.is_nan()) {
                (false, false) => a.partial_cmp(b).unwrap(),
                (a, b) => a.cmp(&b),
            },
            (Self::Text(a), Self::Text(b)) => lower(a).cmp(&lower(b)),
            (Self::Flag(a), Self::Flag(b)) => a.cmp(b),
            (Self::Day(a), Self::Day(b)) => a.cmp(b),
            _ => panic!("{self:?} and {other:?} are of two columns"),
        }
    }
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn holds(filter: &Filter, row: &ModelRow) -> bool {
    match filter {
        Filter::All { of } => of.iter().all(|part| holds(part, row)),
        Filter::Any { of } => of.iter().any(|part| holds(part, row)),
        Filter::Not { of } => !holds(of, row),
        Filter::Cell { column, test } => passes(test, row, &row.cell(*column), *column),
    }
}

fn passes(test: &CellTest, row: &ModelRow, cell: &Cell, column: ColumnId) -> bool {
    let parse = |value: &Value| model_value(value, column);
    match test {
        CellTest::Empty => *cell == Cell::Empty,
        CellTest::OneOf { values } => values.iter().any(|value| match parse(value) {
            Cell::Number(number) if number.is_nan() => {
                matches!(cell, Cell::Number(other) if other.is_nan())
            }
            wanted => wanted == *cell,
        }),
        CellTest::Between { least, most } => {
            *cell != Cell::Empty
                && least.as_ref().is_none_or(|least| cell.compare(&parse(least)).is_ge())
                && most.as_ref().is_none_or(|most| cell.compare(&parse(most)).is_le())
        }
        CellTest::Text { place, text, match_case } => cell.text().is_some_and(|found| {
            let (found, wanted) =
                if *match_case { (found, text.clone()) } else { (lower(&found), lower(text)) };
            match place {
                TextPlace::Anywhere => found.contains(&wanted),
                TextPlace::Start => found.starts_with(&wanted),
                TextPlace::End => found.ends_with(&wanted),
                TextPlace::Whole => found == wanted,
            }
        }),
        CellTest::Matches { .. } => unreachable!("the model has no regular expressions"),
        CellTest::State { states } => states.contains(&row.state()),
        CellTest::Confidence { least, most } => row.confidence().is_some_and(|confidence| {
            least.is_none_or(|least| confidence >= least)
                && most.is_none_or(|most| confidence <= most)
        }),
    }
}

fn model_value(value: &Value, column: ColumnId) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(flag) => Cell::Flag(*flag),
        Value::Number(number) => Cell::Number(number.as_f64().unwrap()),
        Value::String(text) if column == FLOAT => Cell::Number(text.parse().unwrap()),
        Value::String(text) if column == DAY => Cell::Day(text[8..].parse().unwrap()),
        Value::String(text) if text.trim().is_empty() => Cell::Empty,
        Value::String(text) => Cell::Text(text.clone()),
        _ => panic!("{value} is in no column"),
    }
}

fn model_view(spec: &ViewSpec, rows: &[ModelRow]) -> Vec<RowId> {
    let keeps =
        |row: &&usize| spec.filter.as_ref().is_none_or(|filter| holds(filter, &rows[**row]));
    let all: Vec<usize> = (0..rows.len()).collect();
    let mut kept: Vec<usize> = all.iter().filter(keeps).copied().collect();
    kept.sort_by(|a, b| {
        let mut order = Ordering::Equal;
        for key in &spec.sort {
            order = order.then_with(|| compare_rows(key, &rows[*a], &rows[*b]));
        }
        order
    });
    kept.into_iter().map(|row| RowId(row as i64 + 1)).collect()
}

fn compare_rows(key: &SortKey, a: &ModelRow, b: &ModelRow) -> Ordering {
    let directed = |order: Ordering| if key.descending { order.reverse() } else { order };
    match key.by {
        SortBy::State => directed(a.state().cmp(&b.state())),
        SortBy::Confidence => match (a.confidence(), b.confidence()) {
            (Some(a), Some(b)) => directed(a.total_cmp(&b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        },
        SortBy::Value => match (a.cell(key.column), b.cell(key.column)) {
            (Cell::Empty, Cell::Empty) => Ordering::Equal,
            (Cell::Empty, _) => Ordering::Greater,
            (_, Cell::Empty) => Ordering::Less,
            (a, b) => directed(a.compare(&b)),
        },
    }
}

const FLOATS: [f64; 8] = [-1.5, 0.0, 2.0, 2.5, 1000.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
const WORDS: [&str; 12] = ["a", "B", "Ä", "ä", "ß", "'", "\"", "%_", "\\", " ", "\u{a0}", "😀"];
const ANSWERS: [&str; 4] = ["yes", "No", " ", "it's"];

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 0..4).prop_map(|words| words.concat())
}

fn rows() -> impl Strategy<Value = Vec<ModelRow>> {
    let answer = (
        prop::sample::select(vec![
            CellState::Done,
            CellState::Failed,
            CellState::Edited,
            CellState::Validated,
            CellState::Empty,
        ]),
        prop::sample::select(&ANSWERS[..]),
        prop::option::of(prop::sample::select(vec![0.0, 0.25, 1.0])),
    );
    let row = (
        prop::option::of(-3..4_i64),
        prop::option::of(prop::sample::select(&FLOATS[..])),
        prop::option::of(words()),
        prop::option::of(any::<bool>()),
        prop::option::of(1..6_u8),
        prop::collection::vec(answer, 0..3),
    );
    let row = row.prop_map(|(whole, float, text, flag, day, answers)| ModelRow {
        whole,
        float,
        text,
        flag,
        day,
        answers,
    });
    prop::collection::vec(row, 1..24)
}

fn column_values() -> impl Strategy<Value = (ColumnId, Vec<Value>)> {
    let float = |float: f64| {
        if float.is_finite() { json!(float) } else { Value::String(float.to_string()) }
    };
    prop_oneof![
        prop::collection::vec(-3..4_i64, 0..3)
            .prop_map(|values| (WHOLE, values.into_iter().map(Value::from).collect())),
        prop::collection::vec(prop::sample::select(vec![-0.5, 1.5, 2.0]), 0..3)
            .prop_map(|values| (WHOLE, values.into_iter().map(Value::from).collect())),
        prop::collection::vec(prop::sample::select(&FLOATS[..]), 0..3)
            .prop_map(move |values| (FLOAT, values.into_iter().map(float).collect())),
        prop::collection::vec(words(), 0..3)
            .prop_map(|values| (TEXT, values.into_iter().map(Value::from).collect())),
        prop::collection::vec(any::<bool>(), 0..3)
            .prop_map(|values| (FLAG, values.into_iter().map(Value::from).collect())),
        prop::collection::vec(1..6_u8, 0..3).prop_map(|values| {
            let day = |day| Value::String(format!("2024-01-{day:02}"));
            (DAY, values.into_iter().map(day).collect())
        }),
        prop::collection::vec(prop::sample::select(&ANSWERS[..]), 0..3)
            .prop_map(|values| (AI, values.into_iter().map(Value::from).collect())),
    ]
}

fn test_of_a_cell() -> impl Strategy<Value = Filter> {
    let columns = prop::sample::select(vec![WHOLE, FLOAT, TEXT, FLAG, DAY, AI]);
    let places = prop::sample::select(vec![
        TextPlace::Anywhere,
        TextPlace::Start,
        TextPlace::End,
        TextPlace::Whole,
    ]);
    let texts = prop_oneof![
        words(),
        prop::sample::select(vec!["", "1", "-", "2", "TRUE", "01", "o"]).prop_map(str::to_owned)
    ];
    let states = prop::sample::subsequence(
        vec![
            CellState::Empty,
            CellState::Done,
            CellState::Failed,
            CellState::Edited,
            CellState::Stale,
        ],
        0..4,
    );
    let share = || prop::option::of(prop::sample::select(vec![0.0, 0.2, 0.25, 0.9]));
    prop_oneof![
        columns.clone().prop_map(|column| Filter::Cell { column, test: CellTest::Empty }),
        (column_values(), any::<bool>()).prop_map(|((column, mut values), null)| {
            values.extend(null.then_some(Value::Null));
            Filter::Cell { column, test: CellTest::OneOf { values } }
        }),
        // A bound of white space alone names no place in an order.
        column_values().prop_map(|(column, values)| {
            let is_blank =
                |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
            let mut values = values.into_iter().filter(|value| !is_blank(value));
            let (least, most) = (values.next(), values.next());
            Filter::Cell { column, test: CellTest::Between { least, most } }
        }),
        (columns, places, texts, any::<bool>()).prop_map(|(column, place, text, match_case)| {
            Filter::Cell { column, test: CellTest::Text { place, text, match_case } }
        }),
        states.prop_map(|states| Filter::Cell { column: AI, test: CellTest::State { states } }),
        (share(), share()).prop_map(|(least, most)| {
            Filter::Cell { column: AI, test: CellTest::Confidence { least, most } }
        }),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    test_of_a_cell().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|of| Filter::All { of }),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|of| Filter::Any { of }),
            inner.prop_map(|of| Filter::Not { of: Box::new(of) }),
        ]
    })
}

fn specs() -> impl Strategy<Value = ViewSpec> {
    let key = prop_oneof![
        prop::sample::select(vec![WHOLE, FLOAT, TEXT, FLAG, DAY, AI])
            .prop_map(|column| (column, SortBy::Value)),
        Just((AI, SortBy::State)),
        Just((AI, SortBy::Confidence)),
    ];
    let key = (key, any::<bool>()).prop_map(|((column, by), descending)| SortKey {
        column,
        by,
        descending,
    });
    (prop::collection::vec(key, 0..3), prop::option::of(filters()))
        .prop_map(|(sort, filter)| ViewSpec { sort, filter })
}

fn stored(folder: &Path, rows: &[ModelRow]) -> SheetStore {
    let connection = duckdb::Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE t (w SMALLINT, f DOUBLE, s VARCHAR, b BOOLEAN, d DATE)")
        .unwrap();
    for row in rows {
        let day = row.day.map(|day| format!("2024-01-{day:02}"));
        connection
            .execute(
                "INSERT INTO t VALUES (?, ?, ?, ?, CAST(? AS DATE))",
                duckdb::params![row.whole, row.float, row.text, row.flag, day],
            )
            .unwrap();
    }
    let path = folder.join(format!("{}.parquet", SheetId::random()));
    connection.execute_batch(&format!("COPY t TO '{}' (FORMAT parquet)", path.display())).unwrap();
    let store = try_sheet(&path, Format::Parquet).unwrap();
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap();
    assert_eq!(column.id, AI);
    let mut cells = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        for (state, text, confidence) in &row.answers {
            let mut cell = record(index as i64 + 1, *state, *text);
            cell.figures.confidence = *confidence;
            cells.push(cell);
        }
    }
    store.commit_cells(AI, None, &cells, NOW_MS).unwrap();
    store
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_view_has_the_rows_of_the_model_in_its_order(
        rows in rows(),
        specs in prop::collection::vec(specs(), 24),
    ) {
        let folder = folder();
        let store = stored(folder.path(), &rows);
        for spec in specs {
            let view = store.make_view(&spec, &never()).unwrap();
            prop_assert_eq!(view.rows(), model_view(&spec, &rows), "{:?}", spec);
        }
    }
}

fn view(store: &SheetStore, filter: Filter) -> Result<View, DataError> {
    store.make_view(&ViewSpec { sort: Vec::new(), filter: Some(filter) }, &never())
}

fn cell(column: ColumnId, test: CellTest) -> Filter {
    Filter::Cell { column, test }
}

fn kept(store: &SheetStore, column: ColumnId, test: CellTest) -> Vec<i64> {
    view(store, cell(column, test)).unwrap().rows().iter().map(|row| row.0).collect()
}

fn one_of(values: &[Value]) -> CellTest {
    CellTest::OneOf { values: values.to_vec() }
}

fn between(least: impl Into<Value>, most: impl Into<Value>) -> CellTest {
    CellTest::Between { least: Some(least.into()), most: Some(most.into()) }
}

#[test]
fn values_of_every_type_are_found_again_by_what_the_window_shows() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT 99999999999999999999999999999999999999::DECIMAL(38,0) AS big, \
         1.25::DECIMAL(10,2) AS money, 0.1::FLOAT AS small, 18446744073709551615::UBIGINT AS u, \
         TIME '10:00:01' AS t, TIMESTAMP '2024-02-29 10:00:01.5' AS ts, \
         TIMESTAMPTZ '2024-02-29 10:00:01+00' AS tz, \
         'c0ffee00-0000-4000-8000-000000000000'::UUID AS id, 'b'::ENUM('b', 'a') AS e, \
         {'a': 1, 'b': 'x'} AS struct, [1, 2] AS list, 'ab'::BLOB AS bytes, \
         '{\"a\": [1, 2]}'::JSON AS j UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
         NULL, NULL, NULL, NULL, NULL, NULL",
    );
    for column in store.columns().unwrap() {
        let shown = store.values(&[column.id], &[RowId(1)]).unwrap().remove(0);
        assert_eq!(kept(&store, column.id, one_of(&shown)), [1], "{} {shown:?}", column.name);
        assert_eq!(kept(&store, column.id, one_of(&[Value::Null])), [2], "{}", column.name);
        assert_eq!(kept(&store, column.id, CellTest::Empty), [2], "{}", column.name);
        let same = between(shown[0].clone(), shown[0].clone());
        match view(&store, cell(column.id, same)) {
            Ok(view) => assert_eq!(view.rows(), [RowId(1)], "{}", column.name),
            Err(error) => {
                assert!(
                    ["struct", "list", "bytes", "j"].contains(&column.name.as_str()),
                    "{error}"
                );
                assert!(error.to_string().contains("has no order"), "{error}");
            }
        }
    }
}

#[test]
fn a_bound_between_two_integers_is_not_rounded_and_one_beyond_them_is_no_error() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT v::TINYINT AS tiny, v::BIGINT AS big, v::DECIMAL(38,2) AS dec, v::HUGEINT::DOUBLE AS d \
         FROM unnest([-1, 0, 1, 2, 127]) t(v)",
    );
    for column in ids(&store) {
        assert_eq!(kept(&store, column, between(0.5, 1.5)), [3], "{column}");
        assert_eq!(kept(&store, column, between(-1e300, 1e300)), [1, 2, 3, 4, 5]);
        assert_eq!(kept(&store, column, between("-9999999999999999999999", 0)), [1, 2]);
        assert_eq!(kept(&store, column, one_of(&[json!(1.5), json!(2.0), json!(4_000_000)])), [4]);
        assert_eq!(kept(&store, column, between(" 1 ", "2")), [3, 4]);
    }
}

#[test]
fn a_value_that_does_not_fit_is_an_error_that_names_it_and_its_column() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT 1 AS n, DATE '2024-01-01' AS day, true AS flag, 'x' AS text, \
         'a'::BLOB AS bytes, 'x'::ENUM('x') AS e",
    );
    let cases = [
        ("n", json!("many")),
        ("n", json!("nan")),
        ("n", json!(true)),
        ("n", json!("1; DROP TABLE rows")),
        ("day", json!("30 February")),
        ("day", json!("2024-02-30")),
        ("day", json!(5)),
        ("flag", json!("perhaps")),
        ("text", json!(5)),
        ("text", json!(["x"])),
        ("bytes", json!("not base64!")),
    ];
    for (name, value) in cases {
        let column =
            store.columns().unwrap().into_iter().find(|column| column.name == name).unwrap();
        let error =
            view(&store, cell(column.id, one_of(std::slice::from_ref(&value)))).unwrap_err();
        let app = AppError::from(error);
        assert_eq!(app.code, Code::BadInput);
        assert!(app.message.contains(&format!("column `{name}`")), "{}", app.message);
        let shown = value.to_string();
        assert!(app.message.contains(shown.trim_matches('"')), "{}", app.message);
        assert!(app.hint.is_some());
    }
}

#[test]
fn wrong_columns_patterns_and_nesting_are_errors_of_their_own() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\nx\ny\n");
    let column = ids(&store)[0];
    let message = |filter| AppError::from(view(&store, filter).unwrap_err()).message;
    let pattern = |pattern: &str| CellTest::Matches { pattern: pattern.to_owned() };
    assert!(message(cell(ColumnId(9), CellTest::Empty)).contains("no column 9"));
    assert!(message(cell(column, CellTest::State { states: vec![] })).contains("no recipe"));
    let broken = message(cell(column, pattern("a(")));
    assert!(broken.contains("`a(` is not valid") && !broken.contains('\n'), "{broken}");
    assert!(message(cell(column, pattern("(x{1000}){1000}"))).contains("not valid"));
    let mut deep = cell(column, CellTest::Empty);
    for _ in 0..100 {
        deep = Filter::Not { of: Box::new(deep) };
    }
    assert!(message(deep).contains("nested"));
    let by = SortKey { column, by: SortBy::Confidence, descending: false };
    let error = store.make_view(&ViewSpec { sort: vec![by], filter: None }, &never()).unwrap_err();
    assert!(error.to_string().contains("no recipe"));
    assert_eq!(kept(&store, column, pattern("^[x-z]$")), [1, 2]);
    assert_eq!(kept(&store, column, pattern("X")), Vec::<i64>::new(), "case counts");
}

#[test]
fn texts_cannot_leave_their_quotes() {
    let folder = folder();
    let names = ["'; DROP TABLE main.rows; --", "a\"b", "\\", "100%", "a\0b", "\n"];
    let rows: String =
        names.iter().map(|name| format!("{}\n", json!({ "na\"me'": name, "n": 1 }))).collect();
    let store = sheet(folder.path(), "x.jsonl", rows);
    let column = ids(&store)[0];
    for (index, name) in names.iter().enumerate().take(5) {
        let whole =
            CellTest::Text { place: TextPlace::Whole, text: (*name).to_owned(), match_case: true };
        let row = index as i64 + 1;
        assert_eq!(kept(&store, column, whole), [row], "{name:?}");
        assert_eq!(kept(&store, column, one_of(&[json!(name)])), [row], "{name:?}");
    }
    assert_eq!(kept(&store, column, CellTest::Empty), [6]);
}

#[test]
fn empty_json_is_what_shows_nothing() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT unnest(['null', '\" \"', '\"x\"', '{}', NULL, '1.0'])::JSON AS j",
    );
    let column = ids(&store)[0];
    assert_eq!(kept(&store, column, CellTest::Empty), [1, 2, 5]);
    let whole = |text: &str| CellTest::Text {
        place: TextPlace::Whole,
        text: text.to_owned(),
        match_case: true,
    };
    assert_eq!(kept(&store, column, whole("x")), [3]);
    assert_eq!(kept(&store, column, one_of(&[json!({}), json!("")])), [1, 2, 4, 5]);
}

#[test]
fn a_view_stays_as_it_is_until_it_is_made_again() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n2\n3\n");
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    let spec = ViewSpec {
        sort: vec![SortKey { column: ids(&store)[0], by: SortBy::Value, descending: true }],
        filter: Some(cell(column, CellTest::Empty)),
    };
    let view = store.make_view(&spec, &never()).unwrap();
    assert_eq!(view.rows(), [RowId(3), RowId(2), RowId(1)]);
    store.commit_cells(column, None, &[record(2, CellState::Edited, "by hand")], NOW_MS).unwrap();
    let window = store.window_of(&view, &[column], 1, 5).unwrap();
    assert_eq!((window.start, window.row_count, window.rows.len()), (1, 3, 2));
    let cell = &window.rows[0].cells[0];
    assert_eq!((window.rows[0].row, &cell.value), (RowId(2), &json!("by hand")));
    assert_eq!(cell.state, Some(CellState::Edited));
    let again = store.make_view(&spec, &never()).unwrap();
    assert_eq!(again.rows(), [RowId(3), RowId(1)]);
    store.delete_rows(&[RowId(3)], NOW_MS).unwrap();
    assert_eq!(store.without_lost_rows(&view).rows(), [RowId(2), RowId(1)]);
    assert_eq!(store.window_of(&view, &[column], 0, 9).unwrap().rows.len(), 2);
    store.undo(NOW_MS).unwrap();
    for (start, count, rows) in [(0, u64::MAX, 3), (3, 1, 0), (u64::MAX, u64::MAX, 0)] {
        assert_eq!(store.window_of(&view, &[column], start, count).unwrap().rows.len(), rows);
    }
}

#[test]
fn a_run_fills_only_the_rows_for_which_its_filter_holds() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n2\n3\n4\n");
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    let only = Some(cell(ids(&store)[0], between(2, 3)));
    let scopes = [
        (RunScope::Empty, vec![2, 3]),
        (RunScope::First { count: 2 }, vec![2]),
        (RunScope::These { ids: vec![RowId(1), RowId(3)] }, vec![3]),
        (RunScope::All, vec![2, 3]),
        (RunScope::Failed, vec![]),
    ];
    for (scope, expected) in scopes {
        let request = RunRequest { only: only.clone(), ..scope.into() };
        let rows = store.rows_to_fill(column, &request, None).unwrap();
        assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), expected, "{request:?}");
    }
    let wrong =
        RunRequest { only: Some(cell(ColumnId(99), CellTest::Empty)), ..RunRequest::default() };
    assert!(store.rows_to_fill(column, &wrong, None).is_err());
}

#[test]
fn a_wish_to_stop_is_heard_before_the_work_begins() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n");
    let stop = AtomicBool::new(true);
    let error = store.make_view(&ViewSpec::default(), &stop).unwrap_err();
    assert!(matches!(error, DataError::Cancelled), "{error}");
}

#[test]
fn every_state_has_a_place_in_the_order_of_states() {
    let rows: BTreeMap<i64, CellState> = [
        (1, CellState::Validated),
        (2, CellState::Done),
        (3, CellState::Empty),
        (4, CellState::Failed),
        (5, CellState::Edited),
    ]
    .into();
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n2\n3\n4\n5\n");
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    for (row, state) in &rows {
        store.commit_cells(column, None, &[record(*row, *state, "x")], NOW_MS).unwrap();
    }
    let by = SortKey { column, by: SortBy::State, descending: false };
    let view = store.make_view(&ViewSpec { sort: vec![by], filter: None }, &never()).unwrap();
    let mut expected: Vec<i64> = rows.keys().copied().collect();
    expected.sort_by_key(|row| rows[row]);
    assert_eq!(view.rows().iter().map(|row| row.0).collect::<Vec<_>>(), expected);
}

#[test]
fn a_row_is_found_by_its_position_in_the_sheet_and_in_a_view() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n5\n6\n7\n8\n");
    let at = |row: i64| store.position_of(RowId(row));
    assert_eq!([at(1), at(4), at(5), at(0), at(i64::MIN)], [Some(0), Some(3), None, None, None]);
    store.move_rows(&[RowId(4)], RowPlace::First, NOW_MS).unwrap();
    store.delete_rows(&[RowId(2)], NOW_MS).unwrap();
    assert_eq!([at(4), at(1), at(2), at(3)], [Some(0), Some(1), None, Some(2)]);
    let view: View = [RowId(3), RowId(1)].into_iter().collect();
    assert_eq!([view.position_of(RowId(1)), view.position_of(RowId(4))], [Some(1), None]);
}

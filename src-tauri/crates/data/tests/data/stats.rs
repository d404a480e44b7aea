//! Figures of columns and selections.

use braincells_core::{Bin, CellState, CellTest, ColumnStats, Filter, ValueCount};
use braincells_data::Among;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn stats(store: &SheetStore, column: ColumnId, bins: u32, top: u32) -> ColumnStats {
    store.column_stats(column, Among::All, bins, top, &never()).unwrap()
}

fn counted(values: &[ValueCount]) -> Vec<(Value, u64)> {
    values.iter().map(|found| (found.value.clone(), found.count)).collect()
}

fn bars(bins: &[Bin]) -> Vec<(Value, Value, u64)> {
    bins.iter().map(|bin| (bin.from.clone(), bin.to.clone(), bin.count)).collect()
}

#[test]
fn a_number_column_has_figures_a_histogram_and_its_commonest_values() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT * FROM (VALUES (1, 0.5::DOUBLE), (2, 'nan'), (2, 1.5), (5, 'inf'), (NULL, NULL), \
         (10, 2.5)) t(i, f)",
    );
    let [whole, float] = ids(&store)[..] else { panic!() };
    let found = stats(&store, whole, 5, 2);
    assert_eq!((found.rows, found.empty, found.distinct), (6, 1, 4));
    assert_eq!((found.least, found.greatest), (Some(json!(1)), Some(json!(10))));
    let numbers = found.numbers.unwrap();
    assert_eq!((numbers.sum, numbers.mean, numbers.median), (20.0, 4.0, 2.0));
    assert!((numbers.deviation.unwrap() - 3.674_234_614_174_767).abs() < 1e-12);
    assert_eq!(counted(&found.top), [(json!(2), 2), (json!(1), 1)]);
    assert_eq!(
        bars(&found.histogram),
        [
            (json!(1), json!(3), 3),
            (json!(3), json!(5), 0),
            (json!(5), json!(7), 1),
            (json!(7), json!(9), 0),
            (json!(9), json!(11), 1),
        ]
    );
    assert!(found.lengths.is_none() && found.states.is_empty() && found.confidences.is_empty());

    let found = stats(&store, float, 2, 9);
    assert_eq!((found.empty, found.distinct), (1, 5), "nan is a value, not nothing");
    assert_eq!((found.least, found.greatest), (Some(json!(0.5)), Some(json!("nan"))));
    let numbers = found.numbers.unwrap();
    assert_eq!((numbers.sum, numbers.median), (4.5, 1.5), "what is not finite is in no figure");
    assert_eq!(bars(&found.histogram), [(json!(0.5), json!(1.5), 1), (json!(1.5), json!(2.5), 2)]);
}

#[test]
fn a_text_column_has_lengths_and_orders_its_values_whatever_their_case() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT unnest(['b', 'B', 'a', ' ', '', NULL, 'Äöü', 'b', 'C', 'a']) AS t",
    );
    let column = ids(&store)[0];
    let found = stats(&store, column, 10, 3);
    assert_eq!((found.rows, found.empty, found.distinct), (10, 3, 5));
    assert_eq!((found.least, found.greatest), (Some(json!("a")), Some(json!("Äöü"))));
    assert_eq!(counted(&found.top), [(json!("a"), 2), (json!("b"), 2), (json!("B"), 1)]);
    let lengths = found.lengths.unwrap();
    assert_eq!((lengths.least, lengths.greatest), (1, 3));
    assert!((lengths.mean - 9.0 / 7.0).abs() < 1e-12, "{}", lengths.mean);
    assert!(found.numbers.is_none() && found.histogram.is_empty());
}

#[test]
fn times_have_histograms_whose_edges_read_like_the_column() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT * FROM (VALUES (DATE '2024-02-28', TIME '00:00:00', TIMESTAMP '2024-01-01', \
             TIMESTAMPTZ '2024-01-01 00:00:00+00', INTERVAL 1 DAY, true), \
         (DATE '2024-03-01', TIME '23:59:59.999999', TIMESTAMP '2024-01-01 00:00:00.000003', \
             TIMESTAMPTZ '2024-01-01 00:00:00.000003+00', INTERVAL 2 DAY, false), \
         ('infinity', NULL, 'infinity', '-infinity', NULL, true)) t(d, t, ts, tz, i, b)",
    );
    let [date, time, stamp, zoned, interval, flag] = ids(&store)[..] else { panic!() };
    let found = stats(&store, date, 2, 1);
    assert_eq!(
        bars(&found.histogram),
        [
            (json!("2024-02-28"), json!("2024-03-01"), 1),
            (json!("2024-03-01"), json!("2024-03-03"), 1),
        ]
    );
    assert_eq!(found.greatest, Some(json!("infinity")));
    let time = bars(&stats(&store, time, 2, 1).histogram);
    assert_eq!(time[0].0, json!("00:00:00"));
    assert_eq!((&time[1].0, &time[1].1), (&json!("12:00:00"), &json!("23:59:59.999999")));
    for (column, end) in [(stamp, ""), (zoned, "+00")] {
        let text = |micro: &str| json!(format!("2024-01-01 00:00:00{micro}{end}"));
        assert_eq!(
            bars(&stats(&store, column, 2, 1).histogram),
            [(text(""), text(".000002"), 1), (text(".000002"), text(".000004"), 1),]
        );
    }
    assert!(stats(&store, interval, 2, 1).histogram.is_empty());
    let found = stats(&store, flag, 2, 5);
    assert_eq!(counted(&found.top), [(json!(true), 2), (json!(false), 1)]);
    assert_eq!((found.least, found.greatest), (Some(json!(false)), Some(json!(true))));
}

#[test]
fn the_ends_of_every_number_type_fit_into_a_histogram() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT * FROM (VALUES ('-9223372036854775808'::BIGINT, 0::UBIGINT, '-1.7e308'::DOUBLE, \
             '-3.4e38'::FLOAT, '-99.99'::DECIMAL(4,2), '-128'::TINYINT), \
         (9223372036854775807, 18446744073709551615, 1.7e308, 3.4e38, 99.99, 127)) \
         t(b, u, d, f, m, t)",
    );
    for column in ids(&store) {
        let found = stats(&store, column, 4, 1);
        assert_eq!(found.histogram.len(), 4, "{column}");
        let counts: Vec<u64> = found.histogram.iter().map(|bin| bin.count).collect();
        assert_eq!(counts, [1, 0, 0, 1], "{column}");
    }
}

#[test]
fn lists_and_bytes_are_counted_without_an_order() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT * FROM (VALUES ([1, 2], 'ab'::BLOB, '{\"a\":1}'::JSON), \
         ([1, 2], 'ab'::BLOB, '{\"a\":1}'), ([3], NULL, 'null')) t(l, b, j)",
    );
    let [list, bytes, json_column] = ids(&store)[..] else { panic!() };
    let found = stats(&store, list, 5, 5);
    assert_eq!((found.distinct, found.least, found.greatest), (2, None, None));
    assert_eq!(counted(&found.top), [(json!([1, 2]), 2), (json!([3]), 1)]);
    let found = stats(&store, bytes, 5, 5);
    assert_eq!((found.empty, found.distinct, found.top.len()), (1, 1, 0));
    let found = stats(&store, json_column, 5, 5);
    assert_eq!((found.empty, found.distinct), (1, 1));
    assert_eq!(counted(&found.top), [(json!({"a": 1}), 2)]);
}

#[test]
fn an_ai_column_counts_states_and_confidences_among_the_rows_asked_for() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n2\n3\n4\n5\n");
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    for (row, state, confidence) in [
        (1, CellState::Done, Some(0.0)),
        (2, CellState::Done, Some(1.0)),
        (3, CellState::Failed, None),
        (4, CellState::Edited, Some(0.5)),
    ] {
        let mut cell = record(row, state, "x");
        cell.figures.confidence = confidence;
        store.commit_cells(column, None, &[cell], NOW_MS).unwrap();
    }
    let found = stats(&store, column, 2, 1);
    let states: Vec<(CellState, u64)> = found.states.into_iter().collect();
    assert_eq!(
        states,
        [
            (CellState::Empty, 1),
            (CellState::Done, 2),
            (CellState::Failed, 1),
            (CellState::Edited, 1),
        ]
    );
    assert_eq!(bars(&found.confidences), [(json!(0), json!(0.5), 1), (json!(0.5), json!(1), 2)]);

    let only =
        Filter::Cell { column: ids(&store)[0], test: CellTest::OneOf { values: vec![json!(3)] } };
    let found = store.column_stats(column, Among::Where(&only), 2, 1, &never()).unwrap();
    assert_eq!((found.rows, found.empty), (1, 1));
    assert_eq!(found.states.into_iter().collect::<Vec<_>>(), [(CellState::Failed, 1)]);
    assert!(found.confidences.is_empty());
    let rows = [RowId(4), RowId(1)];
    let found = store.column_stats(column, Among::These(&rows), 2, 1, &never()).unwrap();
    assert_eq!((found.rows, found.distinct, found.top[0].count), (2, 1, 2));
}

#[test]
fn a_column_of_nothing_has_no_figures() {
    let folder = folder();
    let store = sheet_of(folder.path(), "SELECT NULL::DOUBLE AS f, NULL::VARCHAR AS t");
    for column in ids(&store) {
        let found = stats(&store, column, 10, 10);
        assert_eq!((found.rows, found.empty, found.distinct), (1, 1, 0));
        assert!(found.numbers.is_none() && found.lengths.is_none() && found.least.is_none());
        assert!(found.top.is_empty() && found.histogram.is_empty());
    }
    let summary = store.summarise(&ids(&store), Among::All, &never()).unwrap();
    assert_eq!((summary.rows, summary.filled, summary.numbers), (1, 0, None));
    let missing = store.column_stats(ColumnId(99), Among::All, 1, 1, &never()).unwrap_err();
    assert!(missing.to_string().contains("no column 99"));
}

#[test]
fn different_values_come_in_order_with_their_counts_and_can_be_searched() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT unnest(['pear', 'Apple', 'apple', ' ', NULL, 'pear']) AS t",
    );
    let column = ids(&store)[0];
    let all = store.distinct_values(column, Among::All, None, 10, &never()).unwrap();
    assert_eq!(
        counted(&all.values),
        [(json!("Apple"), 1), (json!("apple"), 1), (json!("pear"), 2)]
    );
    assert_eq!((all.total, all.empty), (3, 2));
    let some = store.distinct_values(column, Among::All, Some("APP"), 1, &never()).unwrap();
    assert_eq!((counted(&some.values), some.total), (vec![(json!("Apple"), 1)], 2));
}

#[test]
fn a_selection_sums_its_numbers_and_counts_its_cells() {
    let folder = folder();
    let store = sheet_of(
        folder.path(),
        "SELECT * FROM (VALUES (1, 0.5::DOUBLE, 'x'), (2, 'nan', ' '), (3, NULL, 'y')) t(i, f, t)",
    );
    let columns = ids(&store);
    let summary = store.summarise(&columns, Among::All, &never()).unwrap();
    assert_eq!((summary.rows, summary.filled), (3, 7));
    let numbers = summary.numbers.unwrap();
    assert_eq!((numbers.count, numbers.sum, numbers.mean), (4, 6.5, 1.625));
    assert_eq!((numbers.least, numbers.greatest), (0.5, 3.0));
    let rows = [RowId(3), RowId(1)];
    let summary = store.summarise(&columns[..1], Among::These(&rows), &never()).unwrap();
    assert_eq!((summary.rows, summary.numbers.unwrap().sum), (2, 4.0));
    let summary = store.summarise(&columns, Among::These(&[]), &never()).unwrap();
    assert_eq!((summary.rows, summary.filled), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_in_exactly_the_bar_whose_edges_hold_it(
        floats in prop::collection::vec(
            prop_oneof![-5.0..5.0_f64, (-20..20_i64).prop_map(|tenth| tenth as f64 / 10.0)],
            1..60,
        ),
        bins in 1..12_u32,
    ) {
        let folder = folder();
        let list: Vec<String> = floats.iter().map(|float| format!("{float:e}::DOUBLE")).collect();
        let store = sheet_of(folder.path(), &format!("SELECT unnest([{}]) AS f", list.join(", ")));
        let found = stats(&store, ids(&store)[0], bins, 0);
        let number = |value: &Value| value.as_f64().unwrap();
        for (index, bin) in found.histogram.iter().enumerate() {
            let is_last = index + 1 == found.histogram.len();
            let is_in = |float: &&f64| {
                **float >= number(&bin.from)
                    && (**float < number(&bin.to) || is_last && **float <= number(&bin.to))
            };
            let expected = floats.iter().filter(is_in).count() as u64;
            prop_assert_eq!(bin.count, expected, "bar {} of {:?}", index, found.histogram);
        }
    }
}

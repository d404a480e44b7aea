//! Finding text in cells, and what replacing it would give.

use braincells_core::{CellTest, Filter, FindRequest, SortBy, SortKey, ViewSpec};
use serde_json::json;

use super::*;

fn animals(folder: &Path) -> SheetStore {
    sheet_of(
        folder,
        "SELECT * FROM (VALUES ('Owl', 2, 'the owl, an OWL', ['owl']), ('cat', 40, NULL, []), \
         ('a.b', 4, 'a\\b (c)', NULL), ('axb', 204, ' ', NULL)) t(name, legs, note, tags)",
    )
}

fn look_for(text: &str) -> FindRequest {
    FindRequest { text: text.to_owned(), limit: 1000, ..FindRequest::default() }
}

fn cells(store: &SheetStore, request: &FindRequest) -> Vec<(i64, i64)> {
    let found = store.find(request, None, &never()).unwrap();
    assert_eq!(found.total, found.cells.len() as u64);
    found.cells.iter().map(|cell| (cell.row.0, cell.column.0)).collect()
}

fn replaced(store: &SheetStore, request: &FindRequest, with: &str) -> Vec<(i64, i64, String)> {
    let found = store.find_replacements(request, with, &never()).unwrap();
    found.into_iter().map(|found| (found.row.0, found.column.0, found.after)).collect()
}

#[test]
fn text_is_found_in_every_column_row_by_row() {
    let folder = folder();
    let store = animals(folder.path());
    let owl = look_for("owl");
    assert_eq!(cells(&store, &owl), [(1, 1), (1, 3), (1, 4)]);
    assert_eq!(cells(&store, &FindRequest { match_case: true, ..owl.clone() }), [(1, 3), (1, 4)]);
    assert_eq!(cells(&store, &FindRequest { whole: true, ..owl.clone() }), [(1, 1)]);
    assert_eq!(cells(&store, &look_for("4")), [(2, 2), (3, 2), (4, 2)]);
    assert_eq!(cells(&store, &look_for("a.b")), [(3, 1)], "a full stop is a full stop");
    let regex = FindRequest { regex: true, ..look_for("A.B") };
    assert_eq!(cells(&store, &regex), [(3, 1), (3, 3), (4, 1)]);
    let whole = FindRequest { regex: true, whole: true, ..look_for("a|owl") };
    assert_eq!(cells(&store, &whole), [(1, 1)]);
    let columns = Some(vec![ColumnId(3), ColumnId(1)]);
    let chosen = FindRequest { columns, ..owl.clone() };
    assert_eq!(cells(&store, &chosen), [(1, 3), (1, 1)]);
    let filter = Some(Filter::Cell {
        column: ColumnId(2),
        test: CellTest::Between { least: Some(json!(40)), most: None },
    });
    assert_eq!(cells(&store, &FindRequest { filter, ..look_for("4") }), [(2, 2), (4, 2)]);
    assert_eq!(cells(&store, &look_for("")), []);
    assert_eq!(cells(&store, &look_for("'; DROP TABLE main.rows; --")), []);
    let broken = FindRequest { regex: true, ..look_for("a(") };
    let error = store.find(&broken, None, &never()).unwrap_err();
    assert!(error.to_string().contains("not valid"), "{error}");
}

#[test]
fn matches_come_in_pages_and_in_the_order_of_a_view() {
    let folder = folder();
    let store = animals(folder.path());
    let page = |skip, limit| {
        let request = FindRequest { skip, limit, ..look_for("4") };
        let found = store.find(&request, None, &never()).unwrap();
        assert_eq!(found.total, 3);
        found.cells.iter().map(|cell| cell.row.0).collect::<Vec<_>>()
    };
    assert_eq!((page(0, 2), page(2, 2), page(4, 2)), (vec![2, 3], vec![4], vec![]));
    let by = SortKey { column: ColumnId(2), by: SortBy::Value, descending: true };
    let filter = Filter::Cell {
        column: ColumnId(2),
        test: CellTest::Between { least: Some(json!(4)), most: None },
    };
    let spec = ViewSpec { sort: vec![by], filter: Some(filter) };
    let view = store.make_view(&spec, &never()).unwrap();
    let found = store.find(&look_for("4"), Some(&view), &never()).unwrap();
    assert_eq!(found.cells.iter().map(|cell| cell.row.0).collect::<Vec<_>>(), [4, 2, 3]);
}

#[test]
fn replacing_changes_every_match_and_nothing_else() {
    let folder = folder();
    let store = animals(folder.path());
    let owl = look_for("owl");
    assert_eq!(
        replaced(&store, &owl, "bat"),
        [(1, 1, "bat".to_owned()), (1, 3, "the bat, an bat".to_owned()),]
    );
    let same = FindRequest { match_case: true, ..owl.clone() };
    assert_eq!(replaced(&store, &same, "owl"), [], "a cell that stays the same is not listed");
    assert_eq!(replaced(&store, &FindRequest { whole: true, ..owl }, "bat").len(), 1);
    assert_eq!(
        replaced(&store, &look_for("4"), "5"),
        [(2, 2, "50".to_owned()), (3, 2, "5".to_owned()), (4, 2, "205".to_owned()),]
    );
    assert_eq!(replaced(&store, &look_for("\\b (c)"), "\\1\\"), [(3, 3, "a\\1\\".to_owned())]);
    let groups = FindRequest { regex: true, ..look_for("^(a)(.)b$") };
    assert_eq!(
        replaced(&store, &groups, "\\2-\\1"),
        [(3, 1, ".-a".to_owned()), (4, 1, "x-a".to_owned()),]
    );
    let page = FindRequest { skip: 1, limit: 1, ..look_for("4") };
    assert_eq!(replaced(&store, &page, ""), [(3, 2, String::new())]);
    assert_eq!(replaced(&store, &look_for(""), "x"), []);
}

//! Views, figures and SQL.

use std::time::Duration;

use braincells_core::{
    CellTest, Code, ColumnId, Filter, FindRequest, RowId, SheetId, SortBy, SortKey, SqlLimits,
    TextPlace, ViewId, ViewSpec, render_value,
};
use braincells_llm::FakeEngine;
use braincells_testing::{Scripted, scripted_workbench, text_recipe};
use braincells_workbench::Selection;
use serde_json::json;

const ANIMALS: &str = "animal,legs\nowl,2\ncat,4\nant,6\nhen,2\n";
const ANIMAL: ColumnId = ColumnId(1);
const LEGS: ColumnId = ColumnId(2);

fn by(column: ColumnId) -> ViewSpec {
    let key = SortKey { column, by: SortBy::Value, descending: false };
    ViewSpec { sort: vec![key], filter: None }
}

async fn animals(scripted: &Scripted, sheet: SheetId, view: ViewId) -> Vec<String> {
    let window = scripted.workbench.window(sheet, Some(view), &[ANIMAL], 0, 10).await;
    let rows = window.expect("the view is open").rows;
    rows.iter().map(|row| render_value(&row.cells[0].value)).collect()
}

#[tokio::test]
async fn a_view_is_read_by_window_until_it_is_closed() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let workbench = &scripted.workbench;
    let few_legs = Filter::Cell {
        column: LEGS,
        test: CellTest::Between { least: None, most: Some(json!(4)) },
    };
    let spec = ViewSpec { filter: Some(few_legs), ..by(ANIMAL) };
    let view = workbench.open_view(sheet, spec).await.unwrap();
    assert_eq!(view.row_count, 3);
    assert_eq!(animals(&scripted, sheet, view.id).await, ["cat", "hen", "owl"]);
    let rows = workbench.rows_at(sheet, Some(view.id), 1, 9).await.unwrap();
    assert_eq!(rows, [RowId(4), RowId(1)]);
    assert_eq!(workbench.rows_at(sheet, None, 1, 2).await.unwrap(), [RowId(2), RowId(3)]);
    let window = workbench.window(sheet, None, &[ANIMAL], 3, 9).await.unwrap();
    assert_eq!((window.row_count, window.rows.len()), (4, 1));

    assert!(workbench.prepare_windows(sheet, &[ANIMAL]).await.unwrap());
    assert_eq!(animals(&scripted, sheet, view.id).await, ["cat", "hen", "owl"]);

    workbench.close_view(sheet, view.id);
    workbench.close_view(sheet, view.id);
    let closed = workbench.window(sheet, Some(view.id), &[ANIMAL], 0, 1).await.unwrap_err();
    assert_eq!(closed.code, Code::NotFound);
    assert!(closed.hint.is_some());
    let wrong = workbench.open_view(sheet, by(ColumnId(77))).await.unwrap_err();
    assert_eq!(wrong.code, Code::NotFound);
}

#[tokio::test]
async fn an_edit_moves_no_row_of_an_open_view_and_a_refresh_does() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let workbench = &scripted.workbench;
    let noise = workbench
        .add_ai_column(sheet, "noise", text_recipe("What says the {{animal}}?"))
        .await
        .unwrap();
    let view = workbench.open_view(sheet, by(noise.id)).await.unwrap();
    workbench.edit_cell(sheet, noise.id, RowId(3), json!("none")).await.unwrap();
    assert_eq!(animals(&scripted, sheet, view.id).await, ["owl", "cat", "ant", "hen"]);
    let again = workbench.refresh_view(sheet, view.id).await.unwrap();
    assert_eq!(again, view);
    assert_eq!(animals(&scripted, sheet, view.id).await, ["ant", "owl", "cat", "hen"]);
}

#[tokio::test]
async fn the_view_that_was_used_the_longest_ago_makes_room_for_the_ninth() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let other = scripted.sheet(ANIMALS).await;
    let elsewhere = scripted.workbench.open_view(other, by(LEGS)).await.unwrap();
    let mut views = Vec::new();
    for _ in 0..8 {
        views.push(scripted.workbench.open_view(sheet, by(LEGS)).await.unwrap().id);
    }
    assert_eq!(animals(&scripted, sheet, views[0]).await.len(), 4);
    scripted.workbench.open_view(sheet, by(ANIMAL)).await.unwrap();
    assert_eq!(animals(&scripted, sheet, views[0]).await.len(), 4, "it was used just now");
    let gone = scripted.workbench.refresh_view(sheet, views[1]).await.unwrap_err();
    assert_eq!(gone.code, Code::NotFound);
    assert_eq!(animals(&scripted, other, elsewhere.id).await.len(), 4, "of another sheet");
    let foreign = scripted.workbench.rows_at(other, Some(views[0]), 0, 1).await.unwrap_err();
    assert_eq!(foreign.code, Code::NotFound, "a view belongs to its sheet");
}

#[tokio::test]
async fn figures_are_of_the_selection() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let workbench = &scripted.workbench;
    let view = workbench.open_view(sheet, by(ANIMAL)).await.unwrap();
    let first = Selection::Range { view: Some(view.id), start: 0, count: 2 };
    let summary = workbench.summarise(sheet, &[ANIMAL, LEGS], first.clone()).await.unwrap();
    assert_eq!((summary.rows, summary.filled, summary.numbers.unwrap().sum), (2, 4, 10.0));
    let on_top = Selection::Range { view: None, start: 0, count: 2 };
    let summary = workbench.summarise(sheet, &[LEGS], on_top).await.unwrap();
    assert_eq!(summary.numbers.map(|numbers| (numbers.least, numbers.greatest)), Some((2.0, 4.0)));
    let stats = workbench.column_stats(sheet, LEGS, Selection::All, 4, 1).await.unwrap();
    assert_eq!((stats.rows, stats.distinct, stats.top[0].count), (4, 3, 2));
    let test = CellTest::Text { place: TextPlace::End, text: "N".into(), match_case: false };
    let filter = Filter::Cell { column: ANIMAL, test };
    let selection = Selection::Where { filter };
    let values = workbench.distinct_values(sheet, LEGS, selection, None, 5).await.unwrap();
    assert_eq!((values.total, values.values[0].value.clone()), (1, json!(2)));
    let values = workbench.distinct_values(sheet, ANIMAL, first, Some("N"), 5).await.unwrap();
    assert_eq!(values.values[0].value, "ant");

    let request = FindRequest { text: "n".to_owned(), limit: 9, ..FindRequest::default() };
    let found = workbench.find(sheet, request.clone(), Some(view.id)).await.unwrap();
    assert_eq!(found.cells.iter().map(|cell| cell.row.0).collect::<Vec<_>>(), [3, 4]);
    let changes = workbench.preview_replacements(sheet, request, "m").await.unwrap();
    assert_eq!(
        changes.iter().map(|change| change.after.as_str()).collect::<Vec<_>>(),
        ["amt", "hem"]
    );
}

#[tokio::test]
async fn a_query_answers_becomes_a_sheet_or_is_stopped_in_time() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let workbench = &scripted.workbench;
    let limits = SqlLimits::default();
    let query = "SELECT legs, count(*) AS n FROM sheet GROUP BY legs ORDER BY legs";
    let found = workbench.sql(sheet, query, limits, None).await.unwrap();
    assert_eq!(found.rows, [[json!(2), json!(2)], [json!(4), json!(1)], [json!(6), json!(1)]]);

    let made = workbench.sql_to_sheet(sheet, query, "by legs", None).await.unwrap();
    assert_eq!((made.name.as_str(), made.row_count, made.column_count), ("by legs", 3, 2));
    let shown = workbench.show(made.id, None, 2, 1).await.unwrap();
    assert_eq!(shown.columns[1].name, "n");
    assert_eq!(shown.window.rows[0].cells[0].value, 6);
    assert_eq!(workbench.sheets().await.unwrap().len(), 2);

    let wrong = workbench.sql_to_sheet(sheet, "DROP TABLE sheet", "x", None).await.unwrap_err();
    assert_eq!(wrong.code, Code::BadInput);
    let endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c";
    let timeout = Some(Duration::from_millis(1));
    let stopped = workbench.sql(sheet, endless, limits, timeout).await.unwrap_err();
    assert_eq!(stopped.code, Code::Cancelled);
    assert!(stopped.hint.is_some());
    let stopped = workbench.sql_to_sheet(sheet, endless, "x", timeout).await.unwrap_err();
    assert_eq!(stopped.code, Code::Cancelled);
    assert_eq!(workbench.sheets().await.unwrap().len(), 2);
}

#[tokio::test]
async fn rows_that_go_leave_the_open_views_at_once_and_come_back_with_a_refresh() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let other = scripted.sheet(ANIMALS).await;
    let workbench = &scripted.workbench;
    let view = workbench.open_view(sheet, by(ANIMAL)).await.unwrap();
    let elsewhere = workbench.open_view(other, by(ANIMAL)).await.unwrap();
    workbench.delete_rows(sheet, &[RowId(2), RowId(1)]).await.unwrap();
    assert_eq!(animals(&scripted, sheet, view.id).await, ["ant", "hen"]);
    assert_eq!(workbench.rows_at(sheet, Some(view.id), 0, 9).await.unwrap(), [RowId(3), RowId(4)]);
    assert_eq!(animals(&scripted, other, elsewhere.id).await.len(), 4);
    workbench.undo(sheet).await.unwrap();
    assert_eq!(animals(&scripted, sheet, view.id).await, ["ant", "hen"]);
    workbench.refresh_view(sheet, view.id).await.unwrap();
    assert_eq!(animals(&scripted, sheet, view.id).await, ["ant", "cat", "hen", "owl"]);
    workbench.redo(sheet).await.unwrap();
    assert_eq!(animals(&scripted, sheet, view.id).await, ["ant", "hen"]);
}

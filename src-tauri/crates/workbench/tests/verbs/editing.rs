//! A person's work on a sheet: cells, blocks, find and replace, columns, rows, undo.

use braincells_core::{
    CellState, Code, ColumnId, DataType, FindRequest, RowId, RunScope, SheetId, Value,
};
use braincells_llm::FakeEngine;
use braincells_testing::{Scripted, scripted_workbench, text_recipe};
use braincells_workbench::{EngineOptions, RowPlace};

const TABLE: &str = "name,age\nAda,36\nGrace,45\nLin,28\n";

async fn table(scripted: &Scripted, sheet: SheetId) -> Vec<Vec<Value>> {
    let shown = scripted.workbench.show(sheet, None, 0, 100).await.expect("the sheet opens");
    let rows = shown.window.rows.into_iter();
    rows.map(|row| row.cells.into_iter().map(|cell| cell.value).collect()).collect()
}

async fn ids(scripted: &Scripted, sheet: SheetId) -> (Vec<ColumnId>, Vec<RowId>) {
    let columns = scripted.workbench.columns(sheet).await.expect("the sheet opens");
    let rows = scripted.workbench.rows_at(sheet, None, 0, 100).await.expect("the sheet opens");
    (columns.iter().map(|column| column.id).collect(), rows)
}

#[tokio::test]
async fn a_pasted_block_is_read_by_the_types_of_its_columns_and_is_one_step() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(TABLE).await;
    let before = table(&scripted, sheet).await;
    let (columns, rows) = ids(&scripted, sheet).await;
    let block = |lines: &[[&str; 2]]| -> Vec<Vec<String>> {
        lines.iter().map(|line| line.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    };
    let workbench = &scripted.workbench;
    let wrong = block(&[["Mary", "many"]]);
    let error = workbench.paste(sheet, &columns, &rows[2..], wrong).await.unwrap_err();
    assert_eq!(error.code, Code::BadInput);
    let lines = block(&[["Mary", "61"], ["Alan", ""]]);
    assert_eq!(workbench.paste(sheet, &columns, &rows[2..], lines).await.unwrap(), 1);
    let now = table(&scripted, sheet).await;
    assert_eq!(now[2], [Value::from("Mary"), Value::from(61)]);
    assert_eq!(now[3], [Value::from("Alan"), Value::Null]);
    let undone = workbench.undo(sheet).await.unwrap().unwrap();
    assert_eq!(undone.name, "Paste 2 × 2 cells");
    assert_eq!(table(&scripted, sheet).await, before);
    let redone = workbench.redo(sheet).await.unwrap().unwrap();
    assert_eq!((redone.id, redone.undone), (undone.id, false));
    assert_eq!(table(&scripted, sheet).await, now);
    assert_eq!(workbench.redo(sheet).await.unwrap(), None);
}

#[tokio::test]
async fn replacing_changes_every_match_or_nothing() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(TABLE).await;
    let workbench = &scripted.workbench;
    let request = |text: &str| FindRequest { text: text.to_owned(), ..FindRequest::default() };
    assert_eq!(workbench.replace(sheet, request("a"), "o").await.unwrap(), 2);
    let names: Vec<Value> =
        table(&scripted, sheet).await.into_iter().map(|mut row| row.remove(0)).collect();
    assert_eq!(names, ["odo", "Groce", "Lin"]);
    assert_eq!(workbench.replace(sheet, request("nowhere"), "x").await.unwrap(), 0);
    assert_eq!(workbench.steps(sheet).await.unwrap().len(), 1, "nothing found is no step");
    let before = table(&scripted, sheet).await;
    let error = workbench.replace(sheet, request("6"), "six").await.unwrap_err();
    assert_eq!(error.code, Code::BadInput, "a number column takes no such text");
    assert_eq!(table(&scripted, sheet).await, before);
}

#[tokio::test]
async fn a_run_and_what_came_after_it_are_taken_back_one_by_one() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(TABLE).await;
    let workbench = &scripted.workbench;
    let before = table(&scripted, sheet).await;
    let column = workbench.add_ai_column(sheet, "echo", text_recipe("Say {{name}}")).await.unwrap();
    let options = EngineOptions::default();
    let run = workbench.run(sheet, column.id, RunScope::Empty, &options).await.unwrap();
    run.finished().await;
    let (columns, rows) = ids(&scripted, sheet).await;
    workbench.rename_column(sheet, columns[0], "first name").await.unwrap();
    let renamed = workbench.columns(sheet).await.unwrap();
    assert_eq!(renamed[2].recipe().unwrap().prompt, "Say {{first name}}");
    let error = workbench.delete_columns(sheet, &columns[..1]).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    workbench.add_data_column(sheet, "note", DataType::Text).await.unwrap();
    workbench.insert_rows(sheet, RowPlace::Before(rows[0]), 2).await.unwrap();
    workbench.delete_rows(sheet, &rows[1..]).await.unwrap();
    workbench.clear_cells(sheet, &[column.id], &rows[..1]).await.unwrap();
    let copy = workbench.duplicate_column(sheet, columns[0], None).await.unwrap();
    assert_eq!(copy.name, "first name copy");
    let end = table(&scripted, sheet).await;
    let mut names = Vec::new();
    while let Some(step) = workbench.undo(sheet).await.unwrap() {
        names.push(step.name);
    }
    names.reverse();
    assert_eq!(
        names,
        [
            "Add column `echo`",
            "Fill `echo`",
            "Rename column `name` to `first name`",
            "Add column `note`",
            "Insert 2 rows",
            "Delete 2 rows",
            "Clear a cell of `echo`",
            "Duplicate column `first name`",
        ]
    );
    assert_eq!(table(&scripted, sheet).await, before);
    while workbench.redo(sheet).await.unwrap().is_some() {}
    assert_eq!(table(&scripted, sheet).await, end);
    let states: Vec<CellState> =
        scripted.cells(sheet, column.id).await.into_iter().filter_map(|cell| cell.2).collect();
    assert_eq!(states, [CellState::Empty; 3]);
}

#[tokio::test]
async fn many_cells_are_approved_in_one_step_and_empty_ones_are_passed_over() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(TABLE).await;
    let workbench = &scripted.workbench;
    let column = workbench.add_ai_column(sheet, "echo", text_recipe("Say {{name}}")).await.unwrap();
    let (_, rows) = ids(&scripted, sheet).await;
    let error = workbench.validate_cells(sheet, column.id, &rows).await.unwrap_err();
    assert_eq!(error.code, Code::BadInput, "all are empty");
    let options = EngineOptions::default();
    let first = RunScope::First { count: 2 };
    workbench.run(sheet, column.id, first, &options).await.unwrap().finished().await;
    workbench.validate_cells(sheet, column.id, &rows).await.unwrap();
    let states = async || -> Vec<Option<CellState>> {
        scripted.cells(sheet, column.id).await.into_iter().map(|cell| cell.2).collect()
    };
    let approved = Some(CellState::Validated);
    assert_eq!(states().await, [approved, approved, Some(CellState::Empty)]);
    let undone = workbench.undo(sheet).await.unwrap().unwrap();
    assert_eq!(undone.name, "Approve 2 cells of `echo`");
    assert_eq!(states().await[..2], [Some(CellState::Done); 2]);
    let (columns, _) = ids(&scripted, sheet).await;
    let data = workbench.validate_cells(sheet, columns[0], &rows).await.unwrap_err();
    assert_eq!(data.code, Code::BadInput, "a data column has nothing to approve");
    let gone = workbench.validate_cells(sheet, column.id, &[RowId(99)]).await.unwrap_err();
    assert_eq!(gone.code, Code::NotFound);
}

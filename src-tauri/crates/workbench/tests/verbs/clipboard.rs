//! What leaves a sheet and comes back: the clipboard, and files of what is shown.

use braincells_core::{
    CellState, Code, ColumnId, RowId, SheetId, SortBy, SortKey, ViewId, ViewSpec,
};
use braincells_llm::FakeEngine;
use braincells_testing::{Scripted, scripted_workbench, text_recipe};
use braincells_workbench::{
    ClipboardKind, CopiedCells, CopyFormat, CopyRequest, ExportFile, ImportOptions, OutputFile,
    Positions, parse_clipboard,
};
use serde_json::{Value, json};

const TABLE: &str = "text,n\n\"two\nlines\",3\n\"a\tb \"\"c\"\"\",1\n<b>&'=1|,2\n,\n";
const TEXT: ColumnId = ColumnId(1);
const NUMBER: ColumnId = ColumnId(2);

fn all(format: CopyFormat) -> CopyRequest {
    let columns = vec![TEXT, NUMBER];
    CopyRequest { view: None, columns, start: 0, count: u64::MAX, format, header: false }
}

async fn copied(scripted: &Scripted, sheet: SheetId, request: &CopyRequest) -> CopiedCells {
    scripted.workbench.copy_cells(sheet, request).await.expect("the cells can be copied")
}

async fn by_number(scripted: &Scripted, sheet: SheetId) -> ViewId {
    let key = SortKey { column: NUMBER, by: SortBy::Value, descending: false };
    let spec = ViewSpec { sort: vec![key], filter: None };
    scripted.workbench.open_view(sheet, spec).await.expect("the view opens").id
}

#[tokio::test]
async fn copied_cells_are_pasted_as_they_were_into_data_and_ai_columns() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(TABLE).await;
    let workbench = &scripted.workbench;
    let copied = copied(&scripted, sheet, &all(CopyFormat::Tsv)).await;
    assert_eq!(copied.cells, 8);
    let block = parse_clipboard(&copied.text, copied.html.as_deref()).unwrap();
    assert_eq!(block.len(), 4);

    let ai = workbench.add_ai_column(sheet, "ai", text_recipe("{{text}}")).await.unwrap().id;
    let rows = workbench.rows_at(sheet, None, 3, 1).await.unwrap();
    let swapped: Vec<Vec<String>> =
        block.iter().map(|line| vec![line[1].clone(), line[0].clone()]).collect();
    let added = workbench.paste(sheet, &[NUMBER, ai], &rows, swapped).await.unwrap();
    assert_eq!(added, 3, "the block has more rows than were there");
    let cells = scripted.cells(sheet, ai).await;
    let expected = ["two\nlines", "a\tb \"c\"", "<b>&'=1|"];
    for ((_, value, state), expected) in cells[3..].iter().zip(expected) {
        assert_eq!((value, *state), (&Value::from(expected), Some(CellState::Edited)));
    }
    assert_eq!((&cells[6].1, cells[6].2), (&Value::Null, Some(CellState::Empty)));
    let numbers = scripted.cells(sheet, NUMBER).await;
    let numbers: Vec<Value> = numbers.into_iter().skip(3).map(|cell| cell.1).collect();
    assert_eq!(numbers, [json!(3), json!(1), json!(2), json!(null)]);
    let step = workbench.undo(sheet).await.unwrap().unwrap();
    assert_eq!(step.name, "Paste 4 × 2 cells");
    assert_eq!(scripted.cells(sheet, ai).await.len(), 4, "rows and cells were one step");
}

#[tokio::test]
async fn a_rectangle_is_copied_by_the_positions_of_a_view() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(TABLE).await;
    let view = Some(by_number(&scripted, sheet).await);
    let part = CopyRequest {
        view,
        columns: vec![NUMBER],
        start: 1,
        count: 2,
        format: CopyFormat::Csv,
        header: true,
    };
    assert_eq!(copied(&scripted, sheet, &part).await.text, "n\n2\n3");
    let json =
        CopyRequest { format: CopyFormat::Json, columns: vec![NUMBER, TEXT], ..part.clone() };
    let read: Value = serde_json::from_str(&copied(&scripted, sheet, &json).await.text).unwrap();
    assert_eq!(read, json!([{"n": 2, "text": "<b>&'=1|"}, {"n": 3, "text": "two\nlines"}]));
    let nothing = CopyRequest { start: 99, header: false, ..part.clone() };
    let nothing = copied(&scripted, sheet, &nothing).await;
    assert_eq!((nothing.text.as_str(), nothing.cells), ("", 0));
    let wrong = CopyRequest { columns: vec![ColumnId(77)], ..part };
    let error = scripted.workbench.copy_cells(sheet, &wrong).await.unwrap_err();
    assert_eq!(error.code, Code::NotFound);
}

#[tokio::test]
async fn what_is_too_much_for_a_clipboard_is_to_be_exported() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet("text,n\nx,1\n").await;
    let query = "SELECT i AS n FROM sheet, range(1000001) r(i)";
    let large = scripted.workbench.sql_to_sheet(sheet, query, "large", None).await.unwrap();
    let request = CopyRequest { columns: vec![TEXT], ..all(CopyFormat::Tsv) };
    let error = scripted.workbench.copy_cells(large.id, &request).await.unwrap_err();
    assert_eq!(
        (error.code, error.hint.as_deref()),
        (Code::BadInput, Some("export them to a file instead"))
    );
    let most = CopyRequest { start: 1, format: CopyFormat::Csv, ..request };
    let copied = copied(&scripted, large.id, &most).await;
    assert_eq!((copied.cells, copied.text.lines().count()), (1_000_000, 1_000_000));
}

#[tokio::test]
async fn a_text_is_looked_at_before_it_becomes_a_sheet() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let options = ImportOptions::default();
    let text = "animal\tlegs\nowl\t2\ncat\t4\n".to_owned();
    let preview = workbench.preview_text(text, ClipboardKind::Detect, &options, 1).await.unwrap();
    assert_eq!(preview.columns[1].name, "legs");
    assert_eq!(preview.rows, [[json!("owl"), json!(2)]]);
    assert!(workbench.sheets().await.unwrap().is_empty());
    let left = std::fs::read_dir(scripted.home.home().temporary()).unwrap().count();
    assert_eq!(left, 0, "a preview keeps nothing");
}

#[tokio::test]
async fn the_rows_of_a_view_are_exported_in_its_order() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet("text,n\nc,3\na,1\nb,2\nd,4\n").await;
    let workbench = &scripted.workbench;
    let view = by_number(&scripted, sheet).await;
    let path = scripted.home.outside().join("out.csv");
    let file = ExportFile {
        path: path.clone(),
        format: None,
        columns: Some(vec!["text".to_owned()]),
        view: Some(view),
        range: None,
        neutralise_formulas: true,
    };
    let text = || std::fs::read_to_string(&path).unwrap();
    workbench.delete_rows(sheet, &[RowId(2)]).await.unwrap();
    assert_eq!(workbench.export_view(sheet, &file).await.unwrap(), 3);
    assert_eq!(text(), "text\nb\nc\nd\n");
    let range = Some(Positions { start: 1, count: 9 });
    let part = ExportFile { range, ..file.clone() };
    assert_eq!(workbench.export_view(sheet, &part).await.unwrap(), 2);
    assert_eq!(text(), "text\nc\nd\n");
    let range = Some(Positions { start: 0, count: 2 });
    let of_sheet = ExportFile { view: None, range, ..file.clone() };
    assert_eq!(workbench.export_view(sheet, &of_sheet).await.unwrap(), 2);
    assert_eq!(text(), "text\nc\nb\n");
    let whole = ExportFile { view: None, ..file.clone() };
    assert_eq!(workbench.export_view(sheet, &whole).await.unwrap(), 3);
    workbench.close_view(sheet, view);
    let closed = workbench.export_view(sheet, &file).await.unwrap_err();
    assert_eq!(closed.code, Code::NotFound);
    assert_eq!(text(), "text\nc\nb\nd\n", "the last good file stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_dropped_leaves_nothing() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet("text,n\nx,1\n").await;
    let workbench = &scripted.workbench;
    let query = "SELECT i AS n, 'text ' || i AS t FROM sheet, range(500000) r(i)";
    let large = workbench.sql_to_sheet(sheet, query, "large", None).await.unwrap().id;
    let before = file_names(&scripted);
    let file = OutputFile::new(scripted.home.outside().join("out.xlsx"));
    let exporting = workbench.export(large, &file);
    let begun = async {
        while file_names(&scripted) == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = exporting => panic!("half a million rows take longer than that"),
        () = begun => {}
    }
    while file_names(&scripted) != before {
        tokio::task::yield_now().await;
    }
}

fn file_names(scripted: &Scripted) -> Vec<std::ffi::OsString> {
    let entries = std::fs::read_dir(scripted.home.outside()).expect("the folder is there");
    let mut names: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_row_is_found_where_it_is_shown() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(TABLE).await;
    let view = Some(by_number(&scripted, sheet).await);
    let workbench = &scripted.workbench;
    assert_eq!(workbench.position_of(sheet, view, RowId(1)).await.unwrap(), Some(2));
    assert_eq!(workbench.position_of(sheet, None, RowId(1)).await.unwrap(), Some(0));
    assert_eq!(workbench.position_of(sheet, None, RowId(99)).await.unwrap(), None);
    workbench.delete_rows(sheet, &[RowId(1)]).await.unwrap();
    assert_eq!(workbench.position_of(sheet, view, RowId(1)).await.unwrap(), None);
    assert_eq!(workbench.position_of(sheet, view, RowId(4)).await.unwrap(), Some(2));
}

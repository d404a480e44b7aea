//! Columns, rows, cells, views and steps of a sheet.

use braincells_core::{
    AppError, Column, ColumnId, ColumnStats, DataType, DistinctValues, FindRequest, Found,
    HistoryEntry, JsonProperty, OpenView, Recipe, Replacement, RowId, SheetId, SheetInfo,
    SplitColumns, SplitProperty, SqlLimits, SqlResult, StepInfo, Summary, Value, ViewId, ViewSpec,
    Window,
};
use braincells_workbench::{CellPrompt, CopyRequest, RowPlace, Selection};
use serde::Deserialize;
use tauri::State;

use crate::state::App;

/// A value that a person gives a cell.
#[derive(Clone, Debug, Deserialize, specta::Type)]
pub struct CellEdit {
    /// The column.
    pub column: ColumnId,
    /// The row.
    pub row: RowId,
    /// The value; text is read by the column's type.
    pub value: Value,
}

/// All columns in display order.
#[tauri::command]
#[specta::specta]
pub async fn columns(app: State<'_, App>, sheet: SheetId) -> Result<Vec<Column>, AppError> {
    app.workbench.columns(sheet).await
}

/// A column to type into.
#[tauri::command]
#[specta::specta]
pub async fn add_data_column(
    app: State<'_, App>,
    sheet: SheetId,
    name: String,
    data_type: DataType,
) -> Result<Column, AppError> {
    app.workbench.add_data_column(sheet, &name, data_type).await
}

/// A column that a model fills; starts nothing.
#[tauri::command]
#[specta::specta]
pub async fn add_ai_column(
    app: State<'_, App>,
    sheet: SheetId,
    name: String,
    recipe: Recipe,
) -> Result<Column, AppError> {
    app.workbench.add_ai_column(sheet, &name, recipe).await
}

/// Changes how a column is made; returns the new version of its recipe.
#[tauri::command]
#[specta::specta]
pub async fn set_recipe(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    recipe: Recipe,
) -> Result<i64, AppError> {
    app.workbench.set_recipe(sheet, column, recipe).await
}

/// Gives a column another name; prompts that name it follow.
#[tauri::command]
#[specta::specta]
pub async fn rename_column(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    name: String,
) -> Result<(), AppError> {
    app.workbench.rename_column(sheet, column, &name).await
}

/// Gives a column another type; returns how many values were lost, which fails unless they may.
#[tauri::command]
#[specta::specta]
pub async fn retype_column(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    data_type: DataType,
    may_lose: bool,
) -> Result<u64, AppError> {
    app.workbench.retype_column(sheet, column, data_type, may_lose).await
}

/// Moves a column; places count from 0, hidden columns included.
#[tauri::command]
#[specta::specta]
pub async fn move_column(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    place: usize,
) -> Result<(), AppError> {
    app.workbench.move_column(sheet, column, place).await
}

/// Hides a column from the grid, or shows it again.
#[tauri::command]
#[specta::specta]
pub async fn hide_column(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    hidden: bool,
) -> Result<(), AppError> {
    app.workbench.hide_column(sheet, column, hidden).await
}

/// Remembers how wide a column is drawn.
#[tauri::command]
#[specta::specta]
pub async fn resize_column(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    width_px: Option<u32>,
) -> Result<(), AppError> {
    app.workbench.resize_column(sheet, column, width_px).await
}

/// A copy of a column with its cells.
#[tauri::command]
#[specta::specta]
pub async fn duplicate_column(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    name: Option<String>,
) -> Result<Column, AppError> {
    app.workbench.duplicate_column(sheet, column, name.as_deref()).await
}

/// Deletes columns.
#[tauri::command]
#[specta::specta]
pub async fn delete_columns(
    app: State<'_, App>,
    sheet: SheetId,
    columns: Vec<ColumnId>,
) -> Result<(), AppError> {
    app.workbench.delete_columns(sheet, &columns).await
}

/// What a column of JSON objects can be split into.
#[tauri::command]
#[specta::specta]
pub async fn json_properties(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
) -> Result<Vec<JsonProperty>, AppError> {
    app.workbench.json_properties(sheet, column).await
}

/// Makes a typed column of each property of a column of JSON objects; all without one.
#[tauri::command]
#[specta::specta]
pub async fn split_json_column(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    properties: Vec<SplitProperty>,
) -> Result<SplitColumns, AppError> {
    app.workbench.split_json_column(sheet, column, properties).await
}

/// Puts empty rows into a sheet.
#[tauri::command]
#[specta::specta]
pub async fn insert_rows(
    app: State<'_, App>,
    sheet: SheetId,
    place: RowPlace,
    count: u64,
) -> Result<Vec<RowId>, AppError> {
    app.workbench.insert_rows(sheet, place, count).await
}

/// Deletes rows.
#[tauri::command]
#[specta::specta]
pub async fn delete_rows(
    app: State<'_, App>,
    sheet: SheetId,
    rows: Vec<RowId>,
) -> Result<(), AppError> {
    app.workbench.delete_rows(sheet, &rows).await
}

/// Moves rows.
#[tauri::command]
#[specta::specta]
pub async fn move_rows(
    app: State<'_, App>,
    sheet: SheetId,
    rows: Vec<RowId>,
    place: RowPlace,
) -> Result<(), AppError> {
    app.workbench.move_rows(sheet, &rows, place).await
}

/// Writes cells by hand, all or none.
#[tauri::command]
#[specta::specta]
pub async fn edit_cells(
    app: State<'_, App>,
    sheet: SheetId,
    cells: Vec<CellEdit>,
) -> Result<(), AppError> {
    let cells = cells.into_iter().map(|cell| (cell.column, cell.row, cell.value));
    app.workbench.edit_cells(sheet, cells.collect()).await
}

/// Empties cells.
#[tauri::command]
#[specta::specta]
pub async fn clear_cells(
    app: State<'_, App>,
    sheet: SheetId,
    columns: Vec<ColumnId>,
    rows: Vec<RowId>,
) -> Result<(), AppError> {
    app.workbench.clear_cells(sheet, &columns, &rows).await
}

/// Puts a block of texts into a sheet; returns how many cells were written.
#[tauri::command]
#[specta::specta]
pub async fn paste(
    app: State<'_, App>,
    sheet: SheetId,
    columns: Vec<ColumnId>,
    rows: Vec<RowId>,
    block: Vec<Vec<String>>,
) -> Result<u64, AppError> {
    app.workbench.paste(sheet, &columns, &rows, block).await
}

/// Approves cells: they are kept by every run and serve as examples.
#[tauri::command]
#[specta::specta]
pub async fn validate_cells(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    rows: Vec<RowId>,
) -> Result<(), AppError> {
    app.workbench.validate_cells(sheet, column, &rows).await
}

/// The cells that hold a text.
#[tauri::command]
#[specta::specta]
pub async fn find(
    app: State<'_, App>,
    sheet: SheetId,
    request: FindRequest,
    view: Option<ViewId>,
) -> Result<Found, AppError> {
    app.workbench.find(sheet, request, view).await
}

/// What replacing a text would change.
#[tauri::command]
#[specta::specta]
pub async fn preview_replacements(
    app: State<'_, App>,
    sheet: SheetId,
    request: FindRequest,
    replacement: String,
) -> Result<Vec<Replacement>, AppError> {
    app.workbench.preview_replacements(sheet, request, &replacement).await
}

/// Replaces a text in all cells that hold it; returns how many.
#[tauri::command]
#[specta::specta]
pub async fn replace(
    app: State<'_, App>,
    sheet: SheetId,
    request: FindRequest,
    replacement: String,
) -> Result<u64, AppError> {
    app.workbench.replace(sheet, request, &replacement).await
}

/// Sorts and filters a sheet and holds the result open.
#[tauri::command]
#[specta::specta]
pub async fn open_view(
    app: State<'_, App>,
    sheet: SheetId,
    spec: ViewSpec,
    task: String,
) -> Result<OpenView, AppError> {
    app.long_calls.run(task, app.workbench.open_view(sheet, spec)).await
}

/// Sorts and filters an open view anew.
#[tauri::command]
#[specta::specta]
pub async fn refresh_view(
    app: State<'_, App>,
    sheet: SheetId,
    view: ViewId,
) -> Result<OpenView, AppError> {
    app.workbench.refresh_view(sheet, view).await
}

/// Lets go of a view.
#[tauri::command]
#[specta::specta]
pub async fn close_view(app: State<'_, App>, sheet: SheetId, view: ViewId) -> Result<(), AppError> {
    app.workbench.close_view(sheet, view);
    Ok(())
}

/// A rectangle of cells by position.
#[tauri::command]
#[specta::specta]
pub async fn window(
    app: State<'_, App>,
    sheet: SheetId,
    view: Option<ViewId>,
    columns: Vec<ColumnId>,
    start: u64,
    count: u64,
) -> Result<Window, AppError> {
    app.workbench.window(sheet, view, &columns, start, count).await
}

/// Makes scattered windows of these columns fast.
#[tauri::command]
#[specta::specta]
pub async fn prepare_windows(
    app: State<'_, App>,
    sheet: SheetId,
    columns: Vec<ColumnId>,
) -> Result<bool, AppError> {
    app.workbench.prepare_windows(sheet, &columns).await
}

/// The rows at some positions.
#[tauri::command]
#[specta::specta]
pub async fn rows_at(
    app: State<'_, App>,
    sheet: SheetId,
    view: Option<ViewId>,
    start: u64,
    count: u64,
) -> Result<Vec<RowId>, AppError> {
    app.workbench.rows_at(sheet, view, start, count).await
}

/// Where a row stands; nothing when it is not shown.
#[tauri::command]
#[specta::specta]
pub async fn position_of(
    app: State<'_, App>,
    sheet: SheetId,
    view: Option<ViewId>,
    row: RowId,
) -> Result<Option<u64>, AppError> {
    app.workbench.position_of(sheet, view, row).await
}

/// What a column holds, in figures.
#[tauri::command]
#[specta::specta]
pub async fn column_stats(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    selection: Selection,
    bins: u32,
    top: u32,
) -> Result<ColumnStats, AppError> {
    app.workbench.column_stats(sheet, column, selection, bins, top).await
}

/// The different values of a column.
#[tauri::command]
#[specta::specta]
pub async fn distinct_values(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    selection: Selection,
    search: Option<String>,
    limit: u32,
) -> Result<DistinctValues, AppError> {
    app.workbench.distinct_values(sheet, column, selection, search.as_deref(), limit).await
}

/// Figures of a selection.
#[tauri::command]
#[specta::specta]
pub async fn summarise(
    app: State<'_, App>,
    sheet: SheetId,
    columns: Vec<ColumnId>,
    selection: Selection,
) -> Result<Summary, AppError> {
    app.workbench.summarise(sheet, &columns, selection).await
}

/// Answers a question in SQL, which cannot change anything.
#[tauri::command]
#[specta::specta]
pub async fn sql(
    app: State<'_, App>,
    sheet: SheetId,
    query: String,
    task: String,
) -> Result<SqlResult, AppError> {
    let answer = app.workbench.sql(sheet, &query, SqlLimits::default(), None);
    app.long_calls.run(task, answer).await
}

/// A new sheet of what a query brings.
#[tauri::command]
#[specta::specta]
pub async fn sql_to_sheet(
    app: State<'_, App>,
    sheet: SheetId,
    query: String,
    name: String,
    task: String,
) -> Result<SheetInfo, AppError> {
    app.long_calls.run(task, app.workbench.sql_to_sheet(sheet, &query, &name, None)).await
}

/// What was done in a sheet, step by step.
#[tauri::command]
#[specta::specta]
pub async fn steps(app: State<'_, App>, sheet: SheetId) -> Result<Vec<StepInfo>, AppError> {
    app.workbench.steps(sheet).await
}

/// Takes back the last step; returns it.
#[tauri::command]
#[specta::specta]
pub async fn undo(app: State<'_, App>, sheet: SheetId) -> Result<Option<StepInfo>, AppError> {
    app.workbench.undo(sheet).await
}

/// Does the last step that was taken back again; returns it.
#[tauri::command]
#[specta::specta]
pub async fn redo(app: State<'_, App>, sheet: SheetId) -> Result<Option<StepInfo>, AppError> {
    app.workbench.redo(sheet).await
}

/// Everything that happened to a cell.
#[tauri::command]
#[specta::specta]
pub async fn cell_history(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    row: RowId,
) -> Result<Vec<HistoryEntry>, AppError> {
    app.workbench.cell_history(sheet, column, row).await
}

/// Gives a cell a value that it had.
#[tauri::command]
#[specta::specta]
pub async fn restore_cell(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    row: RowId,
    seq: i64,
) -> Result<(), AppError> {
    app.workbench.restore_cell(sheet, column, row, seq).await
}

/// The prompt that made a value.
#[tauri::command]
#[specta::specta]
pub async fn cell_prompt(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    row: RowId,
    seq: i64,
) -> Result<CellPrompt, AppError> {
    app.workbench.cell_prompt(sheet, column, row, seq).await
}

/// Puts a rectangle of cells on the system's clipboard; returns how many.
#[tauri::command]
#[specta::specta]
pub async fn copy_cells(
    app: State<'_, App>,
    sheet: SheetId,
    request: CopyRequest,
) -> Result<u64, AppError> {
    let copied = app.workbench.copy_cells(sheet, &request).await?;
    app.clipboard.put(copied.text, copied.html).await?;
    Ok(copied.cells)
}

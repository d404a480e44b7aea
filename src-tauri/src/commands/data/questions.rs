//! Questions to a sheet: figures and SQL.

use braincells_core::{
    AppError, ColumnId, ColumnStats, DistinctValues, SheetId, SheetInfo, SqlLimits, SqlResult,
    Summary,
};
use braincells_workbench::Selection;
use tauri::State;

use crate::state::App;

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

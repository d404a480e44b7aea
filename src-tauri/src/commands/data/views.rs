//! Views of a sheet, and the windows that a grid shows of it.

use braincells_core::{AppError, ColumnId, OpenView, RowId, SheetId, ViewId, ViewSpec, Window};
use tauri::State;

use crate::state::App;

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

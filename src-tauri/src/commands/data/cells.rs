//! Cells: written, found, approved, copied, and what happened to them.

use braincells_core::{
    AppError, ColumnId, FindRequest, Found, HistoryEntry, Replacement, RowId, SheetId, Value,
    ViewId,
};
use braincells_workbench::{CellPrompt, CopyRequest};
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

//! Rows: put in, moved and deleted.

use braincells_core::{AppError, RowId, SheetId};
use braincells_workbench::RowPlace;
use tauri::State;

use crate::state::App;

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

//! Steps: what was done, taken back and done again.

use braincells_core::{AppError, SheetId, StepInfo};
use tauri::State;

use crate::state::App;

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

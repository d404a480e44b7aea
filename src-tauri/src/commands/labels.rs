//! The labels of a column: how good they are, and calibrating them anew.

use braincells_core::{AppError, CalibrationMode, ColumnId, SheetId};
use braincells_workbench::{LabelFigures, Recalibration};
use tauri::State;

use crate::state::App;

/// Calibrates the labels of a column in another way, without a model; one step.
#[tauri::command]
#[specta::specta]
pub async fn recalibrate(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    mode: CalibrationMode,
) -> Result<Recalibration, AppError> {
    app.workbench.recalibrate(sheet, column, mode).await
}

/// The labels of a column in figures.
#[tauri::command]
#[specta::specta]
pub async fn label_figures(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
) -> Result<LabelFigures, AppError> {
    app.workbench.label_figures(sheet, column).await
}

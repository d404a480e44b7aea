//! Columns: made, changed, moved, split and deleted.

use braincells_core::{
    AppError, Column, ColumnId, DataType, JsonProperty, Recipe, SheetId, SplitColumns,
    SplitProperty,
};
use tauri::State;

use crate::state::App;

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

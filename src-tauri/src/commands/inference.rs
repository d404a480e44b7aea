//! Filling cells, and what goes before it.

use braincells_core::{
    AppError, ColumnId, EngineOptions, LiveRun, Priority, Recipe, RowId, RunCap, RunId, RunInfo,
    RunRequest, RunScope, SheetId, UnfinishedRun,
};
use braincells_workbench::{Estimate, EstimateRequest, Examples, PreviewRow};
use tauri::State;

use crate::state::App;

/// Fills one cell now, before everything else. Returns the run.
#[tauri::command]
#[specta::specta]
pub async fn generate_cell(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    row: RowId,
    fresh: bool,
) -> Result<RunId, AppError> {
    let scope = RunScope::These { ids: vec![row] };
    let request = RunRequest { scope, fresh, priority: Priority::Now, ..RunRequest::default() };
    Ok(app.workbench.run(sheet, column, request, &EngineOptions::default()).await?.id())
}

/// Fills cells of a column. Returns the run, which goes on whatever is shown.
#[tauri::command]
#[specta::specta]
pub async fn generate_batch(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    request: RunRequest,
) -> Result<RunId, AppError> {
    Ok(app.workbench.run(sheet, column, request, &EngineOptions::default()).await?.id())
}

/// Fills several columns, or all, each behind those that it reads.
#[tauri::command]
#[specta::specta]
pub async fn generate_columns(
    app: State<'_, App>,
    sheet: SheetId,
    columns: Option<Vec<ColumnId>>,
    request: RunRequest,
) -> Result<(), AppError> {
    let options = EngineOptions::default();
    app.workbench.run_columns(sheet, columns.as_deref(), request, &options).await.map(drop)
}

/// Has a paused or interrupted run go on, with another limit where one is given.
#[tauri::command]
#[specta::specta]
pub async fn resume_run(
    app: State<'_, App>,
    sheet: SheetId,
    run: RunId,
    cap: Option<RunCap>,
) -> Result<RunId, AppError> {
    let options = EngineOptions { cap: cap.unwrap_or_default(), ..EngineOptions::default() };
    Ok(app.workbench.resume(sheet, run, &options).await?.id())
}

/// Pauses a live run; `false` if it is not alive.
#[tauri::command]
#[specta::specta]
pub async fn pause_run(app: State<'_, App>, sheet: SheetId, run: RunId) -> Result<bool, AppError> {
    Ok(app.workbench.pause_run(sheet, run))
}

/// Ends a run for good, live or not.
#[tauri::command]
#[specta::specta]
pub async fn cancel_run(app: State<'_, App>, sheet: SheetId, run: RunId) -> Result<(), AppError> {
    app.workbench.cancel_run(sheet, run).await
}

/// All runs of a sheet.
#[tauri::command]
#[specta::specta]
pub async fn runs(app: State<'_, App>, sheet: SheetId) -> Result<Vec<RunInfo>, AppError> {
    app.workbench.runs(sheet).await
}

/// The runs that are alive, in all sheets.
#[tauri::command]
#[specta::specta]
pub async fn live_runs(app: State<'_, App>) -> Result<Vec<LiveRun>, AppError> {
    app.workbench.live_runs().await
}

/// The runs that can go on and are not alive, in all sheets.
#[tauri::command]
#[specta::specta]
pub async fn unfinished_runs(app: State<'_, App>) -> Result<Vec<UnfinishedRun>, AppError> {
    app.workbench.unfinished_runs().await
}

/// Asks a recipe for the first rows and stores nothing.
#[tauri::command]
#[specta::specta]
pub async fn preview_recipe(
    app: State<'_, App>,
    sheet: SheetId,
    recipe: Recipe,
    count: u64,
    task: String,
) -> Result<Vec<PreviewRow>, AppError> {
    let options = EngineOptions::default();
    app.long_calls.run(task, app.workbench.preview(sheet, &recipe, count, &options)).await
}

/// What a run would take.
#[tauri::command]
#[specta::specta]
pub async fn estimate(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    request: RunRequest,
    how: EstimateRequest,
    task: String,
) -> Result<Estimate, AppError> {
    let options = EngineOptions::default();
    let work = app.workbench.estimate(sheet, column, request, how, &options);
    app.long_calls.run(task, work).await
}

/// The cells that the next run shows to the model as examples.
#[tauri::command]
#[specta::specta]
pub async fn examples(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
) -> Result<Examples, AppError> {
    app.workbench.examples(sheet, column).await
}

/// Has a live run take these rows first; `false` if none fills the column.
#[tauri::command]
#[specta::specta]
pub async fn look_at(
    app: State<'_, App>,
    sheet: SheetId,
    column: ColumnId,
    rows: Vec<RowId>,
) -> Result<bool, AppError> {
    Ok(app.workbench.look_at(sheet, column, &rows))
}

//! Model files.

use braincells_core::{AppError, Download, DownloadId};
use braincells_workbench::{DownloadRequest, ModelFile, TuneOptions, TunedModel};
use tauri::State;

use crate::state::App;

/// The model files on this computer.
#[tauri::command]
#[specta::specta]
pub async fn list_local_models(app: State<'_, App>) -> Result<Vec<ModelFile>, AppError> {
    app.workbench.models().await
}

/// Adds a model file by its path, where it is.
#[tauri::command]
#[specta::specta]
pub async fn add_model(app: State<'_, App>, path: String) -> Result<ModelFile, AppError> {
    app.workbench.add_model(path.as_ref()).await
}

/// Measures copies of a model in other quantisations and keeps the fastest that is faithful, or
/// none with `dry_run`. Takes a minute; `task` names the call for `cancel_task`, and
/// `model_tuning` tells how far it is.
#[tauri::command]
#[specta::specta]
pub async fn tune_model(
    app: State<'_, App>,
    model: String,
    dry_run: bool,
    task: String,
) -> Result<TunedModel, AppError> {
    let options = TuneOptions { dry_run, ..TuneOptions::default() };
    app.long_calls.run(task, app.workbench.tune_model(&model, &options)).await
}

/// Puts a model of the hub into the queue of downloads.
#[tauri::command]
#[specta::specta]
pub async fn download_model(
    app: State<'_, App>,
    request: DownloadRequest,
) -> Result<Download, AppError> {
    app.workbench.download_model(request).await
}

/// The downloads, the newest first.
#[tauri::command]
#[specta::specta]
pub async fn downloads(app: State<'_, App>) -> Result<Vec<Download>, AppError> {
    app.workbench.downloads().await
}

/// Stops a download for now.
#[tauri::command]
#[specta::specta]
pub async fn pause_download(app: State<'_, App>, id: DownloadId) -> Result<Download, AppError> {
    app.workbench.pause_download(id).await
}

/// Has a download go on, one that failed too.
#[tauri::command]
#[specta::specta]
pub async fn resume_download(app: State<'_, App>, id: DownloadId) -> Result<Download, AppError> {
    app.workbench.resume_download(id).await
}

/// Gives a download up, and removes what was fetched.
#[tauri::command]
#[specta::specta]
pub async fn cancel_download(app: State<'_, App>, id: DownloadId) -> Result<Download, AppError> {
    app.workbench.cancel_download(id).await
}

/// Lets models that no run uses leave memory.
#[tauri::command]
#[specta::specta]
pub async fn unload_models(app: State<'_, App>) -> Result<(), AppError> {
    app.workbench.unload_models().await;
    Ok(())
}

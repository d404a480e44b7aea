//! Model files.

use braincells_core::{AppError, Download, DownloadId};
use braincells_workbench::{
    AddModel, DeletedModel, DownloadRequest, FoundModel, HubFit, HubModel, HubRepository,
    ModelFile, ModelInfo, ModelStorage, RecommendedModel, Search, TuneOptions, TunedModel,
};
use tauri::State;

use crate::state::App;

/// The model files on this computer.
#[tauri::command]
#[specta::specta]
pub async fn list_local_models(app: State<'_, App>) -> Result<Vec<ModelFile>, AppError> {
    app.workbench.models().await
}

/// Adds a model file by its path: where it is, or as a copy in the models folder.
#[tauri::command]
#[specta::specta]
pub async fn add_model(
    app: State<'_, App>,
    path: String,
    copy: bool,
    task: String,
) -> Result<ModelFile, AppError> {
    let how = if copy { AddModel::Copy } else { AddModel::Link };
    app.long_calls.run(task, app.workbench.add_model(path.as_ref(), how)).await
}

/// Deletes the model that was shown with this name and path; of one that is linked only the link goes.
#[tauri::command]
#[specta::specta]
pub async fn delete_model(
    app: State<'_, App>,
    name: String,
    path: String,
) -> Result<DeletedModel, AppError> {
    app.workbench.delete_shown_model(&name, path.as_ref()).await
}

/// Models that other apps have on this computer.
#[tauri::command]
#[specta::specta]
pub async fn scan_models(app: State<'_, App>) -> Result<Vec<FoundModel>, AppError> {
    app.workbench.scan_models().await
}

/// What a model's header says, and whether it fits.
#[tauri::command]
#[specta::specta]
pub async fn model_info(app: State<'_, App>, name: String) -> Result<ModelInfo, AppError> {
    app.workbench.model_info(&name).await
}

/// The list of recommended models. Asks nobody.
#[tauri::command]
#[specta::specta]
pub async fn recommended_models(app: State<'_, App>) -> Result<Vec<RecommendedModel>, AppError> {
    app.workbench.recommended_models().await
}

/// Looks for models on the hub.
#[tauri::command]
#[specta::specta]
pub async fn search_models(app: State<'_, App>, search: Search) -> Result<Vec<HubModel>, AppError> {
    app.workbench.search_models(search).await
}

/// One repository of the hub, with its quantisations and how they fit.
#[tauri::command]
#[specta::specta]
pub async fn hub_repository(
    app: State<'_, App>,
    reference: String,
) -> Result<HubRepository, AppError> {
    app.workbench.hub_repository(&reference).await
}

/// Whether one quantisation fits, by the headers of its files on the hub.
#[tauri::command]
#[specta::specta]
pub async fn hub_fit(
    app: State<'_, App>,
    reference: String,
    label: String,
) -> Result<HubFit, AppError> {
    app.workbench.hub_fit(&reference, &label).await
}

/// What models take on the disk.
#[tauri::command]
#[specta::specta]
pub async fn model_storage(app: State<'_, App>) -> Result<ModelStorage, AppError> {
    app.workbench.model_storage().await
}

/// Deletes pieces of downloads that nothing will finish; returns how many bytes that freed.
#[tauri::command]
#[specta::specta]
pub async fn remove_leftovers(app: State<'_, App>) -> Result<u64, AppError> {
    app.workbench.remove_leftovers().await
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

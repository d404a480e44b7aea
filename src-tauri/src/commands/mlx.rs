//! Models for MLX, on Apple Silicon. Elsewhere the list is empty, and everything else says why it
//! cannot be done. A model is named by what the list calls it; an empty name means the chosen one.

use braincells_core::{AppError, Download};
use braincells_workbench::{DeletedModel, MlxModelInfo, MlxModelStatus, ProcessedText};
use tauri::State;

use crate::state::App;

/// The models for MLX, and where each of them stands.
#[tauri::command]
#[specta::specta]
pub async fn mlx_list_models(app: State<'_, App>) -> Result<Vec<MlxModelInfo>, AppError> {
    app.workbench.mlx_models().await
}

/// Where one stands.
#[tauri::command]
#[specta::specta]
pub async fn mlx_get_model_status(
    app: State<'_, App>,
    id: String,
) -> Result<MlxModelStatus, AppError> {
    app.workbench.mlx_model_status(&id).await
}

/// Fetches one; `mlx-model-state-changed` tells how far it is.
#[tauri::command]
#[specta::specta]
pub async fn mlx_download_model(app: State<'_, App>, id: String) -> Result<Download, AppError> {
    app.workbench.download_mlx_model(&id).await
}

/// Gives the download of one up, and removes what was fetched.
#[tauri::command]
#[specta::specta]
pub async fn mlx_cancel_download(app: State<'_, App>, id: String) -> Result<Download, AppError> {
    app.workbench.cancel_mlx_download(&id).await
}

/// Tries a download again that failed, or goes on with one that was paused.
#[tauri::command]
#[specta::specta]
pub async fn mlx_retry_download(app: State<'_, App>, id: String) -> Result<Download, AppError> {
    app.workbench.retry_mlx_download(&id).await
}

/// Deletes one. Refused while it is fetched, loaded or at work.
#[tauri::command]
#[specta::specta]
pub async fn mlx_delete_model(app: State<'_, App>, id: String) -> Result<DeletedModel, AppError> {
    app.workbench.delete_mlx_model(&id).await
}

/// Chooses the one that `local-mlx` means; an empty name chooses the default one.
#[tauri::command]
#[specta::specta]
pub async fn mlx_select_model(app: State<'_, App>, id: String) -> Result<(), AppError> {
    app.workbench.select_mlx_model(&id).await
}

/// Has one do with a text what an instruction says. Where the model is not on this machine the text
/// comes back as it was, and why. Takes as long as the answer; `task` names the call for
/// `cancel_task`.
#[tauri::command]
#[specta::specta]
pub async fn mlx_process_text(
    app: State<'_, App>,
    id: String,
    instruction: String,
    text: String,
    task: String,
) -> Result<ProcessedText, AppError> {
    let work = app.workbench.process_text(&id, &instruction, &text);
    app.long_calls.run(task, work).await
}

//! Model files.

use braincells_core::AppError;
use braincells_workbench::ModelFile;
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

/// Lets models that no run uses leave memory.
#[tauri::command]
#[specta::specta]
pub async fn unload_models(app: State<'_, App>) -> Result<(), AppError> {
    app.workbench.unload_models().await;
    Ok(())
}

//! Backends: who answers that is not a model file on this machine, with which key and at what
//! price.

use braincells_core::{AppError, EndpointSettings, SheetId};
use braincells_workbench::{BackendModel, Backends, ConnectionReport, KeySource};
use tauri::State;

use crate::state::App;

/// All backends, with where their keys come from. Asks none of them anything.
#[tauri::command]
#[specta::specta]
pub async fn backends(app: State<'_, App>) -> Result<Backends, AppError> {
    app.workbench.backends().await
}

/// Keeps the key of a backend in the keyring, or for this session only. It is never given back.
#[tauri::command]
#[specta::specta]
pub async fn set_key(
    app: State<'_, App>,
    backend: String,
    key: String,
    keep: bool,
) -> Result<KeySource, AppError> {
    app.workbench.set_key(&backend, key, keep).await
}

/// Forgets the key of a backend.
#[tauri::command]
#[specta::specta]
pub async fn remove_key(app: State<'_, App>, backend: String) -> Result<(), AppError> {
    app.workbench.remove_key(&backend).await
}

/// Whether a backend is there and takes the key; costs nothing.
#[tauri::command]
#[specta::specta]
pub async fn test_backend(
    app: State<'_, App>,
    backend: String,
    task: String,
) -> Result<ConnectionReport, AppError> {
    app.long_calls.run(task, app.workbench.test_backend(&backend)).await
}

/// The models of a backend whose ids hold every word of a search.
#[tauri::command]
#[specta::specta]
pub async fn backend_models(
    app: State<'_, App>,
    backend: String,
    search: String,
    task: String,
) -> Result<Vec<BackendModel>, AppError> {
    app.long_calls.run(task, app.workbench.backend_models(&backend, &search)).await
}

/// Adds an endpoint, or changes the one with its id.
#[tauri::command]
#[specta::specta]
pub async fn put_endpoint(
    app: State<'_, App>,
    endpoint: EndpointSettings,
) -> Result<Backends, AppError> {
    app.workbench.put_endpoint(endpoint).await
}

/// Removes an endpoint with its limits and its key.
#[tauri::command]
#[specta::specta]
pub async fn remove_endpoint(app: State<'_, App>, id: String) -> Result<Backends, AppError> {
    app.workbench.remove_endpoint(&id).await
}

/// Has a sheet refuse everything that would leave this machine, or allow it again.
#[tauri::command]
#[specta::specta]
pub async fn set_local_only(
    app: State<'_, App>,
    sheet: SheetId,
    locked: bool,
) -> Result<(), AppError> {
    app.workbench.set_local_only(sheet, locked).await
}

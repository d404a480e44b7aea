//! Settings, the machine, and what is kept.

use braincells_core::{AppError, Settings};
use braincells_workbench::{Doctor, ResponseCacheInfo};
use serde::Deserialize;
use tauri::{AppHandle, State};

use crate::state::App;
use crate::window;

/// What fills new columns.
#[derive(Clone, Debug, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case", tag = "backend")]
pub enum BackendChoice {
    /// A model file on this computer.
    Local {
        /// Its name; empty for the default one.
        model: String,
    },
    /// A model of a backend.
    Remote {
        /// As recipes name it: `backend:model`.
        model: String,
    },
}

/// The settings as they are.
#[tauri::command]
#[specta::specta]
pub async fn settings(app: State<'_, App>) -> Result<Settings, AppError> {
    app.workbench.settings().await
}

/// Changes the settings; they hold at once. Returns them as they are now.
#[tauri::command]
#[specta::specta]
pub async fn set_settings(
    handle: AppHandle,
    app: State<'_, App>,
    settings: Settings,
) -> Result<Settings, AppError> {
    let settings = app.workbench.set_settings(settings).await?;
    window::show_theme(&handle, settings.theme);
    Ok(settings)
}

/// Chooses what fills new columns.
#[tauri::command]
#[specta::specta]
pub async fn configure_backend(
    app: State<'_, App>,
    choice: BackendChoice,
) -> Result<Settings, AppError> {
    let (BackendChoice::Local { model } | BackendChoice::Remote { model }) = choice;
    let choose = move |kept: &mut Settings| {
        kept.model = model;
        Ok(())
    };
    app.workbench.change_settings(choose).await
}

/// What this machine has, and what stands in the way.
#[tauri::command]
#[specta::specta]
pub async fn doctor(app: State<'_, App>) -> Result<Doctor, AppError> {
    Ok(app.workbench.doctor().await)
}

/// What the response cache holds.
#[tauri::command]
#[specta::specta]
pub async fn cache_info(app: State<'_, App>) -> Result<ResponseCacheInfo, AppError> {
    app.workbench.cache_info().await
}

/// Forgets kept answers, of one model or of all; returns how many.
#[tauri::command]
#[specta::specta]
pub async fn clear_cache(app: State<'_, App>, model: Option<String>) -> Result<u64, AppError> {
    app.workbench.clear_cache(model.as_deref(), None).await
}

/// How many bytes of answers are kept.
#[tauri::command]
#[specta::specta]
pub async fn set_cache_limit(app: State<'_, App>, limit_bytes: u64) -> Result<(), AppError> {
    app.workbench.set_cache_limit(limit_bytes).await
}

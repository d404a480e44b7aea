//! The window and the system around it.

use braincells_core::{AppError, Code, Event, Settings, SheetId};
use serde::{Deserialize, Serialize};
use tauri::ipc::Channel;
use tauri::{AppHandle, Manager, State};
use tauri_plugin_opener::OpenerExt;

use crate::dialogs::{Wanted, with_folders_opened};
use crate::events::Ask;
use crate::opening::Start;
use crate::state::App;

/// What the page needs to know first.
#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct Startup {
    /// This program's version.
    pub version: String,
    /// The folder of everything.
    pub home: String,
    /// Where model files are looked for.
    pub models_folder: String,
    /// Files that the program was started with.
    pub files: Vec<String>,
    /// The sheet that it was told to show, if there is one.
    pub sheet: Option<SheetId>,
    /// Why the sheet that it was told to show cannot be shown.
    pub problem: Option<AppError>,
    /// As they are now.
    pub settings: Settings,
    /// `linux`, `macos` or `windows`.
    pub platform: String,
    /// The address of the hub of models, without a slash at its end.
    pub hub_endpoint: String,
}

/// A component and its licence.
#[derive(Clone, Debug, Serialize, Deserialize, specta::Type)]
pub struct Licence {
    /// The component.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The licence, as an SPDX expression.
    pub licence: String,
}

/// Asked before anything is shown, and again when a person has mended what kept the home shut.
#[tauri::command]
#[specta::specta]
pub async fn startup(handle: AppHandle) -> Result<Startup, AppError> {
    let app = App::of(&handle).await?;
    let start = handle.state::<Start>();
    // A name that means no sheet must not keep the window from opening.
    let (sheet, problem) = match &start.sheet {
        None => (None, None),
        Some(sheet) => match app.workbench.find_sheet(sheet).await {
            Ok(sheet) => (Some(sheet), None),
            Err(error) => (None, Some(error)),
        },
    };
    Ok(Startup {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        home: app.home.root().to_string_lossy().into_owned(),
        models_folder: app.home.models().to_string_lossy().into_owned(),
        files: with_folders_opened(start.files.clone()),
        sheet,
        problem,
        settings: app.workbench.settings().await?,
        platform: std::env::consts::OS.to_owned(),
        hub_endpoint: app.workbench.hub_endpoint().await,
    })
}

/// Where events go from now on, in batches about 30 times a second.
#[tauri::command]
#[specta::specta]
pub async fn subscribe(
    app: State<'_, App>,
    events: Channel<Vec<Event>>,
    asks: Channel<Ask>,
) -> Result<(), AppError> {
    app.events.subscribe(events, asks);
    Ok(())
}

/// Has a person choose files to open; nothing when they cancel.
#[tauri::command]
#[specta::specta]
pub async fn pick_files(
    handle: AppHandle,
    app: State<'_, App>,
    wanted: Wanted,
) -> Result<Vec<String>, AppError> {
    app.dialogs.open(&handle, wanted).await
}

/// Has a person choose where to save a file; nothing when they cancel.
#[tauri::command]
#[specta::specta]
pub async fn pick_save_path(
    handle: AppHandle,
    app: State<'_, App>,
    suggested_name: String,
    extensions: Vec<String>,
) -> Result<Option<String>, AppError> {
    app.dialogs.save(&handle, &suggested_name, &extensions).await
}

/// Opens a page in the system's browser; nothing but `http` and `https`.
#[tauri::command]
#[specta::specta]
pub async fn open_link(
    handle: AppHandle,
    app: State<'_, App>,
    url: String,
) -> Result<(), AppError> {
    if app.workbench.settings().await?.local_only {
        let error = AppError::new(Code::Conflict, "links are not opened while `local only` is on");
        return Err(error.with_hint("turn it off in the settings, under Privacy"));
    }
    let is_page = tauri::Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_page {
        let message = format!("only web pages can be opened, this is none: {url}");
        return Err(AppError::new(Code::BadInput, message));
    }
    handle.opener().open_url(url, None::<&str>).map_err(|error| no_program(&error))
}

/// Shows a file or folder in the system's file browser.
#[tauri::command]
#[specta::specta]
pub async fn reveal_path(handle: AppHandle, path: String) -> Result<(), AppError> {
    handle.opener().reveal_item_in_dir(path).map_err(|error| no_program(&error))
}

fn no_program(error: &tauri_plugin_opener::Error) -> AppError {
    AppError::new(Code::NotFound, format!("the system could not open it: {error}"))
        .with_hint("copy the address and open it yourself")
}

/// Closes the window, and with it the program. Live runs are paused first and go on next time.
#[tauri::command]
#[specta::specta]
pub async fn close_window(handle: AppHandle) -> Result<(), AppError> {
    handle.exit(0);
    Ok(())
}

/// Stops a long call by the name that it was given; `false` if it is over already.
#[tauri::command]
#[specta::specta]
pub async fn cancel_task(app: State<'_, App>, task: String) -> Result<bool, AppError> {
    Ok(app.long_calls.stop(&task))
}

/// Everything that is compiled into the program.
#[tauri::command]
#[specta::specta]
pub async fn licences() -> Result<Vec<Licence>, AppError> {
    serde_json::from_str(include_str!("../../resources/licences.json")).map_err(|error| {
        AppError::new(Code::Internal, format!("the list of licences is damaged: {error}"))
    })
}

/// Puts a text on the system's clipboard.
#[tauri::command]
#[specta::specta]
pub async fn copy_text(app: State<'_, App>, text: String) -> Result<(), AppError> {
    app.clipboard.put(text, None).await
}

//! The list of sheets; files in and out.

use braincells_core::{
    AppError, Column, OpeningNotice, ReadOnly, SheetId, SheetInfo, TrashedSheet,
};
use braincells_workbench::{
    ClipboardKind, ExportFile, ImportOptions, ImportPreview, ImportedRecipe, InputFile, RecipeFit,
    RecipeOutline,
};
use serde::Serialize;
use tauri::State;

use crate::state::App;

/// What a person should know about how a sheet was opened.
#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct Notice {
    /// The sentence.
    pub text: String,
    /// The files that it speaks of.
    pub kept_in: Vec<String>,
}

/// A sheet that is open.
#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct OpenedSheet {
    /// As it is listed.
    pub info: SheetInfo,
    /// All its columns in display order.
    pub columns: Vec<Column>,
    /// What was not as it should be when it was opened.
    pub notices: Vec<Notice>,
    /// Why it can only be read, if so.
    pub read_only: Option<ReadOnly>,
}

/// All sheets but those in the trash, the last changed first.
#[tauri::command]
#[specta::specta]
pub async fn sheets(app: State<'_, App>) -> Result<Vec<SheetInfo>, AppError> {
    app.workbench.sheets().await
}

/// A new sheet without columns and rows.
#[tauri::command]
#[specta::specta]
pub async fn create_sheet(app: State<'_, App>, name: String) -> Result<SheetInfo, AppError> {
    app.workbench.create_sheet(&name).await
}

/// A small table with AI columns that are not filled yet.
#[tauri::command]
#[specta::specta]
pub async fn create_example_sheet(app: State<'_, App>) -> Result<SheetInfo, AppError> {
    app.workbench.create_example_sheet().await
}

/// Opens a sheet and says what is in it.
#[tauri::command]
#[specta::specta]
pub async fn open_sheet(app: State<'_, App>, sheet: SheetId) -> Result<OpenedSheet, AppError> {
    let opened = app.workbench.open_sheet(sheet).await?;
    let info = app.workbench.sheet_info(sheet).await?;
    let columns = app.workbench.columns(sheet).await?;
    let notices = opened.notices.iter().map(notice).collect();
    Ok(OpenedSheet { info, columns, notices, read_only: opened.read_only })
}

fn notice(notice: &OpeningNotice) -> Notice {
    let moment = |ms: i64| {
        chrono::DateTime::from_timestamp_millis(ms).map_or_else(String::new, |time| {
            time.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string()
        })
    };
    let kept_in = match notice {
        OpeningNotice::LogCutShort { kept_in } | OpeningNotice::ChangesLost { kept_in, .. } => {
            vec![kept_in.clone()]
        }
        OpeningNotice::CopyRestored { kept_in, .. } => kept_in.clone(),
        OpeningNotice::ReadOnly(_) => Vec::new(),
    };
    let kept_in = kept_in.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    Notice { text: notice.text(moment), kept_in }
}

/// Gives a sheet another name.
#[tauri::command]
#[specta::specta]
pub async fn rename_sheet(
    app: State<'_, App>,
    sheet: SheetId,
    name: String,
) -> Result<(), AppError> {
    app.workbench.rename_sheet(sheet, &name).await
}

/// A copy of a sheet, with its columns, cells and history.
#[tauri::command]
#[specta::specta]
pub async fn duplicate_sheet(
    app: State<'_, App>,
    sheet: SheetId,
    name: Option<String>,
) -> Result<SheetInfo, AppError> {
    app.workbench.duplicate_sheet(sheet, name.as_deref()).await
}

/// Moves a sheet to the trash.
#[tauri::command]
#[specta::specta]
pub async fn delete_sheet(app: State<'_, App>, sheet: SheetId) -> Result<(), AppError> {
    app.workbench.delete_sheet(sheet).await
}

/// What is in the trash.
#[tauri::command]
#[specta::specta]
pub async fn trash(app: State<'_, App>) -> Result<Vec<TrashedSheet>, AppError> {
    app.workbench.trash().await
}

/// Brings a sheet back from the trash.
#[tauri::command]
#[specta::specta]
pub async fn restore_sheet(app: State<'_, App>, sheet: SheetId) -> Result<SheetInfo, AppError> {
    app.workbench.restore_sheet(sheet).await
}

/// Deletes a sheet in the trash for good.
#[tauri::command]
#[specta::specta]
pub async fn delete_trashed(app: State<'_, App>, sheet: SheetId) -> Result<(), AppError> {
    app.workbench.delete_trashed(sheet).await
}

/// Deletes all sheets in the trash for good; returns how many.
#[tauri::command]
#[specta::specta]
pub async fn empty_trash(app: State<'_, App>) -> Result<u64, AppError> {
    app.workbench.empty_trash().await
}

/// What an import would make of a file.
#[tauri::command]
#[specta::specta]
pub async fn preview_import(
    app: State<'_, App>,
    file: InputFile,
    rows: u64,
    task: String,
) -> Result<ImportPreview, AppError> {
    app.long_calls.run(task, app.workbench.preview_import(&file, rows)).await
}

/// Makes a sheet of a file.
#[tauri::command]
#[specta::specta]
pub async fn import_file(
    app: State<'_, App>,
    file: InputFile,
    task: String,
) -> Result<SheetInfo, AppError> {
    app.long_calls.run(task, app.workbench.import(&file)).await
}

/// What an import would make of a text.
#[tauri::command]
#[specta::specta]
pub async fn preview_text(
    app: State<'_, App>,
    text: String,
    kind: ClipboardKind,
    options: ImportOptions,
    rows: u64,
) -> Result<ImportPreview, AppError> {
    app.workbench.preview_text(text, kind, &options, rows).await
}

/// Makes a sheet of a text that holds a table.
#[tauri::command]
#[specta::specta]
pub async fn import_text(
    app: State<'_, App>,
    text: String,
    kind: ClipboardKind,
    name: String,
    options: ImportOptions,
) -> Result<SheetInfo, AppError> {
    app.workbench.import_text(text, kind, &name, &options).await
}

/// The cells of what was copied elsewhere, row by row: of its HTML if that has a table, else of its
/// text.
#[tauri::command]
#[specta::specta]
pub async fn parse_clipboard(
    text: String,
    html: Option<String>,
) -> Result<Vec<Vec<String>>, AppError> {
    Ok(braincells_workbench::parse_clipboard(&text, html.as_deref())?)
}

/// Writes a sheet, or what is shown of it, to a file; returns the number of rows.
#[tauri::command]
#[specta::specta]
pub async fn export_sheet(
    app: State<'_, App>,
    sheet: SheetId,
    file: ExportFile,
    task: String,
) -> Result<u64, AppError> {
    app.long_calls.run(task, app.workbench.export_view(sheet, &file)).await
}

/// The recipe file of a sheet's AI columns, as text.
#[tauri::command]
#[specta::specta]
pub async fn recipe_text(
    app: State<'_, App>,
    sheet: SheetId,
    columns: Option<Vec<String>>,
    with_examples: bool,
) -> Result<String, AppError> {
    Ok(app.workbench.export_recipe(sheet, columns.as_deref(), with_examples).await?.text)
}

/// Writes the recipe file of a sheet's AI columns; returns what it leaves out.
#[tauri::command]
#[specta::specta]
pub async fn export_recipe(
    app: State<'_, App>,
    sheet: SheetId,
    columns: Option<Vec<String>>,
    with_examples: bool,
    path: String,
) -> Result<Vec<String>, AppError> {
    app.workbench.export_recipe_file(sheet, columns.as_deref(), with_examples, path.as_ref()).await
}

/// What a recipe file would do to a sheet.
#[tauri::command]
#[specta::specta]
pub async fn check_recipe(
    app: State<'_, App>,
    sheet: SheetId,
    path: String,
    fit: RecipeFit,
) -> Result<RecipeOutline, AppError> {
    app.workbench.outline_recipe(sheet, path.as_ref(), &fit).await
}

/// Adds the columns of a recipe file to a sheet.
#[tauri::command]
#[specta::specta]
pub async fn import_recipe(
    app: State<'_, App>,
    sheet: SheetId,
    path: String,
    fit: RecipeFit,
) -> Result<ImportedRecipe, AppError> {
    app.workbench.import_recipe_file(sheet, path.as_ref(), &fit).await
}

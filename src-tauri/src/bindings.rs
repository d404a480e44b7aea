//! The list of commands, and their types in TypeScript.

use tauri::Wry;
use tauri_specta::{Builder, collect_commands};

use crate::commands;

/// All commands. `src/ipc/bindings.ts` is made of it by `scripts/bindings`, and a test fails when
/// that file is not current.
///
/// Integers of 64 bits become `number`: ids, counts, bytes and milliseconds stay far below 2^53.
#[expect(clippy::too_many_lines, reason = "a list with a line for each command")]
pub fn builder() -> Builder<Wry> {
    Builder::<Wry>::new().disable_serde_phases().dangerously_cast_bigints_to_number().commands(
        collect_commands![
            commands::app::startup,
            commands::app::subscribe,
            commands::app::pick_files,
            commands::app::pick_save_path,
            commands::app::open_link,
            commands::app::reveal_path,
            commands::app::close_window,
            commands::app::cancel_task,
            commands::app::licences,
            commands::app::copy_text,
            commands::sheets::sheets,
            commands::sheets::create_sheet,
            commands::sheets::create_example_sheet,
            commands::sheets::open_sheet,
            commands::sheets::rename_sheet,
            commands::sheets::duplicate_sheet,
            commands::sheets::delete_sheet,
            commands::sheets::trash,
            commands::sheets::restore_sheet,
            commands::sheets::delete_trashed,
            commands::sheets::empty_trash,
            commands::sheets::preview_import,
            commands::sheets::import_file,
            commands::sheets::preview_text,
            commands::sheets::import_text,
            commands::sheets::parse_clipboard,
            commands::sheets::export_sheet,
            commands::sheets::recipe_text,
            commands::sheets::export_recipe,
            commands::sheets::check_recipe,
            commands::sheets::import_recipe,
            commands::data::columns,
            commands::data::add_data_column,
            commands::data::add_ai_column,
            commands::data::set_recipe,
            commands::data::rename_column,
            commands::data::retype_column,
            commands::data::move_column,
            commands::data::hide_column,
            commands::data::resize_column,
            commands::data::duplicate_column,
            commands::data::delete_columns,
            commands::data::json_properties,
            commands::data::split_json_column,
            commands::data::insert_rows,
            commands::data::delete_rows,
            commands::data::move_rows,
            commands::data::edit_cells,
            commands::data::clear_cells,
            commands::data::paste,
            commands::data::validate_cells,
            commands::data::find,
            commands::data::preview_replacements,
            commands::data::replace,
            commands::data::open_view,
            commands::data::refresh_view,
            commands::data::close_view,
            commands::data::window,
            commands::data::prepare_windows,
            commands::data::rows_at,
            commands::data::position_of,
            commands::data::column_stats,
            commands::data::distinct_values,
            commands::data::summarise,
            commands::data::sql,
            commands::data::sql_to_sheet,
            commands::data::steps,
            commands::data::undo,
            commands::data::redo,
            commands::data::cell_history,
            commands::data::restore_cell,
            commands::data::cell_prompt,
            commands::data::copy_cells,
            commands::labels::recalibrate,
            commands::labels::label_figures,
            commands::inference::generate_cell,
            commands::inference::generate_batch,
            commands::inference::generate_columns,
            commands::inference::resume_run,
            commands::inference::pause_run,
            commands::inference::cancel_run,
            commands::inference::runs,
            commands::inference::live_runs,
            commands::inference::unfinished_runs,
            commands::inference::preview_recipe,
            commands::inference::estimate,
            commands::inference::examples,
            commands::inference::look_at,
            commands::models::list_local_models,
            commands::models::add_model,
            commands::models::delete_model,
            commands::models::scan_models,
            commands::models::model_info,
            commands::models::recommended_models,
            commands::models::search_models,
            commands::models::hub_repository,
            commands::models::hub_fit,
            commands::models::model_storage,
            commands::models::remove_leftovers,
            commands::models::tune_model,
            commands::models::unload_models,
            commands::models::download_model,
            commands::models::downloads,
            commands::models::pause_download,
            commands::models::resume_download,
            commands::models::cancel_download,
            commands::mlx::mlx_list_models,
            commands::mlx::mlx_get_model_status,
            commands::mlx::mlx_download_model,
            commands::mlx::mlx_cancel_download,
            commands::mlx::mlx_retry_download,
            commands::mlx::mlx_delete_model,
            commands::mlx::mlx_select_model,
            commands::mlx::mlx_process_text,
            commands::backends::backends,
            commands::backends::set_key,
            commands::backends::remove_key,
            commands::backends::test_backend,
            commands::backends::backend_models,
            commands::backends::put_endpoint,
            commands::backends::remove_endpoint,
            commands::backends::set_local_only,
            commands::settings::settings,
            commands::settings::set_settings,
            commands::settings::configure_backend,
            commands::settings::doctor,
            commands::settings::cache_info,
            commands::settings::clear_cache,
            commands::settings::set_cache_limit,
        ],
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use specta_typescript::Typescript;

    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the folder at run time: a target folder that two checkouts share keeps the other's"
    )]
    fn the_bindings_are_current() {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it for tests");
        let kept = Path::new(&package).join("../src/ipc/bindings.ts");
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("bindings.ts");
        let header = "// Made by `scripts/bindings` of the commands in src-tauri/src/commands. Not edited by hand.\n";
        let language = Typescript::default().header(header);
        builder().export(language, &fresh).unwrap();
        let text = std::fs::read_to_string(&fresh).unwrap();
        if std::env::var_os("UPDATE_BINDINGS").is_some() {
            std::fs::write(&kept, &text).unwrap();
        }
        let is_current = std::fs::read_to_string(&kept).is_ok_and(|kept| kept == text);
        assert!(is_current, "src/ipc/bindings.ts is not current; run scripts/bindings");
    }
}

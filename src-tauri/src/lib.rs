//! The desktop app: one window over the same workbench as the command line.
//!
//! The binary calls [`run`]; the page in the window calls [`commands`], each of which unpacks its
//! arguments and calls one verb of `braincells-workbench`. What happens meanwhile goes the other
//! way through [`events`].
//!
//! What this crate promises: the page has no permission but these commands (no file system, no
//! shell, no network); a call that takes long can be stopped; the window never closes over a live
//! run without asking; nothing is lost when it is killed. What it leaves out: every decision about
//! sheets, prompts and models, which is the workbench's.

pub mod bindings;
pub mod clipboard;
pub mod commands;
pub mod dialogs;
pub mod events;
pub mod long_calls;
pub mod opening;
pub mod state;
pub mod window;

use std::process::ExitCode;

use tauri::{Manager, RunEvent};

use crate::opening::{Opening, Start};
use crate::state::App;

/// Runs the app until its window is closed. Started as `braincells-app probe-sheet ...`, it tries
/// a sheet that may be damaged and ends; as `braincells-app serve-engine`, it runs an engine;
/// as `braincells-app tune-here`, it tunes a model.
pub fn run() -> ExitCode {
    let opening = Opening::read();
    opening::forget_keys();
    let start = match opening {
        Opening::Probe(arguments) => return braincells_workbench::answer_probe(&arguments).into(),
        Opening::Engine => braincells_workbench::serve_engine(),
        Opening::Tune => return braincells_workbench::answer_tune().into(),
        Opening::Window(start) => *start,
    };
    start_log();
    window::prefer_a_renderer_that_works();
    match build(start) {
        Ok(app) => {
            app.run(|handle, event| {
                if let (RunEvent::Exit, Some(app)) = (event, handle.try_state::<App>()) {
                    app.close();
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the window could not be opened");
            ExitCode::FAILURE
        }
    }
}

fn build(start: Start) -> tauri::Result<tauri::App> {
    let specta = bindings::builder();
    let mut builder = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init());
    if start.home.is_none() {
        // Two windows over one home would fight for its sheets; a home that was named, such as a
        // test's, has nothing to do with the others.
        builder = builder
            .plugin(tauri_plugin_single_instance::init(window::open_another))
            .plugin(tauri_plugin_window_state::Builder::default().build());
    }
    builder
        .invoke_handler(specta.invoke_handler())
        .setup(move |app| {
            app.manage(start);
            // What is wrong with a home is said in the window, which tries again when it is asked.
            match App::open(app.handle()) {
                Ok(state) => {
                    app.manage(state);
                }
                Err(error) => tracing::error!(%error, "the home could not be opened"),
            }
            window::open(app)?;
            Ok(())
        })
        .on_window_event(window::on_event)
        .build(tauri::generate_context!())
}

/// Warnings go to stderr; `RUST_LOG` asks for more. Prompts and cells are never logged.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::Level::WARN.into())
        .from_env_lossy();
    // A second start in one process (a test) keeps the first.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    drop(log.try_init());
}

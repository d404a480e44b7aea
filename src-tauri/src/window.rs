//! The window itself: how it is made, closed and looked at.

use std::path::PathBuf;
use std::sync::Arc;

use braincells_core::{RunProgress, RunStatus, Theme};
use tauri::webview::WebviewWindowBuilder;
use tauri::{AppHandle, DragDropEvent, Manager, Url, Window, WindowEvent};
use tauri_plugin_notification::NotificationExt;

use crate::dialogs::with_folders_opened;
use crate::events::Ask;
use crate::opening::files;
use crate::state::App;

/// The only window.
const MAIN: &str = "main";

/// WebKitGTK's fast renderer shows an empty window on some graphics drivers; its other one works
/// everywhere. A person who has set the variable knows better.
pub fn prefer_a_renderer_that_works() {
    #[cfg(target_os = "linux")]
    {
        const RENDERER: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
        #[expect(clippy::disallowed_methods, reason = "the library reads it, not we")]
        let is_set = std::env::var_os(RENDERER).is_some();
        if !is_set {
            // SAFETY: called before any thread is started.
            #[expect(unsafe_code, reason = "the renderer can be chosen in no other way")]
            unsafe {
                std::env::set_var(RENDERER, "1");
            }
        }
    }
}

/// Makes the window that `tauri.conf.json` describes, for this home and these pages alone.
pub fn open(app: &tauri::App) -> tauri::Result<()> {
    let Some(config) = app.config().app.windows.first() else {
        return Err(tauri::Error::WindowNotFound);
    };
    // A link in a cell must not take the window away.
    let mut builder = WebviewWindowBuilder::from_config(app, config)?
        .on_navigation(|url| is_own_page(url, tauri::is_dev()))
        // A title that does not arrive is still in the page.
        .on_document_title_changed(|window, title| drop(window.set_title(&title)));
    if let Some(state) = app.try_state::<App>() {
        // What the page remembers (the width of a panel) belongs to the home.
        builder = builder.data_directory(state.home.root().join("window"));
    }
    builder.build()?;
    Ok(())
}

/// Whether a page is this program's own: Vite's in development, else what is in the binary.
fn is_own_page(url: &Url, is_dev: bool) -> bool {
    match url.scheme() {
        "tauri" => true,
        // Frames for the HTML of cells.
        "about" => url.path() == "srcdoc" || url.path() == "blank",
        // Windows has no scheme of our own.
        "http" | "https" => {
            url.host_str() == Some("tauri.localhost")
                || (is_dev && url.host_str() == Some("localhost"))
        }
        _ => false,
    }
}

/// A second start of the program: its files come here, and the window comes to the front.
pub fn open_another(handle: &AppHandle, arguments: Vec<String>, folder: String) {
    let arguments = arguments.into_iter().skip(1).map(Into::into).collect();
    let paths = with_folders_opened(files(arguments, &PathBuf::from(folder)));
    if !paths.is_empty()
        && let Some(state) = handle.try_state::<App>()
    {
        state.events.ask(Ask::OpenFiles { paths });
    }
    if let Some(window) = handle.get_webview_window(MAIN) {
        // A window that does not come to the front is still there.
        drop(window.unminimize().and_then(|()| window.set_focus()));
    }
}

/// Asks before a window is closed over live runs, and tells the page of files over the window.
pub fn on_event(window: &Window, event: &WindowEvent) {
    let Some(state) = window.try_state::<App>() else { return };
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            let live_runs = state.workbench.live_run_count() as u32;
            if live_runs > 0 && state.events.ask(Ask::Close { live_runs }) {
                api.prevent_close();
            }
        }
        WindowEvent::DragDrop(event) => {
            let ask = match event {
                DragDropEvent::Enter { paths, .. } => Ask::Drag { paths: texts(paths), over: true },
                DragDropEvent::Drop { paths, .. } => {
                    let (events, paths) = (Arc::clone(&state.events), paths.clone());
                    // A folder on a slow disk must not hold the window up.
                    tauri::async_runtime::spawn_blocking(move || {
                        events.ask(Ask::OpenFiles { paths: with_folders_opened(paths) })
                    });
                    Ask::Drag { paths: Vec::new(), over: false }
                }
                DragDropEvent::Leave => Ask::Drag { paths: Vec::new(), over: false },
                _ => return,
            };
            state.events.ask(ask);
        }
        _ => {}
    }
}

/// The window's own frame in the chosen colours; the page looks after itself.
pub fn show_theme(handle: &AppHandle, theme: Theme) {
    let theme = match theme {
        Theme::System => None,
        Theme::Light => Some(tauri::Theme::Light),
        Theme::Dark => Some(tauri::Theme::Dark),
    };
    if let Some(window) = handle.get_webview_window(MAIN) {
        // A system without themed frames keeps its own.
        drop(window.set_theme(theme));
    }
}

/// Tells the system that a run has ended, if it was a long one and the window is not looked at.
pub fn notify_of_end(handle: &AppHandle, status: RunStatus, progress: &RunProgress) {
    let (handle, progress) = (handle.clone(), progress.clone());
    tauri::async_runtime::spawn(async move {
        let Some(state) = handle.try_state::<App>() else { return };
        let Ok(settings) = state.workbench.settings().await else { return };
        let is_long = settings
            .notify_after_seconds
            .is_some_and(|seconds| progress.elapsed_ms >= u64::from(seconds) * 1000);
        let is_seen = handle
            .get_webview_window(MAIN)
            .is_some_and(|window| window.is_focused().unwrap_or(false));
        if !is_long || is_seen {
            return;
        }
        let column =
            state.workbench.columns(progress.sheet).await.ok().and_then(|columns| {
                columns.into_iter().find(|column| column.id == progress.column)
            });
        let name = column.map_or_else(|| "A column".to_owned(), |column| column.name);
        let body = match (status, progress.rows_failed) {
            (RunStatus::Failed, _) => format!("{name} could not go on"),
            (_, 0) => format!("{name} is filled: {} rows", progress.rows_done),
            (_, failed) => {
                format!("{name} is filled: {} rows, {failed} failed", progress.rows_done)
            }
        };
        // Without a notification service the window still shows it.
        drop(handle.notification().builder().title("Braincells").body(body).show());
    });
}

fn texts(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_goes_nowhere_else() {
        let is_own = |url: &str, is_dev| is_own_page(&Url::parse(url).unwrap(), is_dev);
        for own in ["tauri://localhost/", "http://tauri.localhost/", "about:srcdoc"] {
            assert!(is_own(own, false), "{own}");
        }
        assert!(is_own("http://localhost:5173/", true), "Vite's");
        for other in [
            "http://localhost:5173/",
            "https://example.org/",
            "http://localhost.example.org/",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:alert(1)",
            "about:config",
        ] {
            assert!(!is_own(other, false), "{other}");
        }
    }
}

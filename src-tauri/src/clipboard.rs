//! The system's clipboard. A million cells go there without passing through the page.

use std::sync::{Arc, Mutex, PoisonError};

use arboard::Clipboard;
use braincells_core::{AppError, Code};

/// The clipboard, held for as long as the program runs: on X11 and Wayland its content lives in
/// the program that put it there.
#[derive(Default)]
pub struct SystemClipboard {
    held: Arc<Mutex<Option<Clipboard>>>,
}

impl SystemClipboard {
    /// Puts a text there, and the same as HTML for programs that prefer it.
    pub async fn put(&self, text: String, html: Option<String>) -> Result<(), AppError> {
        let held = Arc::clone(&self.held);
        let work = move || {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            let clipboard = match held.take() {
                Some(clipboard) => clipboard,
                None => Clipboard::new()?,
            };
            let clipboard = held.insert(clipboard);
            match html {
                Some(html) => clipboard.set_html(html, Some(text)),
                None => clipboard.set_text(text),
            }
        };
        let put = tauri::async_runtime::spawn_blocking(work).await;
        put.map_err(|error| refused(&error))?.map_err(|error| refused(&error))
    }
}

fn refused(error: &dyn std::fmt::Display) -> AppError {
    AppError::new(Code::Internal, format!("the clipboard could not be written: {error}"))
        .with_hint("try again; another program may hold the clipboard")
}

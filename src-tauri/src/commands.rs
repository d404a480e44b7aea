//! What the page can ask for. A command unpacks its arguments and calls one verb of the workbench;
//! it has no `if` about sheets, prompts or models.

#![expect(clippy::let_underscore_must_use, reason = "Tauri's macro writes it into every command")]

pub mod app;
pub mod backends;
pub mod data;
pub mod inference;
pub mod labels;
pub mod mlx;
pub mod models;
pub mod settings;
pub mod sheets;

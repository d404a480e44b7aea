//! The helper `braincells-mlx`: one MLX model, served to the process that started it.
//!
//! It takes no arguments. Everything is said over the two ends that
//! [`braincells_llm::worker`] gives it; the model comes with the first frame.

use std::process::ExitCode;

use braincells_llm::worker::{Served, serve_process};
use braincells_mlx::native::LoadMlx;

fn main() -> ExitCode {
    find_kernels();
    match serve_process(LoadMlx) {
        Served::ShutDown => ExitCode::SUCCESS,
        // Without destructors: something may be computing for ever.
        Served::ParentGone | Served::Broken => std::process::exit(1),
    }
}

/// Metal's kernels are a file beside this program. MLX looks there, too, but not where the program
/// is started by a link. Without them the model cannot be loaded, and the load says so.
#[cfg(target_os = "macos")]
fn find_kernels() {
    let program = std::env::current_exe().and_then(std::fs::canonicalize);
    let kernels = program.ok().map(|program| program.with_file_name("mlx.metallib"));
    if let Some(path) =
        kernels.as_deref().filter(|path| path.is_file()).and_then(|path| path.to_str())
    {
        drop(braincells_mlx::native::take_kernels_from(path));
    }
}

/// Elsewhere everything is in the library.
#[cfg(not(target_os = "macos"))]
fn find_kernels() {}

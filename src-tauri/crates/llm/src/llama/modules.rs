//! The modules of a build with the feature `dynamic-backends`: libraries beside the program that
//! compute for one kind of processor or graphics card each. llama.cpp takes the best one that the
//! machine can run; one whose driver is missing is left out. A static build has none.
//!
//! Programs say first of all where theirs are; `ffi` loads them once, before llama.cpp is used.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

static FOLDERS: OnceLock<Vec<PathBuf>> = OnceLock::new();
static LOADED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Says where the modules may be: the first of these folders that is there counts. Has an effect
/// once, and only before an engine, a list of devices or anything else of llama.cpp was asked for.
pub fn look_for_modules_in(folders: Vec<PathBuf>) {
    drop(FOLDERS.set(folders));
}

/// The modules that were loaded, by the names of their files; none in a static build.
pub fn loaded_modules() -> Vec<String> {
    super::ffi::initialise();
    LOADED.lock().map(|loaded| loaded.clone()).unwrap_or_default()
}

/// Loads what there is. Called once, with the log set up.
#[cfg(feature = "dynamic-backends")]
pub(super) fn load() {
    let mut folders = FOLDERS.get().into_iter().flatten();
    match folders.find(|folder| folder.is_dir() && folder.to_str().is_some()) {
        Some(folder) => llama_cpp_2::llama_backend::load_backends_from_path(folder),
        None => tracing::error!("the modules of llama.cpp are not beside the program"),
    }
}

#[cfg(not(feature = "dynamic-backends"))]
pub(super) fn load() {}

/// Hears a line of llama.cpp's log, which is the only place where it tells what it has loaded.
pub(super) fn hear(line: &str) {
    if let Some(module) = module_in(line)
        && let Ok(mut loaded) = LOADED.lock()
    {
        loaded.push(module);
    }
}

/// The file in `load_backend: loaded CPU backend from /path/libggml-cpu-haswell.so`.
fn module_in(line: &str) -> Option<String> {
    let (_, path) = line.split_once(": loaded ")?.1.split_once(" backend from ")?;
    let file = path.trim().rsplit(['/', '\\']).next()?;
    (!file.is_empty()).then(|| file.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_named_by_its_file() {
        let found = |line| module_in(line);
        let haswell = "load_backend: loaded CPU backend from /opt/b c/libggml-cpu-haswell.so";
        assert_eq!(found(haswell).as_deref(), Some("libggml-cpu-haswell.so"));
        let windows = r"load_backend: loaded Vulkan backend from C:\Programs\ggml-vulkan.dll";
        assert_eq!(found(windows).as_deref(), Some("ggml-vulkan.dll"));
        assert_eq!(found("llama_model_loader: loaded meta data with 34 key-value pairs"), None);
        assert_eq!(found("load_backend: failed to load libggml-cuda.so"), None);
    }

    #[cfg(not(feature = "dynamic-backends"))]
    #[test]
    fn a_static_build_computes_without_modules() {
        look_for_modules_in(vec!["/nowhere".into()]);
        assert_eq!(loaded_modules(), Vec::<String>::new());
        assert!(!super::super::devices().is_empty());
    }
}

//! The helper as the app starts it.

use std::ffi::OsString;
use std::path::PathBuf;

use braincells_llm::LLMError;
use braincells_llm::worker::{WorkerEngine, WorkerModel, WorkerNews, WorkerProgram};
use braincells_mlx::LoadOptions;

/// The helper, with the variables that the library is found by on Linux.
#[expect(clippy::disallowed_methods, reason = "what scripts/test-mlx has set for all processes")]
fn program() -> WorkerProgram {
    let names = ["LD_LIBRARY_PATH", "LD_PRELOAD", "MLX_DISABLE_COMPILE", "OPENBLAS_NUM_THREADS"];
    let known = |name: &str| Some((OsString::from(name), std::env::var_os(name)?));
    WorkerProgram {
        program: PathBuf::from(env!("CARGO_BIN_EXE_braincells-mlx")),
        arguments: Vec::new(),
        environment: names.into_iter().filter_map(known).collect(),
    }
}

/// A process with the checkpoint in a folder, whose hash is `abc`.
pub fn start(
    path: PathBuf,
    news: impl Fn(WorkerNews) + Send + 'static,
) -> Result<WorkerEngine, LLMError> {
    let options = serde_json::to_value(LoadOptions::default()).expect("options are plain");
    let model = WorkerModel { path, options };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let hash = std::future::ready(Some("abc".to_owned()));
    runtime.block_on(WorkerEngine::load(program(), model, hash, news))
}

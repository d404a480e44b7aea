//! MLX models on Apple Silicon, from the app's side.
//!
//! They are computed by the helper `braincells-mlx` (the crate of that name), which ships beside the
//! app on Macs with Apple Silicon and nowhere else; this program never contains MLX. Here is
//! whether the helper is there, and the engine that it is: a [`WorkerEngine`] whose child is the
//! helper.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::LLMError;
use crate::worker::{WorkerEngine, WorkerModel, WorkerNews, WorkerProgram};

/// The file name of the helper.
pub const HELPER: &str = "braincells-mlx";

/// How a checkpoint is loaded; what the app tells the helper with the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadOptions {
    /// The most tokens of prompt and answer for one row; no more than the model takes.
    pub context_tokens: u32,
    /// How many rows are computed at once; 0 counts as 1.
    pub parallel_requests: u32,
    /// What templates that write today's date take for now, in Unix milliseconds.
    pub now_ms: Option<i64>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { context_tokens: 4096, parallel_requests: 8, now_ms: None }
    }
}

/// Why no MLX model can be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MlxUnavailable {
    /// MLX computes on Apple Silicon.
    #[error("MLX models run on Macs with Apple Silicon")]
    OtherMachine,
    /// The helper is not where it should be.
    #[error("the program that runs MLX models is not there: `{}`", path.display())]
    NoHelper {
        /// Where it was looked for.
        path: PathBuf,
    },
}

/// The helper, ready to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MlxHelper {
    program: WorkerProgram,
}

impl MlxHelper {
    /// The helper at `named`, whatever machine this is; else, on a Mac with Apple Silicon, the one
    /// beside this program. It gets this environment and no other.
    pub fn find(
        named: Option<&Path>,
        own_program: &Path,
        environment: Vec<(OsString, OsString)>,
    ) -> Result<Self, MlxUnavailable> {
        let is_apple_silicon = cfg!(all(target_os = "macos", target_arch = "aarch64"));
        let path = match named {
            // A bare name would be looked for elsewhere when it is started.
            Some(path) => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            None if is_apple_silicon => {
                // The command line may be started by a link from elsewhere.
                let own = own_program.canonicalize();
                own.as_deref().unwrap_or(own_program).with_file_name(HELPER)
            }
            None => return Err(MlxUnavailable::OtherMachine),
        };
        if !path.is_file() {
            return Err(MlxUnavailable::NoHelper { path });
        }
        Ok(Self { program: WorkerProgram { program: path, arguments: Vec::new(), environment } })
    }

    /// Starts the helper and has it load the checkpoint in a folder. `model_hash` and `news` are as
    /// for [`WorkerEngine::load`].
    pub async fn load(
        &self,
        folder: PathBuf,
        options: &LoadOptions,
        model_hash: impl Future<Output = Option<String>>,
        news: impl Fn(WorkerNews) + Send + 'static,
    ) -> Result<WorkerEngine, LLMError> {
        let options = serde_json::to_value(options)
            .map_err(|error| LLMError::InvalidRequest { reason: error.to_string() })?;
        let model = WorkerModel { path: folder, options };
        WorkerEngine::load(self.program.clone(), model, model_hash, news).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_helper_is_the_one_that_is_named_or_the_one_beside_the_app_on_apple_silicon() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("braincells-app");
        let named = folder.path().join("other");
        let find = |named: Option<&Path>| MlxHelper::find(named, &own, Vec::new());
        let missing = MlxUnavailable::NoHelper { path: named.clone() };
        assert_eq!(find(Some(&named)), Err(missing));
        std::fs::write(&named, "").unwrap();
        assert_eq!(find(Some(&named)).unwrap().program.program, named);

        let beside = folder.path().join(HELPER);
        let is_apple_silicon = cfg!(all(target_os = "macos", target_arch = "aarch64"));
        let absent = if is_apple_silicon {
            MlxUnavailable::NoHelper { path: beside.clone() }
        } else {
            MlxUnavailable::OtherMachine
        };
        assert_eq!(find(None), Err(absent));
        std::fs::write(&beside, "").unwrap();
        assert_eq!(find(None).is_ok(), is_apple_silicon);
    }
}

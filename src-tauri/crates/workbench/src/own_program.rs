//! This program as a child of itself: what the command line and the window start when something
//! may crash, and what of their environment the child gets.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::thread;

use braincells_llm::mlx::{MlxHelper, MlxUnavailable};
use braincells_llm::worker::{LoadLlama, Served, WorkerProgram, serve_process};

use crate::ProcessProbe;

/// The argument with which the program calls [`answer_probe`](crate::answer_probe).
pub const PROBE_VERB: &str = "probe-sheet";
/// The argument with which the program calls [`serve_engine`].
pub const ENGINE_VERB: &str = "serve-engine";
/// The argument with which the program calls [`answer_tune`](crate::answer_tune).
pub const TUNE_VERB: &str = "tune-here";

/// What a program needs of its environment to be loaded at all.
const LOADER: [&str; 4] = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "PATH"];

/// What drivers, their caches and the threads of an engine are set up by.
const ENGINE: [&str; 18] = [
    "APPDATA",
    "HOME",
    "LANG",
    "LOCALAPPDATA",
    "NUMBER_OF_PROCESSORS",
    "PROGRAMDATA",
    "RUST_BACKTRACE",
    "TEMP",
    "TMP",
    "TMPDIR",
    "USERPROFILE",
    "WINDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
    "XDG_DATA_DIRS",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
];

/// How the names of such settings begin.
const ENGINE_PREFIXES: [&str; 16] = [
    "CUDA_", "GGML_", "GOMP_", "HIP_", "HSA_", "KMP_", "LC_", "MESA_", "METAL_", "MLX_", "MTL_",
    "NVIDIA_", "OMP_", "ROCR_", "SYCL_", "VK_",
];

/// Names the program that runs MLX models, on whatever machine.
const MLX_HELPER: &str = "BRAINCELLS_MLX_HELPER";

/// What no child gets, however it begins.
const SECRETS: [&str; 6] = ["AUTH", "CREDENTIAL", "KEY", "PASS", "SECRET", "TOKEN"];

/// This program, to be started again as a child. Children get of the environment only what is
/// known to be needed, so no keys.
#[derive(Clone, Debug)]
pub struct OwnProgram {
    path: PathBuf,
    environment: Vec<(OsString, OsString)>,
    mlx_helper: Option<PathBuf>,
}

impl OwnProgram {
    /// The program at `path`, which answers [`PROBE_VERB`], [`ENGINE_VERB`] and [`TUNE_VERB`],
    /// with the environment that it was started in.
    pub fn new(path: PathBuf, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let known = |(name, _): &(OsString, OsString)| is_for_loader(name) || is_for_engine(name);
        let mut mlx_helper = None;
        let mut kept = Vec::new();
        for variable in environment {
            if variable.0 == MLX_HELPER {
                mlx_helper =
                    Some(PathBuf::from(variable.1)).filter(|path| !path.as_os_str().is_empty());
            } else if known(&variable) {
                kept.push(variable);
            }
        }
        Self { path, environment: kept, mlx_helper }
    }

    /// Tries sheets in a child.
    pub fn probe(&self) -> ProcessProbe {
        let environment = self.environment.iter().filter(|(name, _)| is_for_loader(name));
        let environment = environment.cloned().collect();
        ProcessProbe::new(self.path.clone(), vec![PROBE_VERB.into()], environment)
    }

    /// Runs engines in a child.
    pub fn engine(&self) -> WorkerProgram {
        WorkerProgram {
            program: self.path.clone(),
            arguments: vec![ENGINE_VERB.into()],
            environment: self.environment.clone(),
        }
    }

    /// Runs MLX models in their helper: the one that `BRAINCELLS_MLX_HELPER` names, or the one
    /// beside this program on Apple Silicon.
    pub fn mlx(&self) -> Result<MlxHelper, MlxUnavailable> {
        let named: Option<&Path> = self.mlx_helper.as_deref();
        MlxHelper::find(named, &self.path, self.environment.clone())
    }
}

fn is_for_loader(name: &OsStr) -> bool {
    LOADER.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_for_engine(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let name = name.to_ascii_uppercase();
    let wanted = ENGINE.contains(&name.as_str())
        || ENGINE_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    wanted && !SECRETS.iter().any(|secret| name.contains(secret))
}

/// What the process that runs an engine does, all of it; see [`braincells_llm::worker`]. Ends the
/// process.
pub fn serve_engine() -> ! {
    let code = match serve_process(LoadLlama) {
        Served::ShutDown => 0,
        Served::ParentGone | Served::Broken => 1,
    };
    // Destructors of statics must not run beneath llama.cpp's threads.
    signal_hook::low_level::exit(code)
}

/// Ends this process with `code` as soon as stdin ends: whoever started it is gone, and what it
/// holds must be free for the next one. `false` if that cannot be watched.
pub(crate) fn end_with_parent(code: u8) -> bool {
    let watch = thread::Builder::new().name("parent-watch".to_owned()).spawn(move || {
        let mut ignored = [0; 64];
        let mut stdin = io::stdin().lock();
        while stdin.read(&mut ignored).is_ok_and(|length| length > 0) {}
        // Destructors of statics must not run beneath the threads of DuckDB or llama.cpp.
        signal_hook::low_level::exit(code.into());
    });
    watch.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_gets_what_it_needs_of_the_environment_and_no_keys() {
        let given = [
            "PATH",
            "HOME",
            "SystemRoot",
            "LD_LIBRARY_PATH",
            "OMP_NUM_THREADS",
            "GGML_VK_DEVICE",
            "CUDA_VISIBLE_DEVICES",
            "VK_ICD_FILENAMES",
            "LC_ALL",
            "OPENAI_API_KEY",
            "HF_TOKEN",
            "CUDA_LICENSE_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "SSH_AUTH_SOCK",
            "BRAINCELLS_HOME",
            "LD_PRELOAD",
            "GITHUB_TOKEN",
            "",
        ];
        let environment = given.map(|name| (OsString::from(name), OsString::from("value")));
        let program = OwnProgram::new("braincells".into(), environment);
        let engine = program.engine();
        let names: Vec<&str> =
            engine.environment.iter().map(|(name, _)| name.to_str().unwrap()).collect();
        assert_eq!(names, given[..9]);
        assert_eq!(engine.arguments, ["serve-engine"]);
    }

    /// The keys that people keep in the environment, and what a child has of it: it writes that
    /// beside itself.
    #[cfg(unix)]
    #[tokio::test]
    async fn no_child_is_started_with_a_key() {
        use std::os::unix::fs::PermissionsExt;
        use std::sync::Arc;

        use braincells_data::{Limits, ProbeRequest, TornTail};
        use braincells_llm::llama::{TuneRequest, TunedOrigin};
        use braincells_testing::{ManualClock, TempHome};

        use crate::{EngineOptions, EngineSource as _, Home, LocalEngines, SheetProbe as _};

        const KEYS: [&str; 3] = ["HF_TOKEN", "OPENAI_API_KEY", "OPENROUTER_API_KEY"];

        let temporary = TempHome::new();
        let script = temporary.write("child", "#!/bin/sh\nenv > \"$0.$1\"\n");
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let keys = KEYS.map(|name| (OsString::from(name), OsString::from("sk-canary")));
        let path = (OsString::from("PATH"), OsString::from("/usr/bin:/bin"));
        let program = OwnProgram::new(script.clone(), keys.into_iter().chain([path]));
        let limits = Limits { memory_bytes: 1, threads: 1 };
        let sheet = temporary.outside().join("s.duckdb");
        let torn_tail = TornTail::End;
        program.probe().probe(&ProbeRequest { path: sheet, limits, torn_tail, whole: false });
        let home = Home::new(temporary.outside().to_owned());
        home.create_folders().unwrap();
        let mut model = b"GGUF\x03\0\0\0".to_vec();
        model.resize(100, 0);
        std::fs::write(home.models().join("m.gguf"), model).unwrap();
        let clock = Arc::new(ManualClock::at(0));
        let engines = LocalEngines::in_worker(home.clone(), clock, program.engine());
        let events = Arc::new(braincells_core::IgnoreEvents);
        let loaded = engines.engine("m.gguf", &EngineOptions::default(), events).await;
        assert!(loaded.is_err(), "the child ends at once");
        let request = TuneRequest {
            model: home.models().join("m.gguf"),
            origin: TunedOrigin { file: String::new(), sha256: String::new(), at_ms: 0 },
            scratch: home.temporary(),
            candidates: Vec::new(),
            threads: None,
            gpu_layers: None,
            memory_bytes: None,
            disk_bytes: None,
        };
        let tuner = engines.tuner();
        assert!(tuner.tune(&request, &Arc::default(), Arc::new(|_| ())).is_err());
        for verb in [PROBE_VERB, ENGINE_VERB, TUNE_VERB] {
            let seen = std::fs::read_to_string(script.with_file_name(format!("child.{verb}")));
            let seen = seen.expect(verb);
            assert!(seen.contains("PATH=") && !seen.contains("canary"), "{verb}: {seen}");
            assert!(KEYS.iter().all(|key| !seen.contains(key)), "{verb}: {seen}");
        }
    }
}

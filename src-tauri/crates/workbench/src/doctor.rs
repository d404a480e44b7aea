//! What this machine has, and what will be used.

use std::path::PathBuf;

use braincells_llm::llama::{self, Device, DeviceKind};
use braincells_models::catalogue::Runtime;
use serde::Serialize;

use crate::machine::{disk_free_bytes, memory, operating_system};
use crate::models::{ModelFile, resolve_model};
use crate::sheets::sheet_limits;
use crate::{Home, Workbench};

/// A report about the machine; never an error, so that it can be asked for when nothing works.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Doctor {
    /// This program's version.
    pub version: String,
    /// The operating system with its version.
    pub os: String,
    /// The processor architecture.
    pub arch: String,
    /// Physical processor cores that this process may use.
    pub physical_cores: usize,
    /// Main memory in bytes, where the system tells.
    pub memory_total_bytes: Option<u64>,
    /// Of that, what programs can still take.
    pub memory_free_bytes: Option<u64>,
    /// The home folder.
    pub home: PathBuf,
    /// Free space on the home folder's disk, where the system tells.
    pub disk_free_bytes: Option<u64>,
    /// The model files.
    pub models: Vec<ModelFile>,
    /// The model that is used when none is named.
    pub default_model: Option<PathBuf>,
    /// What llama.cpp can compute on.
    pub devices: Vec<Device>,
    /// How llama.cpp was built.
    pub llama: String,
    /// The modules of llama.cpp that were loaded for this machine, by file; none in a static
    /// build.
    pub llama_modules: Vec<String>,
    /// Whether models for MLX run here.
    pub mlx: bool,
    /// DuckDB's version.
    pub duckdb: String,
    /// The most memory that DuckDB takes for one open sheet, in bytes.
    pub sheet_memory_bytes: u64,
    /// What a run will use, in one line.
    pub will_use: String,
    /// What stands in the way, one line each.
    pub problems: Vec<String>,
}

impl Workbench {
    /// Looks at the machine.
    pub async fn doctor(&self) -> Doctor {
        let models = self.models().await;
        let settings = self.settings().await;
        let home = self.home().clone();
        let mlx = self.engines().runs(Runtime::Mlx);
        let (models, mut problems) = match models {
            Ok(models) => (models, Vec::new()),
            Err(error) => (Vec::new(), vec![error.message]),
        };
        let default_model = match settings {
            Ok(settings) => settings.model,
            Err(error) => {
                problems.push(error.message);
                String::new()
            }
        };
        let looked = tokio::task::spawn_blocking(move || {
            let default_model = resolve_model(&default_model, &models);
            if let Err(error) = &default_model {
                problems.push(one_line(error));
            }
            Doctor { mlx, ..examine(&home, models, default_model.ok(), problems) }
        });
        looked.await.expect("looking at the machine does not panic and is not cancelled")
    }
}

fn one_line(error: &braincells_core::AppError) -> String {
    match &error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message.clone(),
    }
}

fn examine(
    home: &Home,
    models: Vec<ModelFile>,
    default_model: Option<PathBuf>,
    mut problems: Vec<String>,
) -> Doctor {
    let duckdb = braincells_data::duckdb_version().unwrap_or_else(|error| {
        problems.push(error.to_string());
        "unknown".to_owned()
    });
    let memory = memory();
    let devices = llama::devices();
    let physical_cores = llama::physical_cores();
    Doctor {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        os: operating_system(),
        arch: std::env::consts::ARCH.to_owned(),
        physical_cores,
        memory_total_bytes: memory.map(|memory| memory.total_bytes),
        memory_free_bytes: memory.map(|memory| memory.free_bytes),
        home: home.root().to_owned(),
        disk_free_bytes: disk_free_bytes(home.root()),
        models,
        default_model,
        will_use: will_use(&devices, physical_cores),
        devices,
        llama: llama::build_info(),
        llama_modules: llama::loaded_modules(),
        mlx: false,
        duckdb,
        sheet_memory_bytes: sheet_limits().memory_bytes,
        problems,
    }
}

fn will_use(devices: &[Device], physical_cores: usize) -> String {
    let is_gpu =
        |device: &&Device| matches!(device.kind, DeviceKind::Gpu | DeviceKind::IntegratedGpu);
    match (devices.iter().find(is_gpu), physical_cores) {
        (Some(gpu), _) => format!("the GPU `{}` ({})", gpu.name, gpu.description),
        (None, 1) => "the CPU with 1 thread".to_owned(),
        (None, cores) => format!("the CPU with {cores} threads"),
    }
}

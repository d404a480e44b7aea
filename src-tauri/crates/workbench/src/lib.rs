//! The verbs of Braincells, each of them once: import, list, show, add an AI column, preview,
//! run, pause, resume, export, and what goes with them.
//!
//! The command line (and later the window) is the caller: it unpacks what the user said, calls
//! one verb and shows what comes back. Time, the home folder, the event sink and the engines are
//! handed in as a [`World`], and so is the process in which a sheet is tried that may be damaged.
//!
//! What this crate promises: a cell that an event announced is on disk; a killed process loses at
//! most what was not announced; a person's cell is never overwritten by a run; a second run on the
//! same column is refused. What it leaves out: how a cell is stored (`data`) and how it is made
//! (`llm`).
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use braincells_core::{AppError, IgnoreEvents, Recipe, RunScope};
//! # use braincells_workbench::{
//! #     Cloud, EngineOptions, Home, InputFile, Keys, LocalEngines, OwnProgram, RoutedEngines,
//! #     SystemClock, Workbench, World,
//! # };
//! # async fn fill(recipe: Recipe) -> Result<(), AppError> {
//! let home = Home::new("braincells-home".into());
//! let clock = Arc::new(SystemClock);
//! // Calls `answer_probe` and `serve_engine` when it is started with their verbs.
//! let program = OwnProgram::new("braincells".into(), Vec::new());
//! let local = LocalEngines::in_worker(home.clone(), clock.clone(), program.engine());
//! // With the keys of the keyring.
//! let cloud = Arc::new(Cloud::new(Keys::of_platform()));
//! let engines =
//!     RoutedEngines::new(Arc::new(local), home.clone(), clock.clone(), Arc::clone(&cloud));
//! let workbench = Workbench::open(World {
//!     engines: Arc::new(engines),
//!     cloud,
//!     probe: Arc::new(program.probe()),
//!     clock,
//!     events: Arc::new(IgnoreEvents),
//!     home,
//! })?;
//! let sheet = workbench.import(&InputFile::new("reviews.csv")).await?.id;
//! let column = workbench.add_ai_column(sheet, "mood", recipe).await?.id;
//! let run = workbench.run(sheet, column, RunScope::Empty, &EngineOptions::default()).await?;
//! println!("{:?}", run.finished().await.status);
//! # Ok(())
//! # }
//! ```

mod answers;
mod backends;
mod batch_file;
mod blocking;
mod cache;
mod calibration;
mod cell_prompt;
mod cells;
mod columns;
mod copy;
mod doctor;
mod downloads;
mod error;
mod estimate;
mod example;
mod examples;
mod fill;
mod held;
mod home;
mod kept;
mod local_engines;
mod local_only;
mod machine;
mod measured_setup;
mod mlx;
mod model_hash;
mod models;
mod modules;
mod own_program;
mod preview;
mod probe;
mod queue;
pub mod recipe_file;
mod recipes;
mod rows;
mod run;
mod settings;
mod sheets;
mod split;
mod sql;
mod stats;
mod steps;
mod transfer;
mod tune_model;
mod views;
mod workbench;
mod world;

pub use backends::{
    BackendInfo, BackendModel, Backends, Cloud, KeyEnvironment, KeySource, Keys, Preset,
    RoutedEngines, key_variable,
};
pub use batch_file::{BatchFile, BatchRead, BatchWritten, MoreFiles};
pub use braincells_core::EngineOptions;
pub use braincells_data::{
    CachedModel, ClipboardKind, Dialect, Encoding, Format, ImportOptions, ImportPreview,
    PreviewColumn, ProbeOutcome, ProbeRequest, Quote, ResponseCacheInfo, RowSelection,
    parse_clipboard,
};
pub use braincells_llm::cloud::ConnectionReport;
pub use braincells_llm::llama::{
    Candidate, CandidateOutcome, Device, DeviceKind, Likeness, Quantisation, Speed, TuneProgress,
    TuneReport, TuneRequest, TunedOrigin, Tuning,
};
pub use braincells_llm::mlx::{MlxHelper, MlxUnavailable};
pub use braincells_llm::worker::WorkerProgram;
pub use braincells_llm::{Message, Price, Role};
pub use braincells_models::catalogue::{Model, ModelRole, Runtime, SizeClass, Variant};
pub use braincells_models::fit::{Judgement, Memory, Verdict};
pub use braincells_models::hub::{
    Choice, Gate, HubFile, HubModel, Reference, Repository, Search, SearchSort,
};
pub use calibration::{
    CheckedFigures, LabelCell, LabelCount, LabelFigures, Recalibration, ReliabilityBin,
};
pub use cell_prompt::CellPrompt;
pub use columns::Shown;
pub use copy::{CopiedCells, CopyFormat, CopyRequest};
pub use doctor::Doctor;
pub use downloads::DownloadRequest;
pub use estimate::{
    AnswerBasis, ESTIMATED_ROWS, Estimate, EstimateBasis, EstimateRequest, TimeBasis,
};
pub use examples::{ExampleView, Examples};
pub use fill::{Fill, FillRequest};
pub use home::Home;
pub use local_engines::LocalEngines;
pub use mlx::{MlxModelInfo, MlxModelStatus, ProcessedText};
pub use models::{
    AddModel, DeletedModel, FoundModel, HubFit, HubRepository, LOCAL_MLX, Leftover, ModelApp,
    ModelFile, ModelInfo, ModelStorage, OtherApps, RecommendedModel, STARTER_MODEL,
};
pub use modules::use_modules_of;
pub use own_program::{ENGINE_VERB, OwnProgram, PROBE_VERB, TUNE_VERB, serve_engine};
pub use preview::PreviewRow;
pub use probe::{ProbeHere, ProcessProbe, SheetProbe, answer_probe};
pub use recipes::{
    ColumnEstimate, ExportedRecipe, ImportedRecipe, OutlinedColumn, PlannedColumn, RecipeCheck,
    RecipeEstimate, RecipeFit, RecipeOutline, RecipePlan,
};
pub use rows::RowPlace;
pub use run::{ColumnOutcome, ColumnsHandle, RunHandle, RunOutcome};
pub use sheets::OpenedSheet;
pub use stats::Selection;
pub use steps::Compacted;
pub use transfer::{ExportFile, InputFile, OutputFile, Positions};
pub use tune_model::{ModelTuner, ProcessTuner, TuneHere, TuneOptions, TunedModel, answer_tune};
pub use workbench::Workbench;
pub use world::{EngineSource, ModelStanding, SystemClock, World};

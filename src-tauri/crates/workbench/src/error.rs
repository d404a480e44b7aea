//! What can go wrong in the verbs, as codes, messages and hints.
//!
//! Over 300 lines, because each failure has its place in the same few tables.

mod backends;
mod mlx;

use std::path::PathBuf;
use std::time::Duration;

use braincells_core::{AppError, Code, ColumnId, RunId, RunStatus, SheetId};
use braincells_data::Format;

/// What can go wrong in a verb itself; failures of storage and engines keep their own types.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum WorkbenchError {
    #[error("there is no sheet `{text}`")]
    NoSuchSheet { text: String },
    #[error("`{text}` could mean {} sheets: {}", candidates.len(), candidates.join(", "))]
    AmbiguousSheet { text: String, candidates: Vec<String> },
    #[error("the file of sheet `{sheet}` is gone")]
    SheetFileGone { sheet: SheetId },
    #[error("sheet `{sheet}` has a run under way")]
    SheetBusy { sheet: SheetId },
    #[error("sheet `{sheet}` is being read")]
    SheetInUse { sheet: SheetId },
    #[error("there is no sheet `{text}` in the trash")]
    NotInTrash { text: String },
    #[error("a sheet needs a name")]
    NamelessSheet,
    #[error("there is no column `{name}`")]
    NoSuchColumn { name: String, known: Vec<String> },
    #[error("there is no column with the id {column}")]
    NoSuchColumnId { column: ColumnId },
    #[error("the column `{name}` holds data and has no recipe")]
    NotAiColumn { name: String },
    #[error("the column `{name}` has no labels")]
    NoLabels { name: String },
    #[error("no label scores are kept for the column `{name}`")]
    NoLabelScores { name: String },
    #[error("it was never measured which labels the model likes in the column `{name}`")]
    NoLabelPrior { name: String },
    #[error("the column `{name}` is already being filled")]
    ColumnBusy { name: String },
    #[error("run {run} is {}", status.as_str())]
    RunNotResumable { run: RunId, status: RunStatus },
    #[error("no object has a property `{name}`")]
    NoSuchProperty { name: String, known: Vec<String> },
    #[error("the column `{name}` holds no JSON objects to split")]
    NothingToSplit { name: String },
    #[error("`{}` is itself a tuned copy, of `{original}`", path.display())]
    TunedAlready { path: PathBuf, original: String },
    #[error("there is another file at `{}`", path.display())]
    TunedNameTaken { path: PathBuf },
    #[error("another model is being tuned")]
    TuningElsewhere,
    #[error("the process that tunes the model {what}")]
    TuningEnded { what: String },
    #[error("a column needs a name")]
    NamelessColumn,
    #[error("no model made entry {seq} of that cell")]
    NoPrompt { seq: i64 },
    #[error("there is no value to approve, only empty cells")]
    NothingToValidate,
    #[error("more than {most} cells would change at once")]
    TooManyReplacements { most: u64 },
    #[error("more than {most} cells cannot be copied at once")]
    TooManyToCopy { most: u64 },
    #[error("the text of these cells is longer than {} MiB", most_bytes >> 20)]
    TooLongToCopy { most_bytes: usize },
    #[error("{number} {setting} is not possible")]
    SettingOutOfRange { setting: &'static str, number: u32, least: u32, most: u32 },
    #[error("there is no backend `{id}`")]
    NoSuchBackend { id: String, known: Vec<String> },
    #[error("there cannot be more than {most} endpoints")]
    TooManyEndpoints { most: usize },
    #[error("there cannot be more than {most} models of `{id}`")]
    TooManyModels { id: String, most: usize },
    #[error("there are two endpoints `{id}`")]
    EndpointTwice { id: String },
    #[error("`{text}` names no model")]
    NoModelName { text: String },
    #[error("no key of {backend} is kept")]
    NoKey { backend: String },
    #[error("the key of {backend} comes from the environment and stays")]
    KeyOfEnvironment { backend: String, variable: String },
    #[error("the keyring cannot be used: {reason}")]
    KeyringFailed { reason: String },
    #[error("`{model}` is not on this machine, and {what} may leave it")]
    LocalOnly { model: String, what: &'static str },
    #[error("the run was stopped: nothing may leave this machine any more")]
    LockedMeanwhile,
    #[error("nobody knows what `{model}` costs, so that its cost cannot be limited")]
    PriceUnknown { model: String },
    #[error("{reached}; {rows} rows were done")]
    LimitReached { reached: String, rows: u64 },
    #[error("the rows of the column `{name}` are made one after the other")]
    NotForBatch { name: String },
    #[error(
        "there is more than providers take in one file: {requests} requests or {} MB",
        bytes / 1_000_000
    )]
    BatchTooLarge { requests: u64, bytes: u64 },
    #[error("`{}` is there already, and the requests would go on in it", path.display())]
    FileInTheWay { path: PathBuf },
    #[error("`{text}` names no language")]
    NoLanguage { text: String },
    #[error("the format of `{}` is not known", path.display())]
    UnknownFormat { path: PathBuf },
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String, missing: bool },
    #[error("another model file named `{name}` is already listed")]
    ModelNameTaken { name: String },
    #[error("there is no model `{name}`")]
    NoSuchModel { name: String, known: Vec<String> },
    #[error("`{name}` could mean {} models: {}", candidates.len(), candidates.join(", "))]
    AmbiguousModel { name: String, candidates: Vec<String> },
    #[error(
        "the chosen model for MLX is not on this machine: until it is, cells keep their values"
    )]
    NoMlxModel,
    #[error("`{}` is a model for MLX, and only GGUF files are tuned", path.display())]
    NotTuned { path: PathBuf },
    #[error("models for MLX do not run here")]
    NoMlx,
    #[error("the model `{name}` is being downloaded")]
    MlxModelFetched { name: String },
    #[error("`{name}` is not being downloaded")]
    NoMlxDownload { name: String },
    #[error("no model is named and there is no default to take")]
    NoDefaultModel { known: Vec<String> },
    #[error("the engine ended with {unanswered} of {asked} requests unanswered")]
    EngineEndedEarly { asked: u64, unanswered: u64 },
    #[error("every referenced cell is empty")]
    EmptyInput,
    #[error("the view is no longer open")]
    ViewClosed,
    #[error("the query was stopped after {} s", timeout.as_secs_f64())]
    QueryTimeout { timeout: Duration },
    #[error("the engine ended each time that it worked on this row")]
    EndsEngine,
    #[error("the engine's process ended twice with nothing but this row to work on: {reason}")]
    EndsWorker { reason: String },
    #[error("the model repeats what the column has already: `{answer}`")]
    Repeats { answer: String },
    #[error("the column `{name}`, which this one reads, was not filled")]
    InputNotFilled { name: String },
    #[error("the workbench was closed")]
    Closed,
}

impl WorkbenchError {
    fn code(&self) -> Code {
        match self {
            Self::NoSuchSheet { .. }
            | Self::SheetFileGone { .. }
            | Self::NotInTrash { .. }
            | Self::NoSuchColumn { .. }
            | Self::NoSuchProperty { .. }
            | Self::NoSuchColumnId { .. }
            | Self::NoSuchBackend { .. }
            | Self::NoKey { .. }
            | Self::Unreadable { missing: true, .. }
            | Self::NoMlxDownload { .. }
            | Self::ViewClosed => Code::NotFound,
            Self::AmbiguousSheet { .. }
            | Self::SheetBusy { .. }
            | Self::SheetInUse { .. }
            | Self::ColumnBusy { .. }
            | Self::RunNotResumable { .. }
            | Self::ModelNameTaken { .. }
            | Self::TunedNameTaken { .. }
            | Self::TuningElsewhere
            | Self::AmbiguousModel { .. }
            | Self::KeyOfEnvironment { .. }
            | Self::FileInTheWay { .. }
            | Self::InputNotFilled { .. }
            | Self::MlxModelFetched { .. } => Code::Conflict,
            Self::NotAiColumn { .. }
            | Self::NotTuned { .. }
            | Self::NothingToSplit { .. }
            | Self::TunedAlready { .. }
            | Self::NoLabels { .. }
            | Self::NoLabelScores { .. }
            | Self::NoLabelPrior { .. }
            | Self::NamelessColumn
            | Self::NamelessSheet
            | Self::NothingToValidate
            | Self::NoPrompt { .. }
            | Self::TooManyReplacements { .. }
            | Self::TooManyToCopy { .. }
            | Self::TooLongToCopy { .. }
            | Self::SettingOutOfRange { .. }
            | Self::NoLanguage { .. }
            | Self::TooManyEndpoints { .. }
            | Self::TooManyModels { .. }
            | Self::EndpointTwice { .. }
            | Self::NoModelName { .. }
            | Self::PriceUnknown { .. }
            | Self::NotForBatch { .. }
            | Self::BatchTooLarge { .. }
            | Self::UnknownFormat { .. }
            | Self::Unreadable { .. }
            | Self::EmptyInput => Code::BadInput,
            Self::NoSuchModel { .. }
            | Self::NoDefaultModel { .. }
            | Self::NoMlxModel
            | Self::NoMlx => Code::ModelMissing,
            Self::EngineEndedEarly { .. }
            | Self::EndsEngine
            | Self::EndsWorker { .. }
            | Self::TuningEnded { .. } => Code::EngineFailed,
            Self::QueryTimeout { .. } | Self::Closed => Code::Cancelled,
            Self::Repeats { .. } => Code::OutputInvalid,
            Self::KeyringFailed { .. } => Code::Storage,
            Self::LocalOnly { .. } | Self::LockedMeanwhile => Code::LocalOnly,
            Self::LimitReached { .. } => Code::LimitReached,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoSuchSheet { .. } | Self::SheetFileGone { .. } => {
                "`braincells sheets` lists what there is".to_owned()
            }
            Self::AmbiguousSheet { .. } => "name one of them by its id".to_owned(),
            Self::NoSuchColumn { known, .. } => format!("the columns are {}", listed(known)),
            Self::NoSuchProperty { known, .. } => {
                format!("the properties are {}; name a type if there may be more", listed(known))
            }
            Self::NothingToSplit { .. } => {
                "fill it first, or name the properties with their types".to_owned()
            }
            Self::TunedAlready { original, .. } => format!("tune `{original}`"),
            Self::TunedNameTaken { .. } => "rename that file, or remove it".to_owned(),
            Self::TuningElsewhere => "wait until that is done".to_owned(),
            Self::TuningEnded { .. } => {
                "if memory is short, close other programs; else the file may be damaged".to_owned()
            }
            Self::NoSuchColumnId { .. } | Self::NothingToValidate | Self::Closed => return None,
            Self::NotAiColumn { .. } => "only AI columns are filled and approved".to_owned(),
            Self::NoLabels { .. } => {
                "only columns of the types label and boolean are calibrated".to_owned()
            }
            Self::NoLabelScores { .. } => {
                "fill it again: it was filled by an older version, or by an engine that gives none"
                    .to_owned()
            }
            Self::NoLabelPrior { .. } => {
                "fill it with the calibration `prior`, approve or correct some cells of each \
                 label, or calibrate by its rows with `batch`"
                    .to_owned()
            }
            Self::SheetBusy { .. } | Self::ColumnBusy { .. } => {
                "wait for the run to end, or stop it first".to_owned()
            }
            Self::RunNotResumable { .. } => "start a new run instead".to_owned(),
            Self::SheetInUse { .. } => "try again when that is done".to_owned(),
            Self::NotInTrash { .. } => "`braincells sheets trash` lists what is there".to_owned(),
            Self::NamelessSheet => "write one that is not blank".to_owned(),
            Self::NamelessColumn => "give it one with `--name`".to_owned(),
            Self::NoPrompt { .. } => "`braincells history` lists the entries".to_owned(),
            Self::TooManyReplacements { .. } => "narrow the search with a filter".to_owned(),
            Self::TooManyToCopy { .. } | Self::TooLongToCopy { .. } => {
                "export them to a file instead".to_owned()
            }
            Self::SettingOutOfRange { least, most, .. } => {
                format!("choose a number from {least} to {most}")
            }
            Self::NoSuchBackend { .. }
            | Self::TooManyEndpoints { .. }
            | Self::TooManyModels { .. }
            | Self::EndpointTwice { .. }
            | Self::NoModelName { .. }
            | Self::NoKey { .. }
            | Self::KeyOfEnvironment { .. }
            | Self::KeyringFailed { .. }
            | Self::LocalOnly { .. }
            | Self::LockedMeanwhile
            | Self::PriceUnknown { .. }
            | Self::LimitReached { .. }
            | Self::NotForBatch { .. }
            | Self::BatchTooLarge { .. }
            | Self::FileInTheWay { .. } => return self.backend_hint(),
            Self::NoMlx
            | Self::NoMlxModel
            | Self::NotTuned { .. }
            | Self::MlxModelFetched { .. }
            | Self::NoMlxDownload { .. } => return self.mlx_hint(),
            Self::NoLanguage { .. } => "write a language tag such as `en` or `pt-BR`".to_owned(),
            Self::UnknownFormat { .. } => {
                let words: Vec<&str> = Format::ALL.into_iter().map(Format::extension).collect();
                format!("name it with `--format`: {}", words.join(", "))
            }
            Self::Unreadable { .. } => "check the path and its permissions".to_owned(),
            Self::ModelNameTaken { .. } => "rename one of the two files".to_owned(),
            Self::NoSuchModel { known, .. } => match known.as_slice() {
                [] => NO_MODELS.to_owned(),
                _ => format!("the models are {}", listed(known)),
            },
            Self::AmbiguousModel { .. } => "write more of the name".to_owned(),
            Self::NoDefaultModel { known } => match known.as_slice() {
                [] => NO_MODELS.to_owned(),
                _ => format!("name one of {} with `--model`", listed(known)),
            },
            Self::EngineEndedEarly { .. } => "resume the run".to_owned(),
            Self::ViewClosed => "open it again, only the last few views are kept".to_owned(),
            Self::QueryTimeout { .. } => "ask for less, or allow it more time".to_owned(),
            Self::EmptyInput => "fill the cells that the prompt names".to_owned(),
            Self::EndsEngine | Self::EndsWorker { .. } => {
                "shorten the row's text, or take another model; the other rows are not affected"
                    .to_owned()
            }
            Self::Repeats { .. } => {
                "ask for more variety in the prompt, raise the temperature, or take a larger model"
                    .to_owned()
            }
            Self::InputNotFilled { name } => format!("fill `{name}` first, then this one"),
        };
        Some(hint)
    }
}

const NO_MODELS: &str = "there are no models yet: run `scripts/starter-model`, or add a GGUF file \
                         with `braincells models add`";

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl From<WorkbenchError> for AppError {
    fn from(error: WorkbenchError) -> Self {
        let app = Self::new(error.code(), error.to_string());
        match error.hint() {
            Some(hint) => app.with_hint(hint),
            None => app,
        }
    }
}

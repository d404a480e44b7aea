//! What can be typed: the verbs and their options, as clap sees them.
//!
//! Only shapes and ranges are checked here; whether a file exists or a column is known is the
//! workbench's to say.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{NonEmptyStringValueParser, OsStringValueParser};
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::values::{self, FileFormat};

mod backends;
mod downloads;
mod edit;
mod fill;
mod input;
mod labels;
mod look;
mod model_files;
mod models;
mod recipe;
mod sheets;

pub use backends::{
    BackendsAction, BackendsArgs, BatchAction, BatchArgs, KeysAction, KeysArgs, LimitsArgs,
};
pub use downloads::{DownloadsArg, PullArgs, ResumeDownloadsArgs};
pub use edit::{
    ColumnsAction, ColumnsArgs, HistoryArgs, PlaceArgs, RowsAction, RowsArgs, UndoArgs,
};
pub use fill::{EngineArgs, FillArgs, OutputArgs, RerunArgs};
pub use input::InputArgs;
pub use labels::{Calibrating, LabelsArgs};
pub use look::{
    CacheAction, CacheArgs, CellsToFill, ScopeArgs, SqlArgs, StatsArgs, UpdateArgs, ViewArgs,
};
pub use model_files::{
    AddArgs, CatalogueArgs, ModelArg, ModelFitArgs, RemoveArgs, ScanArgs, SearchArgs, StorageArgs,
};
pub use models::{ModelsAction, ModelsArgs};
pub use recipe::{FitArgs, RecipeAction, RecipeArgs, RunArgs};
pub use sheets::{SheetsAction, SheetsArgs};

const EXIT_CODES: &str = "\
Exit codes:
  0    finished
  1    a defect of Braincells
  2    wrong usage
  3    finished, but some cells failed
  4    a file, a value, a prompt or a recipe that cannot be used
  5    the model is missing or broken
  6    not found, or in use, or already there
  7    the disk is full or refused
  8    the engine failed
  9    a backend that is not on this machine said no (key, credit, refusal) or cannot be
       reached, the sheet is locked to this machine, or a limit of the run is reached
  130  stopped by Ctrl-C or SIGTERM; what was done is kept";

/// Fill the columns of a table with a language model, on this machine or with a provider.
#[derive(Debug, Parser)]
#[command(name = "braincells", version, after_help = EXIT_CODES, max_term_width = 100)]
#[command(arg_required_else_help = true, subcommand_required = true)]
pub struct Arguments {
    /// Options of every verb.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

impl Arguments {
    /// What clap cannot say by itself.
    pub fn check(&self) -> Result<(), clap::Error> {
        let input = match &self.verb {
            Verb::Fill(verb) => Some(verb.input.clone()),
            Verb::Run(verb) => Some(verb.input.clone()),
            Verb::Import(verb) => Some(verb.input.clone()),
            Verb::Recipe(RecipeArgs { action: RecipeAction::Check { table, .. } }) => table.named(),
            _ => None,
        };
        if input.is_some_and(|input| input.is_stdin() && input.format.is_none()) {
            let message =
                "stdin has no name to tell its format: add --format, such as --format csv";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, message));
        }
        let mistake = match &self.verb {
            Verb::Keys(KeysArgs { action: Some(action) }) => action.mistake(),
            _ => None,
        };
        match mistake {
            Some(message) => Err(Self::command().error(ErrorKind::ValueValidation, message)),
            None => Ok(()),
        }
    }

    /// Whether stdout carries a table, so that everything else must keep off it.
    pub fn writes_data_to_stdout(&self) -> bool {
        let is_stdout = |out: &Path| out == Path::new("-");
        match &self.verb {
            Verb::Fill(verb) if verb.preview.is_some() => false,
            Verb::Fill(verb) => verb.output.goes_to_stdout(&verb.input),
            Verb::Run(verb) if verb.check => false,
            Verb::Run(verb) => verb.output.goes_to_stdout(&verb.input),
            Verb::Recipe(RecipeArgs { action: RecipeAction::Export { out, .. } }) => {
                out.as_deref().is_none_or(is_stdout)
            }
            Verb::Resume(verb) => verb.output.out.as_deref().is_some_and(is_stdout),
            Verb::Update(verb) => verb.output.out.as_deref().is_some_and(is_stdout),
            Verb::Export(verb) => is_stdout(&verb.out),
            Verb::Batch(BatchArgs { action: BatchAction::Write { out, .. } }) => is_stdout(out),
            _ => false,
        }
    }
}

/// Options that every verb takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Folder of sheets and models [default: the data folder of this platform]
    #[arg(long, global = true, env = "BRAINCELLS_HOME", value_name = "DIR")]
    #[arg(value_parser = OsStringValueParser::new(), hide_env_values = true)]
    pub home: Option<OsString>,
    /// Print one JSON object a line: every event, the result, and an error if there is one
    #[arg(long, global = true)]
    pub json: bool,
    /// Print only data and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log to stderr; twice for more, three times for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

impl GlobalArgs {
    /// The home that was named. An empty variable is one that is not set.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref().filter(|home| !home.is_empty()).map(Path::new)
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Add one column to a file, filled by a model
    #[command(after_help = fill::EXAMPLES)]
    Fill(Box<FillArgs>),
    /// Add the columns of a recipe file to a file, in the order in which they need each other
    Run(Box<RunArgs>),
    /// Write the recipes of a sheet to a file, add those of a file to a sheet, or look at a file
    Recipe(RecipeArgs),
    /// Make a sheet of a file
    Import(ImportArgs),
    /// List the sheets, or make, rename, copy, delete and restore some
    Sheets(SheetsArgs),
    /// Print rows of a sheet as a table
    Show(ShowArgs),
    /// List the columns of a sheet, or change them
    Columns(ColumnsArgs),
    /// Add, delete and move rows of a sheet, and write its cells
    Rows(RowsArgs),
    /// Take back the last step in a sheet, or list its steps
    Undo(UndoArgs),
    /// Do the step again that was taken back last
    Redo(UndoArgs),
    /// Show everything that happened to a cell, or go back to an earlier value
    History(HistoryArgs),
    /// Say what the columns of a sheet hold, in figures
    Stats(StatsArgs),
    /// Say how a column's labels are spread, calibrated and, where cells were checked, how good
    /// they are; or calibrate them anew, without a model
    Labels(LabelsArgs),
    /// Ask a sheet a question in SQL; nothing is changed
    Sql(SqlArgs),
    /// Fill the cells of a sheet that are not up to date
    Update(Box<UpdateArgs>),
    /// Say what is kept of the answers that models gave, or forget some
    Cache(CacheArgs),
    /// Write a sheet to a file
    Export(ExportArgs),
    /// List the runs of a sheet
    Runs(SheetArg),
    /// Go on with what was stopped in a sheet, or try its failed cells again
    Resume(ResumeArgs),
    /// Write what a column would ask to a batch file for a provider, or read the answers back
    Batch(BatchArgs),
    /// List the models; find, download, add, look into, tune or delete one
    Models(ModelsArgs),
    /// List the backends that are not on this machine, try one, add one, or set its limits
    Backends(BackendsArgs),
    /// Say where the keys of the backends come from, and keep or remove one
    Keys(KeysArgs),
    /// Say what this machine has and what would be used
    Doctor,
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Try a sheet that may be damaged; started by Braincells itself
    #[command(hide = true)]
    ProbeSheet {
        /// What `braincells_workbench::answer_probe` understands
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run an engine for the process that started it; started by Braincells itself
    #[command(hide = true)]
    ServeEngine,
    /// Tune a model for the process that started it; started by Braincells itself
    #[command(hide = true)]
    TuneHere,
}

/// `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Where rows come from.
    #[command(flatten)]
    pub input: InputArgs,
    /// Name of the sheet [default: the file's name]
    #[arg(short, long, value_parser = NonEmptyStringValueParser::new())]
    pub name: Option<String>,
    /// Show what the import would find, with the first N rows, and keep nothing
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "10", value_parser = clap::value_parser!(u64).range(0..=1000))]
    pub preview: Option<u64>,
}

/// A sheet by itself.
#[derive(Debug, Args)]
pub struct SheetArg {
    /// Id, beginning of an id, or name of the sheet
    #[arg(value_name = "SHEET")]
    pub sheet: String,
}

/// `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// How many rows
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub rows: u64,
    /// Position of the first row, from 1
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub start: u64,
    /// Only these columns, in this order, separated by commas
    #[arg(short, long, value_name = "A,B", value_parser = values::column_list)]
    pub columns: Option<values::ColumnList>,
    /// Which rows, and in which order.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Do not shorten long cells
    #[arg(long)]
    pub full: bool,
}

/// `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// File to write, or `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// Format to write: csv, tsv, jsonl, parquet, arrow, xlsx [default: by the file's ending]
    #[arg(long, visible_alias = "format", value_name = "FORMAT", value_parser = values::output_format)]
    pub out_format: Option<FileFormat>,
    /// Only these columns, in this order, separated by commas
    #[arg(short, long, value_name = "A,B", value_parser = values::column_list)]
    pub columns: Option<values::ColumnList>,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
    /// Write cells that look like formulas as they are
    #[arg(long)]
    pub no_neutralise: bool,
}

/// `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// Number of the run [default: the last stopped run of each column]
    #[arg(value_name = "RUN", conflicts_with = "retry_failed")]
    pub run: Option<i64>,
    /// Try the failed cells of every AI column again instead
    #[arg(long)]
    pub retry_failed: bool,
    /// Where the table goes afterwards.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How the engine runs.
    #[command(flatten)]
    pub engine: EngineArgs,
}

//! The options of `run` and `recipe`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::input::ReadingArgs;
use super::{EngineArgs, InputArgs, OutputArgs, RerunArgs, SheetArg};
use crate::values::{self, FileFormat};

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Recipe file (YAML)
    #[arg(value_name = "RECIPE")]
    pub recipe: PathBuf,
    /// Where rows come from.
    #[command(flatten)]
    pub input: InputArgs,
    /// Say what would be done, and do nothing
    #[arg(long, visible_alias = "dry-run")]
    pub check: bool,
    /// Where the table goes.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Write only these columns, in this order, separated by commas
    #[arg(short, long, value_name = "A,B", value_parser = values::column_list)]
    pub columns: Option<values::ColumnList>,
    /// How the recipe fits the table.
    #[command(flatten)]
    pub fit: FitArgs,
    /// Which rows.
    #[command(flatten)]
    pub rerun: RerunArgs,
    /// How the engine runs.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// How a recipe fits a table and this machine.
#[derive(Debug, Args)]
pub struct FitArgs {
    /// What a column of the recipe is called in the table; may be given more than once
    #[arg(long, value_name = "RECIPE=TABLE", value_parser = values::name_pair)]
    pub map: Vec<(String, String)>,
    /// Use this model for every column, whatever the recipe says; BACKEND:MODEL for a provider's
    #[arg(short, long, visible_alias = "backend", value_name = "MODEL")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub model: Option<String>,
}

/// `recipe`.
#[derive(Debug, Args)]
pub struct RecipeArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: RecipeAction,
}

/// What `recipe` can do.
#[derive(Debug, Subcommand)]
pub enum RecipeAction {
    /// Write how the AI columns of a sheet are made
    Export {
        /// The sheet.
        #[command(flatten)]
        sheet: SheetArg,
        /// File to write [default: stdout]
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Only these AI columns, separated by commas
        #[arg(short, long, value_name = "A,B", value_parser = values::column_list)]
        columns: Option<values::ColumnList>,
        /// Leave out the validated and edited rows that the model is shown as examples
        #[arg(long)]
        no_examples: bool,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
    },
    /// Add the columns of a recipe file to a sheet, without filling them
    Import {
        /// The sheet.
        #[command(flatten)]
        sheet: SheetArg,
        /// Recipe file (YAML)
        #[arg(value_name = "RECIPE")]
        recipe: PathBuf,
        /// How the recipe fits the sheet.
        #[command(flatten)]
        fit: FitArgs,
        /// Give a column another name if its own is taken
        #[arg(long)]
        rename: bool,
    },
    /// Say whether a recipe can run here and, with a table, how much work it is
    // clap leaves a required argument required when what it belongs to is optional.
    #[command(mut_arg("input", |input| input.required(false)))]
    Check {
        /// Recipe file (YAML)
        #[arg(value_name = "RECIPE")]
        recipe: PathBuf,
        /// Where rows would come from.
        #[command(flatten)]
        table: TableArgs,
        /// How the recipe fits the table.
        #[command(flatten)]
        fit: FitArgs,
    },
    /// Print what a recipe file does, with its prompts; needs no model
    Show {
        /// Recipe file (YAML)
        #[arg(value_name = "RECIPE")]
        recipe: PathBuf,
    },
}

/// A table that may be named or not.
#[derive(Debug, Args)]
pub struct TableArgs {
    /// Table to look at, in any format that is read; `-` for stdin
    #[arg(value_name = "INPUT")]
    input: Option<PathBuf>,
    /// Format of the table [default: by the file's ending]
    #[arg(long, value_name = "FORMAT", value_parser = values::input_format, requires = "input")]
    format: Option<FileFormat>,
    /// How to read it.
    #[command(flatten)]
    reading: ReadingArgs,
}

impl TableArgs {
    /// The table, if one was named.
    pub fn named(&self) -> Option<InputArgs> {
        let input = self.input.clone()?;
        Some(InputArgs { input, format: self.format, reading: self.reading.clone() })
    }
}

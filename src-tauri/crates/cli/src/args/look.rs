//! What can be typed to look at a sheet as a whole, and to bring it up to date.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::{EngineArgs, OutputArgs, SheetArg};
use crate::condition::{self, Condition, Order};
use crate::values;

/// Which rows.
#[derive(Debug, Args)]
pub struct WhereArgs {
    /// Only rows for which this holds: `rating>=4`, `city=Oslo`, `text~word`, `mood:stale`,
    /// `note:empty`; all of them if given more than once
    #[arg(long = "where", value_name = "CONDITION", value_parser = condition::condition)]
    pub conditions: Vec<Condition>,
}

/// Which rows, and in which order.
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// Which rows.
    #[command(flatten)]
    pub rows: WhereArgs,
    /// Order by this column, `COLUMN:desc` for the greatest first; earlier ones weigh more
    #[arg(long, value_name = "COLUMN", value_parser = condition::order)]
    pub sort: Vec<Order>,
}

/// `sql`.
#[derive(Debug, Args)]
pub struct SqlArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// A SELECT over the table `sheet`, or `-` to read it from stdin
    #[arg(value_name = "QUERY", value_parser = NonEmptyStringValueParser::new())]
    pub query: String,
    /// Most rows to print
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1000)]
    pub rows: u64,
    /// Make a sheet of the result instead of printing it
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub to_sheet: Option<String>,
    /// Stop after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: Option<u64>,
    /// Do not shorten long cells
    #[arg(long)]
    pub full: bool,
}

/// `stats`.
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// Only these columns, separated by commas
    #[arg(short, long, value_name = "A,B", value_parser = values::column_list)]
    pub columns: Option<values::ColumnList>,
    /// How many of the commonest values to print
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub top: u32,
    /// How many bars a histogram has
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub bins: u32,
    /// Which rows.
    #[command(flatten)]
    pub rows: WhereArgs,
}

/// Which cells of an AI column are asked for.
#[derive(Debug, Args)]
pub struct ScopeArgs {
    /// Which cells; never those that a person wrote or approved
    #[arg(long, value_enum, default_value_t = CellsToFill::Pending)]
    pub cells: CellsToFill,
    /// Which rows.
    #[command(flatten)]
    pub rows: WhereArgs,
    /// Ask the model even where an earlier answer to the same prompt is kept
    #[arg(long)]
    pub no_cache: bool,
}

/// `update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// Only these columns, separated by commas [default: all AI columns]
    #[arg(short, long, value_name = "A,B", value_parser = values::column_list)]
    pub columns: Option<values::ColumnList>,
    /// Which cells of them.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Say what it would take, and do nothing
    #[arg(long)]
    pub estimate: bool,
    /// Where the table goes afterwards.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How the engine runs.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Which cells of a column `update` and `batch write` ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CellsToFill {
    /// Empty, failed and stale ones
    Pending,
    /// Empty ones
    Empty,
    /// Those whose last attempt failed
    Failed,
    /// Those whose input changed
    Stale,
    /// All
    All,
}

/// `cache`.
#[derive(Debug, Args)]
pub struct CacheArgs {
    /// Without one, what is kept is listed.
    #[command(subcommand)]
    pub action: Option<CacheAction>,
}

/// What `cache` can do.
#[derive(Debug, Subcommand)]
pub enum CacheAction {
    /// Say how many answers are kept, and of which models
    Info,
    /// Forget answers; no cell changes
    Clear {
        /// Only those of this model, spelled as in the recipe
        #[arg(short, long, value_parser = NonEmptyStringValueParser::new())]
        model: Option<String>,
        /// Only those that were not used for so many days
        #[arg(long, value_name = "N")]
        unused_days: Option<u32>,
    },
    /// Set how many megabytes of answers are kept; 0 keeps none
    Limit {
        /// Megabytes
        megabytes: u64,
    },
}

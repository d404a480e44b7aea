//! What can be typed to change a sheet: its columns, its rows, its cells, and to take it back.

use braincells_core::{DataType, SplitProperty};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::SheetArg;
use crate::values;

/// `columns`.
#[derive(Debug, Args)]
pub struct ColumnsArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// Without one, the columns are listed.
    #[command(subcommand)]
    pub action: Option<ColumnsAction>,
}

/// What `columns` can do. Columns are called by their names.
#[derive(Debug, Subcommand)]
pub enum ColumnsAction {
    /// List the columns
    List,
    /// Add an empty column to be typed by hand
    Add {
        /// Its name
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
        /// text, integer, number, boolean, date, timestamp or json
        #[arg(long = "type", value_name = "TYPE", default_value = "text")]
        #[arg(value_parser = values::data_type)]
        data_type: DataType,
    },
    /// Rename a column, and every reference to it in prompts
    Rename {
        /// The column
        column: String,
        /// Its new name
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
    },
    /// Change the type of a column that holds data
    Retype {
        /// The column
        column: String,
        /// text, integer, number, boolean, date, timestamp or json
        #[arg(value_name = "TYPE", value_parser = values::data_type)]
        data_type: DataType,
        /// Empty the cells whose value the type cannot hold
        #[arg(long)]
        lossy: bool,
    },
    /// Put a column at a place, from 1
    Move {
        /// The column
        column: String,
        /// Its new place
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        place: u32,
    },
    /// Leave a column out of the window; exports and prompts still have it
    Hide {
        /// The column
        column: String,
    },
    /// Show a hidden column again
    Unhide {
        /// The column
        column: String,
    },
    /// Copy a column with its values
    Duplicate {
        /// The column
        column: String,
        /// Name of the copy [default: the name with `copy` behind it]
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: Option<String>,
    },
    /// Make a typed column of each property of a column of JSON objects
    ///
    /// The new columns hold what the objects hold now; they do not follow later changes. A value
    /// that does not fit its column's type leaves an empty cell and is counted. `undo` takes all
    /// of them back.
    Split {
        /// The column
        column: String,
        /// Properties, such as `city`, `age:integer` or `zip:text=postcode`; all without one
        #[arg(value_name = "PROPERTY[:TYPE][=NAME]", value_parser = values::split_property)]
        properties: Vec<SplitProperty>,
        /// List the properties with their types, and make nothing
        #[arg(short, long, conflicts_with = "properties")]
        list: bool,
    },
    /// Delete columns; `undo` brings them back
    Delete {
        /// The columns
        #[arg(value_name = "COLUMN", required = true)]
        columns: Vec<String>,
    },
}

/// `rows`.
#[derive(Debug, Args)]
pub struct RowsArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// What to do.
    #[command(subcommand)]
    pub action: RowsAction,
}

/// What `rows` can do. Rows are called by their positions, from 1, as `show` numbers them.
#[derive(Debug, Subcommand)]
pub enum RowsAction {
    /// Add empty rows, at the end unless a place is named
    Add {
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        count: u64,
        /// Where.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Delete rows; `undo` brings them back
    Delete {
        /// Positions and ranges, such as `3` or `10-20`
        #[arg(value_name = "ROWS", required = true, value_parser = values::row_range)]
        rows: Vec<values::RowRange>,
    },
    /// Move rows, to the end unless a place is named
    Move {
        /// Positions and ranges, such as `3` or `10-20`
        #[arg(value_name = "ROWS", required = true, value_parser = values::row_range)]
        rows: Vec<values::RowRange>,
        /// Where.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Write a value into a cell
    Set {
        /// Position of the row
        #[arg(value_parser = clap::value_parser!(u64).range(1..))]
        row: u64,
        /// The column
        column: String,
        /// The value, read by the column's type
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Empty cells
    Clear {
        /// The column
        column: String,
        /// Positions and ranges, such as `3` or `10-20`
        #[arg(value_name = "ROWS", required = true, value_parser = values::row_range)]
        rows: Vec<values::RowRange>,
    },
    /// Approve the value of an AI cell: it is kept, and serves as an example
    Approve {
        /// Position of the row
        #[arg(value_parser = clap::value_parser!(u64).range(1..))]
        row: u64,
        /// The column
        column: String,
    },
}

/// A place among the rows.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct PlaceArgs {
    /// Before the row at this position
    #[arg(long, value_name = "ROW", value_parser = clap::value_parser!(u64).range(1..))]
    pub before: Option<u64>,
    /// Behind the row at this position
    #[arg(long, value_name = "ROW", value_parser = clap::value_parser!(u64).range(1..))]
    pub behind: Option<u64>,
}

/// `undo` and `redo`.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// How many steps
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1, conflicts_with = "list")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: u32,
    /// List the steps instead
    #[arg(short, long)]
    pub list: bool,
}

/// `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// Position of the row, from 1
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub row: u64,
    /// The column
    pub column: String,
    /// Give the cell the value of this entry again
    #[arg(long, value_name = "ENTRY")]
    pub restore: Option<i64>,
    /// Print the prompt that made this entry instead
    #[arg(long, value_name = "ENTRY", conflicts_with = "restore")]
    pub prompt: Option<i64>,
}

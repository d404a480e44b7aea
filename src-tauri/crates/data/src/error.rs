//! The error of this crate: what can go wrong, each with its message.
//!
//! A little longer than most files because an enum cannot be divided.

use std::io;
use std::path::{Path, PathBuf};

use braincells_core::{AppError, CellState, ColumnId, Holder, RowId, RunId, TemplateError};

use crate::{FilterError, SqlError};

mod cause;
mod told;

pub(crate) use cause::during;

/// What can go wrong with a sheet, an import, an export or the catalogue.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    // Files that were handed in.
    /// The file to import is not there.
    #[error("there is no file at `{}`", path.display())]
    SourceMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file to import cannot be used.
    #[error("`{}` cannot be imported: {reason}", path.display())]
    SourceUnusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to try.
        hint: String,
    },
    /// An option of an import cannot be used.
    #[error("the import option `{option}` cannot be used: {reason}")]
    OptionUnusable {
        /// The option.
        option: &'static str,
        /// Why not.
        reason: String,
    },
    /// The place to export to cannot be used.
    #[error("cannot export to `{}`: {reason}", path.display())]
    TargetUnusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    // Sheet files.
    /// The sheet's file is not there.
    #[error("there is no sheet at `{}`", path.display())]
    SheetMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file exists already.
    #[error("there is already a file at `{}`", path.display())]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// The sheet is open elsewhere, in this process or another.
    #[error("the sheet `{}` is in use", path.display())]
    InUse {
        /// The sheet's file.
        path: PathBuf,
    },
    /// The sheet is open in another process, and what is open here is a copy of it.
    #[error("{} has the sheet open, here it can only be read", process(holder.as_ref()))]
    ReadOnly {
        /// Who has it, where that is known.
        holder: Option<Holder>,
    },
    /// The sheet's file, or the log beside it, cannot be read, and there is no good copy.
    #[error(
        "the sheet `{}` is damaged and there is no good copy of it{}: {reason}",
        path.display(),
        beside(log.as_deref())
    )]
    Damaged {
        /// The sheet's file, left as it was found.
        path: PathBuf,
        /// The log beside it, left as it was found.
        log: Option<PathBuf>,
        /// What is wrong.
        reason: String,
    },
    /// The sheet was not closed well, and no process could be started to try it in.
    #[error("the sheet `{}` could not be tried before it is opened: {reason}", path.display())]
    Untried {
        /// The sheet's file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The process that tried the sheet first met this, which is not the sheet's fault.
    #[error("{0}")]
    Trial(AppError),
    /// The file is not a sheet.
    #[error("`{}` is not a Braincells sheet: {reason}", path.display())]
    NotASheet {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        reason: String,
    },
    /// A newer Braincells wrote the file.
    #[error("`{}` has format {found}, this version reads up to {supported}", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The format in the file.
        found: i64,
        /// The newest format that can be read.
        supported: i64,
    },

    // What a call named.
    /// No such column in the sheet.
    #[error("the sheet has no column {column}")]
    ColumnMissing {
        /// The column.
        column: ColumnId,
    },
    /// No such row in the sheet.
    #[error("the sheet has no row {row}")]
    RowMissing {
        /// The row.
        row: RowId,
    },
    /// No such run in the sheet.
    #[error("the sheet has no run {run}")]
    RunMissing {
        /// The run.
        run: RunId,
    },
    /// The column has no recipe of that version.
    #[error("column {column} has no recipe version {version}")]
    RecipeMissing {
        /// The column.
        column: ColumnId,
        /// The version.
        version: i64,
    },
    /// Another calibration was wanted, and with it another recipe.
    #[error("the recipe of `{name}` differs in more than its calibration")]
    RecipeDiffers {
        /// The column's name.
        name: String,
    },
    /// A column of that name exists; letter case makes no difference.
    #[error("the sheet has a column named `{name}` already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A column needs a name.
    #[error("a column name cannot be blank")]
    NameBlank,
    /// A sheet needs a name.
    #[error("a sheet name cannot be blank")]
    SheetNameBlank,
    /// The call needs a column with a recipe.
    #[error("column `{name}` has no recipe")]
    NotAiColumn {
        /// The column's name.
        name: String,
    },
    /// The value does not fit the column's type.
    #[error("the value {value} of row {row} does not fit a column of type {expected}")]
    WrongType {
        /// The row.
        row: RowId,
        /// The column's DuckDB type.
        expected: String,
        /// The value, shortened.
        value: String,
    },
    /// Some values cannot be had in the wanted type.
    #[error("{count} values of column `{name}` cannot become {wanted}, such as `{example}`")]
    WouldLose {
        /// The column's name.
        name: String,
        /// The word for the wanted type.
        wanted: &'static str,
        /// How many values.
        count: u64,
        /// One of them, shortened.
        example: String,
    },
    /// The type of an AI column is its recipe's output type.
    #[error("the type of column `{name}` is that of its recipe")]
    AiColumnType {
        /// The column's name.
        name: String,
    },
    /// Only JSON has properties that can become columns.
    #[error("column `{name}` of type {sql_type} holds no JSON objects")]
    NoJson {
        /// The column's name.
        name: String,
        /// The column's DuckDB type.
        sql_type: String,
    },
    /// More columns at once than a sheet can bear.
    #[error("more than {most} properties cannot become columns at once")]
    TooManyProperties {
        /// The most.
        most: usize,
    },
    /// Prompts name the column.
    #[error("column `{name}` is used by {}", users.join(", "))]
    ColumnInUse {
        /// The column's name.
        name: String,
        /// The columns whose prompts name it.
        users: Vec<String>,
    },
    /// A pasted block does not fit between the first column and the last.
    #[error("the block is {width} columns wide and there is room for {room}")]
    BlockTooWide {
        /// Columns of the block.
        width: usize,
        /// Columns from the first that is written to on.
        room: usize,
    },
    /// A run is filling the column.
    #[error("column `{name}` is being filled")]
    ColumnAlive {
        /// The column's name.
        name: String,
    },
    /// Prompts name the column, and they could not name it so.
    #[error("column is used in prompts: {source}")]
    NameUnusable {
        /// Why not.
        source: TemplateError,
    },
    /// A run of that step, or of a column that the step changed, is alive.
    #[error("`{name}` cannot be taken back while a run is filling its column")]
    StepAlive {
        /// The step's name.
        name: String,
    },
    /// The cell's history has no such entry, or none with a value.
    #[error("the history of that cell in row {row} has no value at {seq}")]
    EntryMissing {
        /// The entry.
        seq: i64,
        /// The row.
        row: RowId,
    },
    /// Queued and running are states of a live run and never stored.
    #[error("a cell cannot be stored as `{}`", state.as_str())]
    UnstorableState {
        /// The state.
        state: CellState,
    },
    /// A stored word or JSON text that this version does not understand.
    #[error("the stored {what} `{found}` is not understood")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// What is there.
        found: String,
    },

    /// A condition on rows that cannot be tested.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A query that is not run.
    #[error(transparent)]
    Sql(#[from] SqlError),

    // The machine.
    /// No space is left.
    #[error("the disk is full, could not {action}")]
    DiskFull {
        /// What was attempted.
        action: String,
    },
    /// The operating system refused.
    #[error("could not {action} `{}`", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// DuckDB or SQLite refused.
    #[error("could not {action}: {reason}")]
    Database {
        /// What was attempted.
        action: String,
        /// What the database said, its first line.
        reason: String,
    },
    /// The caller asked to stop.
    #[error("stopped by the user")]
    Cancelled,
}

fn process(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), |holder| format!("process {}", holder.pid))
}

fn beside(log: Option<&Path>) -> String {
    log.map_or_else(String::new, |log| format!(" (its log is `{}`)", log.display()))
}

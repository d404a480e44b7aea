use std::io;
use std::path::{Path, PathBuf};

use braincells_core::{AppError, CellState, Code, ColumnId, Holder, RowId, RunId, TemplateError};

use crate::{FilterError, SqlError};

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

impl DataError {
    /// An operating system error; a full disk gets its own variant.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { action: format!("{action} `{}`", path.display()) }
            }
            _ => Self::Io { action, path: path.to_path_buf(), source },
        }
    }

    /// What DuckDB or SQLite said. Neither gives codes for these cases through its Rust
    /// wrapper, so that the text has to tell them apart.
    pub(crate) fn database(action: impl Into<String>, text: &str) -> Self {
        let action = action.into();
        if text.contains("No space left") || text.contains("disk is full") {
            return Self::DiskFull { action };
        }
        if text.starts_with("INTERRUPT") {
            return Self::Cancelled;
        }
        if text.contains("attached in read-only mode") {
            return Self::ReadOnly { holder: None };
        }
        let reason = text.lines().map(str::trim).find(|line| !line.is_empty());
        Self::Database { action, reason: reason.unwrap_or("no reason was given").to_owned() }
    }

    /// Whether an opening that ended so points at the file or its log, rather than at the machine
    /// or at the version of the program.
    pub(crate) fn is_damage(&self) -> bool {
        // What DuckDB says when the operating system or the memory limit stands in the way.
        const MACHINE: [&str; 10] = [
            "Out of Memory",
            "storage version number",
            "Cannot open file",
            "Could not set lock",
            "Could not read from file",
            "Could not write",
            "Could not fsync",
            "Could not truncate",
            "Could not rename",
            "Could not remove",
        ];
        match self {
            Self::NotASheet { .. } | Self::Unreadable { .. } => true,
            Self::Database { reason, .. } => !MACHINE.iter().any(|words| reason.contains(words)),
            _ => false,
        }
    }

    /// What happened, without what was attempted.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Database { reason, .. } | Self::NotASheet { reason, .. } => reason.clone(),
            error => error.to_string(),
        }
    }

    fn hint(&self) -> Option<&str> {
        Some(match self {
            Self::Trial(error) => return error.hint.as_deref(),
            Self::SourceMissing { .. } => "check the path and the spelling of the name",
            Self::SourceUnusable { hint, .. } => hint,
            Self::OptionUnusable { .. } => "leave the option out, or correct it",
            Self::TargetUnusable { .. } => "choose a file in a folder that exists and is writable",
            Self::SheetMissing { .. } => "import the file again",
            Self::AlreadyExists { .. } => "choose another name or remove the file",
            Self::InUse { .. } => "close the other window or command that has it open",
            Self::ReadOnly { .. } => "close it there, or wait until that is done",
            Self::Damaged { .. } => {
                "put a copy of your own in its place, or delete the sheet; other sheets are not \
                 affected"
            }
            Self::Untried { .. } => "start Braincells again",
            Self::Database { reason, .. } if reason.contains("Corrupt database file") => {
                "`braincells sheets check` looks at the whole sheet and brings the last good copy \
                 back"
            }
            Self::Database { reason, .. } if reason.contains("storage version number") => {
                "update Braincells"
            }
            Self::NotASheet { .. } => "import data files instead of opening them",
            Self::NewerFormat { .. } => "update Braincells",
            Self::NameTaken { .. } => "choose another name",
            Self::NotAiColumn { .. } => "only AI columns have states, confidences and recipes",
            Self::WouldLose { .. } => "correct these values first, or allow them to become empty",
            Self::BlockTooWide { .. } => "add columns first, or paste further to the left",
            Self::NoJson { .. } => "split a column of type json, or one whose texts are JSON",
            Self::TooManyProperties { .. } => "name the ones that are needed",
            Self::AiColumnType { .. } => "change the output type of the recipe",
            Self::ColumnInUse { .. } => "take it out of their prompts first, or delete them too",
            Self::ColumnAlive { .. } | Self::StepAlive { .. } => {
                "wait for the run to end, or stop it first"
            }
            Self::NameUnusable { .. } => "use a name without `{{`, `}}` and spaces around it",
            Self::WrongType { .. } => "write it in the column's type, or change the type to text",
            Self::Filter(error) => error.hint(),
            Self::Sql(error) => error.hint(),
            Self::DiskFull { .. } => "free some space and try again, what is stored is safe",
            Self::Database { reason, .. } if reason.contains("Out of Memory") => {
                "allow more memory in the settings"
            }
            _ => return None,
        })
    }

    /// What kind of failure it is.
    pub fn code(&self) -> Code {
        match self {
            Self::SourceUnusable { .. }
            | Self::OptionUnusable { .. }
            | Self::TargetUnusable { .. }
            | Self::NotASheet { .. }
            | Self::NewerFormat { .. }
            | Self::NameBlank
            | Self::SheetNameBlank
            | Self::NotAiColumn { .. }
            | Self::WouldLose { .. }
            | Self::BlockTooWide { .. }
            | Self::AiColumnType { .. }
            | Self::NoJson { .. }
            | Self::TooManyProperties { .. }
            | Self::NameUnusable { .. }
            | Self::WrongType { .. }
            | Self::Filter(_)
            | Self::Sql(_) => Code::BadInput,
            Self::SourceMissing { .. }
            | Self::SheetMissing { .. }
            | Self::ColumnMissing { .. }
            | Self::RowMissing { .. }
            | Self::RunMissing { .. }
            | Self::EntryMissing { .. }
            | Self::RecipeMissing { .. } => Code::NotFound,
            Self::AlreadyExists { .. }
            | Self::InUse { .. }
            | Self::ReadOnly { .. }
            | Self::NameTaken { .. }
            | Self::ColumnInUse { .. }
            | Self::ColumnAlive { .. }
            | Self::StepAlive { .. } => Code::Conflict,
            Self::Trial(error) => error.code,
            Self::DiskFull { .. } => Code::DiskFull,
            Self::Io { .. }
            | Self::Database { .. }
            | Self::Damaged { .. }
            | Self::Untried { .. }
            | Self::Unreadable { .. } => Code::Storage,
            Self::UnstorableState { .. } | Self::RecipeDiffers { .. } => Code::Internal,
            Self::Cancelled => Code::Cancelled,
        }
    }
}

fn process(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), |holder| format!("process {}", holder.pid))
}

fn beside(log: Option<&Path>) -> String {
    log.map_or_else(String::new, |log| format!(" (its log is `{}`)", log.display()))
}

impl From<DataError> for AppError {
    fn from(error: DataError) -> Self {
        let mut message = error.to_string();
        if let DataError::Io { source, .. } = &error {
            message = format!("{message}: {source}");
        }
        let app = Self::new(error.code(), message);
        match error.hint() {
            Some(hint) => app.with_hint(hint),
            None => app,
        }
    }
}

/// Names what was attempted when DuckDB refuses: `.map_err(during("read the rows"))`.
pub(crate) fn during(action: &'static str) -> impl Fn(duckdb::Error) -> DataError {
    move |error| DataError::database(action, &error.to_string())
}

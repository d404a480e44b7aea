use std::io;
use std::path::{Path, PathBuf};

use braincells_core::{AppError, CellState, Code, ColumnId, RowId, RunId};

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
    /// A column of that name exists; letter case makes no difference.
    #[error("the sheet has a column named `{name}` already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A column needs a name.
    #[error("a column name cannot be blank")]
    NameBlank,
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
    /// The stored values have one DuckDB type, which the new output type does not fit.
    #[error("column `{name}` holds {stored} and cannot become {wanted}")]
    TypeChange {
        /// The column's name.
        name: String,
        /// Its DuckDB type.
        stored: String,
        /// The output type's word.
        wanted: &'static str,
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
        let reason = text.lines().map(str::trim).find(|line| !line.is_empty());
        Self::Database { action, reason: reason.unwrap_or("no reason was given").to_owned() }
    }

    fn hint(&self) -> Option<&str> {
        Some(match self {
            Self::SourceMissing { .. } => "check the path and the spelling of the name",
            Self::SourceUnusable { hint, .. } => hint,
            Self::OptionUnusable { .. } => "leave the option out, or correct it",
            Self::TargetUnusable { .. } => "choose a file in a folder that exists and is writable",
            Self::SheetMissing { .. } => "import the file again",
            Self::AlreadyExists { .. } => "choose another name or remove the file",
            Self::InUse { .. } => "close the other window or command that has it open",
            Self::NotASheet { .. } => "import data files instead of opening them",
            Self::NewerFormat { .. } => "update Braincells",
            Self::NameTaken { .. } => "choose another name",
            Self::TypeChange { .. } => "add a new column for the new type",
            Self::DiskFull { .. } => "free some space and try again, what is stored is safe",
            Self::Database { reason, .. } if reason.contains("Out of Memory") => {
                "allow more memory in the settings"
            }
            _ => return None,
        })
    }

    fn code(&self) -> Code {
        match self {
            Self::SourceUnusable { .. }
            | Self::OptionUnusable { .. }
            | Self::TargetUnusable { .. }
            | Self::NotASheet { .. }
            | Self::NewerFormat { .. }
            | Self::NameBlank
            | Self::NotAiColumn { .. }
            | Self::TypeChange { .. }
            | Self::WrongType { .. } => Code::BadInput,
            Self::SourceMissing { .. }
            | Self::SheetMissing { .. }
            | Self::ColumnMissing { .. }
            | Self::RowMissing { .. }
            | Self::RunMissing { .. }
            | Self::RecipeMissing { .. } => Code::NotFound,
            Self::AlreadyExists { .. } | Self::InUse { .. } | Self::NameTaken { .. } => {
                Code::Conflict
            }
            Self::DiskFull { .. } => Code::DiskFull,
            Self::Io { .. } | Self::Database { .. } | Self::Unreadable { .. } => Code::Storage,
            Self::UnstorableState { .. } => Code::Internal,
            Self::Cancelled => Code::Cancelled,
        }
    }
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

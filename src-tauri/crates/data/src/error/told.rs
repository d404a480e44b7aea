//! What the person is told of an error: its code, its message and a hint.

use braincells_core::{AppError, Code};

use crate::DataError;

impl DataError {
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

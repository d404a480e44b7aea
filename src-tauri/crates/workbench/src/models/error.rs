//! What can go wrong with the models of this machine; a name that means nothing is in
//! [`crate::error`].

use std::path::PathBuf;

use braincells_core::{AppError, Code};

/// Why a verb about models could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ModelError {
    #[error("the model `{name}` is in use: {by}")]
    Busy { name: String, by: &'static str },
    #[error("the model `{name}` is not in the models folder but behind a link at `{}`", folder.display())]
    BehindLink { name: String, folder: PathBuf },
    #[error("`{}` cannot be deleted: {reason}", path.display())]
    NotDeleted { path: PathBuf, reason: String },
    #[error("part {number} of {count} is missing: `{}`", path.display())]
    PartMissing { number: u32, count: u32, path: PathBuf },
    #[error("`{}` is part {number} of {count} of a model", path.display())]
    LaterPart { number: u64, count: u64, path: PathBuf },
    #[error("`{}` is another part than its name says", path.display())]
    WrongPart { path: PathBuf },
    #[error("`{}` cannot be written: {reason}", path.display())]
    NotWritten { path: PathBuf, reason: String, full: bool },
    #[error("`{name}` takes {needed_mb} MB and {free_mb} MB are free")]
    NoRoom { name: String, needed_mb: u64, free_mb: u64 },
    #[error("another process writes `{}`", path.display())]
    WrittenElsewhere { path: PathBuf },
    #[error("`{}` changed while it was copied", path.display())]
    Changed { path: PathBuf },
    #[error("only the header of a GGUF file says exactly what a model takes")]
    NoHeader,
    #[error("the list of models is of {updated}, and the built-in one of {built_in}")]
    OldList { updated: String, built_in: String },
    #[error("`{}` is not a file", path.display())]
    NoFile { path: PathBuf },
    #[error("`{}` is too long for a list of models", path.display())]
    LongList { path: PathBuf },
    #[error("the list of models cannot be written to `{}`: {reason}", path.display())]
    ListNotWritten { path: PathBuf, reason: String, full: bool },
}

impl From<ModelError> for AppError {
    fn from(error: ModelError) -> Self {
        let (code, hint) = match &error {
            ModelError::Busy { .. } => {
                (Code::Conflict, "wait until that is done, or stop it first".to_owned())
            }
            ModelError::BehindLink { .. } => {
                (Code::Conflict, "delete it there, or remove the link".to_owned())
            }
            ModelError::NotDeleted { .. } => {
                (Code::Storage, "check the permissions of the file and of its folder".to_owned())
            }
            ModelError::PartMissing { .. } => (
                Code::ModelBroken,
                "fetch all parts of the model, and keep them in one folder".to_owned(),
            ),
            ModelError::LaterPart { .. } => (
                Code::ModelBroken,
                "name the first part; the others are found beside it".to_owned(),
            ),
            ModelError::WrongPart { .. } => {
                (Code::ModelBroken, "fetch the parts again, and do not rename them".to_owned())
            }
            ModelError::NotWritten { full: true, .. } | ModelError::NoRoom { .. } => (
                Code::DiskFull,
                "free some space on its disk, or link the file where it is".to_owned(),
            ),
            ModelError::NotWritten { .. } => {
                (Code::Storage, "check the permissions of the models folder".to_owned())
            }
            ModelError::WrittenElsewhere { .. } => {
                (Code::Conflict, "wait until that is done".to_owned())
            }
            ModelError::Changed { .. } => {
                (Code::Conflict, "wait until the other program is done with it".to_owned())
            }
            ModelError::NoHeader => (
                Code::BadInput,
                "where its repository is shown, its size says whether it fits".to_owned(),
            ),
            ModelError::OldList { .. } => {
                (Code::BadInput, "take a newer one; the built-in one is used".to_owned())
            }
            ModelError::LongList { .. } | ModelError::NoFile { .. } => {
                (Code::BadInput, "take a file that is a list of models".to_owned())
            }
            ModelError::ListNotWritten { full: true, .. } => {
                (Code::DiskFull, "free some space on the disk of the home folder".to_owned())
            }
            ModelError::ListNotWritten { .. } => {
                (Code::Storage, "check the permissions of the home folder".to_owned())
            }
        };
        Self::new(code, error.to_string()).with_hint(hint)
    }
}

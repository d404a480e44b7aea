//! What can go wrong with a wish for a download; what the hub and the disk say has its own types.

use std::path::PathBuf;

use braincells_core::{AppError, Code, DownloadId, DownloadState};

use super::plan::Wish;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum DownloadError {
    #[error("there is no download `{text}`")]
    NoSuchDownload { text: String },
    #[error("`{text}` could mean {} downloads: {}", candidates.len(), candidates.join(", "))]
    Ambiguous { text: String, candidates: Vec<String> },
    #[error("the download of `{name}` is {} and cannot be {}", state.as_str(), wish.word())]
    NotPossible { name: String, state: DownloadState, wish: Wish },
    #[error("`{name}` is on this machine already")]
    There { name: String },
    #[error("another file is at `{}`", path.display())]
    Taken { path: PathBuf },
    #[error("`{repository}` has no quantisation `{label}`")]
    NoSuchLabel { repository: String, label: String, known: Vec<String> },
    #[error("`{repository}` has no file `{file}` that is a model")]
    NoSuchFile { repository: String, file: String, known: Vec<String> },
    #[error("`{repository}` has no model that can be downloaded")]
    NothingThere { repository: String, notes: Vec<String> },
    #[error("`{repository}` is for MLX, which this machine does not run")]
    NotRunHere { repository: String, same: Option<String> },
    #[error("`{repository}` cannot be loaded: {reason}")]
    UnknownArchitecture { repository: String, reason: String },
    #[error(
        "another version of `{name}` is {}: commit {}",
        state.as_str(), revision.get(..7).unwrap_or(revision)
    )]
    OtherVersion { id: DownloadId, name: String, state: DownloadState, revision: String },
    #[error("the file name `{name}` cannot be kept on a disk")]
    UnsafeName { name: String },
    #[error("`{name}` needs {}, and {} are free", size(*needed_bytes), size(*free_bytes))]
    NoRoom { name: String, needed_bytes: u64, free_bytes: u64 },
    #[error("the folder of models `{}` is gone", path.display())]
    FolderGone { path: PathBuf },
    #[error("the folder `{}` cannot be used: {reason}", path.display())]
    FolderRefused { path: PathBuf, reason: String, is_full: bool },
    #[error("the download was stopped: nothing may leave this machine any more")]
    LockedMeanwhile,
}

impl DownloadError {
    fn code(&self) -> Code {
        match self {
            Self::NoSuchDownload { .. } | Self::NoSuchLabel { .. } | Self::NoSuchFile { .. } => {
                Code::NotFound
            }
            Self::Ambiguous { .. }
            | Self::NotPossible { .. }
            | Self::There { .. }
            | Self::OtherVersion { .. }
            | Self::Taken { .. } => Code::Conflict,
            Self::NothingThere { .. }
            | Self::NotRunHere { .. }
            | Self::UnknownArchitecture { .. }
            | Self::UnsafeName { .. } => Code::BadInput,
            Self::NoRoom { .. } | Self::FolderRefused { is_full: true, .. } => Code::DiskFull,
            Self::FolderGone { .. } | Self::FolderRefused { .. } => Code::Storage,
            Self::LockedMeanwhile => Code::LocalOnly,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::NoSuchDownload { .. } => {
                "`braincells models downloads` lists what there is".to_owned()
            }
            Self::Ambiguous { .. } => "name one of them by its number".to_owned(),
            Self::NotPossible { state: DownloadState::Done, .. } => {
                "the model is here: use it, or delete it".to_owned()
            }
            Self::NotPossible { state: DownloadState::Failed, .. } => {
                "resume it to try again, or cancel it".to_owned()
            }
            Self::NotPossible { .. } => "ask for the model again".to_owned(),
            Self::There { .. } => "use it, or delete it first to fetch it again".to_owned(),
            Self::Taken { .. } => "move that file away, then try again".to_owned(),
            Self::NoSuchLabel { known, .. } => format!("it has {}", listed(known)),
            Self::NoSuchFile { known, .. } => format!("its models are {}", listed(known)),
            Self::NothingThere { notes, .. } => match notes.as_slice() {
                [] => "look for a repository with GGUF files".to_owned(),
                notes => notes.join("; "),
            },
            Self::NotRunHere { same: Some(same), .. } => format!(
                "MLX runs on Macs with Apple Silicon; `{same}` is the same model as GGUF"
            ),
            Self::NotRunHere { same: None, .. } => {
                "MLX runs on Macs with Apple Silicon; look for the model as GGUF".to_owned()
            }
            Self::UnknownArchitecture { .. } => {
                "a newer Braincells may; `braincells models pull --anyway` downloads it all the same"
                    .to_owned()
            }
            Self::OtherVersion { id, .. } => format!(
                "`braincells models resume {id}` goes on with that one; to have the other, \
                 `braincells models cancel {id}`, then ask again"
            ),
            Self::UnsafeName { .. } => "take the model from another repository".to_owned(),
            Self::NoRoom { .. } | Self::FolderRefused { is_full: true, .. } => {
                "free some space, or take a smaller quantisation".to_owned()
            }
            Self::FolderGone { .. } => "bring the folder back, or start again".to_owned(),
            Self::FolderRefused { .. } => "check the permissions of the folder".to_owned(),
            Self::LockedMeanwhile => "take the lock off, then resume; nothing is lost".to_owned(),
        }
    }
}

impl From<DownloadError> for AppError {
    fn from(error: DownloadError) -> Self {
        Self::new(error.code(), error.to_string()).with_hint(error.hint())
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

/// A size as people write it.
fn size(bytes: u64) -> String {
    const MB: f64 = 1e6;
    let bytes = bytes as f64;
    if bytes < 1000.0 * MB {
        format!("{:.0} MB", bytes / MB)
    } else {
        format!("{:.1} GB", bytes / (1000.0 * MB))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_a_code_a_cause_and_a_hint() {
        let error = AppError::from(DownloadError::NoRoom {
            name: "o--m/m.gguf".to_owned(),
            needed_bytes: 4_660_000_000,
            free_bytes: 210_000_000,
        });
        assert_eq!(error.code, Code::DiskFull);
        assert_eq!(error.message, "`o--m/m.gguf` needs 4.7 GB, and 210 MB are free");
        let error = AppError::from(DownloadError::NoSuchLabel {
            repository: "o/m".to_owned(),
            label: "Q9".to_owned(),
            known: vec!["Q4_K_M".to_owned(), "Q8_0".to_owned()],
        });
        assert_eq!(error.code, Code::NotFound);
        assert_eq!(error.hint.as_deref(), Some("it has `Q4_K_M`, `Q8_0`"));
        let error = AppError::from(DownloadError::NotPossible {
            name: "m".to_owned(),
            state: DownloadState::Done,
            wish: Wish::Cancel,
        });
        assert_eq!(error.message, "the download of `m` is done and cannot be cancelled");
    }
}

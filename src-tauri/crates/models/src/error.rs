mod hint;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::gguf::{Defect, Lookalike};

/// What can go wrong with a model file, the catalogue or the hub.
///
/// A file read through [`crate::gguf::Gguf::open`] is named; bytes that came from elsewhere have
/// no name until [`ModelsError::in_file`] gives them one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelsError {
    /// The model file is not there.
    #[error("there is no model file at `{}`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The system refused to read it.
    #[error("{} cannot be read: {reason}", subject(file.as_deref()))]
    Unreadable {
        /// The file, if it has a name.
        file: Option<PathBuf>,
        /// What the system said.
        reason: String,
    },
    /// It is another kind of file.
    #[error("{} is not a GGUF file: {found}", subject(file.as_deref()))]
    NotGguf {
        /// The file, if it has a name.
        file: Option<PathBuf>,
        /// What it is instead.
        found: Lookalike,
    },
    /// It calls itself a GGUF file and is not a whole and sound one.
    #[error("{} cannot be used: {defect}", subject(file.as_deref()))]
    Malformed {
        /// The file, if it has a name.
        file: Option<PathBuf>,
        /// What is wrong, and where.
        defect: Defect,
    },
    /// It is a sound GGUF file, but not one of a language model.
    #[error("{} is not a language model: it has no `{lacks}`", subject(file.as_deref()))]
    NotALanguageModel {
        /// The file, if it has a name.
        file: Option<PathBuf>,
        /// The first thing that is missing.
        lacks: String,
    },
    /// The catalogue cannot be read.
    #[error("the catalogue of models cannot be read: {reason}")]
    BadCatalogue {
        /// What is wrong with it.
        reason: String,
    },
    /// What a person typed names no repository, or no file of one.
    #[error("`{text}` names no model on the hub: {reason}")]
    BadReference {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address of the hub cannot be used.
    #[error("the address of the hub cannot be used: {reason}")]
    BadEndpoint {
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answered, or not to the end.
    #[error("`{host}` cannot be reached: {reason}")]
    HubUnreachable {
        /// Who was asked.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The token is missing, wrong, or not enough.
    #[error("`{host}` refused: {reason}")]
    HubRefused {
        /// Who was asked.
        host: String,
        /// Whether a token was sent.
        had_token: bool,
        /// What the hub said.
        reason: String,
    },
    /// The repository is only for people who agreed to its terms.
    #[error(
        "`{repository}` is only for people who agreed to its terms{}",
        if *needs_login { "" } else { ", and the owner of this token is not one of them" }
    )]
    Gated {
        /// Which one.
        repository: String,
        /// Its page, where its terms are.
        page: String,
        /// Whether the hub was asked without a token, so that it does not know who asks.
        needs_login: bool,
    },
    /// There is no such repository, or it is private.
    #[error("there is no repository `{repository}` on the hub")]
    NoSuchRepository {
        /// What was looked for.
        repository: String,
        /// Whether a token was sent: without one, private repositories look as if they were not.
        had_token: bool,
    },
    /// The repository has no such branch, tag or commit.
    #[error("`{repository}` has no revision `{revision}`")]
    NoSuchRevision {
        /// Which repository.
        repository: String,
        /// What was looked for.
        revision: String,
    },
    /// The repository has no such file.
    #[error("`{repository}` has no file `{file}`")]
    NoSuchFile {
        /// Which repository.
        repository: String,
        /// What was looked for.
        file: String,
    },
    /// The hub took the repository away.
    #[error("`{repository}` is closed: {reason}")]
    Disabled {
        /// Which one.
        repository: String,
        /// What the hub said.
        reason: String,
    },
    /// The hub asks to slow down, or is not there for a while.
    #[error("`{host}` asks to try again later{}", seconds(*wait))]
    HubBusy {
        /// Who was asked.
        host: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },
    /// The hub failed, or what it said means nothing.
    #[error("`{host}` failed: {reason}")]
    HubFailed {
        /// Who was asked.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The hub sent us where nothing may be fetched from.
    #[error("`{host}` sent a redirect that is not followed: {reason}")]
    UnsafeRedirect {
        /// Who sent it.
        host: String,
        /// Why it is not followed.
        reason: String,
    },
}

fn seconds(wait: Option<Duration>) -> String {
    wait.map_or(String::new(), |wait| format!(", in {} s", wait.as_secs_f64().ceil()))
}

fn subject(file: Option<&Path>) -> String {
    match file {
        Some(path) => format!("the model file `{}`", path.display()),
        None => "the model file".to_owned(),
    }
}

impl ModelsError {
    /// The same error about this file.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        match &mut self {
            Self::Unreadable { file, .. }
            | Self::NotGguf { file, .. }
            | Self::Malformed { file, .. }
            | Self::NotALanguageModel { file, .. } => *file = Some(path.to_owned()),
            _ => {}
        }
        self
    }

    /// Whether the same may go well in a while, with nothing done about it.
    pub fn is_retriable(&self) -> bool {
        matches!(self, Self::HubUnreachable { .. } | Self::HubBusy { .. } | Self::HubFailed { .. })
    }

    /// Whether the hub asks for a token and was given none.
    pub fn asks_for_token(&self) -> bool {
        matches!(
            self,
            Self::HubRefused { had_token: false, .. }
                | Self::NoSuchRepository { had_token: false, .. }
                | Self::Gated { needs_login: true, .. }
        )
    }

    /// How long the hub asks to wait before that.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::HubBusy { wait, .. } => *wait,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::{AppError, Code};

    use super::*;

    #[test]
    fn an_error_names_its_file_and_says_what_to_try() {
        let defect = Defect::EmptyKey { index: 3 };
        let error = ModelsError::Malformed { file: None, defect };
        assert_eq!(error.to_string(), "the model file cannot be used: metadata entry 3 has no key");
        let app = AppError::from(error.in_file(Path::new("/models/a.gguf")));
        assert_eq!(app.code, Code::ModelBroken);
        assert!(app.message.starts_with("the model file `/models/a.gguf` cannot be used: "));
        assert!(app.hint.is_some());
        let missing = ModelsError::Missing { path: "/none".into() }.in_file(Path::new("/other"));
        assert_eq!(AppError::from(missing).code, Code::ModelMissing);
    }
}

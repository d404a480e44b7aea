use std::path::{Path, PathBuf};

use braincells_core::{AppError, Code};

use crate::gguf::{Defect, Lookalike};

/// What can go wrong with a model file or the catalogue.
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
            Self::Missing { .. } | Self::BadCatalogue { .. } => {}
        }
        self
    }
}

impl From<ModelsError> for AppError {
    fn from(error: ModelsError) -> Self {
        let (code, hint) = match &error {
            ModelsError::Missing { .. } => (
                Code::ModelMissing,
                "see `braincells models` for what there is, or check the spelling",
            ),
            ModelsError::Unreadable { .. } => {
                (Code::Storage, "check the permissions of the file and of its folder")
            }
            ModelsError::NotGguf { found, .. } => (Code::ModelBroken, found.hint()),
            ModelsError::Malformed { defect, .. } => (Code::ModelBroken, defect.hint()),
            ModelsError::NotALanguageModel { .. } => (
                Code::ModelBroken,
                "take the model's main file; projectors, adapters and vocabularies answer nothing",
            ),
            ModelsError::BadCatalogue { .. } => {
                (Code::BadInput, "take the built-in catalogue, or one of this version")
            }
        };
        AppError::new(code, error.to_string()).with_hint(hint)
    }
}

#[cfg(test)]
mod tests {
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

//! The list of recommended models, with what each of them means for this machine. Asks nobody.

use braincells_core::AppError;
use braincells_models::catalogue::{Model, Runtime, Variant};
use braincells_models::fit::Verdict;
use serde::Serialize;

use super::ModelFile;
use crate::Workbench;

/// A model of the list, and what it means for this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RecommendedModel {
    /// The model.
    pub model: Model,
    /// How each of its variants fits, by its size.
    pub fits: Vec<Verdict>,
    /// The variant to take, counted from 0: the one that a download without a label fetches. Where
    /// none will fit, as `fits` says, it is the least that is worth having.
    pub suggested: Option<usize>,
    /// What each of its variants is called here, if it is here.
    pub installed: Vec<Option<String>>,
    /// Whether this program can run it.
    pub available: bool,
}

impl Workbench {
    /// The models that are recommended, in the order of the list.
    pub async fn recommended_models(&self) -> Result<Vec<RecommendedModel>, AppError> {
        let (models, room) = (self.models().await?, self.room().await?);
        let catalogue = self.model_catalogue().await?;
        let recommended = |model: &Model| {
            let (candidates, parameters) = (model.candidates(), Some(model.parameters));
            let here = |variant: &Variant| match model.runtime {
                Runtime::Gguf => installed(&models, &model.repository, &[variant.file.as_deref()?]),
                Runtime::Mlx => installed_folder(&models, &model.repository),
            };
            RecommendedModel {
                installed: model.variants.iter().map(here).collect(),
                fits: room.verdicts(&candidates, parameters),
                suggested: room.to_take(&candidates, parameters),
                available: self.engines().runs(model.runtime),
                model: model.clone(),
            }
        };
        Ok(catalogue.models.iter().map(recommended).collect())
    }
}

/// What a repository for MLX is called here.
pub(super) fn installed_folder(models: &[ModelFile], repository: &str) -> Option<String> {
    let is_it = |model: &&ModelFile| {
        model.runtime == Runtime::Mlx && model.repository.as_deref() == Some(repository)
    };
    models.iter().find(is_it).map(|model| model.name.clone())
}

/// What one of these files of a repository is called here. Who fetched it otherwise kept its file
/// name as a rule, and file names of models are as good as unique.
pub(super) fn installed(models: &[ModelFile], repository: &str, files: &[&str]) -> Option<String> {
    let file_name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let is_one = |model: &&ModelFile| {
        let other = model.repository.as_ref().is_some_and(|owner| owner != repository);
        let name = file_name(&model.name);
        !other && files.iter().any(|file| file_name(file) == name)
    };
    models.iter().find(is_one).map(|model| model.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_here_under_its_file_name_unless_that_is_of_another_repository() {
        let model = |name: &str| ModelFile::own(name.to_owned(), name.into(), 1);
        let models = [model("a--x/m-Q4.gguf"), model("n-Q8.gguf")];
        for (repository, file, expected) in [
            ("a/x", "m-Q4.gguf", Some("a--x/m-Q4.gguf")),
            ("b/x", "m-Q4.gguf", None),
            ("b/n", "sub/N-q8.gguf", Some("n-Q8.gguf")),
            ("a/x", "m-Q5.gguf", None),
        ] {
            let found = installed(&models, repository, &[file]);
            assert_eq!(found.as_deref(), expected, "{repository} {file}");
        }
        assert_eq!(installed(&models, "a/x", &[]), None);
    }
}

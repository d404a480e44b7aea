//! Models for MLX, the way the window's part for Apple Silicon sees them: a list with where each of
//! them stands, one of which is chosen, and a text that the chosen one works on.
//!
//! They are models like all others: fetched by the same queue, listed and deleted with the others,
//! loaded by the same source of engines. What is here is their own view on that, for the commands
//! that begin with `mlx_`. A model is named by its folder, by its repository, or by its id in the
//! list of recommended ones; nothing at all names the chosen one.

mod events;

use braincells_core::{AppError, Code, Download, ModelStatus, Priority};
use braincells_llm::{LLMRequest, Message, Role};
use braincells_models::catalogue::{Model, Runtime};
use serde::Serialize;

use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::models::{ModelFile, chosen_mlx, folder_of};
use crate::{DeletedModel, DownloadRequest, EngineOptions, Workbench};

pub(crate) use events::MlxEvents;

/// A model for MLX.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct MlxModelInfo {
    /// What it is called in the models folder, whether it is there or not.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Where it is on the hub, `owner/name`, where that is known.
    pub repository: Option<String>,
    /// What it is good for, if it is a recommended one.
    pub good_for: Option<String>,
    /// Its licence, if it is a recommended one.
    pub licence: Option<String>,
    /// What it takes on the disk, or will.
    pub size_bytes: u64,
    /// Whether it is the one that `local-mlx` means.
    pub is_selected: bool,
    /// Where it stands.
    pub status: MlxModelStatus,
}

/// Where a model for MLX stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct MlxModelStatus {
    /// The word for it.
    pub status: ModelStatus,
    /// Its download, as long as it is not over.
    pub download: Option<Download>,
    /// Why it failed.
    pub error: Option<AppError>,
}

/// What became of a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ProcessedText {
    /// The answer; the text as it was, where there is none.
    pub text: String,
    /// Why it is as it was: the model is not on this machine.
    pub problem: Option<AppError>,
}

impl Workbench {
    /// The models for MLX: the recommended ones, then others that are here. None where this
    /// machine does not run them.
    pub async fn mlx_models(&self) -> Result<Vec<MlxModelInfo>, AppError> {
        if !self.engines().runs(Runtime::Mlx) {
            return Ok(Vec::new());
        }
        let (chosen, list) = (self.chosen_mlx().await?, self.model_catalogue().await?);
        let (models, downloads) = (self.models().await?, self.downloads().await?);
        let recommended: Vec<(String, &Model)> =
            list.of(Runtime::Mlx).map(|model| (folder_of(&model.repository), model)).collect();
        let mut all: Vec<MlxModelInfo> = recommended
            .iter()
            .map(|(name, model)| {
                let here = here(name, &models);
                let to_come = model.variants.first().map_or(0, |variant| variant.bytes);
                MlxModelInfo {
                    id: name.clone(),
                    title: model.name.clone(),
                    repository: Some(model.repository.clone()),
                    good_for: Some(model.good_for.clone()),
                    licence: Some(model.licence.clone()),
                    size_bytes: here.map_or(to_come, |file| file.size_bytes),
                    is_selected: *name == chosen,
                    status: standing(name, &models, &downloads),
                }
            })
            .collect();
        let is_listed =
            |model: &&ModelFile| recommended.iter().any(|(name, _)| *name == model.name);
        let others = models.iter().filter(|model| model.runtime == Runtime::Mlx);
        all.extend(others.filter(|model| !is_listed(model)).map(|model| MlxModelInfo {
            id: model.name.clone(),
            title: model.repository.clone().unwrap_or_else(|| model.name.clone()),
            repository: model.repository.clone(),
            good_for: None,
            licence: None,
            size_bytes: model.size_bytes,
            is_selected: model.name == chosen,
            status: standing(&model.name, &models, &downloads),
        }));
        Ok(all)
    }

    /// Where a model for MLX stands.
    pub async fn mlx_model_status(&self, id: &str) -> Result<MlxModelStatus, AppError> {
        let name = self.known_mlx(id).await?;
        let (models, downloads) = (self.models().await?, self.downloads().await?);
        Ok(standing(&name, &models, &downloads))
    }

    /// Fetches a model for MLX: all files of its repository. One that is on its way goes on.
    pub async fn download_mlx_model(&self, id: &str) -> Result<Download, AppError> {
        let name = self.mlx_name(id).await?;
        let is_it = |model: &&Model| folder_of(&model.repository) == name;
        let list = self.model_catalogue().await?;
        // By its id the commit that the list was made of is fetched.
        let reference = match list.of(Runtime::Mlx).find(is_it) {
            Some(model) => model.id.clone(),
            None => name.replacen("--", "/", 1),
        };
        self.download_model(DownloadRequest::new(reference)).await
    }

    /// Gives the download of a model for MLX up, and removes what was fetched.
    pub async fn cancel_mlx_download(&self, id: &str) -> Result<Download, AppError> {
        self.cancel_download(self.mlx_download(id).await?.id).await
    }

    /// Tries the download of a model for MLX again that failed or was paused.
    pub async fn retry_mlx_download(&self, id: &str) -> Result<Download, AppError> {
        self.resume_download(self.mlx_download(id).await?.id).await
    }

    /// Deletes a model for MLX and its folder. Refused while it is fetched, loaded or at work.
    pub async fn delete_mlx_model(&self, id: &str) -> Result<DeletedModel, AppError> {
        let name = self.mlx_name(id).await?;
        let downloads = self.downloads().await?;
        if let Some(download) = open_download(&name, &downloads).filter(|one| one.state.is_active())
        {
            return Err(WorkbenchError::MlxModelFetched { name: download.name.clone() }.into());
        }
        if here(&name, &self.models().await?).is_none() {
            return Err(WorkbenchError::NoMlxModel.into());
        }
        self.delete_model(&name).await
    }

    /// Chooses the model for MLX that `local-mlx` means; nothing chooses the default one.
    pub async fn select_mlx_model(&self, id: &str) -> Result<(), AppError> {
        let chosen = if id.is_empty() { String::new() } else { self.known_mlx(id).await? };
        self.change_settings(move |settings| {
            settings.selected_mlx_model = chosen;
            Ok(())
        })
        .await
        .map(drop)
    }

    /// Has a model for MLX do what `instruction` says with a text, before the runs that wait. Where
    /// the model is not on this machine the text stays as it is, and that is said.
    pub async fn process_text(
        &self,
        id: &str,
        instruction: &str,
        text: &str,
    ) -> Result<ProcessedText, AppError> {
        let name = self.mlx_name(id).await?;
        // Any other name could mean a file, or a backend that is not on this machine.
        if here(&name, &self.models().await?).is_none() {
            let problem = Some(WorkbenchError::NoMlxModel.into());
            return Ok(ProcessedText { text: text.to_owned(), problem });
        }
        match self.processed(&name, instruction, text).await {
            Ok(text) => Ok(ProcessedText { text, problem: None }),
            Err(problem) if problem.code == Code::ModelMissing => {
                Ok(ProcessedText { text: text.to_owned(), problem: Some(problem) })
            }
            Err(error) => Err(error),
        }
    }

    async fn processed(
        &self,
        model: &str,
        instruction: &str,
        text: &str,
    ) -> Result<String, AppError> {
        self.engines().check(model).await?;
        let options = self.engine_options(&EngineOptions::default()).await?;
        let turn = self.lines().enter(self.engines().lane(model), Priority::Now);
        turn.come().await;
        let engine = self.engines().engine(model, &options, self.events()).await?;
        let messages =
            vec![Message::new(Role::System, instruction), Message::new(Role::User, text)];
        Ok(engine.generate(LLMRequest::new(model, messages)).await?.content)
    }

    /// The folder that a name means: of a recommended model, one that is here, or one on its way.
    async fn known_mlx(&self, id: &str) -> Result<String, AppError> {
        let name = self.mlx_name(id).await?;
        let known: Vec<String> = self.mlx_models().await?.into_iter().map(|one| one.id).collect();
        if known.contains(&name) || open_download(&name, &self.downloads().await?).is_some() {
            return Ok(name);
        }
        Err(WorkbenchError::NoSuchModel { name: id.to_owned(), known }.into())
    }

    /// The folder that a name means; an error where no model for MLX runs here.
    async fn mlx_name(&self, id: &str) -> Result<String, AppError> {
        if !self.engines().runs(Runtime::Mlx) {
            return Err(WorkbenchError::NoMlx.into());
        }
        let id = id.trim();
        if id.is_empty() {
            return self.chosen_mlx().await;
        }
        let list = self.model_catalogue().await?;
        let listed = list.of(Runtime::Mlx).find(|model| model.id == id);
        Ok(folder_of(listed.map_or(id, |model| &model.repository)))
    }

    async fn chosen_mlx(&self) -> Result<String, AppError> {
        let (home, catalogue) = (self.home().clone(), self.catalogue());
        blocking(move || Ok::<_, AppError>(chosen_mlx(&home, &catalogue)?.0)).await
    }

    /// The download of a model that is not over.
    async fn mlx_download(&self, id: &str) -> Result<Download, AppError> {
        let name = self.mlx_name(id).await?;
        let downloads = self.downloads().await?;
        let found = open_download(&name, &downloads).cloned();
        found.ok_or_else(|| WorkbenchError::NoMlxDownload { name }.into())
    }
}

fn here<'a>(name: &str, models: &'a [ModelFile]) -> Option<&'a ModelFile> {
    models.iter().find(|model| model.runtime == Runtime::Mlx && model.name == name)
}

fn open_download<'a>(name: &str, downloads: &'a [Download]) -> Option<&'a Download> {
    downloads.iter().find(|one| one.name == name && !one.state.is_over())
}

/// Where a model stands by what is here and what is on its way.
fn standing(name: &str, models: &[ModelFile], downloads: &[Download]) -> MlxModelStatus {
    let download = open_download(name, downloads).cloned();
    if let Some(model) = here(name, models) {
        let (status, error) = (model.status, model.error.clone());
        return MlxModelStatus { status, download, error };
    }
    let status = download
        .as_ref()
        .map_or(ModelStatus::Available, |one| crate::downloads::model_status(one.state));
    let error = download.as_ref().and_then(|one| one.error.clone());
    MlxModelStatus { status, download, error }
}

//! The models: what is on this machine, what could be, and where each of them stands.
//!
//! The window and the command line call the verbs; runs, recipes and settings ask what a name
//! means. A model is one file, the parts of one that was split, or a folder for MLX; it lies in the
//! models folder, or somewhere else and is linked.
//!
//! What this module promises: a file is looked at by `braincells_models` before llama.cpp sees it,
//! and a folder by `braincells_mlx` before MLX does;
//! nothing outside the models folder is ever deleted; what other apps keep is only read, and a
//! hostile folder costs a bounded amount of work. What it leaves out: fetching models
//! (`downloads`), loading them (`local_engines`), and models that a provider runs (`backends`).

mod add;
mod architecture;
mod catalogue;
mod delete;
mod error;
mod file;
mod fit;
mod found;
mod header;
mod hub;
mod info;
mod list;
mod mlx_folder;
mod other_apps;
mod parts;
mod recommended;
mod resolve;
mod storage;

use std::time::Duration;

use braincells_core::{AppError, Download, ModelStatus};

use crate::Workbench;
use crate::blocking::blocking;
use crate::error::WorkbenchError;

pub use add::AddModel;
pub(crate) use architecture::unknown_architecture;
pub(crate) use catalogue::ModelCatalogue;
pub use delete::DeletedModel;
pub use file::ModelFile;
pub(crate) use fit::Room;
pub use found::FoundModel;
pub use hub::{HubFit, HubRepository};
pub use info::ModelInfo;
pub use other_apps::{ModelApp, OtherApps};
pub use recommended::RecommendedModel;
pub use storage::{Leftover, ModelStorage};

pub(crate) use file::runtime_of;
pub(crate) use header::read_header;
pub(crate) use list::list_models;
pub(crate) use mlx_folder::{chosen_mlx, folder_of, read_checkpoint};
pub(crate) use parts::paths_of;
pub(crate) use resolve::{identify_model, resolve_model};

/// The name that means the model for MLX that is chosen in the settings.
pub const LOCAL_MLX: &str = "local-mlx";

/// The file name of the model that makes the first run work in seconds.
pub const STARTER_MODEL: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

impl Workbench {
    /// The models in the models folder and one folder below, then the linked ones whose file is
    /// there; each part sorted by name.
    pub async fn models(&self) -> Result<Vec<ModelFile>, AppError> {
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        let mut models = blocking(move || list_models(&home, &catalogue)).await?;
        for standing in self.engines().standing() {
            if let Some(model) = models.iter_mut().find(|model| model.path == standing.path) {
                model.status = standing.status;
                model.error = standing.error;
            }
        }
        Ok(models)
    }

    /// Where a model stands: one of this machine or on its way here by its name, or a recommended one
    /// by its id.
    pub async fn model_status(&self, name: &str) -> Result<ModelStatus, AppError> {
        let models = self.models().await?;
        let unknown = match resolve_model(name, &models) {
            Ok(path) => {
                let found = models.iter().find(|model| model.path == path);
                return Ok(found.map_or(ModelStatus::Downloaded, |model| model.status));
            }
            Err(error) => error,
        };
        let downloads = self.downloads().await?;
        let of_it = |one: &&Download| one.name == name && !one.state.is_over();
        if let Some(download) = downloads.iter().find(of_it) {
            return Ok(crate::downloads::model_status(download.state));
        }
        let is_recommended = self.model_catalogue().await?.model(name).is_some();
        if is_recommended { Ok(ModelStatus::Available) } else { Err(unknown) }
    }

    /// Lets models leave memory. Refuses nothing: a run keeps the engine it has, and its memory is
    /// free when the run ends.
    pub async fn unload_models(&self) {
        self.engines().unload().await;
    }

    /// What is to be done now and then, about once a minute: lets a model leave memory that was
    /// idle for as long as the settings say. Returns whether one did.
    pub async fn tick(&self) -> bool {
        let minutes = match self.settings().await {
            Ok(settings) => settings.unload_after_minutes,
            Err(error) => {
                tracing::warn!(%error, "the settings could not be read");
                return false;
            }
        };
        match minutes {
            Some(minutes) => {
                let after = Duration::from_secs(60 * u64::from(minutes));
                self.engines().unload_when_idle(after).await
            }
            None => false,
        }
    }

    /// The model of this machine that a name means.
    async fn model_named(&self, name: &str) -> Result<ModelFile, AppError> {
        let models = self.models().await?;
        let path = resolve_model(name, &models)?;
        match models.into_iter().find(|model| model.path == path) {
            Some(model) => Ok(model),
            // A file that is named by its path and is none of the models.
            None => blocking(move || ModelFile::at(&path)).await,
        }
    }
}

/// Reads a file that must be there.
fn unreadable(path: &std::path::Path, error: &std::io::Error) -> AppError {
    WorkbenchError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
        missing: error.kind() == std::io::ErrorKind::NotFound,
    }
    .into()
}

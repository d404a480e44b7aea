//! The hub's models, with what they mean for this machine. How the hub is asked is
//! `braincells_models::hub`; what is fetched from it, `downloads`.

use std::path::Path;

use braincells_core::AppError;
use braincells_models::catalogue::{Catalogue, Model, Runtime};
use braincells_models::fit::{Candidate, Judgement, Verdict};
use braincells_models::hub::{Choice, Hub, HubModel, Reference, Repository, Search};
use serde::Serialize;

use super::error::ModelError;
use super::recommended::{installed, installed_folder};
use super::unknown_architecture;
use crate::blocking::blocking;
use crate::downloads::{Asked, look};
use crate::{DownloadRequest, Workbench};

/// A repository of the hub, and what its quantisations mean for this machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct HubRepository {
    /// The repository.
    pub repository: Repository,
    /// Why it cannot be used here whatever memory there is, if that is known.
    pub problem: Option<String>,
    /// How each choice fits, by its size.
    pub fits: Vec<Verdict>,
    /// The choice to take, counted from 0: the one that a download without a label fetches. Where
    /// none will fit, as `fits` says, it is the least that is worth having.
    pub suggested: Option<usize>,
    /// What each choice is called here, if it is here.
    pub installed: Vec<Option<String>>,
    /// The choice that the reference named.
    pub wanted: Option<usize>,
}

/// How one quantisation of the hub fits this machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct HubFit {
    /// Which one was judged.
    pub label: String,
    /// Why it cannot be used here whatever memory there is, if it cannot.
    pub problem: Option<String>,
    /// How it fits.
    #[serde(flatten)]
    pub judgement: Judgement,
}

impl Workbench {
    /// Whether what a person wrote can mean a model of the hub. Asks nobody.
    pub async fn is_hub_reference(&self, text: &str) -> Result<bool, AppError> {
        let (catalogue, text) = (self.model_catalogue().await?, text.trim().to_owned());
        blocking(move || Ok::<_, AppError>(is_reference(&text, &catalogue))).await
    }

    /// Looks for models on the hub.
    pub async fn search_models(&self, search: Search) -> Result<Vec<HubModel>, AppError> {
        let (hub, token) = (self.hub().await?, self.cloud().hub_token().await);
        hub.search(&search, token.sent()).await.map_err(|error| token.explained(error))
    }

    /// One repository of the hub: `owner/name`, `owner/name:Q4_K_M`, the address of its page or of
    /// one of its files, or the id of a recommended model.
    pub async fn hub_repository(&self, reference: &str) -> Result<HubRepository, AppError> {
        let (hub, token) = (self.hub().await?, self.cloud().hub_token().await);
        let catalogue = self.model_catalogue().await?;
        let (reference, recommended) = read_reference(reference, &catalogue, &hub)?;
        let repository = hub.repository(&reference, token.sent()).await;
        let repository = repository.map_err(|error| token.explained(error))?;
        let (models, room) = (self.models().await?, self.room().await?);
        let candidate = |choice: &Choice| Candidate::dense(&choice.label, choice.bytes);
        let candidates: Vec<Candidate> = repository.choices.iter().map(candidate).collect();
        let fits = room.verdicts(&candidates, repository.parameters);
        // Of a recommended model only some quantisations are in the list, and one of these is taken.
        let of_list = recommended.and_then(|model| {
            let index = room.to_take(&model.candidates(), Some(model.parameters))?;
            let label = model.variants.get(index).map(|variant| variant.label.clone());
            repository.wanted(&Reference { label, file: None, ..reference.clone() })
        });
        let suggested = of_list.or_else(|| room.to_take(&candidates, repository.parameters));
        let here = |choice: &Choice| {
            if repository.runtime == Runtime::Mlx {
                return installed_folder(&models, &repository.id);
            }
            let files: Vec<&str> = choice.files.iter().map(|file| file.path.as_str()).collect();
            installed(&models, &repository.id, &files)
        };
        let installed = repository.choices.iter().map(here).collect();
        let wanted = repository.wanted(&reference);
        let problem = unknown_architecture(repository.runtime, repository.architecture.as_deref());
        Ok(HubRepository { repository, problem, fits, suggested, installed, wanted })
    }

    /// Whether one quantisation fits, by the headers of its files as they lie on the hub. It is the
    /// one that a download of the same reference and label would fetch; an empty label names none.
    pub async fn hub_fit(&self, reference: &str, label: &str) -> Result<HubFit, AppError> {
        let (hub, token) = (self.hub().await?, self.cloud().hub_token().await);
        let (catalogue, room) = (self.model_catalogue().await?, self.room().await?);
        let request =
            DownloadRequest { label: Some(label.to_owned()), ..DownloadRequest::new(reference) };
        let asked = Asked::read(&request, &catalogue, &room, |text| hub.reference(text))?;
        let (repository, choice) = look(&hub, &token, &asked, &room).await?;
        if repository.runtime != Runtime::Gguf {
            return Err(ModelError::NoHeader.into());
        }
        let mut parts = Vec::with_capacity(choice.files.len());
        for file in &choice.files {
            let header = hub.header(&repository.id, &repository.commit, file, token.sent());
            parts.push(header.await.map_err(|error| token.explained(error))?);
        }
        let architecture = parts.first().and_then(|gguf| gguf.architecture());
        let problem = unknown_architecture(Runtime::Gguf, architecture);
        Ok(HubFit { label: choice.label, problem, judgement: room.judge(&parts)? })
    }
}

fn is_reference(text: &str, catalogue: &Catalogue) -> bool {
    let id = text.split_once(':').map_or(text, |(id, _)| id);
    // `Downloads/model.gguf` is a file that is not where it was thought to be.
    let is_file = || {
        let ending = text.len().checked_sub(".gguf".len()).and_then(|at| text.get(at..));
        text.split('/').count() == 2
            && !text.contains(':')
            && ending.is_some_and(|e| e.eq_ignore_ascii_case(".gguf"))
    };
    let is_there = || Path::new(text).exists();
    catalogue.model(id).is_some()
        || text.contains('/') && text.parse::<Reference>().is_ok() && !is_file() && !is_there()
}

/// What a person wrote; a recommended model stands for its repository.
fn read_reference<'a>(
    text: &str,
    catalogue: &'a Catalogue,
    hub: &Hub,
) -> Result<(Reference, Option<&'a Model>), AppError> {
    let text = text.trim();
    let (id, label) = match text.split_once(':') {
        Some((id, label)) => (id, Some(label)),
        None => (text, None),
    };
    match catalogue.model(id) {
        Some(model) => {
            let reference = Reference {
                repository: model.repository.clone(),
                revision: None,
                file: None,
                label: label.map(str::to_owned),
            };
            Ok((reference, Some(model)))
        }
        None => Ok((hub.reference(text)?, None)),
    }
}

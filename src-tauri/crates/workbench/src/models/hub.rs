//! The hub's models, with what they mean for this machine. How the hub is asked is
//! `braincells_models::hub`; what is fetched from it, `downloads`.

use braincells_core::AppError;
use braincells_models::catalogue::{Catalogue, Runtime};
use braincells_models::fit::{Candidate, Judgement, Verdict};
use braincells_models::hub::{Choice, Hub, HubModel, Reference, Repository, Search};
use serde::Serialize;

use super::error::ModelError;
use super::recommended::installed;
use crate::Workbench;

/// A repository of the hub, and what its quantisations mean for this machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct HubRepository {
    /// The repository.
    pub repository: Repository,
    /// How each choice fits, by its size.
    pub fits: Vec<Verdict>,
    /// The choice to take, counted from 0; `None` if none will fit.
    pub suggested: Option<usize>,
    /// What each choice is called here, if it is here.
    pub installed: Vec<Option<String>>,
    /// The choice that the reference named.
    pub wanted: Option<usize>,
}

impl Workbench {
    /// Whether what a person wrote can mean a model of the hub. Asks nobody.
    pub fn is_hub_reference(&self, text: &str) -> bool {
        let text = text.trim();
        let id = text.split_once(':').map_or(text, |(id, _)| id);
        let is_there = || std::path::Path::new(text).exists();
        Catalogue::built_in().model(id).is_some()
            || text.contains('/') && text.parse::<Reference>().is_ok() && !is_there()
    }

    /// Looks for models on the hub.
    pub async fn search_models(&self, search: Search) -> Result<Vec<HubModel>, AppError> {
        let (hub, token) = (self.hub().await?, self.cloud().hub_token().await);
        Ok(hub.search(&search, token.as_ref()).await?)
    }

    /// One repository of the hub: `owner/name`, `owner/name:Q4_K_M`, the address of its page or of
    /// one of its files, or the id of a recommended model.
    pub async fn hub_repository(&self, reference: &str) -> Result<HubRepository, AppError> {
        let (hub, token) = (self.hub().await?, self.cloud().hub_token().await);
        let reference = read_reference(reference, &hub)?;
        let repository = hub.repository(&reference, token.as_ref()).await?;
        let (models, room) = (self.models().await?, self.room().await?);
        let candidate =
            |choice: &Choice| Candidate { label: choice.label.clone(), bytes: choice.bytes };
        let candidates: Vec<Candidate> = repository.choices.iter().map(candidate).collect();
        let (fits, suggested) = room.verdicts(&candidates, repository.parameters);
        let here = |choice: &Choice| {
            let files: Vec<&str> = choice.files.iter().map(|file| file.path.as_str()).collect();
            installed(&models, &repository.id, &files)
        };
        let is_gguf = repository.runtime == Runtime::Gguf;
        let installed = repository.choices.iter().map(|choice| here(choice).filter(|_| is_gguf));
        let installed = installed.collect();
        let wanted = repository.wanted(&reference);
        Ok(HubRepository { repository, fits, suggested, installed, wanted })
    }

    /// Whether one quantisation fits, by the headers of its files as they lie on the hub. Without a
    /// label it is the one that the reference names, or the one to take.
    pub async fn hub_fit(&self, reference: &str, label: &str) -> Result<Judgement, AppError> {
        let found = self.hub_repository(reference).await?;
        let repository = &found.repository;
        if repository.runtime != Runtime::Gguf {
            return Err(ModelError::NoHeader.into());
        }
        let choices = &repository.choices;
        let choice = if label.is_empty() {
            found.wanted.or(found.suggested).or((!choices.is_empty()).then_some(0))
        } else {
            let (id, label) = (repository.id.clone(), Some(label.to_owned()));
            repository.wanted(&Reference { repository: id, revision: None, file: None, label })
        };
        let Some(choice) = choice.and_then(|index| choices.get(index)) else {
            let known = choices.iter().map(|choice| choice.label.clone()).collect();
            let (repository, label) = (repository.id.clone(), label.to_owned());
            return Err(ModelError::NoSuchChoice { repository, label, known }.into());
        };
        let (hub, token) = (self.hub().await?, self.cloud().hub_token().await);
        let mut parts = Vec::with_capacity(choice.files.len());
        for file in &choice.files {
            let header = hub.header(&repository.id, &repository.commit, file, token.as_ref());
            parts.push(header.await?);
        }
        self.room().await?.judge(&parts)
    }
}

/// What a person wrote; a recommended model stands for its repository.
fn read_reference(text: &str, hub: &Hub) -> Result<Reference, AppError> {
    let text = text.trim();
    let (id, label) = match text.split_once(':') {
        Some((id, label)) => (id, Some(label)),
        None => (text, None),
    };
    match Catalogue::built_in().model(id) {
        Some(model) => Ok(Reference {
            repository: model.repository.clone(),
            revision: None,
            file: None,
            label: label.map(str::to_owned),
        }),
        None => Ok(hub.reference(text)?),
    }
}

//! What a reference means: which files of which repository, at which commit.
//!
//! The hub is asked once for a repository, twice where the catalogue names a commit or a file that
//! is not there any more. Everything else is a pure function of what it answered. Whoever says how
//! a model fits asks here, too, so that it is the one that would be fetched.

use braincells_core::AppError;
use braincells_data::{DownloadFile, NewDownload};
use braincells_models::ModelsError;
use braincells_models::catalogue::{Catalogue, Model, Runtime, Variant};
use braincells_models::fit::Candidate;
use braincells_models::hub::{Choice, Hub, HubFile, Reference, Repository};

use super::DownloadRequest;
use super::error::DownloadError;
use super::layout;
use crate::backends::HubToken;
use crate::models::{Room, unknown_architecture};

/// The branch that a page's address names where nobody meant one.
const USUAL_BRANCH: &str = "main";
/// So many digits of a commit mean no other of its repository.
const LEAST_DIGITS: usize = 7;

/// What is wanted, before the hub was asked what there is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    reference: Reference,
    /// Whether a person named a quantisation or a file.
    is_named: bool,
    /// Whether the file comes from the catalogue, and another of its quantisation will do as well.
    is_of_catalogue: bool,
}

impl Asked {
    /// Reads a request. `read` reads what is none of the catalogue.
    pub(crate) fn read(
        request: &DownloadRequest,
        catalogue: &Catalogue,
        room: &Room,
        read: impl Fn(&str) -> Result<Reference, ModelsError>,
    ) -> Result<Self, AppError> {
        let text = request.reference.trim();
        let named = request.label.as_deref().map(str::trim).filter(|label| !label.is_empty());
        let (id, label) = match text.split_once(':') {
            Some((id, label)) => (id, Some(label)),
            None => (text, None),
        };
        if let Some(model) = catalogue.model(id) {
            return of_catalogue(model, named.or(label), room).map_err(AppError::from);
        }
        let mut reference = read(text)?;
        if let Some(label) = named {
            // The label is what was chosen last; a file in the address is where it was chosen.
            (reference.file, reference.label) = (None, Some(label.to_owned()));
        }
        let is_named = reference.label.is_some() || reference.file.is_some();
        Ok(Self { reference, is_named, is_of_catalogue: false })
    }

    /// The branch, tag or commit that a person chose. The list's own is only where it was looked.
    pub(super) fn revision(&self) -> Option<&str> {
        let named = self.reference.revision.as_deref().filter(|_| !self.is_of_catalogue);
        named.filter(|revision| *revision != USUAL_BRANCH)
    }

    /// Whether a download is what was asked for, as far as that can be told without the hub: of the
    /// same repository, at the commit if one was named, and the quantisation or the file if one
    /// was. Where none was, whatever came of the same words before is gone on with.
    pub(super) fn means(&self, download: &NewDownload) -> bool {
        let reference = &self.reference;
        let is_commit = |revision: &str| {
            revision.len() >= LEAST_DIGITS
                && download.revision.starts_with(&revision.to_ascii_lowercase())
        };
        if !download.repository.eq_ignore_ascii_case(&reference.repository)
            || !self.revision().is_none_or(is_commit)
        {
            return false;
        }
        match (&reference.label, &reference.file) {
            _ if !self.is_named => true,
            (Some(label), _) => download.label.as_deref().is_some_and(|its| is_label(its, label)),
            (None, Some(path)) => download.files.iter().any(|file| file.path == *path),
            (None, None) => true,
        }
    }
}

fn of_catalogue(model: &Model, label: Option<&str>, room: &Room) -> Result<Asked, DownloadError> {
    let is_named = label.is_some();
    let index = match label {
        Some(label) => {
            let at = model.variants.iter().position(|one| is_label(&one.label, label));
            Some(at.ok_or_else(|| DownloadError::NoSuchLabel {
                repository: model.id.clone(),
                label: label.to_owned(),
                known: model.variants.iter().map(|one| one.label.clone()).collect(),
            })?)
        }
        None => room.to_take(&model.candidates(), Some(model.parameters)),
    };
    let variant: Option<&Variant> = index.and_then(|index| model.variants.get(index));
    let revision = variant.and_then(|variant| variant.revision.clone());
    // A repository for MLX is one model, whatever the catalogue calls it.
    let label = variant.map(|variant| variant.label.clone());
    let reference = Reference {
        repository: model.repository.clone(),
        revision,
        file: variant.and_then(|variant| variant.file.clone()),
        label: label.filter(|_| model.runtime == Runtime::Gguf),
    };
    Ok(Asked { reference, is_named, is_of_catalogue: true })
}

/// Asks the hub what there is, and chooses.
pub(crate) async fn look(
    hub: &Hub,
    token: &HubToken,
    asked: &Asked,
    room: &Room,
) -> Result<(Repository, Choice), AppError> {
    match look_at(hub, token, asked, room).await {
        // The list is older than the hub: a file that was renamed is found by its label.
        Err(Unresolved::Gone(error)) if asked.is_of_catalogue => {
            tracing::debug!(%error, "the catalogue is behind the hub");
            let reference = Reference { revision: None, file: None, ..asked.reference.clone() };
            let asked = Asked { reference, is_of_catalogue: false, ..asked.clone() };
            Ok(look_at(hub, token, &asked, room).await?)
        }
        found => Ok(found?),
    }
}

/// Why nothing was chosen.
enum Unresolved {
    /// What was named is not there.
    Gone(AppError),
    Other(AppError),
}

impl From<Unresolved> for AppError {
    fn from(error: Unresolved) -> Self {
        match error {
            Unresolved::Gone(error) | Unresolved::Other(error) => error,
        }
    }
}

async fn look_at(
    hub: &Hub,
    token: &HubToken,
    asked: &Asked,
    room: &Room,
) -> Result<(Repository, Choice), Unresolved> {
    let found = hub.repository(&asked.reference, token.sent()).await;
    let repository = found.map_err(|error| match error {
        ModelsError::NoSuchRevision { .. } | ModelsError::NoSuchFile { .. } => {
            Unresolved::Gone(error.into())
        }
        error => Unresolved::Other(token.explained(error)),
    })?;
    let choice = chosen(&repository, asked, room).cloned().map_err(|error| match error {
        DownloadError::NoSuchFile { .. } => Unresolved::Gone(error.into()),
        error => Unresolved::Other(error.into()),
    })?;
    Ok((repository, choice))
}

/// Refuses what nothing here could load, before gigabytes of it are fetched.
pub(super) fn check_usable(
    repository: &Repository,
    anyway: bool,
    catalogue: &Catalogue,
    is_run: impl Fn(Runtime) -> bool,
) -> Result<(), DownloadError> {
    let id = || repository.id.clone();
    if !is_run(repository.runtime) {
        let is_this = |model: &&Model| model.repository.eq_ignore_ascii_case(&repository.id);
        let listed = catalogue.of(repository.runtime).find(is_this);
        let same = listed.and_then(|this| {
            let mut usable = catalogue.models.iter().filter(|model| is_run(model.runtime));
            usable.find(|model| model.name == this.name).map(|model| model.id.clone())
        });
        return Err(DownloadError::NotRunHere { repository: id(), same });
    }
    let unknown = unknown_architecture(repository.runtime, repository.architecture.as_deref());
    match unknown.filter(|_| !anyway) {
        Some(reason) => Err(DownloadError::UnknownArchitecture { repository: id(), reason }),
        None => Ok(()),
    }
}

/// The files of a repository that are wanted, and where they go.
pub(super) fn planned(
    repository: &Repository,
    choice: &Choice,
) -> Result<NewDownload, DownloadError> {
    let folder = layout::folder(&repository.id)?;
    let is_whole = repository.runtime == Runtime::Mlx;
    let mut files = Vec::with_capacity(choice.files.len());
    for file in &choice.files {
        let target = if is_whole {
            layout::whole_target(&folder, &file.path)?
        } else {
            let known = repository.choices.iter().flat_map(|choice| &choice.files);
            let all = known.chain(&repository.projectors).map(|file| file.path.as_str());
            layout::gguf_target(&folder, &file.path, all)?
        };
        files.push(to_fetch(file, target));
    }
    // What a model is found by comes last: no part of one is taken for a model before all is there.
    files.sort_by(|one, other| {
        let is_key = |file: &DownloadFile| file.path == "config.json";
        if is_whole {
            is_key(one).cmp(&is_key(other)).then_with(|| one.path.cmp(&other.path))
        } else {
            other.path.cmp(&one.path)
        }
    });
    let Some(last) = files.last() else {
        return Err(nothing(repository));
    };
    let name = if is_whole { folder } else { last.target.clone() };
    let label = Some(choice.label.clone()).filter(|label| !label.is_empty());
    let runtime = if is_whole { "mlx" } else { "gguf" }.to_owned();
    let (repository, revision) = (repository.id.clone(), repository.commit.clone());
    Ok(NewDownload { name, repository, revision, label, runtime, files })
}

fn chosen<'a>(
    repository: &'a Repository,
    asked: &Asked,
    room: &Room,
) -> Result<&'a Choice, DownloadError> {
    let (choices, reference) = (&repository.choices, &asked.reference);
    if let Some(index) = repository.wanted(reference) {
        return choices.get(index).ok_or_else(|| nothing(repository));
    }
    let repository_id = repository.id.clone();
    if let Some(file) = reference.file.clone() {
        let first = |choice: &Choice| Some(choice.files.first()?.path.clone());
        let known = choices.iter().filter_map(first).collect();
        return Err(DownloadError::NoSuchFile { repository: repository_id, file, known });
    }
    if let Some(label) = reference.label.clone() {
        let known = choices.iter().map(|choice| choice.label.clone()).collect();
        return Err(DownloadError::NoSuchLabel { repository: repository_id, label, known });
    }
    let candidate = |choice: &Choice| Candidate::dense(&choice.label, choice.bytes);
    let candidates: Vec<Candidate> = choices.iter().map(candidate).collect();
    let index = room.to_take(&candidates, repository.parameters);
    index.and_then(|index| choices.get(index)).ok_or_else(|| nothing(repository))
}

fn nothing(repository: &Repository) -> DownloadError {
    let (repository, notes) = (repository.id.clone(), repository.notes.clone());
    DownloadError::NothingThere { repository, notes }
}

fn is_label(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other.trim())
}

fn to_fetch(file: &HubFile, target: String) -> DownloadFile {
    let HubFile { path, bytes, sha256, git_sha1 } = file.clone();
    DownloadFile { path, target, bytes, sha256, git_sha1, done: false }
}

#[cfg(test)]
mod tests;

//! What a reference means: which files of which repository, at which commit.
//!
//! The hub is asked once for a repository, twice where the catalogue names a commit or a file that
//! is not there any more. Everything else is a pure function of what it answered.

use std::cmp::Ordering;

use braincells_core::AppError;
use braincells_data::{DownloadFile, NewDownload};
use braincells_models::ModelsError;
use braincells_models::catalogue::{Catalogue, Model, Runtime, Variant};
use braincells_models::fit::Candidate;
use braincells_models::hub::{Choice, Hub, HubFile, Reference, Repository};
use secrecy::SecretString;

use super::DownloadRequest;
use super::error::DownloadError;
use super::layout;
use crate::models::Room;

/// What is wanted, before the hub was asked what there is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) reference: Reference,
    /// Whether the file comes from the catalogue, and another of its quantisation will do as well.
    is_of_catalogue: bool,
}

impl Asked {
    /// Reads a request. `read` reads what is none of the catalogue.
    pub(super) fn read(
        request: &DownloadRequest,
        room: &Room,
        read: impl Fn(&str) -> Result<Reference, ModelsError>,
    ) -> Result<Self, AppError> {
        let text = request.reference.trim();
        let named = request.label.as_deref().map(str::trim).filter(|label| !label.is_empty());
        let (id, label) = match text.split_once(':') {
            Some((id, label)) => (id, Some(label)),
            None => (text, None),
        };
        if let Some(model) = Catalogue::built_in().model(id) {
            return of_catalogue(model, named.or(label), room).map_err(AppError::from);
        }
        let mut reference = read(text)?;
        if let Some(label) = named {
            // The label is what was chosen last; a file in the address is where it was chosen.
            (reference.file, reference.label) = (None, Some(label.to_owned()));
        }
        Ok(Self { reference, is_of_catalogue: false })
    }
}

fn of_catalogue(model: &Model, label: Option<&str>, room: &Room) -> Result<Asked, DownloadError> {
    let index = match label {
        Some(label) => {
            let at = model.variants.iter().position(|one| is_label(&one.label, label));
            Some(at.ok_or_else(|| DownloadError::NoSuchLabel {
                repository: model.id.clone(),
                label: label.to_owned(),
                known: model.variants.iter().map(|one| one.label.clone()).collect(),
            })?)
        }
        None => suggested(&model.candidates(), Some(model.parameters), room),
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
    Ok(Asked { reference, is_of_catalogue: true })
}

/// Asks the hub what there is, and chooses.
pub(super) async fn resolve(
    hub: &Hub,
    token: Option<&SecretString>,
    asked: &Asked,
    room: &Room,
) -> Result<NewDownload, AppError> {
    match resolve_at(hub, token, asked, room).await {
        // The list is older than the hub: a file that was renamed is found by its label.
        Err(Unresolved::Gone(error)) if asked.is_of_catalogue => {
            tracing::debug!(%error, "the catalogue is behind the hub");
            let reference = Reference { revision: None, file: None, ..asked.reference.clone() };
            let asked = Asked { reference, is_of_catalogue: false };
            Ok(resolve_at(hub, token, &asked, room).await?)
        }
        resolved => Ok(resolved?),
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

async fn resolve_at(
    hub: &Hub,
    token: Option<&SecretString>,
    asked: &Asked,
    room: &Room,
) -> Result<NewDownload, Unresolved> {
    let repository =
        hub.repository(&asked.reference, token).await.map_err(|error| match error {
            ModelsError::NoSuchRevision { .. } | ModelsError::NoSuchFile { .. } => {
                Unresolved::Gone(error.into())
            }
            error => Unresolved::Other(error.into()),
        })?;
    choose(&repository, asked, room).map_err(|error| match error {
        DownloadError::NoSuchFile { .. } => Unresolved::Gone(error.into()),
        error => Unresolved::Other(error.into()),
    })
}

/// The files of a repository that are wanted, and where they go.
pub(super) fn choose(
    repository: &Repository,
    asked: &Asked,
    room: &Room,
) -> Result<NewDownload, DownloadError> {
    let choice = chosen(repository, asked, room)?;
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
    let candidate =
        |choice: &Choice| Candidate { label: choice.label.clone(), bytes: choice.bytes };
    let candidates: Vec<Candidate> = choices.iter().map(candidate).collect();
    let index = suggested(&candidates, repository.parameters, room);
    index.and_then(|index| choices.get(index)).ok_or_else(|| nothing(repository))
}

fn nothing(repository: &Repository) -> DownloadError {
    let (repository, notes) = (repository.id.clone(), repository.notes.clone());
    DownloadError::NothingThere { repository, notes }
}

/// The quantisation to take where none was named: the one that is shown as suggested; where nothing
/// will fit, the smallest of four bits, which is the least that is worth having.
fn suggested(candidates: &[Candidate], parameters: Option<u64>, room: &Room) -> Option<usize> {
    let (_, fitting) = room.verdicts(candidates, parameters);
    fitting.or_else(|| {
        let four_bits = |one: &Candidate| one.label.to_ascii_uppercase().contains("Q4");
        (0..candidates.len()).min_by(|one, other| {
            let (one, other) = (&candidates[*one], &candidates[*other]);
            match four_bits(other).cmp(&four_bits(one)) {
                Ordering::Equal => one.bytes.cmp(&other.bytes),
                order => order,
            }
        })
    })
}

fn is_label(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other.trim())
}

fn to_fetch(file: &HubFile, target: String) -> DownloadFile {
    let HubFile { path, bytes, sha256, .. } = file.clone();
    DownloadFile { path, target, bytes, sha256, done: false }
}

#[cfg(test)]
mod tests;

//! One repository: what it is, and which files of it make a model.

use reqwest::Url;
use secrecy::SecretString;
use serde::Serialize;

use super::choice::{self, Choice, Grouped};
use super::files::{self, HubFile, Notes};
use super::mlx;
use super::raw::{self, File};
use super::reference::Reference;
use super::refusal::Asked;
use super::request::Hub;
use super::search::Gate;
use super::soft::{List, MOST_ITEMS, Object};
use super::text::is_hex;
use crate::ModelsError;
use crate::catalogue::Runtime;

/// How many pages of files are read.
const MOST_PAGES: usize = 200;

/// A repository, and the models in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Repository {
    /// Its name, `owner/name`. It may be another than was asked for: repositories are renamed.
    pub id: String,
    /// The commit that all of this is of.
    pub commit: String,
    /// What runs it.
    pub runtime: Runtime,
    /// Who may fetch it.
    pub gate: Gate,
    /// Its licence, as the hub abbreviates it.
    pub licence: Option<String>,
    /// How often it was fetched in the last month.
    pub downloads: u64,
    /// How many people like it.
    pub likes: u64,
    /// When it changed last, Unix milliseconds.
    pub updated_at_ms: Option<i64>,
    /// How many parameters the model has.
    pub parameters: Option<u64>,
    /// Its architecture, as its files name it.
    pub architecture: Option<String>,
    /// How many tokens it takes.
    pub context_length: Option<u64>,
    /// Its quantisations, smallest first. None, where nothing here can be run; `notes` says why.
    pub choices: Vec<Choice>,
    /// What makes pictures into tokens, smallest first.
    pub projectors: Vec<HubFile>,
    /// What was left out, and why, for people.
    pub notes: Vec<String>,
}

impl Repository {
    /// The choice that a reference names, by a file of it or by its label. `Q4_K_XL` means
    /// `UD-Q4_K_XL`, too, where there is no other.
    pub fn wanted(&self, reference: &Reference) -> Option<usize> {
        let position = |is: &dyn Fn(&Choice) -> bool| self.choices.iter().position(is);
        if let Some(path) = &reference.file {
            return position(&|choice| choice.files.iter().any(|file| file.path == *path));
        }
        let label = reference.label.as_deref()?;
        let same = position(&|choice| choice.label.eq_ignore_ascii_case(label));
        same.or_else(|| {
            let end = format!("-{}", label.to_ascii_uppercase());
            let ends = |choice: &Choice| choice.label.to_ascii_uppercase().ends_with(&end);
            let is_one = self.choices.iter().filter(|choice| ends(choice)).count() == 1;
            position(&ends).filter(|_index| is_one)
        })
    }
}

impl Hub {
    /// A repository at the revision that the reference names, or at its newest commit.
    pub async fn repository(
        &self,
        reference: &Reference,
        token: Option<&SecretString>,
    ) -> Result<Repository, ModelsError> {
        let asked = Asked {
            repository: Some(reference.repository.clone()),
            revision: reference.revision.clone(),
            file: None,
        };
        let revision = reference.revision.as_deref();
        let at = revision.into_iter().flat_map(|revision| ["revision", revision]);
        let mut url = self.api_url(&reference.repository, at);
        url.query_pairs_mut().append_pair("blobs", "true");
        let page = self.get_json::<Object<raw::Model>>(url, &asked, token).await?;
        let Some(model) = page.content.0 else { return Err(self.not_said("a repository")) };
        let commit = model.sha.0.as_deref().filter(|sha| is_hex(sha, 40));
        let commit = commit.ok_or_else(|| self.not_said("a repository: it has no commit"))?;
        let id = model.repository().unwrap_or(&reference.repository).to_owned();

        let mut notes = Notes::default();
        let siblings: Vec<&File> = present(&model.siblings).collect();
        let is_whole = !model.siblings.is_cut && siblings.iter().any(|file| file.bytes().is_some());
        if is_whole {
            return Ok(sorted_out(&model, id, commit, &siblings, notes));
        }
        // A mirror that does not say sizes, or more files than fit into one answer.
        let pages = self.tree(&id, commit, &asked, token, &mut notes).await?;
        let files: Vec<&File> = pages.iter().flat_map(present).collect();
        Ok(sorted_out(&model, id, commit, &files, notes))
    }

    /// All pages of the list of files.
    async fn tree(
        &self,
        id: &str,
        commit: &str,
        asked: &Asked,
        token: Option<&SecretString>,
        notes: &mut Notes,
    ) -> Result<Vec<List<Object<File>>>, ModelsError> {
        let mut url = self.api_url(id, ["tree", commit]);
        url.query_pairs_mut().append_pair("recursive", "true");
        let mut pages: Vec<List<Object<File>>> = Vec::new();
        let mut count = 0;
        loop {
            let page = self.get_json::<List<Object<File>>>(url, asked, token).await?;
            if !page.content.is_one {
                return Err(self.not_said("a list of files"));
            }
            count += page.content.items.len();
            let is_cut = page.content.is_cut;
            pages.push(page.content);
            let Some(next) = page.next else {
                if is_cut {
                    notes.add("there are more files than are looked at".to_owned());
                }
                return Ok(pages);
            };
            if is_cut || count >= MOST_ITEMS || pages.len() >= MOST_PAGES {
                notes.add("there are more files than are looked at".to_owned());
                return Ok(pages);
            }
            if !self.address.is_origin_of(&next) {
                notes.add("the list of files goes on at another hub, and is cut there".to_owned());
                return Ok(pages);
            }
            url = next;
        }
    }

    fn api_url<'a>(&self, repository: &'a str, rest: impl IntoIterator<Item = &'a str>) -> Url {
        self.address.below(["api", "models"].into_iter().chain(repository.split('/')).chain(rest))
    }
}

fn present(files: &List<Object<File>>) -> impl Iterator<Item = &File> {
    files.items.iter().filter_map(|file| file.0.as_ref())
}

fn sorted_out(
    model: &raw::Model,
    id: String,
    commit: &str,
    files: &[&File],
    mut notes: Notes,
) -> Repository {
    let has = |is: fn(&str) -> bool| files.iter().any(|file| file.path().is_some_and(is));
    let found = || files.iter().copied();
    let (mut choices, mut projectors) = (Vec::new(), Vec::new());
    if has(choice::is_torn) {
        notes.add("some files have to be joined by hand and are left out".to_owned());
    }
    let is_mlx = !has(choice::is_gguf) && model.is_mlx();
    if is_mlx {
        let needed = files::usable(found(), mlx::is_checkpoint_file, &mut notes);
        choices.extend(mlx::choice(&id, needed, &mut notes));
    } else {
        let gguf = files::usable(found(), choice::is_gguf, &mut notes);
        Grouped { choices, projectors } = choice::group(gguf, &mut notes);
    }
    if choices.is_empty() {
        let weights = !is_mlx && has(mlx::is_weights);
        notes.add(if weights {
            "it has weights in another format: look for a conversion to GGUF".to_owned()
        } else {
            "it has no model that can be run".to_owned()
        });
    }
    let facts = model.facts();
    Repository {
        id,
        commit: commit.to_ascii_lowercase(),
        runtime: if is_mlx { Runtime::Mlx } else { Runtime::Gguf },
        gate: facts.gate,
        licence: facts.licence,
        downloads: facts.downloads,
        likes: facts.likes,
        updated_at_ms: facts.updated_at_ms,
        parameters: facts.parameters,
        architecture: facts.architecture,
        context_length: facts.context_length,
        choices,
        projectors,
        notes: notes.into_lines(),
    }
}

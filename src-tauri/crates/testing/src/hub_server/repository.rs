//! Repositories, their files and commits, as a test makes them up.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::content::id_of;
use super::file::HostedFile;

/// Who may have the files of a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HubGate {
    /// Everybody.
    #[default]
    Open,
    /// Who has agreed to something.
    Automatic,
    /// Who was let in by a person.
    Manual,
}

impl HubGate {
    /// As the hub's API says it.
    pub(super) fn said(self) -> Value {
        match self {
            Self::Open => Value::Bool(false),
            Self::Automatic => "auto".into(),
            Self::Manual => "manual".into(),
        }
    }
}

/// What the hub knows about a repository, besides its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostedFacts {
    /// Who may have its files. Everybody may know what there is.
    pub gate: HubGate,
    /// Only tokens with access know that it exists.
    pub private: bool,
    /// Downloads of the last month.
    pub downloads: u64,
    /// Likes of all time.
    pub likes: u64,
    /// The order of `sort=trendingScore`.
    pub trending: u64,
    /// When it was changed last, as the hub writes it.
    pub updated_at: String,
    /// `apache-2.0` and the like.
    pub licence: Option<String>,
    /// Tags besides `gguf`, which a repository with such a file has by itself.
    pub tags: Vec<String>,
    /// `text-generation` if nothing else is said.
    pub pipeline: String,
    /// `transformers`, `mlx` and the like.
    pub library: Option<String>,
    /// What the hub read from its GGUF files: `total` (parameters), `architecture`,
    /// `context_length`.
    pub gguf: Option<Value>,
    /// What the hub read from its safetensors files: `parameters` by type, and `total`.
    pub safetensors: Option<Value>,
    /// What the hub read from its `config.json`: `architectures`, `model_type`.
    pub config: Option<Value>,
}

impl Default for HostedFacts {
    fn default() -> Self {
        Self {
            gate: HubGate::Open,
            private: false,
            downloads: 0,
            likes: 0,
            trending: 0,
            updated_at: "2026-01-02T03:04:05.000Z".to_owned(),
            licence: None,
            tags: Vec::new(),
            pipeline: "text-generation".to_owned(),
            library: None,
            gguf: None,
            safetensors: None,
            config: None,
        }
    }
}

/// A state of the files.
#[derive(Clone, Debug)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) files: Vec<HostedFile>,
}

/// A repository with all its commits.
#[derive(Clone, Debug)]
pub struct HostedRepository {
    /// `owner/name`.
    pub(super) id: String,
    pub(super) facts: HostedFacts,
    /// The last one is `main`.
    pub(super) commits: Vec<Commit>,
    /// Further branches and tags, and their commits.
    pub(super) names: BTreeMap<String, String>,
}

impl HostedRepository {
    /// A repository without files, `owner/name`.
    pub fn new(id: &str) -> Self {
        let first = Commit { id: commit_id(id, 0), files: Vec::new() };
        let id = id.to_owned();
        Self { id, facts: HostedFacts::default(), commits: vec![first], names: BTreeMap::new() }
    }

    /// The same with one more file.
    #[must_use]
    pub fn with(mut self, file: HostedFile) -> Self {
        let newest = self.commits.last_mut().expect("there is always one");
        newest.files.retain(|other| other.path != file.path);
        newest.files.push(file);
        self
    }

    /// The same with every file of a folder, below it too. Names that begin with a dot stay out,
    /// apart from `.gitattributes`.
    pub fn with_folder(mut self, folder: &Path) -> io::Result<Self> {
        let mut folders = vec![folder.to_owned()];
        while let Some(inner) = folders.pop() {
            for entry in std::fs::read_dir(&inner)? {
                let path = entry?.path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(".");
                if name.starts_with('.') && name != ".gitattributes" {
                    continue;
                }
                // Through links: a folder of a test points at models instead of copying them.
                if path.metadata()?.is_dir() {
                    folders.push(path);
                    continue;
                }
                let within = path.strip_prefix(folder).expect("it is in it");
                let within = within.to_string_lossy().replace('\\', "/");
                self = self.with(HostedFile::on_disk(&within, &path)?);
            }
        }
        Ok(self)
    }

    /// The same with other facts about it.
    #[must_use]
    pub fn knowing(mut self, change: impl FnOnce(&mut HostedFacts)) -> Self {
        change(&mut self.facts);
        self
    }

    /// The same with a branch or a tag at the newest commit.
    #[must_use]
    pub fn tagged(mut self, name: &str) -> Self {
        self.names.insert(name.to_owned(), self.commit().to_owned());
        self
    }

    /// The same after a commit that leaves these files and no others. What was before can still be
    /// asked for by its commit.
    #[must_use]
    pub fn then(mut self, files: Vec<HostedFile>) -> Self {
        let id = commit_id(&self.id, self.commits.len());
        self.commits.push(Commit { id, files });
        self
    }

    /// `owner/name`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The commit that `main` is at.
    pub fn commit(&self) -> &str {
        &self.newest().id
    }

    /// The files that `main` has.
    pub fn files(&self) -> &[HostedFile] {
        &self.newest().files
    }

    fn newest(&self) -> &Commit {
        self.commits.last().expect("there is always one")
    }

    /// What a branch, a tag or a commit names.
    pub(super) fn at(&self, revision: &str) -> Option<&Commit> {
        if revision == "main" {
            return Some(self.newest());
        }
        let id = self.names.get(revision).map_or(revision, String::as_str);
        self.commits.iter().find(|commit| commit.id == id)
    }

    /// All tags, as the hub lists them.
    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags = self.facts.tags.clone();
        let mut add = |tag: String| {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        };
        for (ending, tag) in [(".gguf", "gguf"), (".safetensors", "safetensors")] {
            if self.files().iter().any(|file| file.path.ends_with(ending)) {
                add(tag.to_owned());
            }
        }
        if let Some(library) = &self.facts.library {
            add(library.clone());
        }
        if let Some(licence) = &self.facts.licence {
            add(format!("license:{licence}"));
        }
        add("region:us".to_owned());
        tags
    }
}

fn commit_id(repository: &str, number: usize) -> String {
    id_of(&format!("commit {repository} {number}"), 40)
}

impl Commit {
    pub(super) fn file(&self, path: &str) -> Option<&HostedFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

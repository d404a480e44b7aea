//! All that a hub has, made up in a test or read from a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::access::Tokens;
use super::file::HostedFile;
use super::repository::{HostedFacts, HostedRepository};

/// Entries of one page of the hub's lists; the rest comes on the next ones.
const PAGE_ENTRIES: usize = 1000;

/// All that a hub has.
#[derive(Clone, Debug)]
pub struct HubFolder {
    repositories: Vec<HostedRepository>,
    pub(super) tokens: Tokens,
    pub(super) token_required: bool,
    pub(super) moved: BTreeMap<String, String>,
    pub(super) page_entries: usize,
    /// Small files are redirected to a cache within the hub, as the hub does since 2025.
    pub(super) caches_small_files: bool,
}

impl Default for HubFolder {
    fn default() -> Self {
        Self {
            repositories: Vec::new(),
            tokens: Tokens::new(),
            token_required: false,
            moved: BTreeMap::new(),
            page_entries: PAGE_ENTRIES,
            caches_small_files: true,
        }
    }
}

impl HubFolder {
    /// A hub that has nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a repository; one of the same name goes.
    #[must_use]
    pub fn with(mut self, repository: HostedRepository) -> Self {
        self.put(repository);
        self
    }

    /// The same with a token that the hub knows, and the repositories with a gate, or private
    /// ones, that it opens. Every token that it does not know is refused.
    #[must_use]
    pub fn with_token(mut self, token: &str, opens: &[&str]) -> Self {
        self.set_token(token, opens);
        self
    }

    /// The same, and whoever comes without a token is refused, as mirrors of companies do.
    #[must_use]
    pub fn requiring_token(self) -> Self {
        Self { token_required: true, ..self }
    }

    /// The same with a name under which a repository was known before.
    #[must_use]
    pub fn with_moved(mut self, from: &str, to: &str) -> Self {
        self.moved.insert(from.to_owned(), to.to_owned());
        self
    }

    /// The same with so many entries on a page, at least one; 1000 is what the hub has.
    #[must_use]
    pub fn with_page_entries(self, page_entries: usize) -> Self {
        Self { page_entries: page_entries.max(1), ..self }
    }

    /// The same with small files at the address where they are asked for, as the hub did until
    /// 2025 and mirrors do; it answers with a redirect within itself otherwise.
    #[must_use]
    pub fn with_small_files_at_once(self) -> Self {
        Self { caches_small_files: false, ..self }
    }

    /// What is in a folder: `<owner>/<name>/` has the files of a repository, `<owner>/<name>.json`
    /// beside it what else the hub knows of it, and `hub.json` what it knows besides.
    ///
    /// ```json
    /// {"gate": "manual", "downloads": 5, "licence": "apache-2.0",
    ///  "gguf": {"total": 134515008, "architecture": "llama", "context_length": 2048},
    ///  "generated": [{"path": "big.gguf", "seed": 7, "bytes": 209715200, "head": "first.gguf"}],
    ///  "xet": ["big.gguf"]}
    /// ```
    ///
    /// A generated file begins with the file `head` of the repository, if it names one.
    /// `hub.json` has `tokens` (a token and what it opens), `token_required`, `moved`,
    /// `page_entries` and `caches_small_files`; what is missing is as usual.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut hub = Self::new();
        let settings = folder.join("hub.json");
        if settings.exists() {
            let settings: Settings = json(&settings)?;
            hub.tokens = settings.tokens;
            hub.token_required = settings.token_required;
            hub.moved = settings.moved;
            hub.page_entries = settings.page_entries.unwrap_or(PAGE_ENTRIES).max(1);
            hub.caches_small_files = settings.caches_small_files.unwrap_or(true);
        }
        for owner in folders(folder)? {
            for name in folders(&folder.join(&owner))? {
                hub.put(Self::read_repository(folder, &format!("{owner}/{name}"))?);
            }
        }
        Ok(hub)
    }

    /// One repository of such a folder, `owner/name`.
    pub fn read_repository(folder: &Path, id: &str) -> io::Result<HostedRepository> {
        let files = folder.join(id);
        let mut repository = HostedRepository::new(id).with_folder(&files)?;
        let described = folder.join(format!("{id}.json"));
        if described.exists() {
            let described: Described = json(&described)?;
            repository.facts = described.facts;
            for made in described.generated {
                let head = made.head.map(|name| fs::read(files.join(name))).transpose()?;
                let head = head.unwrap_or_default();
                let file = HostedFile::generated_after(&made.path, head, made.seed, made.bytes);
                repository = repository.with(file);
            }
            for path in described.xet {
                let file = repository.files().iter().find(|file| file.path == path).cloned();
                let file = file.ok_or_else(|| io::Error::other(format!("{id} has no {path}")))?;
                repository = repository.with(file.in_xet_storage());
            }
        }
        Ok(repository)
    }

    /// All repositories.
    pub fn repositories(&self) -> &[HostedRepository] {
        &self.repositories
    }

    /// A repository, by its name as it is written.
    pub fn repository(&self, id: &str) -> Option<&HostedRepository> {
        self.repositories.iter().find(|repository| repository.id == id)
    }

    pub(super) fn set_token(&mut self, token: &str, opens: &[&str]) {
        let opens = opens.iter().map(|id| (*id).to_owned()).collect();
        self.tokens.insert(token.to_owned(), opens);
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.repositories.retain(|other| other.id != id);
    }

    pub(super) fn put(&mut self, repository: HostedRepository) {
        self.remove(&repository.id);
        self.repositories.push(repository);
    }

    /// The name of today, for one of before or one in other capitals.
    pub(super) fn moved(&self, id: &str) -> Option<&str> {
        if self.repository(id).is_some() {
            return None;
        }
        let other = self.repositories.iter().find(|other| other.id.eq_ignore_ascii_case(id));
        self.moved.get(id).map(String::as_str).or(other.map(|other| other.id.as_str()))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    tokens: Tokens,
    token_required: bool,
    moved: BTreeMap<String, String>,
    page_entries: Option<usize>,
    caches_small_files: Option<bool>,
}

/// A file beside a repository. (`flatten` cannot refuse unknown names.)
#[derive(Debug, Default, Deserialize)]
struct Described {
    #[serde(flatten)]
    facts: HostedFacts,
    #[serde(default)]
    generated: Vec<MadeUp>,
    #[serde(default)]
    xet: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MadeUp {
    path: String,
    seed: u64,
    bytes: u64,
    head: Option<String>,
}

fn json<T: for<'a> Deserialize<'a>>(path: &Path) -> io::Result<T> {
    serde_json::from_slice(&fs::read(path)?)
        .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
}

/// The names of the folders in a folder, in order.
fn folders(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(".");
        if path.is_dir() && !name.starts_with('.') {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

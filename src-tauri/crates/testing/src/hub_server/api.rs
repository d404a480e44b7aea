//! What the hub says about repositories, in the shapes in which it says it.

use serde_json::{Map, Value, json};

use super::access::{Refusal, Visitor, commit};
use super::address::Query;
use super::content::id_of;
use super::file::HostedFile;
use super::folder::HubFolder;
use super::repository::{Commit, HostedRepository};
use super::tree::pointer_bytes;

/// What `expand` may name.
const FIELDS: [&str; 31] = [
    "author",
    "baseModels",
    "cardData",
    "childrenModelCount",
    "config",
    "createdAt",
    "disabled",
    "downloads",
    "downloadsAllTime",
    "evalResults",
    "gated",
    "gguf",
    "inference",
    "inferenceProviderMapping",
    "lastModified",
    "library_name",
    "likes",
    "mask_token",
    "model-index",
    "pipeline_tag",
    "private",
    "resourceGroup",
    "safetensors",
    "sha",
    "siblings",
    "spaces",
    "tags",
    "transformersInfo",
    "trendingScore",
    "usedStorage",
    "widgetData",
];

/// What a list has of each repository if nothing is said.
const LISTED: [&str; 8] = [
    "likes",
    "trendingScore",
    "private",
    "downloads",
    "tags",
    "pipeline_tag",
    "library_name",
    "createdAt",
];

/// What it has in addition with `full`.
const FULL: [&str; 5] = ["author", "sha", "lastModified", "gated", "siblings"];

/// What is said of one repository if nothing is said.
const DESCRIBED: [&str; 19] = [
    "private",
    "pipeline_tag",
    "library_name",
    "tags",
    "downloads",
    "likes",
    "author",
    "sha",
    "lastModified",
    "gated",
    "disabled",
    "model-index",
    "config",
    "cardData",
    "gguf",
    "safetensors",
    "siblings",
    "createdAt",
    "usedStorage",
];

/// JSON, and where its next page is.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) body: Value,
    /// Path and query.
    pub(super) next: Option<String>,
}

/// How the checksum of a file is said.
pub(super) type SaysSha256<'a> = &'a dyn Fn(&HostedRepository, &HostedFile) -> String;

/// `/api/models`.
pub(super) fn list(
    hub: &HubFolder,
    visitor: Visitor<'_>,
    query: &Query,
    says_sha256: SaysSha256<'_>,
) -> Result<Page, Refusal> {
    let expand = fields(query)?;
    let wanted = query.one("search").unwrap_or_default().to_lowercase();
    let author = query.one("author");
    let filters = query.all("filter");
    let filters: Vec<&str> = filters.iter().flat_map(|filter| filter.split(',')).collect();
    let mut found: Vec<&HostedRepository> = hub
        .repositories()
        .iter()
        .filter(|repository| {
            let id = repository.id.to_lowercase();
            let tags = repository.tags();
            visitor.sees(repository)
                && wanted.split_whitespace().all(|word| id.contains(word))
                && author.is_none_or(|author| repository.id.starts_with(&format!("{author}/")))
                && filters.iter().all(|filter| tags.iter().any(|tag| tag == filter))
        })
        .collect();
    sort(&mut found, query)?;
    let from: usize = query.one("cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let limit = query.one("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let page_end = from.saturating_add(limit.clamp(1, hub.page_entries));
    let next =
        (page_end < found.len()).then(|| format!("/api/models?{}", query.with_cursor(page_end)));
    let entries = found.into_iter().skip(from).take(page_end - from).map(|repository| {
        let newest = repository.at("main").expect("there is always one");
        let mut names = expand.clone().unwrap_or_else(|| LISTED.to_vec());
        if query.is_set("full") && expand.is_none() {
            names.extend(FULL);
        }
        if query.is_set("config") {
            names.push("config");
        }
        if query.is_set("cardData") {
            names.push("cardData");
        }
        let about = About { repository, commit: newest, with_blobs: false, says_sha256 };
        about.json(&names, expand.is_none())
    });
    Ok(Page { body: Value::Array(entries.collect()), next })
}

fn sort(found: &mut [&HostedRepository], query: &Query) -> Result<(), Refusal> {
    let by = query.one("sort").unwrap_or("trendingScore");
    match by {
        "downloads" => found.sort_by_key(|it| it.facts.downloads),
        "likes" => found.sort_by_key(|it| it.facts.likes),
        "trendingScore" => found.sort_by_key(|it| it.facts.trending),
        "lastModified" | "createdAt" => found.sort_by_key(|it| it.facts.updated_at.clone()),
        _ => return Err(Refusal::new(400, None, &format!("Invalid sort parameter: {by}"))),
    }
    // The most first, whatever the direction: the hub knows no other.
    found.reverse();
    Ok(())
}

/// `/api/models/owner/name`, at a revision.
pub(super) fn repository(
    repository: &HostedRepository,
    revision: &str,
    query: &Query,
    says_sha256: SaysSha256<'_>,
) -> Result<Value, Refusal> {
    let expand = fields(query)?;
    let commit = commit(repository, revision)?;
    let with_blobs = query.is_set("blobs");
    let names = expand.clone().unwrap_or_else(|| DESCRIBED.to_vec());
    Ok(About { repository, commit, with_blobs, says_sha256 }.json(&names, expand.is_none()))
}

fn fields(query: &Query) -> Result<Option<Vec<&'static str>>, Refusal> {
    let asked = query.all("expand");
    if asked.is_empty() {
        return Ok(None);
    }
    let mut names = Vec::new();
    for name in asked {
        let Some(field) = FIELDS.iter().find(|field| **field == name) else {
            let message = format!("Invalid option: expected one of {}", FIELDS.join("|"));
            return Err(Refusal::new(400, None, &message));
        };
        names.push(*field);
    }
    Ok(Some(names))
}

struct About<'a> {
    repository: &'a HostedRepository,
    commit: &'a Commit,
    with_blobs: bool,
    says_sha256: SaysSha256<'a>,
}

impl About<'_> {
    fn json(&self, names: &[&str], with_old_name: bool) -> Value {
        let id = &self.repository.id;
        let mut about = Map::new();
        about.insert("_id".to_owned(), id_of(id, 24).into());
        about.insert("id".to_owned(), id.clone().into());
        if with_old_name {
            about.insert("modelId".to_owned(), id.clone().into());
        }
        for name in names {
            if let Some(value) = self.field(name) {
                about.insert((*name).to_owned(), value);
            }
        }
        Value::Object(about)
    }

    fn field(&self, name: &str) -> Option<Value> {
        let facts = &self.repository.facts;
        Some(match name {
            "author" => self.repository.id.split('/').next()?.into(),
            "sha" => self.commit.id.clone().into(),
            "lastModified" | "createdAt" => facts.updated_at.clone().into(),
            "private" => facts.private.into(),
            "gated" => facts.gate.said(),
            "disabled" => false.into(),
            "downloads" | "downloadsAllTime" => facts.downloads.into(),
            "likes" => facts.likes.into(),
            "trendingScore" => facts.trending.into(),
            "tags" => self.repository.tags().into(),
            "pipeline_tag" => facts.pipeline.clone().into(),
            "library_name" => facts.library.clone()?.into(),
            "cardData" => match &facts.licence {
                Some(licence) => json!({"license": licence}),
                None => return None,
            },
            "config" => facts.config.clone().unwrap_or_else(|| json!({})),
            "gguf" => facts.gguf.clone()?,
            "safetensors" => facts.safetensors.clone()?,
            "model-index" => Value::Null,
            "spaces" => json!([]),
            "siblings" => self.commit.files.iter().map(|file| self.sibling(file)).collect(),
            "usedStorage" => self.commit.files.iter().map(HostedFile::bytes).sum::<u64>().into(),
            _ => return None,
        })
    }

    fn sibling(&self, file: &HostedFile) -> Value {
        let mut sibling = json!({"rfilename": file.path});
        if self.with_blobs {
            sibling["size"] = file.bytes().into();
            sibling["blobId"] = file.blob().into();
            if file.is_large {
                sibling["lfs"] = json!({
                    "sha256": (self.says_sha256)(self.repository, file),
                    "size": file.bytes(),
                    "pointerSize": pointer_bytes(file),
                });
            }
        }
        sibling
    }
}

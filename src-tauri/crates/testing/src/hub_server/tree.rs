//! What the hub says about the files of a repository.

use std::collections::BTreeMap;

use serde_json::json;

use super::access::{Refusal, commit};
use super::address::{Query, encoded, encoded_path};
use super::api::{Page, SaysSha256};
use super::content::id_of;
use super::file::HostedFile;
use super::folder::HubFolder;
use super::repository::HostedRepository;

/// `/api/models/owner/name/tree/revision/folder`.
pub(super) fn tree(
    hub: &HubFolder,
    repository: &HostedRepository,
    (revision, folder): (&str, &str),
    query: &Query,
    says_sha256: SaysSha256<'_>,
) -> Result<Page, Refusal> {
    let commit = commit(repository, revision)?;
    let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let mut entries: BTreeMap<String, Option<&HostedFile>> = BTreeMap::new();
    for file in &commit.files {
        let Some(rest) = file.path.strip_prefix(&below) else { continue };
        let mut folders = rest.match_indices('/').map(|(at, _)| format!("{below}{}", &rest[..at]));
        if query.is_set("recursive") {
            entries.extend(folders.map(|path| (path, None)));
            entries.insert(file.path.clone(), Some(file));
        } else {
            match folders.next() {
                Some(path) => entries.insert(path, None),
                None => entries.insert(file.path.clone(), Some(file)),
            };
        }
    }
    if entries.is_empty() && !folder.is_empty() {
        let message = format!("{folder} does not exist on \"{revision}\"");
        return Err(Refusal::no_entry(&message, commit));
    }
    let from: usize = query.one("cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let limit = query.one("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let page_end = from.saturating_add(limit.clamp(1, hub.page_entries));
    let next = (page_end < entries.len()).then(|| {
        let id = &repository.id;
        let folder = if folder.is_empty() { "" } else { &format!("/{}", encoded_path(folder)) };
        let revision = encoded(revision);
        format!("/api/models/{id}/tree/{revision}{folder}?{}", query.with_cursor(page_end))
    });
    let page = entries.into_iter().skip(from).take(page_end - from).map(|(path, file)| {
        let Some(file) = file else {
            let oid = id_of(&format!("tree {} {path}", commit.id), 40);
            return json!({"type": "directory", "oid": oid, "size": 0, "path": path});
        };
        let mut entry =
            json!({"type": "file", "oid": file.blob(), "size": file.bytes(), "path": path});
        if file.is_large {
            entry["lfs"] = json!({
                "oid": says_sha256(repository, file),
                "size": file.bytes(),
                "pointerSize": pointer_bytes(file),
            });
        }
        if file.in_xet_storage {
            entry["xetHash"] = xet_hash(file).into();
        }
        entry
    });
    Ok(Page { body: page.collect(), next })
}

/// What the hub's Xet storage calls a file. Theirs is a Merkle root; this one only looks like it.
pub(super) fn xet_hash(file: &HostedFile) -> String {
    id_of(&format!("xet {}", file.sha256()), 64)
}

/// How long git's stand-in for a large file is.
pub(super) fn pointer_bytes(file: &HostedFile) -> usize {
    let sha256 = "0".repeat(64);
    let size = file.bytes();
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n").len()
}

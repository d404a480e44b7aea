//! Which files have the weights: `model.safetensors.index.json`, or their names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::header::Tensor;
use crate::MlxError;
use crate::file;

const INDEX: &str = "model.safetensors.index.json";
const ENDING: &str = ".safetensors";
/// Of a model with 100,000 tensors it has 8 MB.
const MOST_INDEX_BYTES: u64 = 32 << 20;
/// More files than any repository splits a model into.
const MOST_FILES: usize = 1000;

/// Which file each tensor is in.
pub struct Index {
    path: PathBuf,
    weight_map: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Content {
    weight_map: BTreeMap<String, String>,
}

/// The index of a folder, if it has one.
pub fn read(folder: &Path) -> Result<Option<Index>, MlxError> {
    let path = folder.join(INDEX);
    let bytes = match file::bytes(&path, MOST_INDEX_BYTES) {
        Ok(bytes) => bytes,
        Err(MlxError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let content: Content = serde_json::from_slice(&bytes)
        .map_err(|source| MlxError::NotJson { path: path.clone(), source })?;
    let index = Index { path, weight_map: content.weight_map };
    let names = index.names();
    if names.is_empty() || names.len() > MOST_FILES {
        return Err(index.damaged(format!("it names {} files", names.len())));
    }
    // A name with a folder in it would lead out of the checkpoint.
    if let Some(name) = names.iter().find(|name| !is_plain(name)) {
        return Err(index.damaged(format!("it names the file `{name}`")));
    }
    Ok(Some(index))
}

/// The files of a checkpoint without an index, which is small and has one file as a rule.
pub fn files_by_name(folder: &Path) -> Result<Vec<PathBuf>, MlxError> {
    let single = folder.join("model.safetensors");
    if single.exists() {
        return Ok(vec![single]);
    }
    let unreadable = |source| file::unreadable(folder, source);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("model") && name.ends_with(ENDING) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() { Err(MlxError::Missing { path: single }) } else { Ok(files) }
}

impl Index {
    fn names(&self) -> BTreeSet<&str> {
        self.weight_map.values().map(String::as_str).collect()
    }

    fn damaged(&self, reason: String) -> MlxError {
        MlxError::Weights { path: self.path.clone(), reason }
    }

    /// The files that it names, each once.
    pub fn files(&self, folder: &Path) -> Vec<PathBuf> {
        self.names().into_iter().map(|name| folder.join(name)).collect()
    }

    /// Whether a file has what it should have.
    pub fn check(&self, path: &Path, own: &BTreeMap<String, Tensor>) -> Result<(), MlxError> {
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut due = self.weight_map.iter().filter(|(_, place)| *place == file);
        match due.find(|(tensor, _)| !own.contains_key(*tensor)) {
            Some((tensor, _)) => Err(MlxError::Weights {
                path: path.to_owned(),
                reason: format!("`{tensor}` is not in it"),
            }),
            None => Ok(()),
        }
    }
}

fn is_plain(name: &str) -> bool {
    name.ends_with(ENDING) && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0'])
}

//! The weights of a checkpoint: which files, which tensors, and whether all of it is there and of
//! the form that the model needs.
//!
//! Nothing is read but headers. What [`Checkpoint::check`] lets through has every tensor within its
//! file, each of the shape that the decoder will multiply with.

mod header;
mod index;
mod needed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::{MlxError, ModelConfig};

pub use header::{Number, Tensor};

/// The weights of one model, as their headers describe them.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    files: Vec<PathBuf>,
    tensors: BTreeMap<String, Tensor>,
}

impl Checkpoint {
    /// Reads the headers of all files in a folder and holds each file to its own header, and to
    /// `model.safetensors.index.json` where that is.
    pub fn open(folder: &Path) -> Result<Self, MlxError> {
        let index = index::read(folder)?;
        let files = match &index {
            Some(index) => index.files(folder),
            None => index::files_by_name(folder)?,
        };
        let mut tensors = BTreeMap::new();
        for path in &files {
            let own = header::read(path)?;
            if let Some(index) = &index {
                index.check(path, &own)?;
            }
            for (name, tensor) in own {
                if tensors.contains_key(&name) {
                    let reason = format!("`{name}` is in another file, too");
                    return Err(MlxError::Weights { path: path.clone(), reason });
                }
                tensors.insert(name, tensor);
            }
        }
        Ok(Self { files, tensors })
    }

    /// The files that have the weights.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What is under a name.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// Bytes of all weights.
    pub fn bytes(&self) -> u64 {
        self.tensors.values().map(|tensor| tensor.bytes).sum()
    }

    /// Whether logits come from a matrix of their own and not from the embedding.
    pub fn has_last_matrix(&self, config: &ModelConfig) -> bool {
        needed::has_last_matrix(self, config)
    }

    /// Whether every tensor that the model needs is there and of the right form.
    pub fn check(&self, config: &ModelConfig) -> Result<(), MlxError> {
        needed::check(self, config)
    }
}

#[cfg(test)]
mod tests;

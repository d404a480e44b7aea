//! Batch files: the requests of a column written into a file that a person hands to a provider,
//! and the file of results taken back into the column.
//!
//! What this module promises: a request is named by sheet, column, row and what it asks, so that
//! order and sorting do not matter and no answer lands where it was not asked for;
//! results come in as a run of their own, with history and undo as for any run; cells of a person
//! are not touched; the same file taken twice changes nothing the second time. Left out: what a
//! line looks like (`braincells_llm::cloud::batch_file`).

mod files;
mod lines;
mod merge;
mod name;
mod note;
mod read;
mod write;

use std::path::PathBuf;

use braincells_core::{AppError, Settings};
use braincells_llm::cloud::Endpoint;
use serde::Serialize;

use crate::backends::{Cloud, endpoint_of, split};
use crate::error::WorkbenchError;

/// Where the requests of a batch go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFile {
    /// The file; one that exists is replaced.
    pub path: PathBuf,
    /// What is done with requests that providers do not take in the same file.
    pub more: MoreFiles,
}

/// What is done with requests that providers do not take in the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoreFiles {
    /// They go on in further files beside it, none of which may be there; see [`BatchFile::part`].
    Keep,
    /// The same, and files that are there are replaced.
    Replace,
    /// Nothing is written.
    Refuse,
}

impl<P: Into<PathBuf>> From<P> for BatchFile {
    fn from(path: P) -> Self {
        Self { path: path.into(), more: MoreFiles::Keep }
    }
}

/// What was written into a batch file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct BatchWritten {
    /// Requests in the file, or in all files.
    pub requests: u64,
    /// How many files there are: providers take only so much in one.
    pub files: u64,
    /// Rows that were left out, because a cell that they read is empty or failed.
    pub rows_waiting: u64,
    /// Rows that were left out, because they have nothing to read.
    pub rows_skipped_empty: u64,
    /// Rows that were left out, because the answer to what they ask is kept already: a run fills
    /// them and asks nobody.
    pub rows_known: u64,
}

/// What became of the lines of a file of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct BatchRead {
    /// Cells that have a new value.
    pub merged: u64,
    /// Rows that have no usable answer.
    pub failed: u64,
    /// Rows that a file written here asked for, and that have neither an answer nor a value.
    pub missing: u64,
    /// Lines whose row had a line before, and results that were taken earlier.
    pub duplicate: u64,
    /// Lines whose row, or what else it is asked with (its prompt, its recipe), changed since the
    /// file was written; the cell stays as it is.
    pub changed: u64,
    /// Lines of rows that are not there or of another column or sheet, or whose cell a person wrote
    /// or approved.
    pub unknown: u64,
    /// Lines that are no result.
    pub unreadable: u64,
}

/// Where the requests for a model would go, and what it is called there. Servers that run model
/// files speak alike, so that a file of this machine is named as it is.
fn target(model: &str, settings: &Settings, cloud: &Cloud) -> Result<(Endpoint, String), AppError> {
    let (endpoint, name) = if let Some(remote) = split(model, &settings.backends.endpoints) {
        (endpoint_of(&remote.backend, settings, cloud)?, remote.model)
    } else {
        let preset = braincells_llm::cloud::ENDPOINT_PRESETS[LLAMA_SERVER];
        (Endpoint::custom(preset.id, preset.base_url)?, model.to_owned())
    };
    if name.is_empty() {
        return Err(WorkbenchError::NoModelName { text: model.to_owned() }.into());
    }
    Ok((endpoint, name))
}

/// The preset of the server that runs the same model files as this program.
const LLAMA_SERVER: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_models_on_this_machine_are_for_the_server_that_runs_them() {
        assert_eq!(braincells_llm::cloud::ENDPOINT_PRESETS[LLAMA_SERVER].id, "llama-server");
    }
}

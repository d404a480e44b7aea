//! Batch files: the requests of a column written into a file that a person hands to a provider,
//! and the file of results taken back into the column.
//!
//! What this module promises: a row is named by its id, so that order and sorting do not matter;
//! results come in as a run of their own, with history and undo as for any run; cells of a person
//! are not touched; the same file taken twice changes nothing the second time. Left out: what a
//! line looks like (`braincells_llm::cloud::batch_file`).

mod lines;
mod merge;
mod note;
mod read;
mod write;

use braincells_core::{AppError, RowId, Settings};
use braincells_llm::cloud::Endpoint;
use serde::Serialize;

use crate::backends::{Cloud, endpoint_of, split};
use crate::error::WorkbenchError;

/// What was written into a batch file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct BatchWritten {
    /// Requests in the file.
    pub requests: u64,
    /// Rows that were left out, because a cell that they read is empty or failed.
    pub rows_waiting: u64,
    /// Rows that were left out, because they have nothing to read.
    pub rows_skipped_empty: u64,
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
    /// Lines of rows that are not there, or whose cell a person wrote or approved.
    pub unknown: u64,
    /// Lines that are no result.
    pub unreadable: u64,
}

/// How a request of a row is named.
const PREFIX: &str = "row-";

fn name_of(row: RowId) -> String {
    format!("{PREFIX}{row}")
}

fn row_of(name: &str) -> Option<RowId> {
    let digits = name.strip_prefix(PREFIX)?;
    let row = digits.parse().ok().map(RowId)?;
    // One row has one name.
    (name_of(row) == name).then_some(row)
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
    fn a_row_has_one_name() {
        assert_eq!(name_of(RowId(17)), "row-17");
        assert_eq!(row_of("row-17"), Some(RowId(17)));
        for other in ["17", "row-", "row-017", "row-+17", "row-17 ", "row-x", "Row-17"] {
            assert_eq!(row_of(other), None, "{other}");
        }
        assert_eq!(braincells_llm::cloud::ENDPOINT_PRESETS[LLAMA_SERVER].id, "llama-server");
    }
}

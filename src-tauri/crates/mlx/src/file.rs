//! Files that are read as a whole, each with the most that it may be.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde_json::Value;

use crate::MlxError;

/// `config.json` and the like: a list of quantisations of each layer is the longest part.
pub const MOST_SETTINGS_BYTES: u64 = 4 << 20;
/// `tokenizer.json`: those of 262,144 words take 33 MB.
#[cfg(feature = "native")]
pub const MOST_TOKENIZER_BYTES: u64 = 64 << 20;

/// What cannot be opened, as an error.
pub fn unreadable(path: &Path, source: std::io::Error) -> MlxError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::NotFound => MlxError::Missing { path },
        _ => MlxError::Unreadable { path, source },
    }
}

/// The bytes of a file of at most `most`.
pub fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, MlxError> {
    let unreadable = |source| unreadable(path, source);
    let mut file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes > most {
        return Err(MlxError::TooLarge { path: path.to_owned(), bytes, most });
    }
    let mut content = Vec::new();
    file.by_ref().take(most).read_to_end(&mut content).map_err(unreadable)?;
    Ok(content)
}

/// A file of settings.
pub fn settings(path: &Path) -> Result<Value, MlxError> {
    let content = bytes(path, MOST_SETTINGS_BYTES)?;
    serde_json::from_slice(&content)
        .map_err(|source| MlxError::NotJson { path: path.to_owned(), source })
}

/// A file of settings that not every checkpoint has.
pub fn settings_if_any(path: &Path) -> Result<Option<Value>, MlxError> {
    match settings(path) {
        Ok(value) => Ok(Some(value)),
        Err(MlxError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

//! A first look at a model file, before llama.cpp sees it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::error::WorkbenchError;

/// Magic, version, tensor count and metadata count.
const HEADER_BYTES: usize = 24;

/// Refuses what is not a GGUF file by its first bytes; returns the file's size.
pub(crate) fn check_gguf(path: &Path) -> Result<u64, WorkbenchError> {
    let unreadable = |error: std::io::Error| WorkbenchError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
        missing: error.kind() == ErrorKind::NotFound,
    };
    let refuse = |reason: &str| WorkbenchError::NotAModel {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(refuse("it is a folder"));
    }
    if metadata.len() == 0 {
        return Err(refuse("it is empty"));
    }
    let mut header = [0; HEADER_BYTES];
    match file.read_exact(&mut header) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Err(refuse("it ends before its header does"));
        }
        result => result.map_err(unreadable)?,
    }
    if header[..4] != *b"GGUF" {
        return Err(refuse("it does not begin with `GGUF`"));
    }
    Ok(metadata.len())
}

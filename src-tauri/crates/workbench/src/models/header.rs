//! A model's header, read by us before llama.cpp reads it.

use std::path::Path;

use braincells_core::AppError;
use braincells_models::gguf::Gguf;

use super::error::ModelError;
use super::parts::{GGUF, Part, paths_of};

/// Reads the headers of a model, one for each of its files, and refuses with a named cause what
/// llama.cpp would fall over. Reads a few megabytes; blocks.
pub(crate) fn read_header(path: &Path) -> Result<Vec<Gguf>, AppError> {
    let first = Gguf::open(path)?;
    let Some(split) = first.split() else { return Ok(vec![first]) };
    let count = u32::try_from(split.count).unwrap_or(u32::MAX);
    if split.number > 0 {
        let number = split.number + 1;
        let (count, path) = (split.count, path.to_owned());
        return Err(ModelError::LaterPart { number, count, path }.into());
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // The others are found by their names, by llama.cpp too.
    if Part::of(name, GGUF).is_none_or(|part| part.number != 1 || part.count != count) {
        return Err(ModelError::WrongPart { path: path.to_owned() }.into());
    }
    let mut parts = vec![first];
    for (number, path) in (2..).zip(paths_of(path).into_iter().skip(1)) {
        if !path.exists() {
            return Err(ModelError::PartMissing { number, count, path }.into());
        }
        let part = Gguf::open(&path)?;
        if part.split().map(|split| split.number + 1) != Some(u64::from(number)) {
            return Err(ModelError::WrongPart { path }.into());
        }
        parts.push(part);
    }
    Ok(parts)
}

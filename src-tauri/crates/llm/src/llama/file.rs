use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::LLMError;

/// Of a GGUF file: magic, version, number of tensors and of metadata entries.
const HEADER_BYTES: usize = 24;

/// Looks at a model file before llama.cpp does, for an error that says what the file is.
/// Returns its size in bytes.
pub fn check_file(path: &Path) -> Result<u64, LLMError> {
    let broken =
        |reason: &str| LLMError::ModelBroken { path: path.to_owned(), reason: reason.to_owned() };
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => LLMError::ModelNotFound { path: path.to_owned() },
        _ => broken(&error.to_string()),
    })?;
    if metadata.is_dir() {
        return Err(broken("it is a folder"));
    }
    // Opening a pipe would wait for somebody who writes into it.
    if !metadata.is_file() {
        return Err(broken("it is no regular file"));
    }
    if metadata.len() == 0 {
        return Err(broken("it is empty"));
    }
    let mut header = Vec::with_capacity(HEADER_BYTES);
    File::open(path)
        .and_then(|file| file.take(HEADER_BYTES as u64).read_to_end(&mut header))
        .map_err(|error| broken(&error.to_string()))?;
    if !header.starts_with(b"GGUF") {
        return Err(broken("it is not a GGUF file"));
    }
    if header.len() < HEADER_BYTES {
        return Err(broken("it ends before its header does"));
    }
    Ok(metadata.len())
}

#[cfg(test)]
mod tests {
    use crate::llama::{LlamaEngine, LoadOptions};

    #[test]
    fn what_is_not_a_model_is_said_before_llama_cpp_sees_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        for (path, expected) in [
            (folder.path().join("none.gguf"), "there is no model file"),
            (folder.path().to_owned(), "it is a folder"),
            (file("empty.gguf", b""), "it is empty"),
            (file("short.gguf", b"GG"), "it is not a GGUF file"),
            (file("zip.gguf", b"PK\x03\x04 and more"), "it is not a GGUF file"),
            (file("truncated.gguf", b"GGUF\x03\0\0\0"), "it ends inside its first 24 bytes"),
            (
                file("hollow.gguf", b"GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"),
                "cannot be loaded",
            ),
        ] {
            let error = LlamaEngine::load(&path, &LoadOptions::default(), |_| true).err().unwrap();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

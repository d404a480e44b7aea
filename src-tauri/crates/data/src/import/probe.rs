use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::{DataError, Format};

/// How much of a file is looked at before DuckDB sees it.
const HEAD_BYTES: u64 = 64 * 1024;

/// A file that looks like its format.
#[derive(Clone, Debug)]
pub(super) struct Probed {
    /// Absolute, so that DuckDB cannot take it for an address.
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) size_bytes: u64,
    /// Text in UTF-16 rather than UTF-8.
    pub(super) utf16: bool,
}

/// Tells a missing, empty, binary or foreign file from one worth handing to DuckDB, whose own
/// words for these are long or whose guesses are wrong.
pub(super) fn probe(path: &Path, format: Format) -> Result<Probed, DataError> {
    let path = &std::path::absolute(path)
        .map_err(|source| DataError::io("resolve the path", path, source))?;
    let mut file = File::open(path).map_err(|source| unreadable(path, source))?;
    let metadata = file.metadata().map_err(|source| unreadable(path, source))?;
    if metadata.is_dir() {
        return Err(unusable(path, "it is a folder", "name a file in it"));
    }
    let mut head = Vec::new();
    file.by_ref()
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .map_err(|source| unreadable(path, source))?;
    let size_bytes = metadata.len();
    let blank = head.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0);
    if head.is_empty() || (blank && size_bytes <= HEAD_BYTES) {
        return Err(unusable(path, "the file is empty", "choose a file with data in it"));
    }
    let utf16 = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
    match format {
        Format::Parquet => check_parquet(path, &mut file, &head)?,
        Format::Csv | Format::Tsv if utf16 => {}
        _ if utf16 || head.contains(&0) => {
            let hint = "spreadsheets: save it as CSV; Parquet: name the format or the file so";
            return Err(unusable(path, "it is a binary file, not text", hint));
        }
        _ => {}
    }
    Ok(Probed { path: path.clone(), format, size_bytes, utf16 })
}

/// Parquet files begin and end with the same four bytes; a download that broke off lacks the end.
fn check_parquet(path: &Path, file: &mut File, head: &[u8]) -> Result<(), DataError> {
    const MAGIC: &[u8] = b"PAR1";
    if !head.starts_with(MAGIC) {
        return Err(unusable(path, "it is not a Parquet file", "check the file and its format"));
    }
    let mut tail = [0; 4];
    file.seek(SeekFrom::End(-4))
        .and_then(|_| file.read_exact(&mut tail))
        .map_err(|source| unreadable(path, source))?;
    if tail != MAGIC {
        let hint = "it is probably cut off: get it again";
        return Err(unusable(path, "the end of the Parquet file is missing", hint));
    }
    Ok(())
}

fn unreadable(path: &Path, source: io::Error) -> DataError {
    match source.kind() {
        io::ErrorKind::NotFound => DataError::SourceMissing { path: path.to_path_buf() },
        io::ErrorKind::PermissionDenied => {
            unusable(path, "reading it is not permitted", "change the permissions of the file")
        }
        io::ErrorKind::IsADirectory => unusable(path, "it is a folder", "name a file in it"),
        _ => DataError::io("read", path, source),
    }
}

/// The error for a file that cannot be imported.
pub(super) fn unusable(path: &Path, reason: impl Into<String>, hint: &str) -> DataError {
    DataError::SourceUnusable {
        path: path.to_path_buf(),
        reason: reason.into(),
        hint: hint.to_owned(),
    }
}

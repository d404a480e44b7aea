use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::encoding::Recoding;
use super::options::Encoding;
use crate::{DataError, Format};

/// How much of a file is looked at before anything reads it.
const HEAD_BYTES: u64 = 64 * 1024;

/// A file that looks like its format.
#[derive(Clone, Debug)]
pub(super) struct Probed {
    /// What is read; absolute, so that DuckDB cannot take it for an address.
    pub(super) path: PathBuf,
    /// What errors name: the file that was handed in, where another is read in its place.
    pub(super) named: PathBuf,
    pub(super) format: Format,
    pub(super) size_bytes: u64,
    /// How its text is written.
    pub(super) encoding: Encoding,
    /// How to read it, if it must be written again as UTF-8 before it is read.
    pub(super) recoding: Option<Recoding>,
}

/// Tells a missing, empty, binary or foreign file from one worth reading, for which the readers'
/// own words are long or their guesses wrong.
pub(super) fn probe(
    path: &Path,
    format: Format,
    encoding: Option<Encoding>,
) -> Result<Probed, DataError> {
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
        return Err(empty(path));
    }
    let mut probed = Probed {
        path: path.clone(),
        named: path.clone(),
        format,
        size_bytes,
        encoding: Encoding::Utf8,
        recoding: None,
    };
    match format {
        Format::Parquet => check_ends(path, &mut file, &head, b"PAR1", "Parquet")?,
        Format::Arrow => check_arrow(path, &mut file, &head)?,
        Format::Xlsx | Format::Xls | Format::Ods => {
            probed.format = workbook_format(path, format, &head)?;
        }
        Format::Csv | Format::Tsv | Format::Json | Format::Jsonl => {
            probed.recoding = Recoding::of(&head, encoding);
            match probed.recoding {
                Some(recoding) => probed.encoding = recoding.word(),
                None if head.contains(&0) => return Err(binary(path, &head)),
                None => {}
            }
        }
    }
    Ok(probed)
}

fn binary(path: &Path, head: &[u8]) -> DataError {
    // ASCII letters in UTF-16 have a zero in every second byte.
    const LOOKED_AT: usize = 64;
    let looked_at = &head[..head.len().min(LOOKED_AT)];
    let zeros = |odd: usize| {
        let every_second = looked_at.iter().skip(odd).step_by(2);
        every_second.filter(|byte| **byte == 0).count() * 4 > looked_at.len()
    };
    if zeros(0) != zeros(1) {
        let hint = "if it is UTF-16 text, say so with `--encoding utf-16`";
        return unusable(path, "it looks like UTF-16 without a byte order mark", hint);
    }
    let hint = "if it is a workbook, Parquet or Arrow, name the format or the file so";
    unusable(path, "it is a binary file, not text", hint)
}

/// Formats that begin and end with the same bytes; a download that broke off lacks the end.
fn check_ends(
    path: &Path,
    file: &mut File,
    head: &[u8],
    magic: &[u8],
    name: &str,
) -> Result<(), DataError> {
    if !head.starts_with(magic) {
        let article = if name.starts_with('A') { "an" } else { "a" };
        let reason = format!("it is not {article} {name} file");
        return Err(unusable(path, reason, "check the file and its format"));
    }
    let mut tail = vec![0; magic.len()];
    file.seek(SeekFrom::End(-(magic.len() as i64)))
        .and_then(|_| file.read_exact(&mut tail))
        .map_err(|source| unreadable(path, source))?;
    if tail != magic {
        let hint = "it is probably cut off: get it again";
        return Err(unusable(path, format!("the end of the {name} file is missing"), hint));
    }
    Ok(())
}

fn check_arrow(path: &Path, file: &mut File, head: &[u8]) -> Result<(), DataError> {
    // A stream has no magic bytes; it begins with the mark of its first message.
    if head.starts_with(&[0xff; 4]) {
        return Ok(());
    }
    if head.starts_with(b"FEA1") {
        let hint = "write it again as Feather 2, which is Arrow";
        return Err(unusable(path, "it is a Feather file of version 1", hint));
    }
    check_ends(path, file, head, b"ARROW1", "Arrow")
}

/// Workbooks are often named by the wrong one of these endings.
fn workbook_format(path: &Path, format: Format, head: &[u8]) -> Result<Format, DataError> {
    const ZIP: &[u8] = b"PK\x03\x04";
    const COMPOUND: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    // An OpenDocument file says in its first entry, which is not compressed, what it is.
    const OPEN_DOCUMENT: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";
    let says = |text: &[u8]| head.windows(text.len()).take(256).any(|window| window == text);
    if head.starts_with(ZIP) {
        let is_ods = says(OPEN_DOCUMENT) || format == Format::Ods;
        return Ok(if is_ods { Format::Ods } else { Format::Xlsx });
    }
    if head.starts_with(COMPOUND) {
        if format == Format::Xls {
            return Ok(format);
        }
        let hint = "remove the password, or name the file `.xls` if it is an old workbook";
        return Err(unusable(path, "it is protected by a password, or of an older format", hint));
    }
    let hint = "check the file; a table in text is read as CSV or TSV";
    Err(unusable(path, "it is not a workbook", hint))
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

/// The error for a file, or for a clipboard, without anything in it.
pub(super) fn empty(path: &Path) -> DataError {
    unusable(path, "the file is empty", "choose a file with data in it")
}

/// The error for a file that cannot be imported.
pub(super) fn unusable(path: &Path, reason: impl Into<String>, hint: &str) -> DataError {
    DataError::SourceUnusable {
        path: path.to_path_buf(),
        reason: reason.into(),
        hint: hint.to_owned(),
    }
}

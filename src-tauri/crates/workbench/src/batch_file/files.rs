//! The lines of a batch as files: as many as providers take in one, then the next.

use std::path::{Path, PathBuf};

use braincells_core::AppError;
use braincells_data::write_file_with;

use super::{BatchFile, MoreFiles};
use crate::error::WorkbenchError;

/// What providers take in one file; OpenAI's are the least.
pub(super) const MOST: FileLimits = FileLimits { requests: 50_000, bytes: 200_000_000 };

/// How much is in one file at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileLimits {
    requests: u64,
    bytes: u64,
}

/// Writes what `next` gives line by line; returns in how many files.
///
/// The last file is whole first, so that none appears unless all of them can.
pub(super) fn write_lines(
    file: &BatchFile,
    limits: FileLimits,
    next: &mut dyn FnMut() -> Result<Option<String>, AppError>,
) -> Result<u64, AppError> {
    let first = next()?;
    write_from(file, 1, limits, first, next)
}

fn write_from(
    file: &BatchFile,
    number: u64,
    limits: FileLimits,
    first: Option<String>,
    next: &mut dyn FnMut() -> Result<Option<String>, AppError>,
) -> Result<u64, AppError> {
    let path = file.part(number);
    if number > 1 {
        check_more(file, &path, limits)?;
    }
    let mut files = number;
    write_file_with(&path, |write| {
        let (mut requests, mut bytes) = (0, 0);
        let mut line = first;
        while let Some(text) = line {
            let length = text.len() as u64;
            let is_full = requests == limits.requests || bytes + length > limits.bytes;
            if requests > 0 && is_full {
                files = write_from(file, number + 1, limits, Some(text), next)?;
                return Ok(());
            }
            write(text.as_bytes())?;
            requests += 1;
            bytes += length;
            line = next()?;
        }
        Ok::<_, AppError>(())
    })?;
    Ok(files)
}

/// Whether a file behind the first may be written.
fn check_more(file: &BatchFile, path: &Path, limits: FileLimits) -> Result<(), WorkbenchError> {
    match file.more {
        MoreFiles::Refuse => {
            let FileLimits { requests, bytes } = limits;
            Err(WorkbenchError::BatchTooLarge { requests, bytes })
        }
        MoreFiles::Keep if path.exists() => {
            Err(WorkbenchError::FileInTheWay { path: path.to_owned() })
        }
        MoreFiles::Keep | MoreFiles::Replace => Ok(()),
    }
}

impl BatchFile {
    /// The file with this number, counted from 1: `name.jsonl`, `name-2.jsonl` and so on.
    #[must_use]
    pub fn part(&self, number: u64) -> PathBuf {
        if number <= 1 {
            return self.path.clone();
        }
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let name = match self.path.extension() {
            Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
            None => format!("{stem}-{number}"),
        };
        self.path.with_file_name(name)
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::Code;

    use super::*;

    fn write(file: &BatchFile, lines: &[&str]) -> Result<u64, AppError> {
        let limits = FileLimits { requests: 3, bytes: 10 };
        let mut lines = lines.iter().map(|line| format!("{line}\n"));
        write_lines(file, limits, &mut || Ok(lines.next()))
    }

    fn read(folder: &Path) -> Vec<(String, String)> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let shown = |path: PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        };
        let mut files: Vec<(String, String)> = entries.map(shown).collect();
        files.sort();
        files
    }

    #[test]
    fn what_is_too_much_for_one_file_goes_on_in_the_next() {
        for (lines, expected) in [
            (&[][..], &[("b.jsonl", "")][..]),
            (&["1", "2", "3"], &[("b.jsonl", "1\n2\n3\n")]),
            (&["1", "2", "3", "4"], &[("b-2.jsonl", "4\n"), ("b.jsonl", "1\n2\n3\n")]),
            (
                &["1234567", "89", "much longer than a file", "1"],
                &[
                    ("b-2.jsonl", "89\n"),
                    ("b-3.jsonl", "much longer than a file\n"),
                    ("b-4.jsonl", "1\n"),
                    ("b.jsonl", "1234567\n"),
                ],
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = BatchFile::from(folder.path().join("b.jsonl"));
            assert_eq!(write(&file, lines).unwrap(), expected.len() as u64);
            let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
            assert_eq!(read(folder.path()), expected.iter().map(owned).collect::<Vec<_>>());
        }
    }

    #[test]
    fn nothing_appears_where_one_file_cannot() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b");
        std::fs::write(folder.path().join("b-3"), "mine").unwrap();
        let lines = ["1"; 8];
        let keep = BatchFile::from(&path);
        assert_eq!(write(&keep, &lines).unwrap_err().code, Code::Conflict);
        let refuse = BatchFile { more: MoreFiles::Refuse, ..keep.clone() };
        assert_eq!(write(&refuse, &lines).unwrap_err().code, Code::BadInput);
        assert_eq!(read(folder.path()), [("b-3".to_owned(), "mine".to_owned())]);
        assert_eq!(write(&refuse, &lines[..3]).unwrap(), 1);
        let replace = BatchFile { more: MoreFiles::Replace, ..keep };
        assert_eq!(write(&replace, &lines).unwrap(), 3);
        assert_eq!(read(folder.path())[2], ("b-3".to_owned(), "1\n1\n".to_owned()));
    }
}

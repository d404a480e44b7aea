//! The files of a repository that are worth knowing. Their names become paths, so what could lead
//! out of a folder ends here, with a note for people.

use std::collections::HashSet;

use serde::Serialize;

use super::name::path_trouble;
use super::raw;
use super::text::one_line;

/// Larger than any file there is.
const MOST_BYTES: u64 = 1 << 44;
/// How many notes are kept one by one.
const MOST_NOTES: usize = 20;

/// A file of a repository. Its path is safe below any folder, on any system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct HubFile {
    /// Where it is in the repository, with `/` between folders.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its sum, where the hub has one: all large files do.
    pub sha256: Option<String>,
    /// What git calls its content, where it has no such sum: a small file.
    #[serde(skip)]
    pub git_sha1: Option<String>,
}

impl HubFile {
    /// Its name without folders.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// What people should know of a repository, in the order in which it was found.
#[derive(Debug, Default)]
pub(super) struct Notes {
    lines: Vec<String>,
    more: usize,
}

impl Notes {
    pub(super) fn add(&mut self, line: String) {
        if self.lines.len() < MOST_NOTES {
            self.lines.push(line);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn into_lines(mut self) -> Vec<String> {
        if self.more > 0 {
            self.lines.push(format!("{} more files are left out for such reasons", self.more));
        }
        self.lines
    }
}

/// The files that are asked for, as far as they can be used. The rest is noted.
pub(super) fn usable<'a>(
    files: impl IntoIterator<Item = &'a raw::File>,
    is_wanted: impl Fn(&str) -> bool,
    notes: &mut Notes,
) -> Vec<HubFile> {
    let mut seen = HashSet::new();
    let mut usable = Vec::new();
    for file in files {
        let Some(path) = file.path().filter(|path| is_wanted(path)) else { continue };
        let bytes = file.bytes();
        let trouble = match bytes {
            _ if path_trouble(path).is_some() => path_trouble(path),
            None => Some("its size is not known"),
            Some(0) => Some("it has no bytes"),
            Some(bytes) if bytes > MOST_BYTES => Some("no file has that size"),
            // Some systems take `A` and `a` for the same.
            Some(_) if !seen.insert(path.to_lowercase()) => Some("another one has its name"),
            Some(_) => None,
        };
        if let Some(trouble) = trouble {
            notes.add(format!("`{}` is left out: {trouble}", one_line(path)));
            continue;
        }
        let bytes = bytes.unwrap_or_default();
        usable.push(HubFile {
            path: path.to_owned(),
            bytes,
            sha256: file.sha256(),
            git_sha1: file.git_sha1(),
        });
    }
    usable
}

//! Which files Braincells wrote, so that the same command may replace its own file and nobody
//! else's.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use braincells_workbench::Home;
use serde::{Deserialize, Serialize};

/// The record of written files: one JSON line each, appended, so that several processes need no
/// lock. A file counts as ours as long as its size and time are those that were recorded.
pub struct Written {
    path: PathBuf,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    bytes: u64,
    modified_ns: u64,
}

impl Written {
    /// The record in this home.
    pub fn of(home: &Home) -> Self {
        Self { path: home.root().join("written.jsonl") }
    }

    /// Whether Braincells wrote this file and nobody changed it since.
    pub fn is_ours(&self, path: &Path) -> bool {
        let Some(now) = entry(path) else { return false };
        // A record that cannot be read costs a `--force`, no more.
        let lines = fs::read_to_string(&self.path).unwrap_or_default();
        lines
            .lines()
            .rev()
            .filter_map(|line| serde_json::from_str::<Entry>(line).ok())
            .any(|e| e == now)
    }

    /// Records that Braincells has just written this file.
    pub fn remember(&self, path: &Path) {
        let line = entry(path).and_then(|entry| serde_json::to_string(&entry).ok());
        let Some(line) = line else { return };
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        if let Err(error) = file.and_then(|mut file| file.write_all((line + "\n").as_bytes())) {
            tracing::warn!(%error, "it was not recorded that Braincells wrote the file");
        }
    }
}

fn entry(path: &Path) -> Option<Entry> {
    let metadata = fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let modified_ns = u64::try_from(modified.as_nanos()).ok()?;
    Some(Entry { path: path.to_owned(), bytes: metadata.len(), modified_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_ours_until_somebody_changes_it() {
        let folder = tempfile::tempdir().unwrap();
        let written = Written::of(&Home::new(folder.path().to_owned()));
        let file = folder.path().join("table.csv");
        assert!(!written.is_ours(&file));
        fs::write(&file, "a\n1\n").unwrap();
        assert!(!written.is_ours(&file));
        written.remember(&file);
        assert!(written.is_ours(&file));
        fs::write(&file, "a\n1\n2\n").unwrap();
        assert!(!written.is_ours(&file));
        written.remember(&file);
        fs::write(folder.path().join("written.jsonl"), "damaged").unwrap();
        assert!(!written.is_ours(&file));
    }
}

//! The hashes of model files, which are not read again while they stay as they are.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, params};

use super::ResponseCache;

/// What names a file's content without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// When it was last written, Unix milliseconds.
    pub changed_at_ms: i64,
}

impl ResponseCache {
    /// The SHA-256 of a file that was read before and has not changed since.
    pub fn file_hash(&self, file: &FileState) -> Option<String> {
        self.try_or_default("look a file's hash up", |connection, _| {
            connection
                .query_row(
                    "SELECT sha256 FROM file_hashes \
                     WHERE path = ? AND size_bytes = ? AND changed_at_ms = ?",
                    params![
                        file.path.to_string_lossy(),
                        file.size_bytes as i64,
                        file.changed_at_ms
                    ],
                    |row| row.get(0),
                )
                .optional()
        })
    }

    /// Remembers the SHA-256 of a file.
    pub fn put_file_hash(&self, file: &FileState, sha256: &str) {
        self.try_or_default("remember a file's hash", |connection, _| {
            connection
                .execute(
                    "INSERT OR REPLACE INTO file_hashes VALUES (?, ?, ?, ?)",
                    params![
                        file.path.to_string_lossy(),
                        file.size_bytes as i64,
                        file.changed_at_ms,
                        sha256
                    ],
                )
                .map(drop)
        });
    }
}

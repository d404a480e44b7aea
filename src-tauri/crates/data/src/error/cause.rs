//! Errors out of what the operating system and the databases say.

use std::io;
use std::path::Path;

use crate::DataError;

impl DataError {
    /// An operating system error; a full disk gets its own variant.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { action: format!("{action} `{}`", path.display()) }
            }
            _ => Self::Io { action, path: path.to_path_buf(), source },
        }
    }

    /// What DuckDB or SQLite said. Neither gives codes for these cases through its Rust
    /// wrapper, so that the text has to tell them apart.
    pub(crate) fn database(action: impl Into<String>, text: &str) -> Self {
        let action = action.into();
        if text.contains("No space left") || text.contains("disk is full") {
            return Self::DiskFull { action };
        }
        if text.starts_with("INTERRUPT") {
            return Self::Cancelled;
        }
        if text.contains("attached in read-only mode") {
            return Self::ReadOnly { holder: None };
        }
        let reason = text.lines().map(str::trim).find(|line| !line.is_empty());
        Self::Database { action, reason: reason.unwrap_or("no reason was given").to_owned() }
    }

    /// Whether an opening that ended so points at the file or its log, rather than at the machine
    /// or at the version of the program.
    pub(crate) fn is_damage(&self) -> bool {
        // What DuckDB says when the operating system or the memory limit stands in the way.
        const MACHINE: [&str; 10] = [
            "Out of Memory",
            "storage version number",
            "Cannot open file",
            "Could not set lock",
            "Could not read from file",
            "Could not write",
            "Could not fsync",
            "Could not truncate",
            "Could not rename",
            "Could not remove",
        ];
        match self {
            Self::NotASheet { .. } | Self::Unreadable { .. } => true,
            Self::Database { reason, .. } => !MACHINE.iter().any(|words| reason.contains(words)),
            _ => false,
        }
    }

    /// What happened, without what was attempted.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Database { reason, .. } | Self::NotASheet { reason, .. } => reason.clone(),
            error => error.to_string(),
        }
    }
}

/// Names what was attempted when DuckDB refuses: `.map_err(during("read the rows"))`.
pub(crate) fn during(action: &'static str) -> impl Fn(duckdb::Error) -> DataError {
    move |error| DataError::database(action, &error.to_string())
}

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use duckdb::{AccessMode, Config, Connection};

use crate::DataError;
use crate::error::during;
use crate::sql::literal;

/// What one open sheet may use of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most memory DuckDB may take, in bytes. Beyond it, it spills to a folder beside the
    /// sheet.
    pub memory_bytes: u64,
    /// Threads for one query.
    pub threads: usize,
}

/// The version of the DuckDB inside this program, such as `v2.0.0`.
pub fn duckdb_version() -> Result<String, DataError> {
    Connection::open_in_memory()
        .and_then(|connection| connection.query_row("SELECT version()", [], |row| row.get(0)))
        .map_err(during("ask for DuckDB's version"))
}

/// What DuckDB may touch besides the sheet's own file and spill folder.
#[derive(Clone, Debug)]
pub(crate) enum Allowed {
    /// A folder that exports are written to.
    Folder(PathBuf),
    /// Files that are read, each under every spelling it will be named by.
    Files(Vec<String>),
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// To be read and written. A log that ends in the middle of a change loses that change.
    Write,
    /// As [`Manner::Write`], but a log that ends in the middle of a change is an error.
    WriteStrictly,
    /// To be read only; DuckDB refuses every statement that writes.
    Read,
}

/// [`open_as`] for reading and writing.
pub(crate) fn open(
    path: &Path,
    limits: Limits,
    allowed: &Allowed,
) -> Result<Connection, DataError> {
    open_as(Manner::Write, path, limits, allowed)
}

/// Opens the DuckDB file at `path`, made if missing, with the doors shut.
///
/// The memory limit is part of the opening itself, because replaying a write-ahead log happens
/// there and may need more than DuckDB would allow afterwards. The list of allowed files can
/// only be set on an open database, and is locked together with everything else before the
/// connection is handed out.
pub(crate) fn open_as(
    manner: Manner,
    path: &Path,
    limits: Limits,
    allowed: &Allowed,
) -> Result<Connection, DataError> {
    let action = "open the sheet";
    let access = if manner == Manner::Read { AccessMode::ReadOnly } else { AccessMode::ReadWrite };
    let strict = (manner == Manner::WriteStrictly).to_string();
    let config = Config::default()
        .access_mode(access)
        .and_then(|config| config.with("debug_abort_on_wal_failure", &strict))
        .and_then(|config| config.max_memory(&format!("{}B", limits.memory_bytes)))
        .and_then(|config| config.threads(limits.threads.max(1) as i64))
        .and_then(|config| config.enable_autoload_extension(false))
        .and_then(|config| config.with("allow_community_extensions", "false"))
        .map_err(during(action))?;
    let connection =
        Connection::open_with_flags(path, config).map_err(|error| refused(path, &error))?;
    let (setting, names) = match allowed {
        Allowed::Folder(folder) => ("allowed_directories", vec![text(folder)?.to_owned()]),
        Allowed::Files(names) => ("allowed_paths", names.clone()),
    };
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    connection
        .execute_batch(&format!(
            "SET {setting} = [{}]; SET enable_external_access = false; \
             SET lock_configuration = true;",
            names.join(", ")
        ))
        .map_err(during(action))?;
    Ok(connection)
}

fn refused(path: &Path, error: &duckdb::Error) -> DataError {
    let text = error.to_string();
    let path = path.to_path_buf();
    if text.contains("Could not set lock") || text.contains("being used by another process") {
        return DataError::InUse { path };
    }
    if text.contains("not a valid DuckDB database file") {
        return DataError::NotASheet { path, reason: "it is not a DuckDB file".to_owned() };
    }
    DataError::database(format!("open the sheet `{}`", path.display()), &text)
}

/// A path as text; DuckDB takes nothing else.
pub(crate) fn text(path: &Path) -> Result<&str, DataError> {
    path.to_str().ok_or_else(|| {
        DataError::database(format!("use the path `{}`", path.display()), "it is not valid Unicode")
    })
}

/// Locks a mutex whose holder may have panicked: DuckDB rolls an open transaction back itself,
/// so the connection behind it is as good as before.
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

//! The cache's file: made, opened, put aside when it is damaged, and kept to its limit.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use crate::lock::with_suffix;

/// How long a call waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How many may open a new file at the same time.
const MOST_OPENERS: u32 = 64;

/// Grows when the tables change. A cache of another version is made anew, not migrated.
pub(super) const VERSION: i64 = 1;

/// Beyond the limit, the oldest answers go until this share of it is left, so that not every
/// write has to make room.
const SHARE_KEPT: f64 = 0.9;

const TABLES: &str = "
CREATE TABLE responses (
    key BLOB PRIMARY KEY, model TEXT NOT NULL, answer TEXT NOT NULL, bytes INTEGER NOT NULL,
    made_at_ms INTEGER NOT NULL, used_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX responses_by_use ON responses (used_at_ms, bytes);
CREATE TABLE file_hashes (
    path TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, changed_at_ms INTEGER NOT NULL,
    sha256 TEXT NOT NULL) STRICT;
";

pub(super) fn open_file(path: &Path) -> rusqlite::Result<(Connection, u64)> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    log_ahead(&connection)?;
    // A power cut may take the last answers with it; they can be asked for again.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    if version(&connection)? == 0 {
        let transaction = begin_to_write(&connection)?;
        // Another process may have made them while this one waited.
        if version(&transaction)? == 0 {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
    }
    if version(&connection)? != VERSION {
        return Err(rusqlite::Error::InvalidQuery);
    }
    // Looks at every page that a run would.
    let bytes = stored_bytes(&connection)?;
    connection.query_row("SELECT count(*) FROM file_hashes", [], |row| row.get::<_, i64>(0))?;
    Ok((connection, bytes))
}

/// Changing how a file is written needs it alone for a moment, and SQLite does not wait for that:
/// of those that open a new file together, the others wait for a write lock and try once more.
fn log_ahead(connection: &Connection) -> rusqlite::Result<()> {
    for _ in 0..MOST_OPENERS {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                begin_to_write(connection)?.rollback()?;
            }
            done => return done,
        }
    }
    connection.pragma_update(None, "journal_mode", "WAL")
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Takes the write lock first: a transaction that reads before it writes is refused at once where
/// another process writes, instead of waiting for it.
pub(super) fn begin_to_write(connection: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
}

/// Moves the file out of the way under a name that replaces an older one: the last damaged copy is
/// enough to look at, and caches must not pile up.
pub(super) fn put_aside(path: &Path) {
    for suffix in ["-wal", "-shm"] {
        drop(fs::remove_file(with_suffix(path, suffix)));
    }
    if let Err(error) = fs::rename(path, with_suffix(path, ".damaged")) {
        tracing::warn!(path = %path.display(), %error, "a damaged file could not be put aside");
    }
}

pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether a file that could not be opened so may only be moved out of the way: what it holds is
/// damaged or of another version. Not where the disk, its rights or another process refuse.
pub(super) fn is_useless(error: &rusqlite::Error) -> bool {
    use ErrorCode::{DatabaseCorrupt, NotADatabase, TypeMismatch, Unknown};
    match error.sqlite_error_code() {
        // `Unknown` is what SQL says to tables that are not ours.
        Some(code) => matches!(code, DatabaseCorrupt | NotADatabase | TypeMismatch | Unknown),
        None => true,
    }
}

pub(super) fn stored_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .query_row("SELECT coalesce(sum(bytes), 0) FROM responses", [], |row| row.get::<_, i64>(0))
        .map(|bytes| bytes as u64)
}

/// Removes the answers that were not used for the longest time; returns the bytes that are left.
pub(super) fn make_room(transaction: &Transaction<'_>, limit_bytes: u64) -> rusqlite::Result<u64> {
    let kept = (limit_bytes as f64 * SHARE_KEPT) as i64;
    transaction.execute(
        "DELETE FROM responses WHERE key IN (SELECT key FROM (SELECT key, \
         sum(bytes) OVER (ORDER BY used_at_ms DESC, key ROWS UNBOUNDED PRECEDING) AS newer \
         FROM responses) WHERE newer > ?)",
        [kept],
    )?;
    stored_bytes(transaction)
}

//! The numbered steps from an empty file to today's catalogue. A step that has been released
//! never changes; new needs get a new step at the end.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::during;
use crate::DataError;

const STEPS: [&str; 7] = [
    "
CREATE TABLE sheets (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, row_count INTEGER NOT NULL,
    column_count INTEGER NOT NULL, created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL, file_name TEXT NOT NULL) STRICT;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE fill_jobs (
    key TEXT PRIMARY KEY,
    sheet_id TEXT NOT NULL REFERENCES sheets (id) ON DELETE CASCADE) STRICT;
CREATE TABLE linked_models (name TEXT PRIMARY KEY, path TEXT NOT NULL) STRICT;
",
    // Set for a sheet in the trash.
    "ALTER TABLE sheets ADD COLUMN deleted_at_ms INTEGER",
    // Runs that have begun and not ended for good.
    "
CREATE TABLE open_runs (
    sheet_id TEXT NOT NULL REFERENCES sheets (id) ON DELETE CASCADE, run_id INTEGER NOT NULL,
    PRIMARY KEY (sheet_id, run_id)) STRICT
",
    // Sheets of which nothing may leave the machine.
    "ALTER TABLE sheets ADD COLUMN local_only INTEGER NOT NULL DEFAULT 0",
    // Models on their way here. An id is never given twice: locks are named by it. A model is on
    // its way once, whichever process asks for it.
    "
CREATE TABLE downloads (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, repository TEXT NOT NULL,
    revision TEXT NOT NULL, label TEXT, runtime TEXT NOT NULL, state TEXT NOT NULL,
    retries INTEGER NOT NULL, retry_at_ms INTEGER, error TEXT, added_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX downloads_under_way ON downloads (name)
    WHERE state NOT IN ('done', 'cancelled');
CREATE TABLE download_files (
    download_id INTEGER NOT NULL REFERENCES downloads (id) ON DELETE CASCADE,
    position INTEGER NOT NULL, path TEXT NOT NULL, target TEXT NOT NULL, bytes INTEGER NOT NULL,
    sha256 TEXT, done INTEGER NOT NULL, PRIMARY KEY (download_id, position)) STRICT
",
    // When each model was last used.
    super::model_uses::STEP,
    // What git calls the content of a small file, of which the hub has no other sum.
    "ALTER TABLE download_files ADD COLUMN git_sha1 TEXT",
];

/// Takes the steps that the file has not taken, each in its own transaction.
pub(super) fn run(connection: &mut Connection, path: &Path) -> Result<(), DataError> {
    let failed = during("update the catalogue");
    let supported = STEPS.len() as i64;
    loop {
        // Taking the write lock first keeps two starting processes from both taking a step.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let found: i64 = transaction
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(&failed)?;
        if found > supported {
            return Err(DataError::NewerFormat { path: path.to_path_buf(), found, supported });
        }
        let Some(step) = usize::try_from(found).ok().and_then(|taken| STEPS.get(taken)) else {
            return Ok(());
        };
        transaction.execute_batch(step).map_err(&failed)?;
        transaction.pragma_update(None, "user_version", found + 1).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
    }
}

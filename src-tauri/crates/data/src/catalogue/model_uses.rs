//! When each model file was last taken up by an engine.

use std::path::{Path, PathBuf};

use rusqlite::params;

use super::{Catalogue, during};
use crate::DataError;
use crate::database::{hold, text};

/// The step of the migrations that makes the table.
pub(super) const STEP: &str = "
CREATE TABLE model_uses (path TEXT PRIMARY KEY, used_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID
";

impl Catalogue {
    /// Every model file that was ever taken up and when that was last, Unix milliseconds.
    pub fn model_uses(&self) -> Result<Vec<(PathBuf, i64)>, DataError> {
        let failed = during("read when the models were used");
        let connection = hold(&self.connection);
        let mut statement =
            connection.prepare("SELECT path, used_at_ms FROM model_uses").map_err(&failed)?;
        let uses = statement
            .query_map([], |row| Ok((PathBuf::from(row.get::<_, String>(0)?), row.get(1)?)))
            .map_err(&failed)?;
        uses.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    /// Remembers that a model file is taken up now.
    pub fn put_model_use(&self, path: &Path, now_ms: i64) -> Result<(), DataError> {
        self.execute(
            "remember the use of the model",
            "INSERT INTO model_uses (path, used_at_ms) VALUES (?, ?) \
             ON CONFLICT (path) DO UPDATE SET used_at_ms = excluded.used_at_ms",
            params![text(path)?, now_ms],
        )
    }

    /// Forgets a model file that is gone.
    pub fn remove_model_use(&self, path: &Path) -> Result<(), DataError> {
        let sql = "DELETE FROM model_uses WHERE path = ?";
        self.execute("forget the use of the model", sql, params![text(path)?])
    }
}

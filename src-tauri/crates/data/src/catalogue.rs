use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use braincells_core::{SheetId, SheetInfo, Value};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::DataError;
use crate::database::{hold, text};

mod downloads;
mod migrations;
mod model_uses;
mod open_runs;
mod trash;

pub use downloads::{Added, DownloadFile, DownloadStanding, NewDownload, StoredDownload};

/// How long a call waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The list of sheets, the settings, and what else outlives a process but belongs to no sheet:
/// one SQLite file.
///
/// Several processes may have it open. No secret ever goes in here.
#[derive(Debug)]
pub struct Catalogue {
    connection: Mutex<Connection>,
}

/// A model file that stays where it is, outside the models folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedModel {
    /// What the user calls it.
    pub name: String,
    /// Where the file is.
    pub path: PathBuf,
}

impl Catalogue {
    /// Opens the catalogue at `path`, made if missing, brought up to date if old.
    ///
    /// Fails with [`DataError::NewerFormat`] on one that a newer version wrote.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let failed = during("open the catalogue");
        let mut connection = Connection::open(path).map_err(&failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(&failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(&failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(&failed)?;
        migrations::run(&mut connection, path)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// All sheets but those in the trash, the one that changed last first.
    pub fn sheets(&self) -> Result<Vec<SheetInfo>, DataError> {
        let failed = during("list the sheets");
        let connection = hold(&self.connection);
        let mut statement = connection
            .prepare(
                "SELECT id, name, row_count, column_count, created_at_ms, changed_at_ms, \
                 local_only \
                 FROM sheets WHERE deleted_at_ms IS NULL \
                 ORDER BY changed_at_ms DESC, created_at_ms DESC, id",
            )
            .map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        let mut sheets = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            sheets.push(read_sheet(row)?);
        }
        Ok(sheets)
    }

    /// Adds a sheet or brings its entry up to date. `file_name` is within the sheets folder.
    pub fn put_sheet(&self, info: &SheetInfo, file_name: &str) -> Result<(), DataError> {
        self.execute(
            "store the sheet's entry",
            "INSERT INTO sheets (id, name, row_count, column_count, created_at_ms, changed_at_ms, \
             file_name, local_only) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET \
             name = excluded.name, row_count = excluded.row_count, \
             column_count = excluded.column_count, created_at_ms = excluded.created_at_ms, \
             changed_at_ms = excluded.changed_at_ms, file_name = excluded.file_name, \
             local_only = excluded.local_only",
            params![
                info.id.to_string(),
                info.name,
                info.row_count as i64,
                info.column_count as i64,
                info.created_at_ms,
                info.changed_at_ms,
                file_name,
                info.local_only
            ],
        )
    }

    /// The file name of a sheet that is not in the trash.
    pub fn sheet_file(&self, id: SheetId) -> Result<Option<String>, DataError> {
        let sql = "SELECT file_name FROM sheets WHERE id = ? AND deleted_at_ms IS NULL";
        self.find("find the sheet", sql, &id.to_string())
    }

    /// Whether the list has a sheet as one of which nothing may leave this machine; not if it does
    /// not have it.
    pub fn is_local_only(&self, id: SheetId) -> Result<bool, DataError> {
        hold(&self.connection)
            .query_row("SELECT local_only FROM sheets WHERE id = ?", [id.to_string()], |row| {
                row.get(0)
            })
            .optional()
            .map(Option::unwrap_or_default)
            .map_err(during("read whether the sheet stays on this machine"))
    }

    /// Forgets a sheet and the fill jobs that used it. The file is the caller's to remove.
    pub fn remove_sheet(&self, id: SheetId) -> Result<(), DataError> {
        let id = id.to_string();
        self.execute("remove the sheet's entry", "DELETE FROM sheets WHERE id = ?", params![id])
    }

    /// A setting.
    pub fn setting(&self, key: &str) -> Result<Option<Value>, DataError> {
        let found = self.find("read a setting", "SELECT value FROM settings WHERE key = ?", key)?;
        let parse = |text: String| {
            serde_json::from_str(&text).map_err(|error| unreadable("setting", key, &error))
        };
        found.map(parse).transpose()
    }

    /// Stores a setting.
    pub fn set_setting(&self, key: &str, value: &Value) -> Result<(), DataError> {
        self.execute(
            "store a setting",
            "INSERT INTO settings (key, value) VALUES (?, ?) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            params![key, value.to_string()],
        )
    }

    /// The sheet that an earlier `fill` with the same key worked on.
    pub fn fill_job(&self, key: &str) -> Result<Option<SheetId>, DataError> {
        let sql = "SELECT sheet_id FROM fill_jobs WHERE key = ?";
        self.find("find the earlier fill", sql, key)?.map(|id| sheet_id(&id)).transpose()
    }

    /// Remembers which sheet a `fill` works on; the sheet must be in the catalogue.
    pub fn put_fill_job(&self, key: &str, sheet: SheetId) -> Result<(), DataError> {
        self.execute(
            "remember the fill",
            "INSERT INTO fill_jobs (key, sheet_id) VALUES (?, ?) \
             ON CONFLICT (key) DO UPDATE SET sheet_id = excluded.sheet_id",
            params![key, sheet.to_string()],
        )
    }

    /// The linked models by name.
    pub fn models(&self) -> Result<Vec<LinkedModel>, DataError> {
        let failed = during("list the models");
        let connection = hold(&self.connection);
        let mut statement = connection
            .prepare("SELECT name, path FROM linked_models ORDER BY name")
            .map_err(&failed)?;
        let models = statement
            .query_map([], |row| {
                let path: String = row.get(1)?;
                Ok(LinkedModel { name: row.get(0)?, path: path.into() })
            })
            .map_err(&failed)?;
        models.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    /// Links a model, or links its name to another file.
    pub fn put_model(&self, model: &LinkedModel) -> Result<(), DataError> {
        self.execute(
            "link the model",
            "INSERT INTO linked_models (name, path) VALUES (?, ?) \
             ON CONFLICT (name) DO UPDATE SET path = excluded.path",
            params![model.name, text(&model.path)?],
        )
    }

    /// Forgets a linked model; its file stays.
    pub fn remove_model(&self, name: &str) -> Result<(), DataError> {
        self.execute("unlink the model", "DELETE FROM linked_models WHERE name = ?", params![name])
    }

    fn execute(
        &self,
        action: &'static str,
        sql: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<(), DataError> {
        hold(&self.connection).execute(sql, values).map(drop).map_err(during(action))
    }

    fn find(
        &self,
        action: &'static str,
        sql: &str,
        key: &str,
    ) -> Result<Option<String>, DataError> {
        hold(&self.connection)
            .query_row(sql, [key], |row| row.get(0))
            .optional()
            .map_err(during(action))
    }
}

fn read_sheet(row: &Row<'_>) -> Result<SheetInfo, DataError> {
    let failed = during("list the sheets");
    let count = |index: usize| row.get::<_, i64>(index).map(|count| count as u64);
    Ok(SheetInfo {
        id: sheet_id(&row.get::<_, String>(0).map_err(&failed)?)?,
        name: row.get(1).map_err(&failed)?,
        row_count: count(2).map_err(&failed)?,
        column_count: count(3).map_err(&failed)?,
        created_at_ms: row.get(4).map_err(&failed)?,
        changed_at_ms: row.get(5).map_err(&failed)?,
        local_only: row.get(6).map_err(&failed)?,
    })
}

fn sheet_id(text: &str) -> Result<SheetId, DataError> {
    text.parse().map_err(|error| unreadable("sheet id", text, &error))
}

fn unreadable(what: &'static str, found: &str, error: &dyn std::fmt::Display) -> DataError {
    DataError::Unreadable { what, found: format!("{found}: {error}") }
}

/// Names what was attempted when SQLite refuses.
fn during(action: &'static str) -> impl Fn(rusqlite::Error) -> DataError {
    move |error| match error.sqlite_error().map(|error| error.extended_code) {
        // The file that readers and writers share could not grow, which SQLite does not call so.
        Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => {
            DataError::DiskFull { action: action.to_owned() }
        }
        _ => DataError::database(action, &error.to_string()),
    }
}

use std::path::PathBuf;

use braincells_core::AppError;
use duckdb::Connection;
use serde::{Deserialize, Serialize};

use crate::database::{self, Allowed, Manner};
use crate::error::during;
use crate::schema::{self, FORMAT_VERSION};
use crate::sheet::export_folder;
use crate::sql::identifier;
use crate::{DataError, Limits};

/// What a log that ends in the middle of a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TornTail {
    /// Damage.
    Damage,
    /// The end of what is replayed; the rest is dropped.
    End,
}

/// Which sheet is tried, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeRequest {
    /// The sheet's file.
    pub path: PathBuf,
    /// What the trial may use of the machine.
    pub limits: Limits,
    /// How the end of the log is read.
    pub torn_tail: TornTail,
    /// Whether every value is read, and not only what opening needs.
    pub whole: bool,
}

/// How the trial of a sheet ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeOutcome {
    /// It opens; what was in its log is in its file now.
    Sound,
    /// It cannot be read, or whoever tried crashed.
    Damaged {
        /// What happened.
        reason: String,
    },
    /// The machine stood in the way, which says nothing about the sheet.
    Refused {
        /// What happened.
        error: AppError,
    },
    /// Nobody could try it.
    Unavailable {
        /// Why not.
        reason: String,
    },
}

/// Opens a sheet, reads it, moves what is in its log into its file, and closes it.
///
/// Takes no right to the sheet: that is with the one who asks for the trial. **May end the
/// process**, if the sheet is damaged; it is called in one where that does no harm.
pub fn probe_sheet(request: &ProbeRequest) -> ProbeOutcome {
    match look(request) {
        Ok(()) => ProbeOutcome::Sound,
        Err(error) if error.is_damage() => ProbeOutcome::Damaged { reason: error.reason() },
        Err(error) => ProbeOutcome::Refused { error: error.into() },
    }
}

fn look(request: &ProbeRequest) -> Result<(), DataError> {
    let ProbeRequest { path, limits, torn_tail, whole } = request;
    let manner = match torn_tail {
        TornTail::Damage => Manner::WriteStrictly,
        TornTail::End => Manner::Write,
    };
    let allowed = Allowed::Folder(export_folder(path));
    let connection = database::open_as(manner, path, *limits, &allowed)?;
    let failed = during("read the sheet");
    let Some(found) = schema::format_version(&connection) else {
        let reason = "it has no `braincells` tables".to_owned();
        return Err(DataError::NotASheet { path: path.clone(), reason });
    };
    if found <= FORMAT_VERSION {
        for (table, rows_only) in tables(&connection).map_err(&failed)? {
            read_all(&connection, &table, rows_only && !whole).map_err(&failed)?;
        }
    }
    connection.execute_batch("CHECKPOINT").map_err(&failed)?;
    connection.close().map_err(|(_, error)| failed(error))
}

/// Tables of ours that grow with the sheet and with the work on it.
const GROWING: [&str; 3] = ["cell_log", "removed_rows", "row_moves"];

/// The tables, and whether counting their rows is enough to know that the sheet opens: those that
/// grow with the sheet.
fn tables(connection: &Connection) -> duckdb::Result<Vec<(String, bool)>> {
    let mut statement = connection.prepare(
        "SELECT schema_name, table_name FROM duckdb_tables() \
         WHERE NOT internal AND NOT temporary ORDER BY ALL",
    )?;
    let tables = statement.query_map([], |row| {
        let (schema, table): (String, String) = (row.get(0)?, row.get(1)?);
        let grows = schema == "main" || GROWING.contains(&table.as_str());
        Ok((format!("{}.{}", identifier(&schema), identifier(&table)), grows))
    })?;
    tables.collect()
}

fn read_all(connection: &Connection, table: &str, rows_only: bool) -> duckdb::Result<()> {
    // The hash of a row needs every value in it.
    let what = if rows_only { "*" } else { "hash(each)" };
    let sql = format!("SELECT count({what}) FROM {table} AS each");
    connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(drop)
}

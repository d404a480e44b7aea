//! Making a sheet's file and opening it.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, RwLock};

use braincells_core::{ColumnId, RowId, RunStatus, SheetId};
use duckdb::{Connection, params};

use super::{SheetStore, Writer, export_folder};
use crate::column;
use crate::database::{self, Allowed, Manner};
use crate::error::during;
use crate::lock::SheetLock;
use crate::opening::{self, Reading};
use crate::point_reads::PointReads;
use crate::positions::Positions;
use crate::schema;
use crate::state::LOG;
use crate::step::LiveRuns;
use crate::{DataError, Limits};

impl SheetStore {
    /// Makes a sheet without rows or columns at `path`, which must not exist.
    pub fn create(
        path: &Path,
        id: SheetId,
        name: &str,
        limits: Limits,
        now_ms: i64,
    ) -> Result<Self, DataError> {
        let lock = SheetLock::take(path)?;
        if path.exists() {
            return Err(DataError::AlreadyExists { path: path.to_path_buf() });
        }
        let connection = open_connection(path, limits)?;
        connection
            .execute_batch("CREATE TABLE main.rows (row_id BIGINT, row_order BIGINT)")
            .map_err(during("create the sheet"))?;
        schema::create(&connection, id, name, &[], now_ms)?;
        connection.execute_batch("CHECKPOINT").map_err(during("create the sheet"))?;
        Self::from_connection(connection, path, lock, None)
    }

    /// Opens the sheet at `path`. Runs that its last process left running become interrupted.
    ///
    /// Fails with [`DataError::InUse`] when it is open already, here or in another process. For a
    /// file that this process did not just make itself, [`crate::open_sheet`] is safer: a damaged
    /// one may end the process here.
    pub fn open(path: &Path, limits: Limits, now_ms: i64) -> Result<Self, DataError> {
        // DuckDB would make the missing file.
        if !path.is_file() {
            return Err(DataError::SheetMissing { path: path.to_path_buf() });
        }
        Self::open_locked(path, limits, now_ms, SheetLock::take(path)?, None)
    }

    /// [`SheetStore::open`] for a caller who has the right to the file. With `reading`, the file is
    /// a copy of a sheet that is alive elsewhere: its rows and runs stay as they are, and only one in
    /// an older format is brought up to date.
    pub(crate) fn open_locked(
        path: &Path,
        limits: Limits,
        now_ms: i64,
        lock: SheetLock,
        reading: Option<Reading>,
    ) -> Result<Self, DataError> {
        let allowed = Allowed::Folder(export_folder(path));
        let manner = if reading.is_some() { Manner::Read } else { Manner::Write };
        let open = |manner| database::open_as(manner, path, limits, &allowed);
        let mut connection = open(manner)?;
        if let Some(version) = schema::older_version(&connection) {
            let close = |connection: Connection| {
                let failed = during("bring the sheet's format up to date");
                connection.close().map_err(|(_, error)| failed(error))
            };
            // Nobody has the file open while it is copied.
            close(connection)?;
            if reading.is_none() {
                opening::keep_old_format(path, version)?;
            }
            connection = open(Manner::Write)?;
            schema::check_format(&connection, path)?;
            close(connection)?;
            connection = open(manner)?;
        }
        schema::check_format(&connection, path)?;
        if reading.is_none() {
            connection
                .execute(
                    "UPDATE braincells.runs SET status = ?, ended_at_ms = ? WHERE status = ?",
                    params![RunStatus::Interrupted.as_str(), now_ms, RunStatus::Running.as_str()],
                )
                .map_err(during("mark interrupted runs"))?;
        }
        Self::from_connection(connection, path, lock, reading)
    }

    fn from_connection(
        connection: Connection,
        path: &Path,
        lock: SheetLock,
        reading: Option<Reading>,
    ) -> Result<Self, DataError> {
        let failed = during("open the sheet");
        let (id, next_seq) = connection
            .query_row(
                "SELECT id, (SELECT coalesce(max(seq), 0) + 1 FROM braincells.cell_log) \
                 FROM braincells.meta",
                [],
                |row| Ok((row.get::<_, String>(0)?, row.get(1)?)),
            )
            .map_err(&failed)?;
        let id = id.parse().map_err(|error| DataError::NotASheet {
            path: path.to_path_buf(),
            reason: format!("its id is not valid: {error}"),
        })?;
        let columns = column::load(&connection)?;
        let positions = Positions::load(&connection, path)?;
        let by_hand = load_by_hand(&connection)?;
        let reader = connection.try_clone().map_err(&failed)?;
        Ok(Self {
            id,
            path: path.to_path_buf(),
            writer: Mutex::new(Writer {
                connection,
                next_seq,
                by_hand,
                live_runs: LiveRuns::default(),
            }),
            reader: Mutex::new(reader),
            positions: RwLock::new(positions),
            states: Mutex::new(HashMap::new()),
            columns: RwLock::new(Arc::new(columns)),
            point_reads: PointReads::new(path),
            checkpoint_owed: AtomicBool::new(false),
            reading,
            lock,
        })
    }
}

fn open_connection(path: &Path, limits: Limits) -> Result<Connection, DataError> {
    database::open(path, limits, &Allowed::Folder(export_folder(path)))
}

/// The cells of AI columns that a person made or approved.
pub(crate) fn load_by_hand(
    connection: &Connection,
) -> Result<HashMap<ColumnId, HashSet<RowId>>, DataError> {
    let failed = during("read the edited cells");
    let mut statement = connection
        .prepare(&format!(
            "WITH log AS (SELECT column_id, row_id, state, seq FROM {LOG} entries \
                          WHERE column_id IN (SELECT column_id FROM braincells.recipes)) \
             SELECT column_id, row_id FROM log \
             WHERE (column_id, row_id) IN (SELECT (column_id, row_id) FROM log \
                                           WHERE state IN ('edited', 'validated')) \
             GROUP BY column_id, row_id HAVING arg_max(state, seq) IN ('edited', 'validated')"
        ))
        .map_err(&failed)?;
    let mut rows = statement.query([]).map_err(&failed)?;
    let mut by_hand: HashMap<ColumnId, HashSet<RowId>> = HashMap::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        let column = ColumnId(row.get(0).map_err(&failed)?);
        by_hand.entry(column).or_default().insert(RowId(row.get(1).map_err(&failed)?));
    }
    Ok(by_hand)
}

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockResult};

use braincells_core::{ColumnId, ReadOnly, RowId, RunStatus, SheetId, SheetInfo};
use duckdb::{Connection, params};

use crate::column::{self, StoredColumn};
use crate::database::{self, Allowed, Manner, hold};
use crate::error::during;
use crate::lock::{SheetLock, with_suffix};
use crate::opening::{self, Reading};
use crate::point_reads::PointReads;
use crate::positions::Positions;
use crate::schema;
use crate::state::{CellStates, LOG};
use crate::step::LiveRuns;
use crate::{DataError, Limits};

mod cells;
mod columns;
mod rows;

pub use cells::CellEdit;
pub use columns::SplitPart;
pub use rows::RowPlace;

/// One open sheet.
///
/// Calls may come from any thread. There is one writer and one reader connection, so that a grid
/// reads while a run commits; each takes one call at a time.
#[derive(Debug)]
pub struct SheetStore {
    pub(crate) id: SheetId,
    pub(crate) path: PathBuf,
    writer: Mutex<Writer>,
    reader: Mutex<Connection>,
    positions: RwLock<Positions>,
    /// Of the AI columns that a window was read of. Taken after `writer` where both are.
    states: Mutex<HashMap<ColumnId, CellStates>>,
    columns: RwLock<Arc<Vec<StoredColumn>>>,
    pub(crate) point_reads: PointReads,
    /// A checkpoint could not be made because somebody was reading.
    pub(crate) checkpoint_owed: AtomicBool,
    /// That it is a copy to read from. Outlives the connections.
    reading: Option<Reading>,
    // Last, so that the right to the file outlives the connections.
    pub(crate) lock: SheetLock,
}

/// The connection that writes, and what it must know to do so without asking each time.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) next_seq: i64,
    /// Cells that a person made or approved.
    pub(crate) by_hand: HashMap<ColumnId, HashSet<RowId>>,
    pub(crate) live_runs: LiveRuns,
}

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
    /// a copy of a sheet that is alive elsewhere, and stays as it is.
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

    /// The sheet's id.
    pub fn id(&self) -> SheetId {
        self.id
    }

    /// The sheet's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Name, counts and times.
    pub fn info(&self) -> Result<SheetInfo, DataError> {
        let column_count = self.stored_columns().len() as u64;
        // Cells change the sheet too; the log knows when, and is not asked at each commit.
        let sql = "SELECT name, created_at_ms, greatest(changed_at_ms, \
                   (SELECT coalesce(max(at_ms), 0) FROM braincells.cell_log \
                    WHERE seq = (SELECT max(seq) FROM braincells.cell_log))) \
                   FROM braincells.meta";
        self.reader()
            .query_row(sql, [], |row| {
                Ok(SheetInfo {
                    id: self.id,
                    name: row.get(0)?,
                    row_count: self.positions().count,
                    column_count,
                    created_at_ms: row.get(1)?,
                    changed_at_ms: row.get(2)?,
                })
            })
            .map_err(during("read the sheet's name"))
    }

    /// Why the sheet can only be read, if so.
    pub fn read_only(&self) -> Option<ReadOnly> {
        self.reading.as_ref().map(|reading| reading.why)
    }

    /// Fails with [`DataError::ReadOnly`] if the sheet can only be read.
    pub fn check_writable(&self) -> Result<(), DataError> {
        match self.read_only() {
            None => Ok(()),
            Some(why) => Err(DataError::ReadOnly { holder: why.holder }),
        }
    }

    /// Gives the sheet another name.
    pub fn rename(&self, name: &str, now_ms: i64) -> Result<(), DataError> {
        if name.trim().is_empty() {
            return Err(DataError::SheetNameBlank);
        }
        let before = self.info()?.name;
        if before == name {
            return Ok(());
        }
        self.act(&format!("Rename the sheet to `{name}`"), now_ms, |action| {
            action.rename_sheet(before, name);
            action
                .connection
                .execute("UPDATE braincells.meta SET name = ?", [name])
                .map(drop)
                .map_err(during("rename the sheet"))
        })
    }

    /// Moves everything from the write-ahead log into the sheet's file, at once or when the reads
    /// that take long have ended.
    pub fn checkpoint(&self) -> Result<(), DataError> {
        self.checkpoint_when_free(&self.writer()?.connection)
    }

    /// The right to write. Taken before any of the others. Everything that changes the sheet comes
    /// by here.
    pub(crate) fn writer(&self) -> Result<MutexGuard<'_, Writer>, DataError> {
        self.check_writable()?;
        Ok(self.writer_to_ask())
    }

    /// The same for those who only ask it something, also in a sheet that can only be read.
    pub(crate) fn writer_to_ask(&self) -> MutexGuard<'_, Writer> {
        hold(&self.writer)
    }

    /// The right to write, if nobody has it.
    pub(crate) fn try_writer(&self) -> TryLockResult<MutexGuard<'_, Writer>> {
        self.writer.try_lock()
    }

    pub(crate) fn reader(&self) -> MutexGuard<'_, Connection> {
        hold(&self.reader)
    }

    pub(crate) fn states(&self) -> MutexGuard<'_, HashMap<ColumnId, CellStates>> {
        hold(&self.states)
    }

    pub(crate) fn positions(&self) -> Positions {
        self.positions.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn reload_positions(&self, connection: &Connection) -> Result<(), DataError> {
        let positions = Positions::load(connection, &self.path)?;
        *self.positions.write().unwrap_or_else(PoisonError::into_inner) = positions;
        Ok(())
    }

    pub(crate) fn reload_columns(&self, connection: &Connection) -> Result<(), DataError> {
        let columns = Arc::new(column::load(connection)?);
        *self.columns.write().unwrap_or_else(PoisonError::into_inner) = columns;
        Ok(())
    }

    pub(crate) fn stored_columns(&self) -> Arc<Vec<StoredColumn>> {
        Arc::clone(&self.columns.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn stored_column(&self, column: ColumnId) -> Result<StoredColumn, DataError> {
        let columns = self.stored_columns();
        let found = columns.iter().find(|stored| stored.column.id == column);
        found.cloned().ok_or(DataError::ColumnMissing { column })
    }

    pub(crate) fn ai_column(&self, column: ColumnId) -> Result<StoredColumn, DataError> {
        let stored = self.stored_column(column)?;
        if stored.is_ai() {
            return Ok(stored);
        }
        Err(DataError::NotAiColumn { name: stored.column.name })
    }
}

/// The folder beside a sheet that its exports are made in.
pub(crate) fn export_folder(sheet: &Path) -> PathBuf {
    with_suffix(sheet, ".export")
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

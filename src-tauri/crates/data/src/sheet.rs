use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use braincells_core::{ColumnId, RowId, RunStatus, SheetId, SheetInfo};
use duckdb::{Connection, params};

use crate::column::{self, StoredColumn};
use crate::database::{self, Allowed, hold};
use crate::error::during;
use crate::lock::{SheetLock, with_suffix};
use crate::point_reads::PointReads;
use crate::schema::{self, FORMAT_VERSION};
use crate::state::CellStates;
use crate::{DataError, Limits};

mod columns;

/// One open sheet.
///
/// Calls may come from any thread. There is one writer and one reader connection, so that a grid
/// reads while a run commits; each takes one call at a time.
#[derive(Debug)]
pub struct SheetStore {
    pub(crate) id: SheetId,
    pub(crate) path: PathBuf,
    pub(crate) writer: Mutex<Writer>,
    pub(crate) reader: Mutex<Connection>,
    pub(crate) positions: Positions,
    /// Of the AI columns that a window was read of. Taken after `writer` where both are.
    pub(crate) states: Mutex<HashMap<ColumnId, CellStates>>,
    columns: RwLock<Arc<Vec<StoredColumn>>>,
    pub(crate) point_reads: PointReads,
    /// A checkpoint could not be made because somebody was reading.
    pub(crate) checkpoint_owed: AtomicBool,
    // Last, so that the right to the file outlives the connections.
    _lock: SheetLock,
}

/// The connection that writes, and what it must know to do so without asking each time.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) next_seq: i64,
    /// Cells that a person made or approved.
    pub(crate) by_hand: HashMap<ColumnId, HashSet<RowId>>,
}

/// How positions in the sheet map to row ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Positions {
    /// Rows.
    pub(crate) count: u64,
    /// The least row id, 1 in a sheet without rows.
    pub(crate) first: i64,
    /// How many ids there are from the least to the greatest.
    pub(crate) span: usize,
    /// As every import leaves them: ids count up in sheet order without a gap. Otherwise the
    /// order is found by sorting.
    pub(crate) dense: bool,
}

impl Positions {
    fn load(connection: &Connection, path: &Path) -> Result<Self, DataError> {
        // The states of cells are kept in a list by row id, so a stray id must not make it huge;
        // but a large sheet of which few rows are left must open.
        const MOST_IDS_PER_ROW: i128 = 64;
        const ALWAYS_FINE: i128 = 1 << 24;
        let (count, first, last, ordered): (i64, i64, i64, bool) = connection
            .query_row(
                "SELECT count(*), coalesce(min(row_id), 1), coalesce(max(row_id), 0), \
                 coalesce(bool_and(row_order = row_id), true) FROM main.rows",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .map_err(during("count the rows"))?;
        let span = i128::from(last) - i128::from(first) + 1;
        if span > ALWAYS_FINE.max(i128::from(count) * MOST_IDS_PER_ROW) {
            let reason = "its row ids are too far apart".to_owned();
            return Err(DataError::NotASheet { path: path.to_path_buf(), reason });
        }
        let dense = ordered && span == i128::from(count);
        Ok(Self { count: count as u64, first, span: span as usize, dense })
    }

    /// Whether a row may be there; certain when the ids are dense.
    pub(crate) fn may_hold(&self, row: RowId) -> bool {
        (i128::from(row.0) - i128::from(self.first)) < self.span as i128 && row.0 >= self.first
    }
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
        Self::from_connection(connection, path, lock)
    }

    /// Opens the sheet at `path`. Runs that its last process left running become interrupted.
    ///
    /// Fails with [`DataError::InUse`] when it is open already, here or in another process.
    pub fn open(path: &Path, limits: Limits, now_ms: i64) -> Result<Self, DataError> {
        // DuckDB would make the missing file.
        if !path.is_file() {
            return Err(DataError::SheetMissing { path: path.to_path_buf() });
        }
        let lock = SheetLock::take(path)?;
        let connection = open_connection(path, limits)?;
        let Some(found) = schema::format_version(&connection) else {
            let reason = "it has no `braincells` tables".to_owned();
            return Err(DataError::NotASheet { path: path.to_path_buf(), reason });
        };
        if found > FORMAT_VERSION {
            return Err(DataError::NewerFormat {
                path: path.to_path_buf(),
                found,
                supported: FORMAT_VERSION,
            });
        }
        connection
            .execute(
                "UPDATE braincells.runs SET status = ?, ended_at_ms = ? WHERE status = ?",
                params![RunStatus::Interrupted.as_str(), now_ms, RunStatus::Running.as_str()],
            )
            .map_err(during("mark interrupted runs"))?;
        Self::from_connection(connection, path, lock)
    }

    fn from_connection(
        connection: Connection,
        path: &Path,
        lock: SheetLock,
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
            writer: Mutex::new(Writer { connection, next_seq, by_hand }),
            reader: Mutex::new(reader),
            positions,
            states: Mutex::new(HashMap::new()),
            columns: RwLock::new(Arc::new(columns)),
            point_reads: PointReads::new(path),
            checkpoint_owed: AtomicBool::new(false),
            _lock: lock,
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
        hold(&self.reader)
            .query_row(sql, [], |row| {
                Ok(SheetInfo {
                    id: self.id,
                    name: row.get(0)?,
                    row_count: self.positions.count,
                    column_count,
                    created_at_ms: row.get(1)?,
                    changed_at_ms: row.get(2)?,
                })
            })
            .map_err(during("read the sheet's name"))
    }

    /// Moves everything from the write-ahead log into the sheet's file, at once or when the reads
    /// that take long have ended.
    pub fn checkpoint(&self) -> Result<(), DataError> {
        self.checkpoint_when_free(&hold(&self.writer).connection)
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

/// Runs `work` as one transaction; anything but success undoes it.
pub(crate) fn in_transaction<T>(
    connection: &Connection,
    action: &'static str,
    work: impl FnOnce(&Connection) -> duckdb::Result<T>,
) -> Result<T, DataError> {
    let transaction = connection.unchecked_transaction().map_err(during(action))?;
    let result = work(connection).map_err(during(action))?;
    transaction.commit().map_err(during(action))?;
    Ok(result)
}

fn load_by_hand(connection: &Connection) -> Result<HashMap<ColumnId, HashSet<RowId>>, DataError> {
    let failed = during("read the edited cells");
    let mut statement = connection
        .prepare(
            "SELECT column_id, row_id FROM braincells.cell_log \
             WHERE (column_id, row_id) IN (SELECT (column_id, row_id) FROM braincells.cell_log \
                                           WHERE state IN ('edited', 'validated')) \
             GROUP BY column_id, row_id HAVING arg_max(state, seq) IN ('edited', 'validated')",
        )
        .map_err(&failed)?;
    let mut rows = statement.query([]).map_err(&failed)?;
    let mut by_hand: HashMap<ColumnId, HashSet<RowId>> = HashMap::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        let column = ColumnId(row.get(0).map_err(&failed)?);
        by_hand.entry(column).or_default().insert(RowId(row.get(1).map_err(&failed)?));
    }
    Ok(by_hand)
}

//! An open sheet: its connections, what is known of it without asking them, and the rights to read
//! and to write.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockResult};

use braincells_core::{ColumnId, ReadOnly, RowId, SheetId, SheetInfo};
use duckdb::Connection;

use crate::DataError;
use crate::column::{self, StoredColumn};
use crate::database::hold;
use crate::error::during;
use crate::lock::{SheetLock, with_suffix};
use crate::opening::Reading;
use crate::point_reads::PointReads;
use crate::positions::Positions;
use crate::schema;
use crate::state::CellStates;
use crate::step::LiveRuns;

mod cells;
mod columns;
mod open;
mod rows;

pub use cells::CellEdit;
pub use columns::SplitPart;
pub(crate) use open::load_by_hand;
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
                    WHERE seq = (SELECT max(seq) FROM braincells.cell_log))), \
                   coalesce(local_only, false) FROM braincells.meta";
        self.reader()
            .query_row(sql, [], |row| {
                Ok(SheetInfo {
                    id: self.id,
                    name: row.get(0)?,
                    row_count: self.positions().count,
                    column_count,
                    created_at_ms: row.get(1)?,
                    changed_at_ms: row.get(2)?,
                    local_only: row.get(3)?,
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

    /// Whether nothing of the sheet may leave this machine.
    pub fn local_only(&self) -> Result<bool, DataError> {
        let sql = "SELECT coalesce(local_only, false) FROM braincells.meta";
        self.reader()
            .query_row(sql, [], |row| row.get(0))
            .map_err(during("read whether the sheet stays on this machine"))
    }

    /// Sets whether anything of the sheet may leave this machine. It is no step: undoing other work
    /// must not open the sheet again.
    pub fn set_local_only(&self, local_only: bool) -> Result<(), DataError> {
        schema::set_local_only(&self.writer()?.connection, local_only)
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

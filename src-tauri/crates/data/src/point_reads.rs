//! Quick reads of rows that lie anywhere in a sheet, for windows of sorted and filtered views.
//!
//! DuckDB stores columns in compressed vectors of 2,048 values. To read one row it unpacks one
//! vector of each column, so that a hundred scattered rows of twenty columns cost it some fifty
//! milliseconds. Here the values of a row lie side by side in a temporary file, and a row is one
//! positioned read.
//!
//! The file is made in the background by one scan, the first time that scattered rows are asked
//! for. Until then, and for cells that changed since, DuckDB is asked. A file that cannot be made
//! (no space, too large) costs time and is never an error. Windows only: the values of binary
//! columns are their sizes.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use braincells_core::{ColumnId, RowId, Value};

use crate::DataError;
use crate::column::StoredColumn;
use crate::database::hold;
use crate::lock::with_suffix;
use crate::read::{IDS_PER_QUERY, are_close, read_by_id, window_select};
use crate::sheet::SheetStore;

mod build;
mod changes;
mod piece;
mod row;
mod table;

use build::Build;
pub(crate) use changes::Change;
use changes::Changes;
use piece::Piece;
use table::Table;

/// Sheets with fewer rows are read by DuckDB: they have few vectors to unpack.
const FEWEST_ROWS: u64 = 16_384;
/// The end of the name of the folder beside a sheet that the files are in.
pub(crate) const FOLDER: &str = ".windows";

/// What a sheet keeps for reading scattered rows.
#[derive(Debug)]
pub(crate) struct PointReads {
    folder: PathBuf,
    shared: Arc<Shared>,
    /// The build in the background; taken when it has ended.
    build: Mutex<Option<Build>>,
}

/// What readers, writers and the build share.
#[derive(Debug, Default)]
struct Shared {
    pieces: Mutex<Pieces>,
}

#[derive(Debug, Default)]
struct Pieces {
    /// Newest last: a column that is in several is read from the newest.
    ready: Vec<Arc<Piece>>,
    /// What changed since the scan of a piece that is not ready began.
    pending: Option<Arc<Changes>>,
    /// The last build failed, and the next would too.
    given_up: bool,
}

/// Where the cells of some columns come from.
enum Source {
    Piece(Arc<Piece>, usize),
    Database,
}

impl PointReads {
    pub(crate) fn new(sheet: &Path) -> Self {
        let folder = with_suffix(sheet, FOLDER);
        // The sheet is locked, so what is there was left by a killed process.
        crate::leftovers::remove(&folder);
        Self { folder, shared: Arc::default(), build: Mutex::new(None) }
    }

    /// Ends a build that is running; the next read of scattered rows starts it again.
    pub(crate) fn stop(&self) {
        if let Some(build) = hold(&self.build).take() {
            build.stop();
        }
    }
}

impl Drop for PointReads {
    fn drop(&mut self) {
        self.stop();
        hold(&self.shared.pieces).ready.clear();
        crate::leftovers::remove(&self.folder);
    }
}

impl SheetStore {
    /// Says that cells are not what they were, after the change was committed.
    pub(crate) fn note_changed(&self, change: Change<'_>) {
        let pieces = hold(&self.point_reads.shared.pieces);
        for changes in pieces.ready.iter().map(|piece| &piece.changes).chain(&pieces.pending) {
            changes.note(change);
        }
    }

    /// Makes now what quick reads of scattered rows of these columns need, and waits for it.
    /// Without it the first such read starts the making and does not wait.
    ///
    /// Returns whether all is ready; `false` when there is no room for it.
    pub fn prepare_windows(&self, columns: &[ColumnId]) -> Result<bool, DataError> {
        let stored = self.pick(columns)?;
        let mut build = hold(&self.point_reads.build);
        if let Some(running) = build.take() {
            running.wait();
        }
        if self.missing(&stored).is_empty() {
            return Ok(true);
        }
        *build = self.start_build(self.missing(&stored));
        if let Some(running) = build.take() {
            running.wait();
        }
        Ok(self.missing(&stored).is_empty())
    }

    /// Rows in the order asked for, as a window has them; those that the sheet lacks are left
    /// out.
    pub(crate) fn rows_by_id(
        &self,
        columns: &[StoredColumn],
        rows: &[RowId],
    ) -> Result<Vec<(RowId, Vec<Value>)>, DataError> {
        let positions = self.positions();
        let present: Vec<RowId> =
            rows.iter().copied().filter(|row| positions.holds(*row)).collect();
        let rows = present.as_slice();
        let sources = self.sources(columns);
        let has_pieces = sources.iter().any(|source| matches!(source, Source::Piece(..)));
        let mut table = Table::new(rows.len(), columns.len());
        if has_pieces {
            read_pieces(columns, rows, &sources, &mut table);
        }
        // Rows that are close together are quick enough to not be worth a file.
        if !are_close(rows) {
            self.build_missing(columns);
        }
        self.read_rest(columns, rows, &mut table)?;
        Ok(table.finish(rows))
    }

    /// Where each column is read from.
    fn sources(&self, columns: &[StoredColumn]) -> Vec<Source> {
        let pieces = hold(&self.point_reads.shared.pieces);
        let source = |stored: &StoredColumn| {
            for piece in pieces.ready.iter().rev() {
                if let Some(index) = piece.position(stored) {
                    return Source::Piece(Arc::clone(piece), index);
                }
            }
            Source::Database
        };
        columns.iter().map(source).collect()
    }

    /// Asks DuckDB for the cells that no piece gave, in few statements.
    fn read_rest(
        &self,
        columns: &[StoredColumn],
        rows: &[RowId],
        table: &mut Table,
    ) -> Result<(), DataError> {
        const MOST_STATEMENTS: usize = 4;
        let mut groups = table.missing();
        if groups.len() > MOST_STATEMENTS {
            let indexes = groups.into_values().flatten().collect();
            groups = BTreeMap::from([((0..columns.len()).collect(), indexes)]);
        }
        for (wanted, indexes) in groups {
            let columns_wanted: Vec<StoredColumn> =
                wanted.iter().map(|index| columns[*index].clone()).collect();
            for indexes in indexes.chunks(IDS_PER_QUERY) {
                let ids: Vec<RowId> = indexes.iter().map(|index| rows[*index]).collect();
                let found: HashMap<RowId, Vec<Value>> = {
                    let reader = self.reader();
                    let found = read_by_id(&reader, &columns_wanted, window_select, &ids)?;
                    found.into_iter().collect()
                };
                for (index, id) in indexes.iter().zip(&ids) {
                    match found.get(id) {
                        Some(values) => {
                            for (column, value) in wanted.iter().zip(values) {
                                table.put(*index, *column, value.clone());
                            }
                        }
                        None => table.lose(*index),
                    }
                }
            }
        }
        Ok(())
    }

    /// Starts a build of the columns that lack one, unless one is running or makes no sense.
    fn build_missing(&self, columns: &[StoredColumn]) {
        if self.positions().count < FEWEST_ROWS {
            return;
        }
        // Held by whoever waits for a build, which is then this one too.
        let Ok(mut build) = self.point_reads.build.try_lock() else { return };
        if build.as_ref().is_some_and(|build| !build.is_finished()) {
            return;
        }
        if let Some(ended) = build.take() {
            ended.wait();
        }
        let missing = self.missing(columns);
        if !missing.is_empty() {
            *build = self.start_build(missing);
        }
    }

    /// The columns that no piece has, or only one that most cells of it have left.
    fn missing(&self, columns: &[StoredColumn]) -> Vec<StoredColumn> {
        let pieces = hold(&self.point_reads.shared.pieces);
        let is_ready = |stored: &StoredColumn| {
            let newest = pieces.ready.iter().rev().find(|piece| piece.position(stored).is_some());
            newest.is_some_and(|piece| piece.is_fresh(stored))
        };
        let mut missing: Vec<StoredColumn> = Vec::new();
        for stored in columns {
            let is_new = missing.iter().all(|other| other.column.id != stored.column.id);
            if is_new && !is_ready(stored) {
                missing.push(stored.clone());
            }
        }
        missing
    }

    fn start_build(&self, columns: Vec<StoredColumn>) -> Option<Build> {
        let reads = &self.point_reads;
        if hold(&reads.shared.pieces).given_up {
            return None;
        }
        let connection = match self.reader().try_clone() {
            Ok(connection) => connection,
            Err(error) => {
                tracing::debug!(%error, "scattered rows stay slow");
                return None;
            }
        };
        Build::start(&reads.shared, connection, columns, reads.folder.clone())
    }
}

/// A piece with the columns of a window that it has: the place in the window, the place in it.
type Wanted<'a> = (&'a Arc<Piece>, Vec<(usize, usize)>);

fn read_pieces(columns: &[StoredColumn], rows: &[RowId], sources: &[Source], table: &mut Table) {
    let mut by_piece: Vec<Wanted<'_>> = Vec::new();
    for (column, source) in sources.iter().enumerate() {
        let Source::Piece(piece, index) = source else { continue };
        match by_piece.iter_mut().find(|(other, _)| Arc::ptr_eq(other, piece)) {
            Some((_, wanted)) => wanted.push((column, *index)),
            None => by_piece.push((piece, vec![(column, *index)])),
        }
    }
    for (piece, wanted) in by_piece {
        let (into, from): (Vec<usize>, Vec<usize>) = wanted.into_iter().unzip();
        let stored: Vec<&StoredColumn> = into.iter().map(|index| &columns[*index]).collect();
        let read = piece.read(rows, &stored, &from, |row, column, value| {
            table.put(row, into[column], value);
        });
        if let Err(error) = read {
            tracing::warn!(%error, "a file of window values could not be read");
        }
    }
}

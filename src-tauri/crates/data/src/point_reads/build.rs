use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use braincells_core::ColumnId;
use duckdb::{Connection, InterruptHandle};
use uuid::Uuid;

use super::changes::Changes;
use super::piece::{Piece, Places};
use super::row::{encode, select};
use super::{Pieces, Shared};
use crate::DataError;
use crate::column::StoredColumn;
use crate::database::hold;
use crate::error::during;
use crate::view::integers;

/// A file larger than this costs more disk than it saves time.
const MOST_BYTES: u64 = 4 << 30;

/// A scan in the background that makes a piece.
pub(super) struct Build {
    thread: JoinHandle<()>,
    interrupt: Arc<InterruptHandle>,
    stopping: Arc<AtomicBool>,
}

impl fmt::Debug for Build {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Build").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl Build {
    /// Starts a scan of some columns; `None` when there are no more threads.
    ///
    /// What is committed from now on is noted for the piece, so that it is right although the
    /// scan may or may not see it.
    pub(super) fn start(
        shared: &Arc<Shared>,
        connection: Connection,
        columns: Vec<StoredColumn>,
        folder: PathBuf,
    ) -> Option<Self> {
        let changes = Arc::new(Changes::default());
        hold(&shared.pieces).pending = Some(Arc::clone(&changes));
        let interrupt = connection.interrupt_handle();
        let stopping = Arc::new(AtomicBool::new(false));
        let is_stopping = Arc::clone(&stopping);
        let in_thread = Arc::clone(shared);
        let work = move || {
            let piece = make(&connection, &columns, &folder, changes, &is_stopping);
            // The connection must be gone before the one who waits closes the sheet.
            drop(connection);
            hold(&in_thread.pieces).take_over(piece, is_stopping.load(Ordering::Relaxed));
        };
        match thread::Builder::new().name("window-values".to_owned()).spawn(work) {
            Ok(thread) => Some(Self { thread, interrupt, stopping }),
            Err(error) => {
                tracing::debug!(%error, "scattered rows stay slow");
                hold(&shared.pieces).pending = None;
                None
            }
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    pub(super) fn wait(self) {
        if self.thread.join().is_err() {
            tracing::warn!("the scan for window values ended early");
        }
    }

    /// Ends it soon, whatever it has.
    pub(super) fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.interrupt.interrupt();
        self.wait();
    }
}

impl Pieces {
    fn take_over(&mut self, piece: Result<Piece, DataError>, is_stopping: bool) {
        self.pending = None;
        match piece {
            Ok(piece) => {
                let is_newer = |column: &(ColumnId, String)| piece.columns.contains(column);
                self.ready.retain(|old| !old.columns.iter().all(is_newer));
                self.ready.push(Arc::new(piece));
            }
            Err(_) if is_stopping => {}
            Err(error) => {
                tracing::info!(%error, "scattered rows of this sheet stay slow");
                self.given_up = true;
            }
        }
    }
}

fn make(
    connection: &Connection,
    columns: &[StoredColumn],
    folder: &Path,
    changes: Arc<Changes>,
    stopping: &AtomicBool,
) -> Result<Piece, DataError> {
    fs::create_dir_all(folder)
        .map_err(|source| DataError::io("make the folder", folder, source))?;
    let path = folder.join(Uuid::new_v4().to_string());
    let failed = |source| DataError::io("write", &path, source);
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
    // From here on the file is removed whatever happens.
    let mut piece = Piece {
        file: file.map_err(failed)?,
        path: path.clone(),
        columns: columns.iter().map(|stored| (stored.column.id, stored.quoted.clone())).collect(),
        places: Places::Sparse(Vec::new()),
        changes,
    };
    let mut selected = vec!["row_id".to_owned()];
    selected.extend(columns.iter().map(select));
    let sql = format!("SELECT {} FROM main.rows", selected.join(", "));
    let scanning = during("read the rows");
    let mut statement = connection.prepare(&sql).map_err(&scanning)?;
    let (mut ids, mut ends, mut written) = (Vec::new(), Vec::new(), 0);
    let (mut rows, mut row_ends) = (Vec::new(), Vec::new());
    for batch in statement.stream_arrow([]).map_err(&scanning)? {
        let batch = batch.map_err(&scanning)?;
        if stopping.load(Ordering::Relaxed) {
            return Err(DataError::Cancelled);
        }
        rows.clear();
        row_ends.clear();
        encode(&batch, &mut rows, &mut row_ends).ok_or_else(|| {
            DataError::database("read the rows", "a column has a type without an encoding")
        })?;
        piece.file.write_all(&rows).map_err(failed)?;
        ids.extend_from_slice(integers(&batch, 0));
        ends.extend(row_ends.iter().map(|end| written + *end as u64));
        written += rows.len() as u64;
        if written > MOST_BYTES {
            return Err(DataError::database("keep the rows", "they are too large"));
        }
    }
    piece.places = Places::new(&ids, ends);
    Ok(piece)
}

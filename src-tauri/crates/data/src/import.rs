use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use braincells_core::SheetId;
use duckdb::{Connection, InterruptHandle};

use crate::column::Names;
use crate::database::{self, Allowed};
use crate::error::during;
use crate::leftovers;
use crate::lock::{SheetLock, with_suffix};
use crate::schema::ORDER_GAP;
use crate::sql::{file_pattern, identifier};
use crate::{DataError, Format, Limits, schema};

mod csv;
mod probe;
mod records;
mod source;

use source::Source;

/// How often a running import looks at its size and at the wish to stop.
const WATCH_EVERY: Duration = Duration::from_millis(50);

/// What to import, and where to.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The data file.
    pub source: PathBuf,
    /// Its format.
    pub format: Format,
    /// The sheet's file, which must not exist.
    pub target: PathBuf,
    /// The new sheet's id.
    pub id: SheetId,
    /// The new sheet's name.
    pub name: String,
    /// What the import may use of the machine.
    pub limits: Limits,
}

/// Makes a sheet from a data file of any size, and returns its rows.
///
/// Rows keep the order of the file. Types are what DuckDB infers from the whole file. In CSV and
/// TSV the first line names the columns; lines of different lengths are an error rather than a
/// guess. Text must be UTF-8, or UTF-16 with a byte order mark.
///
/// The sheet is written to `<target>.importing` and appears at `target` when it is whole and on
/// disk. `progress` is called from another thread with the bytes written so far. Setting
/// `cancelled` stops within a fraction of a second with [`DataError::Cancelled`]. Nothing is left
/// behind by an error.
pub fn import(
    request: &ImportRequest,
    now_ms: i64,
    progress: &(dyn Fn(u64) + Sync),
    cancelled: &AtomicBool,
) -> Result<u64, DataError> {
    let target = &request.target;
    let probed = probe::probe(&request.source, request.format)?;
    let _lock = SheetLock::take(target)?;
    if target.exists() {
        return Err(DataError::AlreadyExists { path: target.clone() });
    }
    let unfinished = Unfinished::new(with_suffix(target, ".importing"));
    unfinished.remove();

    let path = database::text(&probed.path)?.to_owned();
    let allowed = Allowed::Files(vec![file_pattern(&path), path.clone()]);
    let connection = database::open(&unfinished.path, request.limits, &allowed)?;
    let watched = Watched { file: &unfinished.path, progress, cancelled };
    let rows = watched.run(connection.interrupt_handle().as_ref(), || {
        let source = source::plan(&connection, &probed)?;
        write(&connection, &source, request, now_ms)
    })?;
    connection.close().map_err(|(_, error)| during("write the sheet's file")(error))?;
    if cancelled.load(Ordering::Relaxed) {
        return Err(DataError::Cancelled);
    }
    publish(&unfinished.path, target)?;
    if let Ok(metadata) = fs::metadata(target) {
        progress(metadata.len());
    }
    Ok(rows)
}

fn write(
    connection: &Connection,
    source: &Source,
    request: &ImportRequest,
    now_ms: i64,
) -> Result<u64, DataError> {
    let mut display = Names::default();
    let mut physical = Names::physical();
    let mut columns = Vec::with_capacity(source.columns.len());
    // `row_number()` over everything is a streaming operator: it numbers the rows as they come,
    // in the order of the file, and holds none of them back.
    let mut select = vec![format!(
        "row_number() OVER () AS row_id, row_number() OVER () * {ORDER_GAP} AS row_order"
    )];
    for name in &source.columns {
        let stored = physical.claim(name);
        select.push(format!("src.{} AS {}", identifier(name), identifier(&stored)));
        columns.push((display.claim(name), stored));
    }
    source.create(connection, &select.join(", "))?;
    schema::create(connection, request.id, &request.name, &columns, now_ms)?;
    let failed = during("write the sheet's file");
    connection.execute_batch("CHECKPOINT").map_err(&failed)?;
    let rows = connection
        .query_row("SELECT count(*) FROM main.rows", [], |row| row.get::<_, i64>(0))
        .map_err(failed)?;
    source.check_rows(rows as u64)
}

/// Puts a closed database file in its final place, safe against a loss of power.
fn publish(finished: &Path, target: &Path) -> Result<(), DataError> {
    File::options()
        .write(true)
        .open(finished)
        .and_then(|file| file.sync_all())
        .map_err(|source| DataError::io("flush the sheet", finished, source))?;
    fs::rename(finished, target)
        .map_err(|source| DataError::io("move the sheet to", target, source))?;
    sync_folder(target);
    Ok(())
}

/// Makes a rename durable. Not every file system can, and the file is whole either way.
pub(crate) fn sync_folder(of: &Path) {
    if let Some(folder) = of.parent()
        && let Err(error) = File::open(folder).and_then(|folder| folder.sync_all())
    {
        tracing::debug!(folder = %folder.display(), %error, "folder not flushed");
    }
}

/// The files of an import that is not finished; removed when dropped.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn remove(&self) {
        leftovers::remove_database(&self.path);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Work that another thread reports on and may stop.
struct Watched<'a> {
    file: &'a Path,
    progress: &'a (dyn Fn(u64) + Sync),
    cancelled: &'a AtomicBool,
}

impl Watched<'_> {
    fn run<T>(
        &self,
        interrupt: &InterruptHandle,
        work: impl FnOnce() -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        thread::scope(|scope| {
            // Nothing is ever sent: that the work is over shows by the sender being gone.
            let (working, ended) = sync_channel::<()>(1);
            let watch = move || {
                while ended.recv_timeout(WATCH_EVERY) == Err(RecvTimeoutError::Timeout) {
                    if self.cancelled.load(Ordering::Relaxed) {
                        interrupt.interrupt();
                    }
                    if let Ok(metadata) = fs::metadata(self.file) {
                        (self.progress)(metadata.len());
                    }
                }
            };
            thread::Builder::new()
                .name("import-watch".to_owned())
                .spawn_scoped(scope, watch)
                .map_err(|source| DataError::io("watch the import of", self.file, source))?;
            let result = if self.cancelled.load(Ordering::Relaxed) {
                Err(DataError::Cancelled)
            } else {
                work()
            };
            drop(working);
            match result {
                Err(_) if self.cancelled.load(Ordering::Relaxed) => Err(DataError::Cancelled),
                result => result,
            }
        })
    }
}

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use duckdb::InterruptHandle;

use crate::lock::with_suffix;
use crate::{DataError, leftovers};

/// How often a running import looks at its size and at the wish to stop.
const WATCH_EVERY: Duration = Duration::from_millis(50);

/// The files of an import that is not finished; removed when dropped.
pub(super) struct Unfinished {
    pub(super) path: PathBuf,
}

impl Unfinished {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where a copy of the source as UTF-8 is kept.
    pub(super) fn text(&self) -> PathBuf {
        with_suffix(&self.path, ".text")
    }

    pub(super) fn remove(&self) {
        leftovers::remove_database(&self.path);
        leftovers::remove(&self.text());
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Work that another thread reports on and may stop.
pub(super) struct Watched<'a> {
    pub(super) file: &'a Path,
    pub(super) progress: &'a (dyn Fn(u64) + Sync),
    pub(super) cancelled: &'a AtomicBool,
}

impl Watched<'_> {
    pub(super) fn run<T>(
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
            let result = going_on(self.cancelled).and_then(|()| work());
            drop(working);
            match result {
                Err(_) if self.cancelled.load(Ordering::Relaxed) => Err(DataError::Cancelled),
                result => result,
            }
        })
    }
}

/// Fails once the caller has asked to stop.
pub(super) fn going_on(cancelled: &AtomicBool) -> Result<(), DataError> {
    if cancelled.load(Ordering::Relaxed) { Err(DataError::Cancelled) } else { Ok(()) }
}

//! The copy of a model: told while it grows, stopped at any time, and there only when it is whole.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use braincells_core::{AppError, Code, Event, EventSink};

use super::super::error::ModelError;
use super::super::unreadable;
use crate::error::WorkbenchError;

/// Bytes that are copied at once.
const CHUNK_BYTES: usize = 1 << 20;

/// A copy on its way.
pub(super) struct Copied<'a> {
    model: &'a str,
    bytes: u64,
    done: u64,
    /// The last hundredth that was told.
    told: Option<u64>,
    events: &'a dyn EventSink,
    stopped: &'a AtomicBool,
}

impl<'a> Copied<'a> {
    /// A copy of so many bytes, of which nothing is there yet.
    pub(super) fn new(
        model: &'a str,
        bytes: u64,
        events: &'a dyn EventSink,
        stopped: &'a AtomicBool,
    ) -> Self {
        Self { model, bytes, done: 0, told: None, events, stopped }
    }

    /// Copies all parts, and then gives all of them their names. Until then it can be stopped, and
    /// nothing is left of it.
    pub(super) fn all(mut self, sources: &[PathBuf], targets: &[PathBuf]) -> Result<(), AppError> {
        let mut written = Vec::new();
        for (source, target) in sources.iter().zip(targets) {
            if fs::symlink_metadata(target).is_ok() {
                let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Err(WorkbenchError::ModelNameTaken { name }.into());
            }
            let mut partial = Partial::take(target)?;
            self.one(source, &mut partial)?;
            written.push((partial, target));
        }
        // Bringing the last of it to the disk may have taken long.
        self.go_on()?;
        for (partial, target) in written {
            partial.keep(target)?;
        }
        Ok(())
    }

    fn one(&mut self, source: &Path, partial: &mut Partial) -> Result<(), AppError> {
        let unreadable = |error: std::io::Error| unreadable(source, &error);
        let mut file = File::open(source).map_err(unreadable)?;
        let expected = file.metadata().map_err(unreadable)?.len();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut written = 0;
        loop {
            self.go_on()?;
            let length = match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            partial.file.write_all(&chunk[..length]).map_err(|e| not_written(&partial.path, &e))?;
            written += length as u64;
            self.done += length as u64;
            self.tell();
        }
        if written != expected {
            return Err(ModelError::Changed { path: source.to_owned() }.into());
        }
        partial.file.sync_all().map_err(|error| not_written(&partial.path, &error))
    }

    fn go_on(&self) -> Result<(), AppError> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(AppError::new(Code::Cancelled, "stopped by the user"));
        }
        Ok(())
    }

    fn tell(&mut self) {
        let hundredth = self.done.saturating_mul(100) / self.bytes.max(1);
        if self.told != Some(hundredth) {
            self.told = Some(hundredth);
            let fraction = (self.done as f64 / self.bytes.max(1) as f64).min(1.0) as f32;
            self.events.emit(Event::ModelCopying { model: self.model.to_owned(), fraction });
        }
    }
}

/// A file that is not finished; gone when it is dropped unless it was kept. Locked, so that nobody
/// else writes it or takes it for left over.
struct Partial {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Partial {
    fn take(target: &Path) -> Result<Self, AppError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        let failed = |error: &std::io::Error| not_written(&path, error);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ModelError::WrittenElsewhere { path }.into());
            }
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "a copy cannot be locked on this file system");
            }
        }
        file.set_len(0).map_err(|error| failed(&error))?;
        Ok(Self { path, file, kept: false })
    }

    fn keep(mut self, target: &Path) -> Result<(), AppError> {
        fs::rename(&self.path, target).map_err(|error| not_written(target, &error))?;
        self.kept = true;
        // The name, too, survives a power cut. Not every system can do that to a folder.
        if let Some(folder) = target.parent() {
            drop(File::open(folder).and_then(|folder| folder.sync_all()));
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            drop(fs::remove_file(&self.path));
        }
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> AppError {
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    ModelError::NotWritten { path: path.to_owned(), reason: error.to_string(), full }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody who stops a copy when it says that all of it is there.
    struct StopsAtTheEnd(AtomicBool);

    impl EventSink for StopsAtTheEnd {
        fn emit(&self, event: Event) {
            if matches!(event, Event::ModelCopying { fraction, .. } if fraction >= 1.0) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn a_copy_that_is_stopped_at_its_end_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let [source, target] = ["a.gguf", "b.gguf"].map(|name| folder.path().join(name));
        fs::write(&source, "a model").unwrap();
        let sink = StopsAtTheEnd(AtomicBool::new(false));
        let copied = Copied::new("b.gguf", 7, &sink, &sink.0);
        let error = copied.all(&[source], &[target]).unwrap_err();
        assert_eq!(error.code, Code::Cancelled);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "what was copied");
    }
}

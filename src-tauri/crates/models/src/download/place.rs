//! The three files of a download: the target, what there is of it, and the ledger that vouches
//! for that. Whoever holds the lock of the ledger is the only one who touches them, in this
//! process and in all others; where there are no locks, a place says so.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::ledger::{self, Block, Header, MAX_LEDGER_BYTES, Recorded};
use super::lock::lock;
use super::{FetchError, Wanted};

/// Where a download is written until all of it is there.
pub fn partial_path(target: &Path) -> PathBuf {
    with_ending(target, ".partial")
}

/// Where it is written down what of that is right.
pub(super) fn ledger_path(target: &Path) -> PathBuf {
    with_ending(target, ".partial.json")
}

fn with_ending(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// How many bytes of a download are on the disk and need not be fetched again, as far as it can be
/// told without reading them. `None` if none was begun.
pub fn progress_of(target: &Path) -> Option<u64> {
    let there = fs::metadata(partial_path(target)).ok()?.len();
    let text = match File::open(ledger_path(target)).and_then(|mut file| read_ledger(&mut file)) {
        Ok(text) => text,
        // Where a lock keeps others from reading, too, somebody is at work: all of it counts.
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Some(there),
        Err(_gone) => return None,
    };
    let blocks = ledger::read_any(&text).map(|recorded| recorded.blocks).unwrap_or_default();
    Some(blocks.iter().map(|block| block.bytes).sum::<u64>().min(there))
}

/// Whether a download brought the whole file and ended before it had removed its ledger.
pub fn was_finished(target: &Path) -> bool {
    target.exists() && ledger_path(target).exists() && !partial_path(target).exists()
}

/// Deletes what there is of a download, but not the target.
///
/// # Errors
/// `ResourceBusy` while somebody downloads it, and what the system says.
pub fn discard(target: &Path) -> io::Result<()> {
    // Held until both are gone, so that nobody begins between them.
    let ledger = OpenOptions::new().read(true).write(true).open(ledger_path(target)).ok();
    if let Some(ledger) = &ledger
        && let Err(TryLockError::WouldBlock) = ledger.try_lock()
    {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    remove(&partial_path(target))?;
    remove(&ledger_path(target))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _gone => Ok(()),
    }
}

fn read_ledger(file: &mut File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(MAX_LEDGER_BYTES).read_to_end(&mut text)?;
    Ok(text)
}

/// The files of one download, held against everybody else until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    target: PathBuf,
    ledger: File,
    partial: File,
    is_locked: bool,
}

impl Place {
    /// Takes the place of a target, making its folder.
    ///
    /// # Errors
    /// [`FetchError::Busy`] if somebody else has it.
    pub(super) fn take(target: &Path) -> Result<Self, FetchError> {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(|error| FetchError::io("made", folder, &error))?;
        }
        let (ledger, is_locked) = lock(target)?;
        let path = partial_path(target);
        let partial = open(&path).map_err(|error| FetchError::io("written", &path, &error))?;
        Ok(Self { target: target.to_owned(), ledger, partial, is_locked })
    }

    /// Whether nobody else can write here. Where the file system knows no locks, what was written
    /// may be something else by the time it is looked at.
    pub(super) fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// The place as it is where there are no locks.
    #[cfg(test)]
    pub(super) fn without_lock(self) -> Self {
        Self { is_locked: false, ..self }
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// What the ledger says, if it is about this file. New lines go behind what could be read.
    pub(super) fn recorded(&mut self, wanted: &Wanted) -> Result<Option<Recorded>, FetchError> {
        let text = read_ledger(&mut self.ledger).map_err(|error| self.ledger_failed(&error))?;
        let recorded = ledger::read(&text, wanted);
        let end = recorded.as_ref().map_or(0, |recorded| recorded.ledger_bytes);
        self.ledger
            .set_len(end)
            .and_then(|()| self.ledger.seek(SeekFrom::Start(end)))
            .map_err(|error| self.ledger_failed(&error))?;
        Ok(recorded)
    }

    /// Forgets all there was and begins a file.
    pub(super) fn begin(&mut self, header: &Header) -> Result<(), FetchError> {
        self.forget()?;
        self.ledger
            .write_all(&ledger::header_line(header))
            .map_err(|error| self.ledger_failed(&error))
    }

    /// Forgets all there was: it cannot be trusted.
    pub(super) fn forget(&mut self) -> Result<(), FetchError> {
        self.cut(0)?;
        self.ledger
            .set_len(0)
            .and_then(|()| self.ledger.seek(SeekFrom::Start(0)))
            .map(|_start| ())
            .map_err(|error| self.ledger_failed(&error))
    }

    /// Writes down that a block is there.
    pub(super) fn record(&mut self, n: u64, block: Block) -> Result<(), FetchError> {
        self.ledger
            .write_all(&ledger::block_line(n, block))
            .map_err(|error| self.ledger_failed(&error))
    }

    /// Drops all of the partial file behind `bytes`, and writes go there from now on.
    pub(super) fn cut(&mut self, bytes: u64) -> Result<(), FetchError> {
        self.partial
            .set_len(bytes)
            .and_then(|()| self.partial.seek(SeekFrom::Start(bytes)))
            .map(|_at| ())
            .map_err(|error| self.partial_failed("written", &error))
    }

    /// Writes where the last write ended. What was written before an error is counted.
    pub(super) fn write(&mut self, bytes: &[u8], written: &mut usize) -> Result<(), FetchError> {
        while *written < bytes.len() {
            match self.partial.write(&bytes[*written..]) {
                Ok(0) => {
                    let error = io::ErrorKind::WriteZero.into();
                    return Err(self.partial_failed("written", &error));
                }
                Ok(count) => *written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.partial_failed("written", &error)),
            }
        }
        Ok(())
    }

    /// Writes over what is at `at`.
    pub(super) fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), FetchError> {
        self.partial
            .seek(SeekFrom::Start(at))
            .and_then(|_at| self.partial.write_all(bytes))
            .map_err(|error| self.partial_failed("written", &error))
    }

    /// Reads what is at `at`; less if the file ends before.
    pub(super) fn read_at(&mut self, at: u64, bytes: &mut [u8]) -> Result<usize, FetchError> {
        let mut read = 0;
        let mut fill = || {
            self.partial.seek(SeekFrom::Start(at))?;
            while read < bytes.len() {
                match self.partial.read(&mut bytes[read..]) {
                    Ok(0) => break,
                    Ok(count) => read += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(read)
        };
        let filled = fill();
        filled.map_err(|error: io::Error| self.partial_failed("read", &error))
    }

    /// A handle on the partial file for a thread that brings it to the disk.
    pub(super) fn partial_handle(&self) -> Result<File, FetchError> {
        self.partial.try_clone().map_err(|error| self.partial_failed("opened", &error))
    }

    /// Makes the partial file the target. All of it is right, and on the disk.
    pub(super) fn finish(self) -> Result<(), FetchError> {
        if fs::symlink_metadata(&self.target).is_ok() {
            // Somebody put it there meanwhile, and may need it.
            return Err(FetchError::TargetTaken { target: self.target.clone() });
        }
        fs::rename(partial_path(&self.target), &self.target)
            .map_err(|error| FetchError::io("renamed", &partial_path(&self.target), &error))?;
        if let Some(folder) = self.target.parent() {
            sync_folder(folder).map_err(|error| FetchError::io("written", folder, &error))?;
        }
        self.tidy();
        Ok(())
    }

    /// Deletes the partial file and its ledger, while nobody else can begin anew.
    pub(super) fn tidy(self) {
        let left = [partial_path(&self.target), ledger_path(&self.target)];
        for path in left {
            if let Err(error) = remove(&path) {
                // Nothing depends on it; it is listed as left over.
                tracing::warn!(%error, path = %path.display(), "a file of a download is left");
            }
        }
    }

    fn ledger_failed(&self, error: &io::Error) -> FetchError {
        FetchError::io("written", &ledger_path(&self.target), error)
    }

    fn partial_failed(&self, attempt: &'static str, error: &io::Error) -> FetchError {
        FetchError::io(attempt, &partial_path(&self.target), error)
    }
}

pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// A new name in a folder is safe when the folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    // The parent of a bare file name is the empty path.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

/// Elsewhere folders cannot be opened, and the file system sees to it itself.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

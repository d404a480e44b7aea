use std::ops::Deref;
use std::sync::TryLockError;
use std::sync::atomic::Ordering;

use duckdb::Connection;

use crate::DataError;
use crate::error::during;
use crate::sheet::SheetStore;

/// A connection of its own for a read that takes long, so that neither windows nor commits have
/// to wait for it.
pub(crate) struct OwnReader<'a> {
    /// There until dropped.
    connection: Option<Connection>,
    store: &'a SheetStore,
}

impl Deref for OwnReader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("only dropping takes the connection away")
    }
}

impl Drop for OwnReader<'_> {
    fn drop(&mut self) {
        drop(self.connection.take());
        if !self.store.checkpoint_owed.load(Ordering::Relaxed) {
            return;
        }
        // Whoever holds it now, another reader's end or the closing of the sheet makes up for it.
        let writer = match self.store.try_writer() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if let Err(error) = self.store.checkpoint_when_free(&writer.connection) {
            tracing::warn!(%error, "a checkpoint is still to be made");
        }
    }
}

impl SheetStore {
    /// See [`OwnReader`].
    pub(crate) fn own_reader(&self) -> Result<OwnReader<'_>, DataError> {
        let connection = self.reader().try_clone().map_err(during("open another connection"))?;
        Ok(OwnReader { connection: Some(connection), store: self })
    }

    /// Moves everything from the write-ahead log into the sheet's file. `connection` is the
    /// writer's.
    ///
    /// DuckDB cannot while anybody reads what a change replaced. Waiting could take as long as a
    /// person's query, so it is then done when the reading ends; nothing is at risk meanwhile, as
    /// the log is on disk.
    pub(crate) fn checkpoint_when_free(&self, connection: &Connection) -> Result<(), DataError> {
        self.point_reads.stop();
        let quiet = self.reader();
        let done = connection.execute_batch("CHECKPOINT");
        drop(quiet);
        let is_read = |error: &duckdb::Error| error.to_string().contains("Cannot CHECKPOINT");
        self.checkpoint_owed.store(done.as_ref().is_err_and(is_read), Ordering::Relaxed);
        match done {
            Err(error) if !is_read(&error) => Err(during("write the sheet's file")(error)),
            _ => Ok(()),
        }
    }
}

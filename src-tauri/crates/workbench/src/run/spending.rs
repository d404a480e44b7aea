//! What a run takes of a provider, on its way to the disk: apart from its cells, because money that
//! was taken counts whatever becomes of them.

use std::sync::{Arc, Mutex};

use braincells_core::RunId;
use braincells_data::{DataError, RunSpent, SheetStore};

use super::desk::Desk;
use super::feed::lock;

/// The total of a run, which only grows, and as much of it as is on disk.
pub(super) struct Spending {
    store: Arc<SheetStore>,
    run: RunId,
    desk: Arc<Mutex<Desk>>,
    noted: Mutex<RunSpent>,
    /// Held while the total is written.
    noting: Mutex<()>,
}

impl Spending {
    /// Of a run that took `noted` before this part of it.
    pub(super) fn new(
        store: Arc<SheetStore>,
        run: RunId,
        desk: Arc<Mutex<Desk>>,
        noted: RunSpent,
    ) -> Self {
        Self { store, run, desk, noted: Mutex::new(noted), noting: Mutex::default() }
    }

    /// Whether more was taken than is on disk.
    pub(super) fn is_owed(&self) -> bool {
        self.total() != *lock(&self.noted)
    }

    /// Writes the total, if it is owed. Blocks.
    pub(super) fn note(&self) -> Result<(), DataError> {
        let _noting = lock(&self.noting);
        let total = self.total();
        if total != *lock(&self.noted) {
            self.store.note_run_spent(self.run, total)?;
            *lock(&self.noted) = total;
        }
        Ok(())
    }

    fn total(&self) -> RunSpent {
        lock(&self.desk).spent()
    }
}

//! Which columns are being filled now, and how each run is told to stop.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use braincells_core::{CellRecord, Column, ColumnId, RowId, RunId, RunStatus, SheetId};
use tokio::sync::watch;

use crate::error::WorkbenchError;

/// What the user wants of a live run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    GoOn,
    Pause,
    Cancel,
}

impl Wish {
    /// The status of a run that stopped because of this wish.
    pub(super) fn status(self) -> RunStatus {
        if self == Self::Cancel { RunStatus::Cancelled } else { RunStatus::Paused }
    }
}

/// Raises the wish; a cancel is never taken back by a pause.
pub(super) fn wish(sender: &watch::Sender<Wish>, wish: Wish) {
    sender.send_if_modified(|present| {
        let raised = wish > *present;
        *present = wish.max(*present);
        raised
    });
}

type Key = (SheetId, ColumnId);

struct Live {
    /// `None` while its model is being loaded.
    run: Option<RunId>,
    wish: watch::Sender<Wish>,
    by_hand: Arc<ByHand>,
}

/// Cells that a person edited or approved while the run was alive. The store keeps a run's hands
/// off them; with this the run does not announce them as its own either.
#[derive(Default)]
pub(super) struct ByHand {
    rows: Mutex<HashSet<RowId>>,
}

impl ByHand {
    fn lock(&self) -> MutexGuard<'_, HashSet<RowId>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves out the cells that a person took over.
    pub(super) fn without(&self, mut cells: Vec<CellRecord>) -> Vec<CellRecord> {
        let rows = self.lock();
        if !rows.is_empty() {
            cells.retain(|cell| !rows.contains(&cell.row));
        }
        cells
    }
}

/// All live runs of one workbench; at most one for each column.
#[derive(Default)]
pub(crate) struct LiveRuns {
    columns: Mutex<HashMap<Key, Live>>,
}

impl LiveRuns {
    /// Takes a column until the claim is dropped.
    pub(crate) fn claim(
        self: &Arc<Self>,
        sheet: SheetId,
        column: &Column,
    ) -> Result<Claim, WorkbenchError> {
        let key = (sheet, column.id);
        let mut columns = self.lock();
        if columns.contains_key(&key) {
            return Err(WorkbenchError::ColumnBusy { name: column.name.clone() });
        }
        let (sender, receiver) = watch::channel(Wish::GoOn);
        let by_hand = Arc::<ByHand>::default();
        let live = Live { run: None, wish: sender.clone(), by_hand: Arc::clone(&by_hand) };
        columns.insert(key, live);
        Ok(Claim { live: Arc::clone(self), key, sender, receiver, by_hand })
    }

    /// Tells a run what is wanted; `false` if it is not alive.
    pub(super) fn wish(&self, sheet: SheetId, run: RunId, wanted: Wish) -> bool {
        let columns = self.lock();
        let found = columns.iter().find(|(key, live)| key.0 == sheet && live.run == Some(run));
        if let Some((_, live)) = found {
            wish(&live.wish, wanted);
        }
        found.is_some()
    }

    pub(super) fn is_live(&self, sheet: SheetId, run: RunId) -> bool {
        self.lock().iter().any(|(key, live)| key.0 == sheet && live.run == Some(run))
    }

    /// Whether any column of the sheet is being filled.
    pub(crate) fn is_sheet_live(&self, sheet: SheetId) -> bool {
        self.lock().keys().any(|key| key.0 == sheet)
    }

    /// Notes that a person takes a cell over, or gives it back by clearing it.
    pub(crate) fn take_over(&self, sheet: SheetId, column: ColumnId, row: RowId, taken: bool) {
        if let Some(live) = self.lock().get(&(sheet, column)) {
            let mut rows = live.by_hand.lock();
            if taken {
                rows.insert(row)
            } else {
                rows.remove(&row)
            };
        }
    }

    /// Asks every run to stop and keep what it has.
    pub(crate) fn pause_all(&self) {
        for live in self.lock().values() {
            wish(&live.wish, Wish::Pause);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Live>> {
        // Nothing under this lock can panic half-way through a change.
        self.columns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to fill one column.
pub(crate) struct Claim {
    live: Arc<LiveRuns>,
    key: Key,
    sender: watch::Sender<Wish>,
    receiver: watch::Receiver<Wish>,
    by_hand: Arc<ByHand>,
}

impl Claim {
    /// Names the run that fills the column; returns the way to stop it.
    pub(super) fn begin(&mut self, run: RunId) -> watch::Sender<Wish> {
        if let Some(live) = self.live.lock().get_mut(&self.key) {
            live.run = Some(run);
        }
        self.sender.clone()
    }

    pub(super) fn by_hand(&self) -> Arc<ByHand> {
        Arc::clone(&self.by_hand)
    }

    /// The wish to stop, if there is one.
    pub(super) fn wish(&self) -> Option<Wish> {
        Some(*self.receiver.borrow()).filter(|wish| *wish != Wish::GoOn)
    }

    /// Waits until the run is asked to stop.
    pub(super) async fn stopped(&mut self) -> Wish {
        match self.receiver.wait_for(|wish| *wish != Wish::GoOn).await {
            Ok(wish) => *wish,
            // The claim holds a sender itself, so the channel cannot close.
            Err(_closed) => Wish::Pause,
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.live.lock().remove(&self.key);
    }
}

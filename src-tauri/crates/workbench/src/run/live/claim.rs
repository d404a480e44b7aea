//! The right to fill one column, and what the run that has it tells and learns.

use std::sync::Arc;

use braincells_core::{CellRecord, RunId};
use tokio::sync::watch;

use super::{Aside, Begun, ByHand, Key, Live, LiveRuns, Wish};
use crate::queue::Standing;
use crate::run::progress::Figures;

/// The right to fill one column.
pub(crate) struct Claim {
    pub(super) notes: Notes,
    pub(super) sender: watch::Sender<Wish>,
    pub(super) receiver: watch::Receiver<Wish>,
    pub(super) aside: Arc<Aside>,
}

/// What the run that has a claim tells and learns about its cells. Does not keep the claim.
#[derive(Clone)]
pub(crate) struct Notes {
    pub(super) live: Arc<LiveRuns>,
    pub(super) key: Key,
    pub(super) by_hand: Arc<ByHand>,
}

impl Claim {
    /// Names the run that fills the column; returns the way to stop it.
    pub(in crate::run) fn begin(
        &mut self,
        id: RunId,
        figures: Arc<Figures>,
        standing: Option<Standing>,
    ) -> watch::Sender<Wish> {
        self.notes.change(|live| live.run = Some(Begun { id, figures, standing }));
        self.sender.clone()
    }

    /// Notes which model the run asks. From now on it is not deleted.
    pub(in crate::run) fn set_model(&self, model: &str) {
        self.notes.change(|live| live.model = Some(model.to_owned()));
    }

    /// Notes that the run asks others than this machine. From now on a lock stops it.
    pub(in crate::run) fn set_asks_others(&self) {
        self.notes.change(|live| live.asks_others = true);
    }

    /// Notes whether the run waits for its turn.
    pub(in crate::run) fn set_queued(&self, queued: bool) {
        self.notes.change(|live| live.queued = queued);
    }

    pub(crate) fn notes(&self) -> Notes {
        self.notes.clone()
    }

    pub(in crate::run) fn aside(&self) -> Arc<Aside> {
        Arc::clone(&self.aside)
    }

    /// The wish to stop, if there is one.
    pub(in crate::run) fn wish(&self) -> Option<Wish> {
        Some(*self.receiver.borrow()).filter(|wish| *wish != Wish::GoOn)
    }

    /// Waits until the run is asked to stop.
    pub(in crate::run) async fn stopped(&mut self) -> Wish {
        self.raised_above(Wish::GoOn).await
    }

    /// Waits until more is wanted than this.
    pub(in crate::run) async fn raised_above(&mut self, wish: Wish) -> Wish {
        match self.receiver.wait_for(|present| *present > wish).await {
            Ok(wish) => *wish,
            // The claim holds a sender itself, so the channel cannot close.
            Err(_closed) => Wish::Leave,
        }
    }
}

impl Notes {
    /// Leaves out the cells that a person took over.
    pub(crate) fn without_by_hand(&self, mut cells: Vec<CellRecord>) -> Vec<CellRecord> {
        let rows = self.by_hand.lock();
        if !rows.is_empty() {
            cells.retain(|cell| !rows.contains(&cell.row));
        }
        cells
    }

    /// Notes cells that are on disk, so that the run which this one passed leaves them out.
    pub(in crate::run) fn filled(&self, cells: &[CellRecord]) {
        if !self.key.urgent {
            return;
        }
        let columns = self.live.lock();
        if let Some(passed) = columns.get(&Key { urgent: false, ..self.key }) {
            let rows = cells.iter().map(|cell| cell.row);
            passed.aside.say(|(_, filled)| filled.extend(rows));
        }
    }

    fn change(&self, change: impl FnOnce(&mut Live)) {
        if let Some(live) = self.live.lock().get_mut(&self.key) {
            change(live);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Notes { live, key, .. } = &self.notes;
        live.lock().remove(key);
        live.left.notify_waiters();
    }
}

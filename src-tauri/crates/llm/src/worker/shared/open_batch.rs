//! One open batch: what the child has of it, and what its caller has not taken yet.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use futures::task::AtomicWaker;

use crate::{BatchEvent, RequestId};

#[derive(Default)]
pub(super) struct OpenBatch {
    /// Given to the present child and not ended.
    pub(super) sent: BTreeSet<RequestId>,
    /// Not taken by the caller yet.
    pub(super) events: VecDeque<BatchEvent>,
    /// How many of them the present child did not send.
    pub(super) others: usize,
    /// Events of the present child that were taken and not given back as credit.
    pub(super) owed: u32,
    pub(super) waker: Arc<AtomicWaker>,
}

impl OpenBatch {
    pub(super) fn take_event(&mut self) -> Option<BatchEvent> {
        let event = self.events.pop_front()?;
        // Only the numbers matter, not which event is whose.
        match self.others.checked_sub(1) {
            Some(others) => self.others = others,
            None => self.owed += 1,
        }
        Some(event)
    }
}

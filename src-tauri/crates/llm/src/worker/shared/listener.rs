//! The side of the thread that listens to the child: what the child says, and its end.

use std::process::Child;
use std::sync::Arc;

use super::super::outbox::Outbox;
use super::super::protocol::{BatchId, EVENT_ROOM, FrameError, ToWorker};
use super::{Phase, Shared};
use crate::{BatchEvent, BatchEventKind, Capabilities, EngineFigures, LLMError};

/// Children that may end one after the other without an answer in between.
const MOST_DEATHS_IN_A_ROW: u32 = 3;

impl Shared {
    /// Takes a child that was started. If nobody wants it any more, it is ended.
    pub fn began(
        &self,
        child: Child,
        outbox: Arc<Outbox>,
        load: &ToWorker,
    ) -> Result<(), FrameError> {
        let mut state = self.state();
        state.child = Some(child);
        if state.is_dropped {
            state.kill();
        }
        outbox.control(load)?;
        if let Some(frame) = &state.model_hash {
            outbox.control(frame)?;
        }
        state.outbox = Some(outbox);
        Ok(())
    }

    /// The child has loaded the model.
    pub fn loaded(&self, capabilities: Capabilities) {
        let mut state = self.state();
        state.capabilities = Some(capabilities);
        state.phase = Phase::Ready;
        if state.is_dropped
            && let Some(outbox) = &state.outbox
        {
            drop(outbox.control(&ToWorker::Shutdown));
        }
        state.wake_all();
    }

    /// Passes events on to a batch; an error if the child does not keep to its bounds.
    pub fn take_events(&self, id: BatchId, events: Vec<BatchEvent>) -> Result<(), String> {
        let mut state = self.state();
        // A batch that was cancelled is not there any more.
        let Some(batch) = state.batches.get_mut(&id) else { return Ok(()) };
        let mut answered = false;
        for event in events {
            let known = match &event.kind {
                BatchEventKind::Started
                | BatchEventKind::Delta(_)
                | BatchEventKind::Spent { .. } => batch.sent.contains(&event.id),
                BatchEventKind::Done(_) | BatchEventKind::Failed(_) => batch.sent.remove(&event.id),
            };
            if !known {
                return Err(format!("it spoke of request {}, which it does not have", event.id.0));
            }
            answered |= matches!(event.kind, BatchEventKind::Done(_));
            batch.events.push_back(event);
        }
        // With room to spare: of the others only the number is known, not the places.
        if batch.events.len() - batch.others > 2 * EVENT_ROOM as usize {
            return Err("it sent more events than it was asked for".to_owned());
        }
        batch.waker.wake();
        if answered {
            state.deaths_in_a_row = 0;
        }
        Ok(())
    }

    /// Takes what the child says that it has computed.
    pub fn take_figures(&self, figures: Option<EngineFigures>) {
        if figures.is_some() {
            self.state().figures.0 = figures;
        }
    }

    /// Passes the answer of a count on.
    pub fn take_counts(&self, id: u64, counts: Vec<Option<u32>>) {
        let mut state = self.state();
        if let Some(at) = state.counts.iter().position(|(asked, _)| *asked == id)
            && let Some((_, asker)) = state.counts.remove(at)
        {
            // Who asked may have lost patience.
            drop(asker.try_send(counts));
        }
    }

    /// The child's process, to be waited for.
    pub fn take_child(&self) -> Option<Child> {
        self.state().child.take()
    }

    /// The child has ended: what it had fails. Returns whether another one is to be started: not
    /// when nobody waits for answers, and not when one after the other ends without any.
    pub fn died(&self, reason: &str) -> bool {
        let mut state = self.state();
        state.forget_child();
        let requests: usize = state.batches.values().map(|batch| batch.sent.len()).sum();
        let error = LLMError::WorkerDied { reason: reason.to_owned(), requests: requests as u32 };
        for batch in state.batches.values_mut() {
            for id in std::mem::take(&mut batch.sent) {
                let kind = BatchEventKind::Failed(error.clone());
                batch.events.push_back(BatchEvent { id, kind });
            }
            batch.others = batch.events.len();
            batch.owed = 0;
        }
        state.deaths_in_a_row += 1;
        let goes_on = !state.is_dropped
            && !state.batches.is_empty()
            && state.deaths_in_a_row < MOST_DEATHS_IN_A_ROW;
        state.phase = if goes_on { Phase::Starting } else { Phase::Ended };
        state.wake_all();
        goes_on
    }

    /// There is no child and none will come.
    pub fn end(&self) {
        let mut state = self.state();
        state.forget_child();
        state.phase = Phase::Ended;
        state.wake_all();
    }
}

//! What the engine's callers and the thread that listens to the child share: the batches that are
//! open, and what they wait for. Bookkeeping under one lock that is never held while anything
//! waits.
//!
//! The callers' side is here, the listener's in `listener`.

mod listener;
mod open_batch;

use std::collections::{BTreeMap, VecDeque};
use std::process::Child;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::task::AtomicWaker;

use self::open_batch::OpenBatch;
use super::outbox::Outbox;
use super::protocol::{BatchId, EVENT_ROOM, FrameError, ToWorker};
use crate::{
    BatchEvent, BatchEventKind, Capabilities, EngineFigures, LLMError, LLMRequest, RequestId,
};

/// Where the engine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A child is being started, or loads the model.
    Starting,
    /// A child answers.
    Ready,
    /// There is no child and none will come.
    Ended,
}

/// What becomes of a request that is handed over.
pub enum Sent {
    /// It is on its way, or has failed and says so among the events.
    Taken,
    /// The child ended meanwhile.
    Back(LLMRequest),
}

#[derive(Default)]
pub struct Shared {
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    capabilities: Option<Capabilities>,
    /// What the model's file holds, as each child is told, once somebody has said it.
    model_hash: Option<ToWorker>,
    child: Option<Child>,
    outbox: Option<Arc<Outbox>>,
    batches: BTreeMap<BatchId, OpenBatch>,
    next_batch: u64,
    counts: VecDeque<(u64, SyncSender<Vec<Option<u32>>>)>,
    next_count: u64,
    deaths_in_a_row: u32,
    /// What the present child has computed, and what all before it had.
    figures: (Option<EngineFigures>, Option<EngineFigures>),
    is_dropped: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            phase: Phase::Starting,
            capabilities: None,
            model_hash: None,
            child: None,
            outbox: None,
            batches: BTreeMap::new(),
            next_batch: 0,
            counts: VecDeque::new(),
            next_count: 0,
            deaths_in_a_row: 0,
            figures: (None, None),
            is_dropped: false,
        }
    }
}

/// What a batch can do next.
pub enum Look {
    /// Hand this on.
    Event(BatchEvent),
    /// Pull another request.
    Room,
    /// Wait, while requests are with the child.
    Busy,
    /// Wait for a child; nothing is in flight.
    NoChild,
    /// Nothing more will come: there is no child.
    Ended,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn phase(&self) -> Phase {
        self.state().phase
    }

    /// What the engine can do, as its last child said.
    pub fn capabilities(&self) -> Option<Capabilities> {
        self.state().capabilities.clone()
    }

    /// What has been computed since the first child loaded the model, by all of them.
    pub fn figures(&self) -> Option<EngineFigures> {
        let state = self.state();
        sum(state.figures.0.as_ref(), state.figures.1.as_ref())
    }

    /// Opens a batch; the waker is woken whenever a new look is worth it.
    pub fn open_batch(&self) -> (BatchId, Arc<AtomicWaker>) {
        let mut state = self.state();
        let id = BatchId(state.next_batch);
        state.next_batch += 1;
        let batch = OpenBatch::default();
        let waker = Arc::clone(&batch.waker);
        state.batches.insert(id, batch);
        (id, waker)
    }

    /// What a batch can do next.
    pub fn look(&self, id: BatchId) -> Look {
        let mut state = self.state();
        let State { phase, capabilities, outbox, batches, .. } = &mut *state;
        let Some(batch) = batches.get_mut(&id) else { return Look::Ended };
        if let Some(event) = batch.take_event() {
            if batch.owed >= EVENT_ROOM / 2
                && let Some(outbox) = outbox
            {
                let credit =
                    ToWorker::Credit { batch: id, events: std::mem::take(&mut batch.owed) };
                // A frame of two small numbers can be made.
                drop(outbox.control(&credit));
            }
            return Look::Event(event);
        }
        let parallel = capabilities.as_ref().map_or(1, |can| can.parallel_requests.max(1));
        match phase {
            Phase::Ended => Look::Ended,
            Phase::Starting => Look::NoChild,
            Phase::Ready if batch.sent.len() < room(parallel) => Look::Room,
            Phase::Ready => Look::Busy,
        }
    }

    /// Whether no request of a batch is with the child and none of its events waits to be taken.
    pub fn has_nothing_left(&self, id: BatchId) -> bool {
        let state = self.state();
        let batch = state.batches.get(&id);
        batch.is_none_or(|batch| batch.sent.is_empty() && batch.events.is_empty())
    }

    /// Hands a request to the child.
    pub fn send(&self, batch: BatchId, id: RequestId, request: LLMRequest) -> Sent {
        let mut state = self.state();
        let State { phase, outbox, batches, .. } = &mut *state;
        let (Phase::Ready, Some(outbox), Some(open)) = (phase, outbox, batches.get_mut(&batch))
        else {
            return Sent::Back(request);
        };
        let LLMRequest { temperature, top_p, min_p, .. } = request;
        let reason = if [temperature, top_p, min_p].into_iter().all(f32::is_finite) {
            let frame = ToWorker::Generate { batch, id, request: Box::new(request) };
            match outbox.work(batch, &frame) {
                Ok(()) => {
                    open.sent.insert(id);
                    return Sent::Taken;
                }
                Err(FrameError::TooLong { bytes }) => format!("it has {bytes} bytes"),
                Err(error) => error.to_string(),
            }
        } else {
            "temperature, top-p and min-p must be numbers".to_owned()
        };
        let kind = BatchEventKind::Failed(LLMError::InvalidRequest { reason });
        open.events.push_back(BatchEvent { id, kind });
        open.others += 1;
        Sent::Taken
    }

    /// Says that no more requests of a batch follow.
    pub fn end_batch(&self, batch: BatchId) {
        if let Some(outbox) = &self.state().outbox {
            // A frame of one small number can be made.
            drop(outbox.work(batch, &ToWorker::EndBatch { batch }));
        }
    }

    /// Forgets a batch, and lets the child forget what it still has of it.
    pub fn close_batch(&self, batch: BatchId, finished: bool) {
        let mut state = self.state();
        let was_open = state.batches.remove(&batch).is_some();
        if was_open
            && !finished
            && let Some(outbox) = &state.outbox
        {
            outbox.cancel(batch);
        }
    }

    /// Asks the child for the number of tokens of a text; `None` where no child could tell.
    pub fn ask_count(&self, text: &str) -> Option<Receiver<Vec<Option<u32>>>> {
        let mut state = self.state();
        let outbox = state.outbox.clone().filter(|_| state.phase == Phase::Ready)?;
        let id = state.next_count;
        outbox.control(&ToWorker::Count { id, texts: vec![text.to_owned()] }).ok()?;
        state.next_count += 1;
        let (sender, receiver) = sync_channel(1);
        state.counts.push_back((id, sender));
        Some(receiver)
    }

    /// Says what the model's file holds, or that nobody knows.
    pub fn tell_model_hash(&self, sha256: Option<String>) {
        let mut state = self.state();
        let State { outbox, model_hash, .. } = &mut *state;
        let frame = model_hash.insert(ToWorker::ModelHash { sha256 });
        if let Some(outbox) = outbox {
            // A frame of some dozens of letters can be made.
            drop(outbox.control(frame));
        }
    }

    /// Asks the child to end, and any further one not to begin. One that is still loading is
    /// ended at once.
    pub fn shut_down(&self) {
        let mut state = self.state();
        state.is_dropped = true;
        match (state.phase, &state.outbox) {
            (Phase::Ready, Some(outbox)) => drop(outbox.control(&ToWorker::Shutdown)),
            _ => state.kill(),
        }
    }

    /// Ends the child at once.
    pub fn kill(&self) {
        self.state().kill();
    }
}

impl State {
    fn kill(&mut self) {
        if let Some(child) = &mut self.child {
            // Fails only if it has ended, which is what is wanted.
            drop(child.kill());
        }
    }

    fn forget_child(&mut self) {
        if let Some(outbox) = self.outbox.take() {
            outbox.close();
        }
        // Dropping the senders answers whoever waits.
        self.counts.clear();
        let (present, before) = &self.figures;
        self.figures = (None, sum(present.as_ref(), before.as_ref()));
    }

    fn wake_all(&self) {
        for batch in self.batches.values() {
            batch.waker.wake();
        }
    }
}

fn sum(one: Option<&EngineFigures>, other: Option<&EngineFigures>) -> Option<EngineFigures> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other).cloned() };
    Some(EngineFigures {
        rows: one.rows + other.rows,
        prompt_tokens: one.prompt_tokens + other.prompt_tokens,
        shared_tokens: one.shared_tokens + other.shared_tokens,
        generated_tokens: one.generated_tokens + other.generated_tokens,
        forced_tokens: one.forced_tokens + other.forced_tokens,
        prefixes: one.prefixes + other.prefixes,
        prefixes_read: one.prefixes_read + other.prefixes_read,
        interrupted: one.interrupted + other.interrupted,
        calls: one.calls + other.calls,
        prompt_seconds: one.prompt_seconds + other.prompt_seconds,
        generation_seconds: one.generation_seconds + other.generation_seconds,
        other_seconds: one.other_seconds + other.other_seconds,
    })
}

/// Requests of one batch that may be open: twice as many as are worked on, so that the engine
/// never waits for the next.
pub fn room(parallel_requests: u32) -> usize {
    2 * parallel_requests.max(1) as usize
}

#[cfg(test)]
mod tests;

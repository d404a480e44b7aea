//! What the engine's callers and the thread that listens to the child share: the batches that are
//! open, and what they wait for. Bookkeeping under one lock that is never held while anything
//! waits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::Child;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::task::AtomicWaker;

use super::outbox::Outbox;
use super::protocol::{BatchId, EVENT_ROOM, FrameError, ToWorker};
use crate::{
    BatchEvent, BatchEventKind, Capabilities, EngineFigures, LLMError, LLMRequest, RequestId,
};

/// Children that may end one after the other without an answer in between.
const MOST_DEATHS_IN_A_ROW: u32 = 3;

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

#[derive(Default)]
struct OpenBatch {
    /// Given to the present child and not ended.
    sent: BTreeSet<RequestId>,
    /// Not taken by the caller yet.
    events: VecDeque<BatchEvent>,
    /// How many of them the present child did not send.
    others: usize,
    /// Events of the present child that were taken and not given back as credit.
    owed: u32,
    waker: Arc<AtomicWaker>,
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

    // The caller's side.

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

    // The listener's side.

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
                BatchEventKind::Started | BatchEventKind::Delta(_) => {
                    batch.sent.contains(&event.id)
                }
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

impl OpenBatch {
    fn take_event(&mut self) -> Option<BatchEvent> {
        let event = self.events.pop_front()?;
        // Only the numbers matter, not which event is whose.
        match self.others.checked_sub(1) {
            Some(others) => self.others = others,
            None => self.owed += 1,
        }
        Some(event)
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
mod tests {
    use super::*;
    use crate::worker::protocol::read_frame;

    fn request() -> LLMRequest {
        LLMRequest::new("m", Vec::new())
    }

    fn capabilities(parallel_requests: u32) -> Capabilities {
        Capabilities {
            context_tokens: 1,
            constrains_output: true,
            reports_confidence: true,
            parallel_requests,
            fingerprint: None,
        }
    }

    /// A child as far as this bookkeeping sees one.
    fn connect(shared: &Shared) {
        let outbox = Arc::new(Outbox::default());
        shared.state().outbox = Some(outbox);
        shared.loaded(capabilities(2));
    }

    fn started(id: u64) -> BatchEvent {
        BatchEvent { id: RequestId(id), kind: BatchEventKind::Started }
    }

    fn failed(id: u64) -> BatchEvent {
        let kind = BatchEventKind::Failed(LLMError::Cancelled);
        BatchEvent { id: RequestId(id), kind }
    }

    /// Takes all events of a batch.
    fn drain(shared: &Shared, batch: BatchId) -> (Vec<BatchEvent>, Look) {
        let mut events = Vec::new();
        loop {
            match shared.look(batch) {
                Look::Event(event) => events.push(event),
                look => return (events, look),
            }
        }
    }

    #[test]
    fn a_batch_has_twice_as_many_requests_open_as_are_worked_on() {
        let shared = Shared::default();
        let (batch, _waker) = shared.open_batch();
        assert!(matches!(shared.look(batch), Look::NoChild));
        assert!(matches!(shared.send(batch, RequestId(0), request()), Sent::Back(_)));
        connect(&shared);
        for id in 0..4 {
            assert!(matches!(shared.look(batch), Look::Room));
            assert!(matches!(shared.send(batch, RequestId(id), request()), Sent::Taken));
        }
        assert!(matches!(shared.look(batch), Look::Busy));
        shared.take_events(batch, vec![started(1), failed(1)]).unwrap();
        let (events, look) = drain(&shared, batch);
        assert_eq!(events, [started(1), failed(1)]);
        assert!(matches!(look, Look::Room));
    }

    #[test]
    fn a_request_that_cannot_be_sent_fails_alone() {
        let shared = Shared::default();
        let (batch, _waker) = shared.open_batch();
        connect(&shared);
        let hot = LLMRequest { temperature: f32::NAN, ..request() };
        assert!(matches!(shared.send(batch, RequestId(1), hot), Sent::Taken));
        let (events, look) = drain(&shared, batch);
        let BatchEventKind::Failed(LLMError::InvalidRequest { .. }) = &events[0].kind else {
            panic!("{events:?}")
        };
        assert!(matches!(look, Look::Room) && shared.has_nothing_left(batch));
        assert_eq!(shared.state().batches[&batch].owed, 0, "the child did not send it");
        let hot = LLMRequest { min_p: f32::INFINITY, ..request() };
        assert!(matches!(shared.send(batch, RequestId(2), hot), Sent::Taken));
        assert!(!shared.has_nothing_left(batch), "it still has to be told");
    }

    #[test]
    fn a_batch_is_over_only_when_its_last_event_was_taken() {
        let shared = Shared::default();
        let (batch, _waker) = shared.open_batch();
        connect(&shared);
        assert!(shared.has_nothing_left(batch));
        shared.send(batch, RequestId(1), request());
        assert!(matches!(shared.look(batch), Look::Room));
        // The end may come between a look and this question.
        shared.take_events(batch, vec![failed(1)]).unwrap();
        assert!(!shared.has_nothing_left(batch));
        assert_eq!(drain(&shared, batch).0, [failed(1)]);
        assert!(shared.has_nothing_left(batch));
    }

    #[test]
    fn a_child_that_does_not_keep_to_its_bounds_is_given_up() {
        let shared = Shared::default();
        let (batch, _waker) = shared.open_batch();
        connect(&shared);
        shared.send(batch, RequestId(1), request());
        assert!(shared.take_events(batch, vec![started(2)]).is_err(), "it was not asked that");
        assert!(shared.take_events(BatchId(9), vec![started(1)]).is_ok(), "that was cancelled");
        let flood = vec![started(1); 2 * EVENT_ROOM as usize + 1];
        assert!(shared.take_events(batch, flood).is_err());
    }

    #[test]
    fn room_is_given_back_for_what_the_present_child_sent_and_not_for_what_an_earlier_one_did() {
        let shared = Shared::default();
        let (batch, _waker) = shared.open_batch();
        connect(&shared);
        shared.send(batch, RequestId(1), request());
        shared.take_events(batch, vec![started(1); EVENT_ROOM as usize]).unwrap();
        assert!(shared.died("x"));
        connect(&shared);
        let outbox = Arc::clone(shared.state().outbox.as_ref().unwrap());
        let (events, _) = drain(&shared, batch);
        assert_eq!(events.len(), EVENT_ROOM as usize + 1, "and the failure");
        shared.send(batch, RequestId(2), request());
        let half = EVENT_ROOM / 2;
        shared.take_events(batch, vec![started(2); half as usize]).unwrap();
        assert_eq!(drain(&shared, batch).0.len(), half as usize);
        let mut sent = Vec::new();
        outbox.control(&ToWorker::Shutdown).unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        let written = Arc::clone(&outbox);
        let writing = std::thread::Builder::new().spawn(move || written.write_to(writer)).unwrap();
        let mut reader = std::io::BufReader::new(reader);
        while sent.last() != Some(&ToWorker::Shutdown) {
            sent.push(read_frame::<ToWorker>(&mut reader).unwrap().unwrap());
        }
        outbox.close();
        writing.join().unwrap();
        assert_eq!(sent, [ToWorker::Credit { batch, events: half }, ToWorker::Shutdown]);
    }

    #[test]
    fn what_a_child_had_fails_with_how_many_it_had_and_three_ends_in_a_row_are_enough() {
        let shared = Shared::default();
        let (batch, _waker) = shared.open_batch();
        connect(&shared);
        for round in 0..3 {
            for id in [1, 2] {
                shared.send(batch, RequestId(id), request());
            }
            if round == 0 {
                shared.take_events(batch, vec![started(1)]).unwrap();
            }
            assert_eq!(shared.died("gone"), round < 2);
            let (events, look) = drain(&shared, batch);
            let error = LLMError::WorkerDied { reason: "gone".to_owned(), requests: 2 };
            let fails = |event: &&BatchEvent| event.kind == BatchEventKind::Failed(error.clone());
            assert_eq!(events.iter().filter(fails).count(), 2);
            if round < 2 {
                assert!(matches!(look, Look::NoChild));
                connect(&shared);
            } else {
                assert!(matches!(look, Look::Ended));
            }
        }
        let shared = Shared::default();
        connect(&shared);
        assert!(!shared.died("gone"), "nobody waits for another one");
    }

    #[test]
    fn figures_are_those_of_all_children_together() {
        let rows = |rows| Some(EngineFigures { rows, other_seconds: 0.5, ..Default::default() });
        let shared = Shared::default();
        let (_batch, _waker) = shared.open_batch();
        connect(&shared);
        assert_eq!(shared.figures(), None);
        shared.take_figures(rows(2));
        shared.take_figures(None);
        assert_eq!(shared.figures(), rows(2), "the newest count");
        assert!(shared.died("gone"));
        connect(&shared);
        assert_eq!(shared.figures(), rows(2));
        shared.take_figures(rows(3));
        let all = shared.figures().unwrap();
        assert_eq!((all.rows, all.other_seconds), (5, 1.0));
    }
}

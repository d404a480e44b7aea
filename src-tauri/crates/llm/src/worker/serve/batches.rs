use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::StreamExt;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;

use super::output::Output;
use crate::worker::protocol::{BatchId, EVENT_ROOM, FromWorker};
use crate::worker::shared::room;
use crate::{BatchEvent, BatchEventKind, LLMEngine, LLMError, LLMRequest, RequestId};

/// Events in one frame.
const MOST_EVENTS: usize = 64;

/// The batches that the parent has open.
pub struct Batches {
    output: Arc<Output>,
    open: BTreeMap<BatchId, Open>,
}

struct Open {
    /// `None` once no more requests follow.
    requests: Option<mpsc::Sender<(RequestId, LLMRequest)>>,
    /// Events that may be sent.
    credit: Arc<Semaphore>,
    /// Ends it, with what it has in the engine.
    carried: JoinHandle<()>,
}

impl Batches {
    pub fn new(output: Arc<Output>) -> Self {
        Self { output, open: BTreeMap::new() }
    }

    /// Gives a request to the engine; the first of a batch begins it. An error if the parent has
    /// more requests open than it may.
    pub fn ask(
        &mut self,
        runtime: &Runtime,
        engine: &Arc<dyn LLMEngine>,
        batch: BatchId,
        request: (RequestId, LLMRequest),
    ) -> Result<(), String> {
        self.open.retain(|_, open| !open.carried.is_finished());
        let room = room(engine.capabilities().parallel_requests);
        let output = &self.output;
        let open = self.open.entry(batch).or_insert_with(|| {
            let (requests, receiver) = mpsc::channel(room);
            let credit = Arc::new(Semaphore::new(EVENT_ROOM as usize));
            let carried =
                carry(Arc::clone(engine), receiver, batch, Arc::clone(&credit), Arc::clone(output));
            let carried = runtime.spawn(carried);
            Open { requests: Some(requests), credit, carried }
        });
        let requests = open.requests.as_ref().ok_or("it was asked after the end of a batch")?;
        requests.try_send(request).map_err(|_full| "it was asked too much at once".to_owned())
    }

    /// No more requests follow.
    pub fn end(&mut self, batch: BatchId) {
        if let Some(open) = self.open.get_mut(&batch) {
            open.requests = None;
        }
    }

    /// Nobody waits for it any more.
    pub fn cancel(&mut self, batch: BatchId) {
        if let Some(open) = self.open.remove(&batch) {
            open.carried.abort();
        }
    }

    pub fn cancel_all(&mut self) {
        for (_, open) in std::mem::take(&mut self.open) {
            open.carried.abort();
        }
    }

    pub fn give_credit(&self, batch: BatchId, events: u32) {
        if let Some(open) = self.open.get(&batch) {
            let room = Semaphore::MAX_PERMITS - open.credit.available_permits();
            open.credit.add_permits((events as usize).min(room));
        }
    }
}

/// Carries one batch through the engine, as fast as the parent takes its events.
async fn carry(
    engine: Arc<dyn LLMEngine>,
    requests: mpsc::Receiver<(RequestId, LLMRequest)>,
    batch: BatchId,
    credit: Arc<Semaphore>,
    output: Arc<Output>,
) {
    let _guard = output.tell_of_panic();
    let (asked, mut ended) = (Arc::new(AtomicU64::new(0)), 0);
    let seen = Arc::clone(&asked);
    let requests = ReceiverStream::new(requests).inspect(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
    });
    let mut events = engine.generate_batch(requests.boxed()).ready_chunks(MOST_EVENTS);
    while let Some(events) = events.next().await {
        let ended_before = ended;
        for event in &events {
            match &event.kind {
                BatchEventKind::Failed(LLMError::NotRunning) => return broken(&output),
                BatchEventKind::Done(_) | BatchEventKind::Failed(_) => ended += 1,
                BatchEventKind::Started
                | BatchEventKind::Delta(_)
                | BatchEventKind::Spent { .. } => {}
            }
        }
        // Never closed, so there is always an answer.
        if let Ok(permits) = credit.acquire_many(events.len() as u32).await {
            permits.forget();
        }
        let events = events.into_iter().map(sendable).collect();
        let figures = if ended > ended_before { engine.figures() } else { None };
        output.send(&FromWorker::Events { batch, events, figures });
    }
    if ended < asked.load(Ordering::Relaxed) {
        broken(&output);
    }
}

/// A probability that is no number cannot be told in JSON. A model that computes one is at fault,
/// not this process.
fn sendable(event: BatchEvent) -> BatchEvent {
    let BatchEventKind::Done(response) = &event.kind else { return event };
    let mut probabilities = response.label_probabilities.iter().map(|label| label.probability);
    if probabilities.all(f64::is_finite) && response.confidence.is_none_or(f64::is_finite) {
        return event;
    }
    let reason = "the model's probabilities are no numbers".to_owned();
    BatchEvent { id: event.id, kind: BatchEventKind::Failed(LLMError::InferenceFailed { reason }) }
}

/// The engine within this process has ended: only another process helps.
fn broken(output: &Output) {
    let reason = "its engine ended without an answer".to_owned();
    output.send(&FromWorker::Fatal { reason });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FinishReason, LLMResponse, LabelProbability};

    #[test]
    fn a_probability_that_is_no_number_fails_its_request_and_no_other() {
        let done = |probability, confidence| {
            let label = "a".to_owned();
            let response = LLMResponse {
                content: label.clone(),
                reasoning: None,
                model: "m".to_owned(),
                prompt_tokens: 1,
                shared_tokens: 0,
                completion_tokens: 0,
                duration_ms: 1,
                finish_reason: FinishReason::Scored,
                confidence,
                label_probabilities: vec![LabelProbability { label, probability }],
                cost_usd: None,
            };
            BatchEvent { id: RequestId(1), kind: BatchEventKind::Done(Box::new(response)) }
        };
        let whole = done(1.0, Some(1.0));
        assert_eq!(sendable(whole.clone()), whole);
        assert_eq!(sendable(done(0.5, None)), done(0.5, None));
        for event in [done(f64::NAN, Some(0.5)), done(0.5, Some(f64::INFINITY))] {
            let kind = sendable(event).kind;
            let BatchEventKind::Failed(LLMError::InferenceFailed { reason }) = &kind else {
                panic!("{kind:?}")
            };
            assert!(reason.contains("no numbers"), "{reason}");
        }
    }
}

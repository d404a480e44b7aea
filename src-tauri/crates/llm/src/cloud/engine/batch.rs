//! Many requests at once, without a task behind them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, Stream, StreamExt};

use super::Shared;
use super::asking::{Asking, Heard};
use crate::cloud::answer::Spent;
use crate::{BatchEvent, BatchEventKind, LLMError, LLMResponse, RequestId, RequestStream};

type Ended = (RequestId, Result<LLMResponse, LLMError>);

/// Requests that are pulled one by one, each once the one before it was sent: those that wait for
/// the server's pace wait where somebody more urgent can still go first.
pub(super) struct Batch {
    shared: Arc<Shared>,
    /// `None` once it ended, and once a failure ended all.
    requests: Option<RequestStream>,
    most_rows: usize,
    /// Whether a request is sent again whose text was heard already.
    begins_anew: bool,
    rows: FuturesUnordered<BoxFuture<'static, Ended>>,
    /// Whether the row that was pulled last was sent.
    last_was_sent: Arc<AtomicBool>,
    events: Events,
}

/// What happened and was not yielded yet. Rows put it here while they are polled, which only the
/// batch does, and it yields all of it before it polls them again: that bounds it.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<VecDeque<BatchEvent>>>);

impl Events {
    fn lock(&self) -> MutexGuard<'_, VecDeque<BatchEvent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, id: RequestId, kind: BatchEventKind) {
        self.lock().push_back(BatchEvent { id, kind });
    }
}

impl Batch {
    pub(super) fn new(
        shared: Arc<Shared>,
        requests: RequestStream,
        most_rows: usize,
        begins_anew: bool,
    ) -> Self {
        Self {
            shared,
            requests: Some(requests),
            most_rows,
            begins_anew,
            rows: FuturesUnordered::new(),
            last_was_sent: Arc::new(AtomicBool::new(true)),
            events: Events::default(),
        }
    }

    /// Pulls a request if there is a place for it. Answers whether it did.
    fn admit(&mut self, context: &mut Context<'_>) -> bool {
        if self.rows.len() >= self.most_rows || !self.last_was_sent.load(Ordering::Relaxed) {
            return false;
        }
        let Some(requests) = &mut self.requests else { return false };
        match requests.poll_next_unpin(context) {
            Poll::Pending => false,
            Poll::Ready(None) => {
                self.requests = None;
                false
            }
            Poll::Ready(Some((id, request))) => {
                self.last_was_sent = Arc::new(AtomicBool::new(false));
                let was_sent = Arc::clone(&self.last_was_sent);
                let (shared, events) = (Arc::clone(&self.shared), self.events.clone());
                let begins_anew = self.begins_anew;
                self.rows.push(Box::pin(async move {
                    let asking = Asking::new(&shared, &request, begins_anew);
                    ask(asking, id, events, was_sent).await
                }));
                true
            }
        }
    }

    fn take_ended(&mut self, (id, result): Ended) {
        let kind = match result {
            Ok(response) => BatchEventKind::Done(Box::new(response)),
            Err(error) => {
                if error.ends_run() {
                    self.requests = None;
                }
                BatchEventKind::Failed(error)
            }
        };
        self.events.push(id, kind);
    }
}

async fn ask(
    asking: Asking<'_>,
    id: RequestId,
    events: Events,
    was_sent: Arc<AtomicBool>,
) -> Ended {
    let hear = &mut |heard: Heard<'_>| match heard {
        Heard::Sent => {
            was_sent.store(true, Ordering::Relaxed);
            events.push(id, BatchEventKind::Started);
        }
        Heard::Text(text) => events.push(id, BatchEventKind::Delta(text.to_owned())),
        Heard::Spent(Spent { prompt_tokens, completion_tokens, cost_usd }) => {
            let spent = BatchEventKind::Spent { prompt_tokens, completion_tokens, cost_usd };
            events.push(id, spent);
        }
    };
    let result = asking.answer(hear).await;
    // It may have failed without being sent.
    was_sent.store(true, Ordering::Relaxed);
    (id, result)
}

impl Stream for Batch {
    type Item = BatchEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<BatchEvent>> {
        let batch = &mut *self;
        loop {
            let event = batch.events.lock().pop_front();
            if event.is_some() {
                return Poll::Ready(event);
            }
            let admitted = batch.admit(context);
            if let Poll::Ready(Some(ended)) = batch.rows.poll_next_unpin(context) {
                batch.take_ended(ended);
                continue;
            }
            if !batch.events.lock().is_empty() || admitted {
                continue;
            }
            if batch.requests.is_none() && batch.rows.is_empty() {
                return Poll::Ready(None);
            }
            return Poll::Pending;
        }
    }
}

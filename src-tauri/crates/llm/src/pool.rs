//! Asking an engine that answers one request at a time, several at a time.
//!
//! [`LLMEngine::generate_batch`] uses it by default. It promises: never more calls in flight
//! than its limit, a new request as soon as one ends (no waves), a request pulled only when
//! there is room for it, and no call left behind when its stream is dropped. It leaves out
//! retries and any check of the request: engines do that.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    BatchEvent, BatchEventKind, BatchStream, LLMEngine, LLMError, LLMResponse, RequestId,
    RequestStream,
};

/// Requests in flight at once, where nobody chose a number.
pub const DEFAULT_PARALLEL_REQUESTS: usize = 5;

/// A limit on the calls in flight. Batches that run on the same pool share it.
#[derive(Clone, Debug)]
pub struct InferencePool {
    room: Arc<Semaphore>,
}

impl InferencePool {
    /// A pool for at most `limit` calls at once; 0 counts as 1.
    pub fn new(limit: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS))) }
    }

    /// Asks `engine` each of `requests`. Yields [`BatchEventKind::Started`] and then `Done` or
    /// `Failed` for each, in the order in which they end, and ends when all have ended.
    ///
    /// There is no task behind the stream: calls advance while it is polled, and dropping it
    /// drops them.
    pub fn run<'a, E: LLMEngine + ?Sized>(
        &self,
        engine: &'a E,
        requests: RequestStream,
    ) -> BatchStream<'a> {
        Box::pin(Batch {
            engine,
            requests: Some(requests),
            room: Arc::clone(&self.room),
            entering: None,
            calls: FuturesUnordered::new(),
            events: VecDeque::new(),
        })
    }
}

impl Default for InferencePool {
    fn default() -> Self {
        Self::new(DEFAULT_PARALLEL_REQUESTS)
    }
}

type Ended = (RequestId, Result<LLMResponse, LLMError>);

struct Batch<'a, E: ?Sized> {
    engine: &'a E,
    /// `None` once it ended, so that it is not polled again.
    requests: Option<RequestStream>,
    room: Arc<Semaphore>,
    /// The wait for room, kept between polls so that it keeps its place in the queue.
    entering: Option<BoxFuture<'static, OwnedSemaphorePermit>>,
    calls: FuturesUnordered<BoxFuture<'a, Ended>>,
    /// What happened and was not yielded yet; at most two events for each place in the pool.
    events: VecDeque<BatchEvent>,
}

impl<E: LLMEngine + ?Sized> Batch<'_, E> {
    /// Starts requests until the pool is full or no request is there.
    fn admit(&mut self, context: &mut Context<'_>) {
        while let Some(requests) = &mut self.requests {
            let entering = self.entering.get_or_insert_with(|| enter(Arc::clone(&self.room)));
            let Poll::Ready(permit) = entering.as_mut().poll(context) else { return };
            self.entering = None;
            // Without a request the permit is given back: another batch may have one.
            match requests.poll_next_unpin(context) {
                Poll::Pending => return,
                Poll::Ready(None) => self.requests = None,
                Poll::Ready(Some((id, request))) => {
                    self.events.push_back(BatchEvent { id, kind: BatchEventKind::Started });
                    let engine = self.engine;
                    self.calls.push(Box::pin(async move {
                        let result = engine.generate(request).await;
                        drop(permit);
                        (id, result)
                    }));
                }
            }
        }
        self.entering = None;
    }

    fn collect_ended(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some((id, result))) = self.calls.poll_next_unpin(context) {
            let kind = match result {
                Ok(response) => BatchEventKind::Done(Box::new(response)),
                Err(error) => BatchEventKind::Failed(error),
            };
            self.events.push_back(BatchEvent { id, kind });
        }
    }
}

fn enter(room: Arc<Semaphore>) -> BoxFuture<'static, OwnedSemaphorePermit> {
    Box::pin(async { room.acquire_owned().await.expect("the pool never closes its semaphore") })
}

impl<E: LLMEngine + ?Sized> Stream for Batch<'_, E> {
    type Item = BatchEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<BatchEvent>> {
        let batch = &mut *self;
        if batch.events.is_empty() {
            batch.admit(context);
            batch.collect_ended(context);
        }
        match batch.events.pop_front() {
            Some(event) => Poll::Ready(Some(event)),
            None if batch.requests.is_none() && batch.calls.is_empty() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests;

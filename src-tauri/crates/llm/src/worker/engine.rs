//! The parent's side: an engine whose work a child process does.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{Stream, StreamExt};
use futures::task::AtomicWaker;
use tokio::sync::oneshot;

use super::counts::Counts;
use super::protocol::BatchId;
use super::shared::{Look, Phase, Sent, Shared};
use super::supervisor::Supervisor;
use super::{WorkerModel, WorkerNews, WorkerProgram};
use crate::single;
use crate::{
    BatchEvent, BatchEventKind, BatchStream, Capabilities, EngineFigures, LLMBackend, LLMEngine,
    LLMError, LLMRequest, LLMResponse, RequestId, RequestStream, TokenStream,
};

/// How long a child may take to end in order.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a count of tokens is waited for; a guess is better than a later answer.
const COUNT_PATIENCE: Duration = Duration::from_secs(2);

/// A loaded model in a process of its own.
///
/// If the process ends, what it was asked fails with [`LLMError::WorkerDied`] and another process
/// is started, which goes on with the same batches. After three ends without an answer in between,
/// or an end while no batch is open, the engine is not ready any more. Dropping it ends the
/// process and waits for that, so that its memory is free.
pub struct WorkerEngine {
    shared: Arc<Shared>,
    model_path: PathBuf,
    counts: Counts,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Disconnects when the thread ends.
    ended: Mutex<Receiver<()>>,
}

impl WorkerEngine {
    /// Starts a process and lets it load a model. Dropping the future ends it at once.
    ///
    /// `model_hash` says what the model's file holds, so that answers can be kept; it may come
    /// while the model is being loaded. `news` is called from a thread of the engine and must
    /// return quickly.
    pub async fn load(
        program: WorkerProgram,
        model: WorkerModel,
        model_hash: impl Future<Output = Option<String>>,
        news: impl Fn(WorkerNews) + Send + 'static,
    ) -> Result<Self, LLMError> {
        let shared = Arc::<Shared>::default();
        let (first, first_loaded) = oneshot::channel();
        let (ending, ended) = sync_channel(1);
        let model_path = model.path.clone();
        let supervisor = Supervisor {
            shared: Arc::clone(&shared),
            program,
            model,
            news: Box::new(news),
            first: Some(first),
        };
        let thread = Builder::new().name("braincells-worker".to_owned()).spawn(move || {
            let _ending = ending;
            supervisor.run();
        });
        let thread = thread.map_err(|error| LLMError::InferenceFailed {
            reason: format!("the thread of the engine's process cannot be started: {error}"),
        })?;
        let engine = Self {
            shared,
            model_path,
            counts: Counts::default(),
            thread: Mutex::new(Some(thread)),
            ended: Mutex::new(ended),
        };
        let hash = async {
            engine.shared.tell_model_hash(model_hash.await);
            Ok(())
        };
        let loaded = async { first_loaded.await.unwrap_or(Err(LLMError::NotRunning)) };
        tokio::try_join!(hash, loaded)?;
        Ok(engine)
    }

    fn batch(&self, requests: RequestStream) -> Batch {
        let (id, waker) = self.shared.open_batch();
        Batch {
            shared: Arc::clone(&self.shared),
            id,
            waker,
            requests: Some(requests),
            held: None,
            finished: false,
        }
    }
}

#[async_trait]
impl LLMEngine for WorkerEngine {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        single::answer(self.batch(single::batch_of(request))).await
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        Ok(single::pieces(self.batch(single::batch_of(request))))
    }

    fn generate_batch(&self, requests: RequestStream) -> BatchStream<'_> {
        self.batch(requests).boxed()
    }

    async fn is_ready(&self) -> bool {
        self.shared.phase() != Phase::Ended
    }

    fn backend(&self) -> LLMBackend {
        LLMBackend::Local { model_path: self.model_path.clone() }
    }

    fn capabilities(&self) -> Capabilities {
        self.shared.capabilities().expect("an engine is there only once its model is loaded")
    }

    fn figures(&self) -> Option<EngineFigures> {
        self.shared.figures()
    }

    fn count_tokens(&self, text: &str) -> Option<u32> {
        self.counts.of(text, || {
            let answer = self.shared.ask_count(text)?.recv_timeout(COUNT_PATIENCE).ok()?;
            answer.into_iter().next()?
        })
    }
}

impl Drop for WorkerEngine {
    fn drop(&mut self) {
        self.shared.shut_down();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("the engine's process does not end by itself and is ended");
            self.shared.kill();
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic there was already reported.
            drop(thread.join());
        }
    }
}

/// One batch. There is no task behind it: requests are pulled while it is polled, and dropping it
/// cancels what is in flight.
struct Batch {
    shared: Arc<Shared>,
    id: BatchId,
    waker: Arc<AtomicWaker>,
    /// `None` once it ended, so that it is not polled again.
    requests: Option<RequestStream>,
    /// Pulled, and not taken because the child had just ended.
    held: Option<(RequestId, LLMRequest)>,
    finished: bool,
}

impl Batch {
    /// There is no child and none will come: what is still asked is told so.
    fn refuse(&mut self, context: &mut Context<'_>) -> Poll<Option<BatchEvent>> {
        let next = match (self.held.take(), &mut self.requests) {
            (Some(held), _) => Some(held),
            (None, Some(requests)) => match requests.poll_next_unpin(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(next) => next,
            },
            (None, None) => None,
        };
        if next.is_none() {
            self.requests = None;
            self.finished = true;
        }
        Poll::Ready(next.map(|(id, _)| {
            let kind = BatchEventKind::Failed(LLMError::NotRunning);
            BatchEvent { id, kind }
        }))
    }

    fn send(&mut self, id: RequestId, request: LLMRequest) {
        if let Sent::Back(request) = self.shared.send(self.id, id, request) {
            self.held = Some((id, request));
        }
    }
}

impl Stream for Batch {
    type Item = BatchEvent;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<BatchEvent>> {
        let batch = self.get_mut();
        if batch.finished {
            return Poll::Ready(None);
        }
        // Before the look, so that no news between the two is missed.
        batch.waker.register(context.waker());
        loop {
            match batch.shared.look(batch.id) {
                Look::Event(event) => return Poll::Ready(Some(event)),
                Look::Ended => return batch.refuse(context),
                Look::NoChild if batch.requests.is_none() && batch.held.is_none() => {}
                Look::Busy | Look::NoChild => return Poll::Pending,
                Look::Room => {
                    if let Some((id, request)) = batch.held.take() {
                        batch.send(id, request);
                        continue;
                    }
                }
            }
            let Some(requests) = &mut batch.requests else {
                // What came since the look has woken this.
                if !batch.shared.has_nothing_left(batch.id) {
                    return Poll::Pending;
                }
                batch.finished = true;
                return Poll::Ready(None);
            };
            match requests.poll_next_unpin(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => {
                    batch.requests = None;
                    batch.shared.end_batch(batch.id);
                }
                Poll::Ready(Some((id, request))) => batch.send(id, request),
            }
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.shared.close_batch(self.id, self.finished);
    }
}

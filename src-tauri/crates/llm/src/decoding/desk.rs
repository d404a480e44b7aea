//! The caller's side of an engine whose model belongs to one thread.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::feed::{EVENT_ROOM, feed};
use super::prepare::Preparer;
use super::row::Row;
use crate::{BatchEvent, RequestStream};

/// Where requests are handed in, and the thread that answers them.
pub struct Desk {
    preparer: Arc<Preparer>,
    inbound: Option<SyncSender<Row>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Desk {
    /// For a thread that ends once nobody holds the other end of `inbound`.
    pub fn new(preparer: Preparer, inbound: SyncSender<Row>, thread: JoinHandle<()>) -> Self {
        Self {
            preparer: Arc::new(preparer),
            inbound: Some(inbound),
            thread: Mutex::new(Some(thread)),
        }
    }

    /// What prepares its requests.
    pub fn preparer(&self) -> &Preparer {
        &self.preparer
    }

    /// Starts a thread that prepares requests and hands them to the engine's thread. `open` is
    /// dropped once all of them are handed over.
    pub fn submit(
        &self,
        requests: RequestStream,
        open: impl Send + 'static,
    ) -> ReceiverStream<BatchEvent> {
        let (events, receiver) = mpsc::channel(EVENT_ROOM);
        let receiver = ReceiverStream::new(receiver);
        let Some(inbound) = self.inbound.clone() else { return receiver };
        let preparer = Arc::clone(&self.preparer);
        let started = Builder::new().name("braincells-prepare".to_owned()).spawn(move || {
            futures::executor::block_on(feed(requests, &preparer, &inbound, &events));
            drop(open);
        });
        if let Err(error) = started {
            tracing::error!("the thread that prepares requests cannot be started: {error}");
        }
        receiver
    }

    /// Whether the engine's thread is there.
    pub fn is_open(&self) -> bool {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Takes nothing more and waits for the end of the engine's thread.
    pub fn close(&mut self) {
        self.inbound = None;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic there was already reported; the rows it held were failed.
            drop(thread.join());
        }
    }
}

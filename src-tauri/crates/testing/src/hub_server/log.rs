//! What the hub was asked for, and what became of it.

use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde::Serialize;
use tokio::sync::watch;

use super::{HubPart, lock};

/// Requests that are remembered.
const REMEMBERED: usize = 20_000;

/// A request as the hub got it, and its answer so far.
#[derive(Clone, Debug, Serialize)]
pub struct HubRequest {
    /// Which part of the hub it went to; `any` for addresses that there are none.
    pub part: HubPart,
    /// `GET` or `HEAD`.
    pub method: String,
    /// The path as it came, without the query.
    pub path: String,
    /// The query as it came.
    pub query: String,
    /// `owner/name/path` if it is for a file.
    pub file: Option<String>,
    /// The `Range` header.
    pub range: Option<String>,
    /// The `If-Range` header.
    pub if_range: Option<String>,
    /// The `User-Agent` header.
    pub agent: Option<String>,
    /// Whether a token came with it, right or wrong.
    pub had_token: bool,
    /// The status of the answer; 0 while there is none.
    pub status: u16,
    /// Bytes of the body that were handed to the socket. Some of them may be on their way for ever.
    pub sent: u64,
}

/// A request and the parts of its answer that are known later.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) request: HubRequest,
    status: AtomicU16,
    sent: AtomicU64,
    news: Arc<watch::Sender<()>>,
}

impl Entry {
    pub(super) fn answered(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
        self.news.send_replace(());
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::SeqCst);
        self.news.send_replace(());
    }

    fn now(&self) -> HubRequest {
        let status = self.status.load(Ordering::SeqCst);
        HubRequest { status, sent: self.sent.load(Ordering::SeqCst), ..self.request.clone() }
    }
}

/// All requests, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Mutex<Vec<Arc<Entry>>>,
    news: Arc<watch::Sender<()>>,
}

impl Log {
    pub(super) fn add(&self, request: HubRequest) -> Arc<Entry> {
        let news = Arc::clone(&self.news);
        let (status, sent) = (AtomicU16::new(0), AtomicU64::new(0));
        let entry = Arc::new(Entry { request, status, sent, news });
        let mut entries = lock(&self.entries);
        if entries.len() < REMEMBERED {
            entries.push(Arc::clone(&entry));
        }
        drop(entries);
        self.news.send_replace(());
        entry
    }

    pub(super) fn requests(&self) -> Vec<HubRequest> {
        lock(&self.entries).iter().map(|entry| entry.now()).collect()
    }

    pub(super) fn forget(&self) {
        lock(&self.entries).clear();
    }

    pub(super) async fn until(&self, reached: impl Fn(&[HubRequest]) -> bool) {
        let mut news = self.news.subscribe();
        while !reached(&self.requests()) {
            news.changed().await.expect("the log itself tells");
        }
    }
}

//! A model hub on loopback that behaves as the real one does, and fails as a test tells it to.
//!
//! It has what is in its [`HubFolder`]: repositories with their commits and files, tokens and gates.
//! It answers the questions of the hub's API (`/api/models`, a repository, its tree), redirects
//! `/owner/name/resolve/revision/path` of large files to its CDN, which is another port with another
//! `ETag` and refuses whoever sends a token, and knows ranges. `scripts/hub-conformance` holds it to
//! `huggingface_hub`, the hub's own client.
//!
//! ```no_run
//! # use braincells_testing::hub_server::{Cut, HostedFile, HostedRepository, HubFolder, HubServer};
//! # async fn test() {
//! let file = HostedFile::generated("model-Q4_K_M.gguf", 7, 200 << 20);
//! let repository = HostedRepository::new("owner/name").with(file);
//! let hub = HubServer::start(HubFolder::new().with(repository));
//! hub.set_faults(|faults| faults.cut = Some(Cut { after_bytes: 1000, reset: false, times: Some(1) }));
//! // ... something downloads from `hub.endpoint()` ...
//! hub.until(|requests| requests.iter().any(|request| request.sent == 1000)).await;
//! # }
//! ```
//!
//! It runs on threads and a clock of its own: tests without a runtime, or with a paused clock, use
//! it as well. Left out: uploads, datasets and spaces, and the protocol of the Xet storage, whose
//! files it gives over HTTP as the hub does to clients that know no other.

mod access;
mod address;
mod api;
mod body;
mod content;
mod faults;
mod file;
mod files;
mod folder;
mod log;
mod repository;
mod serve;
mod shared;
mod tree;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

pub use faults::{Cut, Failure, Faults, HubPart, Ranges, Stall};
pub use file::HostedFile;
pub use folder::HubFolder;
pub use log::HubRequest;
pub use repository::{HostedFacts, HostedRepository, HubGate};
use serve::{Host, Listening, accept};
use shared::Shared;

/// A hub on loopback, gone when dropped.
pub struct HubServer {
    shared: Arc<Shared>,
    addresses: [(Host, SocketAddr); 2],
    online: Mutex<Vec<Accepting>>,
    /// Always there; it is taken out to end without waiting.
    runtime: Option<Runtime>,
}

/// A socket that takes connections.
struct Accepting {
    task: JoinHandle<()>,
    /// Gives an error once the socket is closed.
    gone: Receiver<std::convert::Infallible>,
}

impl HubServer {
    /// A hub on 127.0.0.1 at two free ports.
    ///
    /// # Panics
    ///
    /// If no port can be had.
    pub fn start(folder: HubFolder) -> Self {
        Self::start_at(folder, 0).expect("a port is free")
    }

    /// The same at a port, 0 for a free one; the CDN's port is always a free one.
    pub fn start_at(folder: HubFolder, port: u16) -> io::Result<Self> {
        let hub = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let cdn = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (hub_address, cdn_address) = (hub.local_addr()?, cdn.local_addr()?);
        let url = |address: SocketAddr| format!("http://{address}");
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("hub-server")
            .enable_all()
            .build()?;
        let server = Self {
            shared: Arc::new(Shared::new(folder, url(hub_address), url(cdn_address))),
            addresses: [(Host::Hub, hub_address), (Host::Cdn, cdn_address)],
            online: Mutex::default(),
            runtime: Some(runtime),
        };
        server.listen([(Host::Hub, hub), (Host::Cdn, cdn)])?;
        Ok(server)
    }

    fn listen(&self, listeners: [(Host, TcpListener); 2]) -> io::Result<()> {
        let runtime = self.runtime.as_ref().expect("it is there until the end");
        let _within = runtime.enter();
        for (host, listener) in listeners {
            listener.set_nonblocking(true)?;
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let (told, gone) = sync_channel(0);
            let listening = Listening::new(listener, told);
            let task = runtime.spawn(accept(listening, host, Arc::clone(&self.shared)));
            lock(&self.online).push(Accepting { task, gone });
        }
        Ok(())
    }

    /// Where the hub is, as `HF_ENDPOINT` wants it: without a slash at the end.
    pub fn endpoint(&self) -> &str {
        &self.shared.endpoint
    }

    /// Where the CDN is that large files come from.
    pub fn cdn(&self) -> &str {
        &self.shared.cdn
    }

    /// The address of a file at the hub.
    pub fn file_url(&self, repository: &str, revision: &str, path: &str) -> String {
        let (revision, path) = (address::encoded(revision), address::encoded_path(path));
        format!("{}/{repository}/resolve/{revision}/{path}", self.endpoint())
    }

    /// Changes what goes wrong from now on; bodies on their way change too, apart from where they
    /// are cut or fall silent.
    pub fn set_faults(&self, change: impl FnOnce(&mut Faults)) {
        let mut faults = self.shared.faults();
        change(&mut faults);
        self.shared.set_faults(faults);
    }

    /// What goes wrong at present; a fault that is over after so many times says how many are left.
    pub fn faults(&self) -> Faults {
        self.shared.faults()
    }

    /// All requests, in the order in which they came.
    pub fn requests(&self) -> Vec<HubRequest> {
        self.shared.log.requests()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.log.forget();
    }

    /// Waits until the requests are as they are wanted; it looks whenever one comes, is answered or
    /// has more of its body sent.
    pub async fn until(&self, reached: impl Fn(&[HubRequest]) -> bool) {
        self.shared.log.until(reached).await;
    }

    /// Bytes of a file, `owner/name/path`, that went to sockets so far, from all its bodies.
    pub fn sent(&self, file: &str) -> u64 {
        let requests = self.requests();
        let of_file = requests.iter().filter(|request| request.file.as_deref() == Some(file));
        of_file.map(|request| request.sent).sum()
    }

    /// Adds a repository, or puts it in the place of the one of its name.
    pub fn put(&self, repository: HostedRepository) {
        lock(&self.shared.hub).put(repository);
    }

    /// Whether there is a repository of this name.
    pub fn has(&self, id: &str) -> bool {
        lock(&self.shared.hub).repository(id).is_some()
    }

    /// Takes a repository away.
    pub fn remove(&self, id: &str) {
        lock(&self.shared.hub).remove(id);
    }

    /// Changes a repository: its facts, or its files by [`HostedRepository::then`].
    ///
    /// # Panics
    ///
    /// If there is none of this name.
    pub fn change(&self, id: &str, change: impl FnOnce(HostedRepository) -> HostedRepository) {
        let mut hub = lock(&self.shared.hub);
        let repository = hub.repository(id).cloned().expect("there is such a repository");
        hub.put(change(repository));
    }

    /// Knows a token from now on; the repositories with a gate, or private ones, that it opens
    /// replace those that it opened.
    pub fn set_token(&self, token: &str, opens: &[&str]) {
        lock(&self.shared.hub).set_token(token, opens);
    }

    /// Drops all connections and refuses new ones; back once [`Self::go_online`] is called.
    pub fn go_offline(&self) {
        for Accepting { task, gone } in lock(&self.online).drain(..) {
            task.abort();
            // The sender goes after the socket, and nothing is ever sent.
            assert!(gone.recv().is_err(), "it is only dropped");
        }
    }

    /// Takes connections again, at the same ports.
    pub fn go_online(&self) -> io::Result<()> {
        self.go_offline();
        let [hub, cdn] = self.addresses;
        let bound = |(host, address)| io::Result::Ok((host, TcpListener::bind(address)?));
        self.listen([bound(hub)?, bound(cdn)?])
    }
}

impl Drop for HubServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A test drops it within a runtime of its own, where nobody may wait.
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for HubServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HubServer")
            .field("endpoint", &self.endpoint())
            .finish_non_exhaustive()
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

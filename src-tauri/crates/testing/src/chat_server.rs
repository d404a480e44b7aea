//! A server on loopback that speaks chat completions, and misbehaves as a test tells it to.
//!
//! A script answers each call: [`Reply`] says what goes over the socket. [`understand`] is a script
//! that does what a good server does. The server counts its calls and how many were in flight, and
//! knows when a client hung up.

mod answer;
mod proxy;
mod serve;
mod tls;
mod understand;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::HeaderMap;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use answer::{Answer, Logprob};
pub use proxy::ForwardProxy;
use serde_json::json;
use serve::accept;
pub use tls::{Certificate, certificate, expired_certificate};
pub use understand::{instance, understand};

/// Calls that are remembered with all they said.
const REMEMBERED: usize = 1000;

/// A request as the server got it.
#[derive(Clone, Debug)]
pub struct ChatCall {
    /// How many calls for completions came before; 0 for every call for something else.
    pub number: usize,
    /// `GET` or `POST`.
    pub method: String,
    /// The path, `/v1` included.
    pub path: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, `Null` if it is no JSON.
    pub body: Value,
}

impl ChatCall {
    /// Whether a completion is asked for.
    pub fn is_chat(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/chat/completions")
    }

    /// What the user said last.
    pub fn last_user_message(&self) -> &str {
        let messages = self.body["messages"].as_array().map_or(&[][..], Vec::as_slice);
        let mut of_user = messages.iter().rev().filter(|message| message["role"] == "user");
        of_user.next().and_then(|message| message["content"].as_str()).unwrap_or_default()
    }

    /// The key that came with it.
    pub fn key(&self) -> Option<&str> {
        self.headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")
    }

    /// Whether the answer is to come in pieces.
    pub fn streams(&self) -> bool {
        self.body["stream"] == true
    }
}

/// What goes over the socket.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A good answer, in pieces if the request wants it so.
    Answer(Answer),
    /// A status with headers and a body.
    Status {
        /// The status.
        status: u16,
        /// Header names and values.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// A stream of bytes, chunk by chunk as they are, then an end.
    Raw {
        /// The `Content-Type`.
        content_type: String,
        /// The chunks.
        chunks: Vec<Vec<u8>>,
        /// How it ends.
        end: End,
    },
    /// The connection is dropped without a word.
    Drop,
    /// Nothing comes, ever.
    Stall,
}

impl Reply {
    /// A good answer.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Answer(Answer::new(text))
    }

    /// JSON with a status.
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Status { status, headers, body: body.to_string() }
    }

    /// An error as OpenAI words it.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let error = json!({"error": {"message": message, "type": code, "code": code}});
        Self::json(status, &error)
    }

    /// The same with one more header; only for a [`Reply::Status`].
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Events that are cut off: the connection ends without the last of them.
    pub fn truncated(chunks: Vec<Vec<u8>>) -> Self {
        Self::Raw { content_type: "text/event-stream".to_owned(), chunks, end: End::Abort }
    }
}

/// How a stream of bytes ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Close,
    /// The connection is dropped.
    Abort,
    /// Nothing more comes, ever.
    Stall,
}

type Script = dyn Fn(&ChatCall) -> Reply + Send + Sync;

/// What the connections share.
struct Shared {
    script: Mutex<Arc<Script>>,
    models: Mutex<Value>,
    calls: AtomicUsize,
    in_flight: watch::Sender<usize>,
    most_in_flight: AtomicUsize,
    remembered: Mutex<Vec<ChatCall>>,
}

/// A server on loopback, gone when dropped.
pub struct ChatServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    tls: Option<Certificate>,
    accepting: Option<JoinHandle<()>>,
}

impl ChatServer {
    /// A server on 127.0.0.1 at a free port.
    ///
    /// # Panics
    ///
    /// If no port can be had.
    pub async fn start(script: impl Fn(&ChatCall) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), 0, None, script).await.expect("a port is free")
    }

    /// A server at an address and a port, 0 for a free one; with TLS if there is a certificate.
    pub async fn start_at(
        ip: IpAddr,
        port: u16,
        tls: Option<Certificate>,
        script: impl Fn(&ChatCall) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            script: Mutex::new(Arc::new(script)),
            models: Mutex::new(models(&["test-model"])),
            calls: AtomicUsize::new(0),
            in_flight: watch::Sender::new(0),
            most_in_flight: AtomicUsize::new(0),
            remembered: Mutex::default(),
        });
        let address = SocketAddr::new(ip, port);
        let mut server = Self { shared, address, tls, accepting: None };
        server.start_again().await?;
        Ok(server)
    }

    /// Where to ask, with `/v1`.
    pub fn base_url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/v1", self.address)
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Calls for completions so far.
    pub fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::SeqCst)
    }

    /// Calls for completions that have no end yet.
    pub fn in_flight(&self) -> usize {
        *self.shared.in_flight.borrow()
    }

    /// The most that it had at once.
    pub fn most_in_flight(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::SeqCst)
    }

    /// Waits until so many calls have no end yet.
    ///
    /// # Panics
    ///
    /// Never: the server itself counts.
    pub async fn until_in_flight(&self, count: usize) {
        let mut in_flight = self.shared.in_flight.subscribe();
        in_flight.wait_for(|now| *now == count).await.expect("the server lives");
    }

    /// The first requests that it got, of any kind.
    pub fn requests(&self) -> Vec<ChatCall> {
        lock(&self.shared.remembered).clone()
    }

    /// Answers by another script from now on.
    pub fn set_script(&self, script: impl Fn(&ChatCall) -> Reply + Send + Sync + 'static) {
        *lock(&self.shared.script) = Arc::new(script);
    }

    /// Says from now on that it has these models.
    pub fn set_models(&self, ids: &[&str]) {
        *lock(&self.shared.models) = models(ids);
    }

    /// Answers a question for its models with this.
    pub fn set_model_list(&self, list: Value) {
        *lock(&self.shared.models) = list;
    }

    /// Drops all connections and takes no new ones.
    pub async fn stop(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            // It is gone once this is known: its port is free again.
            drop(accepting.await);
        }
    }

    /// Listens again at the same port.
    pub async fn start_again(&mut self) -> io::Result<()> {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await?;
        self.address = listener.local_addr()?;
        let tls = self.tls.as_ref().map(Certificate::acceptor);
        self.accepting = Some(tokio::spawn(accept(listener, tls, Arc::clone(&self.shared))));
        Ok(())
    }
}

impl Drop for ChatServer {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

fn models(ids: &[&str]) -> Value {
    let entry = |id: &&str| json!({"id": id, "object": "model", "owned_by": "test"});
    json!({"object": "list", "data": ids.iter().map(entry).collect::<Vec<_>>()})
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

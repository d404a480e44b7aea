//! Connections: what a script says becomes bytes.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::Either;
use futures::stream::{self, BoxStream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{Answer, ChatCall, End, REMEMBERED, Reply, Shared, lock};

type Frames = BoxStream<'static, io::Result<Frame<Bytes>>>;
type Chunks = BoxStream<'static, io::Result<Bytes>>;

/// A body that counts as in flight until it is gone.
struct Counted {
    chunks: Pin<Box<StreamBody<Frames>>>,
    _in_flight: Option<InFlight>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<io::Result<Frame<Bytes>>>> {
        self.chunks.as_mut().poll_frame(context)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// A call that has no end yet.
struct InFlight(Arc<Shared>);

impl InFlight {
    fn begin(shared: &Arc<Shared>) -> Self {
        shared.in_flight.send_modify(|count| {
            *count += 1;
            shared.most_in_flight.fetch_max(*count, Ordering::SeqCst);
        });
        Self(Arc::clone(shared))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.send_modify(|count| *count -= 1);
    }
}

/// Takes connections until it is aborted, which ends those that it has.
pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((socket, _peer)) = listener.accept().await else { continue };
        drop(socket.set_nodelay(true));
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            match tls {
                None => serve(socket, shared).await,
                Some(tls) => {
                    // A client that does not trust the certificate hangs up here.
                    if let Ok(socket) = tls.accept(socket).await {
                        serve(socket, shared).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(socket), service);
    // Clients hang up, and scripts drop connections: neither is a failure of the test.
    drop(connection.await);
}

/// What makes hyper drop a connection.
#[derive(Debug, thiserror::Error)]
#[error("the script drops the connection")]
struct Dropped;

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Counted>, Dropped> {
    let (head, body) = request.into_parts();
    let method = head.method.as_str().to_owned();
    let path = head.uri.path().to_owned();
    let is_chat = method == "POST" && path.ends_with("/chat/completions");
    let in_flight = is_chat.then(|| InFlight::begin(&shared));
    let body = body.collect().await.map_err(|_gone| Dropped)?.to_bytes();
    let number = if is_chat { shared.calls.fetch_add(1, Ordering::SeqCst) } else { 0 };
    let call = ChatCall {
        number,
        method,
        path,
        headers: head.headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    {
        let mut remembered = lock(&shared.remembered);
        if remembered.len() < REMEMBERED {
            remembered.push(call.clone());
        }
    }
    let script = Arc::clone(&lock(&shared.script));
    let reply = script(&call);
    let reply = match reply {
        // Scripts that say nothing about other paths leave them to the server.
        Reply::Answer(_) if !is_chat => {
            if call.path.ends_with("/models") {
                Reply::json(200, &lock(&shared.models).clone())
            } else {
                Reply::error(404, "not_found", "there is nothing here")
            }
        }
        reply => reply,
    };
    respond(reply, &call, in_flight).await
}

async fn respond(
    reply: Reply,
    call: &ChatCall,
    in_flight: Option<InFlight>,
) -> Result<Response<Counted>, Dropped> {
    match reply {
        Reply::Answer(answer) => {
            wait(answer.delay).await;
            Ok(good(&answer, call, in_flight))
        }
        Reply::Status { status, headers, body } => {
            let mut response = Response::builder()
                .status(StatusCode::from_u16(status).expect("a script knows statuses"));
            for (name, value) in headers {
                response = response.header(name, value);
            }
            let chunks = stream::iter([Ok(Bytes::from(body))]).boxed();
            Ok(response.body(counted(chunks, in_flight)).expect("a script knows headers"))
        }
        Reply::Raw { content_type, chunks, end } => {
            let chunks = stream::iter(chunks).map(|chunk| Ok(Bytes::from(chunk)));
            let last = match end {
                End::Close => Either::Left(stream::empty()),
                End::Abort => Either::Right(stream::once(Box::pin(broken()) as Last)),
                End::Stall => Either::Right(stream::once(Box::pin(std::future::pending()) as Last)),
            };
            let chunks = chunks.chain(last).boxed();
            let response = Response::builder().header("content-type", content_type);
            Ok(response.body(counted(chunks, in_flight)).expect("a script knows headers"))
        }
        Reply::Drop => Err(Dropped),
        Reply::Stall => {
            let _in_flight = in_flight;
            match std::future::pending::<Infallible>().await {}
        }
    }
}

type Last = Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>;

/// Lets what came before go out, then breaks the connection.
async fn broken() -> io::Result<Bytes> {
    tokio::task::yield_now().await;
    Err(io::ErrorKind::ConnectionAborted.into())
}

async fn wait(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

fn good(answer: &Answer, call: &ChatCall, in_flight: Option<InFlight>) -> Response<Counted> {
    let model = &call.body["model"];
    if !call.streams() {
        let whole = Bytes::from(answer.whole(model).to_string());
        let chunks = stream::iter([Ok(whole)]).boxed();
        let response = Response::builder().header("content-type", "application/json");
        return response.body(counted(chunks, in_flight)).expect("these headers are good");
    }
    let with_usage = call.body["stream_options"]["include_usage"] == true;
    let events = answer.events(model, with_usage);
    let between = answer.delay_between;
    let chunks: Chunks = if between.is_zero() {
        // In one piece: servers that are quick have them in one buffer as well.
        stream::iter([Ok(Bytes::from(events.concat()))]).boxed()
    } else {
        let events = stream::iter(events).then(move |event| async move {
            wait(between).await;
            Ok(Bytes::from(event))
        });
        events.boxed()
    };
    let response = Response::builder().header("content-type", "text/event-stream");
    response.body(counted(chunks, in_flight)).expect("these headers are good")
}

fn counted(chunks: Chunks, in_flight: Option<InFlight>) -> Counted {
    let frames = chunks.map(|chunk| chunk.map(Frame::data)).boxed();
    Counted { chunks: Box::pin(StreamBody::new(frames)), _in_flight: in_flight }
}

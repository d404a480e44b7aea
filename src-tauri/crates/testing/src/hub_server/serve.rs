//! Connections, and which part of the hub answers.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::access::{Refusal, Visitor};
use super::address::{Address, Query};
use super::api::{Page, list, repository};
use super::body::{HubBody, Way, whole};
use super::faults::HubPart;
use super::files::{FileAnswer, cdn, resolve, response};
use super::lock;
use super::log::HubRequest;
use super::shared::Shared;
use super::tree::tree;
use super::wire::{Wire, WireEnd};

/// Which of the two hosts a socket belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Hub,
    Cdn,
}

/// A socket that takes connections. When it goes, its port is free before the sender is dropped,
/// which whoever waits for that notices.
pub(super) struct Listening {
    listener: TcpListener,
    _gone: SyncSender<Infallible>,
}

impl Listening {
    pub(super) fn new(listener: TcpListener, gone: SyncSender<Infallible>) -> Self {
        Self { listener, _gone: gone }
    }
}

/// Takes connections until it is aborted, which ends those that it has.
pub(super) async fn accept(listening: Listening, host: Host, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((socket, _peer)) = listening.listener.accept().await else { continue };
        drop(socket.set_nodelay(true));
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let end = WireEnd::default();
            let wire = Wire::new(socket, end.clone());
            let service = service_fn(move |request| {
                let (shared, end) = (Arc::clone(&shared), end.clone());
                async move { Ok::<_, Infallible>(answer(request, host, shared, end).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(wire), service);
            // Clients hang up, and faults end connections: neither is a failure of the test.
            drop(connection.await);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(
    request: Request<Incoming>,
    host: Host,
    shared: Arc<Shared>,
    wire: WireEnd,
) -> Response<HubBody> {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let address = if host == Host::Hub { Address::read(path) } else { None };
    let (part, what) = match host {
        Host::Hub => shared.concerns(address.as_ref(), path),
        Host::Cdn => {
            let file = shared.at_cdn(path, query).map(|(what, _)| what);
            (HubPart::Cdn, file.unwrap_or_else(|| path.to_owned()))
        }
    };
    let header = |name: &str| request.headers().get(name)?.to_str().ok().map(str::to_owned);
    let token = header("authorization");
    let is_file = matches!(part, HubPart::Resolve | HubPart::Cdn);
    let entry = shared.log.add(HubRequest {
        part,
        method: request.method().as_str().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        file: is_file.then(|| what.clone()),
        range: header("range"),
        if_range: header("if-range"),
        agent: header("user-agent"),
        had_token: token.is_some(),
        status: 0,
        sent: 0,
    });
    shared.until_it_speaks(&what).await;
    let is_head = request.method() == Method::HEAD;
    let answered = match shared.take_failure(part, &what) {
        Some(failure) => Err(Refusal::failure(failure.status, failure.retry_after)),
        None if !is_head && request.method() != Method::GET => {
            Err(Refusal::new(405, None, "Method Not Allowed"))
        }
        None => match host {
            Host::Hub => on_hub(&shared, address, &request, token.as_deref()),
            Host::Cdn => on_cdn(&shared, &request, token.is_some()),
        },
    };
    let concerned = shared.faults().concern(&what);
    let way = Way { shared: Arc::clone(&shared), what, entry: Arc::clone(&entry), wire };
    let mut response = match answered {
        Ok(Answered::File(answer)) => answer.response(&shared, request.headers(), is_head, way),
        Ok(Answered::Json(page)) => json_response(&shared, &page, is_head),
        Err(refusal) => {
            let codes = !(concerned && shared.faults().without_error_codes);
            refused(refusal, host, is_head, codes)
        }
    };
    if host == Host::Hub {
        usual_headers(part, response.status().as_u16(), response.headers_mut());
    }
    entry.answered(response.status().as_u16());
    response
}

enum Answered {
    File(FileAnswer),
    Json(Page),
}

fn on_hub(
    shared: &Shared,
    address: Option<Address>,
    request: &Request<Incoming>,
    authorization: Option<&str>,
) -> Result<Answered, Refusal> {
    let hub = &*lock(&shared.hub);
    let token = authorization.map(|header| header.strip_prefix("Bearer ").unwrap_or_default());
    let visitor = Visitor::of(hub, token)?;
    let (path, raw_query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let query = Query::read(raw_query);
    let address = address.ok_or_else(|| Refusal::new(404, None, "Not Found"))?;
    let says_sha256 = |repository: &_, file: &_| shared.says_sha256(repository, file);
    let find = |id: &str| match hub.moved(id) {
        Some(now) => {
            let moved = path.replacen(id, now, 1);
            let mark = if raw_query.is_empty() { "" } else { "?" };
            Err(Refusal::moved(format!("{moved}{mark}{raw_query}")))
        }
        None => visitor.find(hub, id),
    };
    let only = |body: Value| Answered::Json(Page { body, next: None });
    Ok(match &address {
        Address::List => Answered::Json(list(hub, visitor, &query, &says_sha256)?),
        Address::WhoAmI if visitor.is_known() => {
            only(json!({"type": "user", "id": "0", "name": "tester", "fullname": "Tester",
                        "auth": {"type": "access_token", "accessToken": {"role": "read"}}}))
        }
        Address::WhoAmI => {
            return Err(Refusal::new(401, None, "Invalid username or password."));
        }
        Address::Repository { id, revision } => {
            let revision = revision.as_deref().unwrap_or("main");
            only(repository(find(id)?, revision, &query, &says_sha256)?)
        }
        Address::Tree { id, revision, folder } => {
            Answered::Json(tree(hub, find(id)?, (revision, folder), &query, &says_sha256)?)
        }
        Address::File { id, revision, path } => {
            let place = (revision.as_str(), path.as_str(), false);
            Answered::File(resolve(shared, hub, visitor, find(id)?, place)?)
        }
        Address::CachedFile { id, revision, path } => {
            let place = (revision.as_str(), path.as_str(), true);
            Answered::File(resolve(shared, hub, visitor, find(id)?, place)?)
        }
    })
}

fn on_cdn(
    shared: &Shared,
    request: &Request<Incoming>,
    had_token: bool,
) -> Result<Answered, Refusal> {
    if had_token {
        // As stores with signed addresses do; and nobody is to send the hub's token elsewhere.
        let message = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
                       Signature query string parameter or the Authorization header should be \
                       specified";
        return Err(Refusal::new(400, None, message));
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    Ok(Answered::File(cdn(shared, path, query)?))
}

fn json_response(shared: &Shared, page: &Page, is_head: bool) -> Response<HubBody> {
    let text = page.body.to_string();
    let mut headers = vec![
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("content-length", text.len().to_string()),
    ];
    if let Some(next) = &page.next {
        headers.push(("link", format!("<{}{next}>; rel=\"next\"", shared.endpoint)));
    }
    response(200, headers, whole(if is_head { String::new() } else { text }))
}

fn refused(refusal: Refusal, host: Host, is_head: bool, codes: bool) -> Response<HubBody> {
    let Refusal { status, code, message, mut headers } = refusal;
    let (kind, text) = if host == Host::Cdn {
        (
            "application/xml",
            format!("<?xml version=\"1.0\"?><Error><Message>{message}</Message></Error>"),
        )
    } else if status >= 500 {
        ("text/html", format!("<html><body><h1>{status} {message}</h1></body></html>"))
    } else {
        ("application/json; charset=utf-8", json!({"error": message}).to_string())
    };
    headers.push(("content-type", kind.to_owned()));
    headers.push(("content-length", text.len().to_string()));
    if host == Host::Hub && codes && (400..500).contains(&status) {
        headers.extend(code.map(|code| ("x-error-code", code.to_owned())));
        headers.push(("x-error-message", message));
    }
    response(status, headers, whole(if is_head { String::new() } else { text }))
}

/// What comes with every answer of the hub.
fn usual_headers(part: HubPart, status: u16, headers: &mut HeaderMap) {
    let (kind, quota) = if part == HubPart::Resolve { ("resolvers", 3000) } else { ("api", 500) };
    let wait = headers.get("retry-after").and_then(|wait| wait.to_str().ok()).unwrap_or("55");
    let (left, wait) = if status == 429 { (0, wait) } else { (quota - 11, "189") };
    let all = [
        ("ratelimit", format!("\"{kind}\";r={left};t={wait}")),
        ("ratelimit-policy", format!("\"fixed window\";\"{kind}\";q={quota};w=300")),
        ("x-powered-by", "huggingface-moon".to_owned()),
        ("x-request-id", "Root=1-00000000-000000000000000000000000".to_owned()),
    ];
    for (name, value) in all {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
}

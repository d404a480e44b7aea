//! One request, sent once.
//!
//! [`super::engine`] decides when and how often. Promises: a server that is silent for longer than
//! the client's stall timeout within its answer fails, and one that goes on has all the time; before
//! its answer it may be silent for several times as long, because servers queue and models think,
//! but not for ever; nothing grows without a limit; an answer that came whole is an answer, whatever
//! becomes of the connection behind it; dropping the call closes its connection. Left out: waiting,
//! sending again.

use std::future::Future;
use std::time::Duration;

use braincells_core::Value;
use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::{Answered, Assembly, of_completion};
use super::body::{chat_body, parameters};
use super::client::{CloudClient, ERROR_TIMEOUT, MAX_ERROR_BYTES};
use super::engine::CloudModel;
use super::events::Events;
use super::failure::{AskedOf, Failure, of_status, of_transport, one_line};
use super::learned::Learned;
use crate::{LLMError, LLMRequest};

/// The longest answer, everything around it included.
const MOST_ANSWER_BYTES: usize = 16 << 20;

/// So many stall timeouts a server may be silent before its answer begins.
const SILENT_STALLS: u32 = 5;

/// After so many stall timeouts without an event a request is given up, whatever else comes:
/// comments that keep a connection open are no answer.
const EVENTLESS_STALLS: u32 = 10;

/// How long the figures and the end of a stream may follow behind the answer's end.
const FIGURES_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the end of a stream may follow behind its last event, so that its connection can be
/// used again.
const END_TIMEOUT: Duration = Duration::from_millis(50);

/// What is sent, and to whom.
pub(super) struct Call<'a> {
    pub(super) client: &'a CloudClient,
    pub(super) model: &'a CloudModel,
    pub(super) request: &'a LLMRequest,
    /// What the request is written by.
    pub(super) learned: &'a Learned,
    /// Milliseconds since 1970.
    pub(super) now_ms: i64,
}

/// What is heard before the answer is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News<'a> {
    /// The server began to answer well.
    Taken,
    /// More of the text.
    Text(&'a str),
}

/// Who hears it.
pub(super) type Listener<'a> = &'a mut (dyn FnMut(News<'_>) + Send);

impl Call<'_> {
    /// Sends the request and reads its answer.
    pub(super) async fn send(&self, listener: Listener<'_>) -> Result<Answered, Failure> {
        let CloudModel { endpoint, key, model, .. } = self.model;
        let body = chat_body(self.request, endpoint, model, self.learned, true);
        let parameters = parameters(&body);
        let asked = AskedOf { endpoint, model, key: key.as_ref(), parameters: &parameters };
        let headers = endpoint.headers(key.as_ref()).map_err(Failure::Run)?;
        let sending = self
            .client
            .http(endpoint)
            .post(endpoint.chat_url())
            .headers(headers)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream, application/json")
            .body(body.to_string())
            .send();
        drop(body);
        let stall = self.client.stall_timeout();
        let silence = stall * SILENT_STALLS;
        let response = in_time(Instant::now() + silence, sending, &asked).await;
        let response = response.unwrap_or_else(|| Err(silent(silence)))?;
        let status = response.status();
        let headers = response.headers().clone();
        let mut arriving = Arriving::new(response, stall, asked);
        if !status.is_success() {
            let said = arriving.error().await;
            return Err(of_status(&asked, status.as_u16(), &headers, &said, self.now_ms));
        }
        check_kind(&headers, &asked)?;
        let Some(first) = arriving.first().await? else {
            return Err(Failure::Retry("the answer was empty".to_owned()));
        };
        // What is no event stream says so in its first byte, whatever its headers say.
        if first.trim_ascii_start().starts_with(b"{") {
            self.read_whole(arriving, first, &asked).await
        } else {
            self.read_events(arriving, first, &asked, listener).await
        }
    }

    async fn read_whole(
        &self,
        mut arriving: Arriving<'_>,
        first: Vec<u8>,
        asked: &AskedOf<'_>,
    ) -> Result<Answered, Failure> {
        arriving.has_begun = true;
        let mut body = first;
        let broken = loop {
            match arriving.next().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break None,
                Err(failure) => break Some(failure),
            }
        };
        let read = serde_json::from_slice::<Value>(&body);
        let value = read.map_err(|error| {
            broken.unwrap_or_else(|| {
                let error = one_line(&error.to_string(), None);
                Failure::Retry(format!("the answer is not JSON: {error}"))
            })
        })?;
        of_completion(&value, self.request, asked, self.learned, self.model.price)
    }

    async fn read_events(
        &self,
        mut arriving: Arriving<'_>,
        first: Vec<u8>,
        asked: &AskedOf<'_>,
        listener: Listener<'_>,
    ) -> Result<Answered, Failure> {
        let mut assembly = Assembly::new(self.request, *asked, self.learned);
        let (mut events, mut found) = (Events::default(), Vec::new());
        let mut chunk = first;
        let mut was_taken = false;
        loop {
            let read = events.push(&chunk, &mut found);
            if found.iter().any(|data| !data.trim().is_empty()) {
                arriving.goes_on();
            }
            let mut is_done = false;
            for data in found.drain(..) {
                is_done = is_done || take(&data, &mut assembly)?;
                if !std::mem::replace(&mut was_taken, true) {
                    listener(News::Taken);
                }
            }
            if let Some(text) = assembly.take_delta() {
                listener(News::Text(text));
            }
            arriving.has_begun = assembly.has_begun();
            if assembly.is_whole() {
                arriving.ends_soon();
            }
            if is_done {
                // All is there; only its connection is waited for, and not for long.
                let end = async { while let Ok(Some(_)) = arriving.next().await {} };
                drop(timeout(END_TIMEOUT, end).await);
                return assembly.finish(self.model.price);
            }
            if read.is_err() && !assembly.is_whole() {
                return Err(arriving.too_long());
            }
            match arriving.next().await {
                Ok(Some(next)) => chunk = next,
                Ok(None) => break,
                Err(_broken) if assembly.is_whole() => break,
                Err(failure) => return Err(failure),
            }
        }
        let is_done = match events.finish() {
            // Whether the end is whole shows in whether it can be read.
            Some(data) => take(&data, &mut assembly).is_ok_and(|is_done| is_done),
            None => false,
        };
        if !is_done && !assembly.is_whole() {
            return Err(Failure::Retry("the answer broke off".to_owned()));
        }
        assembly.finish(self.model.price)
    }
}

/// Takes the data of one event. Answers whether it says that nothing follows.
fn take(data: &str, assembly: &mut Assembly<'_>) -> Result<bool, Failure> {
    match data.trim() {
        "" => Ok(false),
        "[DONE]" => Ok(true),
        data => match serde_json::from_str(data) {
            Ok(chunk) => assembly.take(&chunk).map(|()| false),
            Err(_no_json) if assembly.is_whole() => Ok(true),
            Err(error) => {
                Err(Failure::Retry(format!("an event of the answer is not JSON: {error}")))
            }
        },
    }
}

/// Whether a successful response can have an answer in it at all. A page of a proxy or of a login
/// cannot.
fn check_kind(headers: &HeaderMap, asked: &AskedOf<'_>) -> Result<(), Failure> {
    let Some(kind) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let kind = String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_usable = kind.ends_with("json")
        || matches!(kind, "text/event-stream" | "text/plain" | "application/octet-stream" | "");
    if is_usable {
        return Ok(());
    }
    let kind = one_line(kind, asked.key);
    Err(Failure::Retry(format!("the server sent `{kind}` and not an answer")))
}

/// A response whose body comes in.
struct Arriving<'a> {
    response: Response,
    stall: Duration,
    asked: AskedOf<'a>,
    bytes: usize,
    /// Whether there is something of the answer itself: from then on it flows.
    has_begun: bool,
    /// When the next event must be there.
    event_until: Instant,
    /// When all must be there, once the answer is whole.
    until: Option<Instant>,
}

impl<'a> Arriving<'a> {
    fn new(response: Response, stall: Duration, asked: AskedOf<'a>) -> Self {
        let event_until = Instant::now() + stall * EVENTLESS_STALLS;
        Self { response, stall, asked, bytes: 0, has_begun: false, event_until, until: None }
    }

    /// An event came.
    fn goes_on(&mut self) {
        self.event_until = Instant::now() + self.stall * EVENTLESS_STALLS;
    }

    /// The answer is whole.
    fn ends_soon(&mut self) {
        self.until.get_or_insert_with(|| Instant::now() + FIGURES_TIMEOUT);
    }

    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let silence = if self.has_begun { self.stall } else { self.stall * SILENT_STALLS };
        let silent_at = Instant::now() + silence;
        let until = self.until.unwrap_or(self.event_until);
        let come = in_time(silent_at.min(until), self.response.chunk(), &self.asked).await;
        let chunk = come.unwrap_or_else(|| {
            Err(if silent_at <= until {
                silent(silence)
            } else {
                Failure::Retry("the server does not go on with its answer".to_owned())
            })
        })?;
        self.bytes += chunk.as_ref().map_or(0, |chunk| chunk.as_ref().len());
        if self.bytes > MOST_ANSWER_BYTES {
            return Err(self.too_long());
        }
        Ok(chunk.map(Vec::from))
    }

    /// The first bytes that are not white space.
    async fn first(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        while let Some(chunk) = self.next().await? {
            if !chunk.trim_ascii().is_empty() {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    /// The body of an error, as far as it comes.
    async fn error(&mut self) -> String {
        self.until = Some(Instant::now() + ERROR_TIMEOUT);
        let mut body = Vec::new();
        while body.len() < MAX_ERROR_BYTES
            && let Ok(Some(chunk)) = self.next().await
        {
            body.extend_from_slice(&chunk);
        }
        body.truncate(MAX_ERROR_BYTES);
        String::from_utf8_lossy(&body).into_owned()
    }

    /// It was paid for and would be as long again: the row fails.
    fn too_long(&self) -> Failure {
        let backend = self.asked.endpoint.title().to_owned();
        let reason = "its answer has no end".to_owned();
        Failure::Cell(LLMError::ServerFailed { backend, reason })
    }
}

/// What a server gives until then; `None` if nothing comes.
async fn in_time<T>(
    until: Instant,
    coming: impl Future<Output = reqwest::Result<T>>,
    asked: &AskedOf<'_>,
) -> Option<Result<T, Failure>> {
    let come = timeout_at(until, coming).await.ok()?;
    Some(come.map_err(|error| of_transport(asked, &error)))
}

fn silent(silence: Duration) -> Failure {
    Failure::Retry(format!("the server was silent for {} s", silence.as_secs_f32()))
}

#[cfg(test)]
mod tests;

//! One request, sent once.
//!
//! [`super::engine`] decides when and how often. Promises: a server that is silent for longer than
//! the client's stall timeout within its answer fails, and one that goes on has all the time; before
//! its answer it may be silent for several times as long, because servers queue and models think,
//! but not for ever; an answer that came whole is an answer, whatever becomes of the connection
//! behind it; what an attempt took that came to no answer is told; dropping the call closes its
//! connection. Left out: waiting, sending again.

use std::time::Duration;

use braincells_core::Value;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use tokio::time::{Instant, timeout};

use super::answer::{Answered, Assembly, Spent, spent_on_half};
use super::arriving::{Arriving, in_time, silent};
use super::body::{chat_body, parameters};
use super::client::{CloudClient, ERROR_TIMEOUT, MAX_ERROR_BYTES};
use super::engine::CloudModel;
use super::events::Events;
use super::failure::{AskedOf, BROKE_OFF, Failure, of_status, one_line};
use super::learned::Learned;
use crate::LLMRequest;

/// The longest answer, everything around it included.
const MOST_ANSWER_BYTES: usize = 16 << 20;

/// So many stall timeouts a server may be silent before its answer begins.
const SILENT_STALLS: u32 = 5;

/// After so many stall timeouts without a part of the answer a request is given up, whatever else
/// comes: comments and empty events that keep a connection open are no answer.
const PARTLESS_STALLS: u32 = 10;

/// How long the figures and the end of a stream may follow behind the answer's end.
const FIGURES_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the end of a stream may follow behind its last event, so that its connection can be
/// used again, and behind a text that ends an answer here and not at the server.
const END_TIMEOUT: Duration = Duration::from_millis(50);

/// What is sent, and to whom.
pub(super) struct Call<'a> {
    pub(super) client: &'a CloudClient,
    pub(super) model: &'a CloudModel,
    pub(super) request: &'a LLMRequest,
    /// What the request is written by.
    pub(super) learned: &'a Learned,
    /// Whether the server has answered others well.
    pub(super) has_answered: bool,
    /// Milliseconds since 1970.
    pub(super) now_ms: i64,
}

/// What is heard before the answer is whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum News<'a> {
    /// The server began to answer well.
    Taken,
    /// More of the text.
    Text(&'a str),
    /// It came to no answer and took this.
    Spent(Spent),
}

/// Who hears it.
pub(super) type Listener<'a> = &'a mut (dyn FnMut(News<'_>) + Send);

/// How a stream ended.
enum Ending {
    /// The answer is whole.
    Whole,
    /// Nothing follows, and whether the answer is whole was not said.
    Unsaid,
}

impl Call<'_> {
    /// Sends the request and reads its answer.
    pub(super) async fn send(&self, listener: Listener<'_>) -> Result<Answered, Failure> {
        let CloudModel { endpoint, key, model, .. } = self.model;
        let body = chat_body(self.request, endpoint, model, self.learned, true);
        let parameters = parameters(&body);
        let asked = AskedOf {
            endpoint,
            model,
            key: key.as_ref(),
            parameters: &parameters,
            has_answered: self.has_answered,
        };
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
        let (silence, within) = (stall * SILENT_STALLS, stall * PARTLESS_STALLS);
        let response = in_time(Instant::now() + silence, sending, &asked).await;
        let response = response.unwrap_or_else(|| Err(silent(silence)))?;
        let status = response.status();
        let headers = response.headers().clone();
        let mut arriving = Arriving::new(response, asked, MOST_ANSWER_BYTES, silence, within);
        if !status.is_success() {
            let said = arriving.error(MAX_ERROR_BYTES, ERROR_TIMEOUT).await;
            return Err(of_status(&asked, status.as_u16(), &headers, &said, self.now_ms));
        }
        check_kind(&headers, &asked)?;
        let Some(first) = arriving.first().await? else {
            return Err(Failure::Retry("the answer was empty".to_owned()));
        };
        // What is no event stream says so in its first byte, whatever its headers say.
        if first.trim_ascii_start().starts_with(b"{") {
            arriving.expect(stall, within);
            self.read_whole(arriving, first, &asked, listener).await
        } else {
            self.read_events(arriving, first, &asked, listener).await
        }
    }

    async fn read_whole(
        &self,
        arriving: Arriving<'_>,
        mut body: Vec<u8>,
        asked: &AskedOf<'_>,
        listener: Listener<'_>,
    ) -> Result<Answered, Failure> {
        let price = self.model.price;
        let (rest, broken) = arriving.rest().await;
        body.extend_from_slice(&rest);
        let value = match serde_json::from_slice::<Value>(&body) {
            Ok(value) => value,
            Err(error) => {
                // The server had it all before it sent the first of it.
                listener(News::Taken);
                let written = String::from_utf8_lossy(&body);
                listener(News::Spent(spent_on_half(self.request, &written, price)));
                return Err(broken.unwrap_or_else(|| {
                    let error = one_line(&error.to_string(), None);
                    Failure::Retry(format!("the answer is not JSON: {error}"))
                }));
            }
        };
        let assembly = Assembly::of_completion(&value, self.request, asked, self.learned)?;
        if assembly.has_anything() {
            listener(News::Taken);
        }
        let spent = assembly.has_anything().then(|| assembly.spent(price));
        assembly.finish(price).inspect_err(|_failure| tell(spent, listener))
    }

    async fn read_events(
        &self,
        arriving: Arriving<'_>,
        first: Vec<u8>,
        asked: &AskedOf<'_>,
        listener: Listener<'_>,
    ) -> Result<Answered, Failure> {
        let price = self.model.price;
        let mut assembly = Assembly::new(self.request, *asked, self.learned);
        let mut was_taken = false;
        let hear = &mut |news: News<'_>| {
            was_taken |= news == News::Taken;
            listener(news);
        };
        let ended = self.follow(arriving, first, &mut assembly, hear).await;
        let spent = was_taken.then(|| assembly.spent(price));
        let (is_said, answered) = match ended {
            Ok(Ending::Whole) => (true, assembly.finish(price)),
            Ok(Ending::Unsaid) => (false, assembly.finish(price)),
            Err(failure) => (true, Err(failure)),
        };
        let answered = answered.inspect_err(|_failure| tell(spent, listener))?;
        if is_said { Ok(answered) } else { Err(Failure::Unfinished(Box::new(answered))) }
    }

    /// Reads the events of a stream into `assembly`.
    async fn follow(
        &self,
        mut arriving: Arriving<'_>,
        first: Vec<u8>,
        assembly: &mut Assembly<'_>,
        listener: Listener<'_>,
    ) -> Result<Ending, Failure> {
        let stall = self.client.stall_timeout();
        let (mut events, mut found) = (Events::default(), Vec::new());
        let mut chunk = first;
        let (mut was_taken, mut was_whole) = (false, false);
        loop {
            let read = events.push(&chunk, &mut found);
            let mut is_done = false;
            for data in found.drain(..) {
                match take(&data, assembly)? {
                    Taken::End => is_done = true,
                    Taken::NoEvent => {}
                    Taken::Chunk { has_part } => {
                        if has_part && !was_whole {
                            arriving.expect(stall, stall * PARTLESS_STALLS);
                        }
                        if !std::mem::replace(&mut was_taken, true) {
                            listener(News::Taken);
                        }
                    }
                }
            }
            if let Some(text) = assembly.take_delta() {
                listener(News::Text(text));
            }
            let is_whole = assembly.is_whole();
            if is_whole && !std::mem::replace(&mut was_whole, true) {
                // A server that goes on behind a text that ends the answer is not waited for: it
                // would be paid for what nobody reads.
                let within = if assembly.is_said() { FIGURES_TIMEOUT } else { END_TIMEOUT };
                arriving.expect(stall, within);
            }
            if is_done {
                // All is there; only its connection is waited for, and not for long.
                drop(timeout(END_TIMEOUT, arriving.rest()).await);
                return Ok(if is_whole { Ending::Whole } else { Ending::Unsaid });
            }
            if read.is_err() && !is_whole {
                return Err(arriving.too_long());
            }
            match arriving.next().await {
                Ok(Some(next)) => chunk = next,
                Ok(None) => break,
                Err(_broken) if is_whole => return Ok(Ending::Whole),
                Err(failure) => return Err(failure),
            }
        }
        // Whether the end is whole shows in whether it can be read.
        let last = events.finish().map(|data| take(&data, assembly));
        match last {
            _ if assembly.is_whole() => Ok(Ending::Whole),
            Some(Ok(Taken::End)) => Ok(Ending::Unsaid),
            _ => Err(Failure::Retry(BROKE_OFF.to_owned())),
        }
    }
}

fn tell(spent: Option<Spent>, listener: Listener<'_>) {
    if let Some(spent) = spent {
        listener(News::Spent(spent));
    }
}

/// What one event is.
enum Taken {
    NoEvent,
    Chunk {
        /// Whether something of the answer is in it.
        has_part: bool,
    },
    /// It says that nothing follows.
    End,
}

/// Takes the data of one event.
fn take(data: &str, assembly: &mut Assembly<'_>) -> Result<Taken, Failure> {
    match data.trim() {
        "" => Ok(Taken::NoEvent),
        "[DONE]" => Ok(Taken::End),
        data => match serde_json::from_str(data) {
            Ok(chunk) => assembly.take(&chunk).map(|has_part| Taken::Chunk { has_part }),
            Err(_no_json) if assembly.is_whole() => Ok(Taken::End),
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

#[cfg(test)]
mod tests;

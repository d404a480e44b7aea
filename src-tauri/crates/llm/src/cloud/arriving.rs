//! A response whose body comes in.
//!
//! [`super::call`] reads answers with it, [`super::client`] lists. Promises: nothing grows without a
//! limit, and nothing is waited for without one: neither a server that says nothing nor one that
//! says nothing of use. Left out: what the bytes mean.

use std::future::Future;
use std::time::Duration;

use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use super::failure::{AskedOf, Failure, of_transport};
use crate::LLMError;

/// A response whose body comes in.
pub(super) struct Arriving<'a> {
    response: Response,
    asked: AskedOf<'a>,
    bytes: usize,
    most_bytes: usize,
    /// How long nothing at all may come.
    silence: Duration,
    /// When what is waited for must be there, whatever else comes.
    until: Instant,
}

impl<'a> Arriving<'a> {
    /// A body of at most so many bytes.
    pub(super) fn new(
        response: Response,
        asked: AskedOf<'a>,
        most_bytes: usize,
        silence: Duration,
        within: Duration,
    ) -> Self {
        let until = Instant::now() + within;
        Self { response, asked, bytes: 0, most_bytes, silence, until }
    }

    /// From now on nothing at all may come for so long, and what is waited for must be there within
    /// that time.
    pub(super) fn expect(&mut self, silence: Duration, within: Duration) {
        self.silence = silence;
        self.until = Instant::now() + within;
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let silent_at = Instant::now() + self.silence;
        let coming = self.response.chunk();
        let come = in_time(silent_at.min(self.until), coming, &self.asked).await;
        let chunk = come.unwrap_or_else(|| {
            Err(if silent_at <= self.until {
                silent(self.silence)
            } else {
                Failure::Retry("the server does not go on with its answer".to_owned())
            })
        })?;
        self.bytes += chunk.as_ref().map_or(0, |chunk| chunk.as_ref().len());
        if self.bytes > self.most_bytes {
            return Err(self.too_long());
        }
        Ok(chunk.map(Vec::from))
    }

    /// The first bytes that are not white space.
    pub(super) async fn first(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        while let Some(chunk) = self.next().await? {
            if !chunk.trim_ascii().is_empty() {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    /// All that comes, and why that is not all there is.
    pub(super) async fn rest(mut self) -> (Vec<u8>, Option<Failure>) {
        let mut body = Vec::new();
        loop {
            match self.next().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return (body, None),
                Err(failure) => return (body, Some(failure)),
            }
        }
    }

    /// The body of an error, as far as it comes within so long.
    pub(super) async fn error(mut self, most_bytes: usize, within: Duration) -> String {
        (self.bytes, self.most_bytes) = (0, most_bytes);
        self.expect(self.silence, within);
        let (body, _why_not_all) = self.rest().await;
        String::from_utf8_lossy(&body).into_owned()
    }

    /// It was paid for and would be as long again: the row fails.
    pub(super) fn too_long(&self) -> Failure {
        let backend = self.asked.endpoint.title().to_owned();
        let reason = "its answer has no end".to_owned();
        Failure::Cell(LLMError::ServerFailed { backend, reason })
    }
}

/// What a server gives until then; `None` if nothing comes.
pub(super) async fn in_time<T>(
    until: Instant,
    coming: impl Future<Output = reqwest::Result<T>>,
    asked: &AskedOf<'_>,
) -> Option<Result<T, Failure>> {
    let come = timeout_at(until, coming).await.ok()?;
    Some(come.map_err(|error| of_transport(asked, &error)))
}

/// Nothing came for so long.
pub(super) fn silent(silence: Duration) -> Failure {
    Failure::Retry(format!("the server was silent for {} s", silence.as_secs_f32()))
}

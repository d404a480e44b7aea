//! Reading an answer that is JSON, up to a bound, for as long as it keeps coming.

use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, LINK};
use reqwest::{Response, Url};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::refusal::{self, Asked};
use super::request::{Hub, text_of};
use crate::ModelsError;

/// The longest answer that is read. Repositories with some 100,000 files have such ones.
const MOST_BYTES: usize = 32 << 20;
/// How long one may take, however steadily it drips.
const LONGEST: Duration = Duration::from_mins(2);

/// An answer, and the address of the next page where there is one.
pub(super) struct Page<T> {
    pub(super) content: T,
    pub(super) next: Option<Url>,
}

impl Hub {
    pub(super) async fn get_json<T: DeserializeOwned>(
        &self,
        url: Url,
        asked: &Asked,
        token: Option<&SecretString>,
    ) -> Result<Page<T>, ModelsError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let (response, _linked) = self.send(url, headers, asked, token).await?;
        let url = response.url().clone();
        if response.status().as_u16() != 200 {
            let status = response.status().as_u16();
            return Err(refusal::failed(&url, format!("status {status} instead of a list")));
        }
        let next = text_of(response.headers(), &LINK)
            .and_then(|link| next_of(&link))
            .and_then(|next| url.join(&next).ok());
        let body = self.body(response, MOST_BYTES, LONGEST).await?;
        if body.len() > MOST_BYTES {
            return Err(refusal::failed(&url, "its answer is too long"));
        }
        let content = serde_json::from_slice(&body)
            .map_err(|_error| refusal::failed(&url, "its answer is not what a hub says"))?;
        Ok(Page { content, next })
    }

    /// The error for an answer that is JSON and not what was asked for.
    pub(super) fn not_said(&self, due: &str) -> ModelsError {
        let reason = format!("its answer is not {due}");
        ModelsError::HubFailed { host: self.address.host(), reason }
    }

    /// The first bytes of a body: all of it, or a few more than `most`.
    pub(super) async fn body(
        &self,
        mut response: Response,
        most: usize,
        longest: Duration,
    ) -> Result<Vec<u8>, ModelsError> {
        let url = response.url().clone();
        let until = Instant::now() + longest;
        let mut body = Vec::new();
        while body.len() <= most {
            let silent_at = Instant::now() + self.stall_timeout;
            match timeout_at(silent_at.min(until), response.chunk()).await {
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(refusal::of_transport(&url, &error)),
                Err(_elapsed) if silent_at < until => return Err(refusal::silent(&url)),
                Err(_elapsed) => return Err(refusal::failed(&url, "its answer takes too long")),
            }
        }
        Ok(body)
    }
}

/// `<https://...>; rel="next"`, among others.
fn next_of(link: &str) -> Option<String> {
    link.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"') == "next"
        };
        parameters.split(';').any(is_next).then(|| address.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_told_by_a_header() {
        let cases = [
            ("<https://h/x?cursor=a%3D>; rel=\"next\"", Some("https://h/x?cursor=a%3D")),
            ("</a>; rel=\"prev\", </b>; title=x; rel=next", Some("/b")),
            ("</a>; rel=\"last\"", None),
            ("/a; rel=next", None),
            ("</a", None),
            ("", None),
        ];
        for (link, next) in cases {
            assert_eq!(next_of(link).as_deref(), next, "{link}");
        }
    }
}

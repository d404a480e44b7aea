//! An answer with a file in it: what its headers say, and its bytes as they come.

use bytes::Bytes;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
};
use reqwest::{Response, Url};

use super::refusal;
use super::request::text_of;
use super::text;
use crate::ModelsError;

const LINKED_ETAG: HeaderName = HeaderName::from_static("x-linked-etag");
const LINKED_SIZE: HeaderName = HeaderName::from_static("x-linked-size");
const REPO_COMMIT: HeaderName = HeaderName::from_static("x-repo-commit");

/// What the hub itself says of a file that lies elsewhere. Said by anybody else it counts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Linked {
    sha256: Option<String>,
    bytes: Option<u64>,
    commit: Option<String>,
}

impl Linked {
    pub(super) fn hear(&mut self, headers: &HeaderMap) {
        let sha256 = text_of(headers, &LINKED_ETAG).and_then(|tag| text::sha256(&tag));
        let bytes = text_of(headers, &LINKED_SIZE).and_then(|text| text.parse().ok());
        let commit = text_of(headers, &REPO_COMMIT).filter(|text| text::is_hex(text, 40));
        self.sha256 = sha256.or(self.sha256.take());
        self.bytes = bytes.or(self.bytes);
        self.commit = commit.or(self.commit.take());
    }
}

/// Which bytes of a file an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The first.
    pub start: u64,
    /// The last.
    pub end: u64,
    /// How many bytes the file has, where the server says.
    pub total: Option<u64>,
}

/// An answer with a file, or a part of one. Dropping it ends the transfer.
#[derive(Debug)]
pub struct FileResponse {
    /// 200: all of the file; 206: what [`FileResponse::range`] says; 416: nothing, since the file
    /// ends before the byte that was asked for.
    pub status: u16,
    /// How many bytes the whole file has, as the server that sends it says.
    pub total_bytes: Option<u64>,
    /// Which of them come, with status 206. `None` there means that the server does not say, or
    /// that what it says cannot be.
    pub range: Option<ContentRange>,
    /// The tag of the server that sends it, to be asked with again.
    pub etag: Option<String>,
    /// The sum of the whole file, as the hub says.
    pub linked_sha256: Option<String>,
    /// How many bytes the whole file has, as the hub says.
    pub linked_bytes: Option<u64>,
    /// The commit of the repository that the file is of, as the hub says.
    pub commit: Option<String>,
    url: Url,
    response: Response,
}

impl FileResponse {
    pub(super) fn new(response: Response, linked: Linked) -> Result<Self, ModelsError> {
        let (url, status) = (response.url().clone(), response.status().as_u16());
        let headers = response.headers();
        if let Some(packed) = text_of(headers, &CONTENT_ENCODING).filter(|how| how != "identity") {
            let packed = text::one_line(&packed);
            return Err(refusal::failed(&url, format!("it sends the file packed as `{packed}`")));
        }
        // A proxy or a portal that has something to say. No model has such a file.
        if text_of(headers, &CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html")) {
            return Err(refusal::failed(&url, "it sends a page instead of the file".to_owned()));
        }
        let content_range = text_of(headers, &CONTENT_RANGE);
        let range =
            content_range.as_deref().filter(|_range| status == 206).and_then(content_range_of);
        let total_bytes = match status {
            206 => range.and_then(|range| range.total),
            416 => content_range.as_deref().and_then(unsatisfied_total),
            _ => text_of(headers, &CONTENT_LENGTH).and_then(|text| text.parse().ok()),
        };
        let etag = text_of(headers, &ETAG);
        let Linked { sha256: linked_sha256, bytes: linked_bytes, commit } = linked;
        let file = Self {
            status,
            total_bytes,
            range,
            etag,
            linked_sha256,
            linked_bytes,
            commit,
            url,
            response,
        };
        Ok(file)
    }

    /// What is behind it, for who reads it in other ways.
    pub(super) fn into_response(self) -> Response {
        self.response
    }

    /// The next bytes; `None` at the end. Waits as long as the server is silent. A body that ends
    /// before its length is an error.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ModelsError> {
        self.response.chunk().await.map_err(|error| refusal::of_transport(&self.url, &error))
    }
}

/// `bytes 5-9/10`, `bytes 5-9/*`.
fn content_range_of(text: &str) -> Option<ContentRange> {
    let (range, total) = range_unit(text)?.split_once('/')?;
    let (start, end) = range.trim().split_once('-')?;
    let (start, end) = (number(start)?, number(end)?);
    let total = match total.trim() {
        "*" => None,
        total => Some(number(total)?),
    };
    let sound = start <= end && total.is_none_or(|total| end < total);
    sound.then_some(ContentRange { start, end, total })
}

/// `bytes */10`.
fn unsatisfied_total(text: &str) -> Option<u64> {
    number(range_unit(text)?.strip_prefix("*/")?)
}

fn range_unit(text: &str) -> Option<&str> {
    let (unit, range) = text.trim().split_once([' ', '='])?;
    unit.eq_ignore_ascii_case("bytes").then(|| range.trim())
}

/// Digits and nothing else: `parse` takes a plus sign.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_cannot_be_are_none() {
        let range = |start, end, total| Some(ContentRange { start, end, total });
        let cases = [
            ("bytes 5-9/10", range(5, 9, Some(10))),
            ("Bytes 0-0/1", range(0, 0, Some(1))),
            ("bytes 5-9/*", range(5, 9, None)),
            ("bytes 9-5/10", None),
            ("bytes 5-10/10", None),
            ("bytes 5-/10", None),
            ("bytes +5-9/10", None),
            ("bytes */10", None),
            ("items 5-9/10", None),
            ("bytes 5-99999999999999999999/*", None),
            ("", None),
        ];
        for (text, due) in cases {
            assert_eq!(content_range_of(text), due, "{text}");
        }
        assert_eq!(unsatisfied_total("bytes */10"), Some(10));
        assert_eq!(unsatisfied_total("bytes 1-2/10"), None);
    }
}

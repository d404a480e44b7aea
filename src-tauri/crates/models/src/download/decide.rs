//! What to do with an answer of the server: a pure function over what was asked and what came.

use super::{FetchError, Wanted};
use crate::ModelsError;
use crate::hub::{ContentRange, FileResponse};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) wanted: &'a Wanted,
    /// The first byte.
    pub(super) from: u64,
    /// The byte behind the last.
    pub(super) to: u64,
    /// The tag of the version that the bytes on the disk are of.
    pub(super) etag: Option<&'a str>,
    /// Whether it is still possible to give up what is on the disk and ask for all of it.
    pub(super) may_start_over: bool,
}

/// What the head of the answer says.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) total: Option<u64>,
    pub(super) range: Option<ContentRange>,
    pub(super) etag: Option<String>,
    pub(super) linked_sha256: Option<String>,
    pub(super) linked_bytes: Option<u64>,
}

impl From<&FileResponse> for Answer {
    fn from(response: &FileResponse) -> Self {
        Self {
            status: response.status,
            total: response.total_bytes,
            range: response.range,
            etag: response.etag.clone(),
            linked_sha256: response.linked_sha256.clone(),
            linked_bytes: response.linked_bytes,
        }
    }
}

/// What is done with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// Its body begins with the byte that was asked for.
    Take,
    /// Its body is the whole file: what is on the disk is given up.
    TakeFromStart,
    /// It is of no use. What is on the disk is given up, and all of it is asked for.
    AskFromStart,
    /// The attempt ends.
    Fail(FetchError),
}

/// A tag that stands for exactly these bytes. A weak one does not.
pub(super) fn strong(etag: Option<&str>) -> Option<&str> {
    etag.filter(|tag| tag.starts_with('"'))
}

/// Judges an answer.
pub(super) fn decide(asked: &Asked<'_>, answer: &Answer) -> Next {
    let wanted = asked.wanted;
    let has_bytes = |bytes: u64| {
        let what = format!("it has {bytes} bytes now, and had {}", wanted.bytes);
        Next::Fail(FetchError::Changed { what })
    };
    if let (Some(said), Some(ours)) = (&answer.linked_sha256, &wanted.sha256)
        && !said.eq_ignore_ascii_case(ours)
    {
        let what = format!("its sha256 is {said} now, and was {ours}");
        return Next::Fail(FetchError::Changed { what });
    }
    if let Some(bytes) = answer.linked_bytes.filter(|bytes| *bytes != wanted.bytes) {
        return has_bytes(bytes);
    }
    // A proxy that knows nothing of ranges will not learn it: what is on the disk is of no use then.
    let give_up = |error: FetchError| {
        if asked.from > 0 && asked.may_start_over { Next::AskFromStart } else { Next::Fail(error) }
    };
    let wrong_range =
        |answered: String| give_up(FetchError::WrongRange { from: asked.from, answered });
    match (answer.status, answer.range) {
        (200, _) => match answer.total.filter(|total| *total != wanted.bytes) {
            Some(total) => {
                let found = total.to_string();
                Next::Fail(FetchError::WrongLength { wanted: wanted.bytes, found })
            }
            None if asked.from == 0 => Next::Take,
            None => Next::TakeFromStart,
        },
        (206, None) => wrong_range("a part of it that it does not name".to_owned()),
        (206, Some(range)) => {
            if let Some(total) = range.total.filter(|total| *total != wanted.bytes) {
                return has_bytes(total);
            }
            if range.start != asked.from || range.end >= asked.to {
                return wrong_range(format!("the bytes {} to {}", range.start, range.end));
            }
            // Where the sum is known it is the judge: the tags of two mirrors may differ.
            if wanted.sha256.is_none()
                && let (Some(had), Some(has)) = (asked.etag, strong(answer.etag.as_deref()))
                && had != has
            {
                let what = format!("its tag is {has} now, and was {had}");
                return give_up(FetchError::Changed { what });
            }
            Next::Take
        }
        (416, _) => match answer.total.filter(|total| *total != wanted.bytes) {
            Some(total) => has_bytes(total),
            None => wrong_range("the word that there are none".to_owned()),
        },
        (status, _) => {
            let reason = format!("status {status}");
            Next::Fail(ModelsError::HubFailed { host: "the hub".to_owned(), reason }.into())
        }
    }
}

#[cfg(test)]
mod tests;

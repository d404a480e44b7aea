//! What it means that the hub did not do as it was asked. Its errors have a code in a header; what
//! stands in front of it, proxies and portals, knows nothing of that.

use std::error::Error as _;
use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Response, Url};
use tokio::time::{Instant, timeout_at};

use super::address::{Address, host_of};
use super::request::{Hub, text_of};
use super::text::{one_line, percent_decoded};
use crate::ModelsError;

const ERROR_CODE: HeaderName = HeaderName::from_static("x-error-code");
const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-error-message");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The most of an error's body that is read.
const MOST_BYTES: usize = 64 << 10;
/// How long that may take: what came until then is judged.
const LONGEST: Duration = Duration::from_secs(5);
/// The longest that is waited because a server says so. Who means longer will say it again.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// What was asked for, so that an error can name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) repository: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) file: Option<String>,
}

impl Asked {
    /// What the address of a file asks for.
    pub(super) fn of_file(hub: &Address, url: &Url) -> Self {
        let path = url.as_str().split(['?', '#']).next().unwrap_or_default();
        let below = path.strip_prefix(hub.as_str()).unwrap_or_default().trim_start_matches('/');
        let Some((repository, rest)) = below.split_once("/resolve/") else {
            return Self::default();
        };
        let (revision, file) = rest.split_once('/').unwrap_or((rest, ""));
        let shown = |text: &str| percent_decoded(text).map(|text| one_line(&text));
        Self { repository: shown(repository), revision: shown(revision), file: shown(file) }
    }
}

/// The server said nothing for too long.
pub(super) fn silent(url: &Url) -> ModelsError {
    ModelsError::HubUnreachable { host: host_of(url), reason: "it went silent".to_owned() }
}

/// The server answered what means nothing.
pub(super) fn failed(url: &Url, reason: impl Into<String>) -> ModelsError {
    ModelsError::HubFailed { host: host_of(url), reason: reason.into() }
}

/// What it means that a request got no answer, or only a part of one.
pub(super) fn of_transport(url: &Url, error: &reqwest::Error) -> ModelsError {
    // The outermost error has the address in it, which may hold a signature: it is left out.
    let mut said: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Wrappers repeat what they wrap.
        if !said.last().is_some_and(|last| last.contains(&text)) {
            said.push(text);
        }
        source = cause.source();
    }
    let said = if said.is_empty() { "no reason given".to_owned() } else { said.join(": ") };
    let reason = if said.contains("proxy auth") {
        "the proxy asks for a name and a password".to_owned()
    } else if error.is_connect() && error.is_timeout() {
        "no connection: it took too long".to_owned()
    } else if error.is_connect() {
        format!("no connection: {said}")
    } else if error.is_timeout() {
        "it went silent".to_owned()
    } else {
        format!("the connection broke: {said}")
    };
    ModelsError::HubUnreachable { host: host_of(url), reason: one_line(&reason) }
}

impl Hub {
    /// What an answer means that is neither a file nor a redirect.
    pub(super) async fn refusal(
        &self,
        mut response: Response,
        url: &Url,
        asked: &Asked,
        had_token: bool,
    ) -> ModelsError {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let said = match text_of(&headers, &ERROR_MESSAGE).filter(|text| !text.is_empty()) {
            Some(message) => message,
            None => said_in(&mut response).await,
        };
        let said = if said.is_empty() { format!("status {status}") } else { one_line(&said) };
        let host = host_of(url);
        if !self.address.is_origin_of(url) {
            return of_other(status, &headers, host, &said);
        }
        let code = text_of(&headers, &ERROR_CODE).unwrap_or_default();
        self.of_hub(status, &code, &said, &headers, asked, had_token)
    }

    fn of_hub(
        &self,
        status: u16,
        code: &str,
        said: &str,
        headers: &HeaderMap,
        asked: &Asked,
        had_token: bool,
    ) -> ModelsError {
        let host = self.address.host();
        let Some(repository) = asked.repository.clone() else {
            return of_status(status, headers, host, said, had_token);
        };
        let (revision, file) = (asked.revision.clone(), asked.file.clone());
        let no_revision = |repository| ModelsError::NoSuchRevision {
            repository,
            revision: revision.unwrap_or_else(|| "main".to_owned()),
        };
        match (status, code) {
            (_, "GatedRepo") => {
                let page = self.address.below(repository.split('/')).to_string();
                ModelsError::Gated { repository, page, needs_login: !had_token }
            }
            (_, "RepoNotFound") => ModelsError::NoSuchRepository { repository, had_token },
            (_, "RevisionNotFound") => no_revision(repository),
            (_, "EntryNotFound") if file.is_some() => {
                ModelsError::NoSuchFile { repository, file: file.unwrap_or_default() }
            }
            (_, "DisabledRepo") => ModelsError::Disabled { repository, reason: said.to_owned() },
            (403, "") if said == "Access to this resource is disabled." => {
                ModelsError::Disabled { repository, reason: said.to_owned() }
            }
            // Who asks without a name is told neither that a repository is private nor that it is
            // not there.
            (401, "") if !had_token && !says_bad_token(said) => {
                ModelsError::NoSuchRepository { repository, had_token }
            }
            (404, "") => match file {
                Some(file) => ModelsError::NoSuchFile { repository, file },
                None => ModelsError::NoSuchRepository { repository, had_token },
            },
            _ => of_status(status, headers, host, said, had_token),
        }
    }
}

/// The hub's words for a token that it does not know; its own library goes by them, too.
fn says_bad_token(said: &str) -> bool {
    said.contains("Invalid credentials") || said.contains("Invalid user token")
}

/// The answer of somebody to whom the hub sent us. He knows no tokens: an address of his is good
/// for some time and then it is not.
fn of_other(status: u16, headers: &HeaderMap, host: String, said: &str) -> ModelsError {
    match status {
        429 | 503 => ModelsError::HubBusy { host, wait: wait_of(headers) },
        _ => ModelsError::HubFailed { host, reason: told(status, said) },
    }
}

fn of_status(
    status: u16,
    headers: &HeaderMap,
    host: String,
    said: &str,
    had_token: bool,
) -> ModelsError {
    match status {
        401 | 403 => ModelsError::HubRefused { host, had_token, reason: told(status, said) },
        407 => {
            let reason = "the proxy asks for a name and a password".to_owned();
            ModelsError::HubUnreachable { host, reason }
        }
        429 | 503 => ModelsError::HubBusy { host, wait: wait_of(headers) },
        _ => ModelsError::HubFailed { host, reason: told(status, said) },
    }
}

fn told(status: u16, said: &str) -> String {
    let status = format!("status {status}");
    if said == status { status } else { format!("{status}, {said}") }
}

/// What the body of an error says: `{"error": "..."}`, or nothing that is shown. Pages of proxies
/// are no message.
async fn said_in(response: &mut Response) -> String {
    let until = Instant::now() + LONGEST;
    let mut body = Vec::new();
    while let Ok(Ok(Some(chunk))) = timeout_at(until, response.chunk()).await {
        let room = MOST_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() >= MOST_BYTES {
            break;
        }
    }
    let json: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
    let said = json.as_ref().and_then(|json| json.get("error")?.as_str());
    said.unwrap_or_default().to_owned()
}

/// How long to wait before asking again: `Retry-After`, in seconds or as a date by the server's
/// own clock, or what is left of the window of its rate limit.
fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let date = |text: &str| {
        let date = httpdate::parse_http_date(text).ok()?;
        Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
    };
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let retry_after = text_of(headers, &RETRY_AFTER).and_then(|text| {
        number(&text).or_else(|| {
            let now = text_of(headers, &DATE).as_deref().and_then(date)?;
            Some((date(&text)? - now).max(0.0))
        })
    });
    let window = || {
        let text = text_of(headers, &RATE_LIMIT)?;
        let figure =
            |name: &str| text.split(';').find_map(|part| number(part.trim().strip_prefix(name)?));
        (figure("r=")? < 1.0).then(|| figure("t="))?
    };
    let seconds = retry_after.or_else(window).filter(|seconds| *seconds >= 0.0)?;
    Some(Duration::from_secs_f64(seconds.min(LONGEST_WAIT.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn the_address_of_a_file_says_what_was_asked_for() {
        let hub = Address::read("https://mirror.example/hf").unwrap();
        let url = "https://mirror.example/hf/o/n/resolve/refs%2Fpr%2F1/Q4/a%20b.gguf?download=true";
        let asked = Asked::of_file(&hub, &Url::parse(url).unwrap());
        let text = |text: &str| Some(text.to_owned());
        let due = Asked {
            repository: text("o/n"),
            revision: text("refs/pr/1"),
            file: text("Q4/a b.gguf"),
        };
        assert_eq!(asked, due);
        let other = Url::parse("https://other.example/o/n/resolve/main/a").unwrap();
        assert_eq!(Asked::of_file(&hub, &other), Asked::default());
    }

    #[test]
    fn a_wait_is_read_from_headers() {
        type Headers = &'static [(&'static str, &'static str)];
        let cases: [(Headers, Option<u64>); 12] = [
            (&[], None),
            (&[("retry-after", "7")], Some(7)),
            (&[("retry-after", "0")], Some(0)),
            (&[("retry-after", "1e300")], Some(600)),
            (&[("retry-after", "-3")], None),
            (&[("retry-after", "nan")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")], None),
            (
                &[
                    ("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"),
                    ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ],
                Some(10),
            ),
            (&[("ratelimit", "\"api\";r=0;t=55")], Some(55)),
            (&[("ratelimit", "\"api\";r=3;t=55")], None),
            (&[("ratelimit", "\"api\";r=0;t=-1")], None),
        ];
        for (headers, wait) in cases {
            let pair =
                |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
            let map: HeaderMap = headers.iter().map(pair).collect();
            assert_eq!(wait_of(&map), wait.map(Duration::from_secs), "{headers:?}");
        }
    }
}

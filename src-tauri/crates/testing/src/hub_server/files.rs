//! Files: where they are, and their bytes.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use hyper::header::{HeaderMap, HeaderName};
use hyper::{Response, StatusCode};

use super::access::{Refusal, Visitor, commit};
use super::address::{encoded, encoded_path};
use super::body::{HubBody, Way, part, whole};
use super::content::id_of;
use super::faults::Ranges;
use super::file::HostedFile;
use super::folder::HubFolder;
use super::repository::{Commit, HostedRepository};
use super::shared::{Shared, cdn_path};
use super::tree::xet_hash;

/// An answer whose body is a file, or nothing.
#[derive(Debug)]
pub(super) struct FileAnswer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    /// The file, and the `ETag` that a condition is compared with.
    file: Option<(HostedFile, String)>,
}

/// `/owner/name/resolve/revision/path`; `cached` where it is the second address of a small file.
pub(super) fn resolve(
    shared: &Shared,
    hub: &HubFolder,
    visitor: Visitor<'_>,
    repository: &HostedRepository,
    (revision, path, cached): (&str, &str, bool),
) -> Result<FileAnswer, Refusal> {
    visitor.enters(repository)?;
    let commit = commit(repository, revision)?;
    let file = commit.file(path).ok_or_else(|| Refusal::no_entry("Entry not found", commit))?;
    let exposed = "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,\
                   Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash";
    let mut headers = vec![
        ("x-repo-commit", commit.id.clone()),
        ("accept-ranges", "bytes".to_owned()),
        ("access-control-expose-headers", exposed.to_owned()),
    ];
    if file.is_large {
        let sha256 = shared.says_sha256(repository, file);
        headers.extend([
            ("location", at_cdn(shared, repository, commit, file)),
            ("x-linked-size", file.bytes().to_string()),
            ("x-linked-etag", format!("\"{sha256}\"")),
            ("etag", format!("\"{sha256}\"")),
            ("vary", "Origin, Accept".to_owned()),
        ]);
        if file.in_xet_storage {
            let (id, commit, hash) = (&repository.id, &commit.id, xet_hash(file));
            let endpoint = &shared.endpoint;
            let token = format!("{endpoint}/api/models/{id}/xet-read-token/{commit}");
            headers
                .extend([("x-xet-hash", hash), ("link", format!("<{token}>; rel=\"xet-auth\""))]);
        }
        return Ok(FileAnswer { status: 302, headers, file: None });
    }
    let etag = format!("\"{}\"", file.blob());
    headers.push(("etag", etag.clone()));
    if hub.caches_small_files && !cached {
        let (id, commit) = (&repository.id, &commit.id);
        let asked = encoded(&format!("/{id}/resolve/{revision}/{path}"));
        let path = encoded_path(path);
        let location = format!(
            "/api/resolve-cache/models/{id}/{commit}/{path}?{asked}=&etag={}",
            encoded(&etag)
        );
        headers.extend([
            ("location", location),
            ("x-linked-size", file.bytes().to_string()),
            ("x-linked-etag", etag),
        ]);
        return Ok(FileAnswer { status: 307, headers, file: None });
    }
    let is_json = Path::new(path).extension().is_some_and(|ending| ending == "json");
    let kind = if is_json { "application/json" } else { "text/plain" };
    headers.extend([
        ("content-type", format!("{kind}; charset=utf-8")),
        ("content-disposition", disposition(path)),
    ]);
    Ok(FileAnswer { status: 200, headers, file: Some((file.clone(), etag)) })
}

fn at_cdn(
    shared: &Shared,
    repository: &HostedRepository,
    commit: &Commit,
    file: &HostedFile,
) -> String {
    if let Some(elsewhere) = shared.faults().redirect_to {
        return elsewhere;
    }
    let (path, signature) = cdn_path(repository, &commit.id, file);
    let disposition = encoded(&disposition(&file.path));
    format!(
        "{}{path}?X-Xet-Cas-Uid=public&response-content-disposition={disposition}\
         &Expires=4102444800&Policy=e30&{signature}&Key-Pair-Id=KLOOPBACK",
        shared.cdn
    )
}

/// A large file, from the host that has only bytes. It knows no tokens: its addresses are signed.
pub(super) fn cdn(shared: &Shared, path: &str, query: &str) -> Result<FileAnswer, Refusal> {
    let Some((_, file)) = shared.at_cdn(path, query) else {
        return Err(Refusal::new(403, None, "AccessDenied"));
    };
    // Of the store's parts, in reality; all that matters is that it is not the hub's.
    let etag = format!("\"{}\"", id_of(&format!("stored {}", file.sha256()), 32));
    let headers = vec![
        ("content-type", "application/octet-stream".to_owned()),
        ("content-disposition", disposition(&file.path)),
        ("accept-ranges", "bytes".to_owned()),
        ("etag", etag.clone()),
        ("last-modified", "Fri, 02 Jan 2026 03:04:05 GMT".to_owned()),
        ("cache-control", "public, max-age=31536000".to_owned()),
        ("x-cache", "Hit from cloudfront".to_owned()),
    ];
    Ok(FileAnswer { status: 200, headers, file: Some((file, etag)) })
}

fn disposition(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let plain: String = name.chars().filter(|letter| letter.is_ascii() && *letter != '"').collect();
    format!("inline; filename*=UTF-8''{}; filename=\"{plain}\";", encoded(name))
}

impl FileAnswer {
    /// The answer to a request with these headers.
    pub(super) fn response(
        self,
        shared: &Arc<Shared>,
        asked: &HeaderMap,
        is_head: bool,
        way: Way,
    ) -> Response<HubBody> {
        let Self { mut status, mut headers, file } = self;
        let Some((file, etag)) = file else {
            let text = StatusCode::from_u16(status).map(|status| status.to_string());
            let text = text.unwrap_or_default();
            headers.push(("content-length", text.len().to_string()));
            headers.push(("content-type", "text/plain; charset=utf-8".to_owned()));
            return response(status, headers, whole(if is_head { String::new() } else { text }));
        };
        let total = file.bytes();
        let faults = shared.faults();
        let ranges = if faults.concern(&way.what) { faults.ranges } else { Ranges::Right };
        let header = |name: &str| asked.get(name).and_then(|value| value.to_str().ok());
        let same = header("if-range").is_none_or(|wanted| wanted == etag);
        let mut range = 0..total;
        if let Some(wanted) = header("range").filter(|_| same && ranges != Ranges::Ignored) {
            match parsed(wanted, total) {
                Parsed::None => {}
                Parsed::Within(within) if ranges != Ranges::Refused => {
                    range = within;
                    if ranges == Ranges::Shifted {
                        range.start /= 2;
                    }
                    let (first, last) = (range.start, range.end - 1);
                    status = 206;
                    headers.push(("content-range", format!("bytes {first}-{last}/{total}")));
                }
                Parsed::Within(_) | Parsed::Outside => {
                    let headers = vec![
                        ("content-range", format!("bytes */{total}")),
                        ("content-type", "application/xml".to_owned()),
                    ];
                    let text = "<Error><Code>InvalidRange</Code></Error>";
                    return response(416, headers, whole(if is_head { "" } else { text }));
                }
            }
        }
        headers.push(("content-length", (range.end - range.start).to_string()));
        let body = if is_head { whole("") } else { part(way, file.content, range) };
        response(status, headers, body)
    }
}

enum Parsed {
    /// It is no range of bytes, or several: they are as if they were not there.
    None,
    Within(Range<u64>),
    Outside,
}

fn parsed(header: &str, total: u64) -> Parsed {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|it| it.split_once('-'))
    else {
        return Parsed::None;
    };
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if last >= first => first..last.saturating_add(1).min(total),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..total,
        (Err(_), Ok(last)) if first.trim().is_empty() => total.saturating_sub(last)..total,
        _ => return Parsed::None,
    };
    if range.start < range.end { Parsed::Within(range) } else { Parsed::Outside }
}

/// An answer of these parts.
pub(super) fn response(
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: HubBody,
) -> Response<HubBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}

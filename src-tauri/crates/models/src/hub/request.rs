//! The client: who is asked, with what, and how far redirects are followed. Every request of this
//! crate goes through [`Hub::send`].

use std::fmt;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, IF_RANGE, LOCATION, RANGE,
};
use reqwest::{Client, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::address::{Address, host_of, is_loopback};
use super::redirect;
use super::refusal::{self, Asked};
use super::response::{FileResponse, Linked};
use crate::ModelsError;

/// The clients that requests go through. Both follow no redirect and send no referrer; their
/// proxies and whom they trust is the caller's business.
#[derive(Clone)]
pub struct Http {
    /// For other machines, through the proxies there are.
    pub far: Client,
    /// For this machine, which no proxy can reach.
    pub beside: Client,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the clients: a proxy's address may have a password in it.
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

/// Where the hub is and how patient we are.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// Its address: what `HF_ENDPOINT` says, or [`Hub::ENDPOINT`].
    pub endpoint: String,
    /// How long a server may be silent before a request is given up.
    pub stall_timeout: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self { endpoint: Hub::ENDPOINT.to_owned(), stall_timeout: Duration::from_mins(1) }
    }
}

/// The hub's client. Holds no token: each request is given one. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Hub {
    http: Http,
    pub(super) address: Address,
    pub(super) stall_timeout: Duration,
}

impl Hub {
    /// Where the hub is unless somebody says otherwise.
    pub const ENDPOINT: &str = "https://huggingface.co";

    /// A client. Opens no connection.
    pub fn new(http: Http, options: HubOptions) -> Result<Self, ModelsError> {
        let address = Address::read(&options.endpoint)?;
        Ok(Self { http, address, stall_timeout: options.stall_timeout })
    }

    /// Its address, without a slash at the end.
    pub fn endpoint(&self) -> &str {
        self.address.as_str()
    }

    /// Whether what is asked stays on this machine. Redirects do then, too.
    pub fn is_this_machine(&self) -> bool {
        self.address.is_this_machine()
    }

    /// The address of a file, with whatever is in its name encoded.
    pub fn file_url(&self, repository: &str, revision: &str, path: &str) -> String {
        let parts = repository.split('/').chain(["resolve", revision]).chain(path.split('/'));
        self.address.below(parts).into()
    }

    /// Asks for a file, from this byte on to its end.
    ///
    /// `if_range` is the tag of what is already there: if the file is another one by now, all of it
    /// comes, with status 200. A weak tag cannot promise that and is not sent.
    ///
    /// At most five redirects are followed; none from https to http, and none to this machine or a
    /// private network, except where the hub itself is there. The token goes to the hub's own
    /// scheme, host and port only, and never in the clear to another machine.
    ///
    /// Answers of status 200, 206 and 416 are returned, all others are errors. The time until the
    /// answer begins is limited; whoever reads the body looks for silence.
    pub async fn get_file(
        &self,
        url: &str,
        range_from: u64,
        if_range: Option<&str>,
        token: Option<&SecretString>,
    ) -> Result<FileResponse, ModelsError> {
        let range = (range_from > 0).then(|| format!("bytes={range_from}-"));
        self.get(url, range, if_range, token).await
    }

    /// Asks for a piece of a file: both bytes and those between them. Otherwise like
    /// [`Hub::get_file`]; a server that knows no ranges sends all of it, with status 200.
    pub async fn get_range(
        &self,
        url: &str,
        first: u64,
        last: u64,
        if_range: Option<&str>,
        token: Option<&SecretString>,
    ) -> Result<FileResponse, ModelsError> {
        self.get(url, Some(format!("bytes={first}-{last}")), if_range, token).await
    }

    async fn get(
        &self,
        url: &str,
        range: Option<String>,
        if_range: Option<&str>,
        token: Option<&SecretString>,
    ) -> Result<FileResponse, ModelsError> {
        let url = Url::parse(url).map_err(|_error| ModelsError::BadReference {
            text: super::text::one_line(url),
            reason: "it is no address".to_owned(),
        })?;
        let asked = Asked::of_file(&self.address, &url);
        let mut headers = HeaderMap::new();
        // What is hashed is the file, not what it was packed into.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(range) = range {
            let range = HeaderValue::from_str(&range).expect("digits can be sent");
            headers.insert(RANGE, range);
            let strong = if_range.filter(|tag| tag.starts_with('"'));
            if let Some(tag) = strong.and_then(|tag| HeaderValue::from_str(tag).ok()) {
                headers.insert(IF_RANGE, tag);
            }
        }
        let (response, linked) = self.send(url, headers, &asked, token).await?;
        FileResponse::new(response, linked)
    }

    /// Sends a request and follows its redirects. Returns an answer of status 200, 206 or 416, and
    /// what the hub itself said of the file on the way.
    pub(super) async fn send(
        &self,
        mut url: Url,
        headers: HeaderMap,
        asked: &Asked,
        token: Option<&SecretString>,
    ) -> Result<(Response, Linked), ModelsError> {
        let token = self.bearer(token)?;
        let mut asker = url.clone();
        let mut linked = Linked::default();
        for _hop in 0..=redirect::MOST {
            let unsafe_redirect =
                |reason| ModelsError::UnsafeRedirect { host: host_of(&asker), reason };
            redirect::check(&self.address, &url).map_err(unsafe_redirect)?;
            let of_hub = self.address.is_origin_of(&url);
            let mut headers = headers.clone();
            let token = token.as_ref().filter(|_token| of_hub);
            if let Some(token) = token {
                headers.insert(AUTHORIZATION, token.clone());
            }
            let sent = self.client(&url).get(url.clone()).headers(headers).send();
            let response = match timeout(self.stall_timeout, sent).await {
                Ok(sent) => sent.map_err(|error| refusal::of_transport(&url, &error))?,
                Err(_elapsed) => return Err(refusal::silent(&url)),
            };
            if of_hub {
                linked.hear(response.headers());
            }
            let status = response.status().as_u16();
            match status {
                200 | 206 | 416 => return Ok((response, linked)),
                301 | 302 | 303 | 307 | 308 => {
                    let location = text_of(response.headers(), &LOCATION).unwrap_or_default();
                    let next = redirect::next(&self.address, &url, &location);
                    asker = url;
                    let host = host_of(&asker);
                    url = next.map_err(|reason| ModelsError::UnsafeRedirect { host, reason })?;
                }
                _ => {
                    let had_token = token.is_some();
                    return Err(self.refusal(response, &url, asked, had_token).await);
                }
            }
        }
        let reason = format!("it is the {}th in a row", redirect::MOST + 1);
        Err(ModelsError::UnsafeRedirect { host: host_of(&asker), reason })
    }

    fn client(&self, url: &Url) -> &Client {
        let beside = url.host_str().is_some_and(is_loopback);
        if beside { &self.http.beside } else { &self.http.far }
    }

    /// The header with the token, where it may be sent at all.
    fn bearer(&self, token: Option<&SecretString>) -> Result<Option<HeaderValue>, ModelsError> {
        let Some(token) = token.filter(|_token| !self.address.is_in_the_clear()) else {
            return Ok(None);
        };
        let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret().trim()));
        let mut value = value.map_err(|_error| ModelsError::HubRefused {
            host: self.address.host(),
            had_token: true,
            reason: "there are characters in the token that no token has".to_owned(),
        })?;
        // Kept out of `Debug` and of the compression tables of HTTP/2.
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// A header as text.
pub(super) fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    std::str::from_utf8(value.as_bytes()).ok().map(|text| text.trim().to_owned())
}

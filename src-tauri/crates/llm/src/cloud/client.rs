//! The one client of the process: its pool of connections, whom it trusts, which proxy it goes
//! through. Knows nothing of chats; [`super::call`] sends those.
//!
//! It follows no redirect, because the key would go along, and has no limit on the whole time of a
//! request: a long answer is none that hangs. What hangs is told by the silence between pieces.

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, ClientBuilder, Proxy, Response};
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};

use super::endpoint::Endpoint;
use super::failure::{self, AskedOf, Failure};
use super::key::ApiKey;
use super::listing::{self, ConnectionReport, ListedModel};
use crate::LLMError;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a server may be silent.
const STALL_TIMEOUT: Duration = Duration::from_mins(1);

/// How long an unused connection is kept: less than the minute after which many servers close it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// More than anybody has requests in flight to one host, so that none is connected anew.
const IDLE_CONNECTIONS: usize = 1024;

/// How often a connection with requests on it is asked whether it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The longest list of models that is read.
const MAX_LIST_BYTES: usize = 32 << 20;

/// How long a list of models may take behind its head.
const LIST_TIMEOUT: Duration = Duration::from_mins(1);

/// The longest error that is read.
pub(super) const MAX_ERROR_BYTES: usize = 256 << 10;

/// How long an error may take behind its head: what came until then is judged.
pub(super) const ERROR_TIMEOUT: Duration = Duration::from_secs(5);

/// How a client is set up. The default is for everything but tests.
#[derive(Clone, Default)]
pub struct ClientOptions {
    /// Certificates of authorities that are trusted besides the platform's, as PEM.
    pub extra_roots_pem: Vec<Vec<u8>>,
    /// How long a server may be silent before a request is given up; `None` for 60 seconds.
    pub stall_timeout: Option<Duration>,
    /// A proxy for everything, servers on this machine included, instead of the environment's.
    pub proxy: Option<String>,
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A proxy's address may have a password in it.
        let proxy = self.proxy.as_ref().map(|_address| "(hidden)");
        f.debug_struct("ClientOptions")
            .field("extra_roots_pem", &self.extra_roots_pem.len())
            .field("stall_timeout", &self.stall_timeout)
            .field("proxy", &proxy)
            .finish()
    }
}

/// One client for the process: connection pool, TLS, proxies. Clones share all of it.
#[derive(Clone)]
pub struct CloudClient {
    http: Client,
    /// For servers on this machine, which no proxy can reach.
    beside: Client,
    stall_timeout: Duration,
}

impl fmt::Debug for CloudClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the client: a proxy's address may have a password in it.
        f.debug_struct("CloudClient")
            .field("stall_timeout", &self.stall_timeout)
            .finish_non_exhaustive()
    }
}

impl CloudClient {
    /// A client. Opens no connection.
    pub fn new(options: &ClientOptions) -> Result<Self, LLMError> {
        use_ring();
        let mut builder = settings();
        let mut beside = settings().no_proxy();
        if let Some(proxy) = &options.proxy {
            let proxy = Proxy::all(proxy)
                .map_err(|_error| invalid("the address of the proxy cannot be read"))?;
            builder = builder.proxy(proxy.clone());
            beside = settings().proxy(proxy);
        }
        let mut roots = Vec::new();
        for pem in &options.extra_roots_pem {
            let certificates = Certificate::from_pem_bundle(pem)
                .map_err(|_error| invalid("a certificate of an authority cannot be read"))?;
            roots.extend(certificates);
        }
        let made = |builder: ClientBuilder| builder.tls_certs_merge(roots.clone()).build();
        let (http, beside) = match made(builder).and_then(|http| Ok((http, made(beside)?))) {
            Ok(clients) => clients,
            // A machine without certificates, a small container: servers on it are still asked, and
            // one far away is told to have a certificate that nobody here trusts.
            Err(error) if roots.is_empty() && options.proxy.is_none() => {
                tracing::warn!(
                    error = failure::one_line(&error.to_string(), None),
                    "no certificates of the platform"
                );
                (trusting_nobody(settings())?, trusting_nobody(settings().no_proxy())?)
            }
            Err(error) => {
                return Err(invalid(format!(
                    "the network client cannot be made: {}",
                    failure::one_line(&error.without_url().to_string(), None)
                )));
            }
        };
        let stall_timeout = options.stall_timeout.unwrap_or(STALL_TIMEOUT);
        Ok(Self { http, beside, stall_timeout })
    }

    /// The clients beneath, for what else is fetched over the network: one for other machines, which
    /// goes through the proxies there are, and one for servers on this machine. Neither follows a
    /// redirect or limits the whole time of a request.
    pub fn clients(&self) -> (&Client, &Client) {
        (&self.http, &self.beside)
    }

    /// What asks this endpoint. Whoever has a proxy for the network rarely thinks of excepting the
    /// server on the same machine.
    pub(super) fn http(&self, endpoint: &Endpoint) -> &Client {
        if endpoint.is_this_machine() { &self.beside } else { &self.http }
    }

    /// How long a server may be silent within its answer.
    pub(super) fn stall_timeout(&self) -> Duration {
        self.stall_timeout
    }

    /// The models that this endpoint has, sorted by id; only those that chat, where it says which.
    pub async fn list_models(
        &self,
        endpoint: &Endpoint,
        key: Option<&ApiKey>,
    ) -> Result<Vec<ListedModel>, LLMError> {
        let list = self.get_json(&endpoint.models_url(), endpoint, key).await?;
        listing::read(&list, endpoint.not_chat()).ok_or_else(|| LLMError::ServerFailed {
            backend: endpoint.title().to_owned(),
            reason: "its list of models is none".to_owned(),
        })
    }

    /// Asks something that needs a valid key, where the backend has keys, and costs nothing.
    pub async fn test_connection(
        &self,
        endpoint: &Endpoint,
        key: Option<&ApiKey>,
    ) -> Result<ConnectionReport, LLMError> {
        if key.is_none() && endpoint.needs_key() {
            return Err(endpoint.key_missing());
        }
        let started = Instant::now();
        let (models, account) = if let Some(url) = endpoint.key_test_url() {
            let answer = self.get_json(&url, endpoint, key).await?;
            (None, listing::account(&answer))
        } else {
            let models = self.list_models(endpoint, key).await?;
            (Some(u32::try_from(models.len()).unwrap_or(u32::MAX)), None)
        };
        let duration_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        Ok(ConnectionReport { duration_ms, models, account })
    }

    /// Reads a JSON document of the endpoint's party. `url` must be of that party: the key goes
    /// there.
    async fn get_json(
        &self,
        url: &str,
        endpoint: &Endpoint,
        key: Option<&ApiKey>,
    ) -> Result<Value, LLMError> {
        let headers = if endpoint.lists_without_key() {
            endpoint.headers_with(key)?
        } else {
            endpoint.headers(key)?
        };
        let asked = AskedOf { endpoint, model: "", key, parameters: &[] };
        self.get(url, headers, &asked).await.map_err(|failure| failure.into_error(&asked))
    }

    async fn get(
        &self,
        url: &str,
        headers: HeaderMap,
        asked: &AskedOf<'_>,
    ) -> Result<Value, Failure> {
        let sent = self.http(asked.endpoint).get(url).headers(headers).send();
        let response = timeout(self.stall_timeout, sent).await.map_err(|_elapsed| silent())?;
        let response = response.map_err(|error| failure::of_transport(asked, &error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        if status != 200 {
            let (body, _trouble) = self.body(response, MAX_ERROR_BYTES, ERROR_TIMEOUT, asked).await;
            let text = String::from_utf8_lossy(&body);
            // Dates to wait until are told by the server's own clock.
            return Err(failure::of_status(asked, status, &headers, &text, 0));
        }
        let (body, trouble) = self.body(response, MAX_LIST_BYTES, LIST_TIMEOUT, asked).await;
        if let Some(trouble) = trouble {
            return Err(trouble);
        }
        let value: Value = serde_json::from_slice(&body)
            .map_err(|_error| Failure::Retry("its answer is not JSON".to_owned()))?;
        match value.get("error") {
            Some(error) if !error.is_null() => Err(failure::of_error_object(asked, error)),
            _ => Ok(value),
        }
    }

    /// A body of at most so many bytes that takes at most so long, and why that is not all of it.
    async fn body(
        &self,
        mut response: Response,
        most: usize,
        longest: Duration,
        asked: &AskedOf<'_>,
    ) -> (Vec<u8>, Option<Failure>) {
        let mut body = Vec::new();
        let until = Instant::now() + longest;
        loop {
            let silent_at = Instant::now() + self.stall_timeout;
            let chunk = match timeout_at(silent_at.min(until), response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return (body, None),
                Ok(Err(error)) => return (body, Some(failure::of_transport(asked, &error))),
                Err(_elapsed) if silent_at < until => return (body, Some(silent())),
                Err(_elapsed) => {
                    return (body, Some(Failure::Retry("its answer takes too long".to_owned())));
                }
            };
            if body.len() + chunk.len() > most {
                body.extend_from_slice(&chunk[..most - body.len()]);
                return (body, Some(Failure::Retry("its answer is too long".to_owned())));
            }
            body.extend_from_slice(&chunk);
        }
    }
}

/// Everything about a client but proxies and trust. Proxies are the environment's.
fn settings() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("Braincells/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE)
}

fn trusting_nobody(settings: ClientBuilder) -> Result<Client, LLMError> {
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    settings.tls_backend_preconfigured(config).build().map_err(|error| {
        invalid(failure::one_line(
            &format!("the network client cannot be made: {}", error.without_url()),
            None,
        ))
    })
}

/// Names who does the cryptography. reqwest can be told in no other way than for the whole process;
/// somebody who was faster is as good.
fn use_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        rustls::crypto::ring::default_provider().install_default().ok();
    }
}

fn silent() -> Failure {
    Failure::Retry("the server went silent".to_owned())
}

fn invalid(reason: impl Into<String>) -> LLMError {
    LLMError::InvalidRequest { reason: reason.into() }
}

#[cfg(test)]
mod tests;

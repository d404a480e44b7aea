//! Where requests go: which address, with which headers. Everything a person types as an address is
//! judged here, before anything is sent.

use braincells_core::is_backend_id;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::key::ApiKey;
use super::provider;
use super::provider::{ENDPOINT_PRESETS, ExtraHeader, KeyTest, Provider, Traits, UNKNOWN_SERVER};
use crate::LLMError;

/// Words that mean something else in front of a colon.
const RESERVED: [&str; 4] = ["file", "http", "https", "local"];

/// Where requests go. Made of a provider, whose base URL may be overridden for tests and mirrors,
/// or of a custom endpoint. Holds no key.
#[derive(Clone, Debug)]
pub struct Endpoint {
    backend: String,
    title: String,
    base_url: String,
    host: String,
    is_https: bool,
    is_this_machine: bool,
    provider: Option<&'static Provider>,
    overridden: bool,
    bill_to: Option<String>,
}

impl Endpoint {
    /// The endpoint of a provider. `base_url` is another address for it, `bill_to` the organisation
    /// that pays where the provider knows such a thing.
    pub fn of_provider(
        provider: &'static Provider,
        base_url: Option<&str>,
        bill_to: Option<&str>,
    ) -> Result<Self, LLMError> {
        let address = Address::read(base_url.unwrap_or(provider.base_url))?;
        let bill_to = bill_to.map(str::trim).filter(|name| !name.is_empty());
        if bill_to.is_some_and(|name| !is_organisation(name)) {
            return Err(invalid(
                "the organisation that pays is the name in its address: letters, digits, hyphens",
            ));
        }
        let overridden = address.base_url != provider.base_url;
        Ok(Self::new(provider.id, provider.title, address, Some(provider), overridden, bill_to))
    }

    /// A server that a person added under `id`. The URL may be that of the server, of its `/v1` or
    /// of its chat completions.
    pub fn custom(id: &str, base_url: &str) -> Result<Self, LLMError> {
        check_id(id)?;
        let address = Address::read(base_url)?;
        let preset = ENDPOINT_PRESETS.iter().find(|preset| preset.id == id);
        let title = preset.map_or(id, |preset| preset.title);
        Ok(Self::new(id, title, address, None, true, None))
    }

    fn new(
        backend: &str,
        title: &str,
        address: Address,
        provider: Option<&'static Provider>,
        overridden: bool,
        bill_to: Option<&str>,
    ) -> Self {
        Self {
            backend: backend.to_owned(),
            title: title.to_owned(),
            base_url: address.base_url,
            host: address.host,
            is_https: address.is_https,
            is_this_machine: address.is_this_machine,
            provider,
            overridden,
            bill_to: bill_to.map(str::to_owned),
        }
    }

    /// The backend's id, which models are named with.
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// Its name for people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Where it is, with `/v1` or what else is in front of `/chat/completions`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Whether nothing is answered without a key.
    pub fn needs_key(&self) -> bool {
        self.provider.is_some()
    }

    /// Whether what is sent stays on this machine.
    pub fn is_this_machine(&self) -> bool {
        self.is_this_machine
    }

    /// Whether it says with each answer what that cost.
    pub fn tells_cost(&self) -> bool {
        self.traits().usage_cost
    }

    /// Whether a key could be read on the way.
    pub fn sends_key_in_the_clear(&self) -> bool {
        !self.is_https && !self.is_this_machine
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn chat_url(&self) -> String {
        format!("{}/chat/completions", self.base_url)
    }

    pub(super) fn models_url(&self) -> String {
        format!("{}/models", self.base_url)
    }

    /// What to ask to see whether a key is good; `None` for the list of models.
    pub(super) fn key_test_url(&self) -> Option<String> {
        match self.provider?.key_test {
            KeyTest::Models => None,
            KeyTest::Below(path) => Some(format!("{}/{path}", self.base_url)),
            // Another host would get the key of a mirror.
            KeyTest::At(_) if self.overridden => None,
            KeyTest::At(url) => Some(url.to_owned()),
        }
    }

    /// Whether its address is the provider's own, where a wrong path cannot be the reason for a 404.
    pub(super) fn is_known_address(&self) -> bool {
        !self.overridden
    }

    pub(super) fn lists_without_key(&self) -> bool {
        self.provider.is_none_or(|provider| provider.lists_without_key)
    }

    pub(super) fn not_chat(&self) -> &'static [&'static str] {
        self.provider.map_or(&[], |provider| provider.not_chat)
    }

    pub(super) fn traits(&self) -> &Traits {
        self.provider.map_or(&UNKNOWN_SERVER, |provider| &provider.traits)
    }

    /// The headers of a request that needs a key where the backend does.
    pub(super) fn headers(&self, key: Option<&ApiKey>) -> Result<HeaderMap, LLMError> {
        if key.is_none() && self.needs_key() {
            return Err(self.key_missing());
        }
        self.headers_with(key)
    }

    /// The headers of a request that may do without a key.
    pub(super) fn headers_with(&self, key: Option<&ApiKey>) -> Result<HeaderMap, LLMError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.reveal()))
                .map_err(|_error| invalid("the key cannot be sent"))?;
            // Kept out of `Debug` and of the compression tables of HTTP/2.
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        for extra in self.provider.map_or(&[][..], |provider| provider.headers) {
            match *extra {
                ExtraHeader::Fixed(name, value) => {
                    headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
                }
                ExtraHeader::BillTo(name) => {
                    if let Some(bill_to) = &self.bill_to {
                        let value = HeaderValue::from_str(bill_to)
                            .map_err(|_error| invalid("the organisation's name cannot be sent"))?;
                        headers.insert(HeaderName::from_static(name), value);
                    }
                }
            }
        }
        Ok(headers)
    }

    /// The error for a request that cannot be made without a key.
    pub(super) fn key_missing(&self) -> LLMError {
        let reason = match self.provider {
            Some(provider) => format!(
                "none is kept and `{}` is not set; make one at {}",
                provider.key_variable, provider.key_page
            ),
            None => "the server asks for one".to_owned(),
        };
        LLMError::KeyRefused { backend: self.title.clone(), missing: true, reason }
    }
}

/// An address that was judged.
struct Address {
    base_url: String,
    host: String,
    is_https: bool,
    is_this_machine: bool,
}

impl Address {
    fn read(text: &str) -> Result<Self, LLMError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(invalid("the address is empty"));
        }
        let has_scheme = text.contains("://");
        let whole = if has_scheme { text.to_owned() } else { format!("http://{text}") };
        // The text is not repeated before it is known to hold no password.
        let url = Url::parse(&whole)
            .map_err(|error| invalid(format!("the address cannot be read: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("the address must begin with `https://` or `http://`"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "the address has a name or password in it: the key is kept apart from it",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("the address must end before `?` and `#`"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| invalid("the address names no host"))?.to_owned();
        let is_this_machine = is_loopback(&host);
        if !has_scheme && !is_this_machine {
            return Err(invalid(format!("write `https://` in front of `{host}`")));
        }
        let path = url.path().trim_end_matches('/');
        let path = match path.strip_suffix("/chat/completions") {
            // The whole address was given: what is in front is the base, even if that is nothing.
            Some(front) => front.trim_end_matches('/'),
            None if path.is_empty() => "/v1",
            None => path,
        };
        Ok(Self {
            base_url: format!("{}{path}", url.origin().ascii_serialization()),
            host,
            is_https: url.scheme() == "https",
            is_this_machine,
        })
    }
}

/// Whether a host as it stands in a URL is this machine.
fn is_loopback(host: &str) -> bool {
    if host == "localhost" {
        return true;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether models can be named with this id.
fn check_id(id: &str) -> Result<(), LLMError> {
    if !is_backend_id(id) {
        return Err(invalid(
            "the name of an endpoint is 2 to 32 small letters, digits and hyphens, a letter first",
        ));
    }
    if RESERVED.contains(&id) || provider::provider(id).is_some() {
        return Err(invalid(format!("`{id}` is taken: give the endpoint another name")));
    }
    Ok(())
}

fn is_organisation(name: &str) -> bool {
    name.len() <= 100 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn invalid(reason: impl Into<String>) -> LLMError {
    LLMError::InvalidRequest { reason: reason.into() }
}

#[cfg(test)]
mod tests;

//! What the process has of the backends beside the settings: keys, one client, what they said about
//! their models.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use braincells_core::AppError;
use braincells_llm::LLMError;
use braincells_llm::cloud::{ApiKey, ClientOptions, CloudClient, Endpoint, ListedModel};
use tokio::time::Instant;

use super::Keys;
use super::keys::HeldKey;
use crate::blocking::blocking;

/// How long a list of models is good.
const LISTING_LASTS: Duration = Duration::from_mins(10);

/// How long a backend that did not list its models is not asked again by those who can do without.
const FAILURE_LASTS: Duration = Duration::from_secs(30);

/// How long a run waits for the list that has a model's price. It goes without, if it must.
const LISTING_WAIT: Duration = Duration::from_secs(10);

/// Keys, the client of the process, and the lists of models.
pub struct Cloud {
    keys: Keys,
    base_urls: HashMap<String, String>,
    pub(super) hub_endpoint: Option<String>,
    client: Mutex<Option<CloudClient>>,
    listings: Mutex<HashMap<String, Listing>>,
}

struct Listing {
    base_url: String,
    key_changes: u64,
    at: Instant,
    /// `None` if they were not listed.
    models: Option<Arc<Vec<ListedModel>>>,
}

/// What is known of the models of a backend without asking it.
enum Known {
    Models(Arc<Vec<ListedModel>>),
    /// It did not list them a moment ago.
    Failed,
    Nothing,
}

impl Cloud {
    /// With these keys.
    pub fn new(keys: Keys) -> Self {
        let (client, listings) = (Mutex::default(), Mutex::default());
        Self { keys, base_urls: HashMap::new(), hub_endpoint: None, client, listings }
    }

    /// With another address for a provider: a mirror, or a test's server.
    #[must_use]
    pub fn with_base_url(mut self, backend: &str, url: &str) -> Self {
        self.base_urls.insert(backend.to_owned(), url.to_owned());
        self
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The address that stands in for a provider's own.
    pub(crate) fn base_url(&self, backend: &str) -> Option<&str> {
        self.base_urls.get(backend).map(String::as_str)
    }

    /// The one client, made when it is first needed.
    pub(crate) async fn client(&self) -> Result<CloudClient, AppError> {
        if let Some(client) = &*lock(&self.client) {
            return Ok(client.clone());
        }
        // Reads the system's certificates.
        let made = blocking(|| CloudClient::new(&ClientOptions::default())).await?;
        Ok(lock(&self.client).get_or_insert(made).clone())
    }

    /// The models of a backend, from before if that is not long ago.
    pub(crate) async fn models(
        &self,
        endpoint: &Endpoint,
        key: Option<&ApiKey>,
    ) -> Result<Arc<Vec<ListedModel>>, AppError> {
        if let Known::Models(known) = self.known_models(endpoint) {
            return Ok(known);
        }
        let key_changes = self.keys.changes();
        let listed = self.client().await?.list_models(endpoint, key).await;
        let models = listed.map(Arc::new);
        self.remember(endpoint, key_changes, models.as_ref().ok().map(Arc::clone));
        Ok(models?)
    }

    fn remember(
        &self,
        endpoint: &Endpoint,
        key_changes: u64,
        models: Option<Arc<Vec<ListedModel>>>,
    ) {
        let (base_url, at) = (endpoint.base_url().to_owned(), Instant::now());
        let listing = Listing { base_url, key_changes, at, models };
        lock(&self.listings).insert(endpoint.backend().to_owned(), listing);
    }

    /// Whether the list that is known has a price for this model; `None` if none is known, or not
    /// any more.
    pub(crate) fn has_listed(&self, endpoint: &Endpoint, model: &str) -> Option<bool> {
        let Known::Models(known) = self.known_models(endpoint) else { return None };
        Some(known.iter().any(|listed| listed.id == model && listed.price.is_some()))
    }

    fn known_models(&self, endpoint: &Endpoint) -> Known {
        let listings = lock(&self.listings);
        let is_of_now = |listing: &&Listing| {
            let lasts = if listing.models.is_some() { LISTING_LASTS } else { FAILURE_LASTS };
            listing.base_url == endpoint.base_url()
                && listing.key_changes == self.keys.changes()
                && listing.at.elapsed() < lasts
        };
        match listings.get(endpoint.backend()).filter(is_of_now).map(|listing| &listing.models) {
            Some(Some(models)) => Known::Models(Arc::clone(models)),
            Some(None) => Known::Failed,
            None => Known::Nothing,
        }
    }

    /// What a backend says about one model, as far as it says anything in time. That it does not
    /// list its models, or not for this key, is no reason not to ask it.
    pub(crate) async fn listed_model(
        &self,
        endpoint: &Endpoint,
        key: Option<&ApiKey>,
        model: &str,
    ) -> Option<ListedModel> {
        if let Known::Failed = self.known_models(endpoint) {
            return None;
        }
        let key_changes = self.keys.changes();
        let listing = tokio::time::timeout(LISTING_WAIT, self.models(endpoint, key)).await;
        let models = match listing {
            Ok(Ok(models)) => models,
            Ok(Err(error)) => {
                tracing::debug!(backend = endpoint.backend(), %error, "models are not listed");
                return None;
            }
            Err(_elapsed) => {
                tracing::debug!(backend = endpoint.backend(), "models are not listed in time");
                self.remember(endpoint, key_changes, None);
                return None;
            }
        };
        models.iter().find(|listed| listed.id == model).cloned()
    }

    /// Forgets what a backend said about its models.
    pub(crate) fn forget_models(&self, backend: &str) {
        lock(&self.listings).remove(backend);
    }
}

/// The key of a backend, where it has or needs one.
pub(crate) async fn key_for(
    cloud: &Cloud,
    endpoint: &Endpoint,
) -> Result<Option<ApiKey>, AppError> {
    Ok(held_for(cloud, endpoint).await?.map(|held| held.key))
}

/// The same, with what tells the key from others.
pub(super) async fn held_for(
    cloud: &Cloud,
    endpoint: &Endpoint,
) -> Result<Option<HeldKey>, AppError> {
    match cloud.keys().find(endpoint).await {
        Some((held, _)) => Ok(Some(held)),
        None if endpoint.needs_key() => Err(key_missing(cloud, endpoint).into()),
        None => Ok(None),
    }
}

fn key_missing(cloud: &Cloud, endpoint: &Endpoint) -> LLMError {
    let provider = braincells_llm::cloud::provider(endpoint.backend());
    let variable = provider.map_or_else(String::new, |provider| {
        let (variable, page) = (provider.key_variable, provider.key_page);
        format!(", and `{variable}` is not set; make one at {page}")
    });
    let keyring = cloud
        .keys()
        .problem()
        .map_or_else(String::new, |problem| format!("; the keyring cannot be used: {problem}"));
    let reason = format!("none was entered{variable}{keyring}");
    LLMError::KeyRefused { backend: endpoint.title().to_owned(), missing: true, reason }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cloud").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// What is under these locks is changed in one go or not at all.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

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

/// How long a run waits for the list that has a model's price. It goes without, if it must.
const LISTING_WAIT: Duration = Duration::from_secs(10);

/// Keys, the client of the process, and the lists of models.
pub struct Cloud {
    keys: Keys,
    options: ClientOptions,
    base_urls: HashMap<String, String>,
    pub(super) hub_endpoint: Option<String>,
    client: Mutex<Option<CloudClient>>,
    listings: Mutex<HashMap<String, Listing>>,
}

struct Listing {
    base_url: String,
    key_changes: u64,
    at: Instant,
    models: Arc<Vec<ListedModel>>,
}

impl Cloud {
    /// With these keys.
    pub fn new(keys: Keys) -> Self {
        let (client, listings) = (Mutex::default(), Mutex::default());
        Self {
            keys,
            options: ClientOptions::default(),
            base_urls: HashMap::new(),
            hub_endpoint: None,
            client,
            listings,
        }
    }

    /// With a client of its own making.
    #[must_use]
    pub fn with_client(self, options: ClientOptions) -> Self {
        Self { options, ..self }
    }

    /// With another address for a provider: a mirror, or a test's server.
    #[must_use]
    pub fn with_base_url(mut self, backend: &str, url: &str) -> Self {
        self.base_urls.insert(backend.to_owned(), url.to_owned());
        self
    }

    /// How long a server may be silent, where it was said.
    pub(super) fn stall_timeout(&self) -> Option<Duration> {
        self.options.stall_timeout
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
        let options = self.options.clone();
        let made = blocking(move || CloudClient::new(&options)).await?;
        Ok(lock(&self.client).get_or_insert(made).clone())
    }

    /// The models of a backend, from before if that is not long ago.
    pub(crate) async fn models(
        &self,
        endpoint: &Endpoint,
        key: Option<&ApiKey>,
    ) -> Result<Arc<Vec<ListedModel>>, AppError> {
        if let Some(known) = self.known_models(endpoint) {
            return Ok(known);
        }
        let key_changes = self.keys.changes();
        let listed = self.client().await?.list_models(endpoint, key).await?;
        let models = Arc::new(listed);
        let listing = Listing {
            base_url: endpoint.base_url().to_owned(),
            key_changes,
            at: Instant::now(),
            models: Arc::clone(&models),
        };
        lock(&self.listings).insert(endpoint.backend().to_owned(), listing);
        Ok(models)
    }

    /// Whether the list that is known has a price for this model.
    pub(crate) fn has_listed(&self, endpoint: &Endpoint, model: &str) -> Option<bool> {
        let known = self.known_models(endpoint)?;
        Some(known.iter().any(|listed| listed.id == model && listed.price.is_some()))
    }

    fn known_models(&self, endpoint: &Endpoint) -> Option<Arc<Vec<ListedModel>>> {
        let listings = lock(&self.listings);
        let listing = listings.get(endpoint.backend())?;
        let good = listing.base_url == endpoint.base_url()
            && listing.key_changes == self.keys.changes()
            && listing.at.elapsed() < LISTING_LASTS;
        good.then(|| Arc::clone(&listing.models))
    }

    /// What a backend says about one model, as far as it says anything in time. That it does not
    /// list its models, or not for this key, is no reason not to ask it.
    pub(crate) async fn listed_model(
        &self,
        endpoint: &Endpoint,
        key: Option<&ApiKey>,
        model: &str,
    ) -> Option<ListedModel> {
        let listing = tokio::time::timeout(LISTING_WAIT, self.models(endpoint, key)).await;
        let models = match listing {
            Ok(Ok(models)) => models,
            Ok(Err(error)) => {
                tracing::debug!(backend = endpoint.backend(), %error, "models are not listed");
                return None;
            }
            Err(_elapsed) => {
                tracing::debug!(backend = endpoint.backend(), "models are not listed in time");
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
    match cloud.keys().find(endpoint.backend()).await {
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

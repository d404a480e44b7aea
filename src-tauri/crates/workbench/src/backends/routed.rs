//! Engines by the name of the model: files of this machine from one source, models of backends
//! over the network.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use braincells_core::{
    AppError, BackendLimits, Clock, DEFAULT_PARALLEL_REQUESTS, EngineOptions, EventSink, RunCap,
    Settings,
};
use braincells_data::Catalogue;
use braincells_llm::cloud::{CloudEngine, CloudModel, Endpoint, FlowLimits};
use braincells_llm::{LLMEngine, Price};
use braincells_models::catalogue::Runtime;

use super::cloud::{Cloud, held_for, key_for};
use super::keys::KeyMark;
use super::names::RemoteModel;
use super::{endpoint_of, is_of_unknown_backend, split};
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::settings::kept_settings;
use crate::{EngineSource, Home, ModelStanding, ModelTuner};

/// Engines that are kept for when they are asked for again: what an engine has learned of its
/// backend is worth keeping, the engine itself is small.
const MOST_KEPT: usize = 16;

/// More requests at once than any backend takes of one person.
const MOST_AT_ONCE: u32 = 256;

/// Hands out engines for model files and for models of backends.
pub struct RoutedEngines {
    local: Arc<dyn EngineSource>,
    home: Home,
    clock: Arc<dyn Clock>,
    cloud: Arc<Cloud>,
    kept: Mutex<HashMap<Name, Arc<CloudEngine>>>,
    /// Opened when it is first needed.
    catalogue: Arc<OnceLock<Catalogue>>,
}

/// Everything that an engine was made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Name {
    backend: String,
    model: String,
    base_url: String,
    bill_to: String,
    limits: (u32, Option<u32>, Option<u32>),
    key: Option<KeyMark>,
}

impl RoutedEngines {
    /// Model files come from `local`; the settings of this home say which backends there are.
    pub fn new(
        local: Arc<dyn EngineSource>,
        home: Home,
        clock: Arc<dyn Clock>,
        cloud: Arc<Cloud>,
    ) -> Self {
        Self { local, home, clock, cloud, kept: Mutex::default(), catalogue: Arc::default() }
    }

    async fn settings(&self) -> Result<Settings, AppError> {
        let (path, catalogue) = (self.home.catalogue(), Arc::clone(&self.catalogue));
        blocking(move || read_settings(&path, &catalogue)).await
    }

    /// The model of a backend that a name means, with the settings. An error if it names a backend
    /// that is not there.
    async fn remote(&self, model: &str) -> Result<Option<(RemoteModel, Settings)>, AppError> {
        if !model.contains(':') {
            return Ok(None);
        }
        let settings = self.settings().await?;
        let endpoints = &settings.backends.endpoints;
        if let Some(id) = is_of_unknown_backend(model, endpoints) {
            return Err(super::endpoints::no_such_backend(id, &settings).into());
        }
        let Some(remote) = split(model, endpoints) else { return Ok(None) };
        if remote.model.is_empty() {
            return Err(WorkbenchError::NoModelName { text: model.to_owned() }.into());
        }
        Ok(Some((remote, settings)))
    }

    async fn cloud_engine(
        &self,
        remote: &RemoteModel,
        settings: &Settings,
        options: &EngineOptions,
    ) -> Result<Arc<CloudEngine>, AppError> {
        let endpoint = endpoint_of(&remote.backend, settings, &self.cloud)?;
        let (key, mark) = match held_for(&self.cloud, &endpoint).await? {
            Some(held) => (Some(held.key), Some(held.mark)),
            None => (None, None),
        };
        let limits = flow_limits(&settings.backends.limits_of(&remote.backend), options);
        let name = Name {
            backend: remote.backend.clone(),
            model: remote.model.clone(),
            base_url: endpoint.base_url().to_owned(),
            bill_to: settings.backends.bill_to.clone(),
            limits: (
                limits.parallel_requests,
                limits.requests_per_minute,
                limits.tokens_per_minute,
            ),
            key: mark,
        };
        let known = self.lock().get(&name).cloned();
        // One that was made while its backend did not list it is made anew once it does.
        let is_listed = self.cloud.has_listed(&endpoint, &remote.model).unwrap_or(false);
        if let Some(engine) = &known
            && engine.price().is_none()
            && !is_listed
        {
            return Ok(Arc::clone(engine));
        }
        let listed = self.cloud.listed_model(&endpoint, key.as_ref(), &remote.model).await;
        // Nor does one keep a price for ever that its backend has changed. One that is told nothing
        // now keeps what it knows.
        if let Some(engine) = known
            && engine.price().is_some()
        {
            let now = listed.as_ref().and_then(|listed| listed.price);
            if now.is_none_or(|now| engine.price() == Some(now)) {
                return Ok(engine);
            }
        }
        let model = CloudModel {
            price: listed.as_ref().and_then(|listed| listed.price),
            context_tokens: listed.as_ref().and_then(|listed| listed.context_tokens),
            model: remote.model.clone(),
            endpoint,
            key,
        };
        // Two programs that are told to wait must not come back together.
        let seed =
            self.clock.now_ms().unsigned_abs() ^ u64::from(std::process::id()).rotate_left(32);
        let clock = Arc::clone(&self.clock);
        let client = self.cloud.client().await?;
        let engine = Arc::new(CloudEngine::new(client, model, limits, clock, seed));
        let mut kept = self.lock();
        // Those with an old key or old limits are not asked for any more.
        kept.retain(|other, _| (&other.backend, &other.model) != (&name.backend, &name.model));
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(name, Arc::clone(&engine));
        drop(kept);
        Ok(engine)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Arc<CloudEngine>>> {
        // Nothing under this lock can panic half-way through a change.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the settings of a home. Blocks.
fn read_settings(path: &Path, catalogue: &OnceLock<Catalogue>) -> Result<Settings, AppError> {
    if let Some(catalogue) = catalogue.get() {
        return kept_settings(catalogue);
    }
    // Who opens it at the same time opens it for nothing.
    let opened = Catalogue::open(path)?;
    kept_settings(catalogue.get_or_init(|| opened))
}

fn flow_limits(limits: &BackendLimits, options: &EngineOptions) -> FlowLimits {
    let parallel = options.parallel_requests.or(limits.parallel_requests);
    FlowLimits {
        parallel_requests: parallel.unwrap_or(DEFAULT_PARALLEL_REQUESTS).clamp(1, MOST_AT_ONCE),
        requests_per_minute: limits.requests_per_minute,
        tokens_per_minute: limits.tokens_per_minute,
    }
}

/// What the engine of a model file is to know. What only backends read is left out, so that it is
/// no reason to load the model again.
fn local_options(options: &EngineOptions) -> EngineOptions {
    EngineOptions { parallel_requests: None, cap: RunCap::default(), ..options.clone() }
}

#[async_trait]
impl EngineSource for RoutedEngines {
    async fn check(&self, model: &str) -> Result<(), AppError> {
        match self.remote(model).await? {
            None => self.local.check(model).await,
            Some((remote, settings)) => {
                let endpoint = endpoint_of(&remote.backend, &settings, &self.cloud)?;
                key_for(&self.cloud, &endpoint).await.map(drop)
            }
        }
    }

    fn runs(&self, runtime: Runtime) -> bool {
        self.local.runs(runtime)
    }

    fn build(&self) -> Option<String> {
        self.local.build()
    }

    async fn engine(
        &self,
        model: &str,
        options: &EngineOptions,
        events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        match self.remote(model).await? {
            None => self.local.engine(model, &local_options(options), events).await,
            Some((remote, settings)) => {
                let engine = self.cloud_engine(&remote, &settings, options).await?;
                Ok(engine)
            }
        }
    }

    async fn loaded(&self, model: &str) -> Option<Arc<dyn LLMEngine>> {
        match self.remote(model).await.ok()? {
            None => self.local.loaded(model).await,
            Some((remote, settings)) => {
                let endpoint = endpoint_of(&remote.backend, &settings, &self.cloud).ok()?;
                let held = held_for(&self.cloud, &endpoint).await.ok()?;
                let mark = held.map(|held| held.mark);
                let kept = self.lock();
                let mut names = kept.iter();
                let found = names.find(|(name, _)| {
                    (&name.backend, &name.model) == (&remote.backend, &remote.model)
                        && name.base_url == endpoint.base_url()
                        && name.key == mark
                });
                found.map(|(_, engine)| Arc::clone(engine) as _)
            }
        }
    }

    async fn price(&self, model: &str) -> Option<Price> {
        let (remote, settings) = self.remote(model).await.ok()??;
        let endpoint: Endpoint = endpoint_of(&remote.backend, &settings, &self.cloud).ok()?;
        let key = self.cloud.keys().find(&endpoint).await.map(|(held, _)| held.key);
        self.cloud.listed_model(&endpoint, key.as_ref(), &remote.model).await?.price
    }

    async fn tells_cost(&self, model: &str) -> bool {
        let Ok(Some((remote, settings))) = self.remote(model).await else { return false };
        endpoint_of(&remote.backend, &settings, &self.cloud)
            .is_ok_and(|endpoint| endpoint.tells_cost())
    }

    async fn unload(&self) {
        self.lock().clear();
        self.local.unload().await;
    }

    async fn unload_when_idle(&self, after: Duration) -> bool {
        self.local.unload_when_idle(after).await
    }

    fn standing(&self) -> Vec<ModelStanding> {
        self.local.standing()
    }

    fn forget_failure(&self, path: &Path) {
        self.local.forget_failure(path);
    }

    fn tuner(&self) -> Arc<dyn ModelTuner> {
        self.local.tuner()
    }

    fn lane(&self, model: &str) -> String {
        let settings = || read_settings(&self.home.catalogue(), &self.catalogue);
        let endpoints = if model.contains(':') {
            match settings() {
                Ok(settings) => settings.backends.endpoints,
                Err(error) => {
                    tracing::warn!(%error, "the settings cannot be read to tell backends apart");
                    Vec::new()
                }
            }
        } else {
            Vec::new()
        };
        match split(model, &endpoints) {
            // Runs of one backend share its limits, whatever model they ask.
            Some(remote) => format!("backend {}", remote.backend),
            None => self.local.lane(model),
        }
    }
}

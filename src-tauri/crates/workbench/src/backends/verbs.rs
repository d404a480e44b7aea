use braincells_core::{AppError, EndpointSettings, Settings};
use braincells_llm::cloud::{ConnectionReport, ENDPOINT_PRESETS, Endpoint, PROVIDERS, provider};
use secrecy::SecretString;

use super::cloud::key_for;
use super::{
    BackendInfo, BackendModel, Backends, Cloud, KeySource, Preset, endpoint_of, key_variable,
    models,
};
use crate::Workbench;
use crate::error::WorkbenchError;

impl Workbench {
    /// All backends, with where their keys come from. Asks none of them anything.
    pub async fn backends(&self) -> Result<Backends, AppError> {
        let settings = self.settings().await?;
        let own = settings.backends.endpoints.iter().map(|endpoint| endpoint.id.as_str());
        let ids: Vec<&str> = PROVIDERS.iter().map(|provider| provider.id).chain(own).collect();
        let mut list = Vec::with_capacity(ids.len());
        for id in ids {
            match endpoint_of(id, &settings, self.cloud()) {
                Ok(endpoint) => {
                    let key = self.cloud().keys().find(&endpoint).await.map(|(_, source)| source);
                    list.push(info(&endpoint, key, &settings));
                }
                // One that only a newer version understands.
                Err(error) => tracing::warn!(id, %error, "a backend is not listed"),
            }
        }
        let preset = |preset: &braincells_llm::cloud::EndpointPreset| Preset {
            id: preset.id.to_owned(),
            title: preset.title.to_owned(),
            base_url: preset.base_url.to_owned(),
        };
        let presets = ENDPOINT_PRESETS.iter().map(preset).collect();
        Ok(Backends { list, presets, keyring_problem: self.cloud().keys().problem() })
    }

    /// Keeps the key of a backend: in the keyring if `keep` and if there is one that works, else for
    /// this session; says which. [`Backends::keyring_problem`] has the reason.
    pub async fn set_key(
        &self,
        backend: &str,
        key: String,
        keep: bool,
    ) -> Result<KeySource, AppError> {
        let key = SecretString::from(key);
        let endpoint = self.endpoint(backend).await?;
        let source = self.cloud().keys().set(&endpoint, key, keep).await?;
        self.cloud().forget_models(endpoint.backend());
        Ok(source)
    }

    /// Removes the key of a backend from this session and from the keyring. One of the environment
    /// stays, which is an error that says so.
    pub async fn remove_key(&self, backend: &str) -> Result<(), AppError> {
        let endpoint = self.endpoint(backend).await?;
        let removed = self.cloud().keys().remove(&endpoint).await?;
        self.cloud().forget_models(endpoint.backend());
        let backend = endpoint.title().to_owned();
        if removed.of_environment {
            let variable = key_variable(endpoint.backend());
            return Err(WorkbenchError::KeyOfEnvironment { backend, variable }.into());
        }
        if !removed.any {
            return Err(WorkbenchError::NoKey { backend }.into());
        }
        Ok(())
    }

    /// Asks a backend something that costs nothing, to see that it is there and takes the key.
    pub async fn test_backend(&self, backend: &str) -> Result<ConnectionReport, AppError> {
        let endpoint = self.endpoint(backend).await?;
        self.check_settings_allow(&endpoint).await?;
        let key = key_for(self.cloud(), &endpoint).await?;
        Ok(self.cloud().client().await?.test_connection(&endpoint, key.as_ref()).await?)
    }

    /// The models of a backend whose ids hold every word of `search`: those that were typed by hand,
    /// then those that it lists, at most 200. A list is good for ten minutes.
    pub async fn backend_models(
        &self,
        backend: &str,
        search: &str,
    ) -> Result<Vec<BackendModel>, AppError> {
        let settings = self.settings().await?;
        let endpoint = endpoint_of(backend, &settings, self.cloud())?;
        self.check_settings_allow(&endpoint).await?;
        let mut own = settings.backends.endpoints.iter();
        let own = own.find(|one| one.id == endpoint.backend());
        let by_hand = own.map(|one| one.models.clone()).unwrap_or_default();
        // Some lists are for everybody: a missing key is for the backend to mind.
        let key = self.cloud().keys().find(&endpoint).await.map(|(held, _)| held.key);
        match self.cloud().models(&endpoint, key.as_ref()).await {
            Ok(listed) => Ok(models::found(&by_hand, &listed, search)),
            // Not every server lists its models; those that were typed by hand are for that.
            Err(error) if !by_hand.is_empty() => {
                tracing::debug!(backend, %error, "models are not listed");
                Ok(models::found(&by_hand, &[], search))
            }
            Err(error) => Err(error),
        }
    }

    /// Adds an endpoint, or changes the one with its id. Its key is for the server that it was
    /// entered for: where scheme, host or port change, it has none until one is entered. One of the
    /// environment stays, because whoever set it names the endpoint by its id.
    pub async fn put_endpoint(&self, endpoint: EndpointSettings) -> Result<Backends, AppError> {
        let id = endpoint.id.clone();
        self.change_settings(move |settings| {
            let endpoints = &mut settings.backends.endpoints;
            match endpoints.iter_mut().find(|one| one.id == endpoint.id) {
                Some(known) => *known = endpoint,
                None => endpoints.push(endpoint),
            }
            Ok(())
        })
        .await?;
        self.cloud().forget_models(&id);
        self.backends().await
    }

    /// Removes an endpoint with its limits and its key.
    pub async fn remove_endpoint(&self, id: &str) -> Result<Backends, AppError> {
        let (own, endpoint) = (id.to_owned(), self.endpoint(id).await);
        self.change_settings(move |settings| {
            let known = settings.clone();
            let (id, backends) = (own.as_str(), &mut settings.backends);
            let before = backends.endpoints.len();
            backends.endpoints.retain(|one| one.id != id);
            if backends.endpoints.len() == before {
                return Err(super::endpoints::no_such_backend(id, &known).into());
            }
            backends.limits.retain(|one| one.backend != id);
            Ok(())
        })
        .await?;
        self.cloud().forget_models(id);
        // The endpoint is gone; that its key could not be removed is for the log. One whose address
        // cannot be read has none.
        if let Ok(endpoint) = endpoint
            && let Err(error) = self.cloud().keys().remove(&endpoint).await
        {
            tracing::warn!(id, %error, "the key of an endpoint could not be removed");
        }
        self.backends().await
    }

    async fn endpoint(&self, backend: &str) -> Result<Endpoint, AppError> {
        endpoint_of(backend, &self.settings().await?, self.cloud())
    }

    pub(crate) fn cloud(&self) -> &Cloud {
        &self.world().cloud
    }
}

fn info(endpoint: &Endpoint, key: Option<KeySource>, settings: &Settings) -> BackendInfo {
    let id = endpoint.backend();
    let own = settings.backends.endpoints.iter().find(|one| one.id == id);
    let row = provider(id);
    BackendInfo {
        id: id.to_owned(),
        title: endpoint.title().to_owned(),
        is_custom: own.is_some(),
        base_url: endpoint.base_url().to_owned(),
        key,
        needs_key: endpoint.needs_key(),
        key_variable: key_variable(id),
        key_page: row.map(|row| row.key_page.to_owned()),
        key_in_the_clear: endpoint.sends_key_in_the_clear(),
        is_this_machine: endpoint.is_this_machine(),
        models: own.map(|one| one.models.clone()).unwrap_or_default(),
        limits: settings.backends.limits_of(id),
    }
}

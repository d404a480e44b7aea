//! The hub that models come from, with the client and the keys that backends have.

use std::time::Duration;

use braincells_core::AppError;
use braincells_llm::cloud::{Endpoint, provider};
use braincells_models::hub::{Http, Hub, HubOptions};
use secrecy::SecretString;

use super::Cloud;
use crate::Workbench;
use crate::error::WorkbenchError;

/// Whose key the hub takes: that of its own provider of inference.
const HUB_KEY: &str = "huggingface";

/// How long the hub may be silent.
const STALL_TIMEOUT: Duration = Duration::from_mins(1);

impl Cloud {
    /// With another hub: a mirror, or a test's server.
    #[must_use]
    pub fn with_hub_endpoint(mut self, url: &str) -> Self {
        self.hub_endpoint = Some(url.to_owned());
        self
    }

    /// The hub. Asks it nothing. Whether it may be asked is not looked at: [`Workbench::hub`] does.
    pub(crate) async fn hub(&self) -> Result<Hub, AppError> {
        let client = self.client().await?;
        let (far, beside) = client.clients();
        let http = Http { far: far.clone(), beside: beside.clone() };
        let endpoint = self.hub_endpoint.as_deref().unwrap_or(Hub::ENDPOINT).to_owned();
        Ok(Hub::new(http, HubOptions { endpoint, stall_timeout: STALL_TIMEOUT })?)
    }

    /// The token for the hub, if there is one. Most models need none.
    pub(crate) async fn hub_token(&self) -> Option<SecretString> {
        let provider = Endpoint::of_provider(provider(HUB_KEY)?, None, None).ok()?;
        self.keys().find(&provider).await.map(|(held, _)| held.key.secret())
    }

    /// Whether what is asked of the hub stays on this machine.
    pub(crate) async fn hub_is_here(&self) -> bool {
        // One whose address cannot be read is asked nothing.
        self.hub().await.is_ok_and(|hub| hub.is_this_machine())
    }
}

impl Workbench {
    /// The hub, if the settings let it be asked.
    pub(crate) async fn hub(&self) -> Result<Hub, AppError> {
        let hub = self.cloud().hub().await?;
        if self.settings().await?.local_only && !hub.is_this_machine() {
            let model = hub.endpoint().to_owned();
            return Err(WorkbenchError::LocalOnly { model, what: "nothing at all" }.into());
        }
        Ok(hub)
    }
}

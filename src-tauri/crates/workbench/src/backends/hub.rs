//! The hub that models come from, with the client and the keys that backends have.

use std::time::Duration;

use braincells_core::AppError;
use braincells_llm::cloud::{Endpoint, provider};
use braincells_models::hub::{Http, Hub, HubOptions};
use secrecy::SecretString;

use super::{Cloud, KeySource};
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

    /// The token for the hub, if there is one. Most models need none. One that was entered for
    /// Hugging Face goes to no mirror: that gets what the environment says beside its address.
    pub(crate) async fn hub_token(&self) -> Option<SecretString> {
        let provider = Endpoint::of_provider(provider(HUB_KEY)?, None, None).ok()?;
        let (held, source) = self.keys().find(&provider).await?;
        let hub = self.hub().await.ok()?;
        let is_its_own = hub.endpoint() == Hub::ENDPOINT || hub.is_this_machine();
        (is_its_own || source == KeySource::Environment).then(|| held.key.secret())
    }

    /// Whether what is asked of the hub stays on this machine.
    pub(crate) async fn hub_is_here(&self) -> bool {
        // One whose address cannot be read is asked nothing.
        self.hub().await.is_ok_and(|hub| hub.is_this_machine())
    }
}

impl Workbench {
    /// The address of the hub, which may be a mirror; a page of it is below.
    pub async fn hub_endpoint(&self) -> String {
        match self.cloud().hub().await {
            Ok(hub) => hub.endpoint().to_owned(),
            // Why it cannot be asked is said by what asks it.
            Err(_unusable) => Hub::ENDPOINT.to_owned(),
        }
    }

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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::Keys;

    #[tokio::test]
    async fn a_key_that_was_entered_for_the_hub_goes_to_no_mirror() {
        let endpoint = Endpoint::of_provider(provider(HUB_KEY).unwrap(), None, None).unwrap();
        let at = |keys: Keys, address: Option<&str>| {
            let cloud = Cloud::new(keys);
            match address {
                Some(address) => cloud.with_hub_endpoint(address),
                None => cloud,
            }
        };
        for keep in [true, false] {
            for (address, goes) in [
                (None, true),
                (Some("https://huggingface.co/"), true),
                (Some("http://127.0.0.1:1"), true),
                (Some("https://mirror.test"), false),
                (Some("not an address"), false),
            ] {
                let keys = Keys::in_memory();
                keys.set(&endpoint, "hf_entered".to_owned().into(), keep).await.unwrap();
                let token = at(keys, address).hub_token().await;
                assert_eq!(token.is_some(), goes, "{address:?}");
            }
        }
        let environment = HashMap::from([(HUB_KEY.to_owned(), "hf_beside".to_owned())]);
        let keys = Keys::in_memory().with_environment(environment);
        assert!(at(keys, Some("https://mirror.test")).hub_token().await.is_some());
    }
}

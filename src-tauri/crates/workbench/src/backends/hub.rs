//! The hub that models come from, with the client and the keys that backends have.

use std::time::Duration;

use braincells_core::AppError;
use braincells_llm::cloud::{Endpoint, provider};
use braincells_models::ModelsError;
use braincells_models::hub::{Http, Hub, HubOptions};
use secrecy::SecretString;

use super::{Cloud, KeySource};
use crate::Workbench;
use crate::error::WorkbenchError;

/// Whose key the hub takes: that of its own provider of inference.
const HUB_KEY: &str = "huggingface";

/// How long the hub may be silent.
const STALL_TIMEOUT: Duration = Duration::from_mins(1);

/// What is known of a mirror where a key is there and stays here.
const HELD_BACK: &str = "a key that was entered for Hugging Face is not sent to a mirror; \
                         HF_TOKEN beside HF_ENDPOINT is";

/// The token for the hub.
#[derive(Debug, Default)]
pub(crate) struct HubToken {
    sent: Option<SecretString>,
    /// Whether there is one that is not for this hub.
    is_held_back: bool,
}

impl HubToken {
    /// What goes along with requests.
    pub(crate) fn sent(&self) -> Option<&SecretString> {
        self.sent.as_ref()
    }

    /// What to try after an error of the hub. Who has entered a key is not told to enter one.
    pub(crate) fn explained(&self, error: ModelsError) -> AppError {
        let hint = match &error {
            error if !self.is_held_back || !error.asks_for_token() => None,
            ModelsError::Gated { page, .. } => {
                Some(format!("agree to them at {page}; {HELD_BACK}"))
            }
            _ => Some(HELD_BACK.to_owned()),
        };
        let error = AppError::from(error);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

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

    /// The token for the hub. Most models need none. One that was entered for Hugging Face goes to
    /// no mirror: that gets what the environment says beside its address.
    pub(crate) async fn hub_token(&self) -> HubToken {
        self.found_hub_token().await.unwrap_or_default()
    }

    async fn found_hub_token(&self) -> Option<HubToken> {
        let provider = Endpoint::of_provider(provider(HUB_KEY)?, None, None).ok()?;
        let (held, source) = self.keys().find(&provider).await?;
        let hub = self.hub().await.ok()?;
        let is_its_own = hub.endpoint() == Hub::ENDPOINT || hub.is_this_machine();
        Some(if is_its_own || source == KeySource::Environment {
            HubToken { sent: Some(held.key.secret()), is_held_back: false }
        } else {
            HubToken { sent: None, is_held_back: true }
        })
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
                (Some("https://HuggingFace.co/"), true),
                (Some("https://www.huggingface.co"), true),
                (Some("http://127.0.0.1:1"), true),
                (Some("http://huggingface.co"), false),
                (Some("https://huggingface.co.mirror.test"), false),
                (Some("https://mirror.test"), false),
                (Some("not an address"), false),
            ] {
                let keys = Keys::in_memory();
                keys.set(&endpoint, "hf_entered".to_owned().into(), keep).await.unwrap();
                let token = at(keys, address).hub_token().await;
                assert_eq!(token.sent().is_some(), goes, "{address:?}");
            }
        }
        let environment = HashMap::from([(HUB_KEY.to_owned(), "hf_beside".to_owned())]);
        let keys = Keys::in_memory().with_environment(environment);
        assert!(at(keys, Some("https://mirror.test")).hub_token().await.sent().is_some());
    }

    #[test]
    fn who_entered_a_key_is_told_why_a_mirror_does_not_get_it() {
        let (host, reason) = ("mirror.test".to_owned(), "no".to_owned());
        let page = "https://mirror.test/o/m".to_owned();
        let busy = ModelsError::HubBusy { host: host.clone(), wait: None };
        let refused = ModelsError::HubRefused { host, had_token: false, reason };
        let gated = ModelsError::Gated {
            repository: "o/m".to_owned(),
            page: page.clone(),
            needs_login: true,
        };
        let hint = |error: &ModelsError, is_held_back| {
            HubToken { sent: None, is_held_back }.explained(error.clone()).hint.unwrap()
        };
        assert_eq!(hint(&refused, true), HELD_BACK);
        assert_eq!(hint(&gated, true), format!("agree to them at {page}; {HELD_BACK}"));
        for (error, is_held_back) in [(&refused, false), (&gated, false), (&busy, true)] {
            assert_eq!(Some(hint(error, is_held_back)), AppError::from(error.clone()).hint);
        }
    }
}

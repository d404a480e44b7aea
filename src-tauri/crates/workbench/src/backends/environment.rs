//! Keys of backends in the environment that a program was started with, and where the hub is.
//!
//! The command line and the window read the environment, each in its one place, and hand the
//! variables on. Keys are never shown, and no child process gets them.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use braincells_llm::cloud::PROVIDERS;
use secrecy::SecretString;

use super::{Cloud, Keys};

/// What the names of the variables for other backends begin with.
const KEY_PREFIX: &str = "BRAINCELLS_KEY_";

/// For tests and for systems whose keyring only gets in the way: nothing asks it.
const NO_KEYRING: &str = "BRAINCELLS_NO_KEYRING";

/// Where the hub is, for whoever has a mirror of it; its own tools read it too.
const HUB_ENDPOINT: &str = "HF_ENDPOINT";

/// What of the environment is about keys and the hub.
#[derive(Clone, Default)]
pub struct KeyEnvironment {
    /// Keys, by the ids of their backends.
    keys: HashMap<String, SecretString>,
    /// Whether the platform's keyring is left alone.
    no_keyring: bool,
    /// Where the hub is instead of where it usually is.
    hub_endpoint: Option<String>,
}

impl KeyEnvironment {
    /// Reads the variables that are about keys and the hub. An empty one is one that is not set.
    pub fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut found = Self::default();
        for (name, value) in variables {
            // A name or a key that is no Unicode is not one of ours.
            let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else { continue };
            if value.trim().is_empty() {
                continue;
            }
            if name == NO_KEYRING {
                found.no_keyring = true;
            } else if name == HUB_ENDPOINT {
                found.hub_endpoint = Some(value.trim().to_owned());
            } else if let Some(backend) = backend_of(&name) {
                found.keys.insert(backend, value.into());
            }
        }
        found
    }

    /// The keys of the program: those of the environment, and the platform's keyring.
    pub fn keys(self) -> Keys {
        if self.no_keyring {
            return Keys::session_only("`BRAINCELLS_NO_KEYRING` is set").with_secrets(self.keys);
        }
        Keys::of_platform(HashMap::new()).with_secrets(self.keys)
    }

    /// What the program has of backends and of the hub: [`KeyEnvironment::keys`], and the hub where
    /// the environment says it is.
    pub fn cloud(mut self) -> Cloud {
        let hub_endpoint = self.hub_endpoint.take();
        let cloud = Cloud::new(self.keys());
        match hub_endpoint {
            Some(url) => cloud.with_hub_endpoint(&url),
            None => cloud,
        }
    }

    /// Whether a variable is one that keys are read from. A program that starts others it does not
    /// know takes them out of its environment once it has read them.
    pub fn is_key_variable(name: &OsStr) -> bool {
        let Some(name) = name.to_str() else { return false };
        // One whose name fits no backend was meant as a key all the same.
        name.starts_with(KEY_PREFIX)
            || PROVIDERS.iter().any(|provider| provider.key_variable == name)
    }
}

impl fmt::Debug for KeyEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut backends: Vec<&String> = self.keys.keys().collect();
        backends.sort();
        f.debug_struct("KeyEnvironment")
            .field("backends", &backends)
            .field("no_keyring", &self.no_keyring)
            // Where somebody wrote a password into it, it is not shown.
            .field("has_hub_endpoint", &self.hub_endpoint.is_some())
            .finish()
    }
}

/// The variable that a backend's key is read from.
pub fn key_variable(backend: &str) -> String {
    let provider = PROVIDERS.iter().find(|provider| provider.id == backend);
    provider.map_or_else(
        || format!("{KEY_PREFIX}{}", backend.to_ascii_uppercase().replace('-', "_")),
        |provider| provider.key_variable.to_owned(),
    )
}

/// The backend whose key a variable holds.
fn backend_of(variable: &str) -> Option<String> {
    let is_own = |id: &str| PROVIDERS.iter().any(|provider| provider.id == id);
    let known = PROVIDERS.iter().find(|provider| provider.key_variable == variable);
    if let Some(provider) = known {
        return Some(provider.id.to_owned());
    }
    let id = variable.strip_prefix(KEY_PREFIX)?;
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if id.is_empty() || !id.bytes().all(fits) {
        return None;
    }
    let id = id.to_ascii_lowercase().replace('_', "-");
    // The providers have one variable each, the one that their own tools read.
    (!is_own(&id)).then_some(id)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> KeyEnvironment {
        KeyEnvironment::of(variables.iter().map(|(name, key)| (name.into(), key.into())))
    }

    #[test]
    fn keys_are_found_by_the_names_of_their_variables() {
        let found = environment(&[
            ("HF_TOKEN", "one"),
            ("OPENAI_API_KEY", "  "),
            ("BRAINCELLS_KEY_MY_SERVER2", "two"),
            ("BRAINCELLS_KEY_OPENAI", "not this one"),
            ("BRAINCELLS_KEY_small", "nor this"),
            ("BRAINCELLS_KEY_", "nor this"),
            ("ANTHROPIC_API_KEY", "nor this"),
        ]);
        let shown =
            |(id, key): (&String, &SecretString)| (id.clone(), key.expose_secret().to_owned());
        let mut keys: Vec<(String, String)> = found.keys.iter().map(shown).collect();
        keys.sort();
        let expected = [("huggingface", "one"), ("my-server2", "two")];
        assert_eq!(keys, expected.map(|(id, key)| (id.to_owned(), key.to_owned())));
        assert!(!found.no_keyring);
        assert_eq!(key_variable("huggingface"), "HF_TOKEN");
        assert_eq!(key_variable("my-server2"), "BRAINCELLS_KEY_MY_SERVER2");
        assert!(environment(&[("BRAINCELLS_NO_KEYRING", "1")]).no_keyring);
        let mirror = environment(&[("HF_ENDPOINT", " https://mirror.example ")]);
        assert_eq!(mirror.hub_endpoint.as_deref(), Some("https://mirror.example"));
        assert_eq!(environment(&[("HF_ENDPOINT", " ")]).hub_endpoint, None);
    }

    #[test]
    fn variables_that_hold_keys_are_known_by_their_names() {
        for name in [
            "HF_TOKEN",
            "OPENAI_API_KEY",
            "OPENROUTER_API_KEY",
            "BRAINCELLS_KEY_LAB",
            "BRAINCELLS_KEY_OPENAI",
            "BRAINCELLS_KEY_small",
        ] {
            assert!(KeyEnvironment::is_key_variable(name.as_ref()), "{name}");
        }
        for name in ["PATH", "HF_HOME", "BRAINCELLS_HOME", "BRAINCELLS_NO_KEYRING", "HF_TOKENS", ""]
        {
            assert!(!KeyEnvironment::is_key_variable(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn what_is_shown_of_it_holds_no_key() {
        let shown = format!("{:?}", environment(&[("HF_TOKEN", "hf_canary")]));
        assert!(shown.contains("huggingface") && !shown.contains("canary"), "{shown}");
    }
}

//! A key for a backend. It is shown to nobody: it has no `Serialize`, its `Debug` says nothing, and
//! its memory is overwritten when it goes.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::LLMError;

/// Longer than any provider's key; tokens of gateways are the longest.
const MAX_LEN: usize = 8192;

/// A key for a backend.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// The key in this text. White space around it is left out; what can be no key is refused.
    pub fn new(text: &str) -> Result<Self, LLMError> {
        let text = text.trim();
        let refused = |reason: &str| {
            // Never with the text itself, not even its length.
            Err(LLMError::InvalidRequest { reason: format!("the key {reason}") })
        };
        if text.is_empty() {
            return refused("is empty");
        }
        if text.len() > MAX_LEN {
            return refused("is too long");
        }
        if text.chars().any(char::is_control) {
            return refused("has control characters in it: was more than the key copied?");
        }
        if text.chars().any(char::is_whitespace) {
            return refused("has spaces in it: was more than the key copied?");
        }
        if !text.is_ascii() {
            return refused("has characters in it that no key has");
        }
        Ok(Self(SecretString::from(text)))
    }

    /// A copy for who sends it elsewhere than to a backend: the hub takes the key of its provider.
    pub fn secret(&self) -> SecretString {
        self.0.clone()
    }

    /// The key itself, for the header that it is sent in and to find it in what a server echoes.
    pub(crate) fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_trimmed_and_never_shown() {
        let key = ApiKey::new("  sk-canary\n").unwrap();
        assert_eq!(key.reveal(), "sk-canary");
        assert_eq!(format!("{key:?} {:#?}", Some(key.clone())).matches("canary").count(), 0);
    }

    #[test]
    fn what_can_be_no_key_is_refused_without_being_repeated() {
        let long = "x".repeat(MAX_LEN + 1);
        let cases = [
            "",
            " \n",
            "Bearer canary",
            "can\u{7}ary",
            "canary\ncanary",
            "canarü",
            "canary\u{a0}x",
            &long,
        ];
        for text in cases {
            let error = ApiKey::new(text).unwrap_err().to_string();
            assert!(!error.contains("canar") && error.len() < 120, "{error}");
        }
    }
}

//! The keys of backends: in memory for this session, from the environment, in the keyring.
//!
//! A key that was entered for a server which a person added is for that server: what it is kept
//! under names scheme, host and port, so that one that moves has none. Whoever sets a variable of
//! the environment names the backend by its id.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use braincells_core::AppError;
use braincells_llm::LLMError;
use braincells_llm::cloud::{ApiKey, Endpoint, provider};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::KeySource;
use super::keyring::{Keyring, MemoryKeyring, NoKeyring, PlatformKeyring, Trouble, ask};
use crate::error::WorkbenchError;

/// How long a keyring that does not answer is left alone by those who only read.
const LEFT_ALONE: Duration = Duration::from_mins(1);

/// The keys of backends. What was entered in this session counts first, then the environment, then
/// the keyring. No key is ever written anywhere but into the keyring.
pub struct Keys {
    environment: HashMap<String, HeldKey>,
    keyring: Arc<dyn Keyring>,
    state: Mutex<State>,
    /// Counts the changes that were made here, so that a list for an old key is not used again.
    changes: AtomicU64,
}

/// A key with what tells it from others.
#[derive(Clone, Debug)]
pub(crate) struct HeldKey {
    pub(crate) key: ApiKey,
    pub(crate) mark: KeyMark,
}

impl HeldKey {
    fn new(text: &str) -> Result<Self, LLMError> {
        let key = ApiKey::new(text)?;
        Ok(Self { key, mark: KeyMark(Sha256::digest(text.trim()).into()) })
    }
}

/// Tells keys apart without being one: another process may have changed a key that is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyMark([u8; 32]);

impl fmt::Debug for KeyMark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyMark(hidden)")
    }
}

#[derive(Default)]
struct State {
    session: HashMap<String, (HeldKey, KeySource)>,
    /// Why the keyring does not work.
    problem: Option<String>,
    left_alone_until: Option<Instant>,
}

impl Keys {
    /// The platform's keyring.
    pub fn of_platform() -> Self {
        Self::with(Arc::new(PlatformKeyring))
    }

    /// A keyring in memory that works: for tests.
    pub fn in_memory() -> Self {
        Self::with(Arc::new(MemoryKeyring::default()))
    }

    /// Those of another process over the same keyring: for tests.
    #[must_use]
    pub fn of_another_process(&self) -> Self {
        Self::with(Arc::clone(&self.keyring))
    }

    /// No keyring, for this reason: keys last as long as the program.
    pub fn session_only(reason: &str) -> Self {
        Self::with(Arc::new(NoKeyring(reason.to_owned())))
    }

    /// With keys of the environment, by the ids of their backends.
    #[must_use]
    pub fn with_environment(self, environment: HashMap<String, String>) -> Self {
        let secret = |(backend, text): (String, String)| (backend, SecretString::from(text));
        self.with_secrets(environment.into_iter().map(secret).collect())
    }

    /// The same for who keeps them out of sight already.
    #[must_use]
    pub(super) fn with_secrets(mut self, environment: HashMap<String, SecretString>) -> Self {
        for (backend, secret) in environment {
            let text = secret.expose_secret();
            match HeldKey::new(text) {
                Ok(key) => {
                    self.environment.insert(backend, key);
                }
                // An empty variable is as good as none.
                Err(_) if text.trim().is_empty() => {}
                Err(error) => {
                    tracing::warn!(backend, %error, "a key of the environment is not used");
                }
            }
        }
        self
    }

    fn with(keyring: Arc<dyn Keyring>) -> Self {
        let (environment, state) = (HashMap::new(), Mutex::default());
        Self { environment, keyring, state, changes: AtomicU64::new(0) }
    }

    /// The key of a backend, and where it comes from.
    pub(crate) async fn find(&self, endpoint: &Endpoint) -> Option<(HeldKey, KeySource)> {
        let entered = self.lock().session.get(&account(endpoint)).cloned();
        match entered {
            // Another process may have put another key into the keyring since, or removed it; what
            // was entered counts while the keyring says nothing.
            Some((key, KeySource::Keyring)) => {
                return match self.kept(endpoint).await {
                    Some(Some(kept)) => Self::of_keyring(endpoint, &kept),
                    Some(None) => self.find_unentered(endpoint).await,
                    None => Some((key, KeySource::Keyring)),
                };
            }
            Some(entered) => return Some(entered),
            None => {}
        }
        self.find_unentered(endpoint).await
    }

    async fn find_unentered(&self, endpoint: &Endpoint) -> Option<(HeldKey, KeySource)> {
        if let Some(key) = self.environment.get(endpoint.backend()) {
            return Some((key.clone(), KeySource::Environment));
        }
        let kept = self.kept(endpoint).await??;
        Self::of_keyring(endpoint, &kept)
    }

    fn of_keyring(endpoint: &Endpoint, kept: &SecretString) -> Option<(HeldKey, KeySource)> {
        match HeldKey::new(kept.expose_secret()) {
            Ok(key) => Some((key, KeySource::Keyring)),
            Err(error) => {
                let backend = endpoint.backend();
                tracing::warn!(backend, %error, "what the keyring has is not used");
                None
            }
        }
    }

    /// What the keyring has; `None` if it says nothing.
    async fn kept(&self, endpoint: &Endpoint) -> Option<Option<SecretString>> {
        if self.lock().left_alone_until.is_some_and(|until| until > Instant::now()) {
            return None;
        }
        let account = account(endpoint);
        let found = ask(&self.keyring, move |keyring| keyring.get(&account)).await;
        self.note(found).ok()
    }

    /// Keeps a key: in the keyring if `keep` and if it works, else for this session.
    pub(crate) async fn set(
        &self,
        endpoint: &Endpoint,
        text: SecretString,
        keep: bool,
    ) -> Result<KeySource, AppError> {
        let key = HeldKey::new(text.expose_secret())?;
        let mut source = KeySource::Session;
        if keep {
            let account = account(endpoint);
            let trimmed = SecretString::from(text.expose_secret().trim());
            // Asked each time: the keyring may have been unlocked since.
            let stored = ask(&self.keyring, move |keyring| keyring.set(&account, &trimmed)).await;
            if self.note(stored).is_ok() {
                source = KeySource::Keyring;
            }
        }
        // Also where it is in the keyring: who enters a key now means it, whatever the environment
        // has.
        self.lock().session.insert(account(endpoint), (key, source));
        self.changed();
        Ok(source)
    }

    /// Removes a key from this session and from the keyring.
    pub(crate) async fn remove(&self, endpoint: &Endpoint) -> Result<Removed, AppError> {
        let (kept, entered) = (account(endpoint), account(endpoint));
        let removed = ask(&self.keyring, move |keyring| keyring.remove(&kept)).await;
        let removed = self.note(removed);
        let in_session = self.lock().session.remove(&entered);
        self.changed();
        let of_environment = self.environment.contains_key(endpoint.backend());
        match (removed, in_session) {
            (Err(reason), Some((_, KeySource::Keyring)) | None) if !self.keyring_is_absent() => {
                Err(WorkbenchError::KeyringFailed { reason }.into())
            }
            (removed, in_session) => Ok(Removed {
                any: in_session.is_some() || removed.unwrap_or(false),
                of_environment,
            }),
        }
    }

    /// Why keys last for this session only.
    pub(crate) fn problem(&self) -> Option<String> {
        self.lock().problem.clone()
    }

    /// Counts the changes of keys.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// One that was said to be missing has no key to remove.
    fn keyring_is_absent(&self) -> bool {
        !self.keyring.may_wait()
    }

    /// Remembers whether the keyring works.
    fn note<T>(&self, answer: Result<T, Trouble>) -> Result<T, String> {
        let mut state = self.lock();
        match answer {
            Ok(answer) => {
                (state.problem, state.left_alone_until) = (None, None);
                Ok(answer)
            }
            Err(trouble) => {
                let waits = matches!(trouble, Trouble::NoAnswer);
                state.left_alone_until = waits.then(|| Instant::now() + LEFT_ALONE);
                let reason = trouble.reason();
                state.problem = Some(reason.clone());
                Err(reason)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the key of a backend is kept under, in the keyring and in this session.
fn account(endpoint: &Endpoint) -> String {
    let id = endpoint.backend();
    match provider(id) {
        Some(_) => id.to_owned(),
        None => format!("{id} {}", origin(endpoint.base_url())),
    }
}

/// Scheme, host and port of an address in its usual form.
fn origin(base_url: &str) -> &str {
    let host = base_url.find("://").map_or(0, |at| at + 3);
    let end = base_url[host..].find('/').map_or(base_url.len(), |at| host + at);
    &base_url[..end]
}

/// What was removed.
pub(crate) struct Removed {
    pub(crate) any: bool,
    /// Whether the environment has one too, which stays.
    pub(crate) of_environment: bool,
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys(hidden)")
    }
}

#[cfg(test)]
mod tests;

//! The platform's place for keys: Keychain, Credential Manager, Secret Service.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyring::Entry;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

/// What our keys are found by; the account says of which backend, see [`super::keys`].
const SERVICE: &str = "braincells";

/// A keyring may ask a person to unlock it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A place that keeps keys by their accounts. An error is the reason, for people.
pub(super) trait Keyring: Send + Sync {
    fn get(&self, account: &str) -> Result<Option<SecretString>, String>;
    fn set(&self, account: &str, key: &SecretString) -> Result<(), String>;
    /// `false` if there was none.
    fn remove(&self, account: &str) -> Result<bool, String>;
    /// Whether it may wait for a person or for another process.
    fn may_wait(&self) -> bool;
}

/// The platform's.
pub(super) struct PlatformKeyring;

impl PlatformKeyring {
    fn entry(account: &str) -> Result<Entry, String> {
        // The reason is told once, by the first entry; later ones only say that there is no store.
        if let Err(error) = Entry::store_status() {
            return Err(reason(error));
        }
        Entry::new(SERVICE, account).map_err(|error| reason(&error))
    }
}

impl Keyring for PlatformKeyring {
    fn get(&self, account: &str) -> Result<Option<SecretString>, String> {
        match Self::entry(account)?.get_password() {
            Ok(key) => Ok(Some(key.into())),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(reason(&error)),
        }
    }

    fn set(&self, account: &str, key: &SecretString) -> Result<(), String> {
        let stored = Self::entry(account)?.set_password(key.expose_secret());
        stored.map_err(|error| reason(&error))
    }

    fn remove(&self, account: &str) -> Result<bool, String> {
        match Self::entry(account)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(keyring::Error::NoEntry) => Ok(false),
            Err(error) => Err(reason(&error)),
        }
    }

    fn may_wait(&self) -> bool {
        true
    }
}

/// Why the keyring does not work. Two kinds of error hold what was found, which may be a key: they
/// are told without it.
fn reason(error: &keyring::Error) -> String {
    match error {
        keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) => {
            "what is kept there is no key".to_owned()
        }
        keyring::Error::NoDefaultStore => "there is none on this system".to_owned(),
        error => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.chars().take(200).collect()
        }
    }
}

/// One in memory, for tests.
#[derive(Default)]
pub(super) struct MemoryKeyring(Mutex<HashMap<String, SecretString>>);

impl MemoryKeyring {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, SecretString>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Keyring for MemoryKeyring {
    fn get(&self, account: &str) -> Result<Option<SecretString>, String> {
        Ok(self.with(|keys| keys.get(account).cloned()))
    }

    fn set(&self, account: &str, key: &SecretString) -> Result<(), String> {
        self.with(|keys| keys.insert(account.to_owned(), key.clone()));
        Ok(())
    }

    fn remove(&self, account: &str) -> Result<bool, String> {
        Ok(self.with(|keys| keys.remove(account)).is_some())
    }

    fn may_wait(&self) -> bool {
        false
    }
}

/// None at all, for a reason.
pub(super) struct NoKeyring(pub(super) String);

impl Keyring for NoKeyring {
    fn get(&self, _account: &str) -> Result<Option<SecretString>, String> {
        Err(self.0.clone())
    }

    fn set(&self, _account: &str, _key: &SecretString) -> Result<(), String> {
        Err(self.0.clone())
    }

    fn remove(&self, _account: &str) -> Result<bool, String> {
        Err(self.0.clone())
    }

    fn may_wait(&self) -> bool {
        false
    }
}

/// Why something could not be had from the keyring.
pub(super) enum Trouble {
    Failed(String),
    /// It still thinks about it.
    NoAnswer,
}

impl Trouble {
    pub(super) fn reason(self) -> String {
        match self {
            Self::Failed(reason) => reason,
            Self::NoAnswer => {
                format!("it did not answer within {} seconds", PATIENCE.as_secs())
            }
        }
    }
}

/// Asks a keyring that may wait on a thread of its own: one that never answers holds up nobody,
/// neither the async threads nor the end of the program.
pub(super) async fn ask<T: Send + 'static>(
    keyring: &std::sync::Arc<dyn Keyring>,
    question: impl FnOnce(&dyn Keyring) -> Result<T, String> + Send + 'static,
) -> Result<T, Trouble> {
    if !keyring.may_wait() {
        return question(keyring.as_ref()).map_err(Trouble::Failed);
    }
    let (sender, answer) = oneshot::channel();
    let asked = std::sync::Arc::clone(keyring);
    let thread = std::thread::Builder::new().name("keyring".to_owned());
    let begun = thread.spawn(move || {
        // Nobody waits any more if this fails.
        drop(sender.send(question(asked.as_ref())));
    });
    if let Err(error) = begun {
        return Err(Trouble::Failed(format!("no thread can be started to ask it: {error}")));
    }
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => answer.map_err(Trouble::Failed),
        Ok(Err(_gone)) => Err(Trouble::Failed("it could not be asked".to_owned())),
        Err(_elapsed) => Err(Trouble::NoAnswer),
    }
}

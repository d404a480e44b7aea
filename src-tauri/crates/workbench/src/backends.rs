//! Backends: who answers that is not a model file on this machine.
//!
//! The command line and the window list them, keep their keys, test them and choose models of them.
//! [`RoutedEngines`] makes engines of them; [`Cloud`] is what the process has of them beside the
//! settings: keys, one client, and what they said about their models.
//!
//! What this module promises: a key is kept in the keyring or in memory and nowhere else; nothing
//! is asked of a backend while the settings or the sheet forbid it. Left out: how a backend is
//! spoken to (`braincells_llm::cloud`).

mod cloud;
mod endpoints;
mod environment;
mod hub;
mod keyring;
mod keys;
mod models;
mod names;
mod routed;
mod verbs;

use braincells_core::BackendLimits;
use braincells_llm::Price;
use serde::{Deserialize, Serialize};

pub use cloud::Cloud;
pub use environment::{KeyEnvironment, key_variable};
pub use keys::Keys;
pub use routed::RoutedEngines;

pub(crate) use endpoints::{checked_backends, endpoint_of, leaves_machine};
pub(crate) use hub::HubToken;
pub(crate) use names::{is_of_unknown_backend, split};

/// Where the key of a backend comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum KeySource {
    /// A variable of the environment.
    Environment,
    /// The platform's keyring.
    Keyring,
    /// Memory: it is gone when the program ends.
    Session,
}

/// A backend as it is listed. Holds no key.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, shown as such")]
pub struct BackendInfo {
    /// Its id, which models are named with: `id:model`.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Whether a person added it.
    pub is_custom: bool,
    /// Where it is.
    pub base_url: String,
    /// Where its key comes from; `None` without one.
    pub key: Option<KeySource>,
    /// Whether it answers nothing without a key.
    pub needs_key: bool,
    /// The variable of the environment that its key is read from.
    pub key_variable: String,
    /// The page where a person makes a key.
    pub key_page: Option<String>,
    /// Whether a key could be read on the way.
    pub key_in_the_clear: bool,
    /// Whether what is sent to it stays on this machine.
    pub is_this_machine: bool,
    /// Models that were typed by hand.
    pub models: Vec<String>,
    /// How hard it may be asked.
    pub limits: BackendLimits,
}

/// All backends, and what is to be known about them together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Backends {
    /// The providers, then the endpoints that a person added.
    pub list: Vec<BackendInfo>,
    /// Servers that are offered when an endpoint is added.
    pub presets: Vec<Preset>,
    /// Why keys last for this session only; `None` while the keyring works.
    pub keyring_problem: Option<String>,
}

/// A server that many people have on their own machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Preset {
    /// The id that is proposed.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Where it listens unless told otherwise.
    pub base_url: String,
}

/// A model of a backend.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct BackendModel {
    /// As the backend names it.
    pub id: String,
    /// The most tokens of prompt and answer together, where the backend says.
    pub context_tokens: Option<u32>,
    /// What it takes, where the backend says.
    pub price: Option<Price>,
}

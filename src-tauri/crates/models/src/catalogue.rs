//! The models that the program recommends without asking anybody: built in, so that a machine
//! without a network shows them too.
//!
//! The list is a JSON file beside this module. It can be replaced by a newer one of the same
//! version ([`Catalogue::read`]), which is held to the same rules: what is in it becomes
//! addresses and file names. Figures come from the repositories' own lists of files; a sum is
//! left out where it was not seen twice, since the hub tells it before a download. Counts of
//! parameters are rounded.
//!
//! Left out: what is installed, what the hub has besides, and whether a model fits ([`crate::fit`]).

mod check;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::ModelsError;
use crate::fit::Candidate;

/// The version of the list's form that this program reads.
pub const VERSION: u32 = 1;
const BUILT_IN: &str = include_str!("catalogue/models.json");

/// What runs a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Runtime {
    /// llama.cpp, from one GGUF file.
    Gguf,
    /// MLX, on Apple Silicon, from all files of a repository.
    Mlx,
}

/// How much of a machine a model asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum SizeClass {
    /// Under five billion parameters: any laptop.
    Small,
    /// Under twenty billion: 16 GB of memory, or a GPU.
    Medium,
    /// More: a GPU with 24 GB, or 32 GB of memory and patience.
    Large,
}

/// What a model stands out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum ModelRole {
    /// It makes the first run work in seconds. There is one.
    Starter,
    /// A new user is shown it first.
    Recommended,
    /// Its runtime takes it if nothing is chosen. There is one for each runtime at most.
    Default,
}

/// One quantisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Variant {
    /// Its label, such as `Q4_K_M`.
    pub label: String,
    /// Its file in the repository; `None` if it is all of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The size of the download.
    pub bytes: u64,
    /// Whether `bytes` is rounded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
    /// The sum of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The commit of the repository that the size is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

/// A model that is recommended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Model {
    /// Its name on the command line.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The family that it is of.
    pub family: String,
    /// What runs it.
    pub runtime: Runtime,
    /// Where it is on the hub, `owner/name`.
    pub repository: String,
    /// Its licence, as the hub abbreviates it.
    pub licence: String,
    /// How many parameters it has, rounded.
    pub parameters: u64,
    /// How many of them work on one token, where that is not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_parameters: Option<u64>,
    /// How many tokens it takes.
    pub context_length: u64,
    /// What it is good for, in a line.
    pub good_for: String,
    /// What it is in the list for, if for more than being good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<ModelRole>,
    /// Whether it may reason at length before it answers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub thinks: bool,
    /// Its quantisations, smallest first.
    pub variants: Vec<Variant>,
}

impl Model {
    /// How much of a machine it asks for.
    pub fn size_class(&self) -> SizeClass {
        match self.parameters {
            0..5_000_000_000 => SizeClass::Small,
            5_000_000_000..20_000_000_000 => SizeClass::Medium,
            _ => SizeClass::Large,
        }
    }

    /// Its quantisations, for [`crate::fit::suggest`].
    pub fn candidates(&self) -> Vec<Candidate> {
        let candidate = |variant: &Variant| {
            let all = Candidate::dense(&variant.label, variant.bytes);
            let Some(active) = self.active_parameters else { return all };
            let of_all = u128::from(variant.bytes) * u128::from(active);
            let active_bytes = of_all / u128::from(self.parameters.max(1));
            Candidate { active_bytes: u64::try_from(active_bytes).unwrap_or(u64::MAX), ..all }
        };
        self.variants.iter().map(candidate).collect()
    }
}

/// The list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Catalogue {
    /// The version of its form.
    pub version: u32,
    /// The day of its figures, as `2026-11-22`.
    pub updated: String,
    /// The models.
    pub models: Vec<Model>,
}

impl Catalogue {
    /// The list that the program was built with.
    pub fn built_in() -> &'static Self {
        static LIST: OnceLock<Catalogue> = OnceLock::new();
        LIST.get_or_init(|| Self::read(BUILT_IN).expect("a test reads the built-in list"))
    }

    /// Reads a list and checks every entry.
    pub fn read(json: &str) -> Result<Self, ModelsError> {
        let bad = |reason: String| ModelsError::BadCatalogue { reason };
        // A list of another version may have any form, so its version is read first.
        let value: serde_json::Value =
            serde_json::from_str(json).map_err(|error| bad(error.to_string()))?;
        let version = value.get("version").and_then(serde_json::Value::as_u64);
        if version != Some(u64::from(VERSION)) {
            let found = version.map_or("none".to_owned(), |version| version.to_string());
            return Err(bad(format!("its version is {found} and {VERSION} is due")));
        }
        let list: Self = serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
        check::list(&list).map_err(bad)?;
        Ok(list)
    }

    /// The model with this name.
    pub fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    /// The model that makes the first run work in seconds.
    pub fn starter(&self) -> Option<&Model> {
        self.models.iter().find(|model| model.role == Some(ModelRole::Starter))
    }

    /// The models that this runs.
    pub fn of(&self, runtime: Runtime) -> impl Iterator<Item = &Model> {
        self.models.iter().filter(move |model| model.runtime == runtime)
    }
}

#[cfg(test)]
mod tests;

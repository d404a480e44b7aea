use serde::{Deserialize, Serialize};

/// A model that is wanted on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct DownloadRequest {
    /// Where it is on the hub, `owner/name`, `owner/name:Q4_K_M` or the address of a page; or the
    /// name of a model of the catalogue.
    pub reference: String,
    /// The quantisation. Without one, that of the reference; without that, the one that suits this
    /// machine.
    pub label: Option<String>,
    /// Fetches a model of an architecture that llama.cpp does not know here, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anyway: bool,
}

impl DownloadRequest {
    /// What a reference says, and no more.
    pub fn new(reference: impl Into<String>) -> Self {
        Self { reference: reference.into(), ..Self::default() }
    }
}

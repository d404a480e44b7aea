//! Looking for models on the hub.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::raw;
use super::refusal::Asked;
use super::request::Hub;
use super::soft::{List, Object};
use crate::ModelsError;
use crate::catalogue::Runtime;

/// The most models of one answer.
const MOST: u32 = 100;
/// What the hub is asked to say of each.
const EXPAND: [&str; 7] =
    ["downloads", "likes", "lastModified", "gated", "tags", "gguf", "safetensors"];

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Search {
    /// Words of the name or of the owner; all models where it is empty.
    pub text: String,
    /// What shall run it.
    pub runtime: Runtime,
    /// Which come first.
    pub sort: SearchSort,
    /// How many, 100 at most.
    pub limit: u32,
}

/// Which models come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum SearchSort {
    /// Those that were fetched most in the last month.
    #[default]
    Downloads,
    /// Those that many people look at now.
    Trending,
    /// Those that most people like.
    Likes,
    /// Those that changed last.
    Updated,
}

impl SearchSort {
    fn as_str(self) -> &'static str {
        match self {
            Self::Downloads => "downloads",
            Self::Trending => "trendingScore",
            Self::Likes => "likes",
            Self::Updated => "lastModified",
        }
    }
}

/// Who may fetch the files of a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Gate {
    /// Everybody.
    #[default]
    Open,
    /// Who agreed to its terms.
    Automatic,
    /// Who agreed to its terms and was let in by its owner.
    Manual,
}

/// A model as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct HubModel {
    /// Its repository, `owner/name`.
    pub id: String,
    /// What runs it.
    pub runtime: Runtime,
    /// How often it was fetched in the last month.
    pub downloads: u64,
    /// How many people like it.
    pub likes: u64,
    /// When it changed last, Unix milliseconds.
    pub updated_at_ms: Option<i64>,
    /// Who may fetch it.
    pub gate: Gate,
    /// Its licence, as the hub abbreviates it.
    pub licence: Option<String>,
    /// How many parameters it has.
    pub parameters: Option<u64>,
    /// Its architecture, as its files name it.
    pub architecture: Option<String>,
    /// How many tokens it takes.
    pub context_length: Option<u64>,
}

impl Hub {
    /// Models whose name or owner has these words. Entries that name no repository are left out.
    pub async fn search(
        &self,
        query: &Search,
        token: Option<&SecretString>,
    ) -> Result<Vec<HubModel>, ModelsError> {
        let mut url = self.address.below(["api", "models"]);
        let text = query.text.trim();
        let filter = match query.runtime {
            Runtime::Gguf => "gguf",
            Runtime::Mlx => "mlx",
        };
        let limit = query.limit.clamp(1, MOST);
        {
            let mut pairs = url.query_pairs_mut();
            if !text.is_empty() {
                pairs.append_pair("search", text);
            }
            pairs.append_pair("filter", filter);
            pairs.append_pair("sort", query.sort.as_str());
            pairs.append_pair("direction", "-1");
            pairs.append_pair("limit", &limit.to_string());
            pairs.extend_pairs(EXPAND.map(|field| ("expand[]", field)));
        }
        let page = self.get_json::<List<Object<raw::Model>>>(url, &Asked::default(), token).await?;
        if !page.content.is_list {
            return Err(self.not_said("a list of models"));
        }
        let models = page.content.items.iter().filter_map(|model| {
            let model = model.0.as_ref()?;
            let id = model.repository()?.to_owned();
            let facts = model.facts();
            Some(HubModel {
                id,
                runtime: query.runtime,
                downloads: facts.downloads,
                likes: facts.likes,
                updated_at_ms: facts.updated_at_ms,
                gate: facts.gate,
                licence: facts.licence,
                parameters: facts.parameters,
                architecture: facts.architecture,
                context_length: facts.context_length,
            })
        });
        Ok(models.take(limit as usize).collect())
    }
}

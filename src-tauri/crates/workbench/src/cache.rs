//! The response cache as a person sees it: how large it is, and how it is emptied.

use braincells_core::{AppError, Code, Value};
use braincells_data::{Catalogue, DEFAULT_RESPONSE_BYTES, ResponseCacheInfo};
use braincells_llm::llama::clear_prefixes;

use crate::Workbench;
use crate::blocking::blocking;

/// The name of the setting that limits the cache.
const LIMIT_SETTING: &str = "response_cache_bytes";

impl Workbench {
    /// What is kept of the answers that engines gave, by model.
    pub async fn cache_info(&self) -> Result<ResponseCacheInfo, AppError> {
        let answers = self.answers();
        blocking(move || answers.cache().info()).await
    }

    /// Forgets answers: those of `model`, spelled as in the recipe, if one is named; those that no
    /// run has used for `unused_for_ms` if that is given; else all, and the beginnings of prompts
    /// that llama.cpp keeps. Returns how many answers. No cell changes.
    pub async fn clear_cache(
        &self,
        model: Option<&str>,
        unused_for_ms: Option<i64>,
    ) -> Result<u64, AppError> {
        let (answers, model) = (self.answers(), model.map(str::to_owned));
        let since_ms = unused_for_ms.map(|age_ms| self.now_ms().saturating_sub(age_ms));
        let prefixes = (model.is_none() && since_ms.is_none()).then(|| self.home().prefixes());
        blocking(move || {
            let forgotten = answers.cache().clear(model.as_deref(), since_ms)?;
            if let Some(folder) = prefixes {
                clear_prefixes(&folder).map_err(|error| {
                    let message = format!(
                        "kept beginnings of prompts cannot be removed from `{}`: {error}",
                        folder.display()
                    );
                    AppError::new(Code::Storage, message)
                        .with_hint("check the permissions of the folder")
                })?;
            }
            Ok::<_, AppError>(forgotten)
        })
        .await
    }

    /// Sets how many bytes of answers are kept, for good; 0 keeps none. Answers that were not
    /// used for the longest time go first.
    pub async fn set_cache_limit(&self, limit_bytes: u64) -> Result<(), AppError> {
        let (answers, catalogue) = (self.answers(), self.catalogue());
        blocking(move || {
            catalogue.set_setting(LIMIT_SETTING, &Value::from(limit_bytes))?;
            answers.cache().set_limit(limit_bytes)
        })
        .await
    }
}

/// The limit that was set, else the usual one: a setting that cannot be read must not keep the
/// home shut.
pub(crate) fn limit_bytes(catalogue: &Catalogue) -> u64 {
    match catalogue.setting(LIMIT_SETTING) {
        Ok(setting) => setting.and_then(|s| s.as_u64()).unwrap_or(DEFAULT_RESPONSE_BYTES),
        Err(error) => {
            tracing::warn!(%error, "the limit of the response cache could not be read");
            DEFAULT_RESPONSE_BYTES
        }
    }
}

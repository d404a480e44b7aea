//! What a person chose for all sheets of this home, and where it counts.
//!
//! What a call says goes before the settings, and the settings go before what an engine finds for
//! the machine, option by option. A model that a recipe names is taken; where it names none, that
//! of the settings; where they name none, the starter model or the only one there is.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use braincells_core::{AppError, EngineOptions, Settings, Value};
use braincells_data::Catalogue;
use serde_json::Map;

use crate::Workbench;
use crate::backends::{checked_backends, split};
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::models::{list_models, resolve_model};

/// Where the catalogue keeps them.
const SETTINGS: &str = "settings";

/// Held from the reading of the settings to their writing, so that of two changes at once neither
/// undoes the other. It is of this process; another that changes them in the same moment may still
/// win, and the settings are then as one of the two wrote them.
static CHANGING: Mutex<()> = Mutex::new(());

impl Workbench {
    /// The settings. One that cannot be read, such as a word of a newer version, has its default.
    pub async fn settings(&self) -> Result<Settings, AppError> {
        let catalogue = self.catalogue();
        blocking(move || Ok::<_, AppError>(read(&stored(&catalogue)?))).await
    }

    /// Replaces the settings, for good, and returns them as they are now. Numbers must be within
    /// reason, and a model that is chosen now must be there, or belong to a backend that is. What a
    /// newer version keeps among them stays. Runs that are alive keep the engine they have.
    pub async fn set_settings(&self, settings: Settings) -> Result<Settings, AppError> {
        self.change_settings(move |kept| {
            *kept = settings;
            Ok(())
        })
        .await
    }

    /// Changes some of the settings and leaves the others as they are at that moment, whoever else
    /// changes them; otherwise as [`Self::set_settings`]. Nothing changes where `change` fails.
    pub async fn change_settings(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<(), AppError> + Send + 'static,
    ) -> Result<Settings, AppError> {
        let (catalogue, home) = (self.catalogue(), self.home().clone());
        let settings = blocking(move || {
            // Nothing is half changed where this panicked: the settings are one write.
            let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = stored(&catalogue)?;
            let before = read(&kept);
            let mut settings = before.clone();
            change(&mut settings)?;
            // What was kept before and cannot be read any more must not keep the others from
            // changing, the lock least of all.
            if settings.backends != before.backends {
                settings.backends = checked_backends(settings.backends)?;
            }
            let settings = checked(settings)?;
            // Nor one that was chosen before and is gone since.
            if !settings.model.is_empty() && settings.model != before.model {
                match split(&settings.model, &settings.backends.endpoints) {
                    // Whether the backend has it shows when it is asked.
                    Some(remote) if !remote.model.is_empty() => {}
                    Some(_) => {
                        let text = settings.model.clone();
                        return Err(WorkbenchError::NoModelName { text }.into());
                    }
                    None => {
                        resolve_model(&settings.model, &list_models(&home, &catalogue)?)?;
                    }
                }
            }
            let mut all = Value::Object(kept);
            let new = serde_json::to_value(&settings).expect("settings have only text keys");
            lay_over(&mut all, new);
            catalogue.set_setting(SETTINGS, &all)?;
            Ok::<_, AppError>(settings)
        })
        .await?;
        if settings.local_only {
            // What was begun before this was written is told; what begins after it reads it.
            self.pause_those_that_ask_others(None);
        }
        Ok(settings)
    }

    /// How an engine is set up for a call that says this much.
    pub(crate) async fn engine_options(
        &self,
        said: &EngineOptions,
    ) -> Result<EngineOptions, AppError> {
        Ok(said.or(&self.settings().await?.engine))
    }

    /// The model that a recipe with this model means; empty for the usual default.
    pub(crate) async fn model_meant(&self, model: &str) -> Result<String, AppError> {
        Ok(if model.is_empty() { self.settings().await?.model } else { model.to_owned() })
    }

    /// Whether the model that a recipe means is there.
    pub(crate) async fn check_model(&self, model: &str) -> Result<(), AppError> {
        let model = self.model_meant(model).await?;
        self.engines().check(&model).await
    }
}

/// The settings of a home, for who has only its catalogue. Blocks.
pub(crate) fn kept_settings(catalogue: &Catalogue) -> Result<Settings, AppError> {
    Ok(read(&stored(catalogue)?))
}

/// The settings as they are kept, with what a newer version put among them.
fn stored(catalogue: &Catalogue) -> Result<Map<String, Value>, AppError> {
    match catalogue.setting(SETTINGS)? {
        Some(Value::Object(kept)) => Ok(kept),
        _ => Ok(Map::new()),
    }
}

/// Takes each setting that can be read.
fn read(kept: &Map<String, Value>) -> Settings {
    let mut settings = Settings::default();
    for (key, value) in kept {
        let mut all = serde_json::to_value(&settings).expect("settings have only text keys");
        lay_over(&mut all, Value::Object(Map::from_iter([(key.clone(), value.clone())])));
        match serde_json::from_value(all) {
            Ok(read) => settings = read,
            Err(error) => tracing::warn!(key, %error, "a setting could not be read"),
        }
    }
    settings
}

/// Puts values over others by their keys; what has no value over it stays.
fn lay_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                lay_over(below.entry(key).or_insert_with(Value::default), value);
            }
        }
        (below, above) => *below = above,
    }
}

fn checked(settings: Settings) -> Result<Settings, WorkbenchError> {
    let engine = &settings.engine;
    let numbers: [(&'static str, Option<u32>, RangeInclusive<u32>); 7] = [
        ("rows at once", engine.parallel_rows, 1..=256),
        ("tokens of one row", engine.context_tokens, 64..=4_194_304),
        ("layers on the GPU", engine.gpu_layers, 0..=10_000),
        ("threads", engine.threads, 1..=512),
        ("requests at once", engine.parallel_requests, 1..=256),
        ("minutes until a model is unloaded", settings.unload_after_minutes, 1..=10_080),
        ("seconds until a notification", settings.notify_after_seconds, 0..=86_400),
    ];
    for (setting, number, range) in numbers {
        if let Some(number) = number.filter(|number| !range.contains(number)) {
            let (least, most) = range.into_inner();
            return Err(WorkbenchError::SettingOutOfRange { setting, number, least, most });
        }
    }
    let is_tag = |text: &str| {
        let is_part = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        text.len() <= 35 && text.split('-').all(is_part)
    };
    if !is_tag(&settings.language) {
        return Err(WorkbenchError::NoLanguage { text: settings.language });
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use braincells_core::Theme;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_read_has_its_default_and_spoils_nothing_else() {
        let kept = json!({
            "theme": "sepia", "language": 7, "local_only": true, "unload_after_minutes": null,
            "engine": {"threads": 3, "speculative": true}, "plugins": [1],
        });
        let Value::Object(kept) = kept else { unreachable!() };
        let settings = read(&kept);
        let expected = Settings {
            local_only: true,
            unload_after_minutes: None,
            engine: EngineOptions { threads: Some(3), ..EngineOptions::default() },
            ..Settings::default()
        };
        assert_eq!(settings, expected);
        let mut all = Value::Object(kept);
        let changed = Settings { theme: Theme::Dark, ..settings };
        lay_over(&mut all, serde_json::to_value(changed).unwrap());
        assert_eq!((&all["theme"], &all["language"]), (&json!("dark"), &json!("en")));
        assert_eq!((&all["engine"]["speculative"], &all["plugins"]), (&json!(true), &json!([1])));
    }

    #[test]
    fn settings_are_within_reason() {
        let engine = |engine| Settings { engine, ..Settings::default() };
        let options = EngineOptions::default();
        let language = |text: &str| Settings { language: text.into(), ..Settings::default() };
        for bad in [
            engine(EngineOptions { threads: Some(0), ..options.clone() }),
            engine(EngineOptions { parallel_rows: Some(257), ..options.clone() }),
            engine(EngineOptions { context_tokens: Some(63), ..options.clone() }),
            Settings { unload_after_minutes: Some(0), ..Settings::default() },
            language(""),
            language("en_GB"),
            language("x-muchtoolong"),
        ] {
            assert!(checked(bad.clone()).is_err(), "{bad:?}");
        }
        for good in [
            Settings::default(),
            engine(EngineOptions { gpu_layers: Some(0), ..options }),
            Settings { notify_after_seconds: Some(0), ..Settings::default() },
            language("zh-Hant-TW"),
        ] {
            assert_eq!(checked(good.clone()).unwrap(), good);
        }
    }
}

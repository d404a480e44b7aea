//! How many rows at once and how many threads are fastest for a model on this machine, as it was
//! measured while the model was tuned; kept among the settings.
//!
//! A measurement counts for one model file, one build of the engine, and the options that it was
//! made with; the engine itself looks whether it was made on the same device. It may be lost at
//! any time.

use std::collections::BTreeMap;

use braincells_core::{EngineOptions, Value};
use braincells_data::{Catalogue, DataError};
use braincells_llm::llama::Tuning;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where the catalogue keeps them.
const SETTING: &str = "engine_setups";
/// The most that are kept; the oldest go first.
const MOST_KEPT: usize = 64;
/// How long one counts: drivers, cooling and other programs change slowly.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// What a measurement depends on, besides the device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured<'a> {
    /// The SHA-256 of the model file.
    pub(crate) model_sha256: &'a str,
    /// The engine's build.
    pub(crate) build: &'a str,
    /// What was asked for.
    pub(crate) options: &'a EngineOptions,
}

impl Measured<'_> {
    /// Names all of it; `None` where one row at a time is computed. Not in it: the context, on
    /// which no speed depends, and how many rows somebody wants at once, which the engine puts
    /// above what was measured.
    fn key(&self) -> Option<String> {
        let EngineOptions { gpu_layers, threads, exact, .. } = self.options;
        if *exact {
            return None;
        }
        let content = serde_json::to_vec(&(self.model_sha256, self.build, (gpu_layers, threads)))
            .expect("it has only text keys");
        let hash = Sha256::digest(content);
        let start = hash[..16].try_into().expect("a SHA-256 has 32 bytes");
        Some(format!("{:032x}", u128::from_be_bytes(start)))
    }

    /// The measurement that is kept, if it is not too old.
    pub(crate) fn known(
        &self,
        catalogue: &Catalogue,
        now_ms: i64,
    ) -> Result<Option<Tuning>, DataError> {
        let Some(key) = self.key() else { return Ok(None) };
        Ok(kept(catalogue, now_ms)?.remove(&key).map(|kept| kept.setup))
    }

    /// Keeps a measurement. Of two programs that do so in the same moment one may be forgotten.
    pub(crate) fn remember(
        &self,
        catalogue: &Catalogue,
        setup: Tuning,
        now_ms: i64,
    ) -> Result<(), DataError> {
        let Some(key) = self.key() else { return Ok(()) };
        let mut kept = kept(catalogue, now_ms)?;
        kept.insert(key.clone(), Kept { setup, measured_at_ms: now_ms });
        while kept.len() > MOST_KEPT {
            let others = kept.iter().filter(|(other, _)| **other != key);
            let oldest = others.min_by_key(|(_, kept)| kept.measured_at_ms);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            kept.remove(&oldest);
        }
        let all = serde_json::to_value(kept).expect("it has only text keys");
        catalogue.set_setting(SETTING, &all)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    setup: Tuning,
    measured_at_ms: i64,
}

impl Kept {
    fn counts(&self, now_ms: i64) -> bool {
        // One from the future was made while the clock was wrong.
        (0..KEPT_MS).contains(&now_ms.saturating_sub(self.measured_at_ms))
    }
}

/// All that count. One that cannot be read, such as that of a newer version, is none.
fn kept(catalogue: &Catalogue, now_ms: i64) -> Result<BTreeMap<String, Kept>, DataError> {
    let Some(Value::Object(all)) = catalogue.setting(SETTING)? else {
        return Ok(BTreeMap::new());
    };
    let read = |(key, value)| Some((key, serde_json::from_value::<Kept>(value).ok()?));
    Ok(all.into_iter().filter_map(read).filter(|(_, kept)| kept.counts(now_ms)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn setup(parallel_rows: u32) -> Tuning {
        let device = "a processor, 4 cores".to_owned();
        Tuning { device, parallel_rows, threads: 4, row_us: 900, default_row_us: 1000 }
    }

    fn catalogue() -> (tempfile::TempDir, Catalogue) {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::open(&folder.path().join("catalogue.sqlite")).unwrap();
        (folder, catalogue)
    }

    #[test]
    fn a_measurement_counts_for_what_it_was_made_with_until_it_is_old() {
        let (_folder, catalogue) = catalogue();
        let options = EngineOptions::default();
        let measured = Measured { model_sha256: "a", build: "1", options: &options };
        assert_eq!(measured.known(&catalogue, NOW_MS).unwrap(), None);
        measured.remember(&catalogue, setup(24), NOW_MS).unwrap();
        let known = |measured: Measured<'_>, now_ms| measured.known(&catalogue, now_ms).unwrap();
        assert_eq!(known(measured, NOW_MS), Some(setup(24)));
        let asked =
            EngineOptions { parallel_rows: Some(8), context_tokens: Some(1024), ..options.clone() };
        let also = known(Measured { options: &asked, ..measured }, NOW_MS);
        assert_eq!(also, Some(setup(24)), "the threads still count");
        let four = EngineOptions { threads: Some(4), ..options.clone() };
        for other in [
            Measured { model_sha256: "b", ..measured },
            Measured { build: "2", ..measured },
            Measured { options: &four, ..measured },
        ] {
            assert_eq!(known(other, NOW_MS), None, "{other:?}");
        }
        assert!(known(measured, NOW_MS + KEPT_MS - 1).is_some());
        assert_eq!(known(measured, NOW_MS + KEPT_MS), None);
        assert_eq!(known(measured, NOW_MS - 1), None);
    }

    #[test]
    fn one_row_at_a_time_has_no_setup() {
        let (_folder, catalogue) = catalogue();
        let exact = EngineOptions { exact: true, ..EngineOptions::default() };
        let measured = Measured { model_sha256: "a", build: "1", options: &exact };
        measured.remember(&catalogue, setup(24), NOW_MS).unwrap();
        assert_eq!(measured.known(&catalogue, NOW_MS).unwrap(), None);
        assert_eq!(catalogue.setting(SETTING).unwrap(), None);
    }

    #[test]
    fn the_oldest_go_and_what_cannot_be_read_is_none() {
        let (_folder, catalogue) = catalogue();
        let newer = json!({ "x": { "setup": "of a newer version" } });
        catalogue.set_setting(SETTING, &newer).unwrap();
        let options = EngineOptions::default();
        let most = i64::try_from(MOST_KEPT).unwrap();
        let named = |at: i64, then: &mut dyn FnMut(Measured<'_>)| {
            let model = format!("model {at}");
            then(Measured { model_sha256: &model, build: "1", options: &options });
        };
        for at in 0..=most {
            named(at, &mut |measured| {
                measured.remember(&catalogue, setup(8), NOW_MS + at).unwrap();
            });
        }
        for (at, is_known) in [(0, false), (1, true), (most, true)] {
            named(at, &mut |measured| {
                let found = measured.known(&catalogue, NOW_MS + most).unwrap();
                assert_eq!(found.is_some(), is_known, "{at}");
            });
        }
        catalogue.set_setting(SETTING, &json!("nothing of ours")).unwrap();
        named(1, &mut |measured| {
            assert_eq!(measured.known(&catalogue, NOW_MS + most).unwrap(), None);
        });
    }
}

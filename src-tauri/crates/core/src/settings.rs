use serde::{Deserialize, Serialize};

use crate::{BackendSettings, RunCap};

/// How an engine is set up. `None` lets the engine choose for this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct EngineOptions {
    /// Rows worked on at once.
    pub parallel_rows: Option<u32>,
    /// The most tokens of prompt and answer together, for one row.
    pub context_tokens: Option<u32>,
    /// Model layers placed on the GPU; 0 keeps everything on the CPU.
    pub gpu_layers: Option<u32>,
    /// CPU threads.
    pub threads: Option<u32>,
    /// Cells that do not depend on how many rows are worked on at once, at some cost in speed.
    pub exact: bool,
    /// Requests in flight at once to a backend that is not on this machine.
    pub parallel_requests: Option<u32>,
    /// What the run may take of such a backend.
    pub cap: RunCap,
}

impl EngineOptions {
    /// These options, and those of `others` where nothing is said. Exact if either is; a cap takes
    /// the place of the other as a whole.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        Self {
            parallel_rows: self.parallel_rows.or(others.parallel_rows),
            context_tokens: self.context_tokens.or(others.context_tokens),
            gpu_layers: self.gpu_layers.or(others.gpu_layers),
            threads: self.threads.or(others.threads),
            exact: self.exact || others.exact,
            parallel_requests: self.parallel_requests.or(others.parallel_requests),
            cap: self.cap.or(others.cap),
        }
    }
}

/// How the window looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Theme {
    /// As the system does.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// What a person chose for all sheets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Settings {
    /// How the window looks.
    pub theme: Theme,
    /// The language of the window, as BCP 47 names it.
    pub language: String,
    /// The model of columns that name none; empty for the starter model, else the only one there
    /// is.
    pub model: String,
    /// The model that `local-mlx` means: what it is called, or its id in the list of recommended
    /// ones; empty for the default one of that list.
    #[serde(default)]
    pub selected_mlx_model: String,
    /// How engines are set up, where a call does not say otherwise.
    pub engine: EngineOptions,
    /// The backends that are not on this machine.
    pub backends: BackendSettings,
    /// Minutes without work after which a model leaves memory; `None` keeps it.
    pub unload_after_minutes: Option<u32>,
    /// Refuse everything that would leave this machine.
    pub local_only: bool,
    /// Tell when a run ends that took longer than this; `None` never does.
    pub notify_after_seconds: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            language: "en".to_owned(),
            model: String::new(),
            selected_mlx_model: String::new(),
            engine: EngineOptions::default(),
            backends: BackendSettings::default(),
            unload_after_minutes: Some(15),
            local_only: false,
            notify_after_seconds: Some(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_said_go_before_others() {
        let said = EngineOptions { threads: Some(2), gpu_layers: Some(0), ..Default::default() };
        let others = EngineOptions { threads: Some(8), exact: true, ..Default::default() };
        let both = EngineOptions { exact: true, ..said.clone() };
        assert_eq!(said.or(&others), both);
        assert_eq!(EngineOptions::default().or(&others), others);
    }
}

//! `mlx-model-state-changed`: what is told of models anyway, once more for those for MLX. They are
//! known by their names, which are those of repositories; a folder that a person named otherwise is
//! seen when the list is read.

use std::sync::Arc;

use braincells_core::{Event, EventSink, MlxModelState, ModelStatus};

use crate::downloads::model_status;

/// Passes events on, and tells of models for MLX in their own words, too.
pub(crate) struct MlxEvents(pub(crate) Arc<dyn EventSink>);

impl EventSink for MlxEvents {
    fn emit(&self, event: Event) {
        let state = state_of(&event);
        self.0.emit(event);
        if let Some(state) = state {
            self.0.emit(Event::MlxModelStateChanged(state));
        }
    }
}

/// Where a model for MLX stands by an event that tells of it.
fn state_of(event: &Event) -> Option<MlxModelState> {
    let (model, status, fraction, error) = match event {
        Event::DownloadProgress(one) => {
            let all = one.bytes_total.max(1) as f64;
            let fraction = Some((one.bytes_done as f64 / all).min(1.0) as f32);
            (&one.name, model_status(one.state), fraction, one.error.clone())
        }
        Event::ModelLoading { model, fraction } => {
            (model, ModelStatus::Loading, Some(*fraction), None)
        }
        Event::ModelStatus { model, status, error } => (model, *status, None, error.clone()),
        _ => return None,
    };
    // Files lie in folders or have an ending, and those of other apps have any name at all.
    let is_folder =
        !model.contains('/') && !model.to_lowercase().ends_with(".gguf") && model.contains("--");
    is_folder.then(|| MlxModelState { model: model.clone(), status, fraction, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_models_for_mlx_are_told_of_twice() {
        let loading = |model: &str| Event::ModelLoading { model: model.into(), fraction: 0.5 };
        let state = state_of(&loading("o--m")).unwrap();
        assert_eq!((state.model.as_str(), state.status), ("o--m", ModelStatus::Loading));
        assert_eq!(state.fraction, Some(0.5));
        let of_ollama = [loading("llama3.2-1b"), loading("sha256-74701a8c35f6")];
        let files = [loading("o--m/q4.GGUF"), loading("o--m.gguf"), loading("model.bin")];
        for other in files.into_iter().chain(of_ollama).chain([Event::ModelsChanged]) {
            assert_eq!(state_of(&other), None, "{other:?}");
        }
        let gone = Event::ModelStatus {
            model: "o--m".into(),
            status: ModelStatus::Available,
            error: None,
        };
        assert_eq!(state_of(&gone).unwrap().status, ModelStatus::Available);
    }
}

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use braincells_core::{AppError, Clock, EngineOptions, EventSink, ModelStatus};
use braincells_llm::{LLMEngine, Price};
use braincells_models::catalogue::Runtime;

use crate::{Cloud, Home, ModelTuner, SheetProbe, TuneHere};

/// Where engines come from: loaded model files, or a test's script.
#[async_trait]
pub trait EngineSource: Send + Sync {
    /// Whether `model` is there, at little cost: asked before a table is imported for it.
    async fn check(&self, model: &str) -> Result<(), AppError>;

    /// Whether models for this can be run here, in this program as it was started.
    fn runs(&self, runtime: Runtime) -> bool {
        runtime == Runtime::Gguf
    }

    /// The engine and its build, for the record of what made a column.
    fn build(&self) -> Option<String> {
        None
    }

    /// An engine that answers for `model`, loaded and ready. An empty name asks for the default
    /// model. Dropping the future stops a load that is under way.
    async fn engine(
        &self,
        model: &str,
        options: &EngineOptions,
        events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError>;

    /// The engine of `model`, if it is loaded now; loads none. To count tokens with.
    async fn loaded(&self, _model: &str) -> Option<Arc<dyn LLMEngine>> {
        None
    }

    /// What the backend of `model` takes for it, as far as it is known without asking it for an
    /// answer.
    async fn price(&self, _model: &str) -> Option<Price> {
        None
    }

    /// Whether the backend of `model` says with each answer what it cost.
    async fn tells_cost(&self, _model: &str) -> bool {
        false
    }

    /// Lets go of what is loaded. Runs keep the engine they have; its memory is free when they
    /// end.
    async fn unload(&self) {}

    /// Lets go of what no run has used for that long, and returns whether it did. To be asked now
    /// and then: what is in use counts as used until it is asked.
    async fn unload_when_idle(&self, _after: Duration) -> bool {
        false
    }

    /// The models that stand elsewhere than on the disk: on their way into memory, in it, or not to
    /// be loaded when that was tried last. Waits for nothing.
    fn standing(&self) -> Vec<ModelStanding> {
        Vec::new()
    }

    /// The file is another one than the one that could not be loaded: it went, or came anew.
    fn forget_failure(&self, _path: &Path) {}

    /// Where models are tuned.
    fn tuner(&self) -> Arc<dyn ModelTuner> {
        Arc::new(TuneHere)
    }

    /// What a run of `model` has to itself while it works: runs whose models have the same lane
    /// work one after the other.
    fn lane(&self, model: &str) -> String {
        model.to_owned()
    }
}

/// Where the model in one file stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelStanding {
    /// The file; of a split model, its first part.
    pub path: PathBuf,
    /// Where it stands.
    pub status: ModelStatus,
    /// Why it could not be loaded.
    pub error: Option<AppError>,
}

/// Everything outside the workbench that it depends on.
#[derive(Clone)]
pub struct World {
    /// Where things are kept.
    pub home: Home,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where events go.
    pub events: Arc<dyn EventSink>,
    /// Where engines come from.
    pub engines: Arc<dyn EngineSource>,
    /// Where sheets are tried that may be damaged.
    pub probe: Arc<dyn SheetProbe>,
    /// The keys of backends, and how they are reached.
    pub cloud: Arc<Cloud>,
}

/// The computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the computer's clock"
    )]
    fn now_ms(&self) -> i64 {
        // A clock set before 1970 is wrong anyway; 0 keeps the order of later times.
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as i64)
    }
}

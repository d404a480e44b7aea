use std::sync::Arc;

use async_trait::async_trait;
use braincells_core::{AppError, Clock, EventSink};
use braincells_llm::LLMEngine;
use serde::{Deserialize, Serialize};

use crate::{Home, SheetProbe};

/// How an engine is set up. `None` lets the engine choose for this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
}

/// Where engines come from: loaded model files, or a test's script.
#[async_trait]
pub trait EngineSource: Send + Sync {
    /// Whether `model` is there, at little cost: asked before a table is imported for it.
    async fn check(&self, model: &str) -> Result<(), AppError>;

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

    /// What a run of `model` has to itself while it works: runs whose models have the same lane
    /// work one after the other.
    fn lane(&self, model: &str) -> String {
        model.to_owned()
    }
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

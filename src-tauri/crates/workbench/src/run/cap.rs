//! What a run may take of a backend: which limit counts, whether it can be kept, and what was taken
//! before.

use std::sync::Arc;

use braincells_core::{AppError, RunCap, RunInfo, Settings};
use braincells_data::RunSpent;
use braincells_llm::LLMEngine;

use super::begin::Begin;
use super::drive::{Drive, End};
use super::order::Order;
use crate::EngineSource;
use crate::backends::{leaves_machine, split};
use crate::blocking::blocking;
use crate::error::WorkbenchError;

/// What a run may take of a backend, and what it took before this part of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Purse {
    pub(super) cap: RunCap,
    /// Whether nobody asked for this limit: it is that of the settings.
    pub(super) cap_is_usual: bool,
    pub(super) spent: RunSpent,
}

impl Begin {
    /// What the run may take of a backend, and whether only the settings say so: as the call says,
    /// else as it was asked for or begun, else as the settings have it; what is said first takes
    /// the place of the others as a whole. The limit is kept with the run. That of the settings
    /// means money which others take, not a server of one's own that nobody has a price for.
    pub(super) fn take_cap(&mut self, model: &str, said: RunCap, settings: &Settings) -> bool {
        if !is_backend(model, settings) {
            return false;
        }
        let mut usual = settings.engine.cap;
        if leaves_machine(model, settings).is_none() {
            usual.micro_usd = None;
        }
        let kept = self.request().cap;
        let (cap, is_usual) = if !said.is_none() {
            (said, false)
        } else if kept.is_none() {
            (usual, true)
        } else {
            // One that goes on with the limit of the settings was not asked to have it.
            (kept, kept == usual && matches!(self, Self::Again(_)))
        };
        self.set_cap(cap);
        is_usual
    }
}

/// Whether a model is one of a backend, here or elsewhere.
pub(super) fn is_backend(model: &str, settings: &Settings) -> bool {
    split(model, &settings.backends.endpoints).is_some()
}

/// What a run took before it was stopped.
pub(super) async fn spent_before(order: &Order, begin: &Begin) -> Result<RunSpent, AppError> {
    let Begin::Again(RunInfo { id, .. }) = begin else { return Ok(RunSpent::default()) };
    let (store, id) = (Arc::clone(&order.store), *id);
    blocking(move || store.run_spent(id)).await
}

impl Purse {
    /// The limit that can be kept: one on money needs a price, or a server that says what each
    /// answer cost. Where there is neither, one that was asked for is an error, and that of the
    /// settings does not count: it must not make a model unusable that it was not meant for.
    pub(super) async fn known_cap(
        &self,
        engines: &dyn EngineSource,
        model: &str,
        engine: &dyn LLMEngine,
    ) -> Result<RunCap, AppError> {
        let can_be_known = self.cap.micro_usd.is_none() || engine.price().is_some();
        if can_be_known || engines.tells_cost(model).await {
            return Ok(self.cap);
        }
        if !self.cap_is_usual {
            return Err(WorkbenchError::PriceUnknown { model: model.to_owned() }.into());
        }
        tracing::warn!(model, "the limit on money is left out: nobody knows what the model costs");
        Ok(RunCap { micro_usd: None, ..self.cap })
    }
}

impl Drive {
    /// Leaves a limit out that cannot be kept, if nobody asked for it.
    pub(super) async fn check_purse(&mut self, engine: &dyn LLMEngine) -> Result<(), End> {
        let Some(purse) = &mut self.tools.purse else { return Ok(()) };
        let engines = self.tools.world.engines.as_ref();
        let cap = purse.known_cap(engines, &self.order.recipe.model, engine).await;
        let cap = cap.map_err(End::Broken)?;
        if cap != purse.cap {
            purse.cap = cap;
            let (store, run) = (Arc::clone(&self.order.store), self.committer.progress.now().run);
            let stored = blocking(move || Ok::<_, AppError>(store.set_run_cap(run, cap)?)).await;
            stored.map_err(End::Unsaved)?;
        }
        Ok(())
    }
}

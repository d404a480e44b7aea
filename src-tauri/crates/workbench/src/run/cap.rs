//! What a run may take of a backend: which limit counts, and what was taken before.

use std::sync::Arc;

use braincells_core::{AppError, RunCap, RunInfo};
use braincells_data::RunSpent;
use braincells_llm::LLMEngine;

use super::{Begin, Order};
use crate::backends::split;
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::{EngineOptions, EngineSource, Workbench};

/// What a run may take of a backend, and what it took before this part of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Purse {
    pub(super) cap: RunCap,
    /// Whether nobody asked for this limit: it is that of the settings.
    pub(super) cap_is_usual: bool,
    pub(super) spent: RunSpent,
}

impl Workbench {
    /// The run with what it may take of a backend, and whether only the settings say so: as the
    /// call says, else as it was asked for or begun, else as the settings have it; what is said
    /// first takes the place of the others as a whole. The limit is kept with the run. That of the
    /// settings means money which others take, not a server of one's own that nobody has a price
    /// for.
    pub(super) async fn with_cap(
        &self,
        model: &str,
        begin: Begin,
        said: &EngineOptions,
    ) -> Result<(Begin, bool), AppError> {
        if !self.is_backend(model).await? {
            return Ok((begin, false));
        }
        let mut usual = self.settings().await?.engine.cap;
        if !self.asks_others(model).await? {
            usual.micro_usd = None;
        }
        let asked = [said.cap, begin.request().cap].into_iter().find(|cap| !cap.is_none());
        let mut begin = begin;
        begin.set_cap(asked.unwrap_or(usual));
        Ok((begin, asked.is_none()))
    }

    /// Whether a model is one of a backend, here or elsewhere.
    pub(super) async fn is_backend(&self, model: &str) -> Result<bool, AppError> {
        // Most models are files, and the settings need not be read for them.
        if !model.contains(':') {
            return Ok(false);
        }
        Ok(split(model, &self.settings().await?.backends.endpoints).is_some())
    }
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

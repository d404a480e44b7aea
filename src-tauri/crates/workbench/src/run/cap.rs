//! What a run may take of a backend: which limit counts, and what was taken before.

use std::sync::Arc;

use braincells_core::{AppError, RunCap, RunInfo, RunRequest};
use braincells_data::RunSpent;
use braincells_llm::LLMEngine;

use super::{Begin, Order};
use crate::backends::split;
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::{EngineOptions, EngineSource, Workbench};

/// What a run may take of a backend, and what it took before this part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse {
    pub(super) cap: RunCap,
    pub(super) spent: RunSpent,
}

impl Workbench {
    /// The run with what it may take of a backend: as the call says, else as it was asked for or
    /// begun, else as the settings have it. The limit is kept with the run. That of the settings
    /// means money which others take, not a server of one's own that nobody has a price for.
    pub(super) async fn with_cap(
        &self,
        model: &str,
        begin: Begin,
        said: &EngineOptions,
    ) -> Result<Begin, AppError> {
        if !self.is_backend(model).await? {
            return Ok(begin);
        }
        let mut usual = self.settings().await?.engine.cap;
        if !self.asks_others(model).await? {
            usual.micro_usd = None;
        }
        let with_cap =
            |request: RunRequest| RunRequest { cap: said.cap.or(request.cap).or(usual), ..request };
        Ok(match begin {
            Begin::New(request) => Begin::New(with_cap(request)),
            Begin::Again(info) => {
                let request = with_cap(info.request.clone());
                Begin::Again(RunInfo { request, ..info })
            }
        })
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

/// A limit on money needs a price, or a server that says what each answer cost.
pub(super) async fn check_cap(
    engines: &dyn EngineSource,
    model: &str,
    cap: RunCap,
    engine: &dyn LLMEngine,
) -> Result<(), AppError> {
    let can_be_known = cap.micro_usd.is_none() || engine.price().is_some();
    if can_be_known || engines.tells_cost(model).await {
        return Ok(());
    }
    Err(WorkbenchError::PriceUnknown { model: model.to_owned() }.into())
}

//! The lock as a run looks at it: before it begins, and again around every wait for an engine,
//! because the address of a backend may have changed meanwhile.

use braincells_core::{AppError, Code};

use super::drive::{Drive, End};
use super::live::{Claim, Wish};
use super::order::Order;
use crate::Workbench;

impl Workbench {
    /// Whether a run may ask its model as the settings are now. From then on a lock stops it, if
    /// the model is not on this machine.
    pub(super) async fn check_run_may_ask(
        &self,
        order: &Order,
        claim: &Claim,
    ) -> Result<(), AppError> {
        let model = &order.recipe.model;
        if self.asks_others(model).await? {
            // In this order: a lock that is set from now on finds the run.
            claim.set_asks_others();
            self.check_lock(order.sheet, model).await?;
        }
        Ok(())
    }
}

impl Drive {
    /// The same for a run that is alive: a lock pauses it.
    pub(super) async fn check_may_ask(&self) -> Result<(), End> {
        let Some(workbench) = self.workbench.upgrade() else {
            return Err(End::Asked(Wish::Pause));
        };
        match workbench.check_run_may_ask(&self.order, &self.claim).await {
            Ok(()) => Ok(()),
            Err(error) if error.code == Code::LocalOnly => Err(End::Asked(Wish::LockOut)),
            Err(error) => Err(End::Broken(error)),
        }
    }
}

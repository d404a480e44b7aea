//! A run from its place in the line to its end: it waits for its turn, lets the engine work,
//! gives way to what is more urgent, outlives an engine that ends, and writes down how it ended.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use braincells_core::{AppError, Code, RowId, Value};
use braincells_data::Catalogue;
use braincells_llm::LLMEngine;
use braincells_llm::prompt::Example;
use futures::FutureExt;
use serde_json::json;
use tokio::time::Instant;

use super::RunOutcome;
use super::batch::UnderWay;
use super::cap::Purse;
use super::commit::{Committer, Target};
use super::desk::Budget;
use super::live::{Claim, Wish};
use super::order::Order;
use super::progress::Progress;
use crate::answers::Answers;
use crate::blocking::blocking;
use crate::queue::Turn;
use crate::workbench::WeakWorkbench;
use crate::{EngineOptions, Workbench, World};

/// Engines that may end one after the other without an answer in between. One more, and the run
/// stops and says why.
const MOST_ENGINES_IN_A_ROW: u32 = 3;

/// The wait before the second engine in a row; it doubles each time.
const RELOAD_WAIT: Duration = Duration::from_secs(1);

/// Why a run stopped.
pub(super) enum End {
    Filled,
    Asked(Wish),
    /// What it may take of a provider is taken.
    LimitReached(AppError),
    /// No other row can succeed either.
    Broken(AppError),
    /// The disk refused; the rows can be filled once it takes them again.
    Unsaved(AppError),
}

/// Why a batch was cut off.
pub(super) enum Cut {
    End(End),
    EngineWent(AppError),
}

impl From<End> for Cut {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// What follows a batch whose requests all have their end.
pub(super) enum Next {
    /// Every row has its end.
    Filled,
    /// Somebody more urgent waits.
    GiveWay,
    /// Some are asked again, not before this.
    AskAgain(Instant),
}

/// What a run needs from outside to work.
pub(super) struct Tools {
    pub(super) world: World,
    pub(super) answers: Answers,
    pub(super) options: EngineOptions,
    /// Whether the model is asked even where an earlier answer is kept.
    pub(super) fresh: bool,
    /// The run's place in the line for its engine; `None` if there is nothing to ask.
    pub(super) turn: Option<Turn>,
    /// The engine, while the run has one.
    pub(super) engine: Option<Arc<dyn LLMEngine>>,
    /// What it may take and has taken of a backend; `None` for a model file of this machine.
    pub(super) purse: Option<Purse>,
}

pub(super) struct Drive {
    pub(super) order: Order,
    pub(super) tools: Tools,
    pub(super) committer: Committer,
    pub(super) claim: Claim,
    /// The rows, until the first batch takes them.
    rows: Vec<RowId>,
    pub(super) under_way: Option<UnderWay>,
    /// Engines that ended since the last answer.
    pub(super) engines_in_a_row: u32,
    pub(super) catalogue: Arc<Catalogue>,
    /// Not a strong hold: the last clone to go pauses what is alive.
    pub(super) workbench: WeakWorkbench,
}

impl Drive {
    pub(super) fn new(
        workbench: &Workbench,
        order: Order,
        rows: Vec<RowId>,
        tools: Tools,
        progress: Progress,
        claim: Claim,
    ) -> Self {
        let (store, column) = (Arc::clone(&order.store), order.column);
        let target = Target { store, column, recipe_version: order.recipe_version };
        let answers = tools.answers.clone();
        let committer = Committer::new(target, &tools.world, answers, progress, claim.notes());
        let catalogue = workbench.catalogue();
        let (under_way, engines_in_a_row) = (None, 0);
        let workbench = workbench.downgrade();
        Self {
            order,
            tools,
            committer,
            claim,
            rows,
            under_way,
            engines_in_a_row,
            catalogue,
            workbench,
        }
    }

    /// Fills the rows and writes down how it ended.
    pub(super) async fn finish(mut self) -> RunOutcome {
        let end = match AssertUnwindSafe(self.fill()).catch_unwind().await {
            Ok(end) => end,
            Err(_panic) => {
                let message = "the run met a defect and stopped";
                End::Broken(AppError::new(Code::Internal, message).with_hint("resume the run"))
            }
        };
        self.close(end).await
    }

    async fn fill(&mut self) -> End {
        if self.tools.turn.is_none() {
            return End::Filled;
        }
        loop {
            let next = self.next_batch().await;
            let end = match next {
                Ok(Next::Filled) => return End::Filled,
                Ok(Next::GiveWay) => self.give_way().await,
                Ok(Next::AskAgain(at)) => self.wait_until(at).await,
                Err(Cut::End(end)) => Err(end),
                Err(Cut::EngineWent(error)) => self.outlive_engine(error).await,
            };
            if let Err(end) = end {
                return end;
            }
        }
    }

    /// Waits for the run's turn and its engine, and lets the engine work.
    async fn next_batch(&mut self) -> Result<Next, Cut> {
        self.take_turn().await?;
        let engine = self.engine().await?;
        self.get_under_way(&engine).await?;
        self.one_batch(engine.as_ref()).await
    }

    /// Waits until it is this run's turn to work.
    async fn take_turn(&mut self) -> Result<(), End> {
        let Some(turn) = &self.tools.turn else { return Ok(()) };
        if turn.view().has_come() {
            return Ok(());
        }
        self.claim.set_queued(true);
        let stopped = tokio::select! {
            biased;
            wish = self.claim.stopped() => Some(wish),
            () = turn.come() => None,
        };
        self.claim.set_queued(false);
        stopped.map_or(Ok(()), |wish| Err(End::Asked(wish)))
    }

    /// Lets somebody more urgent work, with all that is done on disk and without holding on to a
    /// model: the other run may need the memory for its own.
    async fn give_way(&mut self) -> Result<(), End> {
        self.committer.write_all().await.map_err(End::Unsaved)?;
        self.tools.engine = None;
        if let Some(turn) = &self.tools.turn {
            turn.give_way();
        }
        Ok(())
    }

    async fn engine(&mut self) -> Result<Arc<dyn LLMEngine>, End> {
        if let Some(engine) = &self.tools.engine {
            return Ok(Arc::clone(engine));
        }
        self.check_may_ask().await?;
        let World { engines, events, .. } = &self.tools.world;
        let model = &self.order.recipe.model;
        let loading = engines.engine(model, &self.tools.options, Arc::clone(events));
        let loaded = tokio::select! {
            biased;
            wish = self.claim.stopped() => return Err(End::Asked(wish)),
            loaded = loading => loaded,
        };
        let engine = loaded.map_err(End::Broken)?;
        // Its address may have been changed while it was made.
        self.check_may_ask().await?;
        self.check_purse(engine.as_ref()).await?;
        self.tools.engine = Some(Arc::clone(&engine));
        Ok(engine)
    }

    /// Makes what the rows are asked with, once it is known who answers: examples are chosen by
    /// the model's own tokens.
    async fn get_under_way(&mut self, engine: &Arc<dyn LLMEngine>) -> Result<(), Cut> {
        self.committer.progress.follow(engine);
        if let Some(under_way) = &self.under_way {
            under_way.answers_from(engine.as_ref());
            return Ok(());
        }
        let Some(turn) = &self.tools.turn else { return Ok(()) };
        let view = turn.view();
        let (order, counting) = (self.order.clone(), Arc::clone(engine));
        let run = self.committer.progress.now().run;
        let prepared = blocking(move || -> Result<_, AppError> {
            let prepared = order.prepare(&counting)?;
            if !prepared.examples.is_empty() {
                order.store.note_examples(run, &noted(&prepared.examples))?;
            }
            Ok(prepared)
        });
        let mut prepared = prepared.await.map_err(End::Unsaved)?;
        prepared.scoring = self.scoring(engine, &prepared.examples, self.rows.len()).await?;
        self.committer.set_in_flight(engine.capabilities().parallel_requests);
        let price = engine.price();
        let budget = self.tools.purse.map(|purse| {
            let budget = Budget::new(purse.cap, price, purse.spent);
            budget.with_thinking(engine.thinking_tokens())
        });
        let rows = std::mem::take(&mut self.rows);
        let aside = self.claim.aside();
        let prepared = (prepared, budget);
        let under_way = UnderWay::new(&self.order, &self.tools, rows, run, prepared, (aside, view));
        under_way.answers_from(engine.as_ref());
        if let Some(purse) = &self.tools.purse {
            self.committer.pay(under_way.spending(purse.spent));
        }
        self.under_way = Some(under_way);
        Ok(())
    }

    /// Asks the next engine what the last one left open, unless too many have ended.
    async fn outlive_engine(&mut self, error: AppError) -> Result<(), End> {
        self.engines_in_a_row += 1;
        let engines_in_a_row = self.engines_in_a_row;
        tracing::warn!(%error, engines_in_a_row, "an engine ended");
        self.tools.engine = None;
        if engines_in_a_row > MOST_ENGINES_IN_A_ROW {
            // Tells more than that there is no engine.
            let process_end = self.under_way.as_ref().and_then(|way| way.desk().take_process_end());
            return Err(End::Broken(process_end.map_or(error, AppError::from)));
        }
        if let Some(under_way) = &self.under_way {
            under_way.desk().engine_went(Instant::now());
        }
        if engines_in_a_row == 1 {
            return Ok(());
        }
        let wait = RELOAD_WAIT * (1 << (engines_in_a_row - 2));
        self.wait_until(Instant::now() + wait).await
    }

    /// Waits, while groups of cells that become due are written.
    async fn wait_until(&mut self, at: Instant) -> Result<(), End> {
        loop {
            tokio::select! {
                biased;
                wish = self.claim.stopped() => return Err(End::Asked(wish)),
                () = self.committer.due() => {
                    self.committer.write_due().await.map_err(End::Unsaved)?;
                }
                () = tokio::time::sleep_until(at) => return Ok(()),
            }
        }
    }
}

/// Examples as the sheet keeps them for [`Workbench::cell_prompt`].
pub(crate) fn noted(examples: &[Example]) -> Value {
    let pair = |example: &Example| json!({ "inputs": example.inputs, "value": example.value });
    examples.iter().map(pair).collect()
}

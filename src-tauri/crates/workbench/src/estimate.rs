//! What a run would take, before it is started.

mod pace;
mod sample;

use std::sync::Arc;

use braincells_core::{AppError, ColumnId, Recipe, RunRequest, SheetId};
use braincells_llm::{LLMEngine, Price};
use serde::{Deserialize, Serialize};

use crate::blocking::blocking;
use crate::run::Order;
use crate::{EngineOptions, Workbench};
use pace::{Known, Measured, pace};
use sample::{Counting, Sample, spread};

/// Rows whose prompts are made and counted where nobody asked for another number.
pub const ESTIMATED_ROWS: u32 = 64;

/// How an estimate is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct EstimateRequest {
    /// Rows, spread over those to be filled, whose prompts are made and counted.
    pub sample_rows: u32,
    /// Of these, how many the model answers now, to measure how long that takes; 0 loads no
    /// model. Nothing of it is stored as a cell, but the run does not ask for them again.
    pub asked_rows: u32,
}

impl Default for EstimateRequest {
    fn default() -> Self {
        Self { sample_rows: ESTIMATED_ROWS, asked_rows: 0 }
    }
}

/// What a run would take.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Estimate {
    /// Rows to be filled, exactly.
    pub rows: u64,
    /// Rows that would be left out, because a cell that they read is empty or failed; exactly.
    pub rows_waiting: u64,
    /// Of the rows, about how many have a kept answer; `None` while the model is not loaded.
    pub rows_cached: Option<u64>,
    /// About how many tokens the prompts have, the shared beginning counted for each; rows with a
    /// kept answer are left out, here and below.
    pub prompt_tokens: u64,
    /// Tokens at the beginning of every prompt, which an engine that shares them computes once.
    pub shared_prefix_tokens: u64,
    /// About how many tokens would be generated.
    pub completion_tokens: u64,
    /// About what it would cost, in US dollars; `None` without a price, and for a model on this
    /// machine.
    pub cost_usd: Option<f64>,
    /// About how long it would take; `None` where nothing was measured.
    pub seconds: Option<f64>,
    /// What all this is based on.
    pub basis: EstimateBasis,
}

/// What an estimate is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct EstimateBasis {
    /// Rows whose prompts were made.
    pub sampled_rows: u64,
    /// Whether the model itself counted the tokens; else they are guessed on the high side.
    pub counted_by_model: bool,
    /// Where the tokens of an answer come from.
    pub answers: AnswerBasis,
    /// Where the time comes from.
    pub time: TimeBasis,
}

/// Where the tokens of an answer come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum AnswerBasis {
    /// Earlier runs of this column.
    EarlierRuns,
    /// Rows that were asked for now.
    AskedNow,
    /// The most that the recipe allows: it will be less.
    Limit,
}

/// Where the time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum TimeBasis {
    /// Earlier runs of this column with this model.
    EarlierRuns,
    /// Runs of other columns of this sheet with this model, by their tokens.
    OtherColumns,
    /// Rows that were asked for now.
    AskedNow,
    /// Nothing was measured.
    Unknown,
}

impl Workbench {
    /// Says what a run of a column would take: rows exactly, tokens from the prompts of some of
    /// them, time from how fast earlier runs were on this machine. Starts no run.
    pub async fn estimate(
        &self,
        sheet: SheetId,
        column: ColumnId,
        request: impl Into<RunRequest> + Send,
        how: EstimateRequest,
        options: &EngineOptions,
    ) -> Result<Estimate, AppError> {
        let order = self.order(sheet, column, None).await?;
        self.estimate_order(order, request.into(), how, options).await
    }

    /// [`Workbench::estimate`] for a column that is not there yet: all its cells are empty, and its
    /// examples are the recipe's own.
    pub async fn estimate_recipe(
        &self,
        sheet: SheetId,
        recipe: &Recipe,
        request: impl Into<RunRequest> + Send,
        how: EstimateRequest,
        options: &EngineOptions,
    ) -> Result<Estimate, AppError> {
        let request = request.into();
        let (store, recipe) = (self.store(sheet).await?, recipe.clone());
        let default_model = self.settings().await?.model;
        let order = blocking(move || {
            Order::of_new_column(&store, sheet, &store.columns()?, recipe, &default_model)
        });
        self.estimate_order(order.await?, request, how, options).await
    }

    async fn estimate_order(
        &self,
        order: Order,
        request: RunRequest,
        how: EstimateRequest,
        options: &EngineOptions,
    ) -> Result<Estimate, AppError> {
        let order = Arc::new(order);
        let measured = if how.asked_rows == 0 {
            None
        } else {
            self.measure(&order, &request, how.asked_rows, options).await?
        };
        let engine = self.engines().loaded(&order.recipe.model).await;
        let price = self.price(&order, engine.as_deref()).await?;
        let cost_each = measured.as_ref().and_then(Measured::cost_each);
        let answers = (!request.fresh).then(|| self.answers());
        let counting = Counting { engine, answers, now_ms: self.now_ms() };
        blocking(move || {
            let rows = order.rows(&request, None)?;
            let sample = Sample::take(&order, &rows.ready, how.sample_rows, &counting)?;
            let known = Known {
                column: order.column,
                model: &order.recipe.model,
                rates: &order.store.run_rates()?,
                measured,
                prompt_tokens: sample.prompt_tokens,
                answer_limit: sample.answer_limit,
            };
            let pace = pace(&known);
            let count = rows.ready.len() as f64;
            let rows_cached = sample.share_cached.map(|share| (count * share).round());
            let asked = count - rows_cached.unwrap_or(0.0);
            Ok::<_, AppError>(Estimate {
                rows: rows.ready.len() as u64,
                rows_waiting: rows.waiting,
                rows_cached: rows_cached.map(|rows| rows as u64),
                prompt_tokens: (sample.prompt_tokens * asked).round() as u64,
                shared_prefix_tokens: sample.shared_prefix_tokens,
                completion_tokens: (pace.answer_tokens * asked).round() as u64,
                cost_usd: cost_each.map(|each| each * asked).or_else(|| {
                    let tokens = |each: f64| (each * asked).round() as u64;
                    Some(price?.of(tokens(sample.prompt_tokens), tokens(pace.answer_tokens)))
                }),
                seconds: pace.seconds.map(|seconds| seconds * asked),
                basis: EstimateBasis {
                    sampled_rows: sample.rows,
                    counted_by_model: sample.counted_by_model,
                    answers: pace.answers,
                    time: pace.time,
                },
            })
        })
        .await
    }

    /// What the model's backend takes for it. A locked sheet asks nobody for it.
    async fn price(
        &self,
        order: &Order,
        engine: Option<&dyn LLMEngine>,
    ) -> Result<Option<Price>, AppError> {
        let model = &order.recipe.model;
        if let Some(price) = engine.and_then(LLMEngine::price) {
            return Ok(Some(price));
        }
        if !model.contains(':') || self.check_lock(order.sheet, model).await.is_err() {
            return Ok(None);
        }
        Ok(self.engines().price(model).await)
    }

    /// Asks for some rows as a run would, keeps the answers, and takes the time. `None` if no row
    /// needed to be asked.
    async fn measure(
        &self,
        order: &Arc<Order>,
        request: &RunRequest,
        count: u32,
        options: &EngineOptions,
    ) -> Result<Option<Measured>, AppError> {
        let (ordered, request) = (Arc::clone(order), request.clone());
        let rows = blocking(move || {
            let rows = spread(&ordered.rows(&request, None)?.ready, count);
            let values = ordered.store.values(&ordered.inputs, &rows)?;
            Ok::<_, AppError>(rows.into_iter().zip(values).collect())
        });
        let asked = self.ask_now(order, rows.await?, options).await?;
        let figures = asked.rows.iter().map(|row| &row.figures);
        let new: Vec<_> = figures.filter(|f| f.model.is_some() && !f.cached).collect();
        Ok((!new.is_empty()).then(|| Measured {
            cells: new.len() as u64,
            answer_tokens: new.iter().map(|figures| u64::from(figures.completion_tokens)).sum(),
            seconds: asked.elapsed.as_secs_f64(),
            // Only where each has one: else it would be too little.
            cost_usd: new.iter().map(|figures| figures.cost_usd).sum(),
        }))
    }
}

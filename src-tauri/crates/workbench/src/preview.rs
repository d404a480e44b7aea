//! What a recipe would make of the first rows, before anything is stored.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use braincells_core::{AppError, CellFigures, Priority, Recipe, RowId, SheetId, Value};
use braincells_llm::output::read_answer;
use braincells_llm::prompt::{Example, PromptPlan};
use braincells_llm::{
    AnswerKey, BatchEventKind, FinishReason, LLMEngine, LLMError, LLMRequest, LLMResponse, Message,
    RequestId,
};
use futures::{StreamExt, stream};
use serde::Serialize;
use tokio::time::Instant;

use crate::answers::{Answers, KeyedAnswer};
use crate::blocking::blocking;
use crate::columns::{own_examples, plan_for};
use crate::error::WorkbenchError;
use crate::run::Seeds;
use crate::tokens::estimated_tokens;
use crate::{EngineOptions, Workbench};

/// One row of a preview.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct PreviewRow {
    /// The row.
    pub row: RowId,
    /// The final prompt, exactly as the engine gets it.
    pub messages: Vec<Message>,
    /// The value, if the row was answered validly.
    pub value: Value,
    /// The model's thinking, split off.
    pub reasoning: Option<String>,
    /// Why there is no value.
    pub error: Option<AppError>,
    /// Tokens, time, confidence.
    pub figures: CellFigures,
}

impl Workbench {
    /// Asks the recipe for the first `count` rows, each once, and stores no cell. The examples in
    /// these prompts are the recipe's own: others belong to a column, and there is none yet. Goes
    /// before the runs that want the same engine.
    ///
    /// Answers that are kept from earlier are taken, and new ones are kept: a run of the same
    /// recipe does not ask for these rows again.
    pub async fn preview(
        &self,
        sheet: SheetId,
        recipe: &Recipe,
        count: u64,
        options: &EngineOptions,
    ) -> Result<Vec<PreviewRow>, AppError> {
        let asked = recipe.clone();
        let rows = self.with_store(sheet, move |store| first_rows(store, &asked, count)).await?;
        if rows.iter().all(|asked| asked.request.is_none()) {
            return Ok(rows.into_iter().map(|asked| asked.row).collect());
        }
        Ok(self.ask_now(&recipe.model, options, move |_| Ok(rows)).await?.rows)
    }

    /// Asks for a few rows before anything else. They are made once the engine is there.
    pub(crate) async fn ask_now(
        &self,
        model: &str,
        options: &EngineOptions,
        rows: impl FnOnce(&Arc<dyn LLMEngine>) -> Result<Vec<Asked>, AppError> + Send + 'static,
    ) -> Result<Answered, AppError> {
        let (model, options) =
            (self.model_meant(model).await?, self.engine_options(options).await?);
        let turn = self.lines().enter(self.engines().lane(&model), Priority::Now);
        turn.come().await;
        let engine = self.engines().engine(&model, &options, self.events()).await?;
        let (answers, now_ms) = (self.answers(), self.now_ms());
        let (asking, finding) = (Arc::clone(&engine), answers.clone());
        let mut rows = blocking(move || {
            let mut rows = rows(&asking)?;
            if let Some(fingerprint) = asking.capabilities().fingerprint {
                take_kept_answers(&mut rows, &fingerprint, &finding, now_ms);
            }
            Ok::<_, AppError>(rows)
        })
        .await?;
        let began = Instant::now();
        let new = answer(engine.as_ref(), &mut rows).await;
        let elapsed = began.elapsed();
        blocking(move || {
            answers.keep(&new, now_ms);
            let rows = rows.into_iter().map(|asked| asked.row).collect();
            Ok::<_, AppError>(Answered { rows, elapsed })
        })
        .await
    }
}

/// Rows that were asked for, and how long the engine took.
pub(crate) struct Answered {
    pub(crate) rows: Vec<PreviewRow>,
    pub(crate) elapsed: Duration,
}

/// A row to ask for: its request unless there is nothing to ask, and where its answer is kept.
pub(crate) struct Asked {
    row: PreviewRow,
    request: Option<LLMRequest>,
    key: Option<AnswerKey>,
    /// Whether its answer may be one that was kept.
    may_be_kept: bool,
}

impl Asked {
    /// The row as a run would ask for it first.
    pub(crate) fn new(
        plan: &PromptPlan,
        seeds: Seeds,
        row: RowId,
        values: &[Value],
        examples: &[Example],
    ) -> Self {
        let request = plan.request(values, examples, seeds.of(row, 0));
        let empty = plan.is_input_empty(values);
        let preview = PreviewRow {
            row,
            messages: request.messages.clone(),
            value: Value::Null,
            reasoning: None,
            error: empty.then(|| WorkbenchError::EmptyInput.into()),
            figures: CellFigures::default(),
        };
        let may_be_kept = !plan.wants_new_items();
        Self { row: preview, request: (!empty).then_some(request), key: None, may_be_kept }
    }
}

fn first_rows(
    store: &braincells_data::SheetStore,
    recipe: &Recipe,
    count: u64,
) -> Result<Vec<Asked>, AppError> {
    let (plan, inputs) = plan_for(recipe, &store.columns()?)?;
    let window = store.window(&inputs, 0, count)?;
    let ids: Vec<RowId> = window.rows.iter().map(|row| row.row).collect();
    let values = store.values(&inputs, &ids)?;
    let seeds = Seeds { seed: recipe.sampling.seed, greedy: plan.is_greedy() };
    let examples = plan.select_examples(own_examples(recipe, &plan), &estimated_tokens);
    let rows = ids.into_iter().zip(values);
    Ok(rows.map(|(row, values)| Asked::new(&plan, seeds, row, &values, &examples)).collect())
}

/// Answers the rows whose answers are kept from earlier. Blocks.
fn take_kept_answers(rows: &mut [Asked], fingerprint: &str, answers: &Answers, now_ms: i64) {
    for asked in rows.iter_mut().filter(|asked| asked.may_be_kept) {
        asked.key = asked.request.as_ref().map(|request| request.answer_key(fingerprint));
    }
    let keys: Vec<AnswerKey> = rows.iter().filter_map(|asked| asked.key).collect();
    let found = answers.find(&keys, now_ms);
    for Asked { row, request, key, .. } in rows {
        let Some(kept) = key.and_then(|key| found.get(&key)).cloned() else { continue };
        let Some(asked) = request.take() else { continue };
        if !enter(row, Ok(kept), &asked.output) {
            (row.error, *request) = (None, Some(asked));
            continue;
        }
        row.figures.cached = true;
        (row.figures.prompt_tokens, row.figures.completion_tokens) = (0, 0);
        row.figures.duration_ms = 0;
    }
}

/// Asks the engine; returns what can be kept for later.
async fn answer(engine: &dyn LLMEngine, rows: &mut [Asked]) -> Vec<KeyedAnswer> {
    let requests: Vec<(RequestId, LLMRequest)> = rows
        .iter()
        .enumerate()
        .filter_map(|(index, asked)| Some((RequestId(index as u64), asked.request.clone()?)))
        .collect();
    let mut open: HashMap<RequestId, &mut Asked> = rows
        .iter_mut()
        .enumerate()
        .filter(|(_, asked)| asked.request.is_some())
        .map(|(index, asked)| (RequestId(index as u64), asked))
        .collect();
    let mut new = Vec::new();
    let mut batch = engine.generate_batch(Box::pin(stream::iter(requests)));
    while let Some(event) = batch.next().await {
        let result = match event.kind {
            BatchEventKind::Started | BatchEventKind::Delta(_) => continue,
            BatchEventKind::Done(response) => Ok(*response),
            BatchEventKind::Failed(error) => Err(error),
        };
        let Some(Asked { row, request: Some(request), key, .. }) = open.remove(&event.id) else {
            continue;
        };
        let response = result.as_ref().ok().cloned();
        if enter(row, result, &request.output) {
            new.extend(key.zip(response));
        }
    }
    for asked in open.into_values() {
        asked.row.error = Some(LLMError::NotRunning.into());
    }
    new
}

/// Puts an answer into its row; whether it can be used.
fn enter(
    row: &mut PreviewRow,
    result: Result<LLMResponse, LLMError>,
    output: &braincells_core::Output,
) -> bool {
    let answer = result.and_then(|response| {
        row.figures = CellFigures {
            model: Some(response.model),
            prompt_tokens: response.prompt_tokens,
            completion_tokens: response.completion_tokens,
            duration_ms: response.duration_ms,
            confidence: response.confidence,
            cut_off: response.finish_reason == FinishReason::Length,
            cached: false,
        };
        row.reasoning = response.reasoning;
        read_answer(&response.content, output)
    });
    match answer {
        Ok(answer) => {
            row.value = answer.value;
            row.reasoning = answer.reasoning.or(row.reasoning.take());
            true
        }
        Err(error) => {
            row.error = Some(error.into());
            false
        }
    }
}

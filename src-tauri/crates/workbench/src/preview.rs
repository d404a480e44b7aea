//! What a recipe would make of the first rows, before anything is stored.

use std::collections::HashMap;
use std::sync::Arc;

use braincells_core::{AppError, CellFigures, Recipe, RowId, SheetId, Value};
use braincells_llm::output::read_answer;
use braincells_llm::{
    BatchEventKind, FinishReason, LLMEngine, LLMError, LLMRequest, LLMResponse, Message, RequestId,
};
use futures::{StreamExt, stream};
use serde::Serialize;

use crate::columns::{own_examples, plan_for};
use crate::error::WorkbenchError;
use crate::tokens::estimated_tokens;
use crate::{EngineOptions, Workbench};

/// One row of a preview.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    /// Asks the recipe for the first `count` rows, each once, and stores nothing. The examples in
    /// these prompts are the recipe's own: others belong to a column, and there is none yet.
    pub async fn preview(
        &self,
        sheet: SheetId,
        recipe: &Recipe,
        count: u64,
        options: &EngineOptions,
    ) -> Result<Vec<PreviewRow>, AppError> {
        let asked = recipe.clone();
        let mut rows =
            self.with_store(sheet, move |store| first_rows(store, &asked, count)).await?;
        if rows.iter().any(|(_, request)| request.is_some()) {
            let engine = self.engines().engine(&recipe.model, options, self.events()).await?;
            answer(engine, &mut rows).await;
        }
        Ok(rows.into_iter().map(|(row, _)| row).collect())
    }
}

/// A row, and its request unless the row is empty.
type Asked = (PreviewRow, Option<LLMRequest>);

fn first_rows(
    store: &braincells_data::SheetStore,
    recipe: &Recipe,
    count: u64,
) -> Result<Vec<Asked>, AppError> {
    let (plan, inputs) = plan_for(recipe, &store.columns()?)?;
    let window = store.window(&inputs, 0, count)?;
    let ids: Vec<RowId> = window.rows.iter().map(|row| row.row).collect();
    let values = store.values(&inputs, &ids)?;
    let examples = plan.select_examples(own_examples(recipe, &plan), &estimated_tokens);
    Ok(ids
        .into_iter()
        .zip(values)
        .map(|(row, values)| {
            let request = plan.request(&values, &examples, recipe.sampling.seed);
            asked(row, request, plan.is_input_empty(&values))
        })
        .collect())
}

fn asked(row: RowId, request: LLMRequest, empty: bool) -> Asked {
    let preview = PreviewRow {
        row,
        messages: request.messages.clone(),
        value: Value::Null,
        reasoning: None,
        error: empty.then(|| WorkbenchError::EmptyInput.into()),
        figures: CellFigures::default(),
    };
    (preview, (!empty).then_some(request))
}

async fn answer(engine: Arc<dyn LLMEngine>, rows: &mut [Asked]) {
    let requests: Vec<(RequestId, LLMRequest)> = rows
        .iter_mut()
        .enumerate()
        .filter_map(|(index, (_, request))| Some((RequestId(index as u64), request.take()?)))
        .collect();
    let outputs: HashMap<RequestId, _> =
        requests.iter().map(|(id, request)| (*id, request.output.clone())).collect();
    let mut open: HashMap<RequestId, &mut PreviewRow> = rows
        .iter_mut()
        .enumerate()
        .map(|(index, (row, _))| (RequestId(index as u64), row))
        .filter(|(id, _)| outputs.contains_key(id))
        .collect();
    let mut batch = engine.generate_batch(Box::pin(stream::iter(requests)));
    while let Some(event) = batch.next().await {
        let result = match event.kind {
            BatchEventKind::Started | BatchEventKind::Delta(_) => continue,
            BatchEventKind::Done(response) => Ok(*response),
            BatchEventKind::Failed(error) => Err(error),
        };
        if let (Some(row), Some(output)) = (open.remove(&event.id), outputs.get(&event.id)) {
            enter(row, result, output);
        }
    }
    for row in open.into_values() {
        row.error = Some(LLMError::NotRunning.into());
    }
}

fn enter(
    row: &mut PreviewRow,
    result: Result<LLMResponse, LLMError>,
    output: &braincells_core::Output,
) {
    let answer = result.and_then(|response| {
        row.figures = CellFigures {
            model: Some(response.model),
            prompt_tokens: response.prompt_tokens,
            completion_tokens: response.completion_tokens,
            duration_ms: response.duration_ms,
            confidence: response.confidence,
            cut_off: response.finish_reason == FinishReason::Length,
        };
        row.reasoning = response.reasoning;
        read_answer(&response.content, output)
    });
    match answer {
        Ok(answer) => {
            row.value = answer.value;
            row.reasoning = answer.reasoning.or(row.reasoning.take());
        }
        Err(error) => row.error = Some(error.into()),
    }
}

//! Asking for the rows of a preview, with the answers that are kept.

use std::collections::HashMap;

use braincells_core::{CellFigures, Output, RowId, Value};
use braincells_llm::output::{Answer, read_answer};
use braincells_llm::prompt::PromptPlan;
use braincells_llm::{
    AnswerKey, BatchEventKind, FinishReason, LLMEngine, LLMError, LLMRequest, LLMResponse, Message,
    Price, RequestId, Role,
};
use futures::{StreamExt, stream};
use tokio::task::JoinHandle;

use super::PreviewRow;
use crate::answers::Answers;
use crate::calibration::Scoring;
use crate::error::WorkbenchError;

/// A row to ask for: its request unless there is nothing to ask, and where its answer is kept.
pub(super) struct Asked {
    pub(super) row: PreviewRow,
    request: Option<LLMRequest>,
    key: Option<AnswerKey>,
    /// Whether its answer may be one that was kept.
    may_be_kept: bool,
}

impl Asked {
    /// The row as a run would ask for it first, with `request`.
    pub(super) fn new(
        plan: &PromptPlan,
        row: RowId,
        values: &[Value],
        request: LLMRequest,
    ) -> Self {
        let empty = plan.is_input_empty(values);
        let preview = PreviewRow {
            row,
            messages: shown(&request),
            value: Value::Null,
            reasoning: None,
            error: empty.then(|| WorkbenchError::EmptyInput.into()),
            figures: CellFigures::default(),
        };
        let may_be_kept = !plan.wants_new_items();
        Self { row: preview, request: (!empty).then_some(request), key: None, may_be_kept }
    }
}

fn shown(request: &LLMRequest) -> Vec<Message> {
    let own = request.lead_in.iter().map(|words| Message::new(Role::Assistant, words));
    request.messages.iter().cloned().chain(own).collect()
}

/// Answers the rows whose answers are kept from earlier. Blocks.
pub(super) fn take_kept_answers(
    rows: &mut [Asked],
    fingerprint: &str,
    (answers, now_ms): (&Answers, i64),
    scoring: Option<&Scoring>,
) {
    for asked in rows.iter_mut().filter(|asked| asked.may_be_kept) {
        asked.key = asked.request.as_ref().map(|request| request.answer_key(fingerprint));
    }
    let keys: Vec<AnswerKey> = rows.iter().filter_map(|asked| asked.key).collect();
    let found = answers.find(&keys, now_ms);
    for Asked { row, request, key, .. } in rows {
        let Some(kept) = key.and_then(|key| found.get(&key)).cloned() else { continue };
        let Some(asked) = request.take() else { continue };
        if !enter(row, Ok(kept), &asked.output, scoring) {
            (row.error, *request) = (None, Some(asked));
            continue;
        }
        row.figures.cached = true;
        (row.figures.prompt_tokens, row.figures.completion_tokens) = (0, 0);
        (row.figures.duration_ms, row.figures.cost_usd) = (0, None);
    }
}

/// Where answers are kept for later.
pub(super) struct Keep {
    pub(super) answers: Answers,
    pub(super) now_ms: i64,
}

/// Asks the engine. Each answer is kept as soon as it is there: it may have been paid for, and
/// whoever waits for the others may stop to. Returns what keeps them, which goes on by itself.
pub(super) async fn answer(
    engine: &dyn LLMEngine,
    rows: &mut [Asked],
    scoring: Option<&Scoring>,
    Keep { answers, now_ms }: Keep,
) -> Vec<JoinHandle<()>> {
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
    let mut keeping = Vec::new();
    let price = engine.price();
    let mut batch = engine.generate_batch(Box::pin(stream::iter(requests)));
    while let Some(event) = batch.next().await {
        let mut result = match event.kind {
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {
                continue;
            }
            BatchEventKind::Done(response) => Ok(*response),
            BatchEventKind::Failed(error) => Err(error),
        };
        let Some(Asked { row, request: Some(request), key, .. }) = open.remove(&event.id) else {
            continue;
        };
        if let Ok(response) = &mut result {
            let (prompt, completion) = (response.prompt_tokens, response.completion_tokens);
            let by_price = |price: Price| price.of(prompt.into(), completion.into());
            response.cost_usd = response.cost_usd.or_else(|| price.map(by_price));
        }
        let response = result.as_ref().ok().cloned();
        if enter(row, result, &request.output, scoring)
            && let Some(new) = key.zip(response)
        {
            let answers = answers.clone();
            let kept = tokio::task::spawn_blocking(move || answers.keep(&[new], now_ms));
            keeping.push(kept);
        }
    }
    for asked in open.into_values() {
        asked.row.error = Some(LLMError::NotRunning.into());
    }
    keeping
}

/// Puts an answer into its row; whether it can be used.
fn enter(
    row: &mut PreviewRow,
    result: Result<LLMResponse, LLMError>,
    output: &Output,
    scoring: Option<&Scoring>,
) -> bool {
    let answer = result.and_then(|response| {
        let answer = read_answer(&response.content, output);
        let mut figures = CellFigures {
            model: Some(response.model.clone()),
            prompt_tokens: response.prompt_tokens,
            shared_tokens: response.shared_tokens,
            completion_tokens: response.completion_tokens,
            duration_ms: response.duration_ms,
            confidence: response.confidence,
            cut_off: response.finish_reason == FinishReason::Length,
            cost_usd: response.cost_usd,
            ..CellFigures::default()
        };
        let label = scoring.and_then(|scoring| scoring.read(&response, &mut figures));
        row.figures = CellFigures { calibration: None, ..figures };
        row.reasoning = response.reasoning;
        let answer = answer?;
        Ok(Answer { value: label.unwrap_or(answer.value), ..answer })
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

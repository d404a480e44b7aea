//! What a recipe would make of the first rows, before anything is stored.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use braincells_core::{AppError, CellFigures, Output, Priority, Recipe, RowId, SheetId, Value};
use braincells_llm::output::{Answer, read_answer};
use braincells_llm::prompt::PromptPlan;
use braincells_llm::{
    AnswerKey, BatchEventKind, FinishReason, LLMEngine, LLMError, LLMRequest, LLMResponse, Message,
    RequestId, Role,
};
use futures::{StreamExt, stream};
use serde::Serialize;
use tokio::time::Instant;

use crate::answers::{Answers, KeyedAnswer};
use crate::blocking::blocking;
use crate::calibration::Scoring;
use crate::calibration::ask::Questions;
use crate::calibration::responses::Kept;
use crate::error::WorkbenchError;
use crate::run::Order;
use crate::{EngineOptions, Workbench};

/// Names a calibration that no sheet keeps.
const NOT_STORED: i64 = 0;

/// One row of a preview.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct PreviewRow {
    /// The row.
    pub row: RowId,
    /// The final prompt, exactly as the engine gets it. The last message is the model's own where
    /// a label is scored behind words of it.
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
    /// recipe does not ask for these rows again. Labels are calibrated as a run would do it, which
    /// asks what a run asks before its first row.
    pub async fn preview(
        &self,
        sheet: SheetId,
        recipe: &Recipe,
        count: u64,
        options: &EngineOptions,
    ) -> Result<Vec<PreviewRow>, AppError> {
        let (store, recipe) = (self.store(sheet).await?, recipe.clone());
        let default_model = self.settings().await?.model;
        let (order, rows) = blocking(move || {
            let columns = store.columns()?;
            let order = Order::of_new_column(&store, sheet, &columns, recipe, &default_model)?;
            let rows = store.rows_at(0, count);
            let values = store.values(&order.inputs, &rows)?;
            Ok::<_, AppError>((order, rows.into_iter().zip(values).collect::<Vec<_>>()))
        })
        .await?;
        if rows.iter().all(|(_, values)| order.plan.is_input_empty(values)) {
            let request = |values: &[Value]| order.plan.request(values, &[], 0);
            let asked = |(row, values): (RowId, Vec<Value>)| {
                Asked::new(&order.plan, row, &values, request(&values)).row
            };
            return Ok(rows.into_iter().map(asked).collect());
        }
        Ok(self.ask_now(&Arc::new(order), rows, options).await?.rows)
    }

    /// Asks for a few rows as a run would, before anything else. Time is taken of these rows
    /// alone.
    pub(crate) async fn ask_now(
        &self,
        order: &Arc<Order>,
        rows: Vec<(RowId, Vec<Value>)>,
        options: &EngineOptions,
    ) -> Result<Answered, AppError> {
        let model = &order.recipe.model;
        // Where a backend is may change while its turn is waited for.
        if !model.contains(':') {
            return self.ask_in_turn(order, rows, options).await;
        }
        // Before looking, so that no lock is missed.
        let mut locks = self.live().locks();
        self.check_lock(order.sheet, model).await?;
        let mut answered = pin!(self.ask_in_turn(order, rows, options));
        loop {
            tokio::select! {
                biased;
                Ok(()) = locks.changed() => self.check_lock(order.sheet, model).await?,
                answered = &mut answered => return answered,
            }
        }
    }

    async fn ask_in_turn(
        &self,
        order: &Arc<Order>,
        rows: Vec<(RowId, Vec<Value>)>,
        options: &EngineOptions,
    ) -> Result<Answered, AppError> {
        let options = self.engine_options(options).await?;
        let model = &order.recipe.model;
        let turn = self.lines().enter(self.lane(model).await?, Priority::Now);
        turn.come().await;
        self.check_lock(order.sheet, model).await?;
        let engine = self.engines().engine(model, &options, self.events()).await?;
        self.check_lock(order.sheet, model).await?;
        let (answers, now_ms) = (self.answers(), self.now_ms());
        let (asking, ordered, count) = (Arc::clone(&engine), Arc::clone(order), rows.len());
        let prepared = blocking(move || {
            let examples = ordered.prepare(&asking)?.examples;
            let labels = ordered.plan.output().scored_labels();
            let questions = match labels.filter(|_| asking.capabilities().scores_labels) {
                None => None,
                Some(labels) => {
                    Some(Questions::new(&ordered, asking.as_ref(), &examples, labels, count)?)
                }
            };
            Ok::<_, AppError>((examples, questions))
        });
        let (examples, questions) = prepared.await?;
        let scoring = match questions {
            None => None,
            Some(questions) => {
                let kept = Kept { answers: answers.clone(), fresh: false, now_ms };
                let calibration = questions.calibration(engine.as_ref(), kept).await?;
                Scoring::new(order.plan.output(), NOT_STORED, calibration)
            }
        };
        let lead_in = scoring.as_ref().and_then(Scoring::lead_in).map(str::to_owned);
        let (asking, ordered, finding) = (Arc::clone(&engine), Arc::clone(order), answers.clone());
        let scoring = Arc::new(scoring);
        let reading = Arc::clone(&scoring);
        let mut rows = blocking(move || {
            let asked = |(row, values): (RowId, Vec<Value>)| {
                let seed = ordered.seeds().of(row, 0);
                let request = ordered.plan.request(&values, &examples, seed);
                let request = LLMRequest { lead_in: lead_in.clone(), ..request };
                Asked::new(&ordered.plan, row, &values, request)
            };
            let mut rows: Vec<Asked> = rows.into_iter().map(asked).collect();
            if let Some(fingerprint) = asking.capabilities().fingerprint {
                let found = (&finding, now_ms);
                take_kept_answers(&mut rows, &fingerprint, found, reading.as_ref().as_ref());
            }
            Ok::<_, AppError>(rows)
        })
        .await?;
        let began = Instant::now();
        let new = answer(engine.as_ref(), &mut rows, scoring.as_ref().as_ref()).await;
        let elapsed = began.elapsed();
        blocking(move || {
            answers.keep(&new, now_ms);
            let rows = rows.into_iter().map(|asked| asked.row).collect();
            Ok::<_, AppError>(Answered { rows, elapsed })
        })
        .await
    }
}

fn shown(request: &LLMRequest) -> Vec<Message> {
    let own = request.lead_in.iter().map(|words| Message::new(Role::Assistant, words));
    request.messages.iter().cloned().chain(own).collect()
}

/// Rows that were asked for, and how long the engine took.
pub(crate) struct Answered {
    pub(crate) rows: Vec<PreviewRow>,
    pub(crate) elapsed: Duration,
}

/// A row to ask for: its request unless there is nothing to ask, and where its answer is kept.
struct Asked {
    row: PreviewRow,
    request: Option<LLMRequest>,
    key: Option<AnswerKey>,
    /// Whether its answer may be one that was kept.
    may_be_kept: bool,
}

impl Asked {
    /// The row as a run would ask for it first, with `request`.
    fn new(plan: &PromptPlan, row: RowId, values: &[Value], request: LLMRequest) -> Self {
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

/// Answers the rows whose answers are kept from earlier. Blocks.
fn take_kept_answers(
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

/// Asks the engine; returns what can be kept for later.
async fn answer(
    engine: &dyn LLMEngine,
    rows: &mut [Asked],
    scoring: Option<&Scoring>,
) -> Vec<KeyedAnswer> {
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
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {
                continue;
            }
            BatchEventKind::Done(response) => Ok(*response),
            BatchEventKind::Failed(error) => Err(error),
        };
        let Some(Asked { row, request: Some(request), key, .. }) = open.remove(&event.id) else {
            continue;
        };
        let response = result.as_ref().ok().cloned();
        if enter(row, result, &request.output, scoring) {
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

//! How the rows of one run are asked for: their requests, and the answers that are kept for them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use braincells_core::{AppError, Clock, ColumnId, RowId, RunId, Value};
use braincells_data::SheetStore;
use braincells_llm::prompt::{Example, PromptPlan};
use braincells_llm::{AnswerKey, Capabilities, LLMEngine, LLMRequest, LLMResponse};
use tokio::sync::Notify;

use super::feed::lock;
use super::seeds::Seeds;
use crate::answers::Answers;

/// How a row of one run is asked for.
pub(super) struct Asking {
    pub(super) run: RunId,
    pub(super) store: Arc<SheetStore>,
    pub(super) plan: Arc<PromptPlan>,
    pub(super) inputs: Vec<ColumnId>,
    pub(super) examples: Vec<Example>,
    /// The words behind which labels are scored.
    pub(super) lead_in: Option<String>,
    pub(super) seeds: Seeds,
    /// Where earlier answers are looked up, and whose; `None` if none are wanted.
    pub(super) answers: Option<Answers>,
    /// The name of the engine that answers, if its answers may be kept.
    pub(super) fingerprint: Mutex<Option<String>>,
    /// The most requests that it may have at once; see [`Asking::answered_by`].
    pub(super) most_in_flight: AtomicU64,
    /// Told whenever a request has ended.
    pub(super) room: Notify,
    pub(super) clock: Arc<dyn Clock>,
}

/// A row that was read ahead.
pub(super) struct Question {
    pub(super) row: RowId,
    /// `None` if there is nothing to ask about, or if what to ask shows only then.
    pub(super) request: Option<LLMRequest>,
    pub(super) key: Option<AnswerKey>,
    pub(super) answer: Option<LLMResponse>,
}

impl Asking {
    /// Says who answers from now on. An engine gets twice as many requests as it works on: enough
    /// that it never waits for the next, and few enough that rows which somebody looks at, or a
    /// run that goes in between, come soon.
    pub(super) fn answered_by(&self, engine: &dyn LLMEngine) {
        let Capabilities { fingerprint, parallel_requests, .. } = engine.capabilities();
        *lock(&self.fingerprint) = fingerprint;
        let most = 2 * u64::from(parallel_requests.max(1));
        self.most_in_flight.store(most, Ordering::Relaxed);
    }

    /// Reads rows and makes their requests, with the answers that are kept for them. Blocks.
    pub(super) fn questions(&self, rows: Vec<RowId>) -> Result<VecDeque<Question>, AppError> {
        let blank = |row| Question { row, request: None, key: None, answer: None };
        if self.plan.wants_new_items() {
            return Ok(rows.into_iter().map(blank).collect());
        }
        let values = self.store.values(&self.inputs, &rows)?;
        let mut questions: VecDeque<Question> = rows
            .into_iter()
            .zip(values)
            .map(|(row, values)| Question { request: self.request(row, &values), ..blank(row) })
            .collect();
        self.look_up(questions.make_contiguous());
        Ok(questions)
    }

    fn request(&self, row: RowId, values: &[Value]) -> Option<LLMRequest> {
        let ask = || LLMRequest {
            lead_in: self.lead_in.clone(),
            ..self.plan.request(values, &self.examples, self.seeds.of(row, 0))
        };
        (!self.plan.is_input_empty(values)).then(ask)
    }

    /// Finds earlier answers, if the engine's may be used again.
    fn look_up(&self, questions: &mut [Question]) {
        let Some(fingerprint) = lock(&self.fingerprint).clone() else { return };
        for Question { request, key, .. } in &mut *questions {
            *key = request.as_ref().map(|request| request.answer_key(&fingerprint));
        }
        let Some(answers) = &self.answers else { return };
        let keys: Vec<AnswerKey> = questions.iter().filter_map(|question| question.key).collect();
        let found = answers.find(&keys, self.clock.now_ms());
        for Question { key, answer, .. } in questions {
            *answer = key.and_then(|key| found.get(&key).cloned());
        }
    }
}

//! Who waits for which answer: the requests in flight, identical prompts asked once, and second
//! attempts. Pure bookkeeping; the feed and the run loop share it.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;

use braincells_core::{AppError, CellFigures, CellRecord, CellState, RowId, RunId, Value};
use braincells_llm::output::read_answer;
use braincells_llm::{FinishReason, LLMError, LLMRequest, LLMResponse, Message, RequestId, Role};

/// How often one row is asked before it counts as failed.
const MOST_ATTEMPTS: u32 = 3;

/// Answers kept for identical prompts later in the run: at most so many, and so many bytes.
const MOST_ANSWERS: usize = 200_000;
const MOST_ANSWER_BYTES: usize = 64 << 20;

/// Characters of a refused answer that are shown to the model again.
const SHOWN_CHARACTERS: usize = 400;

/// Two independent 64-bit hashes: among a billion prompts a clash is less likely than 1 in 10^20.
type PromptKey = (u64, u64);

pub(super) struct Desk {
    run: RunId,
    seed: u64,
    shares_answers: bool,
    asked: u64,
    open: HashMap<RequestId, Open>,
    shared: HashMap<PromptKey, Shared>,
    kept_answers: usize,
    kept_bytes: usize,
    again: VecDeque<(RequestId, LLMRequest)>,
    hashers: (RandomState, RandomState),
    feed: FeedState,
}

/// How far the rows have been read.
pub(super) enum FeedState {
    HasMore,
    Ended,
    Broken(AppError),
}

struct Open {
    row: RowId,
    key: Option<PromptKey>,
    attempt: u32,
    request: LLMRequest,
    /// What earlier attempts took.
    spent: CellFigures,
}

enum Shared {
    /// These rows wait for the one that was asked.
    Asked(Vec<RowId>),
    Answered(Box<CellRecord>),
}

/// What becomes of a row.
pub(super) enum Admitted {
    Ask(RequestId, LLMRequest),
    WaitsForAnother,
    Known(CellRecord),
}

/// The end of a request.
pub(super) struct Ended {
    pub(super) cell: CellRecord,
    /// The rows that waited for the same answer.
    pub(super) also: Vec<RowId>,
}

impl Desk {
    pub(super) fn new(run: RunId, seed: u64, shares_answers: bool) -> Self {
        Self {
            run,
            seed,
            shares_answers,
            asked: 0,
            open: HashMap::new(),
            shared: HashMap::new(),
            kept_answers: 0,
            kept_bytes: 0,
            again: VecDeque::new(),
            hashers: (RandomState::new(), RandomState::new()),
            feed: FeedState::HasMore,
        }
    }

    /// The seed of a row's attempt. Greedy decoding takes the recipe's; sampling takes one that
    /// depends on the row and on nothing else, so that cells do not depend on their order.
    pub(super) fn seed_for(&self, row: RowId, attempt: u32) -> u64 {
        if self.shares_answers && attempt == 0 {
            return self.seed;
        }
        mix(self.seed ^ mix(row.0 as u64) ^ mix(u64::from(attempt) << 32))
    }

    /// Takes a row with its request.
    pub(super) fn admit(&mut self, row: RowId, request: LLMRequest) -> Admitted {
        let key = self.shares_answers.then(|| self.key_of(&request));
        match key.and_then(|key| self.shared.get_mut(&key)) {
            Some(Shared::Asked(waiting)) => {
                waiting.push(row);
                return Admitted::WaitsForAnother;
            }
            Some(Shared::Answered(cell)) => return Admitted::Known(reuse(cell, row)),
            None => {}
        }
        if let Some(key) = key {
            self.shared.insert(key, Shared::Asked(Vec::new()));
        }
        let id = RequestId(self.asked);
        self.asked += 1;
        let spent = CellFigures::default();
        self.open.insert(id, Open { row, key, attempt: 0, request: request.clone(), spent });
        Admitted::Ask(id, request)
    }

    /// A request to be asked again, if there is one.
    pub(super) fn next_attempt(&mut self) -> Option<(RequestId, LLMRequest)> {
        self.again.pop_front()
    }

    pub(super) fn has_attempts(&self) -> bool {
        !self.again.is_empty()
    }

    /// Requests given out, and of these how many have no end yet.
    pub(super) fn asked_and_open(&self) -> (u64, u64) {
        (self.asked, self.open.len() as u64)
    }

    pub(super) fn set_feed(&mut self, feed: FeedState) {
        self.feed = feed;
    }

    pub(super) fn take_feed_error(&mut self) -> Option<AppError> {
        match std::mem::replace(&mut self.feed, FeedState::Ended) {
            FeedState::Broken(error) => Some(error),
            feed => {
                self.feed = feed;
                None
            }
        }
    }

    pub(super) fn has_rows_left(&self) -> bool {
        matches!(self.feed, FeedState::HasMore)
    }

    /// Takes an answer and reads it against the output type, whatever the engine promised. `None`
    /// if the row is asked again, and if the id is not open: nobody answers twice.
    pub(super) fn answered(&mut self, id: RequestId, response: LLMResponse) -> Option<Ended> {
        let mut open = self.open.remove(&id)?;
        open.spent.add(&response);
        match read_answer(&response.content, &open.request.output) {
            Ok(answer) => {
                let size =
                    response.content.len() + answer.reasoning.as_ref().map_or(0, String::len);
                let cell = CellRecord {
                    run: Some(self.run),
                    row: open.row,
                    state: CellState::Done,
                    value: answer.value,
                    error: None,
                    reasoning: answer.reasoning.or(response.reasoning),
                    figures: CellFigures {
                        confidence: response.confidence,
                        cut_off: response.finish_reason == FinishReason::Length,
                        ..open.spent
                    },
                };
                let also = self.share(open.key, &cell, size);
                Some(Ended { cell, also })
            }
            Err(error) => self.fail_or_ask_again(id, open, error, Some(&response.content)),
        }
    }

    /// Takes a failure of one request; `None` as in [`Desk::answered`].
    pub(super) fn failed(&mut self, id: RequestId, error: LLMError) -> Option<Ended> {
        let open = self.open.remove(&id)?;
        self.fail_or_ask_again(id, open, error, None)
    }

    fn fail_or_ask_again(
        &mut self,
        id: RequestId,
        mut open: Open,
        error: LLMError,
        answer: Option<&str>,
    ) -> Option<Ended> {
        open.attempt += 1;
        if error.is_retryable() && open.attempt < MOST_ATTEMPTS {
            let request = self.next_request(&open, &error, answer);
            self.again.push_back((id, request));
            self.open.insert(id, open);
            return None;
        }
        let also = match open.key.and_then(|key| self.shared.remove(&key)) {
            Some(Shared::Asked(waiting)) => waiting,
            _ => Vec::new(),
        };
        Some(Ended { cell: failed_cell(self.run, open.row, error.into(), open.spent), also })
    }

    /// Sampling gets another seed. Greedy decoding would say the same again, so it is told what
    /// was wrong with its answer.
    fn next_request(&self, open: &Open, error: &LLMError, answer: Option<&str>) -> LLMRequest {
        let mut request = open.request.clone();
        if !self.shares_answers {
            request.seed = self.seed_for(open.row, open.attempt);
        } else if let Some(answer) = answer {
            let shown: String = answer.chars().take(SHOWN_CHARACTERS).collect();
            request.messages.push(Message::new(Role::Assistant, shown));
            let correction = format!("That cannot be used: {error}. Answer again, correctly.");
            request.messages.push(Message::new(Role::User, correction));
        }
        request
    }

    /// Keeps the answer for identical prompts while there is room; returns who waited for it.
    fn share(&mut self, key: Option<PromptKey>, cell: &CellRecord, size: usize) -> Vec<RowId> {
        let Some(key) = key else { return Vec::new() };
        let waiting = match self.shared.remove(&key) {
            Some(Shared::Asked(waiting)) => waiting,
            _ => Vec::new(),
        };
        if self.kept_answers < MOST_ANSWERS && self.kept_bytes + size <= MOST_ANSWER_BYTES {
            self.kept_answers += 1;
            self.kept_bytes += size;
            self.shared.insert(key, Shared::Answered(Box::new(cell.clone())));
        }
        waiting
    }

    fn key_of(&self, request: &LLMRequest) -> PromptKey {
        // Model, sampling and output type are the recipe's, the same for the whole run.
        (self.hashers.0.hash_one(&request.messages), self.hashers.1.hash_one(&request.messages))
    }
}

/// The same outcome for another row, which took no tokens and no time.
pub(super) fn reuse(cell: &CellRecord, row: RowId) -> CellRecord {
    let figures = CellFigures { completion_tokens: 0, duration_ms: 0, ..cell.figures.clone() };
    CellRecord { row, figures, ..cell.clone() }
}

pub(super) fn failed_cell(
    run: RunId,
    row: RowId,
    error: AppError,
    figures: CellFigures,
) -> CellRecord {
    CellRecord {
        run: Some(run),
        row,
        state: CellState::Failed,
        value: Value::Null,
        error: Some(error),
        reasoning: None,
        figures,
    }
}

trait Spend {
    fn add(&mut self, response: &LLMResponse);
}

impl Spend for CellFigures {
    fn add(&mut self, response: &LLMResponse) {
        self.model = Some(response.model.clone());
        self.prompt_tokens = self.prompt_tokens.saturating_add(response.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(response.completion_tokens);
        self.duration_ms = self.duration_ms.saturating_add(response.duration_ms);
    }
}

/// Spreads neighbouring numbers over all 64 bits (the finaliser of SplitMix64).
fn mix(number: u64) -> u64 {
    let number = (number.wrapping_add(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

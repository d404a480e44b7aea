//! Who waits for which answer: the requests in flight, identical prompts asked once, second
//! attempts, and what a column that must not repeat itself has already. Pure bookkeeping, told
//! what time it is; the feed and the run loop share it.

mod attempts;
mod budget;
mod ends;
mod items;
mod sharing;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use braincells_core::{AppError, CellFigures, CellRecord, RowId, RunId};
use braincells_data::RunSpent;
use braincells_llm::output::{Answer, read_answer};
use braincells_llm::{AnswerKey, LLMError, LLMRequest, LLMResponse, RequestId};
use tokio::time::Instant;

use super::cells::done_cell;
use super::seeds::Seeds;
use crate::answers::KeyedAnswer;
use crate::calibration::Scoring;
use attempts::Attempts;
pub(super) use budget::Budget;
pub(super) use items::NewItems;
use sharing::{Entered, PromptKey, Sharing};

pub(super) struct Desk {
    run: RunId,
    seeds: Seeds,
    /// What the column has already, where each row must be something new.
    items: Option<NewItems>,
    /// How label scores become values, where there are some.
    scoring: Option<Scoring>,
    /// What may be taken of a backend; `None` for an engine on this machine.
    budget: Option<Budget>,
    /// What is said of the limit, once it keeps the run from going on.
    limit_reached: Option<String>,
    asked: u64,
    open: HashMap<RequestId, Open>,
    /// Where the same prompt always gets the same answer.
    sharing: Option<Sharing>,
    /// Requests to be asked again, by the time from which on they may be.
    again: BTreeMap<(Instant, RequestId), LLMRequest>,
    /// Nothing at all is asked before.
    hold_until: Option<Instant>,
    /// Cells that seem to end the engine. They count as failed once it is known to live.
    suspects: Vec<Ended>,
    /// How the engine's process ended, until something is answered.
    process_end: Option<LLMError>,
    /// Whether no more requests go out.
    has_stopped: bool,
    /// Why the provider takes no more requests.
    why_stopped: Option<LLMError>,
    feed: FeedState,
    stepped_aside: bool,
    left_out: u64,
}

/// How far the rows have been read.
pub(super) enum FeedState {
    HasMore,
    Ended,
    Broken(AppError),
}

struct Open {
    row: RowId,
    prompt: Option<PromptKey>,
    /// Where its answer is kept for later runs.
    answer: Option<AnswerKey>,
    attempts: Attempts,
    request: LLMRequest,
    /// What earlier attempts took.
    spent: CellFigures,
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
    /// The answer, if later runs may use it.
    pub(super) keep: Option<KeyedAnswer>,
}

impl Desk {
    pub(super) fn new(
        run: RunId,
        seeds: Seeds,
        items: Option<NewItems>,
        scoring: Option<Scoring>,
        budget: Option<Budget>,
    ) -> Self {
        Self {
            run,
            seeds,
            items,
            scoring,
            budget,
            limit_reached: None,
            asked: 0,
            open: HashMap::new(),
            sharing: seeds.greedy.then(Sharing::default),
            again: BTreeMap::new(),
            hold_until: None,
            suspects: Vec::new(),
            process_end: None,
            has_stopped: false,
            why_stopped: None,
            feed: FeedState::HasMore,
            stepped_aside: false,
            left_out: 0,
        }
    }

    /// Takes a row with its request.
    pub(super) fn admit(
        &mut self,
        row: RowId,
        request: LLMRequest,
        answer: Option<AnswerKey>,
    ) -> Admitted {
        let prompt = match self.sharing.as_mut().map(|sharing| sharing.enter(row, &request)) {
            None => None,
            Some(Entered::First(prompt)) => Some(prompt),
            Some(Entered::Waits) => return Admitted::WaitsForAnother,
            Some(Entered::Known(cell)) => return Admitted::Known(*cell),
        };
        let id = RequestId(self.asked);
        self.asked += 1;
        let (attempts, spent) = (Attempts::default(), CellFigures::default());
        if let Some(budget) = &mut self.budget {
            budget.asked(id, &request);
        }
        let request_kept = request.clone();
        self.open.insert(id, Open { row, prompt, answer, attempts, request: request_kept, spent });
        Admitted::Ask(id, request)
    }

    /// Takes a row of a column in which each must be something new.
    pub(super) fn admit_new(&mut self, row: RowId) -> Option<Admitted> {
        let request = self.items.as_ref()?.request(self.seeds.of(row, 0));
        Some(self.admit(row, request, None))
    }

    /// The cell of a row that an earlier run asked exactly this for; `None` if its answer is no
    /// good for the output type.
    pub(super) fn known(
        &self,
        row: RowId,
        request: &LLMRequest,
        response: &LLMResponse,
    ) -> Option<CellRecord> {
        let answer = read_answer(&response.content, &request.output).ok()?;
        let figures = CellFigures {
            model: Some(response.model.clone()),
            cached: true,
            ..CellFigures::default()
        };
        Some(self.done(row, answer, response, figures))
    }

    /// A request to be asked again now, if there is one: first what the engine's process ended
    /// over, so that it is soon known which row is to blame.
    pub(super) fn next_attempt(&mut self, now: Instant) -> Option<(RequestId, LLMRequest)> {
        let due = self.again.range(..=(now, RequestId(u64::MAX))).map(|(key, _)| *key);
        let suspicion = |id: RequestId| self.open.get(&id).map(|open| open.attempts.suspicion());
        let key = due.min_by_key(|(at, id)| (Reverse(suspicion(*id)), *at, *id))?;
        let request = self.again.remove(&key)?;
        if let Some(budget) = &mut self.budget {
            budget.asked(key.1, &request);
        }
        Some((key.1, request))
    }

    /// Whether the limit of the run lets this request go out now; `None` where what is to be asked
    /// shows only then.
    pub(super) fn may_ask(&self, request: Option<&LLMRequest>) -> bool {
        self.budget.as_ref().is_none_or(|budget| budget.has_room_for(request))
    }

    /// Whether taking the row of this request would ask for it.
    pub(super) fn would_ask(&self, request: &LLMRequest) -> bool {
        self.sharing.as_ref().is_none_or(|sharing| !sharing.knows(request))
    }

    /// Whether answers are label scores, which can be calibrated.
    pub(super) fn scores_labels(&self) -> bool {
        self.scoring.is_some()
    }

    /// What the run took of a provider so far, all of it.
    pub(super) fn spent(&self) -> RunSpent {
        self.budget.as_ref().map(Budget::spent).unwrap_or_default()
    }

    /// Notes that the limit keeps what is left from being asked.
    pub(super) fn reach_limit(&mut self) {
        self.limit_reached = self.budget.as_ref().map(Budget::reached);
    }

    /// What is said of the limit, if that was noted since the last call.
    pub(super) fn take_limit_reached(&mut self) -> Option<String> {
        self.limit_reached.take()
    }

    /// How many requests may be in flight now, of `usual`.
    pub(super) fn most_in_flight(&self, usual: u64) -> u64 {
        let rows = self.open.values();
        rows.map(|open| open.attempts.most_together(usual)).min().unwrap_or(usual)
    }

    /// When the next request may be asked again, if any is to be.
    pub(super) fn next_attempt_at(&self) -> Option<Instant> {
        self.again.first_key_value().map(|((at, _), _)| *at)
    }

    /// Until when nothing may be asked, if the provider said so.
    pub(super) fn held_until(&self, now: Instant) -> Option<Instant> {
        self.hold_until.filter(|until| *until > now)
    }

    /// Requests given out so far.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    /// Requests given out that have no end yet and are not to be asked again.
    pub(super) fn in_flight(&self) -> u64 {
        (self.open.len() - self.again.len()) as u64
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

    /// Notes that rows are held back for somebody more urgent.
    pub(super) fn step_aside(&mut self) {
        self.stepped_aside = true;
    }

    /// Whether that was noted since the last call.
    pub(super) fn take_stepped_aside(&mut self) -> bool {
        std::mem::take(&mut self.stepped_aside)
    }

    /// Notes rows that somebody else has filled.
    pub(super) fn leave_out(&mut self, rows: u64) {
        self.left_out += rows;
    }

    /// How many were noted since the last call.
    pub(super) fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }

    /// The row that a request is for; `None` once it is answered.
    pub(super) fn row_of(&self, id: RequestId) -> Option<RowId> {
        self.open.get(&id).map(|open| open.row)
    }

    fn done(
        &self,
        row: RowId,
        answer: Answer,
        response: &LLMResponse,
        figures: CellFigures,
    ) -> CellRecord {
        done_cell(self.run, row, answer, response, figures, self.scoring.as_ref())
    }
}

#[cfg(test)]
mod tests;

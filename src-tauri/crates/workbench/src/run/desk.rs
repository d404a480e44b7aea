//! Who waits for which answer: the requests in flight, identical prompts asked once, second
//! attempts, and what a column that must not repeat itself has already. Pure bookkeeping, told
//! what time it is; the feed and the run loop share it.

mod attempts;
mod items;
mod sharing;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use braincells_core::{AppError, CellFigures, CellRecord, RowId, RunId};
use braincells_llm::output::{Answer, read_answer};
use braincells_llm::{AnswerKey, LLMError, LLMRequest, LLMResponse, RequestId};
use tokio::time::Instant;

use super::cells::{Spend, done_cell, failed_cell};
use super::seeds::Seeds;
use crate::answers::KeyedAnswer;
use crate::calibration::Scoring;
use crate::error::WorkbenchError;
use attempts::{Attempts, Verdict};
pub(super) use items::NewItems;
use sharing::{Entered, PromptKey, Sharing};

pub(super) struct Desk {
    run: RunId,
    seeds: Seeds,
    /// What the column has already, where each row must be something new.
    items: Option<NewItems>,
    /// How label scores become values, where there are some.
    scoring: Option<Scoring>,
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
    ) -> Self {
        Self {
            run,
            seeds,
            items,
            scoring,
            asked: 0,
            open: HashMap::new(),
            sharing: seeds.greedy.then(Sharing::default),
            again: BTreeMap::new(),
            hold_until: None,
            suspects: Vec::new(),
            process_end: None,
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
        Some((key.1, request))
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

    /// Takes an answer and reads it against the output type, whatever the engine promised. `None`
    /// if the row is asked again, and if the id is not open: nobody answers twice.
    pub(super) fn answered(
        &mut self,
        id: RequestId,
        response: LLMResponse,
        now: Instant,
    ) -> Option<Ended> {
        let mut open = self.open.remove(&id)?;
        self.process_end = None;
        open.spent.add(&response);
        let answer = match read_answer(&response.content, &open.request.output) {
            Ok(answer) => answer,
            Err(error) => return self.fail_or_ask_again(id, open, error, &response.content, now),
        };
        if let Some(items) = &mut self.items
            && !items.take(&answer.value)
        {
            return self.refuse(id, open, &response.content, now);
        }
        let figures = std::mem::take(&mut open.spent);
        let size = response.content.len() + answer.reasoning.as_ref().map_or(0, String::len);
        let cell = self.done(open.row, answer, &response, figures);
        let sharing = self.sharing.as_mut().zip(open.prompt);
        let also = sharing
            .map_or_else(Vec::new, |(sharing, prompt)| sharing.answered(prompt, &cell, size));
        Some(Ended { cell, also, keep: open.answer.map(|key| (key, response)) })
    }

    /// Takes a failure of one request; `None` as in [`Desk::answered`].
    pub(super) fn failed(&mut self, id: RequestId, error: LLMError, now: Instant) -> Option<Ended> {
        let open = self.open.remove(&id)?;
        if let LLMError::WorkerDied { .. } = error {
            self.process_end = Some(error.clone());
        }
        self.fail_or_ask_again(id, open, error, "", now)
    }

    /// How the engine's process ended, if nothing was answered since.
    pub(super) fn take_process_end(&mut self) -> Option<LLMError> {
        self.process_end.take()
    }

    /// The engine is gone: what it was asked is asked again, except for what was there each time
    /// that an engine went.
    pub(super) fn engine_went(&mut self, now: Instant) {
        let waiting: HashSet<RequestId> = self.again.keys().map(|(_, id)| *id).collect();
        let mut gone: Vec<RequestId> =
            self.open.keys().copied().filter(|id| !waiting.contains(id)).collect();
        gone.sort_unstable();
        for id in gone {
            let Some(mut open) = self.open.remove(&id) else { continue };
            if open.attempts.survives_engine() {
                self.again.insert((now, id), open.request.clone());
                self.open.insert(id, open);
            } else {
                let ended = self.end_failed(open, WorkbenchError::EndsEngine.into());
                self.suspects.push(ended);
            }
        }
    }

    /// The cells that ended the engine again and again, once it is known that the engine answers
    /// others.
    pub(super) fn take_suspects(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.suspects)
    }

    fn refuse(
        &mut self,
        id: RequestId,
        mut open: Open,
        answer: &str,
        now: Instant,
    ) -> Option<Ended> {
        if !open.attempts.may_repeat() {
            let shown = items::shown(answer);
            return Some(self.end_failed(open, WorkbenchError::Repeats { answer: shown }.into()));
        }
        // Each refusal stays in the chat, so that the model sees all that it must not say.
        open.request.seed = self.seeds.of(open.row, open.attempts.number());
        items::ask_for_another(&mut open.request, answer);
        self.again.insert((now, id), open.request.clone());
        self.open.insert(id, open);
        None
    }

    fn fail_or_ask_again(
        &mut self,
        id: RequestId,
        mut open: Open,
        error: LLMError,
        answer: &str,
        now: Instant,
    ) -> Option<Ended> {
        let wait = match open.attempts.after(&error) {
            Verdict::Fail => {
                let LLMError::WorkerDied { reason, .. } = error else {
                    return Some(self.end_failed(open, error.into()));
                };
                let ended = self.end_failed(open, WorkbenchError::EndsWorker { reason }.into());
                self.suspects.push(ended);
                return None;
            }
            Verdict::AskAgain { wait } => wait,
            Verdict::HoldAll { wait } => {
                self.hold_until = self.hold_until.max(Some(now + wait));
                wait
            }
        };
        let mut request = open.request.clone();
        if !self.seeds.greedy {
            request.seed = self.seeds.of(open.row, open.attempts.number());
        } else if !answer.is_empty() {
            attempts::correct(&mut request, answer, &error);
        }
        self.again.insert((now + wait, id), request);
        self.open.insert(id, open);
        None
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

    fn end_failed(&mut self, open: Open, error: AppError) -> Ended {
        let sharing = self.sharing.as_mut().zip(open.prompt);
        let also = sharing.map_or_else(Vec::new, |(sharing, prompt)| sharing.failed(prompt));
        Ended { cell: failed_cell(self.run, open.row, error, open.spent), also, keep: None }
    }
}

#[cfg(test)]
mod tests;

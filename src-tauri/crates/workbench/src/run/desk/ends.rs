//! How a request ends: its answer is taken, it is asked again, or its cell has failed.

use std::collections::HashSet;

use braincells_core::{AppError, CellFigures};
use braincells_llm::output::read_answer;
use braincells_llm::{LLMError, LLMResponse, RequestId};
use tokio::time::Instant;

use super::attempts::Verdict;
use super::{Desk, Ended, Open, attempts, items};
use crate::error::WorkbenchError;
use crate::run::cells::{Spend, failed_cell};

impl Desk {
    /// Takes an answer and reads it against the output type, whatever the engine promised. `None`
    /// if the row is asked again, and if the id is not open: nobody answers twice.
    pub(in crate::run) fn answered(
        &mut self,
        id: RequestId,
        mut response: LLMResponse,
        now: Instant,
    ) -> Option<Ended> {
        let mut open = self.open.remove(&id)?;
        self.process_end = None;
        if let Some(budget) = &mut self.budget {
            budget.answered(id, &mut response);
        }
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

    /// Notes what an attempt took that came to no answer: prompt tokens and generated ones, and US
    /// dollars where they are known.
    pub(in crate::run) fn lost(
        &mut self,
        id: RequestId,
        (prompt_tokens, completion_tokens): (u32, u32),
        cost_usd: Option<f64>,
    ) {
        let tokens = u64::from(prompt_tokens) + u64::from(completion_tokens);
        let cost_usd = match &mut self.budget {
            Some(budget) => budget.lost(tokens, cost_usd),
            None => cost_usd,
        };
        let Some(Open { spent, .. }) = self.open.get_mut(&id) else { return };
        spent.prompt_tokens = spent.prompt_tokens.saturating_add(prompt_tokens);
        spent.completion_tokens = spent.completion_tokens.saturating_add(completion_tokens);
        if let Some(cost) = cost_usd {
            spent.cost_usd = Some(spent.cost_usd.unwrap_or(0.0) + cost);
        }
    }

    /// Takes a failure of one request; `None` as in [`Desk::answered`].
    pub(in crate::run) fn failed(
        &mut self,
        id: RequestId,
        error: LLMError,
        now: Instant,
    ) -> Option<Ended> {
        let open = self.open.remove(&id)?;
        if let Some(budget) = &mut self.budget {
            budget.gone(id);
        }
        if let LLMError::WorkerDied { .. } = error {
            self.process_end = Some(error.clone());
        }
        self.fail_or_ask_again(id, open, error, "", now)
    }

    /// Notes that no more requests go out, because the provider takes none or because the run is to
    /// stop; those in flight may still be answered.
    pub(in crate::run) fn stop_asking(&mut self, why: Option<LLMError>) {
        self.has_stopped = true;
        self.why_stopped = self.why_stopped.take().or(why);
    }

    pub(in crate::run) fn has_stopped_asking(&self) -> bool {
        self.has_stopped
    }

    /// Why the provider takes no more requests, if that was noted since the last call.
    pub(in crate::run) fn take_why_stopped(&mut self) -> Option<LLMError> {
        self.why_stopped.take()
    }

    /// What was taken for rows that have no end yet and get none in this part of the run. They
    /// begin anew when it goes on; what they took stays taken.
    pub(in crate::run) fn take_unended(&mut self) -> Vec<CellFigures> {
        let suspects = std::mem::take(&mut self.suspects).into_iter().map(|end| end.cell.figures);
        let open = self.open.values_mut().map(|open| std::mem::take(&mut open.spent));
        suspects.chain(open).collect()
    }

    /// How the engine's process ended, if nothing was answered since.
    pub(in crate::run) fn take_process_end(&mut self) -> Option<LLMError> {
        self.process_end.take()
    }

    /// The engine is gone: what it was asked is asked again, except for what was there each time
    /// that an engine went.
    pub(in crate::run) fn engine_went(&mut self, now: Instant) {
        let waiting: HashSet<RequestId> = self.again.keys().map(|(_, id)| *id).collect();
        let mut gone: Vec<RequestId> =
            self.open.keys().copied().filter(|id| !waiting.contains(id)).collect();
        gone.sort_unstable();
        for id in gone {
            let Some(mut open) = self.open.remove(&id) else { continue };
            if let Some(budget) = &mut self.budget {
                budget.gone(id);
            }
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
    pub(in crate::run) fn take_suspects(&mut self) -> Vec<Ended> {
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

    fn end_failed(&mut self, open: Open, error: AppError) -> Ended {
        let sharing = self.sharing.as_mut().zip(open.prompt);
        let also = sharing.map_or_else(Vec::new, |(sharing, prompt)| sharing.failed(prompt));
        Ended { cell: failed_cell(self.run, open.row, error, open.spent), also, keep: None }
    }
}

//! One request from the first time it is sent to its end.

mod after;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use self::after::{Attempt, Then};
use super::Shared;
use crate::cloud::answer::{Answered, Spent};
use crate::cloud::call::{Call, News};
use crate::cloud::failure::{BROKE_OFF, Failure};
use crate::cloud::flow::Asker;
use crate::cloud::learned::Learned;
use crate::{LLMError, LLMRequest, LLMResponse, estimated_prompt_tokens};

/// What is heard of a request before its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Heard<'a> {
    /// It was sent; once more after a failure, and then its text begins anew.
    Sent,
    /// More of its text.
    Text(&'a str),
    /// What it took to come to nothing.
    Spent(Spent),
}

/// A request and how it has fared.
pub(super) struct Asking<'a> {
    shared: &'a Arc<Shared>,
    asker: Asker,
    request: &'a LLMRequest,
    /// Whether it is sent again after some of its text was heard.
    begins_anew: bool,
    /// When it was sent for the first time.
    began: Option<Instant>,
    /// How often the server failed at it before it took it on, and how often behind that.
    sends: u32,
    taken: u32,
    /// Whether an answer without an end came for it while it was alone: that one is no failure.
    was_unended: bool,
    connections: u32,
    /// When the server failed at it for the first time.
    failed: Option<Instant>,
    waits: u32,
    /// How many requests were answered when it was last asked to wait.
    answered: Option<u64>,
    room: Room,
}

/// Whether a request has the room for thinking that its model may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Given,
    /// With it the prompt does not fit, by the server's word.
    Refused,
    /// With it the prompt may not fit: the server only refused the request.
    RefusedPerhaps,
}

impl<'a> Asking<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, request: &'a LLMRequest, begins_anew: bool) -> Self {
        Self {
            shared,
            asker: shared.flow.asker(),
            request,
            begins_anew,
            began: None,
            sends: 0,
            taken: 0,
            was_unended: false,
            connections: 0,
            failed: None,
            waits: 0,
            answered: None,
            room: Room::Given,
        }
    }

    /// Asks until there is an answer or a reason not to.
    pub(super) async fn answer(
        mut self,
        hear: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> Result<LLMResponse, LLMError> {
        let expected = expected_tokens(self.request);
        loop {
            let mut permit = match self.asker.enter(expected).await {
                Ok(permit) => permit,
                Err(gave_up) => return Err(self.unreachable(gave_up.reason)),
            };
            let began = *self.began.get_or_insert_with(Instant::now);
            hear(Heard::Sent);
            let mut learned = self.shared.learned().clone();
            learned.room_refused |= self.room != Room::Given;
            let call = Call {
                client: &self.shared.client,
                model: &self.shared.model,
                request: self.request,
                learned: &learned,
                has_answered: self.shared.answered.load(Ordering::Relaxed) > 0,
                now_ms: self.shared.clock.now_ms(),
            };
            let (mut was_taken, mut was_heard) = (false, false);
            let result = call
                .send(&mut |news| match news {
                    News::Taken => {
                        was_taken = true;
                        permit.taken();
                    }
                    News::Text(text) => {
                        was_heard = true;
                        hear(Heard::Text(text));
                    }
                    News::Spent(spent) => hear(Heard::Spent(spent)),
                })
                .await;
            let failure = match result {
                Ok(answered) => {
                    permit.succeeded(tokens_of(&answered.response));
                    self.take_in(&answered, &learned);
                    return Ok(timed(answered, began));
                }
                Err(failure) => failure,
            };
            let came = match &failure {
                Failure::Unfinished(answered) => Some(spent_on(answered)),
                _ => None,
            };
            let attempt = Attempt { sent: &learned, was_taken };
            let then = self.after(failure, attempt, permit);
            if let Then::Take(answered) = then {
                self.take_in(&answered, &learned);
                return Ok(timed(*answered, began));
            }
            if let Some(spent) = came {
                hear(Heard::Spent(spent));
            }
            match then {
                Then::GiveUp(error) => return Err(error),
                _ if was_heard && !self.begins_anew => {
                    return Err(self.server_failed(format!("{BROKE_OFF} in its middle")));
                }
                Then::AskAgainAfterFailures(count) => self.asker.back_off(count).await,
                Then::AskAgain | Then::Take(_) => {}
            }
        }
    }

    /// Learns from an answer.
    fn take_in(&self, answered: &Answered, sent: &Learned) {
        let Answered { response: _, has_form, thought, says_end } = answered;
        self.shared.answered.fetch_add(1, Ordering::Relaxed);
        let mut learned = self.shared.learned();
        learned.thinks |= thought;
        learned.room_refused |= self.room == Room::RefusedPerhaps;
        if *says_end {
            learned.note_ended();
        }
        if let Some(has_form) = *has_form {
            learned.note_form(has_form, sent, self.reads_schemas());
        }
    }

    fn reads_schemas(&self) -> bool {
        self.shared.model.endpoint.traits().json_schema
    }

    fn server_failed(&self, reason: String) -> LLMError {
        let backend = self.shared.model.endpoint.title().to_owned();
        LLMError::ServerFailed { backend, reason }
    }

    fn unreachable(&self, reason: String) -> LLMError {
        let backend = self.shared.model.endpoint.title().to_owned();
        LLMError::Unreachable { backend, reason }
    }
}

fn timed(answered: Answered, began: Instant) -> LLMResponse {
    let duration_ms = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
    LLMResponse { duration_ms, ..answered.response }
}

fn tokens_of(response: &LLMResponse) -> u64 {
    u64::from(response.prompt_tokens) + u64::from(response.completion_tokens)
}

fn spent_on(answered: &Answered) -> Spent {
    let LLMResponse { prompt_tokens, completion_tokens, cost_usd, .. } = answered.response;
    Spent { prompt_tokens, completion_tokens, cost_usd }
}

/// About how many tokens a request and its answer are. An answer is rarely as long as it may be,
/// and what it took corrects the figure at once.
fn expected_tokens(request: &LLMRequest) -> u64 {
    u64::from(estimated_prompt_tokens(request)) + u64::from(request.token_limit())
}

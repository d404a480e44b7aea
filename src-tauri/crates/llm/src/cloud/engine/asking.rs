//! One request from the first time it is sent to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::Shared;
use crate::cloud::answer::{Answered, Spent};
use crate::cloud::body::thinking_room;
use crate::cloud::call::{Call, News};
use crate::cloud::failure::{BROKE_OFF, Failure, one_line};
use crate::cloud::flow::{Asker, Permit};
use crate::cloud::learned::Learned;
use crate::{LLMError, LLMRequest, LLMResponse, estimated_prompt_tokens};

/// How often a request is sent that the server never takes on, and how often while that may be an
/// outage which ends soon.
const ENOUGH_SENDS: u32 = 6;
const MOST_SENDS: u32 = 12;

/// How often a request is sent that the server takes on and does not answer: most servers want to
/// be paid for that too.
const MOST_TAKEN: u32 = 2;

/// How often a request is asked to wait while others are answered.
const MOST_WAITS: u32 = 20;

/// How often the connection for one request may fail while others have theirs. Without any, the
/// flow gives up sooner.
const MOST_CONNECTIONS: u32 = 32;

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
    /// Whether it is sent without room for thinking, because with it the prompt may not fit.
    without_room: bool,
    /// Whether that was not said, only guessed.
    guessed_room: bool,
}

/// An attempt as it was made.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    /// What it was written by.
    sent: &'a Learned,
    /// Whether the server took it on.
    was_taken: bool,
}

/// What is done after a failure.
enum Then {
    AskAgain,
    AskAgainAfterFailures(u32),
    /// It was no failure.
    Take(Box<Answered>),
    GiveUp(LLMError),
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
            without_room: false,
            guessed_room: false,
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
            learned.room_refused |= self.without_room;
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
                    let tokens = self.take_in(&answered, &learned);
                    permit.succeeded(tokens);
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
            came.into_iter().for_each(|spent| hear(Heard::Spent(spent)));
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

    /// Learns from an answer. Answers how many tokens it took.
    fn take_in(&self, answered: &Answered, sent: &Learned) -> u64 {
        let Answered { response, has_form, thought, says_end } = answered;
        self.shared.answered.fetch_add(1, Ordering::Relaxed);
        let mut learned = self.shared.learned();
        learned.thinks |= thought;
        learned.room_refused |= self.guessed_room;
        if *says_end {
            learned.note_ended();
        }
        if let Some(has_form) = *has_form {
            learned.note_form(has_form, sent, self.reads_schemas());
        }
        u64::from(response.prompt_tokens) + u64::from(response.completion_tokens)
    }

    /// What a failure means for this request. Tells the flow.
    fn after(&mut self, failure: Failure, attempt: Attempt<'_>, permit: Permit) -> Then {
        let Attempt { sent, was_taken } = attempt;
        match failure {
            // The server takes what it is sent at this pace; what is wrong is this request.
            Failure::Parameter(name) => {
                permit.succeeded(0);
                if self.shared.learned().refuse(&name, sent, self.reads_schemas()) {
                    return Then::AskAgain;
                }
                let reason = format!("the server refuses `{}`", one_line(&name, None));
                Then::GiveUp(LLMError::InvalidRequest { reason })
            }
            // The flow holds everybody back, so there is no wait of one's own.
            Failure::Wait(retry_after) => {
                permit.slow_down(retry_after);
                self.taken += u32::from(was_taken);
                if self.taken >= MOST_TAKEN {
                    return self.again(self.taken, MOST_TAKEN, "it asked to wait in its answer");
                }
                self.wait()
            }
            Failure::Retry(reason) if was_taken => {
                permit.failed();
                self.again_after_taken(&reason)
            }
            Failure::Retry(reason) => {
                permit.failed();
                self.sends += 1;
                let failed = *self.failed.get_or_insert_with(Instant::now);
                let outage = self.shared.client.pauses().outage;
                self.again(self.sends, most_sends(failed.elapsed(), outage), &reason)
            }
            Failure::Unfinished(answered) => self.after_unended(answered, permit),
            Failure::Connection(reason) => {
                permit.unconnected(&reason);
                self.connections += 1;
                self.again(self.connections, MOST_CONNECTIONS, &reason)
            }
            Failure::Cell(error) => {
                permit.succeeded(0);
                if self.may_fit_without_room(&error, sent) {
                    return Then::AskAgain;
                }
                Then::GiveUp(error)
            }
            Failure::Run(error) => {
                permit.failed();
                Then::GiveUp(error)
            }
        }
    }

    /// The stream ended, and whether the answer did is not known: the server interrupted it for the
    /// next request, or it never says.
    fn after_unended(&mut self, answered: Box<Answered>, permit: Permit) -> Then {
        let was_alone = permit.unfinished();
        let mut learned = self.shared.learned();
        let is_usual = if was_alone { learned.note_unended() } else { learned.leaves_out_ends() };
        drop(learned);
        if is_usual {
            self.shared.flow.widen();
            return Then::Take(answered);
        }
        if was_alone && !std::mem::replace(&mut self.was_unended, true) {
            self.shared.flow.retried();
            return Then::AskAgain;
        }
        self.again_after_taken(BROKE_OFF)
    }

    fn again_after_taken(&mut self, reason: &str) -> Then {
        self.taken += 1;
        self.again(self.taken, MOST_TAKEN, reason)
    }

    /// The flow judges a server that answers nobody. One that answers others will never answer
    /// this one.
    fn wait(&mut self) -> Then {
        let answered = self.shared.answered.load(Ordering::Relaxed);
        if self.answered.replace(answered).is_some_and(|before| before != answered) {
            self.waits += 1;
        }
        if self.waits >= MOST_WAITS {
            let reason = "it asks to wait and answers others meanwhile, again and again";
            return Then::GiveUp(self.server_failed(reason.to_owned()));
        }
        self.shared.flow.retried();
        Then::AskAgain
    }

    /// Whether a request that was refused had room for thinking that it can do without. Servers say
    /// in many ways, or not at all, that prompt and answer together are too long for them.
    fn may_fit_without_room(&mut self, error: &LLMError, sent: &Learned) -> bool {
        if thinking_room(self.request, sent) == 0 {
            return false;
        }
        match error {
            LLMError::ContextLengthExceeded { available_tokens, .. } => {
                self.shared.learned().note_context(*available_tokens);
            }
            LLMError::InvalidRequest { .. } => self.guessed_room = true,
            _ => return false,
        }
        self.without_room = true;
        true
    }

    fn again(&self, failures: u32, most: u32, reason: &str) -> Then {
        if failures >= most {
            return Then::GiveUp(self.server_failed(format!("{reason} ({failures} attempts)")));
        }
        self.shared.flow.retried();
        Then::AskAgainAfterFailures(failures)
    }

    /// The error that a failure ends this request with, if it does.
    #[cfg(test)]
    pub(super) fn after_failure(
        &mut self,
        failure: Failure,
        was_taken: bool,
        permit: Permit,
    ) -> Option<LLMError> {
        let sent = &Learned::default();
        match self.after(failure, Attempt { sent, was_taken }, permit) {
            Then::GiveUp(error) => Some(error),
            Then::AskAgain | Then::AskAgainAfterFailures(_) | Then::Take(_) => None,
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

/// How often a request is sent at most that the server fails at since so long.
fn most_sends(since_first: Duration, outage: Duration) -> u32 {
    if since_first < outage { MOST_SENDS } else { ENOUGH_SENDS }
}

fn timed(answered: Answered, began: Instant) -> LLMResponse {
    let duration_ms = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
    LLMResponse { duration_ms, ..answered.response }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_sent_more_often_while_it_may_be_an_outage() {
        let cases = [(0, 20, 12), (19, 20, 12), (20, 20, 6), (600, 20, 6), (0, 0, 6)];
        for (since, outage, most) in cases {
            let (since, outage) = (Duration::from_secs(since), Duration::from_secs(outage));
            assert_eq!(most_sends(since, outage), most, "{since:?} of {outage:?}");
        }
    }
}

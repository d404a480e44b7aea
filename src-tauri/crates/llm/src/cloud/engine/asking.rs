//! One request from the first time it is sent to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::Shared;
use crate::cloud::answer::{Answered, estimated_tokens};
use crate::cloud::body::thinking_room;
use crate::cloud::call::{Call, News};
use crate::cloud::failure::{Failure, one_line};
use crate::cloud::flow::{Asker, Permit};
use crate::cloud::learned::Learned;
use crate::{LLMError, LLMRequest, LLMResponse};

/// How often a request is sent that the server fails at, unless all of it was within [`OUTAGE`].
const ENOUGH_SENDS: u32 = 6;

/// How often at most.
const MOST_SENDS: u32 = 12;

/// So long a server may answer everybody with failures before rows are lost to it.
const OUTAGE: Duration = Duration::from_secs(20);

/// How often a request is asked to wait while others are answered.
const MOST_WAITS: u32 = 20;

/// How often the connection for one request may fail while others have theirs. Without any, the
/// flow gives up sooner.
const MOST_CONNECTIONS: u32 = 32;

/// What is heard of a request before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    /// It was sent; once more after a failure, and then its text begins anew.
    Sent,
    /// More of its text.
    Text(&'a str),
}

/// A request and how it has fared.
pub(super) struct Asking<'a> {
    shared: &'a Arc<Shared>,
    asker: Asker,
    request: &'a LLMRequest,
    /// When it was sent for the first time.
    began: Option<Instant>,
    sends: u32,
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

/// What is done after a failure.
enum Then {
    AskAgain,
    AskAgainAfterFailures(u32),
    GiveUp(LLMError),
}

impl<'a> Asking<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, request: &'a LLMRequest) -> Self {
        Self {
            shared,
            asker: shared.flow.asker(),
            request,
            began: None,
            sends: 0,
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
                now_ms: self.shared.clock.now_ms(),
            };
            let result = call
                .send(&mut |news| match news {
                    News::Taken => permit.taken(),
                    News::Text(text) => hear(Heard::Text(text)),
                })
                .await;
            match result {
                Ok(answered) => return Ok(self.take(answered, &learned, permit, began)),
                Err(failure) => match self.after(failure, &learned, permit) {
                    Then::AskAgain => {}
                    Then::AskAgainAfterFailures(count) => self.asker.back_off(count).await,
                    Then::GiveUp(error) => return Err(error),
                },
            }
        }
    }

    fn take(
        &self,
        answered: Answered,
        sent: &Learned,
        permit: Permit,
        began: Instant,
    ) -> LLMResponse {
        let Answered { mut response, has_form, thought } = answered;
        permit.succeeded(u64::from(response.prompt_tokens) + u64::from(response.completion_tokens));
        self.shared.answered.fetch_add(1, Ordering::Relaxed);
        let mut learned = self.shared.learned();
        learned.thinks |= thought;
        learned.room_refused |= self.guessed_room;
        if let Some(has_form) = has_form {
            learned.note_form(has_form, sent, self.reads_schemas());
        }
        drop(learned);
        response.duration_ms = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
        response
    }

    /// What a failure means for this request. Tells the flow.
    fn after(&mut self, failure: Failure, sent: &Learned, permit: Permit) -> Then {
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
                self.wait()
            }
            Failure::Retry(reason) => {
                permit.failed();
                self.sends += 1;
                let failed = *self.failed.get_or_insert_with(Instant::now);
                let most = if failed.elapsed() < OUTAGE { MOST_SENDS } else { ENOUGH_SENDS };
                self.again(self.sends, most, &reason)
            }
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
        sent: &Learned,
        permit: Permit,
    ) -> Option<LLMError> {
        match self.after(failure, sent, permit) {
            Then::GiveUp(error) => Some(error),
            Then::AskAgain | Then::AskAgainAfterFailures(_) => None,
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

/// About how many tokens a request and its answer are. An answer is rarely as long as it may be,
/// and what it took corrects the figure at once.
fn expected_tokens(request: &LLMRequest) -> u64 {
    u64::from(estimated_tokens(request)) + u64::from(request.token_limit())
}

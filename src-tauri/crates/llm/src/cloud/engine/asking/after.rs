//! What a failure means for one request: whether and when it is sent again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::{Asking, Room, tokens_of};
use crate::LLMError;
use crate::cloud::answer::Answered;
use crate::cloud::body::thinking_room;
use crate::cloud::failure::{BROKE_OFF, Failure, one_line};
use crate::cloud::flow::Permit;
use crate::cloud::learned::Learned;

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

/// An attempt as it was made.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    /// What it was written by.
    pub(super) sent: &'a Learned,
    /// Whether the server took it on.
    pub(super) was_taken: bool,
}

/// What is done after a failure.
pub(super) enum Then {
    AskAgain,
    AskAgainAfterFailures(u32),
    /// It was no failure.
    Take(Box<Answered>),
    GiveUp(LLMError),
}

impl Asking<'_> {
    /// What a failure means for this request. Tells the flow.
    pub(super) fn after(&mut self, failure: Failure, attempt: Attempt<'_>, permit: Permit) -> Then {
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
        if self.shared.learned().leaves_out_ends() {
            permit.succeeded(tokens_of(&answered.response));
            return Then::Take(answered);
        }
        let was_alone = permit.unfinished();
        if was_alone && self.shared.learned().note_unended() {
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
            LLMError::InvalidRequest { .. } => {
                self.room = Room::RefusedPerhaps;
                return true;
            }
            _ => return false,
        }
        self.room = Room::Refused;
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
    pub(in crate::cloud::engine) fn after_failure(
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
}

/// How often a request is sent at most that the server fails at since so long.
fn most_sends(since_first: Duration, outage: Duration) -> u32 {
    if since_first < outage { MOST_SENDS } else { ENOUGH_SENDS }
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

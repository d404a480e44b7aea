//! What a failure of a server means for the request, the row and the run. Pure: status, headers and
//! body go in, a class comes out; who waits, sends again or stops is not decided here.
//!
//! A class that ends the run must be certain, because thousands of rows depend on it; what is not
//! certain fails the row or is tried again. Texts are only looked at where no code says it, and once
//! the server has answered anybody they end no run: a server may repeat what a row says.

mod context;
mod parameter;
mod reason;
mod said;
mod transport;
mod wait;
mod words;

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use self::said::Said;
use super::answer::Answered;
use super::endpoint::Endpoint;
use super::key::ApiKey;
use crate::LLMError;

pub(super) use self::reason::one_line;
pub(super) use self::transport::of_transport;

/// What is said of an answer whose end is missing.
pub(super) const BROKE_OFF: &str = "the answer broke off";

/// What a failure means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Failure {
    /// The server refuses this parameter by name: learn it and send again without.
    Parameter(String),
    /// The server asks everybody to slow down, for so long where it says.
    Wait(Option<Duration>),
    /// Sending again may help; why.
    Retry(String),
    /// The stream ended in good order and nobody said that the answer did: somebody interrupted it,
    /// or the server never says. What came.
    Unfinished(Box<Answered>),
    /// The server was not reached; why.
    Connection(String),
    /// This row fails, others may not.
    Cell(LLMError),
    /// No other row can succeed either.
    Run(LLMError),
}

/// What was asked, and of whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct AskedOf<'a> {
    /// Where it was sent.
    pub(super) endpoint: &'a Endpoint,
    /// The model as the backend names it; empty where none was asked.
    pub(super) model: &'a str,
    /// The key that was sent, to be removed from what the server says.
    pub(super) key: Option<&'a ApiKey>,
    /// The parameters of the request that it could do without, by their names on the wire.
    pub(super) parameters: &'a [&'static str],
    /// Whether the server has answered others well: what is wrong then is rarely the key, the account
    /// or the model, and words that say so may be the row's, which some servers repeat.
    pub(super) has_answered: bool,
}

/// What an answer with a status that is not 200 means. `now_ms` is the time since 1970, for servers
/// that give a date to wait for and none of their own.
pub(super) fn of_status(
    asked: &AskedOf<'_>,
    status: u16,
    headers: &HeaderMap,
    body: &str,
    now_ms: i64,
) -> Failure {
    if (300..400).contains(&status) {
        return Failure::Run(asked.unreachable(reason::of_redirect(asked.endpoint, headers)));
    }
    if status == 407 {
        return Failure::Run(asked.unreachable("the proxy asks for a name and a password (407)"));
    }
    let said = Said::of_body(body);
    let wait = wait::of_answer(headers, &said, now_ms);
    asked.judge(status, wait, &said)
}

/// What an error inside an answer with status 200 means: the value of its `error`, or all of it.
pub(super) fn of_error_object(asked: &AskedOf<'_>, error: &Value) -> Failure {
    let said = Said::of_value(error);
    let wait = wait::of_answer(&HeaderMap::new(), &said, 0);
    // What names no class came from a server that began to answer: it may do better next time.
    asked.judge(said.status().unwrap_or(500), wait, &said)
}

impl AskedOf<'_> {
    fn judge(&self, status: u16, wait: Option<Duration>, said: &Said) -> Failure {
        match status {
            400..500 => self.judge_refusal(status, wait, said),
            503 | 529 => {
                if let Some(error) = self.overflow(said, true) {
                    return Failure::Cell(error);
                }
                // A model that is being loaded and a server with a full queue will take it later.
                if wait.is_some() || status == 529 || words::asks_to_wait(said) {
                    return Failure::Wait(wait);
                }
                Failure::Retry(self.told(status, said))
            }
            500..600 => {
                if let Some(error) = self.overflow(said, true) {
                    return Failure::Cell(error);
                }
                // Some do not know the parameter, some stumble over it.
                if matches!(status, 500 | 501)
                    && let Some(name) = parameter::refused(self.parameters, said)
                {
                    return Failure::Parameter(name);
                }
                Failure::Retry(self.told(status, said))
            }
            _ => Failure::Retry(self.told(status, said)),
        }
    }

    /// 4xx: what is wrong is the key, the account, the address, the model, or this one request.
    fn judge_refusal(&self, status: u16, wait: Option<Duration>, said: &Said) -> Failure {
        let trusts_words = !self.has_answered;
        if status == 402
            || words::is_about_credit(said, wait.is_some(), trusts_words || status == 429)
        {
            return Failure::Run(LLMError::NoCredit {
                backend: self.title(),
                reason: self.told(status, said),
            });
        }
        match status {
            401 => return self.key_refused(status, said),
            408 | 409 | 425 => return Failure::Retry(self.told(status, said)),
            429 if words::is_too_large_for_the_limit(said) => {
                return self.invalid(status, said);
            }
            429 => return Failure::Wait(wait),
            _ => {}
        }
        if words::is_refusal(said) {
            return self.refused(status, said);
        }
        if let Some(error) = self.overflow(said, false) {
            return Failure::Cell(error);
        }
        // Before the model: servers say "model x does not support logprobs".
        if let Some(name) = parameter::refused(self.parameters, said) {
            return Failure::Parameter(name);
        }
        if words::is_about_model(said, trusts_words || matches!(status, 404 | 410)) {
            return self.model_unknown(status, said);
        }
        match status {
            403 if said.is_page => self.refused(status, said),
            403 if words::is_about_key(said, trusts_words) => self.key_refused(status, said),
            403 => self.refused(status, said),
            404 | 405 | 410 if self.model.is_empty() || !self.endpoint.is_known_address() => {
                Failure::Run(self.unreachable(self.wrong_address(status, said)))
            }
            404 | 410 => self.model_unknown(status, said),
            // Some say so with a 400.
            400 if words::is_bad_key(said, trusts_words) => self.key_refused(status, said),
            _ => self.invalid(status, said),
        }
    }

    fn overflow(&self, said: &Said, only_certain: bool) -> Option<LLMError> {
        match context::of(said, only_certain)? {
            context::Overflow::Of { needed_tokens, available_tokens } => {
                Some(LLMError::ContextLengthExceeded { needed_tokens, available_tokens })
            }
            context::Overflow::Unknown => Some(LLMError::InvalidRequest {
                reason: one_line(
                    &format!("it is too long for the model: {}", said.message),
                    self.key,
                ),
            }),
        }
    }

    fn key_refused(&self, status: u16, said: &Said) -> Failure {
        let missing = self.key.is_none();
        if missing && self.endpoint.needs_key() {
            return Failure::Run(self.endpoint.key_missing());
        }
        let reason = self.told(status, said);
        Failure::Run(LLMError::KeyRefused { backend: self.title(), missing, reason })
    }

    fn model_unknown(&self, status: u16, said: &Said) -> Failure {
        Failure::Run(LLMError::ModelUnknown {
            backend: self.title(),
            model: self.model.to_owned(),
            reason: self.told(status, said),
        })
    }

    fn refused(&self, status: u16, said: &Said) -> Failure {
        let reason = self.told(status, said);
        Failure::Cell(LLMError::Refused { backend: self.title(), reason })
    }

    fn invalid(&self, status: u16, said: &Said) -> Failure {
        Failure::Cell(LLMError::InvalidRequest { reason: self.told(status, said) })
    }

    fn unreachable(&self, reason: impl AsRef<str>) -> LLMError {
        let reason = one_line(reason.as_ref(), self.key);
        LLMError::Unreachable { backend: self.title(), reason }
    }

    fn wrong_address(&self, status: u16, said: &Said) -> String {
        let what =
            if self.model.is_empty() { "is no list of models" } else { "are no chat completions" };
        format!("there {what} at `{}`: {}", self.endpoint.base_url(), self.told(status, said))
    }

    fn title(&self) -> String {
        self.endpoint.title().to_owned()
    }

    /// What the server said, for people, with the status behind it.
    fn told(&self, status: u16, said: &Said) -> String {
        let message = match (said.message.is_empty(), said.is_page) {
            (false, _) => said.message.as_str(),
            (true, true) => "it answered with a page",
            (true, false) => "it did not say why",
        };
        let message = one_line(message, self.key);
        // Room for the status at the end of what was cut.
        let message: String = message.chars().take(reason::MAX_CHARS - 6).collect();
        format!("{message} ({status})")
    }
}

impl Failure {
    /// The error of a request that is asked once and not again: a list of models, a line of a batch.
    pub(super) fn into_error(self, asked: &AskedOf<'_>) -> LLMError {
        match self {
            Self::Parameter(name) => {
                LLMError::InvalidRequest { reason: format!("the server refuses `{name}`") }
            }
            Self::Wait(wait) => {
                LLMError::RateLimited { retry_after_ms: wait.map(|wait| wait.as_millis() as u64) }
            }
            Self::Retry(reason) => LLMError::ServerFailed { backend: asked.title(), reason },
            Self::Unfinished(_) => {
                LLMError::ServerFailed { backend: asked.title(), reason: BROKE_OFF.to_owned() }
            }
            Self::Connection(reason) => asked.unreachable(reason),
            Self::Cell(error) | Self::Run(error) => error,
        }
    }
}

#[cfg(test)]
mod tests;

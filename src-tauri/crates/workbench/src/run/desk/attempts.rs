use std::time::Duration;

use braincells_llm::{LLMError, LLMRequest, Message, Role};

/// How often one row is asked for an answer that can be used.
const MOST_ATTEMPTS: u32 = 3;

/// How often a row is asked again after an answer that the column has already.
const MOST_REPEATS: u32 = 3;

/// How often a row waits for a provider that asks to slow down.
const MOST_WAITS: u32 = 8;

/// How many engines may end while they work on one row.
const MOST_ENGINES: u32 = 3;

/// How often the engine's process may end while one row is all that it works on.
const MOST_DEATHS_ALONE: u32 = 2;

/// Of the requests that may be in flight, the share that is asked together after the engine's
/// process has ended over them. Few enough to find the row that ends it soon, enough that rows
/// which only happened to be there do not take long.
const SUSPECTS_SHARE: u64 = 4;

/// The wait before the second attempt after a failure; it doubles each time.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);

/// The same where the provider asks to slow down and does not say for how long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Characters of a refused answer that are shown to the model again.
const SHOWN_CHARACTERS: usize = 400;

/// What one row has been through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempts {
    failures: u32,
    repeats: u32,
    waits: u32,
    engines: u32,
    /// Ends of the engine's process while it had the row, and those while it had nothing else.
    deaths: u32,
    deaths_alone: u32,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The row has failed.
    Fail,
    /// The row is asked again, after a while.
    AskAgain { wait: Duration },
    /// The same, and until then nothing else is asked either.
    HoldAll { wait: Duration },
}

impl Attempts {
    /// Counts a failure.
    pub(super) fn after(&mut self, error: &LLMError) -> Verdict {
        if let LLMError::RateLimited { retry_after_ms } = error {
            self.waits += 1;
            if self.waits > MOST_WAITS {
                return Verdict::Fail;
            }
            let asked = retry_after_ms.map(Duration::from_millis);
            let wait = asked.unwrap_or_else(|| doubled(FIRST_WAIT, self.waits)).min(LONGEST_WAIT);
            return Verdict::HoldAll { wait };
        }
        if let LLMError::WorkerDied { requests, .. } = error {
            self.deaths += 1;
            self.deaths_alone += u32::from(*requests == 1);
            if self.deaths_alone >= MOST_DEATHS_ALONE {
                return Verdict::Fail;
            }
            return Verdict::AskAgain { wait: Duration::ZERO };
        }
        self.failures += 1;
        if !error.is_retryable() || self.failures >= MOST_ATTEMPTS {
            return Verdict::Fail;
        }
        // An answer that cannot be used says nothing about the engine: no need to wait for it.
        let wait = match error {
            LLMError::OutputInvalid { .. } => Duration::ZERO,
            _ => doubled(FIRST_BACKOFF, self.failures),
        };
        Verdict::AskAgain { wait }
    }

    /// Counts an answer that the column has already; whether the row may be asked again.
    pub(super) fn may_repeat(&mut self) -> bool {
        self.repeats += 1;
        self.repeats <= MOST_REPEATS
    }

    /// Counts an engine that ended; whether the row may be asked again.
    pub(super) fn survives_engine(&mut self) -> bool {
        self.engines += 1;
        self.engines < MOST_ENGINES
    }

    /// How much speaks for it that the row ends the engine's process. The more does, the sooner it
    /// is asked again.
    pub(super) fn suspicion(self) -> (u32, u32) {
        (self.deaths_alone, self.deaths)
    }

    /// How many requests may be in flight while this row is open, of `usual`: few after one end of
    /// the engine's process, none beside it after two, or after one that it was alone with. So it
    /// shows which row ends the process.
    pub(super) fn most_together(self, usual: u64) -> u64 {
        match (self.deaths, self.deaths_alone) {
            (0, _) => usual,
            (1, 0) => (usual / SUSPECTS_SHARE).max(1),
            _ => 1,
        }
    }

    /// Which attempt the next one is, counted from 0, for its seed.
    pub(super) fn number(self) -> u32 {
        self.failures + self.repeats
    }
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.saturating_sub(1).min(16))
}

/// Greedy decoding would say the same again, so it is told what was wrong with its answer.
pub(super) fn correct(request: &mut LLMRequest, answer: &str, error: &LLMError) {
    request.messages.push(Message::new(Role::Assistant, shown(answer)));
    let correction = format!("That cannot be used: {error}. Answer again, correctly.");
    request.messages.push(Message::new(Role::User, correction));
}

/// As much of a refused answer as the model needs to know it again.
pub(super) fn shown(answer: &str) -> String {
    answer.chars().take(SHOWN_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(error: &LLMError, times: usize) -> Vec<Verdict> {
        let mut attempts = Attempts::default();
        (0..times).map(|_| attempts.after(error)).collect()
    }

    fn again(wait_ms: u64) -> Verdict {
        Verdict::AskAgain { wait: Duration::from_millis(wait_ms) }
    }

    fn hold(wait_ms: u64) -> Verdict {
        Verdict::HoldAll { wait: Duration::from_millis(wait_ms) }
    }

    #[test]
    fn what_may_help_is_tried_three_times_with_growing_waits() {
        let failed = LLMError::InferenceFailed { reason: "no".to_owned() };
        assert_eq!(waits(&failed, 3), [again(250), again(500), Verdict::Fail]);
        let invalid =
            LLMError::OutputInvalid { expected: "number".to_owned(), reason: "no".to_owned() };
        assert_eq!(waits(&invalid, 3), [again(0), again(0), Verdict::Fail]);
        let hopeless = LLMError::InvalidRequest { reason: "no".to_owned() };
        assert_eq!(waits(&hopeless, 1), [Verdict::Fail]);
    }

    #[test]
    fn a_provider_that_asks_to_slow_down_gets_the_time_it_wants() {
        let unsaid = LLMError::RateLimited { retry_after_ms: None };
        let expected = [1, 2, 4, 8, 16, 32, 60, 60].map(|seconds| hold(seconds * 1000));
        assert_eq!(waits(&unsaid, 9)[..8], expected);
        assert_eq!(waits(&unsaid, 9)[8], Verdict::Fail);
        let said = LLMError::RateLimited { retry_after_ms: Some(1500) };
        assert_eq!(waits(&said, 2), [hold(1500), hold(1500)]);
        let for_ever = LLMError::RateLimited { retry_after_ms: Some(u64::MAX) };
        assert_eq!(waits(&for_ever, 1), [hold(60_000)]);
    }

    #[test]
    fn waiting_for_a_provider_is_no_failed_attempt() {
        let mut attempts = Attempts::default();
        let failed = LLMError::InferenceFailed { reason: "no".to_owned() };
        for _ in 0..5 {
            attempts.after(&LLMError::RateLimited { retry_after_ms: None });
        }
        assert_eq!(attempts.after(&failed), again(250));
        assert_eq!(attempts.number(), 1);
    }

    #[test]
    fn a_row_is_to_blame_when_the_process_ends_twice_with_nothing_else_in_it() {
        let died = |requests| LLMError::WorkerDied { reason: "x".to_owned(), requests };
        let mut attempts = Attempts::default();
        let mut after = |requests| {
            let verdict = attempts.after(&died(requests));
            (verdict, attempts.most_together(32), attempts.most_together(2))
        };
        assert_eq!(after(32), (again(0), 8, 1));
        assert_eq!(after(8), (again(0), 1, 1));
        assert_eq!(after(1), (again(0), 1, 1));
        assert_eq!(after(1).0, Verdict::Fail);
        assert_eq!(attempts.number(), 0, "the answer is that of a first attempt");
        assert_eq!(waits(&died(1), 2), [again(0), Verdict::Fail]);
        assert_eq!(waits(&died(2), 20), [again(0); 20], "somebody else may be to blame");
    }
}

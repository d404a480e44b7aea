//! What may be sent when; what is learned from how it ended is in [`ends`]. Pure: [`super::Flow`]
//! carries it out.

mod ends;

use std::time::Duration;

use braincells_core::RequestFlow;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::bucket::Bucket;
use super::pace::Pace;
use super::trouble::Trouble;
use super::window::Window;
use super::{FlowLimits, Pauses};

/// The least that one is waited for that nothing is heard of.
const SHORTEST_PATIENCE: Duration = Duration::from_millis(100);

/// What the next request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// It is sent.
    Send,
    /// It waits until then, unless something changes.
    Until(Duration),
    /// It waits for another to end.
    ForAnother,
}

/// A request that was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    number: u64,
    tokens: u64,
    at: Duration,
    taken: bool,
    /// Whether nothing else was in flight.
    alone: bool,
}

/// The state of one flow.
#[derive(Debug)]
pub(super) struct Gate {
    limits: FlowLimits,
    pauses: Pauses,
    window: Window,
    pace: Pace,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    random: ChaCha8Rng,
    idle_since: Duration,
    /// Nothing is sent before this.
    hold_until: Duration,
    /// After a pause one request at a time goes out until the server takes one. One that hears
    /// nothing for long is not waited for: its number, and until when it is.
    is_probing: bool,
    probe: Option<(u64, Duration)>,
    /// Time until a server takes a request on, smoothed.
    round_trip: Option<Duration>,
    /// Refusals in a row; those of one round trip count once.
    refusals: u32,
    trouble: Trouble,
    gave_up: Option<String>,
    slowed_down: u64,
    retries: u64,
}

impl Gate {
    /// A gate that knows nothing about its server yet.
    pub(super) fn new(limits: FlowLimits, pauses: Pauses, seed: u64, now: Duration) -> Self {
        Self::with(limits, pauses, ChaCha8Rng::seed_from_u64(seed), now)
    }

    fn with(limits: FlowLimits, pauses: Pauses, random: ChaCha8Rng, now: Duration) -> Self {
        let mut pace = Pace::default();
        pace.begins_again(now);
        Self {
            window: Window::new(limits.parallel_requests),
            pace,
            requests: limits.requests_per_minute.map(|limit| Bucket::of_requests(limit, now)),
            tokens: limits.tokens_per_minute.map(|limit| Bucket::of_tokens(limit, now)),
            limits,
            pauses,
            random,
            idle_since: now,
            hold_until: now,
            is_probing: false,
            probe: None,
            round_trip: None,
            refusals: 0,
            trouble: Trouble::default(),
            gave_up: None,
            slowed_down: 0,
            retries: 0,
        }
    }

    /// Why nothing is sent any more.
    pub(super) fn gave_up(&self) -> Option<&str> {
        self.gave_up.as_deref()
    }

    /// Somebody asks and nobody did before: what was given up is tried again as if it were new.
    /// What the provider may be asked in a minute stays as it is.
    pub(super) fn begins(&mut self, now: Duration) {
        if self.gave_up.is_some() {
            let fresh = Self::with(self.limits, self.pauses, self.random.clone(), now);
            let before = std::mem::replace(self, fresh);
            self.window = before.window.anew();
            self.requests = before.requests;
            self.tokens = before.tokens;
            self.slowed_down = before.slowed_down;
            self.retries = before.retries;
        } else if now.saturating_sub(self.idle_since) > Duration::from_secs(1) {
            self.pace.begins_again(now);
            self.trouble.begins_again();
        }
    }

    /// What a request of about `tokens` tokens does now.
    pub(super) fn plan(&mut self, tokens: u64, now: Duration) -> Plan {
        let Some(free_at) = self.window.free_at(self.patience(), now) else {
            return Plan::ForAnother;
        };
        let mut ready = free_at.max(self.hold_until).max(self.pace.ready_at(now));
        if let Some((_, until)) = self.probe {
            ready = ready.max(until);
        }
        if let Some(requests) = &mut self.requests {
            ready = ready.max(requests.ready_at(1.0, now));
        }
        if let Some(bucket) = &mut self.tokens {
            ready = ready.max(bucket.ready_at(tokens as f64, now));
        }
        if ready <= now { Plan::Send } else { Plan::Until(ready) }
    }

    /// It is sent.
    pub(super) fn sent(&mut self, tokens: u64, now: Duration) -> Sent {
        let alone = self.window.in_flight() == 0;
        let number = self.window.sent(now);
        self.pace.sent(number);
        self.take(1.0, tokens as f64);
        if self.is_probing {
            self.probe = Some((number, now + self.patience()));
        }
        Sent { number, tokens, at: now, taken: false, alone }
    }

    /// The server took it on: it answers, and this is no refusal.
    pub(super) fn taken(&mut self, sent: &mut Sent, now: Duration) {
        if std::mem::replace(&mut sent.taken, true) {
            return;
        }
        self.window.heard(sent.number);
        let took = now.saturating_sub(sent.at);
        self.round_trip = Some(self.round_trip.map_or(took, |before| (before * 7 + took) / 8));
        self.pace.taken(sent.number, now);
        if self.window.is_news(sent.number) {
            self.refusals = 0;
            self.is_probing = false;
            self.probe = None;
        }
    }

    /// The server does not interrupt answers.
    pub(super) fn widen(&mut self) {
        self.window.widen();
    }

    /// Full jitter: up to the first pause after the first failure, twice as much after each further.
    /// Who has never been connected to is most likely not there, and that is said soon.
    pub(super) fn backoff(&mut self, failures: u32) -> Duration {
        self.jittered(self.pauses.first, if self.trouble.is_nobody_there() { 1 } else { failures })
    }

    /// A request is sent again.
    pub(super) fn retried(&mut self) {
        self.retries += 1;
    }

    /// How the provider takes the requests.
    pub(super) fn state(&self, now: Duration) -> RequestFlow {
        let wait = self.hold_until.saturating_sub(now);
        RequestFlow {
            in_flight: self.window.in_flight(),
            limit: if self.is_probing { 1 } else { self.window.size() },
            wait_ms: (!wait.is_zero()).then(|| wait.as_millis().max(1) as u64),
            slowed_down: self.slowed_down,
            retries: self.retries,
        }
    }

    /// How long a request is waited for that nothing is heard of.
    fn patience(&self) -> Duration {
        let usual = self.round_trip.unwrap_or(self.pauses.first);
        (usual * 4).min(self.pauses.longest).max(SHORTEST_PATIENCE)
    }

    fn take(&mut self, requests: f64, tokens: f64) {
        if let Some(bucket) = &mut self.requests {
            bucket.take(requests);
        }
        if let Some(bucket) = &mut self.tokens {
            bucket.take(tokens);
        }
    }

    fn jittered(&mut self, first: Duration, times: u32) -> Duration {
        let doublings = times.saturating_sub(1).min(16);
        let most = first.saturating_mul(1 << doublings).min(self.pauses.longest);
        most.mul_f64((self.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// The learned requests a second.
    #[cfg(test)]
    pub(super) fn pace(&self) -> Option<f64> {
        self.pace.per_second()
    }
}

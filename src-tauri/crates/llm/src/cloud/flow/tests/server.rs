//! A server on tokio's paused clock, and a client that asks it as the engine does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::time::{Instant, sleep};

use super::super::Flow;
use super::{limits, new_flow};

/// What a server refuses.
#[derive(Clone, Copy, Debug)]
pub enum Refuses {
    Nothing,
    /// What is more than `per_second`, once `burst` that it saved up are gone.
    Beyond {
        per_second: f64,
        burst: f64,
    },
    /// More than `count` in one of its windows of time.
    InWindow {
        count: u32,
        window: Duration,
    },
    /// More than so many at once.
    AtOnce(u32),
    /// This share, whatever one does.
    Share(f64),
}

#[derive(Clone, Copy, Debug)]
pub struct Server {
    pub refuses: Refuses,
    /// Until an answer is there.
    pub latency: Duration,
    /// Until a refusal is there.
    pub refusal: Duration,
    pub retry_after: Option<Duration>,
}

struct State {
    level: f64,
    at: Instant,
    window: u128,
    count: u32,
    busy: u32,
    most: u32,
    random: ChaCha8Rng,
    answered: Vec<Duration>,
    refused: Vec<Duration>,
}

/// What happened, in time since the beginning.
pub struct Report {
    pub answered: Vec<Duration>,
    pub refused: Vec<Duration>,
    pub most_at_once: u32,
    pub pace: Option<f64>,
}

impl Report {
    /// Answers a second from `from` until the last.
    pub fn rate_after(&self, from: Duration) -> f64 {
        let count = self.answered.iter().filter(|&&at| at > from).count();
        let last = self.answered.last().copied().unwrap_or_default();
        count as f64 / last.saturating_sub(from).as_secs_f64()
    }

    /// Answers a second while the second half was answered.
    pub fn rate_of_last_half(&self) -> f64 {
        self.rate_after(self.answered[self.answered.len() / 2])
    }

    /// The share of the calls that were refused.
    pub fn wasted(&self) -> f64 {
        self.refused.len() as f64 / (self.refused.len() + self.answered.len()) as f64
    }
}

impl Server {
    pub fn new(refuses: Refuses, latency_ms: u64) -> Self {
        let latency = Duration::from_millis(latency_ms);
        Self { refuses, latency, refusal: latency, retry_after: None }
    }

    /// Asks it for `count` answers, at most `parallel` at a time.
    pub async fn asked(self, count: usize, parallel: u32) -> Report {
        let flow = new_flow(limits(parallel), 7);
        self.asked_by(&flow, count, parallel).await
    }

    /// The same flow asks one server after the other, as if one changed its mind.
    pub async fn asked_in_turn(servers: &[(Self, usize)]) -> Vec<Report> {
        let flow = new_flow(limits(64), 7);
        let mut reports = Vec::new();
        for &(server, count) in servers {
            reports.push(server.asked_by(&flow, count, 64).await);
        }
        reports
    }

    async fn asked_by(self, flow: &Arc<Flow>, count: usize, parallel: u32) -> Report {
        let began = Instant::now();
        let state = Mutex::new(State {
            level: f64::MAX,
            at: began,
            window: 0,
            count: 0,
            busy: 0,
            most: 0,
            random: ChaCha8Rng::seed_from_u64(11),
            answered: Vec::new(),
            refused: Vec::new(),
        });
        let state_of_all = &state;
        futures::stream::iter(0..count)
            .map(|_| self.one(flow, state_of_all, began))
            .buffer_unordered(parallel as usize)
            .collect::<Vec<()>>()
            .await;
        let pace = flow.lock().gate.pace();
        let state = state.into_inner().unwrap();
        Report { answered: state.answered, refused: state.refused, most_at_once: state.most, pace }
    }

    async fn one(self, flow: &Arc<Flow>, state: &Mutex<State>, began: Instant) {
        let asker = flow.asker();
        loop {
            let mut permit = asker.enter(0).await.unwrap();
            // The way there.
            sleep(self.refusal / 2).await;
            let taken = {
                let mut state = state.lock().unwrap();
                let taken = state.takes(self.refuses, began);
                if taken {
                    state.busy += 1;
                    state.most = state.most.max(state.busy);
                }
                taken
            };
            sleep(self.refusal / 2).await;
            if !taken {
                state.lock().unwrap().refused.push(began.elapsed());
                permit.slow_down(self.retry_after);
                flow.retried();
                continue;
            }
            permit.taken();
            sleep(self.latency.saturating_sub(self.refusal)).await;
            let mut state = state.lock().unwrap();
            state.busy -= 1;
            state.answered.push(began.elapsed());
            permit.succeeded(0);
            return;
        }
    }
}

impl State {
    fn takes(&mut self, refuses: Refuses, began: Instant) -> bool {
        let now = Instant::now();
        match refuses {
            Refuses::Nothing => true,
            Refuses::Beyond { per_second, burst } => {
                let passed = now.duration_since(self.at).as_secs_f64();
                self.level = (self.level + passed * per_second).min(burst);
                self.at = now;
                let takes = self.level >= 1.0 - 1e-9;
                self.level -= if takes { 1.0 } else { 0.0 };
                takes
            }
            Refuses::InWindow { count, window } => {
                let current = now.duration_since(began).as_nanos() / window.as_nanos();
                if current != self.window {
                    self.window = current;
                    self.count = 0;
                }
                self.count += 1;
                self.count <= count
            }
            Refuses::AtOnce(most) => self.busy < most,
            Refuses::Share(share) => {
                (self.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 >= share
            }
        }
    }
}

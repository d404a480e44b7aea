//! How fast one backend is asked: every request of an engine enters here before it is sent, and
//! says here how it ended.
//!
//! It promises: first come, first served; never more in flight than allowed, nor more a minute
//! than a person chose; fewer at once after a server asked to slow down, and nothing at all while
//! it asked to wait; a wall of so many requests a second is learned and kept to; a request that is
//! dropped, waiting or sent, leaves its place to the next. It leaves out what a failure is, how
//! often one request is sent, and what is done once it gave up.

mod bucket;
mod gate;
mod pace;
#[cfg(test)]
mod tests;
mod trouble;
mod window;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use braincells_core::RequestFlow;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use self::gate::{Gate, Plan, Sent};

/// How hard a backend may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowLimits {
    /// The most requests in flight at once; 0 counts as 1.
    pub parallel_requests: u32,
    /// The most requests that are sent in a minute.
    pub requests_per_minute: Option<u32>,
    /// The most tokens, prompts and answers together, that are asked for in a minute.
    pub tokens_per_minute: Option<u32>,
}

/// How long is waited where nobody says how long. The default is for everything but tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// The longest wait after a first failure; it doubles with each further one.
    pub first: Duration,
    /// The longest wait after many.
    pub longest: Duration,
    /// So long a server may answer everybody with failures before rows are lost to it.
    pub outage: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            outage: Duration::from_secs(20),
        }
    }
}

/// The flow of one engine's requests.
#[derive(Debug)]
pub(super) struct Flow {
    began: Instant,
    state: Mutex<State>,
    /// Who holds it is the next to be sent; the others queue for it in order.
    turn: tokio::sync::Mutex<()>,
    /// Tells the one whose turn it is that something ended.
    changed: Notify,
    /// Tells those that wait before they enter.
    gives_up: Notify,
}

#[derive(Debug)]
struct State {
    gate: Gate,
    askers: u32,
}

/// The engine gave up on its backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GaveUp {
    /// Why.
    pub(super) reason: String,
}

impl Flow {
    /// A flow that knows nothing about its server yet.
    pub(super) fn new(limits: FlowLimits, pauses: Pauses, seed: u64) -> Arc<Self> {
        let gate = Gate::new(limits, pauses, seed, Duration::ZERO);
        Arc::new(Self {
            began: Instant::now(),
            state: Mutex::new(State { gate, askers: 0 }),
            turn: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            gives_up: Notify::new(),
        })
    }

    /// Somebody who will ask, from its first attempt to its last.
    pub(super) fn asker(self: &Arc<Self>) -> Asker {
        let now = self.now();
        let mut state = self.lock();
        if state.askers == 0 {
            state.gate.begins(now);
        }
        state.askers += 1;
        drop(state);
        Asker(Arc::clone(self))
    }

    /// How the provider takes the requests at this moment.
    pub(super) fn state(&self) -> RequestFlow {
        self.lock().gate.state(self.now())
    }

    /// Enters as somebody who asks once.
    #[cfg(test)]
    pub(super) async fn enter(self: &Arc<Self>, estimated_tokens: u64) -> Result<Permit, GaveUp> {
        self.asker().enter(estimated_tokens).await
    }

    /// A request is sent again.
    pub(super) fn retried(&self) {
        self.lock().gate.retried();
    }

    /// The server does not interrupt answers: as many at once are sent as it takes.
    pub(super) fn widen(&self) {
        self.change(|gate, _now| gate.widen());
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under it panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Gate, Duration) -> T) -> T {
        let now = self.now();
        let mut state = self.lock();
        let result = change(&mut state.gate, now);
        let gave_up = state.gate.gave_up().is_some();
        drop(state);
        self.changed.notify_one();
        if gave_up {
            self.gives_up.notify_waiters();
        }
        result
    }
}

/// One request that is asked until it is answered. Once the flow gave up, every asker that there
/// is is told so, and every one that comes, until none is left: the next after that, a resumed
/// run, begins afresh.
#[derive(Debug)]
pub(super) struct Asker(Arc<Flow>);

impl Asker {
    /// Waits until one more request, of about so many tokens, may be sent.
    pub(super) async fn enter(&self, estimated_tokens: u64) -> Result<Permit, GaveUp> {
        let flow = &self.0;
        let _turn = flow.turn.lock().await;
        loop {
            let plan = {
                let mut state = flow.lock();
                if let Some(reason) = state.gate.gave_up() {
                    return Err(GaveUp { reason: reason.to_owned() });
                }
                let now = flow.now();
                match state.gate.plan(estimated_tokens, now) {
                    Plan::Send => {
                        let sent = state.gate.sent(estimated_tokens, now);
                        return Ok(Permit { flow: Arc::clone(flow), sent: Some(sent) });
                    }
                    plan => plan,
                }
            };
            match plan {
                // Either it is time or something changed: both are looked at again.
                Plan::Until(at) => {
                    drop(timeout_at(flow.began + at, flow.changed.notified()).await);
                }
                Plan::Send | Plan::ForAnother => flow.changed.notified().await,
            }
        }
    }

    /// Waits before it enters again, after it failed for the `failures`-th time: up to half a
    /// second, and up to twice as long each time. Ends at once when the flow gives up.
    pub(super) async fn back_off(&self, failures: u32) {
        let gives_up = self.0.gives_up.notified();
        let wait = {
            let mut state = self.0.lock();
            if state.gate.gave_up().is_some() {
                return;
            }
            state.gate.backoff(failures)
        };
        drop(timeout(wait, gives_up).await);
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.lock().askers -= 1;
    }
}

/// The right to send one request. Dropping it says that nobody wants the answer any more.
#[derive(Debug)]
pub(super) struct Permit {
    flow: Arc<Flow>,
    /// `None` once its end was told.
    sent: Option<Sent>,
}

impl Permit {
    /// The server began to answer well. To be told as soon as it is known: a long answer should
    /// not keep the flow from learning that the server takes requests.
    pub(super) fn taken(&mut self) {
        if let Some(sent) = &mut self.sent {
            self.flow.change(|gate, now| gate.taken(sent, now));
        }
    }

    /// The answer is there; prompt and answer were so many tokens.
    pub(super) fn succeeded(self, tokens: u64) {
        self.end(|gate, sent, now| gate.succeeded(sent, tokens, now));
    }

    /// The server asked to slow down, and perhaps for how long.
    pub(super) fn slow_down(self, retry_after: Option<Duration>) {
        self.end(|gate, sent, now| gate.slow_down(sent, retry_after, now));
    }

    /// The server answered, but not well.
    pub(super) fn failed(self) {
        self.end(Gate::failed);
    }

    /// There was no connection, or it broke.
    pub(super) fn unconnected(self, reason: &str) {
        self.end(|gate, sent, now| gate.unconnected(sent, reason, now));
    }

    /// The server ended the stream and did not say that the answer ended. Answers whether it had
    /// nothing else to do for this engine meanwhile.
    pub(super) fn unfinished(mut self) -> bool {
        let Some(sent) = self.sent.take() else { return false };
        self.flow.change(|gate, now| gate.unfinished(sent, now))
    }

    fn end(mut self, end: impl FnOnce(&mut Gate, Sent, Duration)) {
        if let Some(sent) = self.sent.take() {
            self.flow.change(|gate, now| end(gate, sent, now));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(sent) = self.sent.take() {
            self.flow.change(|gate, now| gate.cancelled(sent, now));
        }
    }
}

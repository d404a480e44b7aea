//! On tokio's paused clock: nothing waits, and every figure is the same each time.

mod ends;
mod gives_up;
mod queue;
mod server;
mod walls;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Flow, FlowLimits, Pauses, Permit};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn limits(parallel_requests: u32) -> FlowLimits {
    FlowLimits { parallel_requests, requests_per_minute: None, tokens_per_minute: None }
}

/// A flow that knows nothing about its server yet.
fn new_flow(limits: FlowLimits, seed: u64) -> Arc<Flow> {
    Flow::new(limits, Pauses::default(), seed)
}

/// A flow whose window is `parallel` wide already.
async fn flow_at_full_width(parallel: u32) -> Arc<Flow> {
    let flow = new_flow(limits(parallel), 1);
    for _ in 0..parallel {
        enter(&flow).await.succeeded(0);
    }
    assert_eq!(flow.state().limit, parallel);
    flow
}

async fn enter(flow: &Arc<Flow>) -> Permit {
    flow.enter(0).await.unwrap()
}

/// How long it takes to enter.
async fn wait(flow: &Arc<Flow>) -> (Permit, Duration) {
    let began = Instant::now();
    let permit = enter(flow).await;
    (permit, began.elapsed())
}

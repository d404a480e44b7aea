//! Clocks that stand still, run and jump, without any waiting: time here is tokio's.

use std::sync::Arc;
use std::time::Duration;

use braincells_models::download::{Control, FetchError, Fetched, Step, fetch, progress_of};
use tokio::sync::Notify;
use tokio::time::{advance, pause, resume};

use crate::case::{BLOCK, BYTES, Case};
use crate::server::{End, Reply};

const HALF: usize = 5 * BLOCK + 50;

/// A server whose first answer stands still in the middle until somebody lets it go on.
async fn stands_still() -> (Case, Arc<Notify>) {
    let go_on = Arc::new(Notify::new());
    let told = Arc::clone(&go_on);
    let case = Case::first(move |reply| reply.then(HALF, End::Silence(Arc::clone(&told)))).await;
    assert_eq!(case.limits.stall, Duration::from_mins(1));
    (case, go_on)
}

/// Fetches, and does something once the first half is there.
async fn meanwhile(
    case: &Case,
    control: &Control,
    act: impl AsyncFnOnce(),
) -> Result<Fetched, FetchError> {
    let arrived = Arc::new(Notify::new());
    let tell = Arc::clone(&arrived);
    let heard = move |step: Step| {
        if matches!(step, Step::Receiving { bytes_done, .. } if bytes_done == HALF as u64) {
            tell.notify_one();
        }
    };
    let download = fetch(&case.hub, &case.wanted, None, &case.limits, control, heard);
    let act = async {
        arrived.notified().await;
        act().await;
    };
    tokio::join!(download, act).0
}

/// The clock moves, and everything that was to happen by then happens.
async fn pass(time: Duration) {
    pause();
    advance(time).await;
    resume();
}

#[tokio::test]
async fn a_server_may_be_silent_for_just_under_a_minute() {
    let (case, go_on) = stands_still().await;
    let outcome = meanwhile(&case, &Control::new(), async || {
        for _second in 0..58 {
            pass(Duration::from_secs(1)).await;
        }
        go_on.notify_one();
    })
    .await;
    assert_eq!(outcome.unwrap().bytes_fetched, BYTES as u64);
    assert_eq!(case.server.seen().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_silent_for_a_minute_is_given_up() {
    let (case, _go_on) = stands_still().await;
    let minute = Duration::from_mins(1);
    let outcome = meanwhile(&case, &Control::new(), async || pass(minute).await).await;
    assert_eq!(outcome, Err(FetchError::Stalled { after: minute }));
    case.ends_well(BYTES - HALF).await;
}

#[tokio::test]
async fn a_download_that_is_paused_for_a_minute_goes_on() {
    let (case, _go_on) = stands_still().await;
    let control = Control::new();
    let outcome = meanwhile(&case, &control, async || control.stop()).await;
    assert_eq!(outcome, Err(FetchError::Stopped));
    pass(Duration::from_mins(1)).await;
    case.ends_well(BYTES - HALF).await;
    assert_eq!(case.server.ranges(), [None, Some(format!("bytes={HALF}-"))]);
}

#[tokio::test]
async fn a_machine_that_slept_notices_that_its_connection_is_gone() {
    // Nobody says so: the other side has forgotten it long ago.
    let (case, _go_on) = stands_still().await;
    let night = Duration::from_hours(8);
    let outcome = meanwhile(&case, &Control::new(), async || pass(night).await).await;
    let error = outcome.unwrap_err();
    assert_eq!(error, FetchError::Stalled { after: Duration::from_mins(1) });
    assert!(error.is_retriable());
    case.ends_well(BYTES - HALF).await;
}

#[tokio::test]
async fn a_machine_that_slept_before_the_attempt_is_none_the_wiser() {
    let case = Case::first(|reply| Reply::then(reply, HALF, End::Close)).await;
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    pass(Duration::from_hours(24 * 365)).await;
    case.ends_well(BYTES - HALF).await;
}

#[tokio::test]
async fn a_slow_download_loses_little_in_a_kill() {
    // The half is no whole number of blocks: what is behind the last block is written down in time.
    let (case, go_on) = stands_still().await;
    let outcome = meanwhile(&case, &Control::new(), async || {
        pass(Duration::from_secs(6)).await;
        while progress_of(&case.wanted.target) != Some(HALF as u64) {
            tokio::task::yield_now().await;
        }
        go_on.notify_one();
    })
    .await;
    assert_eq!(outcome.unwrap().bytes_fetched, BYTES as u64);
}

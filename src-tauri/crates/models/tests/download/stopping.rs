//! Stopping it at any point, and taking it up later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use braincells_core::{AppError, Code};
use braincells_models::download::{
    Control, FetchError, Fetched, Step, discard, fetch, progress_of,
};
use tokio::sync::Notify;

use crate::case::{BLOCK, BYTES, Case};
use crate::server::{End, Reply};

/// Longer than a stop may take.
const SECOND: Duration = Duration::from_secs(1);

/// Fetches, and stops at the first step for which `when` is true. Says how long the stop took.
async fn stop_when(
    case: &Case,
    when: impl Fn(&Step) -> bool + Send + Sync,
) -> (Result<Fetched, FetchError>, Duration) {
    let control = Control::new();
    let mut stopped = None;
    let heard = |step: Step| {
        if when(&step) && stopped.is_none() {
            control.stop();
            stopped = Some(Instant::now());
        }
    };
    let outcome = fetch(&case.hub, &case.wanted, None, &case.limits, &control, heard).await;
    (outcome, stopped.expect("the step was heard").elapsed())
}

/// A server that goes silent after so many bytes of its first answer.
async fn silent_after(bytes: usize) -> Case {
    let stay = Arc::new(Notify::new());
    Case::first(move |reply| reply.then(bytes, End::Silence(Arc::clone(&stay)))).await
}

#[tokio::test]
async fn a_stop_while_bytes_are_awaited_keeps_all_that_came() {
    for there in [1, BLOCK, 4 * BLOCK + 99] {
        let case = silent_after(there).await;
        let all_there = |step: &Step| matches!(step, Step::Receiving { bytes_done, .. } if *bytes_done == there as u64);
        let (outcome, took) = stop_when(&case, all_there).await;
        assert_eq!(outcome, Err(FetchError::Stopped));
        assert!(took < SECOND, "{took:?}");
        assert!(!case.wanted.target.exists());
        assert_eq!(progress_of(&case.wanted.target), Some(there as u64));
        case.ends_well(BYTES - there).await;
        assert_eq!(case.server.ranges()[1], Some(format!("bytes={there}-")));
    }
}

#[tokio::test]
async fn a_stop_before_anything_is_asked_asks_nothing() {
    let case = Case::right(BYTES).await;
    let control = Control::new();
    control.stop();
    let error = case.fetch_until(&control).await.unwrap_err();
    assert_eq!(error, FetchError::Stopped);
    assert!(!error.is_retriable());
    assert_eq!(AppError::from(error).code, Code::Cancelled);
    assert!(case.server.seen().is_empty());
    assert!(!case.wanted.target.parent().unwrap().exists());
}

#[tokio::test]
async fn a_stop_while_the_answer_is_awaited_leaves_nothing() {
    // The head itself does not come.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut case = Case::right(BYTES).await;
    case.wanted.url = format!("http://{}/o/n/resolve/c/f", listener.local_addr().unwrap());
    let control = Control::new();
    let stopper = control.clone();
    let asked = tokio::spawn(async move {
        let connection = listener.accept().await.unwrap();
        stopper.stop();
        let at = Instant::now();
        (connection, at)
    });
    assert_eq!(case.fetch_until(&control).await, Err(FetchError::Stopped));
    assert!(asked.await.unwrap().1.elapsed() < SECOND);
    case.is_empty();
}

#[tokio::test]
async fn a_stop_while_what_is_there_is_read_loses_nothing() {
    let count = 16 << 20;
    let there = count - 5;
    let mut case = Case::new(count, move |number, file, seen| {
        let right = Reply::right(file, seen);
        if number == 0 { right.then(there, End::Close) } else { right }
    })
    .await;
    case.limits.block_bytes = 1 << 20;
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    let read = AtomicU64::new(0);
    let (outcome, took) = stop_when(&case, |step| match step {
        Step::Verifying { bytes_done } => {
            read.store(*bytes_done, Ordering::Relaxed);
            true
        }
        Step::Receiving { .. } => false,
    })
    .await;
    assert_eq!(outcome, Err(FetchError::Stopped));
    assert!(took < SECOND, "{took:?}");
    assert!(read.load(Ordering::Relaxed) < there as u64, "it was in the middle of it");
    assert_eq!(case.server.seen().len(), 1, "nobody was asked");
    case.ends_well(5).await;
}

#[tokio::test]
async fn a_stop_when_all_is_there_ends_in_one_of_two_ways() {
    let case = Case::right(BYTES).await;
    let (outcome, took) = stop_when(&case, |step| matches!(step, Step::Verifying { .. })).await;
    assert!(took < SECOND, "{took:?}");
    match outcome {
        Ok(_fetched) => assert!(std::fs::read(&case.wanted.target).unwrap() == *case.file),
        Err(error) => {
            assert_eq!(error, FetchError::Stopped);
            assert!(!case.wanted.target.exists());
        }
    }
    case.ends_well(0).await;
}

#[tokio::test]
async fn a_download_that_is_dropped_lets_go() {
    let case = silent_after(5 * BLOCK).await;
    let arrived = Notify::new();
    let control = Control::new();
    let heard = |step: Step| {
        if matches!(step, Step::Receiving { bytes_done, .. } if bytes_done == 5 * BLOCK as u64) {
            arrived.notify_one();
        }
    };
    let download = fetch(&case.hub, &case.wanted, None, &case.limits, &control, heard);
    tokio::select! {
        outcome = download => panic!("it ended: {outcome:?}"),
        () = arrived.notified() => {}
    }
    // Its threads end by themselves.
    let end = Instant::now() + Duration::from_secs(20);
    let fetched = loop {
        match case.fetch().await {
            Err(FetchError::Busy { .. }) => assert!(Instant::now() < end, "it lets go"),
            outcome => break outcome.unwrap().bytes_fetched,
        }
    };
    assert_eq!(fetched, (BYTES - 5 * BLOCK) as u64);
}

#[tokio::test]
async fn what_is_given_up_is_deleted() {
    let case = silent_after(5 * BLOCK).await;
    let (outcome, _) =
        stop_when(&case, |step| matches!(step, Step::Receiving { bytes_done: 1.., .. })).await;
    assert_eq!(outcome, Err(FetchError::Stopped));
    discard(&case.wanted.target).unwrap();
    assert_eq!(progress_of(&case.wanted.target), None);
    case.is_empty();
    discard(&case.wanted.target).unwrap();
    case.ends_well(BYTES).await;
    discard(&case.wanted.target).unwrap();
    assert!(case.wanted.target.exists(), "the target is none of what is deleted");
}

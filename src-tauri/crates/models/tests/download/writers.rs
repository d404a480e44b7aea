//! Two that want the same file: one has it, the other is told.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use braincells_core::{AppError, Code};
use braincells_models::download::{Control, FetchError, Step, discard, fetch};
use tokio::sync::Notify;

use crate::case::{BLOCK, BYTES, Case};
use crate::server::{End, Reply};

#[tokio::test]
async fn two_in_one_process_do_not_write_the_same_file() {
    let go_on = Arc::new(Notify::new());
    let told = Arc::clone(&go_on);
    let case = Case::new(BYTES, move |_, file, seen| {
        Reply::right(file, seen).then(5 * BLOCK, End::Silence(Arc::clone(&told)))
    })
    .await;
    let arrived = Arc::new(Notify::new());
    let tell = Arc::clone(&arrived);
    let heard = move |step: Step| {
        if matches!(step, Step::Receiving { bytes_done: 1.., .. }) {
            tell.notify_one();
        }
    };
    let control = Control::new();
    let first = fetch(&case.hub, &case.wanted, None, &case.limits, &control, heard);
    let second = async {
        arrived.notified().await;
        let error = case.fetch().await.unwrap_err();
        assert_eq!(error, FetchError::Busy { target: case.wanted.target.clone() });
        assert!(!error.is_retriable());
        assert_eq!(AppError::from(error).code, Code::Conflict);
        let refused = discard(&case.wanted.target).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ResourceBusy);
        go_on.notify_one();
    };
    let (outcome, ()) = tokio::join!(first, second);
    assert_eq!(outcome.unwrap().bytes_fetched, BYTES as u64);
    assert!(std::fs::read(&case.wanted.target).unwrap() == *case.file);
    assert_eq!(case.server.seen().len(), 1);
    case.ends_well(0).await;
}

#[tokio::test]
async fn many_at_once_get_the_file_once() {
    let case = Case::right(200 * BLOCK).await;
    let outcomes = futures::future::join_all((0..16).map(|_| case.fetch_alone())).await;
    let fetched = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok());
    let bytes: Vec<u64> =
        fetched.map(|fetched| fetched.bytes_fetched).filter(|it| *it > 0).collect();
    assert_eq!(bytes, [200 * BLOCK as u64]);
    for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert!(matches!(error, FetchError::Busy { .. }), "{error}");
    }
    case.ends_well(0).await;
}

#[tokio::test]
async fn another_process_is_noticed() {
    let case = Case::first(|reply| reply.then(5 * BLOCK, End::Close)).await;
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    // The same lock as a second Braincells takes; it is held until its input ends.
    let child = Command::new("flock")
        .args(["--exclusive", "--nonblock"])
        .arg(case.ledger())
        .args(["sh", "-c", "echo held; read -r end"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: there is no `flock` here");
        return;
    };
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    assert!(matches!(case.fetch().await, Err(FetchError::Busy { .. })));
    assert_eq!(discard(&case.wanted.target).unwrap_err().kind(), std::io::ErrorKind::ResourceBusy);
    assert_eq!(case.server.seen().len(), 1, "nobody was asked");
    drop(child.stdin.take());
    child.wait().unwrap();
    case.ends_well(BYTES - 5 * BLOCK).await;
}

#[tokio::test]
async fn whoever_fails_lets_go_at_once() {
    let case = Case::new(BYTES, |number, file, seen| {
        Reply::right(file, seen).then((number + 1) * 1000, End::Close)
    })
    .await;
    let mut attempts = 0;
    while let Err(error) = case.fetch().await {
        assert!(matches!(error, FetchError::Cut { .. }), "{error}");
        attempts += 1;
    }
    assert_eq!(attempts, 8);
}

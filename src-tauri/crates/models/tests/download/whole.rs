//! Files that come as they should, and targets that are there already.

use braincells_models::download::{FetchError, Step, partial_path, progress_of};

use crate::case::{BLOCK, BYTES, Case, bytes};
use crate::server::{End, Reply};

#[tokio::test]
async fn files_of_all_lengths_arrive() {
    for count in [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 64 * BLOCK, 100 * BLOCK + 7] {
        for known in [true, false] {
            let case = Case::right(count).await;
            let case = if known { case } else { case.without_sha256() };
            case.ends_well(count).await;
            let seen = case.server.seen();
            assert_eq!(seen.len(), 1, "{count} bytes");
            assert_eq!(seen[0].path, "/owner/name/resolve/c0ffee/model.gguf");
            assert_eq!(seen[0].range(), None);
            assert_eq!(seen[0].header("accept-encoding"), Some("identity"));
            assert_eq!(seen[0].header("authorization"), None);
        }
    }
}

#[tokio::test]
async fn a_file_of_unknown_length_arrives() {
    for count in [0, 1, BLOCK, BYTES] {
        let reply = |_, file: &[u8], _: &_| Reply::new(200, file).of_unknown_length();
        Case::new(count, reply).await.ends_well(count).await;
    }
}

#[tokio::test]
async fn what_is_heard_only_grows_and_ends_with_all_of_it() {
    let case = Case::right(200 * BLOCK).await;
    case.ends_well(200 * BLOCK).await;
    let steps = case.steps.lock().unwrap().clone();
    let done: Vec<u64> = steps
        .iter()
        .map(|step| match step {
            Step::Receiving { bytes_done, .. } | Step::Verifying { bytes_done } => *bytes_done,
        })
        .collect();
    assert!(done.is_sorted(), "{done:?}");
    assert_eq!(done.first(), Some(&0));
    assert_eq!(steps.last(), Some(&Step::Verifying { bytes_done: case.wanted.bytes }));
    let nothing_left = |step: &Step| matches!(step, Step::Receiving { bytes_done, seconds_left, .. } if *bytes_done == case.wanted.bytes && seconds_left.is_none_or(|left| left == 0));
    assert!(steps.iter().any(nothing_left), "{steps:?}");
}

#[tokio::test]
async fn a_target_that_is_there_already_is_not_fetched_again() {
    let case = Case::right(BYTES).await;
    case.ends_well(BYTES).await;
    case.ends_well(0).await;
    // A kill after the rename leaves a ledger.
    std::fs::write(case.ledger(), "{}\n").unwrap();
    assert_eq!(progress_of(&case.wanted.target), None);
    case.ends_well(0).await;
    assert_eq!(case.server.seen().len(), 1);
}

#[tokio::test]
async fn another_file_at_the_target_stays_as_it_is() {
    let case = Case::right(BYTES).await;
    let target = &case.wanted.target;
    std::fs::create_dir_all(target.parent().unwrap()).unwrap();
    for other in [bytes(BYTES, 7), bytes(BYTES - 1, 7), Vec::new()] {
        std::fs::write(target, &other).unwrap();
        let refused = case.fetch().await.unwrap_err();
        assert_eq!(refused, FetchError::TargetTaken { target: target.clone() });
        assert!(!refused.is_retriable());
        assert_eq!(std::fs::read(target).unwrap(), other);
        assert!(!partial_path(target).exists());
    }
    std::fs::remove_file(target).unwrap();
    std::fs::create_dir(target).unwrap();
    assert!(matches!(case.fetch().await, Err(FetchError::TargetTaken { .. })));
    assert!(case.server.seen().is_empty(), "nobody was asked");
}

#[tokio::test]
async fn a_file_that_appears_meanwhile_is_not_written_over() {
    let (send, path) = std::sync::mpsc::sync_channel::<std::path::PathBuf>(1);
    let path = std::sync::Mutex::new(path);
    let case = Case::new(BYTES, move |_, file, seen| {
        let target = path.lock().unwrap().recv().unwrap();
        std::fs::write(target, "somebody's own").unwrap();
        Reply::right(file, seen)
    })
    .await;
    send.send(case.wanted.target.clone()).unwrap();
    assert!(matches!(case.fetch().await, Err(FetchError::TargetTaken { .. })));
    assert_eq!(std::fs::read(&case.wanted.target).unwrap(), b"somebody's own");
    std::fs::remove_file(&case.wanted.target).unwrap();
    case.ends_well(0).await;
}

#[tokio::test]
async fn a_partial_file_that_is_complete_needs_no_request() {
    // All of it comes, and then the end of it does not.
    let stay = std::sync::Arc::default();
    let mut case = Case::new(BYTES, move |_, file, _| {
        let reply = Reply::new(200, file).of_unknown_length();
        reply.without_end(End::Silence(std::sync::Arc::clone(&stay)))
    })
    .await;
    case.limits.stall = std::time::Duration::from_millis(200);
    let stalled = case.fetch().await.unwrap_err();
    assert!(matches!(stalled, FetchError::Stalled { .. }), "{stalled}");
    assert_eq!(progress_of(&case.wanted.target), Some(BYTES as u64));
    case.ends_well(0).await;
    assert_eq!(case.server.seen().len(), 1);
}

//! Connections that break and answers that are none.

use std::time::Duration;

use braincells_core::{AppError, Code};
use braincells_models::ModelsError;
use braincells_models::download::{FetchError, progress_of};

use crate::case::{BLOCK, BYTES, Case};
use crate::dice::Dice;
use crate::server::{End, Reply};

#[tokio::test]
async fn a_connection_that_breaks_at_any_byte_is_taken_up_there() {
    let mut dice = Dice::new(20);
    for _round in 0..40 {
        // Each answer breaks off after some bytes, until one is short enough to end.
        let cuts: Vec<usize> = (0..64).map(|_| dice.below(BYTES as u64 / 3) as usize).collect();
        let told = cuts.clone();
        let case = Case::new(BYTES, move |number, file, seen| {
            Reply::right(file, seen).then(told[number], End::Close)
        })
        .await;
        let mut there = 0;
        for cut in &cuts {
            let left = BYTES - there;
            let outcome = case.fetch().await;
            if *cut >= left {
                assert_eq!(outcome.unwrap().bytes_fetched, left as u64);
                break;
            }
            there += cut;
            let error = outcome.unwrap_err();
            let FetchError::Cut { received, wanted, .. } = &error else { panic!("{error}") };
            assert_eq!((*received, *wanted), (there as u64, BYTES as u64));
            assert!(error.is_retriable());
            let kept = progress_of(&case.wanted.target).unwrap_or_default();
            assert_eq!(kept, there as u64, "no byte is lost");
        }
        // What it was asked for: each time what was missing.
        let mut from = 0;
        for (range, cut) in case.server.ranges().into_iter().zip(&cuts) {
            assert_eq!(range, (from > 0).then(|| format!("bytes={from}-")));
            from += cut;
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_is_taken_up() {
    let mut dice = Dice::new(21);
    for _round in 0..20 {
        let after = dice.below(BYTES as u64) as usize;
        let case = Case::first(move |reply| reply.then(after, End::Reset)).await;
        let error = case.fetch().await.unwrap_err();
        // What had not been read yet when it was reset is lost, and the head may be, too.
        let there = progress_of(&case.wanted.target).unwrap_or_default() as usize;
        assert!(there <= after);
        assert!(error.is_retriable(), "{error}");
        assert_eq!(AppError::from(error).code, Code::Unreachable);
        case.ends_well(BYTES - there).await;
    }
}

#[tokio::test]
async fn nobody_there_is_no_end() {
    let mut case = Case::right(BYTES).await;
    // A port that nobody listens at: it was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    case.wanted.url = format!("http://127.0.0.1:{port}/owner/name/resolve/c0ffee/model.gguf");
    let error = case.fetch().await.unwrap_err();
    assert!(matches!(&error, FetchError::Hub(ModelsError::HubUnreachable { .. })), "{error}");
    assert!(error.is_retriable());
    case.is_empty();
}

#[tokio::test]
async fn silence_ends_an_attempt() {
    for after in [0, 1, BLOCK, 5 * BLOCK + 77] {
        let stay = std::sync::Arc::default();
        let mut case =
            Case::first(move |reply| reply.then(after, End::Silence(std::sync::Arc::clone(&stay))))
                .await;
        case.limits.stall = Duration::from_millis(200);
        let error = case.fetch().await.unwrap_err();
        assert_eq!(error, FetchError::Stalled { after: case.limits.stall });
        assert!(error.is_retriable());
        case.ends_well(BYTES - after).await;
    }
}

#[tokio::test]
async fn a_server_that_is_slow_is_not_one_that_is_silent() {
    let piece = BYTES / 12 + 1;
    let every = Duration::from_millis(50);
    let mut case = Case::first(move |reply| reply.drip(piece, every)).await;
    case.limits.stall = Duration::from_millis(250);
    case.ends_well(BYTES).await;
    assert_eq!(case.server.seen().len(), 1);
}

#[tokio::test]
async fn a_file_of_another_length_is_refused() {
    for (sent, left) in [(BYTES - 1, "shorter"), (BYTES + 1, "longer"), (0, "empty")] {
        let case = Case::first(move |_right| Reply::new(200, vec![7; sent])).await;
        let error = case.fetch().await.unwrap_err();
        let found = sent.to_string();
        assert_eq!(error, FetchError::WrongLength { wanted: BYTES as u64, found }, "{left}");
        assert!(!error.is_retriable());
        case.is_empty();
        case.ends_well(BYTES).await;
    }
}

#[tokio::test]
async fn a_file_that_does_not_end_is_refused_and_nothing_of_it_kept() {
    for more in [1, BLOCK, 50 * BLOCK] {
        let case = Case::new(BYTES, move |number, file, seen| {
            let longer = [file, &vec![7; more][..]].concat();
            let reply = Reply::new(200, longer).of_unknown_length();
            if number == 0 { reply } else { Reply::right(file, seen) }
        })
        .await;
        let error = case.fetch().await.unwrap_err();
        assert!(matches!(&error, FetchError::WrongLength { .. }), "{error}");
        case.is_empty();
        case.ends_well(BYTES).await;
    }
}

#[tokio::test]
async fn a_file_that_ends_too_early_is_taken_up() {
    let short = 3 * BLOCK + 1;
    let case = Case::new(BYTES, move |number, file, seen| {
        let reply = Reply::new(200, &file[..short]).of_unknown_length();
        if number == 0 { reply } else { Reply::right(file, seen) }
    })
    .await;
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    case.ends_well(BYTES - short).await;
    assert_eq!(case.server.ranges()[1], Some(format!("bytes={short}-")));
}

#[tokio::test]
async fn a_file_with_another_sum_is_refused_and_nothing_of_it_kept() {
    for at in [0, BLOCK, BYTES - 1] {
        let case = Case::new(BYTES, move |number, file, seen| {
            let mut other = file.to_vec();
            other[at] ^= 1;
            Reply::right(if number == 0 { &other } else { file }, seen)
        })
        .await;
        let error = case.fetch().await.unwrap_err();
        assert!(matches!(&error, FetchError::WrongChecksum { .. }), "{error}");
        assert_eq!(AppError::from(error).code, Code::ModelBroken);
        case.is_empty();
        case.ends_well(BYTES).await;
    }
}

#[tokio::test]
async fn a_packed_file_is_refused() {
    let case = Case::first(|reply| reply.with("Content-Encoding", "gzip")).await;
    let error = case.fetch().await.unwrap_err();
    assert!(error.to_string().contains("gzip"), "{error}");
    case.is_empty();
    case.ends_well(BYTES).await;
}

#[tokio::test]
async fn refusals_of_the_hub_leave_what_is_there() {
    let refusals = [
        (401, Some("GatedRepo"), Code::KeyRefused, false),
        (404, Some("EntryNotFound"), Code::NotFound, false),
        (429, None, Code::RateLimited, true),
        (500, None, Code::Unreachable, true),
        (503, None, Code::RateLimited, true),
    ];
    for (status, word, code, retriable) in refusals {
        let refuse = move || {
            let reply = Reply::new(status, "no");
            word.map_or(reply.clone(), |word| reply.with("X-Error-Code", word))
        };
        let fresh = Case::first(move |_right| refuse()).await;
        assert!(matches!(fresh.fetch().await, Err(FetchError::Hub(_))), "{status}");
        fresh.is_empty();
        let begun = Case::resumed(5000, move |_, _| refuse()).await;
        assert!(matches!(begun.fetch().await, Err(FetchError::Cut { .. })));
        let error = begun.fetch().await.unwrap_err();
        assert_eq!(error.is_retriable(), retriable, "{error}");
        assert_eq!(AppError::from(error).code, code, "{status}");
        begun.ends_well(BYTES - 5000).await;
    }
}

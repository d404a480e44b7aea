//! Servers that send another part than the one that was asked for, or have another file by now.

use braincells_core::{AppError, Code};
use braincells_models::download::{FetchError, progress_of};
use sha1::Digest as _;

use crate::case::{BYTES, Case, bytes, sha256};
use crate::server::{Reply, Seen, TAG};

/// How much there is when the second answer comes.
const THERE: usize = 9999;

fn ranges(case: &Case) -> Vec<Option<String>> {
    case.server.ranges()
}

fn asked_twice() -> [Option<String>; 2] {
    [None, Some(format!("bytes={THERE}-"))]
}

async fn cut(case: &Case) {
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    assert_eq!(progress_of(&case.wanted.target), Some(THERE as u64));
}

#[tokio::test]
async fn the_rest_is_asked_for_and_appended() {
    let case = Case::resumed(THERE, Reply::right).await;
    cut(&case).await;
    case.ends_well(BYTES - THERE).await;
    assert_eq!(ranges(&case), asked_twice());
    // Where the sum is known, it is the judge and not the tag.
    assert_eq!(case.server.seen()[1].header("if-range"), None);
    let case = Case::resumed(THERE, Reply::right).await.without_sha256();
    cut(&case).await;
    case.ends_well(BYTES - THERE).await;
    assert_eq!(case.server.seen()[1].header("if-range"), Some(TAG));
}

#[tokio::test]
async fn a_part_that_was_not_asked_for_is_not_appended() {
    let shifted: [fn(&[u8]) -> Reply; 6] = [
        |file| {
            Reply::new(206, file).with("Content-Range", &format!("bytes 0-{}/{BYTES}", BYTES - 1))
        },
        |file| {
            let said = format!("bytes {}-{}/{BYTES}", THERE - 1, BYTES - 1);
            Reply::new(206, &file[THERE - 1..]).with("Content-Range", &said)
        },
        |file| {
            let said = format!("bytes {}-{}/{BYTES}", THERE + 1, BYTES - 1);
            Reply::new(206, &file[THERE + 1..]).with("Content-Range", &said)
        },
        |file| {
            let said = format!("bytes {THERE}-{BYTES}/*");
            Reply::new(206, &file[THERE..]).with("Content-Range", &said)
        },
        |file| Reply::new(206, &file[THERE..]).with("Content-Range", "bytes=what"),
        |file| Reply::new(206, &file[THERE..]),
    ];
    for (number, reply) in shifted.into_iter().enumerate() {
        let case = Case::resumed(THERE, move |file, _| reply(file)).await;
        cut(&case).await;
        // It is of no use to ask such a server for a part again.
        case.ends_well(BYTES).await;
        assert_eq!(ranges(&case), [None, asked_twice()[1].clone(), None], "{number}");
    }
}

#[tokio::test]
async fn a_server_that_never_sends_what_was_asked_for_is_given_up() {
    let case = Case::first(|_| Reply::new(206, "abc").with("Content-Range", "bytes 1-3/4")).await;
    assert!(matches!(case.fetch().await, Err(FetchError::Changed { .. })));
    case.is_empty();
    let case = Case::first(|_| Reply::new(206, "abc").with("Content-Range", "bytes 1-3/*")).await;
    let error = case.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::WrongRange { from: 0, .. }), "{error}");
    assert!(!error.is_retriable());
    assert_eq!(AppError::from(error).code, Code::Unreachable);
    case.is_empty();
    let case = Case::new(BYTES, |number, file, seen| match number {
        0 => Reply::right(file, seen).then(THERE, crate::server::End::Close),
        _ => Reply::new(206, "abc"),
    })
    .await;
    cut(&case).await;
    let error = case.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::WrongRange { from: 0, .. }), "{error}");
    assert_eq!(case.server.seen().len(), 3, "it was started over once and no more");
    assert_eq!(progress_of(&case.wanted.target), Some(THERE as u64), "and cost nothing");
}

#[tokio::test]
async fn a_server_without_ranges_sends_all_of_it_again() {
    let case = Case::resumed(THERE, |file, _| Reply::new(200, file)).await;
    cut(&case).await;
    case.ends_well(BYTES).await;
    assert_eq!(ranges(&case), asked_twice(), "the second answer was used");
    // The same without a length.
    let case = Case::resumed(THERE, |file, _| Reply::new(200, file).of_unknown_length()).await;
    cut(&case).await;
    case.ends_well(BYTES).await;
    assert_eq!(ranges(&case), asked_twice());
}

#[tokio::test]
async fn a_range_that_cannot_be_is_judged_by_the_length() {
    let refuse = |range: Option<String>| {
        move |_: &[u8], _: &Seen| {
            let reply = Reply::new(416, "");
            range.iter().fold(reply, |reply, range| reply.with("Content-Range", range))
        }
    };
    // The file is shorter than what is there.
    let case = Case::resumed(THERE, refuse(Some("bytes */5000".to_owned()))).await;
    cut(&case).await;
    let error = case.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::Changed { .. }), "{error}");
    assert!(!error.is_retriable());
    assert_eq!(AppError::from(error).code, Code::Conflict);
    assert_eq!(progress_of(&case.wanted.target), Some(THERE as u64), "a person decides");
    // It is as long as it should be, or the server does not say: it is asked for all of it.
    for said in [Some(format!("bytes */{BYTES}")), None] {
        let case = Case::resumed(THERE, refuse(said)).await;
        cut(&case).await;
        case.ends_well(BYTES).await;
        assert_eq!(ranges(&case), [None, asked_twice()[1].clone(), None]);
    }
    // Even to a request for all of it.
    let case = Case::new(BYTES, move |_, file, seen| refuse(None)(file, seen)).await;
    assert!(matches!(case.fetch().await, Err(FetchError::WrongRange { from: 0, .. })));
    case.is_empty();
}

/// Answers with the file as it is now, given how to do so as one should.
type Answer = fn(&[u8], &Seen, &dyn Fn(&[u8], &Seen) -> Reply) -> Reply;

#[tokio::test]
async fn two_versions_of_a_file_are_never_mixed() {
    let other = bytes(BYTES, 99);
    let two = |file: &[u8], seen: &Seen| Reply::right(file, seen).with("ETag", "\"two\"");
    // One server looks at the tag that it is sent, one at nothing, one has lost its tags.
    let servers: [(Answer, usize); 2] = [
        (|file, _, _| Reply::new(200, file).with("ETag", "\"two\""), 2),
        (|file, seen, two| two(file, seen), 3),
    ];
    for (answer, requests) in servers {
        let now = other.clone();
        let mut case = Case::new(BYTES, move |number, file, seen| match number {
            0 => Reply::right(file, seen).then(THERE, crate::server::End::Close),
            1 => answer(&now, seen, &two),
            _ => two(&now, seen),
        })
        .await
        .without_sha256();
        cut(&case).await;
        case.file = std::sync::Arc::new(other.clone());
        case.ends_well(BYTES).await;
        assert_eq!(case.server.seen()[1].header("if-range"), Some(TAG));
        assert_eq!(case.server.seen().len(), requests);
    }
}

#[tokio::test]
async fn another_version_is_found_by_its_sum_where_there_is_no_tag() {
    let other = bytes(BYTES, 99);
    let case = Case::resumed(THERE, move |_, seen| Reply::right(&other, seen)).await;
    cut(&case).await;
    // The two were put together, which is seen in the end, and nothing is kept of it.
    assert!(matches!(case.fetch().await, Err(FetchError::WrongChecksum { .. })));
    case.is_empty();
    case.ends_well(BYTES).await;
}

#[tokio::test]
async fn another_version_is_known_by_what_the_hub_says_of_it() {
    let other = sha256(b"another");
    let says: [(&str, String); 3] = [
        ("X-Linked-Etag", format!("\"{other}\"")),
        ("X-Linked-Size", "4".to_owned()),
        ("Content-Range", format!("bytes {THERE}-{}/{}", BYTES + 9, BYTES + 10)),
    ];
    for (name, value) in says {
        let told = value.clone();
        let case =
            Case::resumed(THERE, move |file, seen| Reply::right(file, seen).with(name, &told))
                .await;
        cut(&case).await;
        let error = case.fetch().await.unwrap_err();
        assert!(matches!(&error, FetchError::Changed { .. }), "{name}: {error}");
        assert!(!error.is_retriable());
        // Nothing is given up for what one answer said.
        case.ends_well(BYTES - THERE).await;
    }
}

#[tokio::test]
async fn what_was_there_of_another_file_is_not_used() {
    let mut case = Case::resumed(THERE, Reply::right).await.without_sha256();
    cut(&case).await;
    // Another commit of the same path: nobody says that it is the same file.
    case.wanted.url = case.hub.file_url("owner/name", "beef", "model.gguf");
    case.ends_well(BYTES).await;
    assert_eq!(ranges(&case), [None, None]);
    // With the same sum it is.
    let mut case = Case::resumed(THERE, Reply::right).await;
    cut(&case).await;
    case.wanted.url = case.hub.file_url("owner/name", "beef", "model.gguf");
    case.ends_well(BYTES - THERE).await;
    assert_eq!(ranges(&case), asked_twice());
}

/// What git calls these bytes.
fn git_sha1(bytes: &[u8]) -> String {
    let blob = [format!("blob {}\0", bytes.len()).as_bytes(), bytes].concat();
    data_encoding::HEXLOWER.encode(&sha1::Sha1::digest(blob))
}

#[tokio::test]
async fn a_small_file_is_what_git_calls_it_and_not_another_of_its_length() {
    let mut right = Case::right(500).await.without_sha256();
    right.wanted.git_sha1 = Some(git_sha1(&right.file));
    right.ends_well(500).await;
    // As a file that another commit left there.
    std::fs::write(&right.wanted.target, bytes(500, 7)).unwrap();
    let taken = right.fetch().await.unwrap_err();
    assert!(matches!(taken, FetchError::TargetTaken { .. }), "{taken}");
    let mut altered =
        Case::new(500, |_, _, _| Reply::new(200, bytes(500, 7))).await.without_sha256();
    altered.wanted.git_sha1 = Some(git_sha1(&altered.file));
    let error = altered.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::WrongChecksum { .. }), "{error}");
    assert_eq!(progress_of(&altered.wanted.target), None, "nothing of it is kept");
}

#[tokio::test]
async fn the_sum_that_the_hub_names_with_a_file_counts_where_its_list_has_none() {
    for (of, is_right) in [(BYTES as u64, true), (7, false)] {
        let named = sha256(&bytes(BYTES, of));
        let case = Case::new(BYTES, move |_, file, seen| {
            Reply::right(file, seen).with("X-Linked-Etag", &format!("\"{named}\""))
        })
        .await
        .without_sha256();
        if is_right {
            case.ends_well(BYTES).await;
        } else {
            let error = case.fetch().await.unwrap_err();
            assert!(matches!(error, FetchError::WrongChecksum { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_does_not_cost_what_is_there() {
    let page = |_: &[u8], _: &Seen| {
        let page = "<html>Please sign in</html>";
        Reply::new(200, page).of_unknown_length().with("Content-Type", "text/html; charset=utf-8")
    };
    let case = Case::resumed(THERE, page).await;
    cut(&case).await;
    let error = case.fetch().await.unwrap_err();
    assert!(error.is_retriable() && error.to_string().contains("a page"), "{error}");
    assert_eq!(progress_of(&case.wanted.target), Some(THERE as u64));
    case.ends_well(BYTES - THERE).await;
}

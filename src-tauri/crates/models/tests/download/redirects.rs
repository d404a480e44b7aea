//! Files that lie elsewhere: the hub redirects, and the token stays with the hub.

use braincells_core::AppError;
use braincells_models::ModelsError;
use braincells_models::download::FetchError;
use secrecy::SecretString;

use crate::case::{BYTES, Case, bytes, sha256};
use crate::server::{End, Reply, Server};

#[tokio::test]
async fn a_file_on_another_host_comes_without_the_token() {
    let file = bytes(BYTES, BYTES as u64);
    let sum = sha256(&file);
    let far = Server::start(move |number, seen| {
        let right = Reply::right(&file, seen);
        // A sum that another host claims counts nothing.
        let right = right.with("X-Linked-Etag", &format!("\"{}\"", sha256(b"a lie")));
        if number == 0 { right.then(5000, End::Close) } else { right }
    })
    .await;
    let location = format!("{}/blob?Signature=x", far.address);
    let mut case = Case::new(BYTES, move |_, _, _| {
        Reply::to(&location)
            .with("X-Linked-Size", &BYTES.to_string())
            .with("X-Linked-Etag", &format!("\"{sum}\""))
    })
    .await;
    case.token = Some(SecretString::from("hf_secret"));
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    let ledger = std::fs::read_to_string(case.ledger()).unwrap();
    assert!(!ledger.contains("Signature") && !ledger.contains("hf_secret"), "{ledger}");
    case.ends_well(BYTES - 5000).await;
    for seen in case.server.seen() {
        assert_eq!(seen.header("authorization"), Some("Bearer hf_secret"));
    }
    let seen = far.seen();
    assert_eq!(seen.len(), 2);
    for (seen, range) in seen.iter().zip([None, Some("bytes=5000-")]) {
        assert_eq!(seen.path, "/blob?Signature=x");
        assert_eq!(seen.header("authorization"), None, "the token stays with the hub");
        assert_eq!(seen.range(), range);
    }
    assert_eq!(case.server.ranges(), [None, Some("bytes=5000-".to_owned())]);
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let case = Case::new(BYTES, |_, _, seen| Reply::to(&seen.path)).await;
    let error = case.fetch().await.unwrap_err();
    assert!(matches!(&error, FetchError::Hub(ModelsError::UnsafeRedirect { .. })), "{error}");
    assert!(!error.is_retriable());
    assert!(AppError::from(error).hint.is_some());
    assert!(case.server.seen().len() <= 6);
    case.is_empty();
}

#[tokio::test]
async fn a_redirect_to_where_nothing_may_be_fetched_from_is_not_followed() {
    for to in ["http://192.168.0.1/x", "file:///etc/passwd", "https://hub.example/x"] {
        let case = Case::new(BYTES, move |_, _, _| Reply::to(to)).await;
        let error = case.fetch().await.unwrap_err();
        assert!(matches!(&error, FetchError::Hub(ModelsError::UnsafeRedirect { .. })), "{error}");
        assert_eq!(case.server.seen().len(), 1);
        case.is_empty();
    }
}

#[tokio::test]
async fn an_address_that_is_not_good_any_more_is_asked_for_anew() {
    let file = bytes(BYTES, BYTES as u64);
    let far = Server::start(move |number, seen| {
        if number == 0 { Reply::new(403, "expired") } else { Reply::right(&file, seen) }
    })
    .await;
    let location = format!("{}/blob", far.address);
    let case = Case::new(BYTES, move |_, _, _| Reply::to(&location)).await;
    let error = case.fetch().await.unwrap_err();
    assert!(error.is_retriable(), "{error}");
    case.ends_well(BYTES).await;
    assert_eq!(case.server.seen().len(), 2);
}

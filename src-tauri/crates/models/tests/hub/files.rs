use braincells_models::ModelsError;
use braincells_models::hub::ContentRange;

use crate::server::{Answer, End, Server};

#[tokio::test]
async fn ranges_and_tags_are_asked_for_and_answers_are_told_apart() {
    let answer = Answer::new(206, "56789").with("Content-Range", "bytes 5-9/10");
    let server = Server::saying(answer.with("ETag", "\"tag\"")).await;
    let hub = server.hub();
    let url = hub.file_url("o/n", "main", "a.gguf");
    let file = hub.get_file(&url, 5, Some("\"tag\""), None).await.unwrap();
    let range = ContentRange { start: 5, end: 9, total: Some(10) };
    assert_eq!((file.status, file.range, file.total_bytes), (206, Some(range), Some(10)));
    assert_eq!(file.etag.as_deref(), Some("\"tag\""));
    let request = &server.requests()[0];
    assert_eq!(request.header("range"), Some("bytes=5-"));
    assert_eq!(request.header("if-range"), Some("\"tag\""));

    // Nothing is asked of the beginning, and nothing can be promised by a weak tag.
    hub.get_file(&url, 0, Some("\"tag\""), None).await.unwrap();
    hub.get_range(&url, 2, 3, Some("W/\"tag\""), None).await.unwrap();
    let [_, whole, piece] = &server.requests()[..] else { panic!() };
    assert_eq!((whole.header("range"), whole.header("if-range")), (None, None));
    assert_eq!((piece.header("range"), piece.header("if-range")), (Some("bytes=2-3"), None));

    let server = Server::saying(Answer::new(416, "").with("Content-Range", "bytes */10")).await;
    let hub = server.hub();
    let url = hub.file_url("o/n", "main", "a");
    let file = hub.get_file(&url, 99, None, None).await.unwrap();
    assert_eq!((file.status, file.range, file.total_bytes), (416, None, Some(10)));

    let server = Server::saying(Answer::new(206, "x").with("Content-Range", "bytes 9-5/3")).await;
    let hub = server.hub();
    let url = hub.file_url("o/n", "main", "a");
    assert_eq!(hub.get_file(&url, 9, None, None).await.unwrap().range, None);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_no_end() {
    let server = Server::saying(Answer::new(200, "weights").ends(End::Cut)).await;
    let hub = server.hub();
    let url = hub.file_url("o/n", "main", "a.gguf");
    let mut file = hub.get_file(&url, 0, None, None).await.unwrap();
    let mut received = Vec::new();
    let error = loop {
        match file.chunk().await {
            Ok(Some(chunk)) => received.extend_from_slice(&chunk),
            Ok(None) => panic!("it ended"),
            Err(error) => break error,
        }
    };
    assert_eq!(received, b"weight");
    assert!(matches!(error, ModelsError::HubUnreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_that_comes_packed_is_refused() {
    let server = Server::saying(Answer::new(200, "x").with("Content-Encoding", "gzip")).await;
    let hub = server.hub();
    let error = hub.get_file(&hub.file_url("o/n", "main", "a"), 0, None, None).await.unwrap_err();
    assert!(error.to_string().contains("packed as `gzip`"), "{error}");
}

#[tokio::test]
async fn sums_that_are_none_are_not_taken() {
    let server = Server::saying(
        Answer::new(200, "x")
            .with("X-Linked-Etag", "\"../../etc/passwd\"")
            .with("X-Linked-Size", "-1")
            .with("X-Repo-Commit", "main"),
    )
    .await;
    let hub = server.hub();
    let file = hub.get_file(&hub.file_url("o/n", "main", "a"), 0, None, None).await.unwrap();
    assert_eq!((&file.linked_sha256, file.linked_bytes, &file.commit), (&None, None, &None));
}

#[tokio::test]
async fn addresses_of_files_keep_whatever_is_in_their_names() {
    let server = Server::saying(Answer::new(200, "")).await;
    let hub = server.hub();
    let url = hub.file_url("o/n", "refs/pr/1", "Q8 x/a#b?c%d+é.gguf");
    let due = "/o/n/resolve/refs%2Fpr%2F1/Q8%20x/a%23b%3Fc%25d+%C3%A9.gguf";
    assert_eq!(url, format!("{}{due}", server.url()));
    hub.get_file(&url, 0, None, None).await.unwrap();
    assert_eq!(server.targets(), [due]);
}

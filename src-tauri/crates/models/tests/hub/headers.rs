use braincells_models::ModelsError;
use braincells_models::hub::HubFile;

use crate::server::{Answer, Request, Server};

/// The bytes of a header with so many tokens, and some more behind it.
fn model(tokens: usize) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(2_u64.to_le_bytes());
    text(&mut bytes, "general.architecture");
    bytes.extend(8_u32.to_le_bytes());
    text(&mut bytes, "llama");
    text(&mut bytes, "tokenizer.ggml.tokens");
    bytes.extend(9_u32.to_le_bytes());
    bytes.extend(8_u32.to_le_bytes());
    bytes.extend((tokens as u64).to_le_bytes());
    for token in 0..tokens {
        text(&mut bytes, &format!("{token:08}"));
    }
    bytes.resize(bytes.len().next_multiple_of(32) + 1024, 0);
    bytes
}

fn file(bytes: usize) -> HubFile {
    HubFile { path: "a.gguf".to_owned(), bytes: bytes as u64, sha256: None, git_sha1: None }
}

/// The piece of a file that was asked for.
fn piece(content: &[u8], request: &Request) -> Answer {
    let range = request.header("range").unwrap().strip_prefix("bytes=").unwrap();
    let (first, last) = range.split_once('-').unwrap();
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    let last = last.min(content.len() - 1);
    let said = format!("bytes {first}-{last}/{}", content.len());
    Answer::new(206, &content[first..=last]).with("Content-Range", said)
}

#[tokio::test]
async fn a_header_is_read_with_as_few_bytes_as_will_do() {
    let cases: [(usize, &[&str]); 3] = [
        (10, &["bytes=0-1311"]),
        (20_000, &["bytes=0-321151"]),
        (100_000, &["bytes=0-524287", "bytes=524288-1048575", "bytes=1048576-1601151"]),
    ];
    for (tokens, ranges) in cases {
        let content = model(tokens);
        let length = content.len();
        let server = Server::start(move |request| piece(&content, request)).await;
        let header = server.hub().header("o/n", "main", &file(length), None).await.unwrap();
        assert_eq!(header.file_bytes, length as u64);
        assert_eq!(header.architecture(), Some("llama"));
        let asked: Vec<_> = server
            .requests()
            .iter()
            .map(|request| request.header("range").unwrap().to_owned())
            .collect();
        assert_eq!(asked, ranges);
    }
}

#[tokio::test]
async fn a_server_without_ranges_is_read_as_far_as_needed() {
    let content = model(100_000);
    let length = content.len();
    let server = Server::saying(Answer::new(200, content)).await;
    let header = server.hub().header("o/n", "main", &file(length), None).await.unwrap();
    assert_eq!(header.file_bytes, length as u64);
}

#[tokio::test]
async fn what_is_wrong_with_a_header_is_named() {
    let ranged = |content: Vec<u8>| Server::start(move |request| piece(&content, request));
    let content = b"<!DOCTYPE html><html><body>not a model, and some more</body></html>".to_vec();
    let length = content.len();
    let server = ranged(content).await;
    let error = server.hub().header("o/n", "main", &file(length), None).await.unwrap_err();
    assert!(matches!(error, ModelsError::NotGguf { file: Some(_), .. }), "{error:?}");

    let mut content = model(10);
    content[8] = 255;
    content[15] = 255;
    let length = content.len();
    let server = ranged(content).await;
    let error = server.hub().header("o/n", "main", &file(length), None).await.unwrap_err();
    assert!(matches!(error, ModelsError::Malformed { file: Some(_), .. }), "{error:?}");
}

#[tokio::test]
async fn answers_that_do_not_fit_the_question_are_failures() {
    let content = model(10);
    let length = content.len();
    let all = format!("bytes 0-{}/{length}", length - 1);
    let answers = [
        ("other bytes", Answer::new(206, "x").with("Content-Range", format!("bytes 5-5/{length}"))),
        ("other bytes", Answer::new(206, "x")),
        ("other bytes", Answer::new(416, "").with("Content-Range", format!("bytes */{length}"))),
        ("changed", Answer::new(206, content.clone()).with("Content-Range", "bytes 0-1311/9999")),
        ("changed", Answer::new(200, &content[1..])),
        ("sends less", Answer::new(206, &content[1..]).with("Content-Range", all)),
    ];
    for (said, answer) in answers {
        let server = Server::saying(answer).await;
        let error = server.hub().header("o/n", "main", &file(length), None).await.unwrap_err();
        assert!(error.to_string().contains(said), "{said}: {error}");
    }
    let empty = Server::saying(Answer::new(416, "")).await;
    assert!(empty.hub().header("o/n", "main", &file(0), None).await.is_err());
}

#[tokio::test]
async fn a_header_that_never_ends_is_given_up() {
    // A file of a terabyte that begins with a list of tokens and goes on like that.
    let mut content = model(100_000);
    let count = (1_u64 << 36).to_le_bytes();
    let at = content.windows(8).position(|eight| eight == 100_000_u64.to_le_bytes()).unwrap();
    content[at..at + 8].copy_from_slice(&count);
    let (head, total) = (content, 1_u64 << 40);
    let server = Server::start(move |request| {
        let range = request.header("range").unwrap().strip_prefix("bytes=").unwrap();
        let (first, last) = range.split_once('-').unwrap();
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        let mut body = vec![0; last + 1 - first];
        if first < head.len() {
            let copied = head.len().min(last + 1) - first;
            body[..copied].copy_from_slice(&head[first..first + copied]);
        }
        Answer::new(206, body).with("Content-Range", format!("bytes {first}-{last}/{total}"))
    })
    .await;
    let error = server.hub().header("o/n", "main", &file(1 << 40), None).await.unwrap_err();
    assert!(matches!(error, ModelsError::Unreadable { .. }), "{error:?}");
    let last = server.requests().last().unwrap().header("range").unwrap().to_owned();
    assert!(last.ends_with("-67108863"), "{last}");
}

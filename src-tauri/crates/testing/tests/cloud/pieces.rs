use braincells_llm::LLMEngine;
use braincells_testing::{Answer, ChatServer, End, Reply};
use futures::StreamExt;
use serde_json::json;

use super::support::{engine, request};

/// Text that is easy to cut in the wrong place.
const TEXT: &str = "Größe \u{1f600} \"zwölf\" \\ data: naïve\n\n日本";

fn stream_of(chunks: Vec<Vec<u8>>) -> Reply {
    Reply::Raw { content_type: "text/event-stream".to_owned(), chunks, end: End::Close }
}

#[tokio::test]
async fn an_answer_is_the_same_wherever_it_is_cut() {
    let bytes = Answer::new(TEXT).events(&json!("m"), true).concat().into_bytes();
    let cuts = bytes.len();
    let server = {
        let bytes = bytes.clone();
        ChatServer::start(move |call| {
            let (first, second) = bytes.split_at(call.number % bytes.len());
            stream_of(vec![first.to_vec(), second.to_vec()])
        })
        .await
    };
    let engine = engine(&server);
    for cut in 0..cuts {
        let response = engine.generate(request("x")).await.unwrap();
        assert_eq!(response.content, TEXT, "cut at {cut} of {cuts}");
        assert_eq!((response.prompt_tokens, response.completion_tokens), (10, 7), "cut at {cut}");
    }
    assert_eq!(server.calls(), cuts);
}

#[tokio::test]
async fn an_answer_may_come_byte_by_byte_in_any_form_that_the_format_allows() {
    let plain = Answer::new(TEXT).events(&json!("m"), true).concat();
    let forms = [
        plain.clone(),
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{plain}"),
        // Each event begins behind an empty line; the text has `data: ` in it as well.
        format!("\n\n{plain}")
            .replace("\n\ndata: ", "\n\n: keep alive\n\nevent: message\nid: 7\nretry: 10\ndata:"),
    ];
    for form in forms {
        let bytes = form.into_bytes();
        let chunks: Vec<Vec<u8>> = bytes.iter().map(|&byte| vec![byte]).collect();
        let server = ChatServer::start(move |_| stream_of(chunks.clone())).await;
        let response = engine(&server).generate(request("x")).await.unwrap();
        assert_eq!(response.content, TEXT);
        assert_eq!(server.calls(), 1);
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_read_as_well() {
    let server = ChatServer::start(|call| {
        assert!(call.streams());
        Reply::json(200, &Answer::new(TEXT).whole(&json!("m")))
    })
    .await;
    let engine = engine(&server);
    assert_eq!(engine.generate(request("x")).await.unwrap().content, TEXT);
    let mut pieces = engine.generate_stream(request("x")).await.unwrap();
    let mut text = String::new();
    while let Some(piece) = pieces.next().await {
        text.push_str(&piece.unwrap());
    }
    assert_eq!(text, TEXT);
}

#[tokio::test]
async fn thinking_is_kept_apart() {
    let server = ChatServer::start(|call| {
        let answer = Answer::new("yes");
        Reply::Answer(match call.last_user_message() {
            "field" => Answer { reasoning: Some("let me see".to_owned()), ..answer },
            _ => Answer { text: "<think>let me see</think>yes".to_owned(), ..answer },
        })
    })
    .await;
    let engine = engine(&server);
    for text in ["field", "tags"] {
        let response = engine.generate(request(text)).await.unwrap();
        assert_eq!(response.content, "yes", "{text}");
        assert_eq!(response.reasoning.as_deref().map(str::trim), Some("let me see"), "{text}");
    }
}

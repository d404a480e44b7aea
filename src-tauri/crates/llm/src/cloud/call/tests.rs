use std::time::Duration;

use serde_json::json;

use super::super::loopback::{
    Loopback, Step, chunk, client, end, event, finish, json_reply, question, stream, stream_head,
    text, whole,
};
use super::*;
use crate::{LLMError, Price};

const PATIENT: Duration = Duration::from_secs(20);

fn call<'a>(
    client: &'a CloudClient,
    model: &'a CloudModel,
    request: &'a LLMRequest,
    learned: &'a Learned,
) -> Call<'a> {
    Call { client, model, request, learned, has_answered: false, now_ms: 0 }
}

/// What one send to a server that does this comes to, and what was heard.
async fn sent(
    stall: Duration,
    steps: impl Fn() -> Vec<Step> + Send + Sync + 'static,
) -> (Result<Answered, Failure>, Vec<String>) {
    asked(stall, question(), steps).await
}

async fn asked(
    stall: Duration,
    request: LLMRequest,
    steps: impl Fn() -> Vec<Step> + Send + Sync + 'static,
) -> (Result<Answered, Failure>, Vec<String>) {
    let server = Loopback::new(move |_| steps());
    let price = Price { prompt_usd_per_million: 1e6, completion_usd_per_million: 1e6 };
    let (client, model) = (client(stall), CloudModel { price: Some(price), ..server.model() });
    let learned = Learned::default();
    let call = call(&client, &model, &request, &learned);
    let mut heard = Vec::new();
    let result = call.send(&mut |news| heard.push(format!("{news:?}"))).await;
    (result, heard)
}

async fn content(steps: impl Fn() -> Vec<Step> + Send + Sync + 'static) -> String {
    sent(PATIENT, steps).await.0.unwrap().response.content
}

/// What a server does, made anew for each request.
type Steps = fn() -> Vec<Step>;

#[tokio::test]
async fn a_stream_is_heard_as_it_comes() {
    let (answered, heard) = sent(PATIENT, || stream(&["Hel", "lo"])).await;
    let response = answered.unwrap().response;
    assert_eq!((response.content.as_str(), response.completion_tokens), ("Hello", 2));
    assert_eq!(heard[0], "Taken");
    let text: Vec<&str> = heard[1..].iter().map(String::as_str).collect();
    assert!([&["Text(\"Hel\")", "Text(\"lo\")"][..], &["Text(\"Hello\")"]].contains(&&text[..]));
}

#[tokio::test]
async fn the_request_says_what_is_asked_and_where() {
    let server = Loopback::new(|_| stream(&["a"]));
    let (client, model, request) = (client(PATIENT), server.model(), question());
    let learned = Learned::default();
    let call = call(&client, &model, &request, &learned);
    for _ in 0..2 {
        call.send(&mut |_| {}).await.unwrap();
    }
    let seen = server.seen();
    assert!(seen[0].head.starts_with("post /v1/chat/completions "), "{}", seen[0].head);
    assert!(seen[0].head.contains("content-type: application/json"));
    assert!(!seen[0].head.contains("authorization"));
    assert_eq!(seen[0].body, chat_body(&request, &model.endpoint, "m", &learned, true));
}

#[tokio::test]
async fn an_answer_that_is_no_stream_is_read_as_a_whole() {
    let body =
        json!({ "choices": [{ "message": { "content": "Hello" }, "finish_reason": "stop" }] });
    let as_stream = body.clone();
    assert_eq!(content(move || json_reply(200, &body)).await, "Hello");
    let mislabelled =
        move || whole(200, "content-type: text/event-stream\r\n", &format!("\n {as_stream}"));
    assert_eq!(content(mislabelled).await, "Hello");
    let event = r#"data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#;
    let unlabelled = move || whole(200, "", &format!("{event}\n\ndata: [DONE]"));
    assert_eq!(content(unlabelled).await, "a");
}

#[tokio::test]
async fn a_whole_answer_stays_one_whatever_happens_behind_it() {
    let close = || vec![stream_head(), text("a"), finish("stop"), Step::Close];
    assert_eq!(content(close).await, "a");
    let garbage = || vec![stream_head(), text("a"), finish("stop"), chunk("data: {\n\n"), end()];
    assert_eq!(content(garbage).await, "a");
    let no_done = || vec![stream_head(), text("a"), finish("stop"), end()];
    assert_eq!(content(no_done).await, "a");
    let done = || chunk("data: [DONE]\n\n");
    let hangs = move || vec![stream_head(), text("a"), finish("stop"), done(), Step::Hang];
    assert_eq!(content(hangs).await, "a");
    let silent = || vec![stream_head(), text("a"), finish("stop"), Step::Hang];
    let (answered, _) = sent(Duration::from_millis(200), silent).await;
    assert_eq!(answered.unwrap().response.content, "a");
}

#[tokio::test]
async fn a_stream_that_ends_before_its_answer_is_told_apart() {
    let interrupted = || vec![stream_head(), text("a"), chunk("data: [DONE]\n\n"), end()];
    let unended =
        || whole(200, "", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]");
    for steps in [interrupted, unended] {
        let (failed, _) = sent(PATIENT, steps).await;
        let Err(Failure::Unfinished(answered)) = failed else { panic!("{failed:?}") };
        assert_eq!((answered.response.content.as_str(), answered.says_end), ("a", false));
    }
}

#[tokio::test]
async fn what_came_to_nothing_is_told() {
    type Steps = fn() -> Vec<Step>;
    let usage = || {
        json!({ "choices": [], "usage": {
        "prompt_tokens": 100, "completion_tokens": 10, "cost": 0.25,
    } })
    };
    let refused = move || {
        let mut steps = vec![stream_head(), text("I can"), finish("content_filter")];
        steps.extend([event(&usage()), chunk("data: [DONE]\n\n"), end()]);
        steps
    };
    let told = "Spent(Spent { prompt_tokens: 100, completion_tokens: 10, cost_usd: Some(0.25) })";
    let (failed, heard) = sent(PATIENT, refused).await;
    assert!(matches!(failed, Err(Failure::Cell(LLMError::Refused { .. }))), "{failed:?}");
    assert_eq!(heard.last().map(String::as_str), Some(told));
    let whole = move || {
        let mut body = usage();
        body["choices"] = json!([{ "message": { "refusal": "No." }, "finish_reason": "stop" }]);
        json_reply(200, &body)
    };
    let (_, heard) = sent(PATIENT, whole).await;
    assert_eq!(heard, ["Taken", told]);

    // Guessed where it is not told: the question is 3 and 4 tokens.
    let guessed = "Spent(Spent { prompt_tokens: 7, completion_tokens: 2, cost_usd: Some(9.0) })";
    let cases: [Steps; 3] = [
        || vec![stream_head(), text("half"), Step::Close],
        || vec![stream_head(), text("half"), end()],
        || vec![stream_head(), text("half"), event(&json!({ "error": { "code": 502 } })), end()],
    ];
    for steps in cases {
        let (failed, heard) = sent(PATIENT, steps).await;
        assert!(matches!(failed, Err(Failure::Retry(_))), "{failed:?}");
        assert_eq!(heard.last().map(String::as_str), Some(guessed));
    }
    let nothing: [Steps; 3] = [
        || vec![stream_head(), Step::Close],
        || vec![stream_head(), chunk("data: \n\n"), end()],
        || json_reply(500, &json!({ "error": "oops" })),
    ];
    for steps in nothing {
        assert_eq!(sent(PATIENT, steps).await.1, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_stop_sequence_that_the_server_does_not_know_ends_the_call() {
    let request = || LLMRequest { stop_sequences: vec!["END".to_owned()], ..question() };
    let on_and_on = || {
        let piece = r#"data: {"choices":[{"delta":{"content":" and on"}}]}"#;
        let piece = format!("{piece}\n\n");
        let drip = format!("{:x}\r\n{piece}\r\n", piece.len());
        vec![stream_head(), text("so it EN"), text("D and"), Step::Drip(drip.into_bytes())]
    };
    let (answered, _) = asked(PATIENT, request(), on_and_on).await;
    assert_eq!(answered.unwrap().response.content, "so it ");
    // One that does know it still says what it took.
    let knows = || {
        let mut steps = vec![stream_head(), text("so it END"), finish("stop")];
        steps.push(event(&json!({ "choices": [], "usage": { "prompt_tokens": 44 } })));
        steps.extend([chunk("data: [DONE]\n\n"), end()]);
        steps
    };
    let (answered, _) = asked(PATIENT, request(), knows).await;
    assert_eq!(answered.unwrap().response.prompt_tokens, 44);
}

#[tokio::test]
async fn a_whole_answer_waits_for_its_figures_but_not_long() {
    let comments = || Step::Drip(b"8\r\n: alive\n\r\n".to_vec());
    let endless = move || vec![stream_head(), text("a"), finish("stop"), comments()];
    assert_eq!(content(endless).await, "a");
    let body =
        json!({ "choices": [{ "message": { "content": "Hello" }, "finish_reason": "stop" }] });
    let head = "HTTP/1.1 200 x\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n";
    let broken = move || vec![Step::Send(format!("{head}{body}").into_bytes()), Step::Close];
    assert_eq!(content(broken).await, "Hello");
}

#[tokio::test]
async fn comments_and_empty_events_alone_are_no_answer() {
    let empty = "data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n";
    let cases = [(": alive\n", None), (": alive\n", Some("a")), (empty, None), (empty, Some("a"))];
    // Together, because each takes ten times its patience.
    let fails = cases.map(|(kept_alive, front)| async move {
        let drip = format!("{:x}\r\n{kept_alive}\r\n", kept_alive.len());
        let steps = move || {
            let mut steps = vec![stream_head()];
            steps.extend(front.map(text));
            steps.push(Step::Drip(drip.clone().into_bytes()));
            steps
        };
        let (failed, _) = sent(Duration::from_millis(250), steps).await;
        assert!(
            matches!(&failed, Err(Failure::Retry(reason)) if reason.contains("go on")),
            "{kept_alive} behind {front:?}: {failed:?}"
        );
    });
    futures::future::join_all(fails).await;
}

#[tokio::test]
async fn an_error_is_judged_by_what_came_of_it() {
    let head = "HTTP/1.1 401 x\r\ncontent-length: 9999\r\n\r\n";
    let (failed, _) = sent(Duration::from_millis(100), move || {
        vec![Step::Send(format!("{head}bad key").into_bytes()), Step::Hang]
    })
    .await;
    assert!(
        matches!(&failed, Err(Failure::Run(LLMError::KeyRefused { reason, .. })) if reason.contains("bad key")),
        "{failed:?}"
    );
}

#[tokio::test]
async fn half_an_answer_and_what_is_none_may_be_asked_for_again() {
    let cases: [(&str, Steps); 9] = [
        ("connection broke", || vec![stream_head(), text("a"), Step::Close]),
        ("broke off", || vec![stream_head(), text("a"), end()]),
        ("broke off", || vec![stream_head(), chunk(": alive\n\n"), end()]),
        ("not JSON", || vec![stream_head(), chunk("data: {\"cho\n\n"), end()]),
        ("empty", || whole(200, "content-type: text/event-stream\r\n", "")),
        ("text/html", || whole(200, "content-type: text/html; charset=utf-8\r\n", "<html>")),
        ("not JSON", || whole(200, "content-type: application/json\r\n", "{\"choices\": [")),
        ("no answer", || json_reply(200, &json!({ "choices": [] }))),
        ("overloaded", || json_reply(500, &json!({ "error": { "message": "overloaded" } }))),
    ];
    for (said, steps) in cases {
        let (failed, _) = sent(PATIENT, steps).await;
        assert!(
            matches!(&failed, Err(Failure::Retry(reason)) if reason.contains(said)),
            "{said}: {failed:?}"
        );
    }
    let error = || {
        vec![
            stream_head(),
            event(&json!({ "error": { "code": 401, "message": "bad key" } })),
            end(),
        ]
    };
    let (failed, heard) = sent(PATIENT, error).await;
    assert!(matches!(failed, Err(Failure::Run(_))), "{failed:?}");
    assert!(heard.is_empty(), "nothing was taken");
}

#[tokio::test]
async fn a_silent_server_is_left() {
    let cases: [(Steps, &str); 4] = [
        (|| vec![Step::Hang], "silent for 1 s"),
        (|| vec![stream_head(), Step::Hang], "silent for 1 s"),
        // It may say that it begins long before it does.
        (|| vec![stream_head(), text(""), Step::Hang], "silent for 1 s"),
        (|| vec![stream_head(), text("a"), Step::Hang], "silent for 0.2 s"),
    ];
    for (steps, said) in cases {
        let (failed, _) = sent(Duration::from_millis(200), steps).await;
        assert!(
            matches!(&failed, Err(Failure::Retry(reason)) if reason.contains(said)),
            "{failed:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_an_end_fails_its_row() {
    let endless = || {
        let line = "a".repeat(1 << 20);
        let mut steps = vec![stream_head(), chunk("data: ")];
        steps.extend((0..9).map(|_| chunk(&line)));
        steps
    };
    let (failed, _) = sent(PATIENT, endless).await;
    assert!(matches!(failed, Err(Failure::Cell(LLMError::ServerFailed { .. }))), "{failed:?}");
}

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use braincells_core::{Output, Value};
use futures::{StreamExt, stream as futures_stream};
use serde_json::json;

use super::super::loopback::{
    Loopback, Seen, Step, Still, chunk, client, end, json_reply, question, stream, stream_head,
    text, whole,
};
use super::*;
use crate::{BatchEventKind, FinishReason, RequestId};

mod failures;

fn engine_with(server: &Loopback, model: CloudModel, parallel_requests: u32) -> CloudEngine {
    let limits =
        FlowLimits { parallel_requests, requests_per_minute: None, tokens_per_minute: None };
    let client = client(Duration::from_secs(20));
    assert!(model.endpoint.base_url() == server.url);
    CloudEngine::new(client, model, limits, Arc::new(Still), 7)
}

fn engine(server: &Loopback, parallel_requests: u32) -> CloudEngine {
    engine_with(server, server.model(), parallel_requests)
}

fn questions(count: u64, output: &Output) -> Vec<(RequestId, LLMRequest)> {
    let asked = |id| {
        let mut request = LLMRequest { output: output.clone(), ..question() };
        request.messages[0].content = format!("question {id}");
        (RequestId(id), request)
    };
    (0..count).map(asked).collect()
}

/// Asks all of them; what happened to each, in order.
async fn batch(
    engine: &CloudEngine,
    requests: Vec<(RequestId, LLMRequest)>,
) -> HashMap<u64, Vec<BatchEventKind>> {
    let mut events = engine.generate_batch(futures_stream::iter(requests).boxed());
    let mut found: HashMap<u64, Vec<BatchEventKind>> = HashMap::new();
    while let Some(event) = events.next().await {
        found.entry(event.id.0).or_default().push(event.kind);
    }
    found
}

fn asked(seen: &Seen) -> String {
    seen.body["messages"][0]["content"].as_str().unwrap_or_default().to_owned()
}

fn texts(events: &[BatchEventKind]) -> Vec<String> {
    let text = |event: &BatchEventKind| match event {
        BatchEventKind::Started => "started".to_owned(),
        BatchEventKind::Delta(text) => text.clone(),
        BatchEventKind::Spent { prompt_tokens, completion_tokens, cost_usd } => {
            format!("spent {prompt_tokens} {completion_tokens} {cost_usd:?}")
        }
        BatchEventKind::Done(response) => format!("done: {}", response.content),
        BatchEventKind::Failed(error) => format!("failed: {error}"),
    };
    events.iter().map(text).collect()
}

fn answer(events: &[BatchEventKind]) -> &LLMResponse {
    match events.last() {
        Some(BatchEventKind::Done(response)) => response,
        other => panic!("no answer: {other:?}"),
    }
}

fn completion(content: &str) -> Value {
    json!({ "choices": [{ "message": { "content": content }, "finish_reason": "stop" }] })
}

#[tokio::test]
async fn every_request_of_a_batch_gets_its_own_answer() {
    let server = Loopback::new(|seen| stream(&["to ", &asked(seen)]));
    let engine = engine(&server, 8);
    let found = batch(&engine, questions(60, &Output::Text)).await;
    assert_eq!(found.len(), 60);
    for (id, events) in &found {
        let texts = texts(events);
        let answer = format!("to question {id}");
        assert_eq!(
            (texts[0].as_str(), texts.last()),
            ("started", Some(&format!("done: {answer}")))
        );
        assert_eq!(texts[1..texts.len() - 1].concat(), answer, "all of it was streamed");
    }
    assert_eq!(server.seen().len(), 60, "each is asked once");
    assert!(server.most_in_flight() <= 8);
    let flow = engine.flow().unwrap();
    assert_eq!((flow.in_flight, flow.retries), (0, 0));
}

#[tokio::test]
async fn places_are_filled_as_they_become_free_and_not_in_waves() {
    // The first answer waits until all others were asked for: in waves of two that is never.
    let server = Loopback::new(|seen| {
        let mut steps = stream(&["a"]);
        if seen.number == 0 {
            steps.insert(0, Step::UntilSeen(10));
        }
        steps
    });
    let found = batch(&engine(&server, 2), questions(10, &Output::Text)).await;
    assert_eq!(found.len(), 10);
    assert_eq!(server.most_in_flight(), 2);
}

// The client closes a connection on a thread of its runtime, while this one waits for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn requests_are_pulled_when_there_is_a_place_and_dropped_with_the_stream() {
    let server = Loopback::new(|_| vec![stream_head(), text("a"), Step::Hang]);
    let engine = engine(&server, 64);
    let pulled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pulled);
    let requests = futures_stream::iter(questions(1000, &Output::Text))
        .inspect(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        })
        .boxed();
    let mut events = engine.generate_batch(requests);
    let mut shown = 0;
    while shown < 5 {
        let event = events.next().await.unwrap();
        shown += usize::from(matches!(event.kind, BatchEventKind::Delta(_)));
    }
    let in_flight = engine.flow().unwrap().in_flight as usize;
    let pulled = pulled.load(Ordering::SeqCst);
    assert!(in_flight < 64 && pulled <= in_flight + 1, "{pulled} pulled, {in_flight} in flight");
    drop(events);
    server.wait_until_left(5);
    assert_eq!(engine.flow().unwrap().in_flight, 0);
}

#[tokio::test]
async fn what_is_refused_by_name_is_left_out_from_then_on() {
    let server = Loopback::new(|seen| {
        for name in ["stream_options", "max_tokens", "temperature"] {
            if seen.body.get(name).is_some() {
                let error = json!({ "message": format!("Unsupported parameter: '{name}'"),
                    "param": name, "code": "unsupported_parameter" });
                return json_reply(400, &json!({ "error": error }));
            }
        }
        json_reply(200, &completion("yes"))
    });
    let engine = engine(&server, 1);
    let found = batch(&engine, questions(5, &Output::Text)).await;
    assert_eq!(texts(&found[&0]), ["started", "started", "started", "started", "done: yes"]);
    for id in 1..5 {
        assert_eq!(texts(&found[&id]), ["started", "done: yes"]);
    }
    assert_eq!(server.seen().len(), 8);
    assert!(server.seen()[7].body.get("max_completion_tokens").is_some());
}

#[tokio::test]
async fn a_server_that_ignores_the_form_is_asked_in_words() {
    let server = Loopback::new(|_| json_reply(200, &completion("12")));
    let engine = engine(&server, 1);
    let found = batch(&engine, questions(6, &Output::number())).await;
    for events in found.values() {
        assert_eq!(answer(events).content, "12");
    }
    let formats: Vec<Value> =
        server.seen().iter().map(|seen| seen.body["response_format"]["type"].clone()).collect();
    let [schema, object] = [json!("json_schema"), json!("json_object")];
    let expected = [&schema, &schema, &object, &object, &Value::Null, &Value::Null];
    assert_eq!(formats.iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_model_that_thinks_gets_room_for_it_from_its_second_answer_on() {
    let server = Loopback::new(|_| json_reply(200, &completion("<think>hm</think>yes")));
    let engine = engine(&server, 1);
    batch(&engine, questions(2, &Output::Boolean)).await;
    let limits: Vec<u64> =
        server.seen().iter().map(|seen| seen.body["max_tokens"].as_u64().unwrap()).collect();
    assert_eq!(limits[0], 32);
    assert!(limits[1] > 1000);
}

#[tokio::test]
async fn an_answer_costs_what_the_provider_says_or_what_its_tokens_do() {
    let server = Loopback::new(|seen| {
        let mut answer = completion("a");
        answer["usage"] = json!({ "prompt_tokens": 1000, "completion_tokens": 500 });
        if seen.number == 1 {
            answer["usage"]["cost"] = json!(0.25);
        }
        json_reply(200, &answer)
    });
    let price = Price { prompt_usd_per_million: 1.0, completion_usd_per_million: 4.0 };
    let priced = engine_with(&server, CloudModel { price: Some(price), ..server.model() }, 1);
    assert_eq!(priced.price(), Some(price));
    assert_eq!(priced.generate(question()).await.unwrap().cost_usd, Some(0.003));
    assert_eq!(priced.generate(question()).await.unwrap().cost_usd, Some(0.25));
    let unknown = engine(&server, 1).generate(question()).await.unwrap();
    assert_eq!((unknown.cost_usd, unknown.finish_reason), (None, FinishReason::Stop));
}

#[tokio::test]
async fn one_answer_can_be_heard_as_it_comes() {
    let server = Loopback::new(|_| stream(&["Hel", "lo ", "you"]));
    let engine = engine(&server, 1);
    let pieces: Vec<_> = engine.generate_stream(question()).await.unwrap().collect().await;
    let text: String = pieces.into_iter().map(Result::unwrap).collect();
    assert_eq!(text, "Hello you");
    let server = Loopback::new(|_| json_reply(200, &completion("as a whole")));
    let pieces: Vec<_> = super::CloudEngine::generate_stream(&self::engine(&server, 1), question())
        .await
        .unwrap()
        .collect()
        .await;
    assert_eq!(pieces, [Ok("as a whole".to_owned())]);
}

#[tokio::test]
async fn it_says_what_it_is() {
    let server = Loopback::new(|_| Vec::new());
    let known = CloudModel { context_tokens: Some(4096), ..server.model() };
    let engine = engine_with(&server, known, 0);
    let backend = LLMBackend::Remote { id: "own".to_owned(), model: "m".to_owned() };
    assert_eq!(engine.backend(), backend);
    let capabilities = engine.capabilities();
    assert_eq!((capabilities.context_tokens, capabilities.parallel_requests), (4096, 1));
    assert_eq!(capabilities.fingerprint, Some(format!("cloud 1 {} m", server.url)));
    assert!(!capabilities.scores_labels && !capabilities.constrains_output);
    assert!(engine.is_ready().await);
    assert_eq!(self::engine(&server, 3).capabilities().context_tokens, 131_072);
    assert!(server.seen().is_empty(), "nobody was asked");
}

use braincells_core::{NumberLimits, Output};
use braincells_llm::output::read_answer;
use braincells_llm::{LLMEngine, LLMRequest};
use braincells_testing::{Answer, ChatCall, ChatServer, Logprob, Reply, understand};
use serde_json::{Value, json};

use super::support::{ends, engine, request, typed};

fn label() -> Output {
    Output::Label { labels: ["good", "bad"].map(str::to_owned).into() }
}

fn person() -> Output {
    let schema = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 1}},
        "required": ["name", "age"], "additionalProperties": false,
    });
    Output::Json { schema }
}

/// A server that does not know one parameter, in words that such servers use.
fn refuses(parameter: &'static str) -> impl Fn(&ChatCall) -> Reply + Send + Sync {
    move |call| {
        if call.body.get(parameter).is_some() {
            let message =
                format!("Unsupported parameter: '{parameter}' is not supported with this model.");
            let error = json!({"error": {
                "message": message, "type": "invalid_request_error",
                "param": parameter, "code": "unsupported_parameter",
            }});
            return Reply::json(400, &error);
        }
        understand(call)
    }
}

#[tokio::test]
async fn what_a_server_refuses_by_name_is_left_out_from_then_on() {
    let sampled = || LLMRequest { temperature: 0.5, seed: 7, top_k: 20, ..request("x") };
    let cases: [(&str, LLMRequest); 8] = [
        ("stream_options", request("x")),
        ("max_tokens", request("x")),
        ("temperature", sampled()),
        ("seed", sampled()),
        ("top_k", sampled()),
        ("logprobs", typed("good", label())),
        ("top_logprobs", typed("good", label())),
        ("response_format", typed("5", Output::number())),
    ];
    for (parameter, request) in cases {
        let server = ChatServer::start(refuses(parameter)).await;
        let engine = engine(&server);
        engine.generate(request.clone()).await.unwrap();
        let learned_by = server.calls();
        // One of fewer or weaker ones may stand between the first and none.
        assert!((2..=3).contains(&learned_by), "{parameter}: {learned_by} calls");
        let rows = 50;
        let ends = ends(&engine, vec![request; rows]).await;
        assert!(ends.iter().all(Result::is_ok), "{parameter}");
        assert_eq!(server.calls(), learned_by + rows, "{parameter}: learned once for all");
        assert_eq!(engine.flow().unwrap().retries, 0, "{parameter}: that is no retry");
    }
}

#[tokio::test]
async fn many_in_flight_learn_together() {
    let server = ChatServer::start(refuses("stream_options")).await;
    let ends = ends(&engine(&server), vec![request("x"); 200]).await;
    assert!(ends.iter().all(Result::is_ok));
    assert!(server.calls() <= 200 + 8, "{} calls: those in flight at most", server.calls());
}

#[tokio::test]
async fn the_demand_for_a_form_falls_where_it_is_ignored() {
    let server =
        ChatServer::start(|call| Reply::text(format!("Surely {}!", call.last_user_message())))
            .await;
    let engine = engine(&server);
    for _ in 0..10 {
        engine.generate(typed("5", Output::number())).await.unwrap();
    }
    let demands: Vec<Value> =
        server.requests().iter().map(|call| call.body["response_format"]["type"].clone()).collect();
    let expected: Vec<Value> = ["json_schema", "json_schema", "json_object", "json_object"]
        .map(Value::from)
        .into_iter()
        .chain((0..6).map(|_| Value::Null))
        .collect();
    assert_eq!(demands, expected);
}

#[tokio::test]
async fn a_server_that_keeps_to_the_form_is_asked_for_it_always() {
    let server = ChatServer::start(understand).await;
    let rows = ends(&engine(&server), vec![typed("5", Output::number()); 30]).await;
    assert!(rows.iter().all(|row| row.as_ref().is_ok_and(|row| row.content.contains('5'))));
    for call in server.requests() {
        assert_eq!(call.body["response_format"]["type"], "json_schema");
    }
}

#[tokio::test]
async fn every_type_of_answer_is_valid() {
    let labels = || ["good", "bad"].map(str::to_owned).into();
    let limits = NumberLimits { integer: true, min: Some(1.0), max: Some(9.0) };
    let schema = json!({"type": "array", "items": {"type": "string"}});
    let cases = [
        ("hello", Output::Text),
        ("good", Output::Label { labels: labels() }),
        ("good", Output::Labels { labels: labels() }),
        ("5.5", Output::number()),
        ("5", Output::Number(limits)),
        ("true", Output::Boolean),
        ("2024-05-17", Output::Date),
        ("Ada", person()),
        ("Ada", Output::Json { schema }),
    ];
    let server = ChatServer::start(understand).await;
    let engine = engine(&server);
    for (text, output) in cases {
        let response = engine.generate(typed(text, output.clone())).await.unwrap();
        let answer = read_answer(&response.content, &output);
        assert!(answer.is_ok(), "{output:?}: {:?} {answer:?}", response.content);
    }
    assert_eq!(server.calls(), 9, "each was asked for once");
}

#[tokio::test]
async fn labels_have_probabilities_where_the_server_tells_them() {
    let server = ChatServer::start(|call| {
        let mut answer = Answer::new("good");
        if call.body["logprobs"] == true {
            answer.logprobs = vec![Logprob::new("good", 0.6, &[("bad", 0.2), ("odd", 0.1)])];
        }
        Reply::Answer(answer)
    })
    .await;
    let response = engine(&server).generate(typed("x", label())).await.unwrap();
    let shares: Vec<(&str, f64)> = response
        .label_probabilities
        .iter()
        .map(|share| (share.label.as_str(), (share.probability * 1e6).round() / 1e6))
        .collect();
    assert_eq!(shares, [("good", 0.75), ("bad", 0.25)]);
    assert!((response.confidence.unwrap() - 0.75).abs() < 1e-6);

    let without = ChatServer::start(refuses("logprobs")).await;
    let response = engine(&without).generate(typed("good", label())).await.unwrap();
    assert_eq!((response.content.as_str(), response.confidence), ("good", None));
}

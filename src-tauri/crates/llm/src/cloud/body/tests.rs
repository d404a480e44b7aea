use super::super::provider::provider;
use super::*;

fn endpoint(backend: &str) -> Endpoint {
    match provider(backend) {
        Some(provider) => Endpoint::of_provider(provider, None, None).unwrap(),
        None => Endpoint::custom(backend, "http://localhost:8080").unwrap(),
    }
}

fn asking(output: Output) -> LLMRequest {
    let messages = vec![
        Message::new(Role::System, "rules"),
        Message::new(Role::User, "one"),
        Message::new(Role::Assistant, "1.5"),
        Message::new(Role::User, "two {{x}}"),
    ];
    LLMRequest { output, ..LLMRequest::new("own:m", messages) }
}

fn body_of(request: &LLMRequest, backend: &str, learned: &Learned) -> Value {
    chat_body(request, &endpoint(backend), "m", learned, true)
}

fn without(parameter: &str) -> Learned {
    let mut learned = Learned::default();
    assert!(learned.refuse(parameter, &Learned::default(), true));
    learned
}

#[test]
fn free_text_is_asked_for_plainly() {
    let request = asking(Output::Text);
    let expected = json!({
        "model": "m",
        "messages": [
            { "role": "system", "content": "rules" },
            { "role": "user", "content": "one" },
            { "role": "assistant", "content": "1.5" },
            { "role": "user", "content": "two {{x}}" },
        ],
        "stream": true,
        "stream_options": { "include_usage": true },
        "temperature": 0,
        "max_tokens": 256,
    });
    let body = body_of(&request, "own", &Learned::default());
    assert_eq!(body, expected);
    assert_eq!(parameters(&body), ["stream_options", "max_tokens", "temperature"]);
    let body = chat_body(&request, &endpoint("own"), "m", &Learned::default(), false);
    assert!(body.get("stream").is_none() && body.get("stream_options").is_none());
}

#[test]
fn sampling_goes_to_those_who_know_it() {
    let request = LLMRequest {
        temperature: 0.7,
        top_p: 0.9,
        top_k: 40,
        min_p: 0.05,
        seed: u64::MAX,
        stop_sequences: ["a", "", "b", "c", "d", "e"].map(str::to_owned).into(),
        max_tokens: Some(9),
        ..asking(Output::Text)
    };
    let body = body_of(&request, "openrouter", &Learned::default());
    let found = ["temperature", "top_p", "top_k", "min_p", "seed", "stop", "max_tokens", "usage"]
        .map(|name| body[name].to_string());
    let seed = i32::MAX.to_string();
    let stop = r#"["a","b","c","d"]"#;
    let usage = r#"{"include":true}"#;
    assert_eq!(found, ["0.7", "0.9", "40", "0.05", seed.as_str(), stop, "9", usage]);
    let body = body_of(&request, "openai", &Learned::default());
    assert_eq!(body["max_completion_tokens"], 9);
    for name in ["top_k", "min_p", "max_tokens", "usage"] {
        assert!(body.get(name).is_none(), "{name}");
    }
    for name in ["temperature", "top_p", "seed", "stop", "stream_options"] {
        assert!(body.get(name).is_some(), "{name}");
        assert!(body_of(&request, "openai", &without(name)).get(name).is_none(), "{name}");
    }
    let body = body_of(&request, "openai", &without("max_completion_tokens"));
    assert_eq!(body["max_tokens"], 9);
}

#[test]
fn labels_are_asked_for_with_probabilities() {
    let labels = ["a", "b"].map(str::to_owned).to_vec();
    for output in [Output::Label { labels }, Output::Boolean] {
        let request = asking(output);
        let body = body_of(&request, "own", &Learned::default());
        assert_eq!((&body["logprobs"], &body["top_logprobs"]), (&json!(true), &json!(20)));
        assert!(body.get("response_format").is_none());
        assert_eq!(body_of(&request, "own", &without("top_logprobs"))["top_logprobs"], 5);
        let body = body_of(&request, "own", &without("logprobs"));
        assert!(body.get("logprobs").is_none() && body.get("top_logprobs").is_none());
    }
}

#[test]
fn what_has_a_form_says_so_at_the_end_of_the_rules() {
    let mut request = asking(Output::number());
    request.stop_sequences = vec!["\n".to_owned()];
    let body = body_of(&request, "own", &Learned::default());
    let rules = body["messages"][0]["content"].as_str().unwrap();
    assert!(rules.starts_with("rules\n\n") && rules.contains("JSON object"), "{rules}");
    assert_eq!(body["messages"][1]["content"], "one");
    assert_eq!(body["messages"][2]["content"], r#"{"answer":1.5}"#);
    assert_eq!(body["response_format"]["type"], "json_schema");
    assert_eq!(body["max_tokens"], 48);
    assert!(body.get("stop").is_none());

    let object = body_of(&request, "own", &without("response_format"));
    assert_eq!(object["response_format"], json!({ "type": "json_object" }));
    assert_eq!(object["messages"], body["messages"]);

    let mut words = without("response_format");
    let sent = words.clone();
    assert!(words.refuse("response_format", &sent, true));
    let body = body_of(&request, "own", &words);
    assert!(body.get("response_format").is_none());
    assert_eq!(body["messages"], body_of(&asking(Output::Text), "own", &words)["messages"]);

    request.messages.remove(0);
    let body = body_of(&request, "own", &Learned::default());
    let first = body["messages"][0]["content"].as_str().unwrap();
    assert!(first.starts_with("one\n\n"), "the first question has the rules: {first}");
    assert_eq!(body["messages"][2]["content"], "two {{x}}");
}

#[test]
fn a_model_that_thinks_gets_room_for_it() {
    let mut learned = Learned::default();
    learned.thinks = true;
    assert_eq!(body_of(&asking(Output::Boolean), "own", &learned)["max_tokens"], 32 + 4096);
    let mut request = asking(Output::Text);
    request.max_tokens = Some(u32::MAX);
    assert_eq!(body_of(&request, "own", &learned)["max_tokens"], u32::MAX);

    request.max_tokens = Some(100);
    request.messages = vec![Message::new(Role::User, "x".repeat(4000))];
    for (context, limit) in [(8192, 4196), (2048, 2048 - 1338 - 16), (1100, 100), (64, 100)] {
        learned.context_tokens = Some(context);
        assert_eq!(body_of(&request, "own", &learned)["max_tokens"], limit, "{context}");
    }
    learned.context_tokens = None;
    learned.room_refused = true;
    assert_eq!(body_of(&request, "own", &learned)["max_tokens"], 100);
}

use serde_json::json;

use super::super::endpoint::Endpoint;
use super::*;
use crate::{Message, Role};

fn question(output: Output) -> LLMRequest {
    LLMRequest { output, ..LLMRequest::new("own:m", vec![Message::new(Role::User, "12345678")]) }
}

/// What the chunks of a stream make, and what was shown of it.
fn stream(chunks: &[Value], request: &LLMRequest) -> (String, Result<Answered, Failure>) {
    let endpoint = Endpoint::custom("own", "http://localhost:1").unwrap();
    let asked = AskedOf {
        endpoint: &endpoint,
        model: "m",
        key: None,
        parameters: &[],
        has_answered: false,
    };
    let mut assembly = Assembly::new(request, asked, &Learned::default());
    let mut shown = String::new();
    for chunk in chunks {
        if let Err(failure) = assembly.take(chunk) {
            return (shown, Err(failure));
        }
        shown.extend(assembly.take_delta());
    }
    (shown, assembly.finish(None))
}

fn completion(value: &Value, request: &LLMRequest) -> Result<Answered, Failure> {
    let endpoint = Endpoint::custom("own", "http://localhost:1").unwrap();
    let asked = AskedOf {
        endpoint: &endpoint,
        model: "m",
        key: None,
        parameters: &[],
        has_answered: false,
    };
    let price = Price { prompt_usd_per_million: 1.0, completion_usd_per_million: 2.0 };
    of_completion(value, request, &asked, &Learned::default(), Some(price))
}

#[expect(clippy::needless_pass_by_value, reason = "the callers write it in place")]
fn delta(delta: Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta }] })
}

fn text(content: &str) -> Value {
    delta(json!({ "content": content }))
}

fn finish(reason: &str) -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

#[test]
fn an_answer_is_put_together_from_its_pieces() {
    let chunks = [
        json!({ "choices": [] }),
        delta(json!({ "role": "assistant", "content": "" })),
        text("Hel"),
        json!({ "choices": [
            { "index": 1, "delta": { "content": "another choice" } },
            { "index": 0, "delta": { "content": "lo" }, "finish_reason": null },
        ] }),
        delta(json!({ "content": null, "tool_calls": [{ "index": 0 }] })),
        delta(json!({ "content": [{ "type": "text", "text": " you" }, "!"] })),
        json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }], "error": null }),
        json!({ "choices": [], "usage": {
            "prompt_tokens": 9, "completion_tokens": 4, "cost": 0.001,
            "prompt_tokens_details": { "cached_tokens": 8 },
        } }),
    ];
    let (shown, answered) = stream(&chunks, &question(Output::Text));
    let answered = answered.unwrap();
    assert_eq!(shown, "Hello you!");
    let expected = LLMResponse {
        content: "Hello you!".to_owned(),
        reasoning: None,
        model: "own:m".to_owned(),
        prompt_tokens: 9,
        shared_tokens: 8,
        completion_tokens: 4,
        duration_ms: 0,
        finish_reason: FinishReason::Stop,
        confidence: None,
        label_probabilities: Vec::new(),
        cost_usd: Some(0.001),
    };
    assert_eq!(answered.response, expected);
    assert_eq!((answered.has_form, answered.thought), (None, false));
}

#[test]
fn a_whole_completion_reads_like_a_stream() {
    let value = json!({
        "choices": [{ "message": { "content": "Hello" }, "finish_reason": "length" }],
        "usage": { "prompt_tokens": 100, "completion_tokens": 50 },
    });
    let response = completion(&value, &question(Output::Text)).unwrap().response;
    assert_eq!(
        (response.content.as_str(), response.finish_reason),
        ("Hello", FinishReason::Length)
    );
    assert_eq!(response.cost_usd, Some(0.0002), "by the price");
    let bare = json!({ "choices": [{ "message": { "content": "12345" } }] });
    let response = completion(&bare, &question(Output::Text)).unwrap().response;
    assert_eq!((response.prompt_tokens, response.completion_tokens), (7, 2), "by an estimate");
}

#[test]
fn thinking_is_told_apart_wherever_it_stands() {
    let fields = [
        vec![delta(json!({ "reasoning": "why" })), text("so")],
        vec![delta(json!({ "reasoning_content": "why", "reasoning": "why" })), text("so")],
        vec![text("<thi"), text("nk>why</thin"), text("k>\n\nso")],
        vec![delta(json!({ "content": [
            { "type": "thinking", "thinking": [{ "type": "text", "text": "why" }] },
            { "type": "text", "text": "so" },
        ] }))],
    ];
    for mut chunks in fields {
        chunks.push(finish("stop"));
        let (shown, answered) = stream(&chunks, &question(Output::Text));
        let answered = answered.unwrap();
        let LLMResponse { content, reasoning, .. } = answered.response;
        assert_eq!(
            (content.as_str(), reasoning.as_deref(), shown.as_str()),
            ("so", Some("why"), "so")
        );
        assert!(answered.thought);
    }
    let hidden = json!({ "choices": [{ "message": { "content": "" }, "finish_reason": "length" }],
        "usage": { "completion_tokens_details": { "reasoning_tokens": 32 } } });
    let answered = completion(&hidden, &question(Output::Text)).unwrap();
    assert!(answered.thought);
    assert_eq!(answered.response.finish_reason, FinishReason::Length);
    let (_, cut) = stream(&[text("<think>on and on"), finish("length")], &question(Output::Text));
    let response = cut.unwrap().response;
    assert_eq!((response.content.as_str(), response.reasoning.as_deref()), ("", Some("on and on")));
}

#[test]
fn thinking_whose_beginning_the_template_wrote_is_split_off_forms() {
    let number = question(Output::number());
    let chunks = [text("why</think>{\"answer\": 1.50}"), finish("stop")];
    let (shown, answered) = stream(&chunks, &number);
    let answered = answered.unwrap();
    assert_eq!((answered.response.content.as_str(), shown.as_str()), ("1.50", ""));
    assert_eq!(answered.response.reasoning.as_deref(), Some("why"));
    assert_eq!(answered.has_form, Some(true));
    let schema = json!({ "type": "object" });
    let about_tags = "{\"a\":\"</think>\"}";
    let (_, answered) = stream(&[text(about_tags)], &question(Output::Json { schema }));
    assert_eq!(answered.unwrap().response.content, about_tags);
    let (shown, answered) = stream(&[text("why</think>so")], &question(Output::Text));
    let Answered { response, thought, .. } = answered.unwrap();
    assert_eq!((response.content.as_str(), shown.as_str()), ("why</think>so", "why</think>so"));
    assert!(thought, "the next one gets room for it");
    let (_, answered) = stream(&[text("</think>yes")], &question(Output::Boolean));
    let Answered { response, thought, .. } = answered.unwrap();
    assert_eq!((response.content.as_str(), thought), ("yes", true));
}

#[test]
fn a_stop_sequence_that_the_server_ignores_ends_the_answer() {
    let stopped =
        |output| LLMRequest { stop_sequences: vec!["\n\n".to_owned()], ..question(output) };
    let chunks = [text("one\n"), text("\ntwo"), finish("length")];
    let (shown, answered) = stream(&chunks, &stopped(Output::Text));
    let response = answered.unwrap().response;
    assert_eq!((response.content.as_str(), shown.as_str()), ("one", "one"));
    assert_eq!(response.finish_reason, FinishReason::Stop);
    let chunks = [text("{\n\n\"answer\": 1}"), finish("stop")];
    let (_, answered) = stream(&chunks, &stopped(Output::number()));
    assert_eq!(answered.unwrap().response.content, "1", "a form is not broken by it");
}

#[test]
fn a_form_is_noted_unless_it_was_cut_off() {
    let has_form = |content: &str, reason: &str| {
        let (_, answered) = stream(&[text(content), finish(reason)], &question(Output::number()));
        answered.unwrap().has_form
    };
    assert_eq!(has_form("{\"answer\":1}", "stop"), Some(true));
    assert_eq!(has_form("1", "stop"), Some(false));
    assert_eq!(has_form("{\"ans", "length"), None);
}

#[test]
fn labels_have_probabilities_where_the_server_tells() {
    let labels = ["good", "bad"].map(str::to_owned).to_vec();
    let request = question(Output::Label { labels });
    let choice = |token: &str, share: f64| json!({ "token": token, "logprob": share.ln() });
    let mut token = choice("good", 0.75);
    token["top_logprobs"] = json!([choice("good", 0.75), choice("bad", 0.25)]);
    let chunk = json!({ "choices": [{
        "delta": { "content": "good" }, "logprobs": { "content": [token] },
    }] });
    let (shown, answered) = stream(&[chunk, finish("stop")], &request);
    let response = answered.unwrap().response;
    assert_eq!(shown, "");
    assert!((response.confidence.unwrap() - 0.75).abs() < 1e-9);
    assert_eq!(response.label_probabilities.len(), 2);
    let (_, answered) = stream(&[text("good"), finish("stop")], &request);
    assert_eq!(answered.unwrap().response.confidence, None);
}

#[test]
fn a_refusal_is_no_answer() {
    let refusals = [
        vec![
            delta(json!({ "refusal": "I can" })),
            delta(json!({ "refusal": "not." })),
            finish("stop"),
        ],
        vec![text("Well"), finish("content_filter")],
    ];
    for chunks in refusals {
        let (_, answered) = stream(&chunks, &question(Output::Text));
        assert!(
            matches!(&answered, Err(Failure::Cell(LLMError::Refused { reason, .. })) if !reason.is_empty()),
            "{answered:?}"
        );
    }
}

#[test]
fn errors_inside_are_failures_until_the_answer_is_whole() {
    let error = json!({ "error": { "code": 429, "message": "slow down" } });
    let (_, failed) = stream(&[text("a"), error.clone()], &question(Output::Text));
    assert!(matches!(failed, Err(Failure::Wait(_))), "{failed:?}");
    let (_, answered) = stream(&[text("a"), finish("stop"), error], &question(Output::Text));
    assert_eq!(answered.unwrap().response.content, "a");
    let (_, failed) = stream(&[text("a"), finish("error")], &question(Output::Text));
    assert!(matches!(failed, Err(Failure::Retry(_))), "{failed:?}");
    let bare = json!({ "code": 429, "message": "slow down", "type": "rate_limit_error" });
    let (_, failed) = stream(&[bare], &question(Output::Text));
    assert!(matches!(failed, Err(Failure::Wait(_))), "{failed:?}");
    let in_choice = json!({ "choices": [{ "error": { "code": 502, "message": "upstream" } }] });
    let (_, failed) = stream(&[in_choice], &question(Output::Text));
    assert!(matches!(failed, Err(Failure::Retry(_))), "{failed:?}");
    for nothing in [json!({}), json!({ "choices": [] }), json!([]), json!(null), json!("x")] {
        let (_, failed) = stream(std::slice::from_ref(&nothing), &question(Output::Text));
        assert!(matches!(failed, Err(Failure::Retry(_))), "{nothing}");
        assert!(completion(&nothing, &question(Output::Text)).is_err(), "{nothing}");
    }
}

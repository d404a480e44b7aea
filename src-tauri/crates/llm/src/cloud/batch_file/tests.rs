use serde_json::json;

use super::*;
use crate::cloud::provider;
use crate::{Message, Role};

fn openai() -> Endpoint {
    Endpoint::of_provider(provider("openai").unwrap(), None, None).unwrap()
}

fn request() -> LLMRequest {
    LLMRequest::new("openai:m", vec![Message::new(Role::User, "two\nlines \u{2028} \"quoted\"")])
}

fn read(line: &str) -> Result<BatchLine, NoResult> {
    read_line(line, |id| id.starts_with("row-").then(request), &openai(), "m")
}

fn done(id: &str, text: &str) -> Value {
    json!({
        "id": "batch_req_1", "custom_id": id, "error": null,
        "response": {"status_code": 200, "request_id": "r", "body": {
            "id": "c", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": text, "refusal": null}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}},
    })
}

#[test]
fn a_request_is_one_line_that_asks_without_a_stream() {
    let line = request_line("row-1", &request(), &openai(), "m");
    assert!(!line.contains('\n'));
    let value: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["custom_id"], "row-1");
    assert_eq!(value["method"], "POST");
    assert_eq!(value["url"], "/v1/chat/completions");
    let body = &value["body"];
    assert_eq!(body["model"], "m");
    assert_eq!(body["messages"][0]["content"], "two\nlines \u{2028} \"quoted\"");
    assert!(body.get("stream_options").is_none(), "{body}");
    assert_ne!(body.get("stream"), Some(&Value::Bool(true)));
    assert!(body["max_completion_tokens"].is_u64(), "{body}");
}

#[test]
fn a_model_of_openai_that_thinks_is_asked_for_nothing_that_it_refuses() {
    let output = braincells_core::Output::Boolean;
    let asked = LLMRequest { output, stop_sequences: vec!["\n".to_owned()], ..request() };
    let body = |model: &str, asked: &LLMRequest| {
        let line: Value =
            serde_json::from_str(&request_line("a", asked, &openai(), model)).unwrap();
        line["body"].clone()
    };
    for model in ["o3-mini", "gpt-5-nano"] {
        let body = body(model, &asked);
        for name in ["temperature", "logprobs", "top_logprobs", "stop"] {
            assert!(body.get(name).is_none(), "{name}");
        }
        assert!(body["max_completion_tokens"].as_u64() > Some(1000), "{body}");
    }
    for model in ["gpt-4o-mini", "omni", "o"] {
        let body = body(model, &asked);
        assert_eq!((&body["temperature"], &body["max_completion_tokens"]), (&json!(0), &json!(32)));
        assert_eq!(body["logprobs"], true);
    }
    let warm = LLMRequest { temperature: 0.5, ..asked };
    assert_eq!(body("o3", &warm)["temperature"], 0.5);
}

#[test]
fn an_answer_is_read_whatever_is_around_it() {
    let line = done("row-1", " yes ").to_string();
    for line in [line.clone(), format!("\u{feff}{line}"), format!("  {line}\r\n")] {
        let read = read(&line).unwrap();
        assert_eq!(read.custom_id, "row-1");
        let response = read.result.unwrap();
        assert_eq!(response.content.trim(), "yes");
        assert_eq!((response.prompt_tokens, response.completion_tokens), (9, 2));
    }
    let mut text_body = done("row-1", "yes");
    text_body["response"]["body"] = json!(text_body["response"]["body"].to_string());
    assert_eq!(read(&text_body.to_string()).unwrap().result.unwrap().content, "yes");
}

#[test]
fn a_failed_request_is_an_error_of_its_row() {
    let failed = |status: u16, body: Value| {
        let response = json!({"status_code": status, "request_id": "r", "body": body});
        let line = json!({"id": "b", "custom_id": "row-1", "response": response, "error": null});
        read(&line.to_string()).unwrap().result.unwrap_err()
    };
    let too_long = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.";
    assert_eq!(
        failed(400, json!({"error": {"message": too_long, "code": "context_length_exceeded"}})),
        LLMError::ContextLengthExceeded { needed_tokens: 9000, available_tokens: 8192 }
    );
    let limited = failed(429, json!({"error": {"message": "Please try again in 2s."}}));
    assert_eq!(limited, LLMError::RateLimited { retry_after_ms: Some(2000) });
    assert!(matches!(failed(500, Value::Null), LLMError::ServerFailed { .. }));
    assert!(matches!(failed(200, Value::Null), LLMError::ServerFailed { .. }));

    let expired = json!({"custom_id": "row-2", "response": null, "error": {
        "code": "batch_expired",
        "message": "This request could not be executed before the completion window expired."}});
    let error = read(&expired.to_string()).unwrap().result.unwrap_err();
    assert!(matches!(error, LLMError::ServerFailed { .. }), "{error:?}");
    assert!(error.to_string().contains("window expired"));

    let nothing = json!({"custom_id": "row-3"}).to_string();
    assert!(matches!(read(&nothing).unwrap().result, Err(LLMError::ServerFailed { .. })));
    let mut filtered = done("row-1", "");
    filtered["response"]["body"]["choices"][0]["finish_reason"] = json!("content_filter");
    let error = read(&filtered.to_string()).unwrap().result.unwrap_err();
    assert!(matches!(error, LLMError::Refused { .. }), "{error:?}");
}

#[test]
fn a_line_that_is_no_result_is_told_apart() {
    for line in ["", "  \r\n", "\u{feff}", "\u{feff} \r"] {
        assert_eq!(read(line), Err(NoResult::Empty), "{line:?}");
    }
    let unknown = done("other", "x").to_string();
    assert_eq!(read(&unknown), Err(NoResult::Unknown { custom_id: "other".to_owned() }));
    let written = request_line("row-1", &request(), &openai(), "m");
    let huge = " ".repeat(MAX_LINE_BYTES + 1);
    let long = done(&"row-".repeat(200), "x").to_string();
    let cut = &done("row-1", "x").to_string()[..60];
    for line in ["x", "null", "[]", "7", "{}", r#"{"custom_id":7}"#, &written, &huge, &long, cut] {
        let refused = read(line).unwrap_err();
        assert!(matches!(refused, NoResult::Unreadable { .. }), "{refused:?}");
    }
}

#[test]
fn any_text_as_a_line_is_read_without_harm() {
    proptest::proptest!(|(text: String)| {
        proptest::prop_assert!(read(&text).is_err());
    });
    proptest::proptest!(|(at in 0usize..400, byte: u8)| {
        let mut line = done("row-1", "answer").to_string().into_bytes();
        let at = at % line.len();
        line[at] = byte;
        // Any outcome but a panic.
        drop(read(&String::from_utf8_lossy(&line)));
    });
}

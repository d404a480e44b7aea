//! What servers answer when they fail, as their documentation and their sources have it, and what
//! each means for us.

use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::cloud::provider;

const PARAMETERS: [&str; 9] = [
    "stream_options",
    "temperature",
    "max_tokens",
    "seed",
    "stop",
    "logprobs",
    "top_logprobs",
    "response_format",
    "min_p",
];

/// 22 November 2026, 13:20:00.
const NOW_MS: i64 = 1_795_353_600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    status: u16,
    #[serde(default)]
    headers: serde_json::Map<String, Value>,
    body: Value,
    expect: String,
    #[serde(default)]
    says: String,
    #[serde(default)]
    hides: Option<String>,
}

impl Case {
    fn failure(&self, asked: &AskedOf<'_>) -> Failure {
        let body = match &self.body {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let headers = self.headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
            (name.parse::<HeaderName>().unwrap(), value)
        });
        of_status(asked, self.status, &headers.collect(), &body, NOW_MS)
    }
}

fn word(failure: &Failure) -> String {
    match failure {
        Failure::Parameter(name) => format!("parameter {name}"),
        Failure::Wait(Some(wait)) => format!("wait {}", wait.as_millis()),
        Failure::Wait(None) => "wait".to_owned(),
        Failure::Retry(_) => "retry".to_owned(),
        Failure::Unfinished(_) => "unfinished".to_owned(),
        Failure::Connection(_) => "connection".to_owned(),
        Failure::Cell(error) => match error {
            LLMError::ContextLengthExceeded { needed_tokens, available_tokens } => {
                format!("cell context {needed_tokens} {available_tokens}")
            }
            LLMError::Refused { .. } => "cell refused".to_owned(),
            LLMError::InvalidRequest { .. } => "cell invalid".to_owned(),
            other => format!("cell {other:?}"),
        },
        Failure::Run(error) => match error {
            LLMError::KeyRefused { .. } => "run key".to_owned(),
            LLMError::NoCredit { .. } => "run credit".to_owned(),
            LLMError::ModelUnknown { .. } => "run model".to_owned(),
            LLMError::Unreachable { .. } => "run unreachable".to_owned(),
            other => format!("run {other:?}"),
        },
    }
}

fn endpoint_of(backend: &str) -> Endpoint {
    match provider(backend) {
        Some(row) => Endpoint::of_provider(row, None, None).unwrap(),
        None => Endpoint::custom(backend, "http://localhost:8080").unwrap(),
    }
}

fn replay(backend: &str, fixtures: &str) {
    let endpoint = endpoint_of(backend);
    let key = ApiKey::new("canary-key").unwrap();
    let asked = AskedOf {
        endpoint: &endpoint,
        model: "x",
        key: Some(&key),
        parameters: &PARAMETERS,
        has_answered: false,
    };
    let cases: Vec<Case> = serde_json::from_str(fixtures).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let failure = case.failure(&asked);
        let said = format!("{failure:?}");
        if word(&failure) != case.expect || !said.contains(&case.says) {
            wrong.push(format!("{}: not `{}` {}: {said}", case.name, case.expect, case.says));
        }
        for hidden in [Some("canar"), case.hides.as_deref()].into_iter().flatten() {
            assert!(!said.contains(hidden), "{}: {said}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{backend}:\n{}", wrong.join("\n"));
}

#[test]
fn openai_fails_as_documented() {
    replay("openai", include_str!("fixtures/openai.json"));
}

#[test]
fn openrouter_fails_as_documented() {
    replay("openrouter", include_str!("fixtures/openrouter.json"));
}

#[test]
fn hugging_face_fails_as_documented() {
    replay("huggingface", include_str!("fixtures/huggingface.json"));
}

#[test]
fn other_servers_fail_as_documented() {
    replay("mine", include_str!("fixtures/custom.json"));
}

#[test]
fn every_fixture_ends_a_run_or_not_as_its_error_says() {
    for (backend, fixtures) in [
        ("openai", include_str!("fixtures/openai.json")),
        ("openrouter", include_str!("fixtures/openrouter.json")),
        ("huggingface", include_str!("fixtures/huggingface.json")),
        ("mine", include_str!("fixtures/custom.json")),
    ] {
        let endpoint = endpoint_of(backend);
        let asked = AskedOf {
            endpoint: &endpoint,
            model: "x",
            key: None,
            parameters: &[],
            has_answered: false,
        };
        for case in serde_json::from_str::<Vec<Case>>(fixtures).unwrap() {
            match case.failure(&asked) {
                Failure::Run(error) => assert!(error.ends_run(), "{}: {error:?}", case.name),
                Failure::Cell(error) => assert!(!error.ends_run(), "{}: {error:?}", case.name),
                _ => {}
            }
        }
    }
}

#[test]
fn an_error_inside_an_answer_is_judged_by_its_own_code() {
    let endpoint = endpoint_of("openrouter");
    let asked = AskedOf {
        endpoint: &endpoint,
        model: "x",
        key: None,
        parameters: &PARAMETERS,
        has_answered: false,
    };
    let cases = [
        (json!({"code": 429, "message": "Rate limited. Please try again in 2s."}), "wait 2000"),
        (json!({"code": "429", "message": "slow down"}), "wait"),
        (json!({"code": 502, "message": "Provider disconnected"}), "retry"),
        (json!({"code": "server_error", "message": "Provider disconnected"}), "retry"),
        (json!({"code": 402, "message": "Insufficient credits"}), "run credit"),
        (json!({"code": 401, "message": "No auth credentials found"}), "run key"),
        (json!({"type": "invalid_request_error", "message": "bad"}), "cell invalid"),
        (json!({"type": "overloaded_error", "message": "Overloaded"}), "wait"),
        (json!({"code": "context_length_exceeded", "message": "too long"}), "cell invalid"),
        (
            json!({"code": 403, "message": "flagged", "metadata": {"reasons": ["x"]}}),
            "cell refused",
        ),
        (json!("something broke"), "retry"),
        (json!(null), "retry"),
        (json!({"error": {"code": 404, "message": "model x not found"}}), "run model"),
        (json!({"message": "logprobs is not supported", "code": 400}), "parameter logprobs"),
    ];
    for (error, expect) in cases {
        assert_eq!(word(&of_error_object(&asked, &error)), expect, "{error}");
    }
}

#[test]
fn once_others_were_answered_only_what_is_certain_ends_a_run() {
    let endpoint = endpoint_of("mine");
    let asked = |has_answered| AskedOf {
        endpoint: &endpoint,
        model: "x",
        key: None,
        parameters: &PARAMETERS,
        has_answered,
    };
    // The status, what is said, what it means before anybody was answered and afterwards.
    let cases = [
        (400, json!("cannot read `the model was not found`"), "run model", "cell invalid"),
        (400, json!({"message": "no model x", "param": "model"}), "run model", "run model"),
        (400, json!({"message": "no", "code": "model_not_found"}), "run model", "run model"),
        (404, json!("the model x does not exist"), "run model", "run model"),
        (400, json!("cannot read `insufficient funds`"), "run credit", "cell invalid"),
        (400, json!("Your credit balance is too low"), "run credit", "run credit"),
        (429, json!("add money: insufficient balance"), "run credit", "run credit"),
        (402, json!(""), "run credit", "run credit"),
        (400, json!("cannot read `invalid api key`"), "run key", "cell invalid"),
        (401, json!(""), "run key", "run key"),
        (403, json!("no: the author was blocked"), "run key", "cell refused"),
        (403, json!(""), "run key", "cell refused"),
        (403, json!("Key limit exceeded."), "run key", "run key"),
    ];
    for (status, said, before, after) in cases {
        for (has_answered, expect) in [(false, before), (true, after)] {
            let body = match &said {
                Value::String(text) => text.clone(),
                said => json!({ "error": said }).to_string(),
            };
            let failure = of_status(&asked(has_answered), status, &HeaderMap::new(), &body, 0);
            assert_eq!(word(&failure), expect, "{status} {body}: {failure:?}");
        }
    }
}

#[test]
fn without_a_key_the_key_is_missing_and_not_refused() {
    for backend in ["openai", "mine"] {
        let endpoint = endpoint_of(backend);
        let asked = AskedOf {
            endpoint: &endpoint,
            model: "x",
            key: None,
            parameters: &[],
            has_answered: false,
        };
        let failure = of_status(&asked, 401, &HeaderMap::new(), "", 0);
        assert!(
            matches!(failure, Failure::Run(LLMError::KeyRefused { missing: true, .. })),
            "{failure:?}"
        );
    }
}

#[test]
fn a_key_that_a_server_echoes_is_in_no_reason() {
    let endpoint = endpoint_of("mine");
    let key = ApiKey::new("Canary.plain-words").unwrap();
    let asked = AskedOf {
        endpoint: &endpoint,
        model: "x",
        key: Some(&key),
        parameters: &[],
        has_answered: false,
    };
    for status in [400, 401, 402, 403, 404, 405, 408, 413, 422, 429, 500, 502, 503, 529] {
        for body in [
            r#"{"error":{"message":"no Canary.plain-words here","code":"Canary.plain-words"}}"#,
            "Canary.plain-words",
            "<title>Canary.plain-words</title>",
        ] {
            let failure = of_status(&asked, status, &HeaderMap::new(), body, 0);
            assert!(!format!("{failure:?}").contains("Canary"), "{status}: {failure:?}");
        }
    }
}

#[test]
fn a_list_of_models_that_is_not_there_says_so() {
    let endpoint = endpoint_of("mine");
    let asked =
        AskedOf { endpoint: &endpoint, model: "", key: None, parameters: &[], has_answered: false };
    let error = of_status(&asked, 404, &HeaderMap::new(), "", 0).into_error(&asked);
    assert!(error.to_string().contains("no list of models at `http://localhost:8080/v1`"));
}

#[test]
fn any_bytes_as_a_body_are_judged_without_harm() {
    let endpoint = endpoint_of("mine");
    let asked = AskedOf {
        endpoint: &endpoint,
        model: "x",
        key: None,
        parameters: &PARAMETERS,
        has_answered: false,
    };
    proptest::proptest!(|(status: u16, body: String)| {
        let failure = of_status(&asked, status, &HeaderMap::new(), &body, 0);
        if let Failure::Retry(reason) | Failure::Connection(reason) = failure {
            assert!(reason.chars().count() <= 310 && !reason.contains('\n'));
        }
    });
}

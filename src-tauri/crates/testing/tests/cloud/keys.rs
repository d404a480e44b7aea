use braincells_core::AppError;
use braincells_llm::cloud::{ApiKey, CloudModel};
use braincells_llm::{LLMEngine, LLMError};
use braincells_testing::{ChatCall, ChatServer, Reply, understand};
use futures::future::join_all;
use serde_json::json;

use super::support::{Asks, KEY, ends, engine, request};

fn echo_of_key(call: &ChatCall, status: u16) -> Reply {
    let key = call.key().unwrap_or_default();
    let message = format!("You sent `Bearer {key}` in {:?}, that is {key}.", call.headers);
    Reply::error(status, "odd_error", &message)
}

#[tokio::test]
async fn the_key_goes_where_it_belongs() {
    let server = ChatServer::start(understand).await;
    engine(&server).generate(request("x")).await.unwrap();
    let asks = Asks::of(&server);
    let key = ApiKey::new(KEY).unwrap();
    let listed = asks.client().list_models(&asks.endpoint(), Some(&key)).await.unwrap();
    assert_eq!(listed[0].id, "test-model");
    asks.client().test_connection(&asks.endpoint(), Some(&key)).await.unwrap();
    let seen = server.requests();
    assert!(seen.len() >= 3);
    for call in &seen {
        assert_eq!(call.key(), Some(KEY), "{}", call.path);
        assert!(!call.body.to_string().contains(KEY) && !call.path.contains(KEY));
    }
    Asks { key: None, ..asks }.engine().generate(request("x")).await.unwrap();
    let last = server.requests().pop().unwrap();
    assert!(last.headers.get("authorization").is_none(), "without a key nothing is made up");
}

#[tokio::test]
async fn nothing_that_can_be_shown_has_the_key_in_it() {
    let key = ApiKey::new(KEY).unwrap();
    let asks = Asks::at("https://example.org");
    let model = CloudModel {
        endpoint: asks.endpoint(),
        key: Some(key.clone()),
        model: "m".to_owned(),
        price: None,
        context_tokens: None,
    };
    let engine = asks.engine();
    let shown = [
        format!("{key:?} {key:#?}"),
        format!("{model:?} {model:#?}"),
        format!("{:?} {:?}", asks.client(), asks.options),
        format!("{:?} {:?}", engine.backend(), engine.capabilities()),
        format!("{:?}", ApiKey::new(&format!("{KEY} {KEY}")).unwrap_err()),
    ];
    for shown in shown {
        assert!(!shown.contains(KEY), "{shown}");
    }
}

#[tokio::test]
async fn a_server_that_echoes_the_key_does_not_bring_it_into_an_error() {
    // All at once: those that may pass are tried for a while.
    join_all([400, 401, 402, 403, 404, 413, 422, 500, 503].map(async |status| {
        let server = ChatServer::start(move |call| echo_of_key(call, status)).await;
        let error = engine(&server).generate(request("x")).await.unwrap_err();
        check(&error, &format!("status {status}"));
    }))
    .await;
    let inside = ChatServer::start(|call| {
        let message = format!("invalid_api_key: {}", call.key().unwrap_or_default());
        Reply::json(200, &json!({"error": {"message": message, "code": 401}}))
    })
    .await;
    check(&engine(&inside).generate(request("x")).await.unwrap_err(), "inside a 200");
    let asks = Asks::of(&inside);
    let key = ApiKey::new(KEY).unwrap();
    inside.set_script(|call| echo_of_key(call, 403));
    let error = asks.client().list_models(&asks.endpoint(), Some(&key)).await.unwrap_err();
    check(&error, "a list of models");
}

fn check(error: &LLMError, what: &str) {
    let app = AppError::from(error.clone());
    let stored = serde_json::to_string(error).expect("an error is plain data");
    for shown in [error.to_string(), format!("{error:?}"), format!("{app:?}"), stored] {
        assert!(!shown.contains(KEY), "{what}: {shown}");
    }
}

#[tokio::test]
async fn a_bad_key_ends_the_batch_at_once_with_one_clear_message() {
    let server = ChatServer::start(|_| {
        let message = format!("Incorrect API key provided: {KEY}.");
        Reply::error(401, "invalid_api_key", &message)
    })
    .await;
    let engine = Asks { parallel: 64, ..Asks::of(&server) }.engine();
    let ends = ends(&engine, (0..10_000).map(|_| request("x")).collect()).await;
    println!("10,000 rows with a bad key: {} calls", server.calls());
    // The first window, and those that were let in before the first refusal was read.
    assert!(server.calls() <= 10, "{} calls", server.calls());
    for end in &ends {
        let error = end.as_ref().unwrap_err();
        assert!(matches!(error, LLMError::KeyRefused { missing: false, .. }), "{error:?}");
        check(error, "a bad key");
    }
}

//! Requests that fail, and what becomes of them.

use super::super::asking::Heard;
use super::*;
use crate::cloud::failure::Failure;

/// A server that does `first` for the first request and answers all others.
fn first_fails(first: impl Fn() -> Vec<Step> + Send + Sync + 'static) -> Loopback {
    Loopback::new(move |seen| if seen.number == 0 { first() } else { stream(&["good"]) })
}

#[tokio::test]
async fn what_may_go_well_next_time_is_asked_again() {
    type Steps = fn() -> Vec<Step>;
    let cases: [Steps; 6] = [
        || whole(500, "", "oops"),
        || whole(429, "retry-after: 0\r\n", ""),
        || whole(503, "", "<html>"),
        || vec![Step::Close],
        || whole(200, "content-type: text/html\r\n", "<html>"),
        || vec![stream_head(), chunk("data: gar"), end()],
    ];
    for (at, steps) in cases.into_iter().enumerate() {
        let server = first_fails(steps);
        let engine = engine(&server, 4);
        let found = batch(&engine, questions(1, &Output::Text)).await;
        assert_eq!(texts(&found[&0]), ["started", "started", "good", "done: good"], "case {at}");
        assert_eq!(server.seen().len(), 2, "case {at}");
        assert_eq!(engine.flow().unwrap().retries, 1, "case {at}");
    }
}

#[tokio::test]
async fn a_text_that_broke_off_begins_anew() {
    let server = first_fails(|| vec![stream_head(), text("half of it"), Step::Close]);
    let found = batch(&engine(&server, 1), questions(1, &Output::Text)).await;
    let spent = "spent 8 4 None";
    let expected = ["started", "half of it", spent, "started", "good", "done: good"];
    assert_eq!(texts(&found[&0]), expected);

    let server = first_fails(|| vec![stream_head(), text("half of it"), Step::Close]);
    let pieces = engine(&server, 1).generate_stream(question()).await.unwrap();
    let pieces: Vec<_> = pieces.collect().await;
    assert_eq!(pieces[0], Ok("half of it".to_owned()));
    assert!(pieces.len() == 2 && pieces[1].is_err(), "what was handed out cannot be taken back");
    assert_eq!(server.seen().len(), 1, "nobody would read another");
}

#[tokio::test]
async fn a_bad_request_fails_its_row_and_no_other() {
    let server = Loopback::new(|seen| {
        if asked(seen) == "question 3" {
            let error = json!({ "message": "messages: too odd", "type": "invalid_request_error" });
            return json_reply(400, &json!({ "error": error }));
        }
        stream(&["good"])
    });
    let found = batch(&engine(&server, 4), questions(8, &Output::Text)).await;
    for (id, events) in found {
        let is_bad = matches!(events.last(), Some(BatchEventKind::Failed(_)));
        assert_eq!(is_bad, id == 3, "{:?}", texts(&events));
    }
    assert_eq!(server.seen().len(), 8);
}

#[tokio::test]
async fn a_refused_key_ends_the_batch_with_one_word() {
    let server = Loopback::new(|seen| {
        if seen.number < 2 {
            return stream(&["good"]);
        }
        json_reply(401, &json!({ "error": { "message": "Incorrect API key provided" } }))
    });
    let found = batch(&engine(&server, 1), questions(100, &Output::Text)).await;
    assert_eq!(found.len(), 3, "nothing is pulled behind it");
    let Some(BatchEventKind::Failed(error)) = found[&2].last() else { panic!("it did not fail") };
    assert!(matches!(error, LLMError::KeyRefused { .. }) && error.ends_run());
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn without_a_key_nothing_is_sent_to_who_needs_one() {
    let server = Loopback::new(|_| stream(&["a"]));
    let provider = crate::cloud::provider("openai").unwrap();
    let endpoint = Endpoint::of_provider(provider, Some(&server.url), None).unwrap();
    let engine = engine_with(&server, CloudModel { endpoint, ..server.model() }, 2);
    let error = engine.generate(question()).await.unwrap_err();
    assert!(matches!(error, LLMError::KeyRefused { missing: true, .. }), "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_always_fails_is_asked_a_few_times() {
    // The network is no part of it: its time does not stand still.
    let server = Loopback::new(|_| Vec::new());
    let failure = || Failure::Retry("oops".to_owned());
    // A short outage is no reason to lose a row.
    let cases = [
        (Duration::ZERO, false, 12),
        (Duration::from_secs(4), false, 6),
        (Duration::ZERO, true, 2),
    ];
    for (pause, was_taken, most) in cases {
        let engine = engine(&server, 1);
        let request = question();
        let mut asking = Asking::new(&engine.shared, &request, true);
        for attempt in 1..=most {
            tokio::time::advance(pause).await;
            let permit = engine.shared.flow.enter(1).await.unwrap_or_else(|_| panic!("gave up"));
            let error = asking.after_failure(failure(), was_taken, permit);
            assert_eq!(error.is_some(), attempt == most, "attempt {attempt}");
            if let Some(error) = error {
                assert!(matches!(error, LLMError::ServerFailed { .. }));
                let said = format!("oops ({most} attempts)");
                assert!(error.to_string().contains(&said), "{error}");
            }
        }
        assert_eq!(engine.flow().unwrap().retries, most - 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_always_has_to_wait_while_others_do_not_is_given_up() {
    let server = Loopback::new(|_| Vec::new());
    let engine = engine(&server, 1);
    let request = question();
    let mut asking = Asking::new(&engine.shared, &request, true);
    let mut waits = 0;
    let error = loop {
        waits += 1;
        let permit = engine.shared.flow.enter(1).await.unwrap_or_else(|_| panic!("gave up"));
        let error = asking.after_failure(Failure::Wait(Some(Duration::ZERO)), false, permit);
        if let Some(error) = error {
            break error;
        }
        // Not while nobody is answered: the flow judges that.
        if waits >= 10 {
            engine.shared.answered.fetch_add(1, Ordering::Relaxed);
        }
        assert!(waits < 100, "it ends");
    };
    assert_eq!(waits, 30);
    assert!(matches!(error, LLMError::ServerFailed { .. }), "{error}");
}

#[tokio::test]
async fn room_for_thinking_that_a_server_has_not_is_left_out() {
    let limits_of = |said: &'static str| async move {
        let server = Loopback::new(move |seen| {
            if seen.body["max_tokens"].as_u64() > Some(2000) {
                return json_reply(400, &json!({ "error": { "message": said } }));
            }
            json_reply(200, &completion("<think>hm</think>yes"))
        });
        let found = batch(&engine(&server, 1), questions(3, &Output::Boolean)).await;
        assert!(found.values().all(|events| answer(events).content == "yes"));
        let seen = server.seen();
        seen.iter().map(|seen| seen.body["max_tokens"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(limits_of("the answer would be too long").await, [32, 4128, 32, 32]);
    let said = "maximum context length is 2000 tokens. However, you requested 4200 tokens";
    let limits = limits_of(said).await;
    assert_eq!(limits[..3], [32, 4128, 32]);
    assert!(limits.len() == 4 && (1000..2000).contains(&limits[3]), "{limits:?}");
}

#[tokio::test]
async fn nobody_there_is_noticed_by_all_together() {
    let server = Loopback::new(|_| Vec::new());
    // A port where nobody listens any more.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let endpoint = Endpoint::custom("own", &url).unwrap();
    let limits =
        FlowLimits { parallel_requests: 8, requests_per_minute: None, tokens_per_minute: None };
    let model = CloudModel { endpoint, ..server.model() };
    let client = client(Duration::from_secs(20));
    let engine = CloudEngine::new(client, model, limits, Arc::new(Still), 7);
    let found = batch(&engine, questions(100, &Output::Text)).await;
    assert!(found.len() <= 9, "{} were pulled", found.len());
    for events in found.values() {
        let Some(BatchEventKind::Failed(error)) = events.last() else { panic!("{events:?}") };
        assert!(matches!(error, LLMError::Unreachable { .. }), "{error}");
    }
}

#[tokio::test]
async fn what_is_heard_begins_with_being_sent() {
    let server = Loopback::new(|_| stream(&["a"]));
    let engine = engine(&server, 1);
    let mut heard = Vec::new();
    let request = question();
    let hear = &mut |news: Heard<'_>| heard.push(format!("{news:?}"));
    Asking::new(&engine.shared, &request, true).answer(hear).await.unwrap();
    assert_eq!(heard, ["Sent", "Text(\"a\")"]);
}

/// A stream without a word on why it ended.
fn unended(content: &str) -> Vec<Step> {
    vec![stream_head(), text(content), chunk("data: [DONE]\n\n"), end()]
}

#[tokio::test]
async fn an_answer_that_the_server_began_is_bought_twice_at_most() {
    let server = Loopback::new(|_| vec![stream_head(), text("half"), Step::Close]);
    let found = batch(&engine(&server, 1), questions(1, &Output::Text)).await;
    let spent = "spent 8 2 None";
    let texts = texts(&found[&0]);
    assert_eq!(texts[..6], ["started", "half", spent, "started", "half", spent]);
    assert!(texts.len() == 7 && texts[6].contains("(2 attempts)"), "{texts:?}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn what_a_refusal_cost_is_told() {
    let server = Loopback::new(|_| {
        let refused = json!({ "message": { "refusal": "No." }, "finish_reason": "stop" });
        let usage = json!({ "prompt_tokens": 9, "completion_tokens": 3, "cost": 0.5 });
        json_reply(200, &json!({ "choices": [refused], "usage": usage }))
    });
    let found = batch(&engine(&server, 1), questions(1, &Output::Text)).await;
    let texts = texts(&found[&0]);
    assert_eq!(texts[..2], ["started", "spent 9 3 Some(0.5)"]);
    assert!(texts.len() == 3 && texts[2].starts_with("failed: "), "{texts:?}");
}

#[tokio::test]
async fn answers_that_a_server_cuts_off_for_the_next_request_are_asked_for_again_one_by_one() {
    // As llama-cpp-python does by default.
    let server = Loopback::new(|seen| match seen.number {
        // None is alone: each waits for the last of the first five.
        0..4 => std::iter::once(Step::UntilSeen(5)).chain(unended("cut")).collect(),
        _ => stream(&["whole"]),
    });
    let found = batch(&engine(&server, 8), questions(20, &Output::Text)).await;
    for events in found.values() {
        assert_eq!(answer(events).content, "whole", "{:?}", texts(events));
    }
    assert_eq!(server.seen().len(), 24);
}

#[tokio::test]
async fn connections_that_a_server_drops_for_the_next_request_are_made_again_one_by_one() {
    let server = Loopback::new(|seen| match seen.number {
        0..4 => vec![stream_head(), text("cut"), Step::UntilSeen(5), Step::Close],
        _ => stream(&["whole"]),
    });
    let engine = engine(&server, 5);
    let found = batch(&engine, questions(20, &Output::Text)).await;
    for events in found.values() {
        assert_eq!(answer(events).content, "whole", "{:?}", texts(events));
    }
    assert_eq!(server.seen().len(), 24);
}

#[tokio::test]
async fn a_server_that_never_says_why_an_answer_ended_is_believed_after_two() {
    let server = Loopback::new(|_| unended("all of it"));
    for parallel in [1, 8] {
        let engine = engine(&server, parallel);
        let found = batch(&engine, questions(30, &Output::Text)).await;
        for events in found.values() {
            assert_eq!(answer(events).content, "all of it", "{:?}", texts(events));
        }
        let calls = batch(&engine, questions(30, &Output::Text)).await;
        assert!(calls.values().all(|events| texts(events).len() == 3), "no more doubts");
    }
}

#[tokio::test]
async fn words_of_a_row_that_a_server_repeats_end_no_run() {
    let echo = |seen: &Seen| {
        let said = format!("cannot be read: {}", asked(seen));
        json_reply(400, &json!({ "error": { "message": said } }))
    };
    let words = [
        "the model does not exist",
        "insufficient funds",
        "invalid api key",
        "my request was blocked: access denied",
    ];
    for said in words {
        let server =
            Loopback::new(
                move |seen| {
                    if asked(seen) == "question 0" { stream(&["good"]) } else { echo(seen) }
                },
            );
        let mut requests = questions(3, &Output::Text);
        for (_, request) in &mut requests[1..] {
            request.messages[0].content = said.to_owned();
        }
        let found = batch(&engine(&server, 1), requests).await;
        assert_eq!(found.len(), 3, "{said}");
        for id in [1, 2] {
            let Some(BatchEventKind::Failed(error)) = found[&id].last() else { panic!("{said}") };
            assert!(!error.ends_run(), "{said}: {error}");
        }
    }
}

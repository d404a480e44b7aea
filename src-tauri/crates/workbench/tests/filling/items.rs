use std::sync::atomic::{AtomicUsize, Ordering};

use braincells_core::{Output, RunScope};

use super::*;

/// Ten rows to fill.
const EMPTY: &str = "id\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

fn listed(request: &LLMRequest) -> Vec<&str> {
    let user = &request.messages[1].content;
    user.lines().filter_map(|line| line.strip_prefix("- ")).collect()
}

#[tokio::test]
async fn each_row_asks_for_something_that_no_other_row_has() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let names = AtomicUsize::new(0);
    let engine = FakeEngine::answering(move |request| {
        seen.lock().unwrap().push(request.clone());
        FakeAnswer::text(format!("name {}", names.fetch_add(1, Ordering::SeqCst)))
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(1));
    let sheet = scripted.sheet(EMPTY).await;
    let column = add(&scripted, sheet, "name", text_recipe("A name.")).await;
    let ids = rows(&scripted, sheet, column).await;
    scripted.workbench.edit_cell(sheet, column, ids[4], Value::from("By Hand")).await.unwrap();
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_reused), (9, 0));
    let requests = requests.lock().unwrap();
    assert_eq!(listed(&requests[0]), ["By Hand"]);
    assert_eq!(listed(&requests[2]), ["By Hand", "name 0", "name 1"]);
    let seeds: std::collections::BTreeSet<u64> = requests.iter().map(|r| r.seed).collect();
    assert_eq!(seeds.len(), 9);
    assert!(requests.iter().all(|request| request.temperature > 0.0));
}

#[tokio::test]
async fn what_the_column_has_already_is_refused_and_asked_for_again() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let engine = FakeEngine::answering(move |request| {
        seen.lock().unwrap().push(request.clone());
        let refusals = request.messages.len() / 2 - 1;
        FakeAnswer::text(["OAK!", "oak", "o a k"].get(refusals).copied().unwrap_or("Oak"))
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(1));
    let sheet = scripted.sheet("id\n1\n2\n").await;
    let column = add(&scripted, sheet, "tree", text_recipe("A tree.")).await;
    let ids = rows(&scripted, sheet, column).await;
    scripted.workbench.edit_cell(sheet, column, ids[0], Value::from("Oak")).await.unwrap();
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(outcome.progress.rows_done, 1);
    assert_eq!(values(&scripted, sheet, column).await, ["Oak", "o a k"]);
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 3);
    let last = &requests[2].messages;
    assert_eq!(last.len(), 6, "every refused answer is shown");
    assert_eq!((last[2].content.as_str(), last[4].content.as_str()), ("OAK!", "oak"));
    assert_ne!(requests[1].seed, requests[2].seed);
}

#[tokio::test]
async fn several_rows_at_once_never_end_up_alike() {
    // Every row is first answered alike; only a refusal brings something new.
    let engine = FakeEngine::answering(|request| {
        let words = ["oak", "fir", "ash"];
        let refusals = request.messages.len() / 2 - 1;
        let word = words.get(refusals).copied().unwrap_or("elm");
        FakeAnswer::text(word)
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(10));
    let sheet = scripted.sheet(EMPTY).await;
    let column = add(&scripted, sheet, "tree", text_recipe("A tree.")).await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(outcome.status, RunStatus::Done);
    let mut made: Vec<Value> = values(&scripted, sheet, column).await;
    made.retain(|value| !value.is_null());
    made.sort_by_key(ToString::to_string);
    assert_eq!(made, ["ash", "elm", "fir", "oak"], "each once");
    assert_eq!(outcome.progress.rows_failed, 6);
    let errors = scripted.events.all().into_iter().filter_map(|event| match event {
        Event::CellDone { error, .. } => error,
        _ => None,
    });
    for error in errors {
        assert!(error.message.contains("`elm`"), "{error}");
    }
}

#[tokio::test]
async fn a_later_run_knows_what_earlier_ones_made() {
    let engine = |word: &'static str| {
        FakeEngine::answering(move |request| {
            FakeAnswer::text(format!("{word} {}", request.messages.len()))
        })
    };
    let scripted = scripted_workbench(engine("Oak").with_parallel_requests(1));
    let sheet = scripted.sheet("id\n1\n2\n3\n").await;
    let column = add(&scripted, sheet, "tree", text_recipe("A tree.")).await;
    fill(&scripted, sheet, column, RunScope::First { count: 1 }).await;
    let scripted = scripted.reopen(engine("oak,").with_parallel_requests(1));
    fill(&scripted, sheet, column, RunScope::First { count: 2 }).await;
    assert_eq!(values(&scripted, sheet, column).await[..2], ["Oak 2", "oak, 4"]);
    assert_eq!(scripted.engine.requests_seen(), 2);
}

#[tokio::test]
async fn answers_that_repeat_by_nature_may_repeat() {
    let seeds = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    let seen = Arc::clone(&seeds);
    let engine = FakeEngine::answering(move |request| {
        seen.lock().unwrap().insert(request.seed);
        FakeAnswer::text("yes")
    });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(EMPTY).await;
    let output = Output::Label { labels: vec!["yes".to_owned(), "no".to_owned()] };
    let column = add(&scripted, sheet, "coin", typed_recipe("Throw a coin.", output)).await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_failed), (10, 0));
    assert_eq!(seeds.lock().unwrap().len(), 10, "each row is asked for itself");
}

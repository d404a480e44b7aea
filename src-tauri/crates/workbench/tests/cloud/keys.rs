use std::path::Path;

use braincells_core::{Code, RunScope};
use braincells_workbench::KeySource;

use super::*;

const CANARY: &str = "sk-canary-0123456789";

/// The files below a folder that hold a text.
pub(super) fn with_text(folder: &Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            found.extend(with_text(&path, text));
        } else if std::fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        {
            found.push(path);
        }
    }
    found
}

async fn source(bench: &Bench, backend: &str) -> Option<KeySource> {
    let backends = bench.workbench.backends().await.unwrap();
    backends.list.iter().find(|one| one.id == backend).unwrap().key
}

#[tokio::test]
async fn a_key_is_kept_found_and_removed() {
    let bench = Bench::new(Paid::new(upper()));
    let set = async |backend: &str, key: &str, keep| {
        bench.workbench.set_key(backend, key.to_owned(), keep).await
    };
    assert_eq!(set("openai", CANARY, true).await.unwrap(), KeySource::Keyring);
    assert_eq!(set("hf", CANARY, false).await.unwrap(), KeySource::Session);
    assert_eq!(source(&bench, "openai").await, Some(KeySource::Keyring));
    assert_eq!(source(&bench, "huggingface").await, Some(KeySource::Session));
    assert_eq!(source(&bench, "openrouter").await, None);
    assert_eq!(bench.workbench.backends().await.unwrap().keyring_problem, None);
    bench.workbench.remove_key("openai").await.unwrap();
    assert_eq!(source(&bench, "openai").await, None);
    assert_eq!(bench.workbench.remove_key("openai").await.unwrap_err().code, Code::NotFound);
    assert_eq!(set("nobody", CANARY, true).await.unwrap_err().code, Code::NotFound);
    let bad = set("openai", "two words canary", true).await.unwrap_err();
    assert_eq!(bad.code, Code::BadInput);
    assert!(!format!("{bad:?}").contains("canary"));
}

#[tokio::test]
async fn without_a_keyring_a_key_lasts_for_the_session_and_it_is_said_why() {
    let keys = Keys::session_only("there is none here");
    let bench = Bench::with_keys(Paid::new(upper()), keys);
    let set = bench.workbench.set_key("openai", CANARY.to_owned(), true).await.unwrap();
    assert_eq!(set, KeySource::Session);
    let backends = bench.workbench.backends().await.unwrap();
    assert_eq!(backends.keyring_problem.as_deref(), Some("there is none here"));
    assert_eq!(source(&bench, "openai").await, Some(KeySource::Session));
    bench.workbench.remove_key("openai").await.unwrap();
    assert_eq!(source(&bench, "openai").await, None);
}

#[tokio::test]
async fn a_key_of_the_environment_stays_and_is_said_to() {
    let environment = [("openai".to_owned(), CANARY.to_owned())].into();
    let keys = Keys::in_memory().with_environment(environment);
    let bench = Bench::with_keys(Paid::new(upper()), keys);
    assert_eq!(source(&bench, "openai").await, Some(KeySource::Environment));
    bench.workbench.set_key("openai", "sk-other".to_owned(), true).await.unwrap();
    assert_eq!(source(&bench, "openai").await, Some(KeySource::Keyring), "it was entered now");
    let error = bench.workbench.remove_key("openai").await.unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    assert!(error.hint.unwrap().contains("OPENAI_API_KEY"));
    assert_eq!(source(&bench, "openai").await, Some(KeySource::Environment));
}

#[tokio::test]
async fn the_variable_of_an_own_server_is_named() {
    let environment = [("my-lab".to_owned(), CANARY.to_owned())].into();
    let keys = Keys::in_memory().with_environment(environment);
    let bench = Bench::with_keys(Paid::new(upper()), keys);
    let endpoint = braincells_core::EndpointSettings {
        id: "my-lab".to_owned(),
        base_url: "http://localhost:8000/v1".to_owned(),
        models: Vec::new(),
    };
    let backends = bench.workbench.put_endpoint(endpoint).await.unwrap();
    let variable = backends.list.last().unwrap().key_variable.clone();
    assert_eq!(variable.as_deref(), Some("BRAINCELLS_KEY_MY_LAB"));
    let error = bench.workbench.remove_key("my-lab").await.unwrap_err();
    assert!(error.hint.unwrap().contains("`BRAINCELLS_KEY_MY_LAB`"));
}

#[tokio::test]
async fn no_file_of_the_home_holds_a_key() {
    let engine = FakeEngine::answering(|request| {
        if question(request).ends_with(" 2") {
            return FakeAnswer::Fail(LLMError::ServerFailed {
                backend: "OpenAI".to_owned(),
                reason: "500".to_owned(),
            });
        }
        FakeAnswer::text("fine")
    });
    let bench = Bench::new(Paid::new(engine.with_fingerprint("f")));
    for (backend, keep) in [("openai", true), ("hf", false), ("openrouter", true)] {
        bench.workbench.set_key(backend, CANARY.to_owned(), keep).await.unwrap();
    }
    let (sheet, column) = bench.filled_by("openai:m", 6).await;
    let options = EngineOptions::default();
    let recipe = of_model("openai:m", "{{text}}");
    bench.workbench.preview(sheet, &recipe, 2, &options).await.unwrap();
    assert_eq!(bench.fill(sheet, column, RunScope::Empty).await.progress.rows_failed, 1);
    let file = bench.home.outside().join("requests.jsonl");
    bench.workbench.write_batch(sheet, column, RunScope::All, &file).await.unwrap();
    let export = braincells_workbench::OutputFile::new(bench.home.outside().join("out.csv"));
    bench.workbench.export(sheet, &export).await.unwrap();
    for event in bench.events.all() {
        assert!(!format!("{event:?}").contains(CANARY));
    }
    bench.workbench.close().await.unwrap();
    assert_eq!(with_text(bench.home.outside(), CANARY), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_run_that_is_cut_off_asks_nothing_twice() {
    let engine = || Paid::new(upper().with_fingerprint("f").with_parallel_requests(4));
    let bench = Bench::new(engine());
    let (sheet, column) = bench.filled_by("openai:m", 40).await;
    let run = bench.start(sheet, column, RunScope::Empty).await;
    let id = run.id();
    let is_done = |event: &Event| matches!(event, Event::CellDone { .. });
    bench.events.until(|events| events.iter().any(is_done)).await;
    run.pause();
    let outcome = run.finished().await;
    let asked = bench.engine.inner.requests_seen() as u64;
    let bench = bench.reopen(engine());
    if outcome.status == RunStatus::Paused {
        let options = EngineOptions::default();
        let outcome = bench.workbench.resume(sheet, id, &options).await.unwrap().finished().await;
        assert_eq!(outcome.progress.rows_done, 40);
    }
    assert_eq!(done_count(&bench.states(sheet, column).await), 40);
    let again = bench.engine.inner.requests_seen() as u64;
    let dropped = asked - outcome.progress.rows_done.min(asked);
    assert!(asked + again <= 40 + dropped, "{asked} {again} {dropped}");
    assert!(dropped <= 8, "at most what was in flight is asked once more");
}

/// An engine that answers and is then cut off before the cells are written, as by a kill.
#[tokio::test]
async fn an_answer_that_was_paid_for_is_kept_before_its_cell_is_written() {
    let bench = Bench::new(Paid::new(upper().with_fingerprint("f")));
    let (sheet, column) = bench.filled_by("openai:m", 5).await;
    let outcome = bench.fill(sheet, column, RunScope::Empty).await;
    assert_eq!(outcome.progress.rows_done, 5);
    // The cells are undone, as if they had never been written; the answers are there.
    bench.workbench.undo(sheet).await.unwrap();
    let bench = bench.reopen(Paid::new(upper().with_fingerprint("f")));
    let outcome = bench.fill(sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_done, bench.engine.inner.requests_seen()), (5, 0));
}

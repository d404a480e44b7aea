use std::path::Path;

use braincells_core::Code;
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
    assert_eq!(variable, "BRAINCELLS_KEY_MY_LAB");
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
    let found = with_text(bench.home.outside(), "row 3");
    let sheets = bench.home.home().sheets();
    assert!(
        found.iter().any(|file| file.starts_with(&sheets)),
        "what is there is found: {found:?}"
    );
    assert_eq!(source(&bench, "openai").await, Some(KeySource::Keyring), "the key was there");
    assert_eq!(with_text(bench.home.outside(), CANARY), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_paused_asks_nothing_twice() {
    let gate = FakeGate::new();
    gate.release(7);
    let held = gate.clone();
    let gated = FakeEngine::answering(move |request| {
        FakeAnswer::text(question(request).to_uppercase()).held_by(&held)
    });
    let bench = Bench::new(Paid::new(gated.with_fingerprint("f").with_parallel_requests(4)));
    let (sheet, column) = bench.filled_by("openai:m", 40).await;
    let run = bench.start(sheet, column, RunScope::Empty).await;
    let id = run.id();
    // Time goes on only while there is nothing else to do.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(done_count(&bench.states(sheet, column).await), 7);
    run.pause();
    gate.open();
    let outcome = run.finished().await;
    assert_eq!(outcome.status, RunStatus::Paused);
    let asked = bench.engine.inner.requests_seen();
    assert!((8..=15).contains(&asked), "7 and what was in flight: {asked}");
    assert_eq!(outcome.progress.rows_done as usize, asked);
    let bench = bench.reopen(Paid::new(upper().with_fingerprint("f")));
    let options = EngineOptions::default();
    let outcome = bench.workbench.resume(sheet, id, &options).await.unwrap().finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 40));
    assert_eq!(bench.engine.inner.requests_seen(), 40 - asked);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_paid_for_is_kept_before_its_cell_is_written() {
    let gate = FakeGate::new();
    gate.release(1);
    let held = gate.clone();
    let gated = FakeEngine::answering(move |_| FakeAnswer::text("x").held_by(&held));
    let bench = Bench::new(Paid::new(gated.with_fingerprint("f")));
    let (sheet, column) = bench.filled_by("openai:m", 5).await;
    let run = bench.start(sheet, column, RunScope::Empty).await;
    // No time goes by meanwhile, so that no group of cells is due.
    while bench.workbench.cache_info().await.unwrap().responses == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.workbench.cache_info().await.unwrap().responses, 1);
    assert_eq!(bench.events.ended_rows(), []);
    gate.open();
    assert_eq!(run.finished().await.progress.rows_done, 5);
}

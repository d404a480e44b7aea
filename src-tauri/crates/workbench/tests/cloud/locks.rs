use braincells_core::{Code, OpeningNotice, Settings};
use braincells_workbench::EstimateRequest;

use super::*;

fn held(gate: &FakeGate) -> FakeEngine {
    let gate = gate.clone();
    FakeEngine::answering(move |request| {
        FakeAnswer::text(question(request).to_uppercase()).held_by(&gate)
    })
}

async fn lock(bench: &Bench, sheet: SheetId) {
    bench.workbench.set_local_only(sheet, true).await.expect("a sheet can be locked");
}

#[tokio::test]
async fn a_locked_sheet_is_asked_about_on_this_machine_only() {
    let bench = Bench::new(Paid::new(upper()));
    let (sheet, column) = bench.filled_by("openai:m", 3).await;
    let local = bench.add(sheet, "local", of_model("m.gguf", "{{text}}")).await;
    lock(&bench, sheet).await;
    let opened = bench.workbench.open_sheet(sheet).await.unwrap();
    let listed = bench.workbench.sheets().await.unwrap();
    assert!(opened.local_only && listed[0].local_only);
    let options = EngineOptions::default();
    let recipe = of_model("hf:org/m", "{{text}}");
    let refused = [
        bench.workbench.run(sheet, column, RunScope::Empty, &options).await.err(),
        bench.workbench.preview(sheet, &recipe, 2, &options).await.err(),
        bench
            .workbench
            .estimate(
                sheet,
                column,
                RunScope::Empty,
                EstimateRequest { sample_rows: 2, asked_rows: 1 },
                &options,
            )
            .await
            .err(),
        bench
            .workbench
            .write_batch(sheet, column, RunScope::Empty, &bench.home.outside().join("b.jsonl"))
            .await
            .err(),
    ];
    for error in refused {
        let error = error.expect("it is refused");
        assert_eq!(error.code, Code::LocalOnly, "{error:?}");
        assert!(error.message.contains("nothing of this sheet"), "{error:?}");
    }
    assert_eq!(bench.engine.inner.requests_seen(), 0);
    assert_eq!(bench.workbench.runs(sheet).await.unwrap().len(), 0);
    let how = EstimateRequest::default();
    let estimate = bench.workbench.estimate(sheet, column, RunScope::Empty, how, &options).await;
    assert_eq!(estimate.unwrap().rows, 3, "what asks nobody goes on");
    assert_eq!(bench.fill(sheet, local, RunScope::Empty).await.progress.rows_done, 3);
    let file = bench.home.outside().join("local.jsonl");
    let written = bench.workbench.write_batch(sheet, local, RunScope::All, &file).await;
    assert_eq!(written.unwrap().requests, 3);
    bench.workbench.set_local_only(sheet, false).await.unwrap();
    assert_eq!(bench.fill(sheet, column, RunScope::Empty).await.progress.rows_done, 3);
}

#[tokio::test]
async fn undoing_other_work_does_not_take_the_lock_off() {
    let bench = Bench::new(Paid::new(upper()));
    let (sheet, _) = bench.filled_by("openai:m", 2).await;
    lock(&bench, sheet).await;
    bench.workbench.undo(sheet).await.unwrap();
    assert!(bench.workbench.sheet_info(sheet).await.unwrap().local_only);
    let bench = bench.reopen(Paid::new(upper()));
    assert!(bench.workbench.sheet_info(sheet).await.unwrap().local_only);
}

#[tokio::test]
async fn a_sheet_that_comes_back_from_before_it_was_locked_is_locked() {
    let bench = Bench::new(Paid::new(upper()));
    let (sheet, column) = bench.filled_by("openai:m", 2).await;
    let bench = bench.reopen(Paid::new(upper()));
    let file = bench.home.home().sheets().join(format!("{sheet}.duckdb"));
    let good = file.with_extension("duckdb.good");
    let unlocked = std::fs::read(&good).expect("a sheet that is closed has a good copy");
    lock(&bench, sheet).await;
    let bench = bench.reopen(Paid::new(upper()));
    std::fs::write(&good, unlocked).unwrap();
    let mut damaged = std::fs::read(&file).unwrap();
    damaged[12288 + 300] ^= 1;
    std::fs::write(&file, damaged).unwrap();
    let opened = bench.workbench.open_sheet(sheet).await.unwrap();
    let back = matches!(opened.notices[..], [OpeningNotice::CopyRestored { .. }]);
    assert!(back && opened.local_only, "{opened:?}");
    let options = EngineOptions::default();
    let refused = bench.workbench.run(sheet, column, RunScope::Empty, &options).await;
    assert_eq!(refused.err().unwrap().code, Code::LocalOnly);
    bench.workbench.rename_sheet(sheet, "other").await.unwrap();
    assert!(bench.workbench.sheets().await.unwrap()[0].local_only);
    let bench = bench.reopen(Paid::new(upper()));
    assert!(bench.workbench.sheet_info(sheet).await.unwrap().local_only);
    bench.workbench.set_local_only(sheet, false).await.unwrap();
    assert_eq!(bench.fill(sheet, column, RunScope::Empty).await.progress.rows_done, 2);
}

#[tokio::test]
async fn a_sheet_that_is_made_of_a_locked_one_is_locked() {
    let bench = Bench::new(Paid::new(upper()));
    let sheet = bench.sheet(3).await;
    let query = async |name: &str| {
        bench.workbench.sql_to_sheet(sheet, "SELECT text FROM sheet", name, None).await.unwrap()
    };
    let free = query("free").await;
    lock(&bench, sheet).await;
    let locked = query("locked").await;
    assert!(!free.local_only && locked.local_only);
    assert!(bench.workbench.open_sheet(locked.id).await.unwrap().local_only);
    let column = bench.add(locked.id, "answer", of_model("openai:m", "{{text}}")).await;
    let options = EngineOptions::default();
    let refused = bench.workbench.run(locked.id, column, RunScope::Empty, &options).await;
    assert_eq!(refused.err().unwrap().code, Code::LocalOnly);
}

#[tokio::test]
async fn setting_the_lock_stops_what_asks_others_and_what_waits_to() {
    let gate = FakeGate::new();
    let bench = Bench::new(Paid::new(held(&gate).with_parallel_requests(1)));
    let (sheet, first) = bench.filled_by("openai:m", 4).await;
    let second = bench.add(sheet, "second", of_model("openai:m", "2 {{text}}")).await;
    let working = bench.start(sheet, first, RunScope::Empty).await;
    let waiting = bench.start(sheet, second, RunScope::Empty).await;
    gate.release(1);
    let is_done = |event: &Event| matches!(event, Event::CellDone { .. });
    bench.events.until(|events| events.iter().any(is_done)).await;
    lock(&bench, sheet).await;
    for (run, rows) in [(working, 1), (waiting, 0)] {
        let outcome = run.finished().await;
        assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Paused, rows));
        assert_eq!(outcome.error.as_ref().unwrap().code, Code::LocalOnly);
        assert!(outcome.is_stopped());
    }
    gate.open();
    let seen = bench.engine.inner.requests_seen();
    let run = bench.workbench.runs(sheet).await.unwrap().remove(0).id;
    let options = EngineOptions::default();
    let refused = bench.workbench.resume(sheet, run, &options).await.err().unwrap();
    assert_eq!(refused.code, Code::LocalOnly);
    assert_eq!(bench.engine.inner.requests_seen(), seen);
    bench.workbench.set_local_only(sheet, false).await.unwrap();
    let run = bench.workbench.resume(sheet, run, &options).await.unwrap();
    assert_eq!(run.finished().await.progress.rows_done, 4);
}

#[tokio::test]
async fn a_local_run_of_a_locked_sheet_is_not_disturbed() {
    let gate = FakeGate::new();
    let bench = Bench::new(Paid::new(held(&gate)));
    let sheet = bench.sheet(3).await;
    let local = bench.add(sheet, "local", of_model("m.gguf", "{{text}}")).await;
    let run = bench.start(sheet, local, RunScope::Empty).await;
    lock(&bench, sheet).await;
    gate.open();
    assert_eq!(run.finished().await.status, RunStatus::Done);
}

#[tokio::test]
async fn the_lock_of_the_settings_stops_all_sheets_and_questions_to_backends() {
    let gate = FakeGate::new();
    let bench = Bench::new(Paid::new(held(&gate)));
    let (sheet, column) = bench.filled_by("openai:m", 3).await;
    let run = bench.start(sheet, column, RunScope::Empty).await;
    let preview_recipe = of_model("openrouter:m", "{{text}}");
    let options = EngineOptions::default();
    let preview = bench.workbench.preview(sheet, &preview_recipe, 1, &options);
    let set = async {
        while bench.engine.inner.in_flight() == 0 {
            tokio::task::yield_now().await;
        }
        let settings = Settings { local_only: true, ..Settings::default() };
        bench.workbench.set_settings(settings).await.unwrap();
    };
    let (previewed, ()) = tokio::join!(preview, set);
    assert_eq!(previewed.err().unwrap().code, Code::LocalOnly);
    let outcome = run.finished().await;
    assert_eq!(outcome.error.unwrap().code, Code::LocalOnly);
    bench.workbench.set_key("openai", "sk-1".to_owned(), false).await.unwrap();
    let refused = [
        bench.workbench.test_backend("openai").await.err(),
        bench.workbench.backend_models("hf", "").await.err(),
        bench.workbench.run(sheet, column, RunScope::Empty, &options).await.err(),
    ];
    for error in refused {
        assert_eq!(error.unwrap().code, Code::LocalOnly);
    }
    assert_eq!(bench.workbench.backends().await.unwrap().list.len(), 3, "who asks nobody may look");
}

#[tokio::test]
async fn a_server_on_this_machine_is_no_other() {
    let bench = Bench::new(Paid::new(upper()));
    let endpoint = |id: &str, base_url: &str| braincells_core::EndpointSettings {
        id: id.to_owned(),
        base_url: base_url.to_owned(),
        models: Vec::new(),
    };
    bench.workbench.put_endpoint(endpoint("here", "http://127.0.0.1:9/v1")).await.unwrap();
    bench.workbench.put_endpoint(endpoint("lab", "http://lab.example/v1")).await.unwrap();
    let (sheet, here) = bench.filled_by("here:m", 2).await;
    let there = bench.add(sheet, "there", of_model("lab:m", "{{text}}")).await;
    lock(&bench, sheet).await;
    assert_eq!(bench.fill(sheet, here, RunScope::Empty).await.progress.rows_done, 2);
    let options = EngineOptions::default();
    let refused = bench.workbench.run(sheet, there, RunScope::Empty, &options).await.err().unwrap();
    assert_eq!(refused.code, Code::LocalOnly);
}

#[tokio::test]
async fn a_backend_that_moves_away_while_its_turn_is_waited_for_is_not_asked() {
    let gate = FakeGate::new();
    let bench = Bench::new(Paid::new(held(&gate)));
    let endpoint = |base_url: &str| braincells_core::EndpointSettings {
        id: "here".to_owned(),
        base_url: base_url.to_owned(),
        models: Vec::new(),
    };
    bench.workbench.put_endpoint(endpoint("http://127.0.0.1:9/v1")).await.unwrap();
    let (sheet, first) = bench.filled_by("here:m", 2).await;
    let second = bench.add(sheet, "second", of_model("here:m", "2 {{text}}")).await;
    lock(&bench, sheet).await;
    let working = bench.start(sheet, first, RunScope::Empty).await;
    let waiting = bench.start(sheet, second, RunScope::Empty).await;
    let recipe = of_model("here:m", "3 {{text}}");
    let options = EngineOptions::default();
    let preview = bench.workbench.preview(sheet, &recipe, 1, &options);
    let moved = async {
        while bench.engine.inner.in_flight() < 2 {
            tokio::task::yield_now().await;
        }
        bench.workbench.put_endpoint(endpoint("http://lab.example/v1")).await.unwrap();
        gate.open();
    };
    let (previewed, ()) = tokio::join!(preview, moved);
    assert_eq!(previewed.err().unwrap().code, Code::LocalOnly);
    let outcome = waiting.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Paused, 0));
    assert_eq!(outcome.error.unwrap().code, Code::LocalOnly);
    working.finished().await;
    assert_eq!(bench.engine.inner.requests_seen(), 2, "those of the first, before it moved");
}

//! What cells cost, and what is told of it.

use braincells_core::Code;
use braincells_workbench::EstimateRequest;

use super::*;

#[tokio::test]
async fn answers_that_cannot_be_used_cost_too() {
    let engine = FakeEngine::answering(|_| FakeAnswer::text("no number"));
    let bench = Bench::new(Paid::new(engine));
    let sheet = bench.sheet(1).await;
    let column = bench.add(sheet, "number", numbers_of("openai:m")).await;
    let outcome = bench.fill(sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_failed, outcome.progress.rows_done), (1, 0));
    assert!(is_about(outcome.progress.cost_usd, 0.03), "three attempts");
    let row = bench.cells(sheet, column).await[0].0;
    let history = bench.workbench.cell_history(sheet, column, row).await.unwrap();
    assert!(is_about(history[0].figures.cost_usd, 0.03));
}

#[tokio::test]
async fn rows_that_take_the_answer_of_another_are_free() {
    let bench = Bench::new(Paid::new(upper()));
    let sheet = bench.sheet(6).await;
    let column = bench.add(sheet, "same", of_model("openai:m", "the same {{text}}")).await;
    let outcome = bench.fill(sheet, column, capped(tokens(600))).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 6));

    let source = bench.home.write("twins.csv", "text\na\na\na\nb\na\nc\n");
    let twins = bench.workbench.import(&InputFile::new(source)).await.unwrap().id;
    let column = bench.add(twins, "answer", of_model("openai:m", "{{text}}")).await;
    let outcome = bench.fill(twins, column, capped(tokens(200))).await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    assert_eq!(outcome.progress.rows_done, 5, "a and b are paid for; only c is not");
    assert!(is_about(outcome.progress.cost_usd, 0.02));
}

#[tokio::test]
async fn what_a_kept_answer_costs_is_nothing() {
    let engine = || Paid::new(upper().with_fingerprint("f"));
    let bench = Bench::new(engine());
    let (sheet, column) = bench.filled_by("openai:m", 4).await;
    assert!(is_about(bench.fill(sheet, column, RunScope::Empty).await.progress.cost_usd, 0.04));
    let outcome =
        bench.fill(sheet, column, RunRequest { cap: tokens(1), ..RunScope::All.into() }).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 4));
    assert_eq!(outcome.progress.cost_usd, None);
    assert_eq!(bench.engine.inner.requests_seen(), 4);
    let row = bench.cells(sheet, column).await[0].0;
    let history = bench.workbench.cell_history(sheet, column, row).await.unwrap();
    assert_eq!((history[0].figures.cost_usd, history[0].figures.cached), (None, true));
}

#[tokio::test]
async fn an_estimate_says_what_a_run_would_cost() {
    let bench = Bench::new(Paid { price: Some(PRICE), ..Paid::new(upper()) });
    let (sheet, column) = bench.filled_by("openai:m", 10).await;
    let estimate = async |asked_rows| {
        let how = EstimateRequest { asked_rows, ..EstimateRequest::default() };
        let options = EngineOptions::default();
        bench.workbench.estimate(sheet, column, RunScope::Empty, how, &options).await.unwrap()
    };
    assert_eq!(estimate(0).await.cost_usd, None, "nobody has said what it costs yet");
    let asked = estimate(4).await;
    assert!(is_about(asked.cost_usd, 0.1), "{asked:?}");
    let loaded = estimate(0).await;
    let tokens = loaded.prompt_tokens + loaded.completion_tokens;
    assert!(is_about(loaded.cost_usd, tokens as f64 * 100.0 / 1e6), "{loaded:?}");
}

/// Answers of a preview that is given up are paid for, and a run takes them.
#[tokio::test]
async fn what_a_preview_was_answered_is_kept_although_nobody_waits_for_the_rest() {
    let gate = FakeGate::new();
    gate.release(2);
    let held = gate.clone();
    let engine = FakeEngine::answering(move |request| {
        FakeAnswer::text(question(request).to_uppercase()).held_by(&held)
    });
    let bench = Bench::new(Paid::new(engine.with_fingerprint("f")));
    let sheet = bench.sheet(4).await;
    let recipe = of_model("openai:m", "{{text}}");
    let options = EngineOptions::default();
    let kept = async {
        while bench.workbench.cache_info().await.unwrap().responses < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        previewed = bench.workbench.preview(sheet, &recipe, 4, &options) => panic!("{previewed:?}"),
        () = kept => {}
    }
    gate.open();
    let before = bench.engine.inner.requests_seen();
    let column = bench.add(sheet, "answer", recipe).await;
    assert_eq!(bench.fill(sheet, column, RunScope::Empty).await.progress.rows_done, 4);
    assert_eq!(bench.engine.inner.requests_seen(), before + 2);
}

#[tokio::test]
async fn a_preview_knows_its_cost_by_the_price_where_the_server_does_not_tell() {
    let paid = Paid { price: Some(PRICE), cost_usd: None, ..Paid::new(upper()) };
    let bench = Bench::new(paid);
    let sheet = bench.sheet(1).await;
    let (recipe, options) = (of_model("openai:m", "{{text}}"), EngineOptions::default());
    let rows = bench.workbench.preview(sheet, &recipe, 1, &options).await.unwrap();
    assert!(is_about(rows[0].figures.cost_usd, 0.01), "{rows:?}");
}

#[tokio::test(start_paused = true)]
async fn how_a_provider_takes_the_requests_is_told_while_a_run_waits_for_it() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("x").held_by(&held));
    let flow =
        RequestFlow { in_flight: 3, limit: 2, wait_ms: Some(900), slowed_down: 1, retries: 4 };
    let bench = Bench::new(Paid { flow: Some(flow.clone()), ..Paid::new(engine) });
    let (sheet, column) = bench.filled_by("openai:m", 3).await;
    let run = bench.start(sheet, column, RunScope::Empty).await;
    let told = |events: &[Event]| {
        let is_flow = |event: &&Event| matches!(event, Event::RunProgress(p) if p.flow.is_some());
        events.iter().filter(is_flow).count()
    };
    bench.events.until(|events| told(events) >= 3).await;
    assert_eq!(bench.events.progress()[0].flow, Some(flow.clone()));
    assert_eq!(bench.workbench.live_runs().await.unwrap()[0].progress.flow, Some(flow));
    gate.open();
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.progress.flow), (RunStatus::Done, None));
}

#[tokio::test]
async fn labels_of_an_engine_that_scores_none_come_from_its_answers() {
    let engine = FakeEngine::answering(|request| {
        let yes = question(request).ends_with('1');
        FakeAnswer::text(if yes { "yes" } else { "no" })
    });
    let bench = Bench::new(Paid::new(engine));
    let sheet = bench.sheet(4).await;
    let output = braincells_core::Output::Label { labels: vec!["yes".into(), "no".into()] };
    let recipe = Recipe {
        model: "openai:m".into(),
        calibration: braincells_core::CalibrationMode::Batch,
        ..typed_recipe("{{text}}", output)
    };
    let preview = bench.workbench.preview(sheet, &recipe, 2, &EngineOptions::default()).await;
    let preview = preview.unwrap();
    assert_eq!((&preview[0].value, &preview[1].value), (&"no".into(), &"yes".into()));
    assert!(is_about(preview[0].figures.cost_usd, 0.01));
    let before = bench.engine.inner.requests_seen();
    let column = bench.add(sheet, "verdict", recipe).await;
    let outcome = bench.fill(sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 4));
    assert_eq!(bench.engine.inner.requests_seen(), before + 4, "no question beside the rows");
    let values: Vec<Value> =
        bench.cells(sheet, column).await.into_iter().map(|(_, value, _)| value).collect();
    assert_eq!(values, ["no", "yes", "no", "no"]);
}

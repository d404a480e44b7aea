use braincells_core::{Code, Settings};
use braincells_workbench::FillRequest;

use super::*;

#[tokio::test]
async fn a_run_stops_at_its_cap_and_goes_on_with_a_higher_one() {
    let priced = || Paid { price: Some(PRICE), ..Paid::new(upper()) };
    let bench = Bench::new(priced());
    let (sheet, column) = bench.filled_by("openai:m", 20).await;
    let outcome = bench.fill(sheet, column, capped(money(50_000))).await;
    let error = outcome.error.clone().unwrap();
    assert_eq!((outcome.status, error.code), (RunStatus::Paused, Code::LimitReached));
    assert!(error.message.contains("$0.05") && error.message.contains("5 rows"), "{error:?}");
    assert!(outcome.is_stopped(), "what was to follow does not begin");
    assert_eq!((outcome.progress.rows_done, bench.engine.inner.requests_seen()), (5, 5));
    assert!(is_about(outcome.progress.cost_usd, 0.05), "{:?}", outcome.progress);
    let run = bench.workbench.runs(sheet).await.unwrap().remove(0);
    assert_eq!((run.status, run.request.cap), (RunStatus::Paused, money(50_000)));
    // The same again has nothing left to spend; in another process, with more, it goes on.
    let again = bench.workbench.resume(sheet, run.id, &EngineOptions::default()).await.unwrap();
    let outcome = again.finished().await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    assert_eq!(bench.engine.inner.requests_seen(), 5);
    let bench = bench.reopen(priced());
    let on = bench.workbench.resume(sheet, run.id, &options(money(120_000))).await.unwrap();
    let outcome = on.finished().await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    assert_eq!((outcome.progress.rows_done, bench.engine.inner.requests_seen()), (12, 7));
    assert!(is_about(outcome.progress.cost_usd, 0.07), "its figures are those of this part");
    assert_eq!(done_count(&bench.states(sheet, column).await), 12);
    let on = bench.workbench.resume(sheet, run.id, &options(money(1_000_000))).await.unwrap();
    let outcome = on.finished().await;
    assert_eq!((outcome.status, outcome.error), (RunStatus::Done, None));
    assert_eq!(done_count(&bench.states(sheet, column).await), 20);
    let run = bench.workbench.runs(sheet).await.unwrap().remove(0);
    assert_eq!(run.request.cap, money(1_000_000));
}

#[tokio::test]
async fn a_cap_that_is_just_enough_ends_nothing() {
    let bench = Bench::new(Paid { price: Some(PRICE), ..Paid::new(upper()) });
    let (sheet, column) = bench.filled_by("openai:m", 5).await;
    let outcome = bench.fill(sheet, column, capped(money(50_000))).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 5));
}

#[tokio::test]
async fn tokens_are_capped_where_money_is_not_told() {
    let bench = Bench::new(Paid { cost_usd: None, ..Paid::new(upper()) });
    let (sheet, column) = bench.filled_by("openai:m", 30).await;
    let outcome = bench.fill(sheet, column, capped(tokens(1000))).await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    let progress = outcome.progress;
    let used = progress.prompt_tokens + progress.completion_tokens;
    assert!(used <= 1000 && progress.rows_done >= 10, "{progress:?}");
    assert_eq!(progress.cost_usd, None, "nobody knows what it costs");
    // After a pause the same numbers count.
    let run = bench.workbench.runs(sheet).await.unwrap().remove(0).id;
    let seen = bench.engine.inner.requests_seen();
    let again = bench.workbench.resume(sheet, run, &EngineOptions::default()).await.unwrap();
    assert_eq!(again.finished().await.error.unwrap().code, Code::LimitReached);
    assert_eq!(bench.engine.inner.requests_seen(), seen, "nothing is asked");
    let all = bench.workbench.resume(sheet, run, &options(tokens(100_000))).await.unwrap();
    assert_eq!(all.finished().await.status, RunStatus::Done);
}

#[tokio::test]
async fn money_cannot_be_capped_where_nobody_knows_the_price() {
    let bench = Bench::new(Paid { cost_usd: None, ..Paid::new(upper()) });
    let (sheet, column) = bench.filled_by("openai:m", 3).await;
    let request = capped(money(1_000_000));
    let options = EngineOptions::default();
    let refused = bench.workbench.run(sheet, column, request, &options).await.err().unwrap();
    assert_eq!(refused.code, Code::BadInput);
    assert!(refused.hint.unwrap().contains("tokens"));
    assert_eq!(bench.workbench.runs(sheet).await.unwrap().len(), 0, "no run was begun");
    // A model file costs nothing, whatever the cap.
    let local = bench.add(sheet, "local", of_model("m.gguf", "{{text}}")).await;
    let outcome = bench.fill(sheet, local, capped(money(0))).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 3));
}

#[tokio::test]
async fn the_cap_of_the_call_goes_before_that_of_the_request_and_that_before_the_settings() {
    let bench = Bench::new(Paid::new(upper()));
    let engine = EngineOptions { cap: tokens(300), ..EngineOptions::default() };
    let settings = Settings { engine, ..Settings::default() };
    bench.workbench.set_settings(settings).await.unwrap();
    let (sheet, column) = bench.filled_by("openai:m", 20).await;
    assert_eq!(bench.fill(sheet, column, RunScope::Empty).await.progress.rows_done, 3);
    assert_eq!(bench.fill(sheet, column, capped(tokens(200))).await.progress.rows_done, 2);
    let said = options(tokens(400));
    let run = bench.workbench.run(sheet, column, capped(tokens(200)), &said).await.unwrap();
    assert_eq!(run.finished().await.progress.rows_done, 4);
    let caps: Vec<RunCap> = (bench.workbench.runs(sheet).await.unwrap().into_iter())
        .map(|run| run.request.cap)
        .collect();
    assert_eq!(caps, [tokens(300), tokens(200), tokens(400)]);
}

#[tokio::test]
async fn a_fill_goes_on_with_its_run_whatever_its_cap_was() {
    let bench = Bench::new(Paid::new(upper()));
    let source = bench.home.write("in.csv", "text\na\nb\nc\nd\ne\n");
    let request = |cap| FillRequest {
        input: InputFile::new(&source),
        columns: vec![("answer".to_owned(), of_model("openai:m", "{{text}}"))],
        scope: RunScope::Empty,
        retry_failed: false,
        fresh: false,
        options: options(cap),
    };
    for (cap, expected) in [(tokens(200), 2), (tokens(400), 4), (tokens(10_000), 5)] {
        let mut fill = bench.workbench.start_fill(request(cap)).await.unwrap();
        let column = fill.columns[0].id;
        let run = bench.workbench.run_fill_column(&mut fill, column).await.unwrap().unwrap();
        assert_eq!(run.finished().await.progress.rows_done, expected);
        assert_eq!(bench.workbench.runs(fill.sheet).await.unwrap().len(), 1, "the same run");
    }
    assert_eq!(bench.engine.inner.requests_seen(), 5);
}

#[tokio::test]
async fn a_fill_goes_on_with_its_run_whatever_was_run_in_between() {
    let bench = Bench::new(Paid::new(upper()));
    let source = bench.home.write("in.csv", "text\na\nb\nc\n");
    let request = |cap| FillRequest {
        input: InputFile::new(&source),
        columns: vec![("answer".to_owned(), of_model("openai:m", "{{text}}"))],
        scope: RunScope::Empty,
        retry_failed: false,
        fresh: false,
        options: options(cap),
    };
    let mut fill = bench.workbench.start_fill(request(tokens(200))).await.unwrap();
    let column = fill.columns[0].id;
    let run = bench.workbench.run_fill_column(&mut fill, column).await.unwrap().unwrap();
    assert_eq!(run.finished().await.progress.rows_done, 2);
    let between = bench.fill(fill.sheet, column, RunScope::Failed).await;
    assert_eq!(between.status, RunStatus::Done);
    for (cap, status) in [(tokens(250), RunStatus::Paused), (tokens(300), RunStatus::Done)] {
        let mut fill = bench.workbench.start_fill(request(cap)).await.unwrap();
        let run = bench.workbench.run_fill_column(&mut fill, column).await.unwrap().unwrap();
        assert_eq!(run.finished().await.status, status, "what it took before counts");
        assert_eq!(bench.workbench.runs(fill.sheet).await.unwrap().len(), 2, "no new run");
    }
}

#[tokio::test]
async fn behind_a_column_that_reached_its_limit_no_other_begins() {
    let bench = Bench::new(Paid::new(upper()));
    let (sheet, first) = bench.filled_by("openai:m", 4).await;
    let second = bench.add(sheet, "second", of_model("openai:m", "2 {{text}}")).await;
    let said = options(tokens(200));
    let run = bench.workbench.run_columns(sheet, None, RunScope::Empty, &said).await.unwrap();
    let outcomes = run.finished().await.unwrap();
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    assert_eq!(outcomes[0].column, first);
    assert_eq!(outcomes[0].outcome.as_ref().unwrap().status, RunStatus::Paused);
    assert_eq!(done_count(&bench.states(sheet, second).await), 0);
}

#[tokio::test]
async fn what_rows_took_that_wait_for_another_attempt_counts() {
    let bench = Bench::new(Paid::new(FakeEngine::answering(|_| FakeAnswer::text("no number"))));
    let sheet = bench.sheet(1).await;
    let column = bench.add(sheet, "number", numbers_of("openai:m")).await;
    let outcome = bench.fill(sheet, column, capped(tokens(150))).await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    let progress = outcome.progress;
    assert_eq!(
        (progress.rows_ended(), progress.prompt_tokens, progress.completion_tokens),
        (0, 90, 10)
    );
    assert!(is_about(progress.cost_usd, 0.01));
    assert_eq!(bench.states(sheet, column).await, [CellState::Empty], "it has not failed");
    let run = bench.workbench.runs(sheet).await.unwrap().remove(0).id;
    for (cap, asked) in [(RunCap::default(), 1), (tokens(220), 2), (tokens(250), 2)] {
        let again = bench.workbench.resume(sheet, run, &options(cap)).await.unwrap();
        assert_eq!(again.finished().await.error.unwrap().code, Code::LimitReached);
        assert_eq!(bench.engine.inner.requests_seen(), asked, "{cap:?}");
    }
    let on = bench.workbench.resume(sheet, run, &options(tokens(10_000))).await.unwrap();
    let outcome = on.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_failed), (RunStatus::Done, 1));
    assert_eq!(bench.workbench.runs(sheet).await.unwrap()[0].request.cap, tokens(10_000));
}

#[tokio::test]
async fn an_answer_for_a_cell_that_a_person_took_over_is_paid_for_all_the_same() {
    for cost_usd in [Some(0.01), None] {
        an_answer_is_dropped_and_paid_for(cost_usd).await;
    }
}

async fn an_answer_is_dropped_and_paid_for(cost_usd: Option<f64>) {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("x").held_by(&held));
    let engine = engine.with_parallel_requests(1);
    let bench = Bench::new(Paid { cost_usd, ..Paid::new(engine) });
    let (sheet, column) = bench.filled_by("openai:m", 3).await;
    let row = bench.cells(sheet, column).await[0].0;
    let run = bench.start(sheet, column, capped(tokens(150))).await;
    let id = run.id();
    while bench.engine.inner.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    bench.workbench.edit_cell(sheet, column, row, Value::from("mine")).await.unwrap();
    gate.open();
    let outcome = run.finished().await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    assert_eq!((outcome.progress.rows_done, outcome.progress.cost_usd), (0, cost_usd));
    let again = bench.workbench.resume(sheet, id, &EngineOptions::default()).await.unwrap();
    assert_eq!(again.finished().await.error.unwrap().code, Code::LimitReached);
    assert_eq!(bench.engine.inner.requests_seen(), 1, "it is known what was taken");
}

#[tokio::test]
async fn a_row_that_the_limit_keeps_back_and_somebody_else_fills_is_not_asked_again() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("x").held_by(&held));
    let bench = Bench::new(Paid::new(engine));
    let (sheet, column) = bench.filled_by("openai:m", 3).await;
    let row = bench.cells(sheet, column).await[1].0;
    // Before the first answer a second might pass it.
    let run = bench.start(sheet, column, capped(tokens(310))).await;
    while bench.engine.inner.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    let urgent = RunRequest {
        priority: braincells_core::Priority::Now,
        ..RunScope::These { ids: vec![row] }.into()
    };
    let urgent = bench.start(sheet, column, urgent).await;
    gate.open();
    assert_eq!(urgent.finished().await.progress.rows_done, 1);
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 2));
    assert_eq!(outcome.progress.rows_total, 2);
    assert_eq!(bench.engine.inner.requests_seen(), 3);
}

#[tokio::test]
async fn money_is_limited_over_a_part_whose_cost_nobody_knew() {
    let bench = Bench::new(Paid { cost_usd: None, ..Paid::new(upper()) });
    let (sheet, column) = bench.filled_by("openai:m", 6).await;
    let outcome = bench.fill(sheet, column, capped(tokens(200))).await;
    assert_eq!((outcome.progress.rows_done, outcome.progress.cost_usd), (2, None));
    // 100 tokens are a cent now, and those of the first part too.
    let bench = bench.reopen(Paid { price: Some(PRICE), ..Paid::new(upper()) });
    let said = options(money(30_000));
    let on = bench.workbench.resume(sheet, outcome.progress.run, &said).await.unwrap();
    let outcome = on.finished().await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    assert_eq!(bench.engine.inner.requests_seen(), 1);
}

#[tokio::test]
async fn a_run_that_goes_on_with_the_limit_of_the_settings_did_not_ask_for_it() {
    let bench = Bench::new(Paid { price: Some(PRICE), ..Paid::new(upper()) });
    let engine = EngineOptions { cap: money(20_000), ..EngineOptions::default() };
    bench.workbench.set_settings(Settings { engine, ..Settings::default() }).await.unwrap();
    let (sheet, column) = bench.filled_by("openai:m", 4).await;
    let outcome = bench.fill(sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Paused, 2));
    // Nobody knows any more what the model costs.
    let bench = bench.reopen(Paid { cost_usd: None, ..Paid::new(upper()) });
    let options = EngineOptions::default();
    let on = bench.workbench.resume(sheet, outcome.progress.run, &options).await.unwrap();
    assert_eq!(on.finished().await.status, RunStatus::Done);
}

#[tokio::test]
async fn a_limit_on_money_of_the_settings_does_not_make_models_unusable() {
    let bench = Bench::new(Paid { cost_usd: None, ..Paid::new(upper()) });
    let cap = RunCap { micro_usd: Some(1_000_000), tokens: Some(200) };
    let engine = EngineOptions { cap, ..EngineOptions::default() };
    bench.workbench.set_settings(Settings { engine, ..Settings::default() }).await.unwrap();
    let (sheet, column) = bench.filled_by("openai:m", 5).await;
    assert_eq!(bench.fill(sheet, column, RunScope::Empty).await.progress.rows_done, 2);
    assert_eq!(bench.workbench.runs(sheet).await.unwrap()[0].request.cap, tokens(200));
    // What is said takes its place as a whole.
    let outcome = bench.fill(sheet, column, capped(tokens(1000))).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 3));
    let said = options(money(1_000_000));
    let refused = bench.workbench.run(sheet, column, RunScope::All, &said).await.err().unwrap();
    assert_eq!(refused.code, Code::BadInput);
}

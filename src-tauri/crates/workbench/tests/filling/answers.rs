use braincells_core::{Output, RunScope};

use super::*;

fn kept_upper() -> FakeEngine {
    upper().with_fingerprint("upper 1")
}

fn fresh(scope: RunScope) -> RunRequest {
    RunRequest { fresh: true, ..scope.into() }
}

#[tokio::test]
async fn an_answer_is_used_again_by_any_sheet_of_any_process() {
    let scripted = scripted_workbench(kept_upper());
    let sheet = scripted.sheet(&numbered_rows(600)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_reused), (600, 0));
    assert_eq!(scripted.workbench.cache_info().await.unwrap().responses, 600);

    let scripted = scripted.reopen(kept_upper());
    let other = scripted.sheet(&numbered_rows(601)).await;
    let again = add(&scripted, other, "same", text_recipe("{{text}}")).await;
    let outcome = fill(&scripted, other, again, RunScope::Empty).await;
    let progress = &outcome.progress;
    assert_eq!((progress.rows_done, progress.rows_reused), (601, 600));
    assert_eq!(scripted.engine.requests_seen(), 1);
    assert!(progress.prompt_tokens < 200 && progress.completion_tokens < 10, "{progress:?}");
    assert_eq!(values(&scripted, other, again).await[599], "ROW 599");
}

#[tokio::test]
async fn only_the_same_question_to_the_same_engine_is_answered_from_before() {
    let scripted = scripted_workbench(kept_upper());
    let sheet = scripted.sheet("animal\nowl\n").await;
    let column = add(&scripted, sheet, "a", text_recipe("{{animal}}")).await;
    fill(&scripted, sheet, column, RunScope::Empty).await;
    let mut hot = text_recipe("{{animal}}");
    hot.sampling.temperature = 0.5;
    let mut short = text_recipe("{{animal}}");
    short.sampling.max_tokens = Some(3);
    let mut seen = scripted.engine.requests_seen();
    for (name, recipe, asks) in [
        ("same", text_recipe("{{animal}}"), 0),
        ("hot", hot.clone(), 1),
        ("hot again", hot, 0),
        ("short", short, 1),
        ("other", text_recipe("an {{animal}}"), 1),
        ("typed", typed_recipe("{{animal}}", Output::Json { schema: Value::from(true) }), 3),
    ] {
        let column = add(&scripted, sheet, name, recipe).await;
        fill(&scripted, sheet, column, RunScope::Empty).await;
        assert_eq!(scripted.engine.requests_seen() - seen, asks, "{name}");
        seen = scripted.engine.requests_seen();
    }
    let scripted = scripted.reopen(upper().with_fingerprint("upper 2"));
    fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!(scripted.engine.requests_seen(), 1, "another engine");
    let scripted = scripted.reopen(upper());
    fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!(scripted.engine.requests_seen(), 1, "one that cannot say what it is");
}

#[tokio::test]
async fn a_fresh_run_asks_again_and_its_answer_replaces_the_old_one() {
    let engine = |word: &'static str| {
        FakeEngine::answering(move |_| FakeAnswer::text(word)).with_fingerprint("engine")
    };
    let scripted = scripted_workbench(engine("old"));
    let sheet = scripted.sheet("animal\nowl\n").await;
    let column = add(&scripted, sheet, "a", text_recipe("{{animal}}")).await;
    fill(&scripted, sheet, column, RunScope::Empty).await;
    let scripted = scripted.reopen(engine("new"));
    fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!(values(&scripted, sheet, column).await, ["old"]);
    fill(&scripted, sheet, column, fresh(RunScope::All)).await;
    assert_eq!(values(&scripted, sheet, column).await, ["new"]);
    let scripted = scripted.reopen(engine("newest"));
    fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!(values(&scripted, sheet, column).await, ["new"]);
}

#[tokio::test]
async fn a_failure_is_never_kept_but_an_answer_after_it_is() {
    let engine = FakeEngine::answering(|request| {
        let corrected = request.messages.iter().any(|m| m.content.contains("cannot be used"));
        FakeAnswer::text(if corrected { "4" } else { "four" })
    });
    let scripted = scripted_workbench(engine.with_fingerprint("engine"));
    let sheet = scripted.sheet("animal\nowl\n").await;
    let recipe = typed_recipe("Legs of {{animal}}?", Output::number());
    let column = add(&scripted, sheet, "legs", recipe).await;
    fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!(scripted.engine.requests_seen(), 2);
    fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!(scripted.engine.requests_seen(), 2, "the first question has its answer now");
    assert_eq!(values(&scripted, sheet, column).await, [4]);

    let stubborn = FakeEngine::answering(|_| FakeAnswer::text("four")).with_fingerprint("other");
    let scripted = scripted.reopen(stubborn);
    fill(&scripted, sheet, column, RunScope::All).await;
    fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!(scripted.engine.requests_seen(), 6);
}

#[tokio::test]
async fn a_cache_that_is_destroyed_costs_nothing_but_time() {
    let scripted = scripted_workbench(kept_upper());
    let sheet = scripted.sheet(&numbered_rows(20)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
    fill(&scripted, sheet, column, RunScope::Empty).await;
    let Scripted { workbench, home, .. } = scripted;
    drop(workbench);
    std::fs::write(home.home().responses(), vec![0x5a; 50_000]).unwrap();
    let scripted = Scripted::open(home, kept_upper());
    let outcome = fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 20));
    assert_eq!(scripted.engine.requests_seen(), 20);
    assert_eq!(scripted.workbench.cache_info().await.unwrap().responses, 20);
}

#[tokio::test]
async fn kept_answers_are_listed_limited_and_cleared() {
    let scripted = scripted_workbench(kept_upper());
    let sheet = scripted.sheet(&numbered_rows(10)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
    fill(&scripted, sheet, column, RunScope::Empty).await;
    let workbench = &scripted.workbench;
    let info = workbench.cache_info().await.unwrap();
    assert_eq!((info.responses, info.models[0].model.as_str()), (10, "scripted"));
    assert_eq!(workbench.clear_cache(Some("another"), None).await.unwrap(), 0);
    assert_eq!(workbench.clear_cache(None, Some(60_000)).await.unwrap(), 0, "all are new");
    scripted.clock.advance_ms(60_001);
    assert_eq!(workbench.clear_cache(Some("scripted"), Some(60_000)).await.unwrap(), 10);
    let prefixes = scripted.home.home().prefixes();
    std::fs::create_dir_all(&prefixes).unwrap();
    std::fs::write(prefixes.join("0.prefix"), "state").unwrap();
    workbench.clear_cache(Some("scripted"), None).await.unwrap();
    assert_eq!(std::fs::read_dir(&prefixes).unwrap().count(), 1, "only with everything else");
    workbench.clear_cache(None, None).await.unwrap();
    assert_eq!(std::fs::read_dir(&prefixes).unwrap().count(), 0);
    workbench.set_cache_limit(0).await.unwrap();
    fill(&scripted, sheet, column, RunScope::All).await;
    assert_eq!(workbench.cache_info().await.unwrap().responses, 0);
    let scripted = scripted.reopen(kept_upper());
    assert_eq!(scripted.workbench.cache_info().await.unwrap().limit_bytes, 0, "it is a setting");
}

#[tokio::test]
async fn what_a_preview_asked_is_not_asked_again() {
    let scripted = scripted_workbench(kept_upper());
    let sheet = scripted.sheet(&numbered_rows(5)).await;
    let mut recipe = text_recipe("{{text}}");
    recipe.sampling.temperature = 0.7;
    let options = EngineOptions::default();
    let preview = scripted.workbench.preview(sheet, &recipe, 3, &options).await.unwrap();
    assert!(preview.iter().all(|row| !row.figures.cached && row.figures.prompt_tokens > 0));
    let again = scripted.workbench.preview(sheet, &recipe, 4, &options).await.unwrap();
    let cached: Vec<bool> = again.iter().map(|row| row.figures.cached).collect();
    assert_eq!(cached, [true, true, true, false]);
    assert_eq!((&again[0].value, again[0].figures.prompt_tokens), (&Value::from("ROW 0"), 0));
    let column = add(&scripted, sheet, "answer", recipe).await;
    let outcome = fill(&scripted, sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.progress.rows_done, outcome.progress.rows_reused), (5, 4));
    assert_eq!(scripted.engine.requests_seen(), 5);
}

#[tokio::test]
async fn thinking_never_gets_into_a_value_or_a_prompt_that_reads_it() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let engine = FakeEngine::answering(move |request| {
        seen.lock().unwrap().push(question(request).to_owned());
        FakeAnswer::text("<think>secret thoughts</think>\n\nplain")
    });
    let scripted = scripted_workbench(engine.with_fingerprint("thinker"));
    let sheet = scripted.sheet("animal\nowl\n").await;
    let first = add(&scripted, sheet, "first", text_recipe("{{animal}}")).await;
    let second = add(&scripted, sheet, "second", text_recipe("of {{first}}")).await;
    let options = EngineOptions::default();
    let preview = scripted.workbench.preview(sheet, &text_recipe("{{animal}}"), 1, &options).await;
    let preview = &preview.unwrap()[0];
    assert_eq!(preview.reasoning.as_deref(), Some("secret thoughts"));
    fill(&scripted, sheet, first, RunScope::Empty).await;
    fill(&scripted, sheet, second, RunScope::Empty).await;
    assert_eq!(*requests.lock().unwrap(), ["owl", "of plain"], "the first came from the preview");
    let target = scripted.home.outside().join("out.csv");
    scripted
        .workbench
        .export(sheet, &braincells_workbench::OutputFile::new(&target))
        .await
        .unwrap();
    let text = std::fs::read_to_string(&target).unwrap();
    assert_eq!(text.lines().collect::<Vec<_>>(), ["animal,first,second", "owl,plain,plain"]);
}

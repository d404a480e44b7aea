use braincells_core::RunScope;
use braincells_workbench::{AnswerBasis, Estimate, EstimateRequest, TimeBasis};

use super::*;

async fn estimate(
    scripted: &Scripted,
    sheet: SheetId,
    column: ColumnId,
    how: EstimateRequest,
) -> Estimate {
    let options = EngineOptions::default();
    let estimate = scripted.workbench.estimate(sheet, column, RunScope::Pending, how, &options);
    estimate.await.expect("an estimate can be made")
}

/// Answers two words after 40 ms.
fn slow() -> FakeEngine {
    FakeEngine::answering(|_| FakeAnswer::text("two words").after_ms(40))
        .with_parallel_requests(1)
        .with_fingerprint("slow")
}

#[tokio::test(start_paused = true)]
async fn an_estimate_says_what_it_knows_and_what_it_is_based_on() {
    let scripted = scripted_workbench(slow());
    let sheet = scripted.sheet(&numbered_rows(100)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("Say more: {{text}}")).await;
    let first = estimate(&scripted, sheet, column, EstimateRequest::default()).await;
    assert_eq!((first.rows, first.rows_cached, first.seconds), (100, None, None));
    assert_eq!((first.basis.sampled_rows, first.basis.counted_by_model), (64, false));
    assert_eq!((first.basis.answers, first.basis.time), (AnswerBasis::Limit, TimeBasis::Unknown));
    assert_eq!(first.completion_tokens, 100 * 256);
    assert!(first.prompt_tokens > first.shared_prefix_tokens * 100);
    assert!(scripted.engines.models_asked().is_empty(), "no model was loaded for it");

    let how = EstimateRequest { asked_rows: 10, ..EstimateRequest::default() };
    let asked = estimate(&scripted, sheet, column, how).await;
    assert_eq!(
        (asked.basis.answers, asked.basis.time),
        (AnswerBasis::AskedNow, TimeBasis::AskedNow)
    );
    assert!(asked.basis.counted_by_model);
    let cached = asked.rows_cached.unwrap();
    assert!((5..=20).contains(&cached), "ten of a hundred were asked now: {cached}");
    assert_eq!(asked.completion_tokens, (100 - cached) * 4);
    let seconds = asked.seconds.unwrap();
    let expected = (100 - cached) as f64 * 0.04;
    assert!((seconds - expected).abs() < 0.05, "{seconds} and not {expected}");
    assert!(scripted.workbench.runs(sheet).await.unwrap().is_empty(), "it started no run");
    assert_eq!(states(&scripted, sheet, column).await, [CellState::Empty; 100]);
}

#[tokio::test]
async fn an_earlier_run_of_the_column_says_how_long_the_next_takes() {
    let engine = FakeEngine::answering(|_| FakeAnswer::text("two words"));
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(&numbered_rows(100)).await;
    let column = add(&scripted, sheet, "answer", text_recipe("{{text}}")).await;
    let other = add(&scripted, sheet, "other", text_recipe("{{text}} {{text}}")).await;
    // The clock moves while the run works, so that 20 cells take two seconds.
    let run = start(&scripted, sheet, column, RunScope::First { count: 20 }).await;
    scripted.clock.advance_ms(2000);
    assert_eq!(run.finished().await.progress.rows_done, 20);
    let own = estimate(&scripted, sheet, column, EstimateRequest::default()).await;
    assert_eq!((own.rows, own.completion_tokens), (80, 320));
    assert_eq!(
        (own.basis.answers, own.basis.time),
        (AnswerBasis::EarlierRuns, TimeBasis::EarlierRuns)
    );
    assert!((own.seconds.unwrap() - 8.0).abs() < 1e-6, "{own:?}");
    let by_tokens = estimate(&scripted, sheet, other, EstimateRequest::default()).await;
    assert_eq!(by_tokens.basis.time, TimeBasis::OtherColumns);
    assert!(by_tokens.seconds.unwrap() > own.seconds.unwrap(), "more tokens take longer");
}

#[tokio::test]
async fn rows_that_wait_are_counted_apart() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet(&numbered_rows(4)).await;
    let first = add(&scripted, sheet, "first", text_recipe("{{text}}")).await;
    let second = add(&scripted, sheet, "second", text_recipe("{{first}}")).await;
    fill(&scripted, sheet, first, RunScope::First { count: 3 }).await;
    let found = estimate(&scripted, sheet, second, EstimateRequest::default()).await;
    assert_eq!((found.rows, found.rows_waiting), (3, 1));
    assert_eq!(found.rows_cached, None, "this engine's answers are not kept");
}

#[tokio::test]
async fn a_recipe_is_estimated_before_it_has_a_column() {
    let scripted = scripted_workbench(slow());
    let workbench = &scripted.workbench;
    let sheet = scripted.sheet(&numbered_rows(20)).await;
    let first = add(&scripted, sheet, "first", text_recipe("Say more: {{text}}")).await;
    let options = EngineOptions::default();
    let how = EstimateRequest::default();
    let recipe = text_recipe("Say more: {{text}}");
    let of_recipe = async |recipe: &Recipe, scope: RunScope, how| {
        workbench.estimate_recipe(sheet, recipe, scope, how, &options).await
    };
    let stored = workbench.estimate(sheet, first, RunScope::Empty, how, &options).await.unwrap();
    assert_eq!(of_recipe(&recipe, RunScope::Empty, how).await.unwrap(), stored);
    for (scope, rows) in [
        (RunScope::First { count: 3 }, 3),
        (RunScope::Failed, 0),
        (RunScope::These { ids: vec![RowId(20), RowId(99), RowId(1)] }, 2),
        (RunScope::All, 20),
    ] {
        assert_eq!(of_recipe(&recipe, scope, how).await.unwrap().rows, rows);
    }
    let test = braincells_core::CellTest::OneOf { values: vec!["row 7".into()] };
    let only = Some(braincells_core::Filter::Cell { column: ColumnId(1), test });
    let request = RunRequest { only, ..RunScope::Empty.into() };
    let one = workbench.estimate_recipe(sheet, &recipe, request, how, &options).await.unwrap();
    assert_eq!((one.rows, one.basis.sampled_rows), (1, 1));
    let reads_empty = text_recipe("Again: {{first}}");
    let waiting = of_recipe(&reads_empty, RunScope::Empty, how).await.unwrap();
    assert_eq!((waiting.rows, waiting.rows_waiting), (0, 20));
    let asked = EstimateRequest { asked_rows: 2, ..how };
    let measured = of_recipe(&recipe, RunScope::Empty, asked).await.unwrap();
    assert_eq!(measured.basis.time, TimeBasis::AskedNow);
    let items = of_recipe(&text_recipe("Name an animal"), RunScope::Empty, asked).await.unwrap();
    assert_eq!(items.rows, 20);
    let unknown = of_recipe(&text_recipe("{{nothing}}"), RunScope::Empty, how).await.unwrap_err();
    assert_eq!(unknown.code, braincells_core::Code::BadTemplate);
    assert_eq!(workbench.columns(sheet).await.unwrap().len(), 2, "nothing was stored");
}

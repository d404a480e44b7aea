//! Settings, what follows from them, and the example sheet.

use std::sync::Arc;
use std::time::Duration;

use braincells_core::{Code, EngineOptions, IgnoreEvents, RunScope, RunStatus, Settings, Theme};
use braincells_llm::FakeEngine;
use braincells_testing::{ManualClock, TempHome, scripted_workbench, text_recipe};
use braincells_workbench::{LocalEngines, ProbeHere, Workbench, World};
use serde_json::json;

#[tokio::test]
async fn settings_are_kept_checked_and_read_by_the_next_process() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    assert_eq!(workbench.settings().await.unwrap(), Settings::default());
    let models = scripted.home.home().models();
    std::fs::write(models.join("tiny.gguf"), "not looked at").unwrap();
    let engine = EngineOptions { threads: Some(3), ..EngineOptions::default() };
    let chosen =
        Settings { theme: Theme::Dark, model: "tiny".into(), engine, ..Settings::default() };
    assert_eq!(workbench.set_settings(chosen.clone()).await.unwrap(), chosen);
    let missing = Settings { model: "huge".into(), ..chosen.clone() };
    let error = workbench.set_settings(missing).await.unwrap_err();
    assert_eq!(error.code, Code::ModelMissing);
    let endless = Settings { unload_after_minutes: Some(1_000_000), ..chosen.clone() };
    let error = workbench.set_settings(endless).await.unwrap_err();
    assert_eq!(
        (error.code, error.hint.as_deref()),
        (Code::BadInput, Some("choose a number from 1 to 10080"))
    );
    std::fs::remove_file(models.join("tiny.gguf")).unwrap();

    let scripted = scripted.reopen(FakeEngine::echo());
    let workbench = &scripted.workbench;
    assert_eq!(workbench.settings().await.unwrap(), chosen);
    let light = Settings { theme: Theme::Light, ..chosen };
    assert_eq!(workbench.set_settings(light.clone()).await.unwrap(), light, "its model is gone");
}

#[tokio::test]
async fn a_run_takes_what_it_is_told_and_the_rest_from_the_settings() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    std::fs::write(scripted.home.home().models().join("tiny.gguf"), "x").unwrap();
    let engine = EngineOptions { threads: Some(3), gpu_layers: Some(0), ..Default::default() };
    let settings = Settings { model: "tiny".into(), engine, ..Settings::default() };
    workbench.set_settings(settings).await.unwrap();
    let sheet = scripted.sheet("text\na\nb\n").await;
    let mut recipe = text_recipe("{{text}}");
    let named = workbench.add_ai_column(sheet, "named", recipe.clone()).await.unwrap().id;
    recipe.model = String::new();
    let nameless = workbench.add_ai_column(sheet, "nameless", recipe.clone()).await.unwrap().id;
    let said = EngineOptions { threads: Some(1), ..Default::default() };
    for (column, options) in [(named, &said), (nameless, &EngineOptions::default())] {
        let run = workbench.run(sheet, column, RunScope::Empty, options).await.unwrap();
        assert_eq!(run.finished().await.status, RunStatus::Done);
    }
    workbench.preview(sheet, &recipe, 1, &said).await.unwrap();
    assert_eq!(scripted.engines.models_asked(), ["scripted", "tiny", "tiny"]);
    let asked: Vec<_> = (scripted.engines.options_asked().iter())
        .map(|options| (options.threads, options.gpu_layers))
        .collect();
    assert_eq!(asked, [(Some(1), Some(0)), (Some(3), Some(0)), (Some(1), Some(0))]);
    assert_eq!(workbench.columns(sheet).await.unwrap()[2].recipe().unwrap().model, "");
}

#[tokio::test]
async fn a_model_may_stay_for_as_long_as_the_settings_say() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    assert!(workbench.tick().await);
    let settings = |minutes| Settings { unload_after_minutes: minutes, ..Settings::default() };
    workbench.set_settings(settings(None)).await.unwrap();
    assert!(!workbench.tick().await);
    workbench.set_settings(settings(Some(2))).await.unwrap();
    assert!(workbench.tick().await);
    let asked = scripted.engines.idle_limits_asked();
    assert_eq!(asked, [Duration::from_mins(15), Duration::from_mins(2)]);
}

#[tokio::test]
async fn the_example_is_a_table_with_columns_to_fill() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let info = workbench.create_example_sheet().await.unwrap();
    assert_eq!(info.name, "Example: support tickets");
    assert!(info.row_count > 20, "{info:?}");
    let columns = workbench.columns(info.id).await.unwrap();
    let types: Vec<&str> = columns.iter().map(|column| column.sql_type.as_str()).collect();
    assert_eq!(types[..6], ["VARCHAR", "DATE", "VARCHAR", "VARCHAR", "VARCHAR", "DOUBLE"]);
    let made: Vec<&str> = (columns.iter().filter(|column| column.recipe().is_some()))
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(made, ["sentiment", "urgency", "summary"]);
    assert!(workbench.runs(info.id).await.unwrap().is_empty(), "nothing is filled");
    for expected in ["Example: support tickets 2", "Example: support tickets 3"] {
        assert_eq!(workbench.create_example_sheet().await.unwrap().name, expected);
    }
}

#[tokio::test]
async fn the_example_needs_no_model_and_takes_the_one_that_is_chosen() {
    let home = TempHome::new();
    let clock = Arc::new(ManualClock::at(0));
    let workbench = Workbench::open(World {
        home: home.home(),
        clock: Arc::clone(&clock) as _,
        events: Arc::new(IgnoreEvents),
        engines: Arc::new(LocalEngines::new(home.home(), clock)),
        probe: Arc::new(ProbeHere),
        cloud: braincells_testing::no_backends(),
    })
    .unwrap();
    let models = async |sheet| {
        let columns = workbench.columns(sheet).await.unwrap();
        let recipes = columns.iter().filter_map(|column| column.recipe());
        recipes.map(|recipe| recipe.model.clone()).collect::<Vec<_>>()
    };
    let without = workbench.create_example_sheet().await.unwrap();
    assert_eq!(models(without.id).await, ["", "", ""], "the default, once there is one");
    std::fs::write(home.home().models().join("mine.gguf"), "GGUF").unwrap();
    let settings = Settings { model: "mine.gguf".into(), ..Settings::default() };
    workbench.set_settings(settings).await.unwrap();
    let with = workbench.create_example_sheet().await.unwrap();
    assert_eq!(models(with.id).await, ["mine.gguf"; 3]);
    assert_eq!(
        json!(workbench.doctor().await.default_model),
        json!(home.home().models().join("mine.gguf"))
    );
}

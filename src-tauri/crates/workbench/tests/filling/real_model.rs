//! What only a real model shows: that its answers are known again.

use std::path::PathBuf;

use braincells_core::{Output, RunScope};
use braincells_workbench::{
    EngineSource, LocalEngines, ModelTuner, Quantisation, SystemClock, TuneHere, TuneRequest,
    TunedOrigin, Workbench, World,
};

use super::*;

#[expect(clippy::disallowed_methods, reason = "the one setting that tests take from outside")]
fn model_path() -> PathBuf {
    std::env::var_os("BRAINCELLS_TEST_MODEL").map(PathBuf::from).expect(
        "BRAINCELLS_TEST_MODEL must name the starter model: run the tests with scripts/test",
    )
}

fn open(home: &braincells_testing::TempHome) -> Workbench {
    open_telling(home, Arc::new(braincells_core::IgnoreEvents))
}

fn open_telling(
    home: &braincells_testing::TempHome,
    events: Arc<dyn braincells_core::EventSink>,
) -> Workbench {
    let clock = Arc::new(SystemClock);
    Workbench::open(World {
        home: home.home(),
        clock: Arc::clone(&clock) as _,
        events,
        engines: Arc::new(LocalEngines::new(home.home(), clock)),
        probe: Arc::new(braincells_workbench::ProbeHere),
        cloud: braincells_testing::no_backends(),
    })
    .expect("a home opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_known_again_by_its_file_and_does_not_answer_twice() {
    let home = braincells_testing::TempHome::new();
    let source = home.write("reviews.csv", "text\nI love it.\nIt broke at once.\nNever again!\n");
    let labels = ["good", "bad"].map(str::to_owned).into();
    let mut recipe = typed_recipe("Is this review good or bad? {{text}}", Output::Label { labels });
    recipe.model = model_path().to_string_lossy().into_owned();
    let options = EngineOptions::default();
    let mut outcomes = Vec::new();
    let mut tables = Vec::new();
    for exact in [false, false, true] {
        let workbench = open(&home);
        let sheet =
            workbench.import(&braincells_workbench::InputFile::new(&source)).await.unwrap().id;
        let column = workbench.add_ai_column(sheet, "mood", recipe.clone()).await.unwrap().id;
        let options = EngineOptions { exact, ..options.clone() };
        let run = workbench.run(sheet, column, RunScope::Empty, &options).await.unwrap();
        outcomes.push(run.finished().await.progress);
        let shown = workbench.show(sheet, None, 0, 10).await.unwrap();
        let moods: Vec<_> = shown.window.rows.iter().map(|row| row.cells[1].clone()).collect();
        tables.push(moods);
        let weighed = workbench.estimate(
            sheet,
            column,
            RunScope::All,
            braincells_workbench::EstimateRequest::default(),
            &options,
        );
        let weighed = weighed.await.unwrap();
        assert!(weighed.basis.counted_by_model);
        assert_eq!((weighed.rows, weighed.rows_cached), (3, Some(3)));
    }
    assert_eq!((outcomes[0].rows_done, outcomes[0].rows_reused), (3, 0));
    assert_eq!((outcomes[1].rows_done, outcomes[1].rows_reused), (3, 3));
    assert_eq!((outcomes[1].prompt_tokens, outcomes[1].completion_tokens), (0, 0));
    assert_eq!(tables[0], tables[1], "values and confidences are those of the first time");
    assert_eq!(outcomes[2].rows_reused, 0, "exact answers are others");
    let hashes = open(&home).cache_info().await.unwrap();
    assert_eq!(hashes.responses, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_nobody_uses_leaves_memory() {
    let home = braincells_testing::TempHome::new();
    let source = home.write("words.csv", "text\none\ntwo\n");
    let clock = Arc::new(braincells_testing::ManualClock::at(0));
    let engines = Arc::new(LocalEngines::new(home.home(), Arc::clone(&clock) as _));
    let workbench = Workbench::open(World {
        home: home.home(),
        clock: Arc::clone(&clock) as _,
        events: Arc::new(braincells_core::IgnoreEvents),
        engines: Arc::clone(&engines) as _,
        probe: Arc::new(braincells_workbench::ProbeHere),
        cloud: braincells_testing::no_backends(),
    })
    .unwrap();
    let sheet = workbench.import(&braincells_workbench::InputFile::new(&source)).await.unwrap().id;
    let mut recipe = text_recipe("{{text}}");
    recipe.model = model_path().to_string_lossy().into_owned();
    recipe.sampling.max_tokens = Some(1);
    let is_loaded = async || engines.loaded(&recipe.model).await.is_some();
    let options = EngineOptions::default();
    workbench.preview(sheet, &recipe, 1, &options).await.unwrap();
    assert!(!workbench.tick().await && is_loaded().await);
    let used = engines.loaded(&recipe.model).await.unwrap();
    clock.advance_ms(15 * 60_000);
    assert!(!workbench.tick().await, "somebody has it");
    workbench.unload_models().await;
    assert!(!is_loaded().await && used.is_ready().await, "who has it keeps it");
    drop(used);
    workbench.preview(sheet, &recipe, 2, &options).await.unwrap();
    clock.advance_ms(15 * 60_000 - 1);
    assert!(!workbench.tick().await && is_loaded().await);
    clock.advance_ms(1);
    assert!(workbench.tick().await && !is_loaded().await);
    assert!(!workbench.tick().await, "there is nothing left to unload");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_an_answer_is_told_while_it_comes() {
    let home = braincells_testing::TempHome::new();
    let source = home.write("words.csv", "text\nthe sea\nthe sky\n");
    let events = Arc::new(braincells_testing::RecordedEvents::default());
    let workbench = open_telling(&home, Arc::clone(&events) as _);
    let sheet = workbench.import(&braincells_workbench::InputFile::new(&source)).await.unwrap().id;
    let mut recipe = text_recipe("Describe: {{text}}");
    recipe.model = model_path().to_string_lossy().into_owned();
    recipe.sampling.max_tokens = Some(12);
    let column = workbench.add_ai_column(sheet, "words", recipe).await.unwrap().id;
    let options = EngineOptions::default();
    let run = workbench.run(sheet, column, RunScope::Empty, &options).await.unwrap();
    assert_eq!(run.finished().await.progress.rows_done, 2);
    let mut texts: BTreeMap<RowId, Vec<String>> = BTreeMap::new();
    for event in events.all() {
        match event {
            Event::CellDelta { row, text, .. } => texts.entry(row).or_default().push(text),
            Event::CellDone { row, value, .. } => {
                let told = texts.remove(&row).expect("its text came before it");
                assert_eq!(told[0], "", "it began");
                assert!(told.len() > 3, "in pieces: {told:?}");
                assert_eq!(Value::from(told.concat().trim()), value);
            }
            _ => {}
        }
    }
    assert!(texts.is_empty(), "nothing comes behind a cell");
}

#[test]
fn a_copy_that_the_disk_has_no_room_for_is_told_and_gone() {
    let home = braincells_testing::TempHome::new();
    let folder = home.outside().join("disk");
    let Some(disk) = braincells_testing::SmallDisk::new(folder, 40) else {
        println!("skipped: mounting a small file system is not permitted here");
        return;
    };
    let origin = TunedOrigin { file: "starter".to_owned(), sha256: "0".repeat(64), at_ms: 1 };
    let request = TuneRequest {
        model: model_path(),
        origin,
        scratch: disk.path().to_owned(),
        candidates: vec![Quantisation::Q4_0],
        threads: Some(1),
        gpu_layers: Some(0),
        memory_bytes: None,
        // As if others had taken the space in the meantime.
        disk_bytes: None,
    };
    let error = TuneHere.tune(&request, &Arc::default(), Arc::new(|_| {})).unwrap_err();
    assert_eq!(error.code, braincells_core::Code::DiskFull, "{error}");
    assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 0);
}

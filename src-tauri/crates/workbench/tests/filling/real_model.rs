//! What only a real model shows: that its answers are known again.

use std::path::PathBuf;

use braincells_core::{Output, RunScope};
use braincells_workbench::{LlamaEngines, SystemClock, Workbench, World};

use super::*;

#[expect(clippy::disallowed_methods, reason = "the one setting that tests take from outside")]
fn model_path() -> PathBuf {
    std::env::var_os("BRAINCELLS_TEST_MODEL").map(PathBuf::from).expect(
        "BRAINCELLS_TEST_MODEL must name the starter model: run the tests with scripts/test",
    )
}

fn open(home: &braincells_testing::TempHome) -> Workbench {
    let clock = Arc::new(SystemClock);
    Workbench::open(World {
        home: home.home(),
        clock: Arc::clone(&clock) as _,
        events: Arc::new(braincells_core::IgnoreEvents),
        engines: Arc::new(LlamaEngines::new(home.home(), clock)),
        probe: Arc::new(braincells_workbench::ProbeHere),
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

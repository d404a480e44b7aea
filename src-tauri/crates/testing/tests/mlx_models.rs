//! Models for MLX as the app has them, with a scripted process in the place of the helper: it is
//! started, kept, let go and switched like the engine of llama.cpp, and what it cannot do is said.
//! What the helper itself answers is tested beside it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "the functions that tests share fail a test as tests do")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use braincells_core::{Code, ColumnId, Event, ModelStatus, RunScope, SheetId, Value};
use braincells_llm::worker::WorkerProgram;
use braincells_testing::{
    ManualClock, RecordedEvents, TempHome, children, kill, small_model, text_recipe,
    write_small_checkpoint,
};
use braincells_workbench::{
    EngineOptions, Home, InputFile, LOCAL_MLX, LocalEngines, OwnProgram, ProbeHere, RunOutcome,
    Workbench, World,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_engine_process");
/// The default of the recommended models for MLX.
const FOLDER: &str = "mlx-community--Qwen3-1.7B-4bit";
const OTHER: &str = "mlx-community--SmolLM3-3B-4bit";

/// A workbench on a machine whose helper for MLX is a scripted process.
struct Desk {
    workbench: Workbench,
    events: Arc<RecordedEvents>,
    clock: Arc<ManualClock>,
    home: Home,
    folder: TempHome,
}

impl Desk {
    fn new() -> Self {
        let folder = TempHome::new();
        let helper =
            folder.write("braincells-mlx", format!("#!/bin/sh\nexec {PROGRAM} serve-mlx\n"));
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self::with_helper(folder, Some(helper))
    }

    fn with_helper(folder: TempHome, helper: Option<PathBuf>) -> Self {
        let home = folder.home();
        let (events, clock) = (Arc::<RecordedEvents>::default(), Arc::new(ManualClock::at(0)));
        let environment = [("PATH", "/usr/bin:/bin"), ("HF_TOKEN", "hf_canary")];
        let named = helper.map(|path| ("BRAINCELLS_MLX_HELPER".into(), path.into_os_string()));
        let own = OwnProgram::new(
            PROGRAM.into(),
            environment.map(|(name, value)| (name.into(), value.into())).into_iter().chain(named),
        );
        let llama = WorkerProgram { arguments: vec!["serve".into()], ..own.engine() };
        let engines = LocalEngines::in_worker(home.clone(), Arc::clone(&clock) as _, llama)
            .with_mlx(own.mlx());
        let workbench = Workbench::open(World {
            home: home.clone(),
            clock: Arc::clone(&clock) as _,
            events: Arc::clone(&events) as _,
            engines: Arc::new(engines),
            probe: Arc::new(ProbeHere),
            cloud: braincells_testing::no_backends(),
        })
        .unwrap();
        Self { workbench, events, clock, home, folder }
    }

    /// Puts a checkpoint into the models folder.
    fn put(&self, name: &str) {
        write_small_checkpoint(&self.home.models().join(name), 1);
    }

    async fn sheet(&self, rows: &[&str]) -> SheetId {
        let source = self.folder.write("rows.csv", format!("text\n{}\n", rows.join("\n")));
        self.workbench.import(&InputFile::new(source)).await.unwrap().id
    }

    async fn column(&self, sheet: SheetId, title: &str, model: &str) -> ColumnId {
        let mut recipe = text_recipe("{{text}}");
        model.clone_into(&mut recipe.model);
        self.workbench.add_ai_column(sheet, title, recipe).await.unwrap().id
    }

    async fn run(&self, sheet: SheetId, column: ColumnId, scope: RunScope) -> RunOutcome {
        let options = EngineOptions::default();
        self.workbench.run(sheet, column, scope, &options).await.unwrap().finished().await
    }

    async fn fill(&self, model: &str, rows: &[&str]) -> Vec<Value> {
        let sheet = self.sheet(rows).await;
        let column = self.column(sheet, "answer", model).await;
        let outcome = self.run(sheet, column, RunScope::Empty).await;
        assert_eq!(outcome.error, None);
        self.values(sheet, column).await
    }

    async fn values(&self, sheet: SheetId, column: ColumnId) -> Vec<Value> {
        let window = self.workbench.window(sheet, None, &[column], 0, 1000).await.unwrap();
        window.rows.into_iter().map(|row| row.cells[0].value.clone()).collect()
    }

    /// Where the model stood, in the order in which that was told.
    fn told(&self, model: &str) -> Vec<ModelStatus> {
        let of = |event| match event {
            Event::MlxModelStateChanged(state) if state.model == model => Some(state.status),
            _ => None,
        };
        let mut told: Vec<ModelStatus> = self.events.all().into_iter().filter_map(of).collect();
        told.dedup();
        told
    }
}

fn helpers() -> Vec<u32> {
    children(std::process::id(), "engine_process")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_is_filled_by_the_chosen_model_in_the_helper() {
    let desk = Desk::new();
    desk.put(FOLDER);
    let values = desk.fill(LOCAL_MLX, &["one", "two", "environment"]).await;
    assert_eq!(values[..2], [Value::from("one"), Value::from("two")]);
    let Value::String(environment) = &values[2] else { panic!("{values:?}") };
    assert!(environment.contains("PATH") && !environment.contains("TOKEN"), "{environment}");
    assert_eq!(
        desk.told(FOLDER),
        [ModelStatus::Loading, ModelStatus::Ready, ModelStatus::Running, ModelStatus::Ready],
        "told in the words for MLX"
    );
    let standing = desk.workbench.mlx_model_status(FOLDER).await.unwrap();
    assert_eq!(standing.status, ModelStatus::Ready);

    desk.clock.advance_ms(60 * 60_000);
    assert!(desk.workbench.tick().await, "it was idle for long");
    assert_eq!(helpers(), [0; 0], "unloading waits for the end");
    assert_eq!(desk.told(FOLDER).last(), Some(&ModelStatus::Downloaded));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_is_loaded_once_the_one_before_has_left() {
    let desk = Desk::new();
    desk.put(FOLDER);
    desk.put(OTHER);
    std::fs::write(desk.home.models().join("m.gguf"), small_model("scripted")).unwrap();
    let mut before = Vec::new();
    for model in [FOLDER, OTHER, "m.gguf", FOLDER] {
        assert_eq!(desk.fill(model, &["who am i"]).await, [Value::from("who am i")]);
        let now = helpers();
        assert!(now.len() == 1 && now != before, "{model}: {now:?} after {before:?}");
        before = now;
    }
    // What `local-mlx` means is chosen, and means it from the next run on.
    desk.workbench.select_mlx_model("mlx-smollm3-3b").await.unwrap();
    assert_eq!(desk.fill(LOCAL_MLX, &["x"]).await.len(), 1);
    assert_eq!(desk.workbench.mlx_model_status("").await.unwrap().status, ModelStatus::Ready);
    let chosen = desk.workbench.mlx_models().await.unwrap();
    let chosen: Vec<&str> =
        chosen.iter().filter(|one| one.is_selected).map(|one| one.id.as_str()).collect();
    assert_eq!(chosen, [OTHER]);
    assert_eq!(desk.told(FOLDER).last(), Some(&ModelStatus::Downloaded));
    desk.workbench.unload_models().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_after_the_helper_was_killed() {
    let desk = Desk::new();
    desk.put(FOLDER);
    // Some seconds of work, of which a few milliseconds pass until the kill.
    let rows: Vec<String> = (0..2000).map(|row| format!("slow row {row}")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let sheet = desk.sheet(&rows).await;
    let column = desk.column(sheet, "answer", FOLDER).await;
    let options = EngineOptions::default();
    let run = desk.workbench.run(sheet, column, RunScope::Empty, &options).await.unwrap();
    let done =
        |events: &[Event]| events.iter().any(|event| matches!(event, Event::CellDone { .. }));
    desk.events.until(done).await;
    let found = helpers();
    assert_eq!(found.len(), 1);
    // Refused while it answers.
    let busy = desk.workbench.delete_mlx_model(FOLDER).await.unwrap_err();
    assert_eq!(busy.code, Code::Conflict);
    kill(found[0]);
    let outcome = run.finished().await;
    assert_eq!((outcome.error, outcome.progress.rows_done), (None, 2000));
    let is_restart = |event: &Event| matches!(event, Event::EngineRestarted { .. });
    assert_eq!(desk.events.all().iter().filter(|event| is_restart(event)).count(), 1);
    desk.workbench.unload_models().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_model_cells_keep_their_values_and_it_is_said() {
    let desk = Desk::new();
    desk.put(FOLDER);
    let sheet = desk.sheet(&["one", "two"]).await;
    let column = desk.column(sheet, "answer", LOCAL_MLX).await;
    desk.run(sheet, column, RunScope::Empty).await;
    let filled = desk.values(sheet, column).await;
    assert_eq!(filled, [Value::from("one"), Value::from("two")]);
    let text = desk.workbench.process_text("", "Repeat it.", "hello").await.unwrap();
    assert_eq!((text.text.as_str(), text.problem), ("hello", None));
    // Nothing but a model for MLX that is here is ever asked, least of all another machine.
    for other in ["openai:gpt-4o-mini", "mlx-community--Qwen3", "mlx-smollm3-3b"] {
        let text = desk.workbench.process_text(other, "Repeat it.", "hello").await.unwrap();
        assert_eq!(text.text, "hello");
        assert_eq!(text.problem.unwrap().code, Code::ModelMissing, "{other}");
    }

    desk.workbench.delete_mlx_model(FOLDER).await.unwrap();
    assert!(!desk.home.models().join(FOLDER).exists(), "its folder went, too");
    let options = EngineOptions::default();
    let error = desk.workbench.run(sheet, column, RunScope::All, &options).await.err().unwrap();
    assert_eq!(error.code, Code::ModelMissing);
    assert!(error.message.contains("keep their values"), "{error}");
    assert_eq!(desk.values(sheet, column).await, filled);
    let text = desk.workbench.process_text("", "Repeat it.", "hello").await.unwrap();
    assert_eq!(text.text, "hello", "the text as it was");
    assert_eq!(text.problem.unwrap().code, Code::ModelMissing);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_checkpoint_is_refused_before_the_helper_sees_it() {
    let desk = Desk::new();
    desk.put(FOLDER);
    let weights = desk.home.models().join(FOLDER).join("model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() - 4]).unwrap();
    let sheet = desk.sheet(&["one"]).await;
    let column = desk.column(sheet, "answer", FOLDER).await;
    let options = EngineOptions::default();
    let error = desk.workbench.run(sheet, column, RunScope::Empty, &options).await.err().unwrap();
    assert_eq!(error.code, Code::ModelBroken);
    assert!(error.message.contains("model.safetensors"), "{error}");
    assert_eq!(helpers(), [0; 0]);
    let info = desk.workbench.model_info(FOLDER).await.unwrap();
    assert!(info.problem.unwrap().contains("model.safetensors"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_helper_a_model_for_mlx_says_so_and_can_be_deleted() {
    let desk = Desk::with_helper(TempHome::new(), None);
    desk.put(FOLDER);
    let sheet = desk.sheet(&["one"]).await;
    let column = desk.column(sheet, "answer", FOLDER).await;
    let options = EngineOptions::default();
    let error = desk.workbench.run(sheet, column, RunScope::Empty, &options).await.err().unwrap();
    assert_eq!(error.code, Code::ModelMissing);
    assert!(error.message.contains("Apple Silicon"), "{error}");
    let recipe = desk.column(sheet, "chosen", LOCAL_MLX).await;
    let error = desk.workbench.run(sheet, recipe, RunScope::Empty, &options).await.err().unwrap();
    assert!(error.message.contains("Apple Silicon"), "not that it is to be downloaded: {error}");
    let refused = desk.workbench.process_text("", "Repeat it.", "hello").await.unwrap_err();
    assert_eq!(refused.code, Code::ModelMissing);
    let info = desk.workbench.model_info(FOLDER).await.unwrap();
    assert!(info.problem.unwrap().contains("Apple Silicon"));
    assert_eq!(desk.workbench.models().await.unwrap().len(), 1);
    desk.workbench.delete_model(FOLDER).await.unwrap();
    assert!(desk.workbench.models().await.unwrap().is_empty());
    let cells = desk.values(sheet, column).await;
    assert_eq!(cells, [Value::Null]);
}

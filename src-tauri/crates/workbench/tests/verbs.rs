//! The other verbs: sheets, files, previews, fills, models.

#![expect(clippy::unwrap_used, reason = "the functions that tests share fail a test as tests do")]

#[path = "verbs/clipboard.rs"]
mod clipboard;
#[path = "verbs/editing.rs"]
mod editing;
#[path = "verbs/models.rs"]
mod models;
#[path = "verbs/models_elsewhere.rs"]
mod models_elsewhere;
#[path = "verbs/models_hub.rs"]
mod models_hub;
#[path = "verbs/settings.rs"]
mod settings;
#[path = "verbs/splitting.rs"]
mod splitting;
#[path = "verbs/tuning.rs"]
mod tuning;
#[path = "verbs/views.rs"]
mod views;

use std::path::Path;

use braincells_core::{
    CellState, Code, DataType, Output, Recipe, RowId, RunScope, RunStatus, SheetId, Value,
};
use braincells_llm::{FakeAnswer, FakeEngine, LLMError};
use braincells_testing::{Scripted, scripted_workbench, text_recipe, typed_recipe};
use braincells_workbench::{
    ClipboardKind, EngineOptions, Fill, FillRequest, Format, ImportOptions, InputFile, OutputFile,
    RowSelection, RunOutcome,
};

const ANIMALS: &str = "animal,legs\nowl,2\ncat,4\n";

fn request(source: &Path) -> FillRequest {
    FillRequest {
        input: InputFile::new(source),
        columns: vec![("noise".to_owned(), text_recipe("What says the {{animal}}?"))],
        scope: RunScope::Empty,
        retry_failed: false,
        fresh: false,
        options: EngineOptions::default(),
    }
}

async fn finish(scripted: &Scripted, mut fill: Fill) -> Vec<RunOutcome> {
    let mut outcomes = Vec::new();
    for column in fill.columns.clone() {
        while let Some(run) = scripted
            .workbench
            .run_fill_column(&mut fill, column.id)
            .await
            .expect("the next run starts")
        {
            outcomes.push(run.finished().await);
        }
    }
    outcomes
}

#[tokio::test]
async fn a_table_comes_in_is_shown_and_goes_out() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let listed = scripted.workbench.sheets().await.unwrap();
    assert_eq!((listed[0].id, listed[0].name.as_str(), listed[0].row_count), (sheet, "sheet", 2));
    let only = ["legs".to_owned()];
    let shown = scripted.workbench.show(sheet, Some(&only), 1, 10).await.unwrap();
    assert_eq!(shown.columns[0].name, "legs");
    assert_eq!(shown.window.rows[0].cells[0].value, 4);
    let unknown = scripted.workbench.find_column(sheet, "Legs").await.unwrap_err();
    assert_eq!(unknown.code, Code::NotFound);
    assert!(unknown.hint.unwrap().contains("`legs`"));

    let target = scripted.home.outside().join("out.tsv");
    let rows = scripted.workbench.export(sheet, &OutputFile::new(&target)).await.unwrap();
    assert_eq!(rows, 2);
    let text = std::fs::read_to_string(&target).unwrap();
    assert_eq!(text.lines().collect::<Vec<_>>(), ["animal\tlegs", "owl\t2", "cat\t4"]);
    let nameless = scripted.home.outside().join("out");
    let to_nameless = OutputFile::new(&nameless);
    let refused = scripted.workbench.export(sheet, &to_nameless).await.unwrap_err();
    assert_eq!(refused.code, Code::BadInput);
    let format = Some(Format::Jsonl);
    let named = OutputFile { format, columns: Some(only.into()), ..to_nameless };
    scripted.workbench.export(sheet, &named).await.unwrap();
    assert_eq!(std::fs::read_to_string(&nameless).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn a_file_is_looked_at_before_it_comes_in_as_asked_for() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let source = scripted.home.write("codes.csv", "1;007\n2;008\n3;009\n");
    let options = ImportOptions {
        delimiter: Some(';'),
        header: Some(false),
        rows: RowSelection::First { count: 2 },
        types: vec![("column".to_owned(), DataType::Text)],
        ..ImportOptions::default()
    };
    let name = Some("codes of goods".to_owned());
    let file = InputFile { options, name, ..InputFile::new(&source) };
    let preview = scripted.workbench.preview_import(&file, 1).await.unwrap();
    assert_eq!(preview.rows, [[Value::from("1"), Value::from("007")]]);
    assert!(scripted.workbench.sheets().await.unwrap().is_empty());
    let left = std::fs::read_dir(scripted.home.home().temporary()).unwrap().count();
    assert_eq!(left, 0, "a preview keeps nothing");

    let info = scripted.workbench.import(&file).await.unwrap();
    assert_eq!((info.name.as_str(), info.row_count, info.column_count), ("codes of goods", 2, 2));
    let view = OutputFile {
        rows: Some(vec![RowId(2)]),
        ..OutputFile::new(scripted.home.outside().join("out.xlsx"))
    };
    assert_eq!(scripted.workbench.export(info.id, &view).await.unwrap(), 1);
    let back = scripted.workbench.import(&InputFile::new(&view.path)).await.unwrap();
    let shown = scripted.workbench.show(back.id, None, 0, 9).await.unwrap();
    let cells: Vec<&Value> = shown.window.rows[0].cells.iter().map(|cell| &cell.value).collect();
    assert_eq!(cells, ["2", "008"]);
}

#[tokio::test]
async fn pasted_text_is_a_sheet_of_its_own() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let text = "animal\tlegs\nowl\t2\n".to_owned();
    let options = ImportOptions::default();
    let workbench = &scripted.workbench;
    let info =
        workbench.import_text(text, ClipboardKind::Detect, "pasted", &options).await.unwrap();
    assert_eq!((info.name.as_str(), info.row_count, info.column_count), ("pasted", 1, 2));
    let nothing = workbench.import_text(String::new(), ClipboardKind::Detect, "x", &options).await;
    assert_eq!(nothing.unwrap_err().code, Code::BadInput);
    assert_eq!(workbench.sheets().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_way_a_table_is_read_is_a_part_of_its_fill() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let source = scripted.home.write("sheet.csv", ANIMALS);
    let first = scripted.workbench.start_fill(request(&source)).await.unwrap();
    let again = scripted.workbench.start_fill(request(&source)).await.unwrap();
    assert!(again.resumed && again.sheet == first.sheet);
    let rows = RowSelection::First { count: 1 };
    let options = ImportOptions { rows, ..ImportOptions::default() };
    let input = InputFile { options, ..InputFile::new(&source) };
    let fewer = FillRequest { input, ..request(&source) };
    let other = scripted.workbench.start_fill(fewer).await.unwrap();
    assert!(!other.resumed && other.sheet != first.sheet, "other rows are another table");
}

#[tokio::test]
async fn a_file_that_cannot_be_imported_leaves_nothing_behind() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let missing = scripted.home.outside().join("none.csv");
    let error = scripted.workbench.import(&InputFile::new(&missing)).await.unwrap_err();
    assert_eq!(error.code, Code::NotFound);
    let empty = scripted.home.write("empty.csv", "");
    let error = scripted.workbench.import(&InputFile::new(&empty)).await.unwrap_err();
    assert_eq!(error.code, Code::BadInput);
    assert!(scripted.workbench.sheets().await.unwrap().is_empty());
    let files = std::fs::read_dir(scripted.home.home().sheets()).unwrap();
    // Lock files stay, see the store.
    let is_lock = |path: &Path| path.extension().is_some_and(|end| end == "lock");
    assert_eq!(files.filter(|file| !is_lock(&file.as_ref().unwrap().path())).count(), 0);
}

#[tokio::test]
async fn a_sheet_is_found_by_id_by_its_beginning_and_by_name_but_never_guessed() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let first = scripted.sheet(ANIMALS).await;
    let workbench = &scripted.workbench;
    assert_eq!(workbench.find_sheet("sheet").await.unwrap(), first);
    let second = scripted.sheet(ANIMALS).await;
    let error = workbench.find_sheet("sheet").await.unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    assert!(error.message.contains(&first.to_string()), "{error}");
    assert!(error.message.contains(&second.to_string()), "{error}");
    assert_eq!(workbench.find_sheet(&second.to_string()).await.unwrap(), second);
    assert_eq!(workbench.find_sheet(&first.to_string()[..18]).await.unwrap(), first);
    for text in ["", "nothing", &SheetId::random().to_string()] {
        assert_eq!(workbench.find_sheet(text).await.unwrap_err().code, Code::NotFound, "{text}");
    }
    workbench.delete_sheet(first).await.unwrap();
    assert_eq!(workbench.find_sheet("sheet").await.unwrap(), second);
    assert_eq!(workbench.columns(first).await.unwrap_err().code, Code::NotFound);
    assert_eq!(workbench.delete_sheet(first).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn a_lost_catalogue_is_made_again_from_the_sheets() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let Scripted { workbench, home, .. } = scripted;
    drop(workbench);
    for entry in std::fs::read_dir(home.home().root()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::remove_file(path).unwrap();
        }
    }
    let again = Scripted::open(home, FakeEngine::echo());
    assert_eq!(again.workbench.find_sheet("sheet").await.unwrap(), sheet);
    assert_eq!(again.workbench.columns(sheet).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_recipe_that_cannot_work_is_refused_before_anything_happens() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let mut hot = text_recipe("{{animal}}");
    hot.sampling.temperature = f32::NAN;
    let one_label = Output::Label { labels: vec!["only".to_owned()] };
    for (name, recipe, code) in [
        ("a", text_recipe("{{bird}}"), Code::BadTemplate),
        ("a", text_recipe("{{animal"), Code::BadTemplate),
        ("a", text_recipe(" "), Code::BadInput),
        ("a", typed_recipe("{{animal}}", one_label), Code::BadInput),
        ("a", hot, Code::BadInput),
        (" ", text_recipe("{{animal}}"), Code::BadInput),
        ("legs", text_recipe("{{animal}}"), Code::Conflict),
    ] {
        let error = scripted.workbench.add_ai_column(sheet, name, recipe.clone()).await;
        assert_eq!(error.unwrap_err().code, code, "{recipe:?}");
    }
    assert_eq!(scripted.workbench.columns(sheet).await.unwrap().len(), 2);
    assert!(scripted.engines.models_asked().is_empty());
}

#[tokio::test]
async fn a_preview_shows_prompts_and_answers_and_stores_nothing() {
    let engine =
        FakeEngine::answering(|request| match request.messages.last().unwrap().content.as_str() {
            "owl" => FakeAnswer::text("hoot"),
            _ => FakeAnswer::Fail(LLMError::InferenceFailed { reason: "tired".to_owned() }),
        });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet("animal,id\nowl,1\n,2\ncat,3\nfox,4\n").await;
    let recipe = text_recipe("{{animal}}");
    let options = EngineOptions::default();
    let rows = scripted.workbench.preview(sheet, &recipe, 3, &options).await.unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!((&rows[0].value, &rows[0].error), (&Value::from("hoot"), &None));
    assert_eq!(rows[0].messages.last().unwrap().content, "owl");
    assert_eq!(rows[1].error.as_ref().unwrap().code, Code::BadInput);
    assert_eq!(rows[2].error.as_ref().unwrap().code, Code::EngineFailed);
    assert_eq!(scripted.engine.requests_seen(), 2);
    assert_eq!(scripted.workbench.columns(sheet).await.unwrap().len(), 2);
    assert!(scripted.workbench.runs(sheet).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_cell_by_hand_must_fit_its_column() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(ANIMALS).await;
    let workbench = &scripted.workbench;
    let output = Output::Label { labels: vec!["wild".to_owned(), "tame".to_owned()] };
    let recipe = typed_recipe("{{animal}}", output);
    let column = workbench.add_ai_column(sheet, "kind", recipe).await.unwrap().id;
    let row = scripted.cells(sheet, column).await[0].0;
    let wrong = workbench.edit_cell(sheet, column, row, Value::from("pet")).await.unwrap_err();
    assert_eq!(wrong.code, Code::OutputInvalid);
    workbench.edit_cell(sheet, column, row, Value::from("WILD")).await.unwrap();
    let cells = scripted.cells(sheet, column).await;
    assert_eq!((&cells[0].1, cells[0].2), (&Value::from("wild"), Some(CellState::Edited)));
    workbench.edit_cell(sheet, column, row, Value::Null).await.unwrap();
    let cells = scripted.cells(sheet, column).await;
    assert_eq!((&cells[0].1, cells[0].2), (&Value::Null, Some(CellState::Empty)));
    let legs = workbench.find_column(sheet, "legs").await.unwrap().id;
    let data = workbench.edit_cell(sheet, legs, row, Value::from("three")).await.unwrap_err();
    assert_eq!(data.code, Code::BadInput);
    workbench.edit_cell(sheet, legs, row, Value::from("3")).await.unwrap();
}

#[tokio::test]
async fn the_same_fill_again_asks_nothing_and_loads_no_model() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let source = scripted.home.write("animals.csv", ANIMALS);
    let fill = scripted.workbench.start_fill(request(&source)).await.unwrap();
    let sheet = fill.sheet;
    assert!(!fill.resumed);
    assert!(scripted.engines.models_asked().is_empty());
    let outcomes = finish(&scripted, fill).await;
    assert_eq!(outcomes.len(), 1);
    assert_eq!((outcomes[0].status, outcomes[0].progress.rows_done), (RunStatus::Done, 2));

    let scripted = scripted.reopen(FakeEngine::echo());
    let again = scripted.workbench.start_fill(request(&source)).await.unwrap();
    assert_eq!((again.sheet, again.resumed), (sheet, true));
    assert!(finish(&scripted, again).await.is_empty());
    assert_eq!(scripted.engine.requests_seen(), 0);
    assert!(scripted.engines.models_asked().is_empty());

    let mut other = request(&source);
    other.columns[0].1.sampling.seed = 1;
    let other = scripted.workbench.start_fill(other).await.unwrap();
    assert_ne!(other.sheet, sheet, "another recipe is another job");
    let fresh = FillRequest { fresh: true, ..request(&source) };
    let fresh = scripted.workbench.start_fill(fresh).await.unwrap();
    assert!(!fresh.resumed && fresh.sheet != sheet);
    std::fs::write(&source, "animal,legs\nbee,6\n").unwrap();
    let changed = scripted.workbench.start_fill(request(&source)).await.unwrap();
    assert!(!changed.resumed, "another table is another job");
}

#[tokio::test]
async fn a_fill_goes_on_where_it_stopped_and_retries_only_when_asked() {
    let engine = FakeEngine::answering(|request| {
        let about_owls = request.messages.last().unwrap().content.contains("owl");
        let refused = LLMError::InvalidRequest { reason: "no owls".to_owned() };
        let broken = LLMError::ChatTemplate { reason: "no cats".to_owned() };
        FakeAnswer::Fail(if about_owls { refused } else { broken })
    });
    let scripted = scripted_workbench(engine.with_parallel_requests(1));
    let source = scripted.home.write("animals.csv", ANIMALS);
    let fill = scripted.workbench.start_fill(request(&source)).await.unwrap();
    let outcomes = finish(&scripted, fill).await;
    assert_eq!((outcomes[0].status, outcomes[0].progress.rows_failed), (RunStatus::Failed, 1));

    let scripted = scripted.reopen(FakeEngine::echo());
    let fill = scripted.workbench.start_fill(request(&source)).await.unwrap();
    let sheet = fill.sheet;
    let outcomes = finish(&scripted, fill).await;
    assert_eq!((outcomes.len(), outcomes[0].status), (1, RunStatus::Done));
    let progress = &outcomes[0].progress;
    assert_eq!((progress.rows_done, progress.rows_failed, progress.rows_before), (1, 1, 1));
    assert_eq!(scripted.workbench.runs(sheet).await.unwrap().len(), 1, "the same run went on");

    let retry = FillRequest { retry_failed: true, ..request(&source) };
    let fill = scripted.workbench.start_fill(retry).await.unwrap();
    let outcomes = finish(&scripted, fill).await;
    assert_eq!((outcomes.len(), outcomes[0].progress.rows_done), (1, 1));
    assert_eq!(scripted.engine.requests_seen(), 2);
}

#[tokio::test]
async fn a_fill_with_a_bad_prompt_leaves_no_sheet_and_a_deleted_sheet_is_made_again() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let source = scripted.home.write("animals.csv", ANIMALS);
    let mut bad = request(&source);
    bad.columns.push(("size".to_owned(), text_recipe("{{wingspan}}")));
    let error = scripted.workbench.start_fill(bad).await.unwrap_err();
    assert_eq!(error.code, Code::BadTemplate);
    assert!(scripted.workbench.sheets().await.unwrap().is_empty());

    let fill = scripted.workbench.start_fill(request(&source)).await.unwrap();
    scripted.workbench.delete_sheet(fill.sheet).await.unwrap();
    let again = scripted.workbench.start_fill(request(&source)).await.unwrap();
    assert!(!again.resumed);
    assert_eq!(finish(&scripted, again).await[0].progress.rows_done, 2);
}

#[tokio::test]
async fn the_doctor_says_what_there_is_and_what_is_missing() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let doctor = scripted.workbench.doctor().await;
    assert!(doctor.physical_cores > 0);
    assert!(doctor.devices.iter().any(|device| !device.name.is_empty()));
    assert!(doctor.will_use.contains("CPU") || doctor.will_use.contains("GPU"));
    assert_eq!(doctor.default_model, None);
    assert!(doctor.problems[0].contains("scripts/starter-model"), "{:?}", doctor.problems);
}

#[tokio::test]
async fn the_prompt_that_made_a_cell_can_be_told_after_everything_changed() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet("text,note\nfirst,a\nsecond,b\nthird,c\n").await;
    let workbench = &scripted.workbench;
    let text = workbench.find_column(sheet, "text").await.unwrap().id;
    let recipe = text_recipe("Repeat {{text}} and {{note}}");
    let column = workbench.add_ai_column(sheet, "echo", recipe.clone()).await.unwrap().id;
    let rows = workbench.rows_at(sheet, None, 0, 3).await.unwrap();
    workbench.edit_cell(sheet, column, rows[0], Value::from("an example")).await.unwrap();
    let options = EngineOptions::default();
    let run = workbench.run(sheet, column, RunScope::Empty, &options).await.unwrap();
    run.finished().await;
    let history = workbench.cell_history(sheet, column, rows[1]).await.unwrap();
    let seq = history[0].seq;
    let prompt = workbench.cell_prompt(sheet, column, rows[1], seq).await.unwrap();
    let said: Vec<&str> = prompt.messages.iter().map(|m| m.content.as_str()).collect();
    assert!(said.last().unwrap().contains("second") && said.last().unwrap().contains('b'));
    assert!(said.contains(&"an example"), "{said:?}");
    assert!(!prompt.is_partial);

    workbench.edit_cell(sheet, text, rows[1], Value::from("changed")).await.unwrap();
    workbench.edit_cell(sheet, column, rows[2], Value::from("another")).await.unwrap();
    let other = Recipe { prompt: "Say {{text}}".to_owned(), ..recipe };
    workbench.set_recipe(sheet, column, other).await.unwrap();
    let later = workbench.cell_prompt(sheet, column, rows[1], seq).await.unwrap();
    assert_eq!(later, prompt);
    let edit = workbench.cell_history(sheet, column, rows[0]).await.unwrap()[0].seq;
    let error = workbench.cell_prompt(sheet, column, rows[0], edit).await.unwrap_err();
    assert_eq!(error.code, Code::BadInput);
}

//! Recipes out of sheets, into sheets and over tables.

#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]
#![expect(clippy::format_collect, reason = "test tables are plainer to read this way, and small")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use braincells_core::{
    Code, ColumnId, ExamplePolicy, Output, Recipe, RecipeExample, RunScope, RunStatus, Sampling,
    SheetId, Value,
};
use braincells_llm::{FakeAnswer, FakeEngine, LLMRequest, Message, Role};
use braincells_testing::{
    Scripted, TempHome, no_backends, scripted_workbench, text_recipe, typed_recipe,
};
use braincells_workbench::recipe_file::{self, RecipeFile};
use braincells_workbench::{
    EngineOptions, FillRequest, InputFile, LocalEngines, OutputFile, ProbeHere, RecipeFit,
    RecipePlan, SystemClock, Workbench, World,
};
use serde_json::json;

mod any_recipe;

const MAIL: &str =
    "id,text,channel\n1,I love it,mail\n2,\"It \"\"broke\"\"\",chat\n3,ok {{text}},mail\n";

/// The conversations that an engine was asked to go on with.
type Asked = Arc<Mutex<Vec<Vec<Message>>>>;

/// An engine with valid answers that depend on the question alone, which keeps what it was asked.
fn listening() -> (FakeEngine, Asked) {
    let asked = Asked::default();
    let kept = Arc::clone(&asked);
    let engine = FakeEngine::answering(move |request| {
        kept.lock().expect("no test panics here").push(request.messages.clone());
        FakeAnswer::text(answer(request))
    });
    (engine.with_parallel_requests(1), asked)
}

fn answer(request: &LLMRequest) -> String {
    let length = request.messages.last().map_or(0, |message| message.content.len());
    match &request.output {
        Output::Text => format!("answer {length}"),
        Output::Label { labels } => labels[length % labels.len()].clone(),
        Output::Labels { labels } => json!([labels[length % labels.len()]]).to_string(),
        Output::Number(_) => length.to_string(),
        Output::Boolean => length.is_multiple_of(2).to_string(),
        Output::Date => "2026-01-31".to_owned(),
        Output::Json { .. } => json!({ "length": length }).to_string(),
    }
}

async fn fill(scripted: &Scripted, sheet: SheetId) {
    for column in scripted.workbench.columns(sheet).await.unwrap() {
        if column.recipe().is_some() {
            let options = EngineOptions::default();
            let run = scripted.workbench.run(sheet, column.id, RunScope::Empty, &options).await;
            assert_eq!(run.unwrap().finished().await.status, RunStatus::Done);
        }
    }
}

async fn export(scripted: &Scripted, sheet: SheetId) -> String {
    scripted.workbench.export_recipe(sheet, None, true).await.unwrap().text
}

async fn import(scripted: &Scripted, sheet: SheetId, text: &str, fit: &RecipeFit) -> Vec<String> {
    let file = recipe_file::read(text, None).unwrap();
    let imported = scripted.workbench.import_recipe(sheet, &file, fit).await.unwrap();
    imported.columns.into_iter().map(|column| column.name).collect()
}

/// Every AI column of a sheet with its recipe.
async fn recipes(workbench: &Workbench, sheet: SheetId) -> Vec<(String, Recipe)> {
    let columns = workbench.columns(sheet).await.unwrap();
    let recipe = |c: braincells_core::Column| Some((c.name.clone(), c.recipe()?.clone()));
    columns.into_iter().filter_map(recipe).collect()
}

fn labels(labels: &[&str]) -> Output {
    Output::Label { labels: labels.iter().map(|label| (*label).to_owned()).collect() }
}

fn fit(mapping: &[(&str, &str)]) -> RecipeFit {
    let owned = |(one, other): &(&str, &str)| ((*one).to_owned(), (*other).to_owned());
    RecipeFit { mapping: mapping.iter().map(owned).collect(), ..RecipeFit::default() }
}

fn request(source: &Path) -> FillRequest {
    FillRequest {
        input: InputFile::new(source),
        columns: Vec::new(),
        scope: RunScope::Empty,
        retry_failed: false,
        fresh: false,
        options: EngineOptions::default(),
    }
}

#[tokio::test]
async fn a_sheet_and_its_recipe_survive_export_and_import_into_another_home() {
    let (engine, asked) = listening();
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(MAIL).await;
    let mut mood = typed_recipe("The mood of: {{text}}", labels(&["good", "bad"]));
    mood.system = Some("Be fair.\n".to_owned());
    mood.example_rows = vec![RecipeExample {
        inputs: json!({"text": "superb"}).as_object().unwrap().clone(),
        value: "good".into(),
    }];
    let mut reply = text_recipe("Answer the {{mood}} customer\r\n\t\"{{ text }}\" \\{{x}}\0");
    reply.sampling = Sampling { temperature: 0.7, seed: 7, ..Sampling::default() };
    scripted.workbench.add_ai_column(sheet, "mood", mood.clone()).await.unwrap();
    scripted.workbench.add_ai_column(sheet, "reply", reply.clone()).await.unwrap();
    fill(&scripted, sheet).await;
    let (id, rows) = column(&scripted, sheet, "mood").await;
    scripted.workbench.validate_cell(sheet, id, rows[0]).await.unwrap();
    scripted.workbench.edit_cell(sheet, id, rows[1], "bad".into()).await.unwrap();

    let exported = scripted.workbench.export_recipe(sheet, None, true).await.unwrap();
    assert_eq!((exported.columns.len(), exported.example_rows), (2, 2));
    let table = scripted.home.outside().join("table.parquet");
    let data = ["id".to_owned(), "text".to_owned(), "channel".to_owned()];
    let file = OutputFile { columns: Some(data.to_vec()), ..OutputFile::new(&table) };
    scripted.workbench.export(sheet, &file).await.unwrap();

    let (engine, asked_there) = listening();
    let there = scripted_workbench(engine);
    let table_copy = InputFile { name: Some("copy".to_owned()), ..InputFile::new(&table) };
    let copy = there.workbench.import(&table_copy).await.unwrap().id;
    let names = import(&there, copy, &exported.text, &RecipeFit::default()).await;
    assert_eq!(names, ["mood", "reply"]);
    let mut with_examples = mood.clone();
    for (text, value) in [("I love it", "good"), ("It \"broke\"", "bad")] {
        let inputs = json!({ "text": text }).as_object().unwrap().clone();
        with_examples.example_rows.push(RecipeExample { inputs, value: value.into() });
    }
    let expected = [("mood".to_owned(), with_examples), ("reply".to_owned(), reply)];
    assert_eq!(recipes(&there.workbench, copy).await, expected);
    assert_eq!(export(&there, copy).await, exported.text, "the copy is written as the original");

    // The third row was asked before there were examples; ask it again, here and there.
    let options = EngineOptions::default();
    for (bench, sheet, asked) in [(&scripted, sheet, &asked), (&there, copy, &asked_there)] {
        asked.lock().unwrap().clear();
        let (id, rows) = column(bench, sheet, "mood").await;
        let third = RunScope::These { ids: vec![rows[2]] };
        let run = bench.workbench.run(sheet, id, third, &options).await.unwrap();
        assert_eq!(run.finished().await.progress.rows_done, 1);
    }
    let prompts = asked.lock().unwrap().clone();
    assert_eq!(prompts, *asked_there.lock().unwrap());
    let said: Vec<&str> = prompts[0].iter().map(|message| message.content.as_str()).collect();
    assert!(said[0].starts_with("Be fair."), "{said:?}");
    assert_eq!(said.len(), 8, "three examples, the recipe's own first: {said:?}");
    assert_eq!((said[1], said[7]), ("The mood of: superb", "The mood of: ok {{text}}"));
}

async fn column(
    scripted: &Scripted,
    sheet: SheetId,
    name: &str,
) -> (ColumnId, Vec<braincells_core::RowId>) {
    let id = scripted.workbench.find_column(sheet, name).await.unwrap().id;
    (id, scripted.cells(sheet, id).await.into_iter().map(|(row, ..)| row).collect())
}

#[tokio::test]
async fn an_export_holds_what_was_asked_for_and_says_where_it_is_from() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(MAIL).await;
    let workbench = &scripted.workbench;
    let nothing = workbench.export_recipe(sheet, None, true).await.unwrap_err();
    assert!(nothing.message.contains("no AI column"), "{}", nothing.message);
    let mut recipe = text_recipe("{{text}} {{id}}");
    recipe.model = scripted.home.outside().join("secret/model.gguf").display().to_string();
    workbench.add_ai_column(sheet, "one", recipe).await.unwrap();
    let nameless = Recipe { model: String::new(), ..text_recipe("{{one}} {{channel}}") };
    workbench.add_ai_column(sheet, "two", nameless).await.unwrap();
    let (one, rows) = column(&scripted, sheet, "one").await;
    workbench.edit_cell(sheet, one, rows[0], "by hand".into()).await.unwrap();

    let whole = workbench.export_recipe(sheet, None, false).await.unwrap();
    assert!(!whole.text.contains("by hand") && whole.example_rows == 0);
    assert!(!whole.text.contains("secret"), "a folder of this machine is in the file");
    assert_eq!(whole.warnings.len(), 2, "no model is here: {:?}", whole.warnings);
    assert!(whole.warnings[0].contains("`model.gguf` is not here"), "{}", whole.warnings[0]);
    assert!(whole.warnings[1].contains("names no model"), "{}", whole.warnings[1]);
    let file = recipe_file::read(&whole.text, Some("")).unwrap();
    let origin = file.origin.clone().unwrap();
    assert_eq!(origin.made_at.as_deref(), Some("2027-01-15T08:00:00Z"));
    assert_eq!(origin.made_by.as_deref(), Some(concat!("Braincells ", env!("CARGO_PKG_VERSION"))));
    let types: Vec<String> =
        file.data_columns.iter().map(|c| format!("{} {:?}", c.name, c.value_type)).collect();
    assert_eq!(types, ["text Text", "id Number", "channel Text"]);

    let part = workbench.export_recipe(sheet, Some(&["two".to_owned()]), true).await.unwrap();
    let file = recipe_file::read(&part.text, Some("")).unwrap();
    assert_eq!(file.inputs(), ["one", "channel"]);
    let refused = workbench.export_recipe(sheet, Some(&["text".to_owned()]), true).await;
    assert_eq!(refused.unwrap_err().code, Code::BadInput);
    let unknown = workbench.export_recipe(sheet, Some(&["three".to_owned()]), true).await;
    assert_eq!(unknown.unwrap_err().code, Code::NotFound);
}

/// The second column of the file comes first: the first reads it.
const TWO: &str = "
columns:
  reply:
    modelName: scripted
    instruction: Answer {{mood}} {{text}}
  mood:
    modelName: scripted
    instruction: The mood of {{text}} by {{channel}}
braincells:
  data_columns:
  - {name: text, type: text}
  - {name: channel, type: number}
";

#[tokio::test]
async fn an_import_maps_renames_and_adds_all_or_nothing() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let sheet = scripted.sheet("Text,Channel,reply\nhi,mail,x\n").await;
    let file = recipe_file::read(TWO, None).unwrap();
    for (fit, code, expected) in [
        (RecipeFit::default(), Code::BadRecipe, "`reply`"),
        (fit(&[("reply", "answer")]), Code::BadRecipe, "`text` (line 5), `channel` (line 8)"),
        (fit(&[("reply", "answer"), ("text", "Text")]), Code::BadRecipe, "`channel` (line 8)"),
        (fit(&[("nobody", "x")]), Code::BadRecipe, "no column `nobody`"),
        (
            fit(&[("reply", "TEXT"), ("text", "Text"), ("channel", "Channel")]),
            Code::BadRecipe,
            "`TEXT`",
        ),
    ] {
        let error = workbench.import_recipe(sheet, &file, &fit).await.unwrap_err();
        assert_eq!(error.code, code, "{fit:?}: {error}");
        assert!(error.message.contains(expected), "{fit:?}: {}", error.message);
        assert_eq!(workbench.columns(sheet).await.unwrap().len(), 3, "{fit:?}");
    }
    let mut fit = fit(&[("text", "Text"), ("channel", "Channel")]);
    fit.rename = true;
    fit.model = Some("other".to_owned());
    let imported = workbench.import_recipe(sheet, &file, &fit).await.unwrap();
    assert_eq!(imported.renamed, [("reply".to_owned(), "reply_2".to_owned())]);
    assert_eq!(
        imported.warnings,
        ["the recipe was made for `Channel` as number, and here it is text"]
    );
    let added = recipes(workbench, sheet).await;
    let prompts: Vec<(&str, &str)> =
        added.iter().map(|(name, recipe)| (name.as_str(), recipe.prompt.as_str())).collect();
    assert_eq!(
        prompts,
        [("mood", "The mood of {{Text}} by {{Channel}}"), ("reply_2", "Answer {{mood}} {{Text}}")]
    );
    assert!(added.iter().all(|(_, recipe)| recipe.model == "other"));

    let again = workbench.import_recipe(sheet, &file, &fit).await.unwrap();
    let names: Vec<&str> = again.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["mood_2", "reply_3"]);
    let reply = again.columns[1].recipe().unwrap();
    assert_eq!(reply.prompt, "Answer {{mood_2}} {{Text}}", "it reads the column it came with");
}

#[tokio::test]
async fn another_model_is_said_and_a_missing_one_is_refused() {
    let home = TempHome::new();
    let clock = Arc::new(SystemClock);
    let engines = LocalEngines::new(home.home(), clock.clone());
    let events = Arc::new(braincells_core::IgnoreEvents);
    let (engines, probe) = (Arc::new(engines), Arc::new(ProbeHere));
    let open = World { home: home.home(), clock, events, engines, probe, cloud: no_backends() };
    let workbench = Workbench::open(open).unwrap();
    let model = |bytes: u8| {
        let file = braincells_testing::small_model(&bytes.to_string());
        std::fs::write(home.home().models().join("small.gguf"), file).unwrap();
    };
    model(1);
    let size_bytes = braincells_testing::small_model("1").len() as u64;
    let source = home.write("mail.csv", MAIL);
    let sheet = workbench.import(&InputFile::new(&source)).await.unwrap().id;
    let recipe = |model: &str| Recipe { model: model.to_owned(), ..text_recipe("Sum up {{text}}") };
    workbench.add_ai_column(sheet, "short", recipe("sma")).await.unwrap();
    let exported = workbench.export_recipe(sheet, None, true).await.unwrap();
    assert_eq!(exported.warnings, [""; 0]);
    let file = recipe_file::read(&exported.text, None).unwrap();
    assert_eq!(file.columns[0].recipe.model, "small.gguf", "the file's name and not its beginning");
    assert_eq!(file.columns[0].model_file.as_ref().unwrap().size_bytes, size_bytes);
    assert!(file.origin.as_ref().unwrap().engine.as_ref().unwrap().contains("llama.cpp"));

    let import = |file: RecipeFile, fit: RecipeFit| {
        let workbench = workbench.clone();
        async move { workbench.import_recipe(sheet, &file, &fit).await }
    };
    let renaming = RecipeFit { rename: true, ..RecipeFit::default() };
    let same = import(file.clone(), renaming.clone()).await.unwrap();
    assert_eq!(same.warnings, [""; 0]);
    model(2);
    let other = import(file.clone(), renaming.clone()).await.unwrap();
    assert_eq!(other.columns.len(), 1, "another model is no obstacle");
    assert!(other.warnings[0].contains("made with another model"), "{:?}", other.warnings);
    let check = workbench.check_recipe(&file, &RecipeFit::default(), None, None).await.unwrap();
    assert_eq!(check.warnings, other.warnings);

    let columns = workbench.columns(sheet).await.unwrap().len();
    let mut missing = file.clone();
    missing.columns[0].recipe.model = "large".to_owned();
    let error = import(missing.clone(), renaming.clone()).await.unwrap_err();
    assert_eq!(error.code, Code::ModelMissing);
    assert_eq!(error.message, "column `short`: there is no model `large`");
    assert!(error.hint.unwrap().ends_with("`--model` chooses one for every column"));
    assert_eq!(workbench.columns(sheet).await.unwrap().len(), columns);
    let chosen = RecipeFit { model: Some("small".to_owned()), ..renaming };
    let imported = import(missing, chosen).await.unwrap();
    assert_eq!(imported.columns[0].recipe().unwrap().model, "small");
    assert_eq!(imported.warnings, [""; 0], "a chosen model is not compared");
}

/// The three shapes in which AI Sheets exported over time, for one table.
const SHAPES: [&str; 3] = [
    "
columns:
  mood:
    prompt: |-

      Be strict.

      # Examples

      ## Example
      ### Input
      text: rain &amp; wind
      ### Output
      bad

      # User instruction

      The mood of {{text}}

      # Your response
    modelName: some-lab/model-8b
    modelProvider: \"\"
    searchEnabled: false
    task: text-generation
    instruction: The mood of {{text}}
    columnsReferences:
      - text
  reply:
    prompt: wrapped
    modelName: some-lab/model-8b
    modelProvider: groq
    task: text-generation
    instruction: Answer a {{mood}} customer
    columnsReferences: [mood]
",
    "
columns:
  mood:
    modelName: some-lab/model-8b
    modelProvider: auto
    userPrompt: The mood of {{text}}
    prompt: 'wrapped: The mood of {{text}}'
    searchEnabled: false
    columnsReferences:
    - text
",
    "
columns:
  mood:
    modelName: some-lab/model-8b
    modelProvider: hf-inference
    dtype: half
    prompt: The mood of {{text}}
    columnsReferences: [text]
",
];

#[tokio::test]
async fn a_recipe_of_ai_sheets_runs_in_all_its_shapes() {
    for (shape, columns) in SHAPES.iter().zip([2, 1, 1]) {
        let (engine, asked) = listening();
        let scripted = scripted_workbench(engine);
        let source = scripted.home.write("mail.csv", MAIL);
        let recipe = recipe_file::read(shape, None).unwrap();
        let fit = RecipeFit::default();
        let start = scripted.workbench.start_recipe(&recipe, &fit, request(&source));
        let (mut fill, _) = start.await.unwrap();
        assert_eq!(fill.columns.len(), columns, "{shape}");
        for column in fill.columns.clone() {
            let run = scripted.workbench.run_fill_column(&mut fill, column.id).await.unwrap();
            assert_eq!(run.unwrap().finished().await.progress.rows_done, 3, "{shape}");
        }
        let asked = asked.lock().unwrap();
        let first: Vec<(Role, &str)> =
            asked[0][1..].iter().map(|message| (message.role, message.content.as_str())).collect();
        let question = (Role::User, "The mood of I love it");
        let mut expected = vec![question];
        if columns == 2 {
            let example = [(Role::User, "The mood of rain & wind"), (Role::Assistant, "bad")];
            expected.splice(0..0, example);
        }
        assert_eq!(first, expected, "{shape}");
        if columns == 2 {
            let last = &asked.last().unwrap().last().unwrap().content;
            assert_eq!(last, "Answer a answer 23 customer", "the second column reads the first");
        }
    }
}

#[tokio::test]
async fn a_recipe_over_a_table_is_one_job_and_leaves_nothing_when_it_does_not_fit() {
    let (engine, asked) = listening();
    let scripted = scripted_workbench(engine);
    let workbench = &scripted.workbench;
    let source = scripted.home.write("mail.csv", MAIL);
    let recipe = recipe_file::read(TWO, None).unwrap();
    for (fit, expected) in [
        (fit(&[("text", "txt")]), "`txt` (line 5)"),
        (fit(&[("mood", "id")]), "makes a column `id` (line 6)"),
        (fit(&[("txt", "text")]), "no column `txt`"),
    ] {
        let error = workbench.start_recipe(&recipe, &fit, request(&source)).await.unwrap_err();
        assert!(error.message.contains(expected), "{}", error.message);
        assert!(workbench.sheets().await.unwrap().is_empty(), "{fit:?}");
    }
    let fit = fit(&[("channel", "id"), ("id", "id")]);
    let error = workbench.start_recipe(&recipe, &fit, request(&source)).await.unwrap_err();
    assert!(error.message.contains("no column `id`"), "{}", error.message);

    let fit = RecipeFit { mapping: vec![("channel".into(), "id".into())], ..RecipeFit::default() };
    let (mut fill, warnings) =
        workbench.start_recipe(&recipe, &fit, request(&source)).await.unwrap();
    assert_eq!(warnings, [""; 0], "a number was recorded and a number is there");
    let names: Vec<&str> = fill.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["mood", "reply"]);
    for column in fill.columns.clone() {
        let run = workbench.run_fill_column(&mut fill, column.id).await.unwrap().unwrap();
        assert_eq!(run.finished().await.status, RunStatus::Done);
    }
    assert_eq!(asked.lock().unwrap()[1].last().unwrap().content, "The mood of It \"broke\" by 2");
    let (mut again, _) = workbench.start_recipe(&recipe, &fit, request(&source)).await.unwrap();
    assert_eq!((again.sheet, again.resumed), (fill.sheet, true));
    for column in again.columns.clone() {
        assert!(workbench.run_fill_column(&mut again, column.id).await.unwrap().is_none());
    }

    let mut richer = recipe.clone();
    richer.columns[0].recipe.example_rows.push(RecipeExample::default());
    let (other, _) = workbench.start_recipe(&richer, &fit, request(&source)).await.unwrap();
    assert!(!other.resumed, "other examples are another job");
}

#[tokio::test]
async fn a_plan_tells_the_order_and_a_check_how_much_work_it_is() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let rows: String = (0..1000).map(|row| format!("{row},some text of a row,mail\n")).collect();
    let sheet = scripted.sheet(&format!("id,text,channel\n{rows},,\n")).await;
    let file = recipe_file::read(TWO, None).unwrap();
    let plan = RecipePlan::new(&file, &RecipeFit::default()).unwrap();
    let order: Vec<&str> = plan.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        (order, &plan.inputs[..]),
        (vec!["mood", "reply"], &["text".into(), "channel".into()][..])
    );
    assert!(plan.columns[1].references.contains(&"mood".to_owned()));

    let fit = RecipeFit::default();
    let whole = workbench.check_recipe(&file, &fit, Some(sheet), None).await.unwrap();
    let estimate = whole.estimate.unwrap();
    assert_eq!((estimate.rows, estimate.sampled_rows), (1001, 256));
    let [mood, reply] = &estimate.columns[..] else { panic!("{estimate:?}") };
    assert!(!mood.is_least && reply.is_least, "what `mood` will hold is not known");
    let options = EngineOptions::default();
    let prompt = workbench.preview(sheet, &file.columns[1].recipe, 1, &options);
    let prompt = &prompt.await.unwrap()[0].messages;
    let bytes: usize = prompt.iter().map(|message| message.content.len()).sum();
    let expected = (bytes / 3 * 1001) as f64;
    assert!((0.9..1.1).contains(&(mood.prompt_tokens as f64 / expected)), "{mood:?} {expected}");
    assert_eq!(mood.answer_tokens_most, 1001 * 256);
    let first = workbench.check_recipe(&file, &fit, Some(sheet), Some(10)).await.unwrap();
    let first = first.estimate.unwrap();
    assert_eq!((first.rows, first.columns[0].answer_tokens_most), (10, 2560));
    assert_eq!(
        whole.warnings,
        ["the recipe was made for `channel` as number, and here it is text"]
    );

    let empty = scripted.sheet("text,channel\n").await;
    let none = workbench.check_recipe(&file, &fit, Some(empty), None).await.unwrap().estimate;
    assert_eq!(none.unwrap().columns[0].prompt_tokens, 0);
    let other = scripted.sheet("a\n1\n").await;
    let error = workbench.check_recipe(&file, &fit, Some(other), None).await.unwrap_err();
    assert!(error.message.contains("2 columns that are not there"), "{}", error.message);
    assert_eq!(workbench.columns(sheet).await.unwrap().len(), 3, "nothing was added");
}

#[tokio::test]
async fn a_recipes_own_examples_count_before_those_of_the_sheet() {
    let (engine, asked) = listening();
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(MAIL).await;
    let example = |text: &str| RecipeExample {
        inputs: json!({"text": text, "unused": 1}).as_object().unwrap().clone(),
        value: "x".into(),
    };
    let mut recipe = text_recipe("Sum up {{text}}{{channel}}");
    recipe.example_rows = vec![example("one"), RecipeExample::default(), example("two")];
    recipe.examples = ExamplePolicy { max_count: 3, max_tokens: 1000 };
    scripted.workbench.add_ai_column(sheet, "short", recipe.clone()).await.unwrap();
    let (id, rows) = column(&scripted, sheet, "short").await;
    for row in &rows[..2] {
        scripted.workbench.edit_cell(sheet, id, *row, Value::from("by hand")).await.unwrap();
    }
    fill(&scripted, sheet).await;
    let questions: Vec<String> = asked.lock().unwrap()[0]
        .iter()
        .filter(|message| message.role == Role::User)
        .map(|message| message.content.clone())
        .collect();
    assert_eq!(
        questions,
        ["Sum up one", "Sum up two", "Sum up I love itmail", "Sum up ok {{text}}mail"],
        "an example without a value is passed over, and three are enough"
    );
    let rows = scripted.workbench.preview(sheet, &recipe, 1, &EngineOptions::default()).await;
    assert_eq!(rows.unwrap()[0].messages[1].content, "Sum up one", "a preview has them, too");
    recipe.examples.max_count = 0;
    let rows = scripted.workbench.preview(sheet, &recipe, 1, &EngineOptions::default()).await;
    assert_eq!(rows.unwrap()[0].messages.len(), 2);
}

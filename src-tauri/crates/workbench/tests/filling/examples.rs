use braincells_core::{ExamplePolicy, RunScope};
use braincells_workbench::ExampleView;

use super::*;

#[tokio::test]
async fn the_list_shows_exactly_what_a_run_shows_to_the_model() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let engine = FakeEngine::answering(move |request| {
        seen.lock().unwrap().push(request.clone());
        FakeAnswer::text("x")
    });
    let scripted = scripted_workbench(engine);
    let sheet = scripted.sheet(&numbered_rows(8)).await;
    let mut recipe = text_recipe("{{text}}");
    // Two tokens for each word of `row 1` and one word of answer: 6 each.
    recipe.examples = ExamplePolicy { max_count: 3, max_tokens: 14 };
    let column = add(&scripted, sheet, "answer", recipe).await;
    let ids = rows(&scripted, sheet, column).await;
    for (at, value) in [(0, "one"), (1, "far too many words to fit"), (2, "two"), (3, "three")] {
        scripted.workbench.edit_cell(sheet, column, ids[at], Value::from(value)).await.unwrap();
    }
    let guessed = scripted.workbench.examples(sheet, column).await.unwrap();
    assert!(!guessed.counted_by_model, "the model is not loaded yet");
    assert_eq!(guessed.examples.len(), 4);
    fill(&scripted, sheet, column, RunScope::These { ids: vec![ids[5]] }).await;
    let listed = scripted.workbench.examples(sheet, column).await.unwrap();
    assert!(listed.counted_by_model);
    let used: Vec<bool> = listed.examples.iter().map(|example| example.used).collect();
    assert_eq!(used, [true, false, true, false], "the last is beyond the tokens");
    let first = ExampleView {
        row: Some(ids[0]),
        inputs: vec![Value::from("row 0")],
        value: Value::from("one"),
        tokens: 6,
        used: true,
    };
    assert_eq!(listed.examples[0], first);
    let request = requests.lock().unwrap().pop().unwrap();
    let turns: Vec<&str> =
        request.messages[1..].iter().map(|message| message.content.as_str()).collect();
    assert_eq!(turns, ["row 0", "one", "row 2", "two", "row 5"]);
}

#[tokio::test]
async fn a_column_that_reads_nothing_shows_no_examples() {
    let scripted = scripted_workbench(upper());
    let sheet = scripted.sheet("id\n1\n").await;
    let column = add(&scripted, sheet, "name", text_recipe("A name.")).await;
    let row = rows(&scripted, sheet, column).await[0];
    scripted.workbench.edit_cell(sheet, column, row, Value::from("Ada")).await.unwrap();
    assert!(scripted.workbench.examples(sheet, column).await.unwrap().examples.is_empty());
}

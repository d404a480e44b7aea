//! The order of columns, and a recipe in a table that it was not made for.

use super::*;

#[test]
fn columns_come_after_what_they_need_and_else_stay_in_place() {
    let file = file(&[
        ("d", "{{c}} {{a}}"),
        ("c", "{{text}} {{b}}"),
        ("free", "no row"),
        ("a", "{{text}}"),
        ("b", "{{a}} {{a}}"),
    ]);
    assert_eq!(in_order(&file, &["text", "other"]).unwrap(), [2, 3, 4, 1, 0]);
}

#[test]
fn circles_strangers_and_taken_names_are_refused() {
    let refused = |columns: &[(&str, &str)]| in_order(&file(columns), &["text"]).unwrap_err();
    assert_eq!(
        refused(&[("ok", "{{a}}"), ("a", "{{b}}"), ("b", "{{text}} {{c}}"), ("c", "{{a}}")])
            .message,
        "the columns need each other in a circle: `a` needs `b` needs `c` needs `a`"
    );
    assert_eq!(
        refused(&[("a", "{{a}}")]).message,
        "the columns need each other in a circle: `a` needs `a`"
    );
    let stranger = refused(&[("a", "{{txt}}"), ("b", "{{a}}")]);
    assert_eq!(stranger.message, "the column `a` needs `txt`, and there is no such column");
    let hint = "did you mean `--map 'txt=text'`? the table's columns are `text`";
    assert_eq!(stranger.hint.as_deref(), Some(hint));
    let typo = refused(&[("mood", "{{text}}"), ("b", "{{moood}}")]).hint.unwrap();
    assert_eq!(typo, "did you mean `{{mood}}`? the table's columns are `text`");
    assert!(refused(&[("text", "x")]).message.contains("already has one"));
    assert!(refused(&[("a", "x"), ("a", "y")]).message.contains("twice"));
    assert_eq!(in_order(&RecipeFile::default(), &[]).unwrap(), [0; 0]);
}

/// Three columns in a file that was read, so that errors have lines.
const THREE: &str = "
columns:
  reply:
    modelName: m
    instruction: Answer {{mood}} {{text}}
  mood:
    modelName: m
    instruction: |
      The mood of
      {{ text }}, from {{channel}}
    braincells:
      example_rows:
      - {inputs: {text: hi, channel: mail}, value: good}
  free: {modelName: m, prompt: nothing}
";

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

#[test]
fn what_a_table_lacks_is_listed_with_lines_and_with_what_was_meant() {
    let file = read_ok(THREE);
    assert_eq!(file.inputs(), ["text", "channel"]);
    let error = in_order(&file, &["Text", "chanel", "id"]).unwrap_err();
    assert_eq!(
        error.message,
        "the recipe needs 2 columns that are not there: `text` (line 5), `channel` (line 8)"
    );
    assert_eq!(
        error.hint.unwrap(),
        "did you mean `--map 'text=Text'` `--map 'channel=chanel'`? the table's columns are \
         `Text`, `chanel`, `id`"
    );
    let error = in_order(&file, &["text"]).unwrap_err();
    let expected = "the column `mood` needs `channel` (line 8), and there is no such column";
    assert_eq!(error.message, expected);
    let mapped = file.mapped(&pairs(&[("text", "txt")])).unwrap();
    let error = in_order(&mapped, &["channel", "text"]).unwrap_err();
    assert!(error.message.contains("needs `txt` (line 5)"), "{}", error.message);
    assert!(error.hint.unwrap().contains("`--map 'text=text'`"), "the recipe's name is meant");
    let taken = in_order(&file, &["text", "channel", "Mood"]).unwrap_err();
    assert!(taken.message.contains("makes a column `mood` (line 6), and"), "{}", taken.message);
    assert!(taken.hint.unwrap().contains("--map 'mood=NEW NAME'"));
}

#[test]
fn a_circle_is_shown_with_lines() {
    let file = read_ok(
        "columns:\n  a: {modelName: m, prompt: '{{b}}'}\n  b: {modelName: m, prompt: '{{a}}'}",
    );
    assert_eq!(
        in_order(&file, &[]).unwrap_err().message,
        "the columns need each other in a circle: `a` (line 2) needs `b` (line 3) needs `a`"
    );
}

#[test]
fn names_are_mapped_in_prompts_examples_and_columns() {
    let file = read_ok(THREE);
    assert_eq!(file.mapped(&[]).unwrap(), file);
    let mapping = pairs(&[("text", "channel"), ("channel", "text"), ("mood", "the mood")]);
    let mapped = file.mapped(&mapping).unwrap();
    let prompts: Vec<&str> = mapped.columns.iter().map(|c| c.recipe.prompt.as_str()).collect();
    assert_eq!(
        prompts,
        [
            "Answer {{the mood}} {{channel}}",
            "The mood of\n{{ channel }}, from {{text}}\n",
            "nothing"
        ]
    );
    assert_eq!(mapped.columns[1].name, "the mood");
    assert_eq!(mapped.columns[0].references, ["the mood", "channel"]);
    let inputs = &mapped.columns[1].recipe.example_rows[0].inputs;
    assert_eq!((&inputs["channel"], &inputs["text"]), (&json!("hi"), &json!("mail")));
    assert_eq!(in_order(&mapped, &["text", "channel"]).unwrap(), [1, 0, 2]);
}

#[test]
fn a_mapping_that_cannot_hold_is_refused() {
    let file = read_ok(THREE);
    for (mapping, expected) in [
        (&[("txt", "x")][..], "no column `txt` to map"),
        (&[("text", " ")], "mapped to nothing"),
        (&[("text", "a"), ("text", "b")], "mapped twice"),
        (&[("text", "a"), ("channel", "a")], "`text` and `channel`, would be `a`"),
        (&[("text", "mood")], "would be `mood`"),
        (&[("text", "x}}y")], "cannot refer to the column `x}}y`"),
        (&[("mood", "{{mood}}")], "cannot refer to the column `{{mood}}`"),
    ] {
        let error = file.mapped(&pairs(mapping)).unwrap_err();
        assert!(error.message.contains(expected), "{mapping:?}: {}", error.message);
        assert!(error.hint.is_some(), "{mapping:?}");
    }
    let meant = file.mapped(&pairs(&[("txt", "x")])).unwrap_err();
    assert_eq!(meant.hint.as_deref(), Some("did you mean `text`?"));
    let odd = file.mapped(&pairs(&[("text", "{a}")])).unwrap();
    assert_eq!(odd.columns[0].references, ["mood", "{a}"]);
}

#[test]
fn a_taken_name_gets_a_number_that_is_free_everywhere() {
    let file = read_ok(THREE);
    let present = ["text", "channel", "MOOD", "mood_2", "free"];
    let (renamed, names) = file.renamed_apart(&present).unwrap();
    assert_eq!(names, pairs(&[("mood", "mood_3"), ("free", "free_2")]));
    assert_eq!(renamed.columns[0].recipe.prompt, "Answer {{mood_3}} {{text}}");
    assert_eq!(in_order(&renamed, &present).unwrap(), [1, 0, 2]);
}

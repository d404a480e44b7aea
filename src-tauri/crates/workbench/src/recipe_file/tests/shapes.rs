//! What AI Sheets wrote over time, and what we write.

use super::*;

/// As AI Sheets exports since September 2025.
pub(super) const CURRENT: &str = r#"
columns:
  topic of text:
    prompt: |-

      You are a strict engine that works on data.

      # Examples

      ## Example
      ### Input
      text: rain &amp; wind
      ### Output
      weather

      # User instruction

      Name the topic of {{text}}

      # Your response
    modelName: some-lab/model-8b
    modelProvider: ""
    searchEnabled: false
    task: text-generation
    instruction: Name the topic of {{text}}
    columnsReferences:
      - text
  summary:
    prompt: wrapped
    modelName: some-lab/model-8b
    modelProvider: groq
    endpointUrl: ""
    searchEnabled: true
    task: text-generation
    instruction: "Sum up {{text}} as {{ topic of text }}"
    columnsReferences: [text, topic of text]
"#;

/// As it exported in August 2025.
pub(super) const OLDER: &str = "
columns:
  mood:
    modelName: some-lab/model-8b
    modelProvider: auto
    userPrompt: What is the mood of {{text}}?
    prompt: 'wrapped: What is the mood of {{text}}?'
    searchEnabled: false
    columnsReferences:
    - text
";

/// As people write it for the scripts.
pub(super) const BY_HAND: &str = "
columns:
  label:
    modelName: some-lab/model-8b
    modelProvider: hf-inference
    dtype: half
    prompt: |
      # System role

      Work on {{text}}
    columnsReferences: [text]
";

#[test]
fn the_current_shape_gives_the_users_own_words() {
    let file = read_ok(CURRENT);
    let [topic, summary] = &file.columns[..] else { panic!("{file:?}") };
    assert_eq!(topic.name, "topic of text");
    assert_eq!(topic.recipe.prompt, "Name the topic of {{text}}");
    assert_eq!(topic.recipe.model, "some-lab/model-8b");
    assert_eq!(topic.recipe.output, Output::Text);
    assert_eq!(topic.references, ["text"]);
    assert_eq!(topic.recipe.example_rows, [example(&json!({"text": "rain & wind"}), "weather")]);
    assert_eq!(summary.recipe.example_rows, []);
    assert_eq!(summary.references, ["text", "topic of text"]);
    assert_eq!(
        file.warnings,
        [
            "the column `summary` searches the web in AI Sheets; here it is filled without",
            "the column `summary` was made with the provider `groq`, which is not used",
        ]
    );
}

#[test]
fn the_older_shape_has_the_words_in_another_key() {
    let file = read_ok(OLDER);
    assert_eq!(file.columns[0].recipe.prompt, "What is the mood of {{text}}?");
    assert_eq!(file.warnings, [""; 0]);
}

#[test]
fn a_file_written_by_hand_keeps_its_prompt_as_it_is() {
    let file = read_ok(BY_HAND);
    assert_eq!(file.columns[0].recipe.prompt, "# System role\n\nWork on {{text}}\n");
    assert_eq!(file.columns[0].references, ["text"]);
}

#[test]
fn blank_keys_count_as_missing_and_references_are_found_in_the_prompt() {
    let file = read_ok(
        "columns: {a: {modelName: m, instruction: ' ', userPrompt: '', prompt: '{{x}} {{ y }}',
         columnsReferences: [z, x]}}",
    );
    assert_eq!(file.columns[0].recipe.prompt, "{{x}} {{ y }}");
    assert_eq!(file.columns[0].references, ["x", "y", "z"]);
}

#[test]
fn the_callers_model_stands_in_for_a_missing_one() {
    let yaml = "columns: {a: {instruction: hi}, b: {instruction: hi, modelName: own}}";
    let file = read(yaml, Some("starter")).unwrap();
    let models: Vec<_> = file.columns.iter().map(|column| column.recipe.model.as_str()).collect();
    assert_eq!(models, ["starter", "own"]);
    assert_eq!(message(yaml), "the column `a` names no model (line 1 of the recipe file)");
}

#[test]
fn examples_are_found_in_a_prompt_that_ai_sheets_wrapped() {
    let file = read_ok(
        "
columns:
  reply:
    modelName: m
    instruction: Answer {{customer name}} about {{text}}
    prompt: |
      # Examples

      Work as in these.

      ## Example
      ### Input
      customer name: Ann
      text: two
        lines: of text &lt;b&gt; &amp;amp;

      ### Output
      Dear Ann,

      thanks

      ## Example
      ### Input
      ### Output
      nothing was asked

      ## Example
      ### Input
      text: only one input
      ### Output
      fine

      # User instruction

      Answer {{customer name}} about {{text}}

      # Your response
    columnsReferences: [customer name, text]
",
    );
    let first = json!({"customer name": "Ann", "text": "two\n  lines: of text <b> &amp;"});
    assert_eq!(
        file.columns[0].recipe.example_rows,
        [
            example(&first, "Dear Ann,\n\nthanks"),
            example(&json!({"text": "only one input"}), "fine")
        ]
    );
}

#[test]
fn the_example_that_ai_sheets_cut_off_is_left_out() {
    let one = format!("## Example\n### Input\ntext: {}\n### Output\nyes\n", "long ".repeat(300));
    let section = format!("# Examples\n\n{}", one.repeat(9));
    let cut: String = section.chars().take(8192).collect();
    for (section, expected) in [(&cut, 5), (&section[..one.len() * 3 + 12].to_owned(), 3)] {
        let prompt = format!("{section}\n\n# User instruction\n\nIs {{{{text}}}} long?");
        let indented = prompt.replace('\n', "\n      ");
        let yaml = format!(
            "columns:\n  a:\n    modelName: m\n    instruction: 'Is {{{{text}}}} long?'\n    \
             prompt: |\n      {indented}\n"
        );
        assert_eq!(read_ok(&yaml).columns[0].recipe.example_rows.len(), expected);
    }
}

#[test]
fn a_prompt_that_is_used_as_it_stands_keeps_its_examples_where_they_are() {
    let file = read_ok(
        "columns: {a: {modelName: m, prompt: \"# Examples\\n## Example\\n### Input\\nx: 1\\n### \
         Output\\n2\\n# User instruction\\nDouble {{x}}\"}}",
    );
    assert_eq!(file.columns[0].recipe.example_rows, []);
    assert!(file.columns[0].recipe.prompt.contains("### Output"));
}

#[test]
fn our_keys_are_read_and_a_misspelt_one_is_named() {
    let file = read_ok(
        "
columns:
  mood:
    modelName: m
    instruction: Rate {{text}}
    braincells:
      version: 1
      system: Be brief.
      output: {type: label, labels: [yes, no, '1']}
      sampling: {temperature: 0.7, tempreature: 1, seed: 7, stop: [END]}
      examples: {max_count: 3, max_tokens: 99}
      exmaples: {max_count: 4}
      example_rows:
      - {inputs: {text: fine, gone: 1}, value: yes}
      - {inputs: {text: so so}, value: 1}
      - {inputs: {text: bad}, value: maybe}
      model_file: {sha256: 12AB, size_bytes: 3}
    dtype: half
    owner: me
braincells:
  made_by: Braincells 0.1.0
  made_in: a hurry
  data_columns:
  - {name: text, type: text}
  - {name: taste, type: smell}
title: mine
",
    );
    let RecipeColumn { recipe, model_file, .. } = &file.columns[0];
    assert_eq!(
        recipe.output,
        Output::Label { labels: vec!["yes".into(), "no".into(), "1".into()] }
    );
    assert_eq!((recipe.sampling.temperature, recipe.sampling.top_p), (0.7, 1.0));
    assert_eq!((recipe.sampling.seed, &recipe.sampling.stop[..]), (7, &["END".to_owned()][..]));
    assert_eq!(recipe.examples, ExamplePolicy { max_count: 3, max_tokens: 99 });
    assert_eq!(recipe.system.as_deref(), Some("Be brief."));
    let values: Vec<&Value> = recipe.example_rows.iter().map(|example| &example.value).collect();
    assert_eq!(values, ["yes", "1", "maybe"], "a number among labels is read as the label");
    assert_eq!(recipe.example_rows[0].inputs["text"], "fine");
    assert_eq!(*model_file, None);
    let columns = [DataColumn { name: "text".to_owned(), value_type: ValueType::Text }];
    assert_eq!(file.data_columns, columns);
    assert_eq!(file.origin.as_ref().unwrap().made_by.as_deref(), Some("Braincells 0.1.0"));
    for (warning, expected) in file.warnings.iter().zip([
        "the value of example 3 is no valid label",
        "its `sha256` is none",
        "the file has a key `title`",
        "`made_in` under `braincells`",
        "the column `mood` has a key `owner`",
        "`exmaples` under `braincells`",
        "`tempreature` under `sampling`",
    ]) {
        assert!(warning.contains(expected), "{warning}");
    }
    assert_eq!(file.warnings.len(), 7, "{:?}", file.warnings);
}

//! Shapes, order, hostile files, and the way there and back.

use braincells_core::{Code, ExamplePolicy, Output, Recipe, Sampling};
use braincells_llm::prompt::Example;
use proptest::prelude::*;
use serde_json::json;

use super::{MOST_BYTES, RecipeColumn, RecipeFile, in_order, read, write};

/// As AI Sheets exports since September 2025.
const CURRENT: &str = r#"
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
const OLDER: &str = "
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
const BY_HAND: &str = "
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

fn read_ok(yaml: &str) -> RecipeFile {
    read(yaml, None).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

fn message(yaml: &str) -> String {
    let error = read(yaml, None).expect_err(yaml);
    assert!([Code::BadRecipe, Code::BadTemplate].contains(&error.code), "{error:?}");
    assert!(!error.message.contains('\n') && error.message.len() < 400, "{}", error.message);
    assert!(error.hint.is_some(), "{}", error.message);
    error.message
}

fn column(name: &str, prompt: &str) -> RecipeColumn {
    let recipe = Recipe {
        prompt: prompt.to_owned(),
        system: None,
        model: "m.gguf".to_owned(),
        output: Output::Text,
        sampling: Sampling::default(),
        examples: ExamplePolicy::default(),
    };
    RecipeColumn::new(name, recipe, Vec::new()).unwrap()
}

fn file(columns: &[(&str, &str)]) -> RecipeFile {
    let columns = columns.iter().map(|(name, prompt)| column(name, prompt)).collect();
    RecipeFile { columns, warnings: Vec::new() }
}

#[test]
fn the_current_shape_gives_the_users_own_words() {
    let file = read_ok(CURRENT);
    let [topic, summary] = &file.columns[..] else { panic!("{file:?}") };
    assert_eq!(topic.name, "topic of text");
    assert_eq!(topic.recipe.prompt, "Name the topic of {{text}}");
    assert_eq!(topic.recipe.model, "some-lab/model-8b");
    assert_eq!(topic.recipe.output, Output::Text);
    assert_eq!(topic.references, ["text"]);
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
    assert_eq!(message(yaml), "the column `a` names no model");
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
",
    );
    let RecipeColumn { recipe, examples, .. } = &file.columns[0];
    assert_eq!(
        recipe.output,
        Output::Label { labels: vec!["yes".into(), "no".into(), "1".into()] }
    );
    assert_eq!((recipe.sampling.temperature, recipe.sampling.top_p), (0.7, 1.0));
    assert_eq!((recipe.sampling.seed, &recipe.sampling.stop[..]), (7, &["END".to_owned()][..]));
    assert_eq!(recipe.examples, ExamplePolicy { max_count: 3, max_tokens: 99 });
    assert_eq!(recipe.system.as_deref(), Some("Be brief."));
    assert_eq!(*examples, [Example { inputs: vec![json!("fine")], value: json!("yes") }]);
    assert_eq!(file.warnings.len(), 2, "{:?}", file.warnings);
    assert!(file.warnings[0].contains("`exmaples` under `braincells`"), "{}", file.warnings[0]);
    assert!(file.warnings[1].contains("`tempreature` under `sampling`"), "{}", file.warnings[1]);
}

#[test]
fn what_cannot_be_used_is_refused_in_one_line_that_says_where() {
    for (yaml, expected) in [
        ("", "cannot read the recipe file"),
        ("- a\n- b", "line 1: "),
        ("columns:\n  a:\n    modelName: [m]\n", "line 3: columns.a.modelName: "),
        ("columns:\n  a: {modelName: m\n", "line "),
        ("columns:\n  a:\n    searchEnabled: maybe\n", "line 3: "),
        ("columns:\n  a: {braincells: {output: {type: picture}}}", "unknown variant `picture`"),
        ("columns: []", "a mapping from column names"),
        ("columns: {}", "no columns"),
        ("columns:", "no columns"),
        ("columns: a", "a mapping"),
        ("cols: {}", "missing field `columns`"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("columns: {a: {modelName: m}}", "the column `a` has no prompt"),
        (
            "columns: {a: {prompt: x, modelName: m}, ' a ': {prompt: y, modelName: m}}",
            "comes twice",
        ),
        ("columns: {' ': {prompt: x, modelName: m}}", "a column has no name"),
        ("columns: {a: {instruction: 'x {{y', modelName: m}}", "column `a`: the prompt opens"),
        ("columns: {a: {prompt: x, modelName: m, braincells: {version: 2}}}", "a newer Braincells"),
        ("columns: {a: !thing {prompt: x}}", "cannot read"),
        (
            "columns: {pic: {instruction: x, modelName: m, task: text-to-image, imageColumn: y}}",
            "the column `pic` has the task `text-to-image`",
        ),
    ] {
        let message = message(yaml);
        assert!(message.contains(expected), "{yaml}\n{message}");
    }
}

#[test]
fn a_hostile_file_costs_nothing() {
    assert!(message(&" ".repeat(MOST_BYTES + 1)).contains("larger than 1024 KiB"));

    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let again = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs +=
            &["a", &level.to_string(), ": &a", &level.to_string(), " [", &again, "]\n"].concat();
    }
    assert!(message(&format!("{laughs}columns: {{a: *a11}}")).starts_with("cannot read"));

    let long = format!(
        "big: &b {}\ncolumns:\n  a:\n    modelName: m\n    prompt: p\n",
        "x".repeat(500_000)
    );
    let many = format!("{long}    columnsReferences: [{}]\n", vec!["*b"; 100_000].join(","));
    assert!(message(&many).contains("aliases make it too large"));

    assert!(message("columns: &c {a: *c}").starts_with("cannot read"));
    assert!(message(&"[".repeat(50_000)).starts_with("cannot read"));
    let aliased = "columns: {a: &a {prompt: x, modelName: m}, b: *a}";
    assert_eq!(read_ok(aliased).columns.len(), 2, "a few aliases are fine");
}

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
    assert_eq!(stranger.hint.as_deref(), Some("the columns it can refer to are `b`, `text`"));
    assert!(refused(&[("text", "x")]).message.contains("already has one"));
    assert!(refused(&[("a", "x"), ("a", "y")]).message.contains("twice"));
    assert_eq!(in_order(&RecipeFile::default(), &[]).unwrap(), [0; 0]);
}

#[test]
fn what_ai_sheets_wrote_survives_being_read_and_written() {
    for yaml in [CURRENT, OLDER, BY_HAND] {
        let first = read_ok(yaml);
        let second = read_ok(&write(&first).unwrap());
        assert_eq!(second.columns, first.columns);
        assert_eq!(second.warnings, [""; 0], "what was not kept is not written");
    }
}

/// A labelled column with everything that can be set.
fn full() -> RecipeFile {
    let recipe = Recipe {
        prompt: "Mood of {{ text }} by {{2024-01-01}}?\n\n\\{{not a column}}\n".to_owned(),
        system: Some("Be brief.\nBe right.".to_owned()),
        model: "no".to_owned(),
        output: Output::Label { labels: vec!["yes".into(), "no".into(), "1: x".into()] },
        sampling: Sampling {
            max_tokens: Some(9),
            temperature: 0.7,
            top_p: 0.9,
            top_k: 40,
            seed: u64::MAX,
            stop: vec!["\n\n".into(), "END".into()],
        },
        examples: ExamplePolicy { max_count: 2, max_tokens: 300 },
    };
    let examples = vec![
        Example { inputs: vec![json!("great \"fun\""), json!(7)], value: json!("yes") },
        Example { inputs: vec![json!({"a": [1, 2.5]}), json!(null)], value: json!("no") },
    ];
    let mood = RecipeColumn::new("mood: 1", recipe, examples).unwrap();
    RecipeFile { columns: vec![mood, column("true", "{{mood: 1}}")], warnings: Vec::new() }
}

#[test]
fn everything_of_ours_survives_being_written_and_read() {
    let file = full();
    let yaml = write(&file).unwrap();
    assert_eq!(read_ok(&yaml), file, "{yaml}");
    assert_eq!(write(&read_ok(&yaml)).unwrap(), yaml, "writing is stable");
}

#[test]
fn a_script_finds_what_it_needs() {
    let yaml = write(&full()).unwrap();
    let parsed: serde_norway::Value = serde_norway::from_str(&yaml).unwrap();
    let mood = &parsed["columns"]["mood: 1"];
    assert_eq!(mood["modelName"].as_str(), Some("no"));
    assert_eq!(mood["modelProvider"].as_str(), Some("auto"), "an empty one is rejected");
    let references = mood["columnsReferences"].as_sequence().unwrap();
    assert_eq!(
        references.iter().map(|r| r.as_str().unwrap()).collect::<Vec<_>>(),
        ["text", "2024-01-01"]
    );

    // The scripts replace `{{name}}` in `prompt` by the row's text, and nothing else.
    let prompt = mood["prompt"].as_str().unwrap();
    let filled = prompt.replace("{{text}}", "a <b> & c").replace("{{2024-01-01}}", "me");
    assert!(filled.contains("Be right."), "{filled}");
    assert!(filled.contains("Mood of great \"fun\" by 7?"), "{filled}");
    assert!(filled.contains("### Answer\n\nyes"), "{filled}");
    let end = "Mood of a <b> & c by me?\n\n{{not a column}}\n\n\n# Answer\n";
    assert!(filled.ends_with(end), "{filled}");

    let keys: Vec<_> = mood.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap()).collect();
    assert_eq!(
        keys,
        [
            "prompt",
            "modelName",
            "modelProvider",
            "searchEnabled",
            "task",
            "instruction",
            "columnsReferences",
            "braincells"
        ]
    );
}

#[test]
fn names_that_yaml_1_1_reads_as_something_else_are_quoted() {
    for name in ["no", "Yes", "on", "~", "1:30", "2024-01-01", "1_000", "0o7", ".5", "<<", "=", "n"]
    {
        let yaml = write(&file(&[(name, &format!("{{{{x {name}}}}}"))])).unwrap();
        assert!(yaml.contains(&format!("\n  \"{name}\":\n")), "{yaml}");
    }
}

#[test]
fn a_very_long_name_survives() {
    let file = file(&[("long ".repeat(400).trim_end(), "x")]);
    assert_eq!(read_ok(&write(&file).unwrap()), file);
}

#[test]
fn nothing_to_write_and_writing_twice_are_refused() {
    assert_eq!(write(&RecipeFile::default()).unwrap_err().code, Code::BadRecipe);
    let twice = file(&[("a", "x"), ("a", "y")]);
    assert!(write(&twice).unwrap_err().message.contains("two columns called `a`"));
}

/// Texts with something in them, hard to write down, and without references.
fn texts() -> impl Strategy<Value = String> {
    let character =
        prop_oneof![any::<char>(), Just('\n'), Just(' '), Just('\u{85}'), Just('\u{2028}')];
    let text = prop_oneof![
        "[ \\t\\na-c:#'\"|>{}-]{1,30}",
        any::<String>(),
        proptest::collection::vec(character, 1..20).prop_map(String::from_iter),
    ];
    text.prop_map(|text| if text.trim().is_empty() { text + "x" } else { text.replace('{', "{ ") })
}

proptest! {
    #[test]
    fn any_text_survives(name in texts(), prompt in texts(), model in texts(), stop in texts()) {
        let mut column = column(name.trim(), &prompt);
        column.recipe.model = model;
        column.recipe.system = Some(stop.clone());
        column.recipe.sampling.stop = vec![stop.clone()];
        column.recipe.output = Output::Json { schema: json!({ stop: [[], [{}, prompt], [[1e-7]]] }) };
        let file = RecipeFile { columns: vec![column], warnings: Vec::new() };
        let yaml = write(&file).unwrap();
        prop_assert_eq!(read(&yaml, None).map_err(|e| format!("{e}\n{yaml}")), Ok(file));
    }

    #[test]
    fn no_text_is_a_panic(yaml in "[a-c:{}\\[\\],&*!|>#' \n-]{0,60}") {
        if let Ok(file) = read(&format!("columns:\n  {yaml}"), Some("m")) {
            prop_assert!(!file.columns.is_empty());
        }
    }
}

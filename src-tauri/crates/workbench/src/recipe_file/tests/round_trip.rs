//! Written and read again.

use braincells_core::CalibrationMode;
use proptest::prelude::*;
use serde_norway::Value as Yaml;

use super::shapes::{BY_HAND, CURRENT, OLDER};
use super::*;

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
            min_p: 0.05,
            seed: u64::MAX,
            stop: vec!["\n\n".into(), "END".into()],
        },
        examples: ExamplePolicy { max_count: 2, max_tokens: 300 },
        example_rows: vec![
            example(&json!({"text": "great \"fun\"", "2024-01-01": 7}), "yes"),
            example(&json!({"text": {"a": [1, 2.5]}}), "no"),
        ],
        calibration: CalibrationMode::Batch,
    };
    let mut mood = RecipeColumn::new("mood: 1", recipe).unwrap();
    mood.model_file = Some(ModelIdentity { sha256: "0f".repeat(32), size_bytes: 7 });
    let mut file = RecipeFile::new(vec![mood, column("true", "{{mood: 1}}")]);
    file.data_columns =
        vec![DataColumn { name: "2024-01-01".to_owned(), value_type: ValueType::Time }];
    file.origin = Some(Origin {
        made_by: Some("Braincells 0.1.0".to_owned()),
        made_at: Some("2026-11-21T09:00:00Z".to_owned()),
        engine: None,
    });
    file
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
    let parsed: Yaml = serde_norway::from_str(&yaml).unwrap();
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

#[test]
fn a_prompt_of_anything_survives_byte_for_byte() {
    let long = "emoji 🧠 and \"quotes\" and 'more': # not a comment\n\t- no list\n";
    for text in [
        long.repeat((1 << 20) / long.len()),
        "\"".repeat(1 << 20),
        "\0\u{1}\u{1b}[2J\u{7f}\u{85}\u{feff}\u{2028}\r\n\r".repeat(1 << 14),
        r"\{{ not a reference }} \\\{{ }} }} { {".repeat(100),
        "\n\n  leading and trailing  \n\n".to_owned(),
        "--- \n... \n%YAML 1.1\n&a *a !b <<: |\n".to_owned(),
    ] {
        let mut column = column("a", &text);
        column.recipe.system = Some(text.chars().take(1000).collect::<String>() + "x");
        let file = RecipeFile::new(vec![column]);
        let yaml = write(&file).unwrap();
        assert!(read_ok(&yaml) == file, "{}", yaml.chars().take(500).collect::<String>());
    }
}

#[test]
fn a_file_that_could_not_be_read_is_not_written() {
    let columns = (0..5).map(|n| column(&format!("c{n}"), &"long ".repeat(1 << 18))).collect();
    let error = write(&RecipeFile::new(columns)).unwrap_err();
    assert!(error.message.contains("larger than 8 MiB"), "{}", error.message);
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
        // Where a schema may hold anything.
        let remark = json!([{ stop: [[], [{}, prompt], [[1e-7]]] }]);
        column.recipe.output = Output::Json { schema: json!({ "examples": remark }) };
        let file = RecipeFile::new(vec![column]);
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

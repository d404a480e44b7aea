//! Recipes that nobody would think of, written to files and read again.

use std::collections::BTreeMap;

use braincells_core::CalibrationMode;
use braincells_workbench::recipe_file::RecipeColumn;
use proptest::prelude::*;

use super::*;

fn names() -> impl Strategy<Value = Vec<String>> {
    let name =
        prop_oneof!["[a-c]{1,2}", "[a-zA-Zäß .:#'\"|%-]{1,12}", "(yes|no|1:30|~|🧠|2024-01-01)"];
    proptest::collection::vec(name, 3..5).prop_map(|names| {
        let names: BTreeMap<String, String> = names
            .into_iter()
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .map(|name| (name.to_lowercase(), name))
            .collect();
        names.into_values().filter(|name| !["id", "text"].contains(&name.as_str())).collect()
    })
}

fn texts() -> impl Strategy<Value = String> {
    let free = prop_oneof![any::<String>(), "[ \t\r\na-c:#'\"|>{}\\-]{0,40}", "\\PC{0,20}"];
    // What opens a reference, or takes its meaning from it, comes only where it is meant.
    let free = free.prop_map(|text| text.replace('{', "{ ").replace('\\', "/"));
    let meant = prop_oneof![Just(r"\{{ no reference }}"), Just(r"\\"), Just("}} }")];
    prop_oneof![4 => free, 1 => meant.prop_map(str::to_owned)]
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        texts().prop_map(Value::from),
        proptest::collection::vec(texts(), 0..3).prop_map(Value::from),
    ]
}

fn outputs() -> impl Strategy<Value = Output> {
    prop_oneof![
        Just(Output::Text),
        Just(Output::number()),
        Just(Output::Boolean),
        Just(Output::Date),
        Just(labels(&["yes", "no", "1"])),
        // A schema that allows only `null`, which is an empty cell, is refused.
        values()
            .prop_filter("an empty cell", |value| !value.is_null())
            .prop_map(|value| Output::Json { schema: json!({ "enum": [value] }) }),
    ]
}

/// A recipe whose prompt refers to some of three columns that it does not know yet: `0`, `1`, `2`.
fn any_recipe() -> impl Strategy<Value = Recipe> {
    let sampling = (0.0_f32..2.0, 0.01_f32..=1.0, any::<u32>(), any::<u64>(), any::<bool>());
    let sampling = sampling.prop_map(|(temperature, top_p, top_k, seed, limited)| Sampling {
        max_tokens: limited.then_some(top_k / 2 + 1),
        temperature,
        top_p,
        top_k,
        min_p: if limited { 0.05 } else { 0.0 },
        seed,
        stop: if limited { vec!["\n".to_owned(), "END\0".to_owned()] } else { Vec::new() },
    });
    let examples = proptest::collection::vec((values(), values()), 0..3);
    let parts = proptest::collection::vec((texts(), 0..3_u8), 0..4);
    let system = proptest::option::of(texts());
    (parts, texts(), system, outputs(), sampling, (any::<u32>(), any::<u32>()), examples).prop_map(
        |(parts, end, system, output, sampling, (max_count, max_tokens), examples)| {
            let parts = parts.into_iter().map(|(text, name)| format!("{text}{{{{ {name} }}}}"));
            let is_text = matches!(output, Output::Text | Output::Label { .. });
            let rows = examples.into_iter().map(|(input, value)| RecipeExample {
                inputs: json!({ "0": input }).as_object().expect("an object").clone(),
                // A number where a text belongs is read as a text.
                value: if is_text { Value::from(value.to_string()) } else { value },
            });
            Recipe {
                prompt: parts.chain([end, "x".to_owned()]).collect(),
                system,
                model: "scripted".to_owned(),
                example_rows: rows.collect(),
                output,
                sampling,
                examples: ExamplePolicy { max_count: max_count % 5, max_tokens },
                calibration: CalibrationMode::ALL[max_count as usize % 3],
            }
        },
    )
}

proptest! {
    #[test]
    fn any_recipe_is_the_same_after_it_was_in_a_file(names in names(), recipe in any_recipe()) {
        prop_assume!(!names.is_empty());
        let known: Vec<String> = ["text", "a b", "{odd}"].map(str::to_owned).to_vec();
        let column = RecipeColumn::new(names[0].clone(), referring(&recipe, &known)).unwrap();
        let file = RecipeFile::new(vec![column]);
        let text = recipe_file::write(&file).unwrap();
        let read = recipe_file::read(&text, None)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&read.columns, &file.columns, "{}", text);
        prop_assert_eq!(recipe_file::write(&read).unwrap(), text);
    }
}

proptest! {
    // Each case makes two sheets.
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn any_recipes_make_the_same_prompts_in_another_sheet(
        names in names(),
        recipes in proptest::collection::vec(any_recipe(), 2),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(&names, &recipes));
    }
}

async fn compare(names: &[String], any: &[Recipe]) {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet(MAIL).await;
    // The second column may read the first; both read data columns.
    let mut known = vec!["text".to_owned(), "id".to_owned(), "channel".to_owned()];
    for (name, recipe) in names.iter().zip(any) {
        let recipe = referring(recipe, &known);
        let added = scripted.workbench.add_ai_column(sheet, name, recipe).await;
        added.unwrap_or_else(|error| panic!("{name:?}: {error}"));
        known[2].clone_from(name);
    }
    if names.is_empty() {
        return;
    }
    let text = export(&scripted, sheet).await;
    let copy = scripted.sheet(MAIL).await;
    import(&scripted, copy, &text, &RecipeFit::default()).await;
    let (here, there) =
        (recipes(&scripted.workbench, sheet).await, recipes(&scripted.workbench, copy).await);
    assert_eq!(here, there, "{text}");
    for ((_, one), (_, other)) in here.iter().zip(&there) {
        let options = EngineOptions::default();
        let before = scripted.workbench.preview(sheet, one, 3, &options).await.unwrap();
        let after = scripted.workbench.preview(copy, other, 3, &options).await.unwrap();
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before.messages, after.messages, "{text}");
        }
    }
    assert_eq!(export(&scripted, copy).await, text);
}

/// The recipe with names in place of the numbers that it refers to.
fn referring(recipe: &Recipe, known: &[String]) -> Recipe {
    let name = |number: &str| number.parse::<usize>().ok().map(|at| known[at].clone());
    let mut recipe = recipe.clone();
    recipe.prompt = braincells_llm::renamed(&recipe.prompt, name).expect("a template");
    recipe.rename_example_inputs(name);
    recipe
}

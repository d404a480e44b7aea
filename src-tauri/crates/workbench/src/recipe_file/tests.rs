//! What all tests of recipe files share.

use braincells_core::{
    Code, ExamplePolicy, Output, Recipe, RecipeExample, Sampling, Value, ValueType,
};
use serde_json::json;

use super::{
    DataColumn, MOST_BYTES, ModelIdentity, Origin, RecipeColumn, RecipeFile, in_order, read, write,
};

mod fitting;
mod hostile;
mod round_trip;
mod shapes;

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
        example_rows: Vec::new(),
        calibration: braincells_core::CalibrationMode::default(),
    };
    RecipeColumn::new(name, recipe).unwrap()
}

fn file(columns: &[(&str, &str)]) -> RecipeFile {
    RecipeFile::new(columns.iter().map(|(name, prompt)| column(name, prompt)).collect())
}

fn example(inputs: &Value, value: impl Into<Value>) -> RecipeExample {
    let inputs = inputs.as_object().expect("inputs go by name").clone();
    RecipeExample { inputs, value: value.into() }
}

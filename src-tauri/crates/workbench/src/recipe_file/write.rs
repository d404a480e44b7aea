use braincells_core::{AppError, CalibrationMode, Sampling, Value};
use braincells_llm::prompt::PromptPlan;
use braincells_llm::{Role, estimated_tokens};
use serde_json::{Map, json};

use super::{MOST_BYTES, RecipeColumn, RecipeFile, VERSION, bad_recipe, in_column, yaml};
use crate::columns::own_examples;

/// Writes a recipe file that [`read`](super::read()) gives back as it is and that AI Sheets'
/// scripts can run.
///
/// The scripts use `prompt`, so it holds all that a model is told here: rules, examples, and the
/// instruction with its `{{name}}` placeholders, which they fill in by plain replacement. The
/// provider is written as `auto`, because they reject the empty text that AI Sheets writes.
/// Refused: no column at all, two of one name, a recipe that cannot make a prompt, and a file that
/// would be too large to be read.
pub fn write(file: &RecipeFile) -> Result<String, AppError> {
    if file.columns.is_empty() {
        return Err(bad_recipe("there is no AI column to write", "add one first"));
    }
    let mut columns = Map::new();
    for column in &file.columns {
        let keys = keys(column).map_err(|error| in_column(&column.name, error))?;
        if columns.insert(column.name.clone(), keys).is_some() {
            return Err(bad_recipe(
                format!("cannot write two columns called `{}`", column.name),
                "rename one of the two",
            ));
        }
    }
    let mut document = json!({ "columns": columns });
    let mut own = json!(file.origin);
    if !file.data_columns.is_empty() {
        own["data_columns"] = json!(file.data_columns);
    }
    if !own.is_null() {
        document["braincells"] = own;
    }
    let text = yaml::document(&document);
    if text.len() > MOST_BYTES {
        return Err(bad_recipe(
            format!("the recipe file would be larger than {} MiB", MOST_BYTES >> 20),
            "write fewer columns, or no examples",
        ));
    }
    Ok(text)
}

/// A column's keys in the order in which AI Sheets writes them, ours last.
fn keys(column: &RecipeColumn) -> Result<Value, AppError> {
    let references: Vec<&str> = column.references.iter().map(String::as_str).collect();
    let plan = PromptPlan::new(&column.recipe, &references)?;
    Ok(json!({
        "prompt": materialised(column, &plan),
        "modelName": column.recipe.model,
        "modelProvider": "auto",
        "searchEnabled": false,
        "task": "text-generation",
        "instruction": column.recipe.prompt,
        "columnsReferences": references,
        "braincells": own_keys(column),
    }))
}

fn own_keys(column: &RecipeColumn) -> Value {
    let recipe = &column.recipe;
    let mut own = json!({
        "version": VERSION,
        "output": recipe.output,
        "sampling": sampling(&recipe.sampling),
        "examples": recipe.examples,
    });
    if let Some(system) = &recipe.system {
        own["system"] = json!(system);
    }
    if !recipe.example_rows.is_empty() {
        own["example_rows"] = json!(recipe.example_rows);
    }
    if recipe.calibration != CalibrationMode::default() {
        own["calibration"] = json!(recipe.calibration);
    }
    if let Some(model_file) = &column.model_file {
        own["model_file"] = json!(model_file);
    }
    own
}

/// With 0.7 as `0.7` and not as the nearest `f64` of its `f32`.
fn sampling(sampling: &Sampling) -> Value {
    let mut keys = json!(sampling);
    let numbers = [
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
        ("min_p", sampling.min_p),
    ];
    for (key, number) in numbers {
        // One that is not written because it is not set stays so.
        if let (Some(_), Ok(short)) = (keys.get(key), number.to_string().parse::<f64>()) {
            keys[key] = json!(short);
        }
    }
    keys
}

/// Everything a model is told about one row as one text, the row being its placeholders.
fn materialised(column: &RecipeColumn, plan: &PromptPlan) -> String {
    let placeholders: Vec<Value> =
        plan.inputs().iter().map(|name| Value::from(format!("{{{{{name}}}}}"))).collect();
    let examples = plan.select_examples(own_examples(&column.recipe, plan), &estimated_tokens);
    let messages = plan.request(&placeholders, &examples, 0).messages;
    let last = messages.len() - 1;
    let parts = messages.iter().enumerate().map(|(at, message)| match message.role {
        Role::User if at < last => format!("## Example\n\n### Request\n\n{}", message.content),
        Role::Assistant => format!("### Answer\n\n{}", message.content),
        Role::User => format!("# Request\n\n{}\n\n# Answer\n", message.content),
        Role::System => message.content.clone(),
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

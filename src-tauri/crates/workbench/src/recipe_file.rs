//! Recipe files: how AI columns are made, as YAML that AI Sheets' tools can read too.
//!
//! The command line reads one for `run` and writes one for a sheet that was filled. The shape is
//! AI Sheets' `config.yml`: `columns`, and under each column's name the keys that its scripts
//! use. What only Braincells knows stands under one more key, `braincells`, which they ignore.
//!
//! ```yaml
//! columns:
//!   mood:
//!     modelName: SmolLM2-135M-Instruct.Q4_1.gguf
//!     instruction: "Classify the sentiment of: {{text}}"
//!     braincells:
//!       output: {type: label, labels: [positive, negative]}
//! ```
//!
//! What this module promises: a file that was written is read back as it was; nothing in a file
//! is dropped without a warning, except keys that never were ours or AI Sheets'; a file from
//! elsewhere cannot exhaust memory. What it leaves out: whether a recipe fits a sheet and a model,
//! which adding the column checks.

mod order;
mod read;
mod size;
mod write;
mod yaml;

use braincells_core::{AppError, Code, Recipe};
use braincells_llm::Template;
use braincells_llm::prompt::Example;

pub use order::in_order;
pub use read::read;
pub use write::write;

/// The largest recipe file that is read, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;

/// The version of the keys under `braincells`.
const VERSION: u32 = 1;

/// One column of a recipe file.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipeColumn {
    /// Its name, without spaces around it.
    pub name: String,
    /// How it is made.
    pub recipe: Recipe,
    /// The columns it needs: all that its prompt refers to, and what the file lists beside them.
    pub references: Vec<String>,
    /// Rows with approved values, which become part of the prompt that AI Sheets' scripts use.
    /// Their inputs are one for each column that the prompt refers to, in that order.
    pub examples: Vec<Example>,
}

impl RecipeColumn {
    /// A column as it is written to a file. Fails when the prompt is no template.
    pub fn new(
        name: impl Into<String>,
        recipe: Recipe,
        examples: Vec<Example>,
    ) -> Result<Self, AppError> {
        let name = name.into();
        let references = prompt_references(&name, &recipe.prompt)?;
        Ok(Self { name, recipe, references, examples })
    }
}

/// The columns of a recipe file in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecipeFile {
    /// The columns; their names differ.
    pub columns: Vec<RecipeColumn>,
    /// What the file asks for and will not get, one line each. Not written.
    pub warnings: Vec<String>,
}

/// The names in the prompt of the column `name`, each once.
fn prompt_references(name: &str, prompt: &str) -> Result<Vec<String>, AppError> {
    let template = Template::parse(prompt).map_err(|error| in_column(name, error.into()))?;
    Ok(template.references().to_vec())
}

/// The error, with the name of the column it is about.
fn in_column(name: &str, error: AppError) -> AppError {
    AppError { message: format!("column `{name}`: {}", error.message), ..error }
}

fn bad_recipe(message: impl Into<String>, hint: impl Into<String>) -> AppError {
    AppError::new(Code::BadRecipe, message).with_hint(hint)
}

/// Names in backticks, for an error.
fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;

//! Recipe files: how AI columns are made, as YAML that AI Sheets' tools can read too.
//!
//! The verbs on recipes read and write one; the command line reads one for `run`. The shape is AI
//! Sheets' `config.yml`: `columns`, and under each column's name the keys that its scripts use.
//! What only Braincells knows stands under one more key, `braincells`, which they ignore.
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
//! is dropped without a warning; a file from elsewhere cannot exhaust memory; an error names the
//! line. What it leaves out: whether a recipe fits a sheet and a model, which the verbs check.

mod ai_sheets;
mod disk;
mod keys;
mod mapping;
mod order;
mod place;
mod raw;
mod read;
mod size;
mod write;
mod yaml;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use braincells_core::{AppError, Code, Recipe, ValueType};
use braincells_llm::Template;
use serde::{Deserialize, Serialize};

pub use disk::{read_text, write_text};
pub use order::in_order;
pub use read::read;
pub use write::write;

/// The largest recipe file that is read or written, in bytes: a prompt of one MiB and its copy
/// for AI Sheets' scripts have room, whatever is in them.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The most columns of a recipe file, and the most references of one of them: far more than people
/// make, and few enough for a file from elsewhere to be looked through in no time.
const MOST_COLUMNS: usize = 1000;
const MOST_REFERENCES: usize = 4096;

/// The version of the keys under `braincells`.
const VERSION: u32 = 1;

/// One column of a recipe file.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipeColumn {
    /// Its name, without spaces around it.
    pub name: String,
    /// How it is made, with the examples that the file brings along.
    pub recipe: Recipe,
    /// The columns it needs: all that its prompt refers to, and what the file lists beside them.
    pub references: Vec<String>,
    /// The model's file when the recipe was written.
    pub model_file: Option<ModelIdentity>,
}

/// What a model file is, wherever it lies and whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ModelIdentity {
    /// SHA-256 of its bytes, in 64 small hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
}

/// A data column that the recipes were made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct DataColumn {
    /// Its name.
    pub name: String,
    /// What it held.
    #[serde(rename = "type")]
    pub value_type: ValueType,
}

/// Where a recipe file comes from; for people, nothing depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Origin {
    /// The program and its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
    /// When, as RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
    /// The engine and its build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
}

/// The columns of a recipe file in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecipeFile {
    /// The columns; their names differ.
    pub columns: Vec<RecipeColumn>,
    /// The data columns that they were made for, as far as the file says.
    pub data_columns: Vec<DataColumn>,
    /// Who wrote the file, if it says so.
    pub origin: Option<Origin>,
    /// What the file asks for and will not get, one line each. Not written.
    pub warnings: Vec<String>,
    source: Source,
}

/// What errors need to say where something stands. No part of what a file says, so all are equal.
#[derive(Clone, Debug, Default)]
struct Source {
    /// The text that was read.
    text: Option<Arc<str>>,
    /// The names in it of columns that are called something else by now.
    old_names: HashMap<String, String>,
}

impl PartialEq for Source {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl RecipeColumn {
    /// A column as it is written to a file. Fails when the prompt is no template.
    pub fn new(name: impl Into<String>, recipe: Recipe) -> Result<Self, AppError> {
        let name = name.into();
        let template =
            Template::parse(&recipe.prompt).map_err(|error| in_column(&name, error.into()))?;
        let references = template.references().to_vec();
        Ok(Self { name, recipe, references, model_file: None })
    }
}

impl RecipeFile {
    /// A file with these columns, which says nothing else.
    pub fn new(columns: Vec<RecipeColumn>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// The columns that a table must have: what the prompts need and the file does not make, each
    /// once, in the order of first use.
    pub fn inputs(&self) -> Vec<&str> {
        let mut known: HashSet<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        let all = self.columns.iter().flat_map(|column| &column.references).map(String::as_str);
        all.filter(|name| known.insert(*name)).collect()
    }

    /// What the file calls a name of now.
    fn old_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.source.old_names.get(name).map_or(name, String::as_str)
    }

    /// The name of a column in backticks, with the line where it stands.
    fn named_with_line(&self, at: usize) -> String {
        let line = self.source.text.as_deref().and_then(|text| place::line_of_column(text, at));
        with_line(&self.columns[at].name, line)
    }

    /// A name that the column's prompt uses, in backticks, with the line where the prompt begins.
    fn named_with_line_of_prompt(&self, at: usize, name: &str) -> String {
        let line = self.source.text.as_deref().and_then(|text| place::line_of_prompt(text, at));
        with_line(name, line)
    }
}

fn with_line(name: &str, line: Option<usize>) -> String {
    line.map_or_else(|| format!("`{name}`"), |line| format!("`{name}` (line {line})"))
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

use std::fmt;

use braincells_core::{AppError, ExamplePolicy, Output, Recipe, Sampling, Value};
use braincells_llm::prompt::Example;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::Map;

use super::{
    MOST_BYTES, RecipeColumn, RecipeFile, VERSION, bad_recipe, named, prompt_references, size,
};

/// The one kind of column that can be made so far.
const TEXT_GENERATION: &str = "text-generation";

/// The keys of ours at each place, to notice a misspelt one.
const OWN_KEYS: [(&str, &[&str]); 4] = [
    ("", &["version", "output", "sampling", "examples", "system", "example_rows"]),
    ("output", &["type", "labels", "schema"]),
    ("sampling", &["max_tokens", "temperature", "top_p", "top_k", "seed", "stop"]),
    ("examples", &["max_count", "max_tokens"]),
];

/// Reads a recipe file: ours, and AI Sheets' `config.yml` as it was exported at any time.
///
/// A column's prompt is the file's `instruction`, else its `userPrompt`, else its `prompt` as it
/// stands. A column that names no model gets `default_model`; without one it is an error. Keys
/// that nobody knows are ignored; under `braincells` they are a warning.
pub fn read(yaml: &str, default_model: Option<&str>) -> Result<RecipeFile, AppError> {
    if yaml.len() > MOST_BYTES {
        return Err(bad_recipe(
            format!("the recipe file is larger than {} KiB", MOST_BYTES / 1024),
            "it is a YAML file of a few kilobytes; is this the right file?",
        ));
    }
    size::check(yaml, 4 * MOST_BYTES).map_err(|error| not_read(&error))?;
    let raw: RawFile = serde_norway::from_str(yaml).map_err(|error| not_read(&error))?;
    if raw.columns.0.is_empty() {
        return Err(bad_recipe(
            "the recipe file has no columns",
            "name at least one under `columns:`",
        ));
    }
    let mut file = RecipeFile::default();
    for (name, column) in raw.columns.0 {
        let column = column.into_column(&name, default_model, &mut file.warnings)?;
        file.columns.push(column);
    }
    warn_of_unknown_keys(yaml, &mut file.warnings);
    Ok(file)
}

#[derive(Deserialize)]
struct RawFile {
    columns: RawColumns,
}

/// The columns in the order of the file; a name that comes twice is an error.
struct RawColumns(Vec<(String, RawColumn)>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawColumn {
    prompt: Option<String>,
    model_name: Option<String>,
    model_provider: Option<String>,
    endpoint_url: Option<String>,
    #[serde(default)]
    search_enabled: Option<bool>,
    task: Option<String>,
    instruction: Option<String>,
    user_prompt: Option<String>,
    columns_references: Option<Vec<String>>,
    #[serde(default)]
    braincells: RawOwn,
}

/// What stands under `braincells`; a file of AI Sheets has nothing there.
#[derive(Deserialize)]
#[serde(default)]
struct RawOwn {
    version: u32,
    output: Output,
    sampling: Sampling,
    examples: ExamplePolicy,
    system: Option<String>,
    example_rows: Vec<RawExample>,
}

impl Default for RawOwn {
    fn default() -> Self {
        Self {
            version: VERSION,
            output: Output::default(),
            sampling: Sampling::default(),
            examples: ExamplePolicy::default(),
            system: None,
            example_rows: Vec::new(),
        }
    }
}

#[derive(Deserialize)]
struct RawExample {
    #[serde(default)]
    inputs: Map<String, Value>,
    value: Value,
}

impl RawColumn {
    fn into_column(
        self,
        name: &str,
        default_model: Option<&str>,
        warnings: &mut Vec<String>,
    ) -> Result<RecipeColumn, AppError> {
        self.check_task(name)?;
        self.warn_of_what_is_not_kept(name, warnings);
        let own = self.braincells;
        if own.version > VERSION {
            return Err(bad_recipe(
                format!("the column `{name}` was written by a newer Braincells"),
                "update Braincells, or take `braincells:` out of the column to read the rest",
            ));
        }
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let prompt = filled(self.instruction).or(filled(self.user_prompt)).or(filled(self.prompt));
        let Some(prompt) = prompt else {
            return Err(bad_recipe(
                format!("the column `{name}` has no prompt"),
                "write one under `instruction:`",
            ));
        };
        let model = filled(self.model_name).or(default_model.map(str::to_owned));
        let Some(model) = model else {
            return Err(bad_recipe(
                format!("the column `{name}` names no model"),
                "write one under `modelName:`, or choose one with `--model`",
            ));
        };

        let inputs = prompt_references(name, &prompt)?;
        let examples =
            own.example_rows.into_iter().map(|row| row.into_example(&inputs)).collect::<Vec<_>>();
        let mut references = inputs;
        for listed in self.columns_references.unwrap_or_default() {
            let listed = listed.trim();
            if !references.iter().any(|known| known == listed) {
                references.push(listed.to_owned());
            }
        }
        let (output, sampling) = (own.output, own.sampling);
        let recipe =
            Recipe { prompt, system: own.system, model, output, sampling, examples: own.examples };
        Ok(RecipeColumn { name: name.to_owned(), recipe, references, examples })
    }

    fn check_task(&self, name: &str) -> Result<(), AppError> {
        match self.task.as_deref().map(str::trim) {
            None | Some("" | TEXT_GENERATION) => Ok(()),
            Some(task) => Err(bad_recipe(
                format!("the column `{name}` has the task `{task}`, which cannot be run here"),
                format!("only `{TEXT_GENERATION}` can; take the column out of the file"),
            )),
        }
    }

    fn warn_of_what_is_not_kept(&self, name: &str, warnings: &mut Vec<String>) {
        if self.search_enabled == Some(true) {
            warnings.push(format!(
                "the column `{name}` searches the web in AI Sheets; here it is filled without"
            ));
        }
        if let Some(provider) = self.model_provider.as_deref().map(str::trim)
            && !["", "auto"].contains(&provider)
        {
            warnings.push(format!(
                "the column `{name}` was made with the provider `{provider}`, which is not used"
            ));
        }
        // Its address stays out of the warning: it may hold a key.
        if self.endpoint_url.as_deref().is_some_and(|url| !url.trim().is_empty()) {
            warnings
                .push(format!("the column `{name}` was made by an endpoint, which is not used"));
        }
    }
}

impl RawExample {
    fn into_example(mut self, inputs: &[String]) -> Example {
        let inputs = inputs.iter().map(|name| self.inputs.remove(name).unwrap_or_default());
        Example { inputs: inputs.collect(), value: self.value }
    }
}

impl<'de> Deserialize<'de> for RawColumns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;

        impl<'de> Visitor<'de> for Columns {
            type Value = RawColumns;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a mapping from column names to columns")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawColumns, A::Error> {
                let mut columns: Vec<(String, RawColumn)> = Vec::new();
                while let Some(name) = entries.next_key::<String>()? {
                    let name = name.trim();
                    if name.is_empty() {
                        return Err(A::Error::custom("a column has no name"));
                    }
                    if columns.iter().any(|(known, _)| known == name) {
                        return Err(A::Error::custom(format!("the column `{name}` comes twice")));
                    }
                    let column = entries.next_value()?;
                    columns.push((name.to_owned(), column));
                }
                Ok(RawColumns(columns))
            }
        }

        deserializer.deserialize_map(Columns)
    }
}

/// A misspelt key of ours would silently give a column its default, so it is worth a line.
fn warn_of_unknown_keys(yaml: &str, warnings: &mut Vec<String>) {
    let Ok(file) = serde_norway::from_str::<serde_norway::Value>(yaml) else { return };
    let columns = file.get("columns").and_then(serde_norway::Value::as_mapping);
    for (name, column) in columns.into_iter().flatten() {
        let Some(own) = column.get("braincells") else { continue };
        for (place, known) in OWN_KEYS {
            let found = if place.is_empty() { Some(own) } else { own.get(place) };
            let keys = found.and_then(serde_norway::Value::as_mapping).into_iter().flatten();
            for key in keys.filter_map(|(key, _)| key.as_str()).filter(|key| !known.contains(key)) {
                warnings.push(format!(
                    "the column `{}` has a key `{key}` under `{}`, which is ignored; known are {}",
                    name.as_str().unwrap_or("?").trim(),
                    if place.is_empty() { "braincells" } else { place },
                    named(known.iter().copied()),
                ));
            }
        }
    }
}

/// What the parser says, with the line in front and on one line.
fn not_read(error: &serde_norway::Error) -> AppError {
    let reason = error.to_string();
    let (line, reason) = match error.location() {
        Some(place) => {
            let end = format!(" at line {} column {}", place.line(), place.column());
            (format!(", line {}", place.line()), reason.replace(&end, ""))
        }
        None => (String::new(), reason),
    };
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let reason = match reason.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason,
    };
    bad_recipe(
        format!("cannot read the recipe file{line}: {reason}"),
        "it is YAML with `columns:` at the top and each column's keys under its name",
    )
}

use std::sync::Arc;

use braincells_core::{
    AppError, Code, Output, Recipe, RecipeExample, Value, ValueType, render_value,
};
use braincells_llm::Template;
use braincells_llm::output::value_matches;
use braincells_llm::prompt::PromptPlan;

use super::raw::{RawColumn, RawFile, RawOrigin, RawOwn};
use super::{
    DataColumn, MOST_BYTES, MOST_COLUMNS, MOST_REFERENCES, ModelIdentity, Origin, RecipeColumn,
    RecipeFile, VERSION, ai_sheets, bad_recipe, in_column, keys, place, size,
};

/// The one kind of column that can be made so far.
const TEXT_GENERATION: &str = "text-generation";

/// Reads a recipe file: ours, and AI Sheets' `config.yml` as it was exported at any time.
///
/// A column's prompt is the file's `instruction`, else its `userPrompt`, else its `prompt` as it
/// stands. Examples that AI Sheets wrote into `prompt` are taken from it if it is not used. A
/// column that names no model gets `default_model`; without one it is an error. Every recipe that
/// is given back makes a prompt. Keys that nobody knows are a warning.
pub fn read(yaml: &str, default_model: Option<&str>) -> Result<RecipeFile, AppError> {
    if yaml.len() > MOST_BYTES {
        return Err(bad_recipe(
            format!("the recipe file is larger than {} MiB", MOST_BYTES >> 20),
            "it is a YAML file of a few kilobytes; is this the right file?",
        ));
    }
    let yaml = yaml.trim_start_matches('\u{feff}');
    size::check(yaml, 4 * MOST_BYTES).map_err(|error| not_read(&error))?;
    let raw: RawFile = serde_norway::from_str(yaml).map_err(|error| not_read(&error))?;
    if raw.columns.0.is_empty() {
        return Err(bad_recipe(
            "the recipe file has no columns",
            "name at least one under `columns:`",
        ));
    }
    if raw.columns.0.len() > MOST_COLUMNS {
        return Err(bad_recipe(
            format!("the recipe file has more than {MOST_COLUMNS} columns"),
            "take it apart into several files",
        ));
    }
    let mut file = RecipeFile::default();
    file.source.text = Some(Arc::from(yaml));
    for (at, (name, column)) in raw.columns.0.into_iter().enumerate() {
        let column = column
            .into_column(&name, default_model, &mut file.warnings)
            .map_err(|error| on_line(place::line_of_prompt(yaml, at), error))?;
        file.columns.push(column);
    }
    if let Some(RawOrigin { made_by, made_at, engine, data_columns }) = raw.braincells {
        file.origin = Some(Origin { made_by, made_at, engine });
        file.data_columns = data_columns
            .into_iter()
            .filter_map(|column| {
                let value_type = Value::from(column.value_type);
                let value_type = serde_json::from_value::<ValueType>(value_type).ok()?;
                Some(DataColumn { name: column.name, value_type })
            })
            .collect();
    }
    keys::warn_of_unknown(yaml, &mut file.warnings);
    Ok(file)
}

impl RawColumn {
    fn into_column(
        mut self,
        name: &str,
        default_model: Option<&str>,
        warnings: &mut Vec<String>,
    ) -> Result<RecipeColumn, AppError> {
        self.check_task(name)?;
        self.warn_of_what_is_not_kept(name, warnings);
        let is_ours = self.braincells.is_some();
        let own = self.braincells.take().unwrap_or_default();
        if own.version > VERSION {
            return Err(bad_recipe(
                format!("the column `{name}` was written by a newer Braincells"),
                "update Braincells, or take `braincells:` out of the column to read the rest",
            ));
        }
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let words = filled(self.instruction).or(filled(self.user_prompt));
        let materialised = filled(self.prompt);
        let wrapped = if is_ours || words.is_none() { None } else { materialised.clone() };
        let Some(prompt) = words.or(materialised) else {
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

        let listed = self.columns_references.unwrap_or_default();
        if listed.len().max(prompt.matches("{{").count()) > MOST_REFERENCES {
            return Err(bad_recipe(
                format!("the column `{name}` refers to columns more than {MOST_REFERENCES} times"),
                "make its prompt shorter",
            ));
        }
        let template = Template::parse(&prompt).map_err(|error| in_column(name, error.into()))?;
        let mut references = template.references().to_vec();
        for listed in listed.iter().map(|name| name.trim()) {
            if !references.iter().any(|known| known == listed) {
                references.push(listed.to_owned());
            }
        }
        let RawOwn { output, sampling, examples, system, calibration, model_file, .. } = own;
        let mut example_rows = own.example_rows;
        if let Some(wrapped) = wrapped {
            example_rows = ai_sheets::examples(&wrapped, &references);
        }
        fit_examples(name, &mut example_rows, &output, warnings);
        let recipe =
            Recipe { prompt, system, model, output, sampling, examples, example_rows, calibration };
        let names: Vec<&str> = references.iter().map(String::as_str).collect();
        PromptPlan::new(&recipe, &names)
            .map_err(|error| AppError { code: Code::BadRecipe, ..in_column(name, error.into()) })?;
        let model_file = known_identity(name, model_file, warnings);
        Ok(RecipeColumn { name: name.to_owned(), recipe, references, model_file })
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
        let is_filled =
            |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
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
        if is_filled(&self.endpoint_url) {
            warnings
                .push(format!("the column `{name}` was made by an endpoint, which is not used"));
        }
        if is_filled(&self.image_column) {
            warnings.push(format!("the column `{name}` looks at images, which are not used here"));
        }
    }
}

/// Gives the values of the examples the form that the output type has. A value that fits in no
/// form stays, as an edited cell does when the type of its column changes.
fn fit_examples(
    name: &str,
    examples: &mut [RecipeExample],
    output: &Output,
    warnings: &mut Vec<String>,
) {
    let is_text = matches!(output, Output::Text | Output::Label { .. });
    for (position, example) in (1..).zip(examples) {
        if is_text && (example.value.is_number() || example.value.is_boolean()) {
            example.value = Value::from(render_value(&example.value));
        }
        if !value_matches(&example.value, output) {
            warnings.push(format!(
                "the column `{name}`: the value of example {position} is no valid {}",
                output.as_str()
            ));
        }
    }
}

fn known_identity(
    name: &str,
    identity: Option<ModelIdentity>,
    warnings: &mut Vec<String>,
) -> Option<ModelIdentity> {
    let mut identity = identity?;
    identity.sha256 = identity.sha256.trim().to_ascii_lowercase();
    let is_hash =
        identity.sha256.len() == 64 && identity.sha256.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_hash {
        warnings.push(format!("the column `{name}`: its `sha256` is none and is ignored"));
    }
    is_hash.then_some(identity)
}

fn on_line(line: Option<usize>, error: AppError) -> AppError {
    let Some(line) = line else { return error };
    AppError { message: format!("{} (line {line} of the recipe file)", error.message), ..error }
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

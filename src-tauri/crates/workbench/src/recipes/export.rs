//! How the AI columns of a sheet are made, as a file.

use std::collections::BTreeMap;
use std::path::Path;

use braincells_core::{AppError, Column, Recipe, RecipeExample, SheetId, Value};
use braincells_data::{ResponseCache, SheetStore};
use braincells_llm::estimated_tokens;
use braincells_llm::prompt::Example;
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

use crate::Workbench;
use crate::blocking::blocking;
use crate::columns::{column_named, own_examples, plan_for};
use crate::error::WorkbenchError;
use crate::models::{ModelFile, identify_model};
use crate::recipe_file::{DataColumn, Origin, RecipeColumn, RecipeFile, write};

/// A recipe file that was made of a sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportedRecipe {
    /// Its text.
    pub text: String,
    /// The columns in it.
    pub columns: Vec<String>,
    /// Rows of the sheet that are in it as examples.
    pub example_rows: u64,
    /// What could not be recorded, one line each.
    pub warnings: Vec<String>,
}

impl Workbench {
    /// Writes how AI columns are made: all of the sheet, or the named ones. With `with_examples`
    /// the rows that a run would show to the model are part of the recipe. A model is named by its
    /// file's bare name, whatever folder it lies in.
    pub async fn export_recipe(
        &self,
        sheet: SheetId,
        columns: Option<&[String]>,
        with_examples: bool,
    ) -> Result<ExportedRecipe, AppError> {
        let names = columns.map(<[String]>::to_vec);
        let (mut file, example_rows) = self
            .with_store(sheet, move |store| recipes_of(store, names.as_deref(), with_examples))
            .await?;
        let (models, answers) = (self.models().await?, self.answers());
        let default_model = self.settings().await?.model;
        let (mut file, warnings) = blocking(move || {
            let warnings = record_models(&mut file, &models, &default_model, answers.cache());
            Ok::<_, AppError>((file, warnings))
        })
        .await?;
        let now = DateTime::from_timestamp_millis(self.now_ms());
        let origin = Origin {
            made_by: Some(concat!("Braincells ", env!("CARGO_PKG_VERSION")).to_owned()),
            made_at: now.map(|now| now.to_rfc3339_opts(SecondsFormat::Secs, true)),
            engine: self.engines().build(),
        };
        file.origin = Some(origin);
        let columns = file.columns.iter().map(|column| column.name.clone()).collect();
        Ok(ExportedRecipe { text: write(&file)?, columns, example_rows, warnings })
    }
}

/// The recipes of a sheet as a file, and how many rows of the sheet are in it.
fn recipes_of(
    store: &SheetStore,
    names: Option<&[String]>,
    with_examples: bool,
) -> Result<(RecipeFile, u64), AppError> {
    let columns = store.columns()?;
    let chosen: Vec<&Column> = match names {
        None => columns.iter().filter(|column| column.recipe().is_some()).collect(),
        Some(names) => {
            names.iter().map(|name| column_named(&columns, name)).collect::<Result<_, _>>()?
        }
    };
    let mut file = RecipeFile::default();
    let mut example_rows = 0;
    for column in chosen {
        let Some(recipe) = column.recipe() else {
            return Err(WorkbenchError::NotAiColumn { name: column.name.clone() }.into());
        };
        let mut recipe = recipe.clone();
        if with_examples {
            let of_sheet = examples_of_sheet(store, &columns, column, &recipe)?;
            example_rows += of_sheet.len() as u64;
            recipe.example_rows.extend(of_sheet);
        } else {
            recipe.example_rows.clear();
        }
        file.columns.push(RecipeColumn::new(column.name.clone(), recipe)?);
    }
    file.data_columns = file
        .inputs()
        .into_iter()
        .filter_map(|name| columns.iter().find(|column| column.name == name))
        .map(|column| DataColumn { name: column.name.clone(), value_type: column.value_type })
        .collect();
    Ok((file, example_rows))
}

/// The rows that a run would show to the model beside the recipe's own examples.
fn examples_of_sheet(
    store: &SheetStore,
    columns: &[Column],
    column: &Column,
    recipe: &Recipe,
) -> Result<Vec<RecipeExample>, AppError> {
    let (plan, inputs) = plan_for(recipe, columns)?;
    let own = own_examples(recipe, &plan);
    let most = recipe.examples.max_count;
    let of_sheet = store.examples(column.id, &inputs, most)?;
    let of_sheet = of_sheet.into_iter().map(|row| Example { inputs: row.inputs, value: row.value });
    let all = plan.select_examples(own.iter().cloned().chain(of_sheet), &estimated_tokens);
    let own = plan.select_examples(own, &estimated_tokens).len();
    let by_name = |values: Vec<Value>| {
        let pairs = plan.inputs().iter().cloned().zip(values);
        pairs.filter(|(_, value)| !value.is_null()).collect()
    };
    Ok(all
        .into_iter()
        .skip(own)
        .map(|example| RecipeExample { inputs: by_name(example.inputs), value: example.value })
        .collect())
}

/// Names each model by its file and says what the file is. Returns a line for each that is not
/// there.
fn record_models(
    recipes: &mut RecipeFile,
    models: &[ModelFile],
    default_model: &str,
    remembered: &ResponseCache,
) -> Vec<String> {
    let mut known = BTreeMap::new();
    let mut warnings = Vec::new();
    for column in &mut recipes.columns {
        let model = &mut column.recipe.model;
        let identify = |model: &String| identify_model(model, default_model, models, remembered);
        let found = known.entry(model.clone()).or_insert_with_key(identify);
        if let Some((name, identity)) = found {
            model.clone_from(name);
            column.model_file = Some(identity.clone());
            continue;
        }
        if model.is_empty() {
            warnings.push(format!(
                "the column `{}` names no model, and there is no default one to record",
                column.name
            ));
            continue;
        }
        // The folders of this machine are nobody's business.
        let path = Path::new(model.as_str());
        if let Some(name) = path.file_name().filter(|_| path.is_absolute()) {
            *model = name.to_string_lossy().into_owned();
        }
        warnings.push(format!(
            "the column `{}`: the model `{model}` is not here, so what it is is not recorded",
            column.name
        ));
    }
    warnings
}

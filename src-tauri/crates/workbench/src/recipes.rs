//! Recipes in files: out of a sheet, into a sheet, over a table.
//!
//! What these verbs promise: a recipe is added whole or not at all; a model that is another one
//! than the recipe was made with is said and is no obstacle; a file holds nothing of the sheet but
//! the names and types of columns and, if wanted, the rows that serve as examples. What they leave
//! out: the file's text itself (`recipe_file`) and the work of filling (`run`).

mod plan;

use std::collections::BTreeMap;
use std::path::Path;

use braincells_core::{AppError, Code, Column, Recipe, RecipeExample, SheetId};
use braincells_data::SheetStore;
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

pub use plan::{ColumnEstimate, PlannedColumn, RecipeCheck, RecipeEstimate, RecipePlan};

use crate::blocking::blocking;
use crate::columns::{column_named, own_examples, plan_for};
use crate::error::WorkbenchError;
use crate::models::identify_model;
use crate::recipe_file::{DataColumn, Origin, RecipeColumn, RecipeFile, in_order, write};
use crate::run::examples;
use crate::tokens::estimated_tokens;
use crate::{Fill, FillRequest, Workbench};

/// How a recipe is made to fit a table and this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecipeFit {
    /// What names of the recipe are called in the table: the columns that it needs, and those that
    /// it makes.
    pub mapping: Vec<(String, String)>,
    /// Give a column another name if its own is taken, instead of refusing.
    pub rename: bool,
    /// The model for every column, whatever the recipe says.
    pub model: Option<String>,
}

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

/// What a recipe file added to a sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportedRecipe {
    /// The new columns, each behind those it reads.
    pub columns: Vec<Column>,
    /// Columns whose name was taken, with the name that they got.
    pub renamed: Vec<(String, String)>,
    /// What is not as it was where the recipe was made, one line each.
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
        let models = self.models().await?;
        let (mut file, warnings) = blocking(move || {
            let warnings = record_models(&mut file, |name| identify_model(name, &models));
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

    /// Adds the columns of a recipe file to a sheet, each behind those it reads; all of them, or
    /// none. Starts nothing.
    pub async fn import_recipe(
        &self,
        sheet: SheetId,
        file: &RecipeFile,
        fit: &RecipeFit,
    ) -> Result<ImportedRecipe, AppError> {
        let present = self.columns(sheet).await?;
        let names: Vec<&str> = present.iter().map(|column| column.name.as_str()).collect();
        let mapped = fitted(file, fit)?;
        let (fitted, renamed) =
            if fit.rename { mapped.renamed_apart(&names)? } else { (mapped.clone(), Vec::new()) };
        let additions = additions(&fitted, &names)?;
        self.check_models(&mapped).await?;
        let mut warnings = type_warnings(&fitted, &present);
        warnings.extend(self.model_warnings(file, fit).await?);
        let columns = self.add_ai_columns(sheet, additions).await?;
        Ok(ImportedRecipe { columns, renamed, warnings })
    }

    /// [`Workbench::start_fill`] with the columns of a recipe file in place of the request's, and
    /// what is not as it was where the recipe was made.
    pub async fn start_recipe(
        &self,
        file: &RecipeFile,
        fit: &RecipeFit,
        request: FillRequest,
    ) -> Result<(Fill, Vec<String>), AppError> {
        let fitted = fitted(file, fit)?;
        let columns = additions(&fitted, &fitted.inputs())?;
        let mut warnings = self.model_warnings(file, fit).await?;
        let check = |present: &[Column]| {
            let names: Vec<&str> = present.iter().map(|column| column.name.as_str()).collect();
            in_order(&fitted, &names)?;
            warnings.extend(type_warnings(&fitted, present));
            Ok(())
        };
        let fill = self.start_checked_fill(FillRequest { columns, ..request }, check).await?;
        Ok((fill, warnings))
    }

    /// Fails for the first model that is not there.
    pub(crate) async fn check_models(&self, file: &RecipeFile) -> Result<(), AppError> {
        let mut models: BTreeMap<&str, &str> = BTreeMap::new();
        for column in &file.columns {
            models.entry(&column.recipe.model).or_insert(&column.name);
        }
        for (model, column) in models {
            self.engines().check(model).await.map_err(|error| {
                let choose = "`--model` chooses one for every column";
                let hint = match &error.hint {
                    Some(hint) if error.code == Code::ModelMissing => format!("{hint}; {choose}"),
                    Some(hint) => hint.clone(),
                    None => choose.to_owned(),
                };
                let message = format!("column `{column}`: {}", error.message);
                AppError { message, hint: Some(hint), ..error }
            })?;
        }
        Ok(())
    }

    /// A line for each column whose model is another file now than where the recipe was made.
    pub(crate) async fn model_warnings(
        &self,
        file: &RecipeFile,
        fit: &RecipeFit,
    ) -> Result<Vec<String>, AppError> {
        if fit.model.is_some() || file.columns.iter().all(|column| column.model_file.is_none()) {
            return Ok(Vec::new());
        }
        let (models, columns) = (self.models().await?, file.columns.clone());
        blocking(move || {
            let mut here = BTreeMap::new();
            let mut warnings = Vec::new();
            for column in columns {
                let Some(then) = column.model_file else { continue };
                let model = column.recipe.model;
                let now = here.entry(model).or_insert_with_key(|m| identify_model(m, &models));
                if let Some((file, now)) = now
                    && *now != then
                {
                    warnings.push(format!(
                        "the column `{}` was made with another model than the `{file}` that is \
                         here: its SHA-256 begins with {}, not {}",
                        column.name,
                        &then.sha256[..12],
                        &now.sha256[..12]
                    ));
                }
            }
            Ok::<_, AppError>(warnings)
        })
        .await
    }
}

/// The file with the table's names and the chosen model.
fn fitted(file: &RecipeFile, fit: &RecipeFit) -> Result<RecipeFile, AppError> {
    let mut fitted = file.mapped(&fit.mapping)?;
    if let Some(model) = &fit.model {
        for column in &mut fitted.columns {
            column.recipe.model.clone_from(model);
        }
    }
    Ok(fitted)
}

/// The columns in the order in which they can be added to a table with these columns.
fn additions(file: &RecipeFile, present: &[&str]) -> Result<Vec<(String, Recipe)>, AppError> {
    let column = |at: usize| (file.columns[at].name.clone(), file.columns[at].recipe.clone());
    Ok(in_order(file, present)?.into_iter().map(column).collect())
}

/// A line for each data column that holds something else than where the recipe was made.
fn type_warnings(file: &RecipeFile, present: &[Column]) -> Vec<String> {
    let differs = |was: &DataColumn| {
        let now = present.iter().find(|column| column.name == was.name)?;
        (now.value_type != was.value_type).then(|| {
            let (then, now) = (word(&was.value_type), word(&now.value_type));
            format!("the recipe was made for `{}` as {then}, and here it is {now}", was.name)
        })
    };
    file.data_columns.iter().filter_map(differs).collect()
}

/// The word that stands for it in files.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
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
    let all = examples(store, column.id, &inputs, &plan, recipe)?;
    let own = plan.select_examples(own_examples(recipe, &plan), &estimated_tokens).len();
    let by_name = |values: Vec<braincells_core::Value>| {
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
    file: &mut RecipeFile,
    identify: impl Fn(&str) -> Option<(String, crate::recipe_file::ModelIdentity)>,
) -> Vec<String> {
    let mut known = BTreeMap::new();
    let mut warnings = Vec::new();
    for column in &mut file.columns {
        let model = &mut column.recipe.model;
        match known.entry(model.clone()).or_insert_with_key(|name| identify(name)) {
            Some((file, identity)) => {
                model.clone_from(file);
                column.model_file = Some(identity.clone());
            }
            None => {
                // The folders of this machine are nobody's business.
                if let Some(file) = Path::new(model.as_str()).file_name().and_then(|f| f.to_str())
                    && Path::new(model.as_str()).is_absolute()
                {
                    *model = file.to_owned();
                }
                warnings.push(format!(
                    "the column `{}`: the model `{model}` is not here, so what it is is not \
                     recorded",
                    column.name
                ));
            }
        }
    }
    warnings
}

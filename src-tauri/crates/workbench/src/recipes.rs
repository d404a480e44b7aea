//! Recipes in files: out of a sheet, into a sheet, over a table.
//!
//! What these verbs promise: a recipe is added whole or not at all; a model that is another one
//! than the recipe was made with is said and is no obstacle; a file holds nothing of the sheet but
//! the names and types of columns and, if wanted, the rows that serve as examples. What they leave
//! out: the file's text itself (`recipe_file`) and the work of filling (`run`).

mod export;
mod files;
mod plan;

use std::collections::BTreeMap;

use braincells_core::{AppError, Code, Column, Recipe, SheetId};
use serde::{Deserialize, Serialize};

pub use export::ExportedRecipe;
pub use files::{OutlinedColumn, RecipeOutline};
pub use plan::{ColumnEstimate, PlannedColumn, RecipeCheck, RecipeEstimate, RecipePlan};

use crate::blocking::blocking;
use crate::models::identify_model;
use crate::recipe_file::{DataColumn, RecipeFile, in_order};
use crate::{Fill, FillRequest, Workbench};

/// How a recipe is made to fit a table and this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RecipeFit {
    /// What names of the recipe are called in the table: the columns that it needs, and those that
    /// it makes.
    pub mapping: Vec<(String, String)>,
    /// Give a column another name if its own is taken, instead of refusing.
    pub rename: bool,
    /// The model for every column, whatever the recipe says.
    pub model: Option<String>,
}

/// What a recipe file added to a sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ImportedRecipe {
    /// The new columns, each behind those it reads.
    pub columns: Vec<Column>,
    /// Columns whose name was taken, with the name that they got.
    pub renamed: Vec<(String, String)>,
    /// What is not as it was where the recipe was made, one line each.
    pub warnings: Vec<String>,
}

impl Workbench {
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
        let request = FillRequest { columns, ..request };
        let started = self.start_checked_fill(request, check).await?;
        Ok((started, warnings))
    }

    /// Fails for the first model that is not there.
    pub(crate) async fn check_models(&self, file: &RecipeFile) -> Result<(), AppError> {
        let mut models: BTreeMap<&str, &str> = BTreeMap::new();
        for column in &file.columns {
            models.entry(&column.recipe.model).or_insert(&column.name);
        }
        for (model, column) in models {
            self.check_model(model).await.map_err(|error| {
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
        let (answers, default_model) = (self.answers(), self.settings().await?.model);
        blocking(move || {
            let mut here = BTreeMap::new();
            let mut warnings = Vec::new();
            for column in columns {
                let Some(then) = column.model_file else { continue };
                let model = column.recipe.model;
                let identify = |model: &String| {
                    identify_model(model, &default_model, &models, answers.cache())
                };
                let now = here.entry(model).or_insert_with_key(identify);
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

//! Recipe files by their path, as a window deals with them.

use std::path::Path;

use braincells_core::{AppError, Output, SheetId};
use serde::Serialize;

use super::{ImportedRecipe, RecipeFit, RecipePlan, fitted};
use crate::Workbench;
use crate::blocking::blocking;
use crate::recipe_file::{self, RecipeFile};

/// What a recipe file would add to a sheet, and what it would need.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RecipeOutline {
    /// The columns, each behind those it reads.
    pub columns: Vec<OutlinedColumn>,
    /// Columns that the sheet lacks; name others in [`RecipeFit::mapping`].
    pub missing: Vec<String>,
    /// What the file asks for and will not get, and what is not as it was where it was made.
    pub warnings: Vec<String>,
}

/// A column that a recipe file would add.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct OutlinedColumn {
    /// Its name.
    pub name: String,
    /// The instruction.
    pub prompt: String,
    /// What every cell would be.
    pub output: Output,
    /// The model; empty for the default one.
    pub model: String,
    /// The columns it reads.
    pub inputs: Vec<String>,
}

impl Workbench {
    /// What a recipe file would do to a sheet. Changes nothing.
    pub async fn outline_recipe(
        &self,
        sheet: SheetId,
        path: &Path,
        fit: &RecipeFit,
    ) -> Result<RecipeOutline, AppError> {
        let file = read_file(path).await?;
        let file = fitted(&file, fit)?;
        let plan = RecipePlan::new(&file, &RecipeFit::default())?;
        let present = self.columns(sheet).await?;
        let is_there = |name: &String| present.iter().any(|column| column.name == **name);
        let missing: Vec<String> =
            plan.inputs.iter().filter(|name| !is_there(name)).cloned().collect();
        let mut warnings = file.warnings.clone();
        if missing.is_empty() {
            let check = self.check_recipe(&file, &RecipeFit::default(), Some(sheet), None).await;
            match check {
                Ok(check) => warnings.extend(check.warnings),
                Err(error) => warnings.push(error.message),
            }
        }
        let columns = plan.columns.into_iter().map(|column| OutlinedColumn {
            name: column.name,
            prompt: column.recipe.prompt,
            output: column.recipe.output,
            model: column.recipe.model,
            inputs: column.references,
        });
        Ok(RecipeOutline { columns: columns.collect(), missing, warnings })
    }

    /// Adds the columns of a recipe file to a sheet; all of them, or none. Starts nothing.
    pub async fn import_recipe_file(
        &self,
        sheet: SheetId,
        path: &Path,
        fit: &RecipeFit,
    ) -> Result<ImportedRecipe, AppError> {
        let file = read_file(path).await?;
        self.import_recipe(sheet, &file, fit).await
    }

    /// Writes how AI columns are made to a file, which appears whole or not at all. Returns what
    /// could not be recorded, one line each.
    pub async fn export_recipe_file(
        &self,
        sheet: SheetId,
        columns: Option<&[String]>,
        with_examples: bool,
        path: &Path,
    ) -> Result<Vec<String>, AppError> {
        let recipe = self.export_recipe(sheet, columns, with_examples).await?;
        let path = path.to_owned();
        blocking(move || recipe_file::write_text(&path, &recipe.text)).await?;
        Ok(recipe.warnings)
    }
}

/// Reads a recipe file. A column that names no model gets the default one.
async fn read_file(path: &Path) -> Result<RecipeFile, AppError> {
    let path = path.to_owned();
    blocking(move || recipe_file::read(&recipe_file::read_text(&path)?, Some(""))).await
}

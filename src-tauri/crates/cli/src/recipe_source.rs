//! Recipe files as the command line takes them: a path, and names of models that may be paths.

use std::path::Path;

use braincells_core::AppError;
use braincells_workbench::RecipeFit;
use braincells_workbench::recipe_file::{self, RecipeFile};

use crate::args::FitArgs;
use crate::commands::model_named;
use crate::session::{Session, absolute};

/// Reads a recipe file, and says what it asks for and will not get.
pub fn read(session: &Session, path: &Path) -> Result<RecipeFile, AppError> {
    let text = recipe_file::read_text(&absolute(path)?).map_err(|error| {
        error.with_hint("check the path; the recipe (YAML) of `run` comes first, then the table")
    })?;
    // A column that names no model gets the workbench's default one.
    let mut file = recipe_file::read(&text, Some(""))?;
    for column in &mut file.columns {
        column.recipe.model = model_named(Some(&column.recipe.model))?;
    }
    for warning in &file.warnings {
        session.output.warn(warning);
    }
    Ok(file)
}

impl FitArgs {
    /// The same in the workbench's terms.
    pub fn fit(&self) -> Result<RecipeFit, AppError> {
        let model = self.model.as_deref().map(|model| model_named(Some(model))).transpose()?;
        Ok(RecipeFit { mapping: self.map.clone(), model, rename: false })
    }
}

//! Recipe files as the command line takes them: a path, and names of models that may be paths.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use braincells_core::{AppError, Code};
use braincells_workbench::RecipeFit;
use braincells_workbench::recipe_file::{self, RecipeFile};

use crate::args::FitArgs;
use crate::commands::model_named;
use crate::session::{Session, absolute};

/// Reads a recipe file, and says what it asks for and will not get.
pub fn read(session: &Session, path: &Path) -> Result<RecipeFile, AppError> {
    // A column that names no model gets the workbench's default one.
    let mut file = recipe_file::read(&read_text(path)?, Some(""))?;
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

/// The text of a recipe file; no more of it than a recipe file may have.
fn read_text(path: &Path) -> Result<String, AppError> {
    let path = absolute(path)?;
    let shown = path.display();
    let mut bytes = Vec::new();
    let read = File::open(&path)
        .and_then(|file| file.take(recipe_file::MOST_BYTES as u64 + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let code = if missing { Code::NotFound } else { Code::BadRecipe };
        return Err(AppError::new(code, format!("the recipe `{shown}` cannot be read: {error}"))
            .with_hint("check the path; the recipe of `run` comes first, then the table"));
    }
    // A file that is cut off in the middle of a character is too large, and nothing else.
    if bytes.len() > recipe_file::MOST_BYTES {
        bytes.fill(b' ');
    }
    String::from_utf8(bytes).map_err(|error| {
        AppError::new(Code::BadRecipe, format!("the recipe `{shown}` is not UTF-8 text: {error}"))
            .with_hint("the recipe (YAML) of `run` comes first, then the table")
    })
}

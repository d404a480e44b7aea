//! `run`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use braincells_core::{AppError, Code, Recipe};
use braincells_workbench::recipe_file::{self, RecipeFile};

use super::fill::model_named;
use crate::args::RunArgs;
use crate::destination::Destination;
use crate::failure::{Ending, Failure};
use crate::filling::{Job, fill_columns};
use crate::session::{Session, absolute};
use crate::source::Source;

/// Adds the columns of a recipe file to a file.
pub async fn run(session: &Session, arguments: &RunArgs) -> Result<Ending, Failure> {
    let file = recipe_file::read(&read_text(&arguments.recipe)?, Some(""))?;
    for warning in &file.warnings {
        session.output.warn(warning);
    }
    for column in file.columns.iter().filter(|column| !column.examples.is_empty()) {
        let (count, name) = (column.examples.len(), &column.name);
        session.output.warn(&format!("column `{name}`: its {count} example rows are not used"));
    }
    let columns = columns(&file, arguments.model.as_deref())?;
    let source = Source::open(session, &arguments.input).await?;
    let destination = Destination::of_input(session, &arguments.output, &source)?;
    let job = Job {
        verb: "run",
        source,
        columns,
        destination,
        rerun: &arguments.rerun,
        options: arguments.engine.options(),
    };
    fill_columns(session, job).await
}

/// The recipes, each behind those whose column it reads. Whether the table has the other columns
/// is known only when it is a sheet; adding the columns checks it.
fn columns(file: &RecipeFile, model: Option<&str>) -> Result<Vec<(String, Recipe)>, AppError> {
    let is_made = |name: &str| file.columns.iter().any(|column| column.name == name);
    let all = file.columns.iter().flat_map(|column| &column.references).map(String::as_str);
    let of_source: Vec<&str> = all.filter(|name| !is_made(name)).collect();
    let order = recipe_file::in_order(file, &of_source)?;
    order
        .into_iter()
        .map(|at| {
            let column = &file.columns[at];
            let mut recipe = column.recipe.clone();
            recipe.model = model_named(Some(model.unwrap_or(&recipe.model)))?;
            Ok((column.name.clone(), recipe))
        })
        .collect()
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
            .with_hint("check the path; the recipe comes first, then the table"));
    }
    String::from_utf8(bytes).map_err(|error| {
        AppError::new(Code::BadRecipe, format!("the recipe `{shown}` is not UTF-8 text: {error}"))
            .with_hint("the recipe (YAML) comes first, then the table")
    })
}

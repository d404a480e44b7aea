//! `recipe`.

use std::io::{self, Write};
use std::path::Path;

use braincells_core::SheetId;
use braincells_workbench::recipe_file::{self, RecipeFile};
use braincells_workbench::{ExportedRecipe, RecipeCheck, RecipeFit, RecipePlan};
use indicatif::HumanCount;
use serde_json::json;

use crate::args::{InputArgs, RecipeAction, RecipeArgs};
use crate::destination::target;
use crate::failure::{Ending, Failure};
use crate::recipe_plan::{self, Length};
use crate::recipe_source;
use crate::session::Session;
use crate::source::Source;
use crate::text::printable;
use crate::written::Written;

/// Writes, adds or looks at recipes.
pub async fn recipe(session: &Session, arguments: &RecipeArgs) -> Result<Ending, Failure> {
    match &arguments.action {
        RecipeAction::Export { sheet, out, columns, no_examples, force } => {
            let sheet = session.sheet(&sheet.sheet).await?;
            let out = out.as_deref().filter(|out| *out != Path::new("-"));
            let target = out.map(|out| target(session, out, *force)).transpose()?;
            let columns = columns.as_ref().map(|list| list.0.as_slice());
            let export = session.workbench.export_recipe(sheet, columns, !no_examples);
            let recipe = session.unless_stopped(export).await?;
            write(session, sheet, &recipe, target.as_deref())
        }
        RecipeAction::Import { sheet, recipe, fit, rename } => {
            let file = recipe_source::read(session, recipe)?;
            let fit = RecipeFit { rename: *rename, ..fit.fit()? };
            import(session, &sheet.sheet, &file, &fit).await
        }
        RecipeAction::Check { recipe, table, fit } => {
            let file = recipe_source::read(session, recipe)?;
            check(session, "recipe check", &file, &fit.fit()?, table.named().as_ref(), None).await
        }
        RecipeAction::Show { recipe } => {
            let file = recipe_source::read(session, recipe)?;
            let plan = RecipePlan::new(&file, &RecipeFit::default())?;
            session.output.result("recipe show", &json!({ "plan": plan }))?;
            session.output.say(&recipe_plan::lines(&plan, Length::Whole))?;
            Ok(Ending::Complete)
        }
    }
}

/// Says what a recipe would do to a table, and that it can.
pub async fn check(
    session: &Session,
    verb: &str,
    file: &RecipeFile,
    fit: &RecipeFit,
    table: Option<&InputArgs>,
    first: Option<u64>,
) -> Result<Ending, Failure> {
    // What contradicts itself is refused before a table is read for it.
    RecipePlan::new(file, fit)?;
    let check = match table {
        None => {
            let check = session.workbench.check_recipe(file, fit, None, first);
            session.unless_stopped(check).await?
        }
        Some(input) => check_table(session, file, fit, input, first).await?,
    };
    for warning in &check.warnings {
        session.output.warn(warning);
    }
    session.output.result(verb, &check)?;
    session.output.say(&recipe_plan::lines(&check.plan, Length::Short))?;
    if let Some(estimate) = &check.estimate {
        session.output.say(&[String::new()])?;
        session.output.say_table(&recipe_plan::work(&check.plan, estimate), false)?;
        session.output.say(&recipe_plan::basis(estimate))?;
    }
    Ok(Ending::Complete)
}

/// Columns and types come from a sheet; it is gone when this ends.
async fn check_table(
    session: &Session,
    file: &RecipeFile,
    fit: &RecipeFit,
    input: &InputArgs,
    first: Option<u64>,
) -> Result<RecipeCheck, Failure> {
    let source = Source::open(session, input).await?;
    let sheet = session.unless_stopped(session.workbench.import(&source.input())).await?.id;
    let check = session.workbench.check_recipe(file, fit, Some(sheet), first);
    let check = session.unless_stopped(check).await;
    session.progress.clear();
    session.workbench.delete_sheet_for_good(sheet).await?;
    check
}

async fn import(
    session: &Session,
    sheet: &str,
    file: &RecipeFile,
    fit: &RecipeFit,
) -> Result<Ending, Failure> {
    let sheet = session.sheet(sheet).await?;
    let import = session.workbench.import_recipe(sheet, file, fit);
    let imported = session.unless_stopped(import).await?;
    for warning in &imported.warnings {
        session.output.warn(warning);
    }
    let result = json!({
        "sheet": sheet,
        "columns": imported.columns,
        "renamed": imported.renamed,
        "warnings": imported.warnings,
    });
    session.output.result("recipe import", &result)?;
    let lines: Vec<String> = imported
        .columns
        .iter()
        .map(|column| {
            let was = imported.renamed.iter().find(|(_, new)| *new == column.name);
            let was = was.map_or_else(String::new, |(old, _)| format!(", in the recipe `{old}`"));
            let kind = column.recipe().map_or("text", |recipe| recipe.output.as_str());
            printable(&format!("added `{}` ({kind}){was}", column.name))
        })
        .collect();
    session.output.summarise(&lines)?;
    Ok(Ending::Complete)
}

fn write(
    session: &Session,
    sheet: SheetId,
    recipe: &ExportedRecipe,
    target: Option<&Path>,
) -> Result<Ending, Failure> {
    if let Some(path) = target {
        recipe_file::write_text(path, &recipe.text)?;
        Written::of(&session.home).remember(path);
    } else {
        let mut stdout = io::stdout().lock();
        stdout.write_all(recipe.text.as_bytes())?;
        stdout.flush()?;
    }
    for warning in &recipe.warnings {
        session.output.warn(warning);
    }
    if recipe.example_rows > 0 {
        session.output.notice(&format!(
            "rows of the sheet that are in the recipe as examples: {} (`--no-examples` leaves \
             them out)",
            HumanCount(recipe.example_rows)
        ));
    }
    let result = json!({
        "sheet": sheet,
        "file": target,
        "columns": recipe.columns,
        "example_rows": recipe.example_rows,
        "warnings": recipe.warnings,
    });
    session.output.result("recipe export", &result)?;
    if let Some(path) = target {
        let count = recipe.columns.len();
        let columns = if count == 1 { "column" } else { "columns" };
        let place = printable(&path.display().to_string());
        session.output.summarise(&[format!("{count} {columns} written to {place}")])?;
    }
    Ok(Ending::Complete)
}

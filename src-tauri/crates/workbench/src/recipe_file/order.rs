use braincells_core::AppError;

use super::{RecipeColumn, RecipeFile, bad_recipe, named};

/// The positions of the file's columns in an order in which each comes after the ones it needs,
/// for a table with `source_columns`. Columns that do not wait for each other keep the file's
/// order.
///
/// Refused: a column with the name of a source column or of another one, a reference to a column
/// that is in neither, and columns that need each other.
pub fn in_order(file: &RecipeFile, source_columns: &[&str]) -> Result<Vec<usize>, AppError> {
    check_names(file, source_columns)?;
    let columns = &file.columns;
    let position = |name: &str| columns.iter().position(|column| column.name == name);
    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(columns.len());
    for column in columns {
        let made = column.references.iter().filter(|name| !source_columns.contains(&name.as_str()));
        needs.push(
            made.map(|name| {
                position(name).ok_or_else(|| unknown(column, name, columns, source_columns))
            })
            .collect::<Result<_, _>>()?,
        );
    }

    let mut ordered: Vec<usize> = Vec::with_capacity(columns.len());
    while ordered.len() < columns.len() {
        let ready = (0..columns.len()).find(|at| {
            !ordered.contains(at) && needs[*at].iter().all(|needed| ordered.contains(needed))
        });
        match ready {
            Some(at) => ordered.push(at),
            None => return Err(cycle(columns, &needs, &ordered)),
        }
    }
    Ok(ordered)
}

fn check_names(file: &RecipeFile, source_columns: &[&str]) -> Result<(), AppError> {
    for (at, column) in file.columns.iter().enumerate() {
        let name = column.name.as_str();
        if source_columns.contains(&name) {
            return Err(bad_recipe(
                format!("the recipe makes a column `{name}`, and the table already has one"),
                "rename the column in the recipe file",
            ));
        }
        if file.columns[..at].iter().any(|earlier| earlier.name == name) {
            return Err(bad_recipe(
                format!("the recipe makes the column `{name}` twice"),
                "rename one of the two",
            ));
        }
    }
    Ok(())
}

fn unknown(
    column: &RecipeColumn,
    name: &str,
    columns: &[RecipeColumn],
    source_columns: &[&str],
) -> AppError {
    let made = columns.iter().map(|other| other.name.as_str());
    let known = made.filter(|other| *other != column.name).chain(source_columns.iter().copied());
    bad_recipe(
        format!("the column `{}` needs `{name}`, and there is no such column", column.name),
        format!("the columns it can refer to are {}", named(known)),
    )
}

/// Follows needs that are not met until a column comes twice; from there on it is a circle.
fn cycle(columns: &[RecipeColumn], needs: &[Vec<usize>], ordered: &[usize]) -> AppError {
    let unmet = |at: usize| needs[at].iter().copied().find(|needed| !ordered.contains(needed));
    let mut path: Vec<usize> = Vec::new();
    let mut next = (0..columns.len()).find(|at| !ordered.contains(at));
    while let Some(at) = next.filter(|at| !path.contains(at)) {
        path.push(at);
        next = unmet(at);
    }
    let circle = path.iter().skip_while(|at| Some(**at) != next).chain(&next);
    let names: Vec<_> = circle.map(|at| format!("`{}`", columns[*at].name)).collect();
    bad_recipe(
        format!("the columns need each other in a circle: {}", names.join(" needs ")),
        "take the reference out of one of the prompts",
    )
}

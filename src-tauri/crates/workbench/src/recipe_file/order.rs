use std::collections::HashSet;

use braincells_core::AppError;
use braincells_llm::nearest;

use super::{RecipeFile, bad_recipe, named};

/// Names in a hint; more are not read.
const MOST_NAMES: usize = 20;

/// The positions of the file's columns in an order in which each comes after the ones it needs,
/// for a table with `source_columns`. Columns that do not wait for each other keep the file's
/// order.
///
/// Refused, with the lines of the file: a column with the name of a source column or of another
/// one, whatever the letter case; references to columns that are in neither; and columns that need
/// each other.
pub fn in_order(file: &RecipeFile, source_columns: &[&str]) -> Result<Vec<usize>, AppError> {
    check_names(file, source_columns)?;
    let needs = needs(file, source_columns)?;
    let mut ordered: Vec<usize> = Vec::with_capacity(needs.len());
    let mut is_ordered = vec![false; needs.len()];
    while ordered.len() < needs.len() {
        let is_ready = |at: &usize| !is_ordered[*at] && needs[*at].iter().all(|n| is_ordered[*n]);
        match (0..needs.len()).find(is_ready) {
            Some(at) => {
                ordered.push(at);
                is_ordered[at] = true;
            }
            None => return Err(cycle(file, &needs, &is_ordered)),
        }
    }
    Ok(ordered)
}

fn check_names(file: &RecipeFile, source_columns: &[&str]) -> Result<(), AppError> {
    let of_source: HashSet<String> = source_columns.iter().map(|n| n.to_lowercase()).collect();
    let mut made = HashSet::new();
    for (at, column) in file.columns.iter().enumerate() {
        let name = column.name.to_lowercase();
        if of_source.contains(&name) {
            return Err(bad_recipe(
                format!(
                    "the recipe makes a column {}, and the table already has one",
                    file.named_with_line(at)
                ),
                format!("`--map '{}=NEW NAME'` gives it another name", column.name),
            ));
        }
        if !made.insert(name) {
            return Err(bad_recipe(
                format!("the recipe makes the column {} twice", file.named_with_line(at)),
                "rename one of the two; letter case does not tell columns apart",
            ));
        }
    }
    Ok(())
}

/// For each column the positions of the columns of the file that it reads.
fn needs(file: &RecipeFile, source_columns: &[&str]) -> Result<Vec<Vec<usize>>, AppError> {
    let position = |name: &str| file.columns.iter().position(|column| column.name == name);
    let mut missing: Vec<(usize, &str)> = Vec::new();
    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(file.columns.len());
    for (at, column) in file.columns.iter().enumerate() {
        let mut needed = Vec::new();
        for name in &column.references {
            match position(name) {
                _ if source_columns.contains(&name.as_str()) => {}
                Some(position) => needed.push(position),
                None if missing.iter().any(|(_, known)| known == name) => {}
                None => missing.push((at, name)),
            }
        }
        needs.push(needed);
    }
    if missing.is_empty() { Ok(needs) } else { Err(unknown(file, &missing, source_columns)) }
}

fn unknown(file: &RecipeFile, missing: &[(usize, &str)], source_columns: &[&str]) -> AppError {
    let message = match missing {
        [(at, name)] => format!(
            "the column `{}` needs {}, and there is no such column",
            file.columns[*at].name,
            file.named_with_line_of_prompt(*at, name)
        ),
        several => {
            let names = several.iter().take(MOST_NAMES);
            let names: Vec<String> =
                names.map(|(at, name)| file.named_with_line_of_prompt(*at, name)).collect();
            format!(
                "the recipe needs {} columns that are not there: {}",
                several.len(),
                names.join(", ")
            )
        }
    };
    let made: Vec<&str> = file.columns.iter().map(|column| column.name.as_str()).collect();
    let meant = missing.iter().filter_map(|(_, name)| match nearest(name, source_columns) {
        Some(meant) => Some(format!("`--map '{}={meant}'`", file.old_name(name))),
        None => Some(format!("`{{{{{}}}}}`", nearest(name, &made)?)),
    });
    let meant: Vec<String> = meant.take(MOST_NAMES).collect();
    let known = source_columns.iter().copied().take(MOST_NAMES);
    let rest = source_columns.len().saturating_sub(MOST_NAMES);
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let known = match source_columns {
        [] => "the table has no columns".to_owned(),
        _ => format!("the table's columns are {}{rest}", named(known)),
    };
    bad_recipe(
        message,
        match meant.as_slice() {
            [] => format!("`--map RECIPE=TABLE` says which column is meant; {known}"),
            meant => format!("did you mean {}? {known}", meant.join(" ")),
        },
    )
}

/// Follows needs that are not met until a column comes twice; from there on it is a circle.
fn cycle(file: &RecipeFile, needs: &[Vec<usize>], is_ordered: &[bool]) -> AppError {
    let unmet = |at: usize| needs[at].iter().copied().find(|needed| !is_ordered[*needed]);
    let mut path: Vec<usize> = Vec::new();
    let mut next = is_ordered.iter().position(|is_ordered| !is_ordered);
    while let Some(at) = next.filter(|at| !path.contains(at)) {
        path.push(at);
        next = unmet(at);
    }
    let circle = path.iter().copied().skip_while(|at| Some(*at) != next);
    let mut names: Vec<String> = circle.map(|at| file.named_with_line(at)).collect();
    names.extend(next.map(|at| format!("`{}`", file.columns[at].name)));
    bad_recipe(
        format!("the columns need each other in a circle: {}", names.join(" needs ")),
        "take the reference out of one of the prompts",
    )
}

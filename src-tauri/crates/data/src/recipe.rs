//! Recipes as a sheet keeps them: every version, with the columns that its prompt names by id, so
//! that a prompt follows its columns when they are renamed, an old version too.

use std::collections::BTreeMap;

use braincells_core::{ColumnId, Recipe, Template, renamed};
use duckdb::{Connection, params};

use crate::DataError;
use crate::column::{self, ColumnRow};
use crate::error::during;
use crate::sheet::SheetStore;

/// The ids of the columns that a prompt named when it was stored.
type Inputs = BTreeMap<String, i64>;

impl SheetStore {
    /// A column's recipe in one of its versions, with the present names of the columns it reads.
    pub fn recipe(&self, column: ColumnId, version: i64) -> Result<Recipe, DataError> {
        let (text, inputs): (Option<String>, Option<String>) = self
            .reader()
            .query_row(
                "SELECT max(recipe::VARCHAR), max(inputs::VARCHAR) FROM braincells.recipes \
                 WHERE column_id = ? AND version = ?",
                [column.0, version],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(during("read the recipe"))?;
        let text = text.ok_or(DataError::RecipeMissing { column, version })?;
        let columns = self.stored_columns();
        let name_of = |id: i64| {
            let found = columns.iter().find(|stored| stored.column.id.0 == id);
            found.map(|stored| stored.column.name.clone())
        };
        read(&text, inputs.as_deref(), name_of)
    }
}

/// A stored recipe, with the names that its columns have now. A column that is gone keeps the
/// name it had.
pub(crate) fn read(
    text: &str,
    inputs: Option<&str>,
    name_of: impl Fn(i64) -> Option<String>,
) -> Result<Recipe, DataError> {
    let unreadable = |error: serde_json::Error| DataError::Unreadable {
        what: "recipe",
        found: error.to_string(),
    };
    let mut recipe: Recipe = serde_json::from_str(text).map_err(unreadable)?;
    let inputs: Inputs = match inputs {
        Some(inputs) => serde_json::from_str(inputs).map_err(unreadable)?,
        None => Inputs::new(),
    };
    let new_name = |name: &str| {
        let id = inputs.get(name)?;
        name_of(*id).filter(|now| now != name)
    };
    // A prompt that does not parse was refused when it came; it stays as it is.
    if inputs.keys().any(|name| new_name(name).is_some())
        && let Ok(prompt) = renamed(&recipe.prompt, new_name)
    {
        recipe.prompt = prompt;
        recipe.rename_example_inputs(new_name);
    }
    Ok(recipe)
}

/// Stores a version of a column's recipe.
pub(crate) fn store(
    connection: &Connection,
    column: i64,
    version: i64,
    recipe: &Recipe,
    now_ms: i64,
) -> Result<(), DataError> {
    let text =
        serde_json::to_string(recipe).expect("a recipe has only text keys and finite structure");
    let inputs = inputs_of(recipe, &column::load_rows(connection)?);
    connection
        .execute(
            "INSERT INTO braincells.recipes VALUES (?, ?, ?, ?, ?)",
            params![column, version, text, now_ms, inputs],
        )
        .map(drop)
        .map_err(during("store the recipe"))
}

/// The number of a column's next version.
pub(crate) fn next_version(connection: &Connection, column: ColumnId) -> Result<i64, DataError> {
    connection
        .query_row(
            "SELECT coalesce(max(version), 0) + 1 FROM braincells.recipes WHERE column_id = ?",
            [column.0],
            |row| row.get(0),
        )
        .map_err(during("store the recipe"))
}

/// Notes for recipes that were stored without it which columns they name.
pub(crate) fn note_inputs(connection: &Connection) -> Result<(), DataError> {
    let failed = during("bring the recipes up to date");
    let columns = column::load_rows(connection)?;
    let mut statement = connection
        .prepare("SELECT column_id, version, recipe::VARCHAR FROM braincells.recipes")
        .map_err(&failed)?;
    let stored: Vec<(i64, i64, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect)
        .map_err(&failed)?;
    for (column, version, text) in stored {
        let inputs = inputs_of(&read(&text, None, |_| None)?, &columns);
        connection
            .execute(
                "UPDATE braincells.recipes SET inputs = ? WHERE column_id = ? AND version = ?",
                params![inputs, column, version],
            )
            .map_err(&failed)?;
    }
    Ok(())
}

fn inputs_of(recipe: &Recipe, columns: &[ColumnRow]) -> String {
    let id_of = |name: &String| {
        let found = columns.iter().find(|row| row.name == *name);
        found.map(|row| (name.clone(), row.id))
    };
    let inputs: Inputs = match Template::parse(&recipe.prompt) {
        Ok(template) => template.references().iter().filter_map(id_of).collect(),
        Err(_) => Inputs::new(),
    };
    serde_json::to_string(&inputs).expect("names and numbers can be written")
}

use std::sync::{Arc, PoisonError};

use braincells_core::{Column, ColumnId, ColumnKind, Recipe};
use duckdb::{Connection, params};

use super::{SheetStore, in_transaction};
use crate::DataError;
use crate::column::{self, Names, StoredColumn, sql_type};
use crate::database::hold;
use crate::error::during;
use crate::sql::identifier;

impl SheetStore {
    /// The columns in display order.
    pub fn columns(&self) -> Result<Vec<Column>, DataError> {
        Ok(self.stored_columns().iter().map(|stored| stored.column.clone()).collect())
    }

    /// Adds an empty AI column after the others. It gets recipe version 1.
    ///
    /// The name must be free, whatever its letter case. Not for the middle of a run.
    pub fn add_ai_column(
        &self,
        name: &str,
        recipe: &Recipe,
        now_ms: i64,
    ) -> Result<Column, DataError> {
        if name.trim().is_empty() {
            return Err(DataError::NameBlank);
        }
        let mut names = Names::physical();
        let writer = hold(&self.writer);
        let columns = self.stored_columns();
        let lowercase = name.to_lowercase();
        for stored in columns.iter() {
            if stored.column.name.to_lowercase() == lowercase {
                return Err(DataError::NameTaken { name: name.to_owned() });
            }
            names.claim(&stored.physical);
        }
        let physical = names.claim(name);
        in_transaction(&writer.connection, "add a column", |connection| {
            connection.execute_batch(&format!(
                "ALTER TABLE main.rows ADD COLUMN {} {}",
                identifier(&physical),
                sql_type(&recipe.output)
            ))?;
            let (id, position): (i64, i64) = connection.query_row(
                "SELECT next_column_id, \
                 (SELECT coalesce(max(position), 0) + 1 FROM braincells.columns) \
                 FROM braincells.meta",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            connection.execute(
                "INSERT INTO braincells.columns VALUES (?, ?, ?, ?, 'ai')",
                params![id, position, name, physical],
            )?;
            connection.execute(
                "INSERT INTO braincells.recipes VALUES (?, 1, ?, ?)",
                params![id, recipe_text(recipe), now_ms],
            )?;
            connection.execute(
                "UPDATE braincells.meta SET next_column_id = ?, changed_at_ms = ?",
                params![id + 1, now_ms],
            )
        })?;
        // A change of the table must not sit in the write-ahead log that a killed run leaves.
        self.checkpoint_when_free(&writer.connection)?;
        let columns = self.reload_columns(&writer.connection)?;
        let added = columns.last().map(|stored| stored.column.clone());
        Ok(added.expect("the column that was just added is the last one"))
    }

    /// Gives an AI column a new recipe, keeps the old ones, and returns the new version.
    ///
    /// The output type decides the type of the stored values, so it must stay of the same kind.
    pub fn set_recipe(
        &self,
        column: ColumnId,
        recipe: &Recipe,
        now_ms: i64,
    ) -> Result<i64, DataError> {
        let writer = hold(&self.writer);
        let stored = self.ai_column(column)?;
        let ColumnKind::Ai { recipe_version, .. } = stored.column.kind else {
            return Err(DataError::NotAiColumn { name: stored.column.name });
        };
        if sql_type(&recipe.output) != stored.column.sql_type {
            return Err(DataError::TypeChange {
                name: stored.column.name,
                stored: stored.column.sql_type,
                wanted: recipe.output.as_str(),
            });
        }
        let version = recipe_version + 1;
        in_transaction(&writer.connection, "store the recipe", |connection| {
            connection.execute(
                "INSERT INTO braincells.recipes VALUES (?, ?, ?, ?)",
                params![column.0, version, recipe_text(recipe), now_ms],
            )?;
            connection.execute("UPDATE braincells.meta SET changed_at_ms = ?", [now_ms])
        })?;
        self.reload_columns(&writer.connection)?;
        Ok(version)
    }

    /// A column's recipe in one of its versions.
    pub fn recipe(&self, column: ColumnId, version: i64) -> Result<Recipe, DataError> {
        let text: Option<String> = hold(&self.reader)
            .query_row(
                "SELECT max(recipe::VARCHAR) FROM braincells.recipes \
                 WHERE column_id = ? AND version = ?",
                [column.0, version],
                |row| row.get(0),
            )
            .map_err(during("read the recipe"))?;
        column::parse_recipe(&text.ok_or(DataError::RecipeMissing { column, version })?)
    }

    fn reload_columns(&self, connection: &Connection) -> Result<Arc<Vec<StoredColumn>>, DataError> {
        let columns = Arc::new(column::load(connection)?);
        *self.columns.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&columns);
        Ok(columns)
    }
}

fn recipe_text(recipe: &Recipe) -> String {
    serde_json::to_string(recipe).expect("a recipe has only text keys and finite structure")
}

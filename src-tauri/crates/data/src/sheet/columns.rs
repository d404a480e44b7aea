use braincells_core::{Column, ColumnId, DataType, Recipe, Template};
use duckdb::{Connection, params};

use super::SheetStore;
use crate::column::{self, ColumnRow, Names, StoredColumn, sql_type};
use crate::error::during;
use crate::sql::identifier;
use crate::step::Action;
use crate::{DataError, recipe};

mod remake;
mod split;

pub use split::SplitPart;

impl SheetStore {
    /// The columns in display order, hidden ones included.
    pub fn columns(&self) -> Result<Vec<Column>, DataError> {
        Ok(self.stored_columns().iter().map(|stored| stored.column.clone()).collect())
    }

    /// Adds an empty AI column after the others. It gets recipe version 1.
    ///
    /// The name must be free, whatever its letter case.
    pub fn add_ai_column(
        &self,
        name: &str,
        recipe: &Recipe,
        now_ms: i64,
    ) -> Result<Column, DataError> {
        let added = self.add_ai_columns(&[(name, recipe)], now_ms)?;
        Ok(added.into_iter().next().expect("one column was asked for and added"))
    }

    /// Adds empty AI columns after the others, all of them in one step.
    pub fn add_ai_columns(
        &self,
        columns: &[(&str, &Recipe)],
        now_ms: i64,
    ) -> Result<Vec<Column>, DataError> {
        let name = match columns {
            [] => return Ok(Vec::new()),
            [(name, _)] => format!("Add column `{name}`"),
            _ => format!("Add {} columns", columns.len()),
        };
        let ids = self.act(&name, now_ms, |action| {
            columns
                .iter()
                .map(|(name, recipe)| {
                    let row = new_column(action, name, sql_type(&recipe.output), "ai")?;
                    recipe::store(action.connection, row.id, 1, recipe, now_ms)?;
                    let row = ColumnRow { recipe_version: Some(1), ..row };
                    column::replace_row(action.connection, &row)?;
                    Ok(ColumnId(row.id))
                })
                .collect::<Result<Vec<_>, DataError>>()
        })?;
        ids.into_iter().map(|id| Ok(self.stored_column(id)?.column)).collect()
    }

    /// Adds an empty column to be typed by hand, after the others.
    pub fn add_data_column(
        &self,
        name: &str,
        data_type: DataType,
        now_ms: i64,
    ) -> Result<Column, DataError> {
        let id = self.act(&format!("Add column `{name}`"), now_ms, |action| {
            new_column(action, name, column::sql_type_of(data_type), "data").map(|row| row.id)
        })?;
        Ok(self.stored_column(ColumnId(id))?.column)
    }

    /// Gives an AI column a new recipe, keeps the old ones, and returns the new version.
    ///
    /// Its done cells become stale, and those below them, unless only the calibration differs:
    /// then they stay as they are. A recipe with another output type
    /// empties the column, apart from cells written or approved by hand whose value fits the new
    /// type; undo brings everything back.
    pub fn set_recipe(
        &self,
        column: ColumnId,
        recipe: &Recipe,
        now_ms: i64,
    ) -> Result<i64, DataError> {
        let stored = self.ai_column(column)?;
        let name = format!("Change the recipe of `{}`", stored.column.name);
        let wanted = sql_type(&recipe.output);
        self.act(&name, now_ms, |action| {
            let version = recipe::next_version(action.connection, column)?;
            recipe::store(action.connection, column.0, version, recipe, now_ms)?;
            if wanted == stored.column.sql_type {
                let row = ColumnRow { recipe_version: Some(version), ..row_of(action, column)? };
                column::replace_row(action.connection, &row)?;
                action.news.columns = true;
                if !stored.column.recipe().is_some_and(|now| now.asks_like(recipe)) {
                    self.mark_done_stale(action, column)?;
                }
            } else {
                self.remake_ai_column(action, &stored, version, wanted)?;
            }
            Ok(version)
        })
    }

    /// Renames a column. Prompts name it by its id, so every reference to it has the new name.
    pub fn rename_column(
        &self,
        column: ColumnId,
        name: &str,
        now_ms: i64,
    ) -> Result<(), DataError> {
        let stored = self.stored_column(column)?;
        let old = &stored.column.name;
        if name == old {
            return Ok(());
        }
        if self.stored_columns().iter().any(|user| user.inputs.contains(&column)) {
            Template::check_name(name).map_err(|source| DataError::NameUnusable { source })?;
        }
        self.act(&format!("Rename column `{old}` to `{name}`"), now_ms, |action| {
            check_name(action.connection, name, Some(column))?;
            let row = ColumnRow { name: name.to_owned(), ..row_of(action, column)? };
            action.news.columns = true;
            column::replace_row(action.connection, &row)
        })
    }

    /// Puts a column at a place in the display order, from 0; behind the last one if that is
    /// beyond it.
    pub fn move_column(
        &self,
        column: ColumnId,
        place: usize,
        now_ms: i64,
    ) -> Result<(), DataError> {
        let name = format!("Move column `{}`", self.stored_column(column)?.column.name);
        self.act(&name, now_ms, |action| {
            let mut rows = column::load_rows(action.connection)?;
            let Some(at) = rows.iter().position(|row| row.id == column.0) else {
                return Err(DataError::ColumnMissing { column });
            };
            let row = rows.remove(at);
            rows.insert(place.min(rows.len()), row);
            for (position, mut row) in (1..).zip(rows) {
                if row.position != position {
                    row.position = position;
                    column::replace_row(action.connection, &row)?;
                }
            }
            action.news.columns = true;
            Ok(())
        })
    }

    /// Hides a column from grids, or shows it again.
    pub fn hide_column(
        &self,
        column: ColumnId,
        hidden: bool,
        now_ms: i64,
    ) -> Result<(), DataError> {
        let verb = if hidden { "Hide" } else { "Show" };
        self.change_row(column, verb, now_ms, |row| row.hidden = hidden)
    }

    /// Sets how wide a grid draws a column, in CSS pixels; `None` lets the grid decide.
    pub fn resize_column(
        &self,
        column: ColumnId,
        width_px: Option<u32>,
        now_ms: i64,
    ) -> Result<(), DataError> {
        self.change_row(column, "Resize", now_ms, |row| row.width_px = width_px)
    }

    /// Removes columns. Fails with [`DataError::ColumnInUse`] while a prompt of another column
    /// names one of them, and while one of them is being filled.
    pub fn delete_columns(&self, columns: &[ColumnId], now_ms: i64) -> Result<(), DataError> {
        let all = self.stored_columns();
        let mut names = Vec::new();
        for id in columns {
            let stored = self.stored_column(*id)?;
            let names_it = |user: &&StoredColumn| {
                user.inputs.contains(id) && !columns.contains(&user.column.id)
            };
            let users: Vec<String> =
                all.iter().filter(names_it).map(|user| user.column.name.clone()).collect();
            if !users.is_empty() {
                return Err(DataError::ColumnInUse { name: stored.column.name, users });
            }
            names.push(stored.column.name);
        }
        let name = match names.as_slice() {
            [] => return Ok(()),
            [name] => format!("Delete column `{name}`"),
            _ => format!("Delete {} columns", names.len()),
        };
        let mut writer = self.writer()?;
        for (id, name) in columns.iter().zip(names) {
            if writer.live_runs.fills(*id) {
                return Err(DataError::ColumnAlive { name });
            }
        }
        let delete = |action: &mut Action<'_>| {
            action.news.columns = true;
            columns.iter().try_for_each(|id| column::remove_row(action.connection, id.0))
        };
        self.act_with(&mut writer, &name, now_ms, delete).map(drop)
    }

    fn change_row(
        &self,
        column: ColumnId,
        verb: &str,
        now_ms: i64,
        change: impl FnOnce(&mut ColumnRow),
    ) -> Result<(), DataError> {
        let name = format!("{verb} column `{}`", self.stored_column(column)?.column.name);
        self.act(&name, now_ms, |action| {
            let mut row = row_of(action, column)?;
            change(&mut row);
            action.news.columns = true;
            column::replace_row(action.connection, &row)
        })
    }
}

fn row_of(action: &Action<'_>, column: ColumnId) -> Result<ColumnRow, DataError> {
    let rows = column::load_rows(action.connection)?;
    let found = rows.into_iter().find(|row| row.id == column.0);
    found.ok_or(DataError::ColumnMissing { column })
}

/// Adds a column to the table and to the list.
fn new_column(
    action: &mut Action<'_>,
    name: &str,
    sql_type: &str,
    kind: &str,
) -> Result<ColumnRow, DataError> {
    let connection = action.connection;
    check_name(connection, name, None)?;
    let physical = new_physical(action, name, sql_type)?;
    let (id, position) = connection
        .query_row(
            "SELECT next_column_id, \
             (SELECT coalesce(max(position), 0) + 1 FROM braincells.columns) FROM braincells.meta",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .map_err(during("add a column"))?;
    connection
        .execute("UPDATE braincells.meta SET next_column_id = ?", params![id + 1])
        .map_err(during("add a column"))?;
    let row = ColumnRow {
        id,
        position,
        name: name.to_owned(),
        physical,
        kind: kind.to_owned(),
        recipe_version: None,
        hidden: false,
        width_px: None,
    };
    column::insert_row(connection, &row)?;
    action.news.columns = true;
    Ok(row)
}

/// Adds an empty column to `main.rows` and returns its name there.
fn new_physical(
    action: &mut Action<'_>,
    wanted: &str,
    sql_type: &str,
) -> Result<String, DataError> {
    let failed = during("add a column");
    let connection = action.connection;
    let mut names = Names::physical();
    for name in column::physical_names(connection)? {
        names.claim(&name);
    }
    let physical = names.claim(wanted);
    for table in ["main.rows", "braincells.removed_rows"] {
        let sql = format!("ALTER TABLE {table} ADD COLUMN {} {sql_type}", identifier(&physical));
        connection.execute_batch(&sql).map_err(&failed)?;
    }
    action.news.table = true;
    Ok(physical)
}

/// Refuses a blank name and one that another column has, whatever its letter case.
fn check_name(
    connection: &Connection,
    name: &str,
    except: Option<ColumnId>,
) -> Result<(), DataError> {
    if name.trim().is_empty() || name.contains('\0') {
        return Err(DataError::NameBlank);
    }
    let lowercase = name.to_lowercase();
    let taken = column::load_rows(connection)?
        .into_iter()
        .any(|row| Some(ColumnId(row.id)) != except && row.name.to_lowercase() == lowercase);
    if taken { Err(DataError::NameTaken { name: name.to_owned() }) } else { Ok(()) }
}

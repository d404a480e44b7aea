use std::collections::HashSet;

use braincells_core::{Column, ColumnId, ColumnKind, DataType, NumberLimits, Output, ValueType};
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::error::during;
use crate::schema::RESERVED;
use crate::sql::identifier;
use crate::value::Shape;
use crate::{DataError, recipe, stale};

/// A column and where its values are.
#[derive(Clone, Debug)]
pub(crate) struct StoredColumn {
    pub(crate) column: Column,
    /// Its name in `main.rows`, as a quoted identifier.
    pub(crate) quoted: String,
    pub(crate) shape: Shape,
    /// The columns that its prompt names.
    pub(crate) inputs: Vec<ColumnId>,
}

impl StoredColumn {
    pub(crate) fn is_ai(&self) -> bool {
        matches!(self.column.kind, ColumnKind::Ai { .. })
    }

    /// The SQL expression that reads a text of the log.
    pub(crate) fn parse(&self, text: &str) -> String {
        self.shape.parse(text, &self.column.sql_type)
    }

    /// The SQL expression that writes the value as a text of the log.
    pub(crate) fn print(&self) -> String {
        self.shape.print(&self.quoted)
    }

    /// The SQL expression that gives the value in a form that [`crate::value::read`] takes.
    pub(crate) fn select(&self) -> String {
        self.shape.select(&self.quoted)
    }
}

/// All columns in display order, types as DuckDB has them now.
pub(crate) fn load(connection: &Connection) -> Result<Vec<StoredColumn>, DataError> {
    let failed = during("read the columns");
    let mut statement = connection
        .prepare(
            "SELECT c.id, c.name, c.physical, d.data_type, c.kind, r.recipe::VARCHAR, r.version, \
             c.hidden, c.width_px, r.inputs::VARCHAR FROM braincells.columns c \
             JOIN duckdb_columns() d ON d.database_name = current_database() \
                 AND d.schema_name = 'main' AND d.table_name = 'rows' \
                 AND d.column_name = c.physical \
             LEFT JOIN braincells.recipes r ON r.column_id = c.id \
                 AND r.version = c.recipe_version \
             ORDER BY c.position, c.id",
        )
        .map_err(&failed)?;
    let names = load_rows(connection)?;
    let name_of = |id: i64| names.iter().find(|row| row.id == id).map(|row| row.name.clone());
    let mut rows = statement.query([]).map_err(&failed)?;
    let mut columns = Vec::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        let read = || -> duckdb::Result<_> {
            Ok((
                ColumnId(row.get(0)?),
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, String>(4)?,
                row.get::<_, Option<String>>(5)?,
                row.get::<_, Option<i64>>(6)?,
                row.get::<_, bool>(7)?,
                row.get::<_, Option<u32>>(8)?,
                row.get::<_, Option<String>>(9)?,
            ))
        };
        let (id, name, physical, sql_type, kind, recipe, version, hidden, width_px, inputs) =
            read().map_err(&failed)?;
        let kind = match (kind.as_str(), recipe, version) {
            ("ai", Some(recipe), Some(recipe_version)) => {
                let recipe = recipe::read(&recipe, inputs.as_deref(), name_of)?;
                ColumnKind::Ai { recipe, recipe_version }
            }
            ("data", ..) => ColumnKind::Data,
            (other, ..) => {
                return Err(DataError::Unreadable { what: "column kind", found: other.to_owned() });
            }
        };
        columns.push(StoredColumn {
            quoted: identifier(&physical),
            shape: Shape::of(&sql_type),
            inputs: Vec::new(),
            column: Column {
                id,
                name,
                value_type: value_type(&sql_type),
                sql_type,
                hidden,
                width_px,
                kind,
            },
        });
    }
    for index in 0..columns.len() {
        if let Some(recipe) = columns[index].column.recipe() {
            columns[index].inputs = stale::inputs(&recipe.prompt, &columns);
        }
    }
    Ok(columns)
}

/// One row of `braincells.columns`, as steps remember it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnRow {
    pub(crate) id: i64,
    pub(crate) position: i64,
    pub(crate) name: String,
    pub(crate) physical: String,
    pub(crate) kind: String,
    pub(crate) recipe_version: Option<i64>,
    pub(crate) hidden: bool,
    pub(crate) width_px: Option<u32>,
}

/// All rows of `braincells.columns`, in display order.
pub(crate) fn load_rows(connection: &Connection) -> Result<Vec<ColumnRow>, DataError> {
    let failed = during("read the columns");
    let mut statement = connection
        .prepare_cached(
            "SELECT id, position, name, physical, kind, recipe_version, hidden, width_px \
             FROM braincells.columns ORDER BY position, id",
        )
        .map_err(&failed)?;
    let rows = statement
        .query_map([], |row| {
            Ok(ColumnRow {
                id: row.get(0)?,
                position: row.get(1)?,
                name: row.get(2)?,
                physical: row.get(3)?,
                kind: row.get(4)?,
                recipe_version: row.get(5)?,
                hidden: row.get(6)?,
                width_px: row.get(7)?,
            })
        })
        .map_err(&failed)?;
    rows.collect::<duckdb::Result<_>>().map_err(failed)
}

/// The names of all columns of `main.rows`, also of those that the sheet does not have at present.
pub(crate) fn physical_names(connection: &Connection) -> Result<Vec<String>, DataError> {
    let failed = during("read the columns");
    let mut statement = connection
        .prepare(
            "SELECT column_name FROM duckdb_columns() WHERE database_name = current_database() \
             AND schema_name = 'main' AND table_name = 'rows'",
        )
        .map_err(&failed)?;
    let names = statement.query_map([], |row| row.get(0)).map_err(&failed)?;
    names.collect::<duckdb::Result<_>>().map_err(failed)
}

/// Adds a row to `braincells.columns`.
pub(crate) fn insert_row(connection: &Connection, row: &ColumnRow) -> Result<(), DataError> {
    connection
        .execute(
            "INSERT INTO braincells.columns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                row.id,
                row.position,
                row.name,
                row.physical,
                row.kind,
                row.recipe_version,
                row.hidden,
                row.width_px
            ],
        )
        .map(drop)
        .map_err(during("store the column"))
}

/// Takes a row out of `braincells.columns`. What the column holds stays in `main.rows`.
pub(crate) fn remove_row(connection: &Connection, id: i64) -> Result<(), DataError> {
    connection
        .execute("DELETE FROM braincells.columns WHERE id = ?", [id])
        .map(drop)
        .map_err(during("store the column"))
}

/// Changes a row of `braincells.columns` as a whole.
pub(crate) fn replace_row(connection: &Connection, row: &ColumnRow) -> Result<(), DataError> {
    remove_row(connection, row.id)?;
    insert_row(connection, row)
}

/// The DuckDB type of an AI column's values.
pub(crate) fn sql_type(output: &Output) -> &'static str {
    match output {
        Output::Text | Output::Label { .. } => "VARCHAR",
        Output::Number(NumberLimits { integer: true, .. }) => "BIGINT",
        Output::Number(_) => "DOUBLE",
        Output::Boolean => "BOOLEAN",
        Output::Date => "DATE",
        Output::Labels { .. } | Output::Json { .. } => "JSON",
    }
}

/// The DuckDB type of a data column.
pub(crate) fn sql_type_of(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Text => "VARCHAR",
        DataType::Integer => "BIGINT",
        DataType::Number => "DOUBLE",
        DataType::Boolean => "BOOLEAN",
        DataType::Date => "DATE",
        DataType::Timestamp => "TIMESTAMP",
        DataType::Json => "JSON",
    }
}

fn value_type(sql_type: &str) -> ValueType {
    let word = sql_type.split(['(', ' ']).next().unwrap_or(sql_type);
    if sql_type.ends_with(']') {
        return ValueType::Nested;
    }
    match word {
        "STRUCT" | "MAP" | "UNION" | "JSON" | "VARIANT" => ValueType::Nested,
        "BOOLEAN" => ValueType::Boolean,
        "BLOB" | "GEOMETRY" => ValueType::Binary,
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT"
        | "UINTEGER" | "UBIGINT" | "UHUGEINT" | "FLOAT" | "DOUBLE" | "DECIMAL" | "BIGNUM" => {
            ValueType::Number
        }
        "DATE" | "TIME" | "TIME_NS" | "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS"
        | "TIMESTAMP_NS" | "INTERVAL" => ValueType::Time,
        _ => ValueType::Text,
    }
}

/// Hands out names that differ from each other and from what is ours, whatever their letter
/// case, because DuckDB holds `A` and `a` for one name.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Names for columns of `main.rows`.
    pub(crate) fn physical() -> Self {
        Self { taken: RESERVED.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// `wanted` if it is free, else with the first free number behind it. A blank name becomes
    /// `column`; NUL, which no name may hold, becomes a space.
    pub(crate) fn claim(&mut self, wanted: &str) -> String {
        let wanted = wanted.replace('\0', " ");
        let base = if wanted.trim().is_empty() { "column".to_owned() } else { wanted };
        let mut name = base.clone();
        let mut number = 2;
        while !self.taken.insert(name.to_lowercase()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_as_they_are_while_they_differ() {
        let mut names = Names::default();
        assert_eq!(names.claim("größe 😀"), "größe 😀");
        assert_eq!(names.claim("a"), "a");
        assert_eq!(names.claim("A"), "A_2");
        assert_eq!(names.claim("a_2"), "a_2_2", "a number must not run into a real name");
        assert_eq!(names.claim(" \n"), "column");
        assert_eq!(names.claim("x\0y"), "x y");
    }

    #[test]
    fn the_physical_names_leave_ours_alone() {
        assert_eq!(Names::physical().claim("Row_ID"), "Row_ID_2");
    }

    #[test]
    fn types_are_told_apart_by_their_first_word_and_their_end() {
        for (sql, expected) in [
            ("DECIMAL(10,2)", ValueType::Number),
            ("STRUCT(a INTEGER)", ValueType::Nested),
            ("INTEGER[]", ValueType::Nested),
            ("INTEGER[3]", ValueType::Nested),
            ("ENUM('a', 'b')", ValueType::Text),
            ("TIMESTAMP WITH TIME ZONE", ValueType::Time),
            ("UUID", ValueType::Text),
            ("JSON", ValueType::Nested),
        ] {
            assert_eq!(value_type(sql), expected, "{sql}");
        }
    }
}

use std::collections::HashSet;

use braincells_core::Value;
use duckdb::Connection;

use super::SqlError;
use crate::DataError;
use crate::error::during;

/// Table functions that make their rows of their arguments alone. All others read files, other
/// statements or memory, or change something.
const TABLE_FUNCTIONS: [&str; 9] = [
    "range",
    "generate_series",
    "unnest",
    "repeat",
    "repeat_row",
    "json_each",
    "json_tree",
    "histogram",
    "histogram_values",
];

/// Functions that wait, read what is outside the sheet, or write.
const FORBIDDEN: [&str; 8] = [
    "pg_sleep",
    "sleep_ms",
    "getenv",
    "write_log",
    "nextval",
    "currval",
    "query",
    "json_execute_serialized_sql",
];

/// Functions that [`super::limits`] guards: only the guarded ones may be called.
const GUARDED: [&str; 5] = ["repeat", "lpad", "rpad", "range", "generate_series"];

/// The kinds of statement that only read.
const READING: [&str; 4] = ["SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"];

/// Passes a query that is one statement, only reads, and reads only tables that exist.
///
/// DuckDB's own parser takes it apart, so that no comment or quote can hide anything.
pub(super) fn check(connection: &Connection, query: &str) -> Result<(), DataError> {
    let parsed: String = connection
        .query_row(
            "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)",
            [query],
            |row| row.get(0),
        )
        .map_err(|error| SqlError::failed(&error))?;
    let parsed: Value = serde_json::from_str(&parsed).map_err(|error| SqlError::Failed {
        reason: format!("it cannot be taken apart: {error}"),
        hint: "try a simpler query",
    })?;
    if parsed["error"] == true {
        return Err(refused(&parsed).into());
    }
    let statements = parsed["statements"].as_array().map_or(&[][..], Vec::as_slice);
    match statements {
        [] => return Err(SqlError::Empty.into()),
        [_] => {}
        several => return Err(SqlError::Several { count: several.len() }.into()),
    }
    let mut names = tables(connection)?;
    collect_names(&parsed, &mut names);
    walk(&parsed, &names)?;
    Ok(())
}

fn refused(parsed: &Value) -> SqlError {
    let text = |key: &str| parsed[key].as_str().unwrap_or_default();
    if text("error_type") == "not implemented" {
        return SqlError::NotSelect;
    }
    let first_line = text("error_message").lines().next().unwrap_or_default();
    SqlError::Failed {
        reason: first_line.to_owned(),
        hint: "check the spelling near the place that is named",
    }
}

/// The tables and views that a query may name, in lower case, by themselves and with their schema.
fn tables(connection: &Connection) -> Result<HashSet<String>, DataError> {
    let failed = during("list the tables");
    let mut statement = connection
        .prepare(
            "SELECT lower(schema_name), lower(table_name) FROM duckdb_tables() \
             UNION ALL SELECT lower(schema_name), lower(view_name) FROM duckdb_views()",
        )
        .map_err(&failed)?;
    let pairs = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .map_err(&failed)?;
    let mut names = HashSet::new();
    for pair in pairs {
        let (schema, name) = pair.map_err(&failed)?;
        names.insert(format!("{schema}.{name}"));
        names.insert(name);
    }
    Ok(names)
}

/// Adds the names that the query itself gives to parts of it.
fn collect_names(node: &Value, names: &mut HashSet<String>) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        Value::Object(fields) => {
            if let Some(parts) = node["cte_map"]["map"].as_array() {
                names.extend(parts.iter().filter_map(|part| lower(&part["key"])));
            }
            names.extend(lower(&node["cte_name"]));
            fields.values().for_each(|field| collect_names(field, names));
        }
        _ => {}
    }
}

fn walk(node: &Value, tables: &HashSet<String>) -> Result<(), SqlError> {
    match node {
        Value::Array(items) => items.iter().try_for_each(|item| walk(item, tables)),
        Value::Object(fields) => {
            look_at(node, tables)?;
            fields.values().try_for_each(|field| walk(field, tables))
        }
        _ => Ok(()),
    }
}

fn look_at(node: &Value, tables: &HashSet<String>) -> Result<(), SqlError> {
    let kind = node["type"].as_str().unwrap_or_default();
    if kind.ends_with("_NODE") && !READING.contains(&kind) {
        return Err(SqlError::NotSelect);
    }
    let is_call = node["class"] == "FUNCTION" && kind == "FUNCTION";
    if is_call && let Some(name) = lower(&node["function_name"]) {
        let is_qualified = node["schema"].as_str().is_some_and(|schema| !schema.is_empty());
        let name = name.as_str();
        if FORBIDDEN.contains(&name) || is_qualified && GUARDED.contains(&name) {
            return Err(SqlError::Forbidden { name: name.to_owned() });
        }
    }
    if kind == "TABLE_FUNCTION" {
        let name = lower(&node["function"]["function_name"]).unwrap_or_default();
        if !TABLE_FUNCTIONS.contains(&name.as_str()) {
            return Err(SqlError::Forbidden { name });
        }
    }
    if kind == "BASE_TABLE" {
        let name = lower(&node["table_name"]).unwrap_or_default();
        let full = match lower(&node["schema_name"]) {
            Some(schema) if !schema.is_empty() => format!("{schema}.{name}"),
            _ => name,
        };
        if !tables.contains(&full) {
            return Err(SqlError::NoTable { name: full });
        }
    }
    Ok(())
}

fn lower(text: &Value) -> Option<String> {
    text.as_str().map(str::to_lowercase)
}

use braincells_core::{RowId, Value};
use duckdb::Row;
use duckdb::types::ValueRef;
use serde_json::Number;

use crate::DataError;

/// Integers up to here are exact in a DOUBLE.
const EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// How values of a DuckDB type travel to and from JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Booleans, integers up to 64 bits, floats and text: as they are.
    Plain,
    /// JSON: as the value it spells.
    Json,
    /// Lists, structs, maps, unions: as the JSON that DuckDB makes of them.
    Nested,
    /// Bytes: as base64.
    Bytes,
    /// Dates, decimals, big integers, enums and the rest: as the text that DuckDB prints.
    Printed,
}

impl Shape {
    /// The shape of a DuckDB type.
    pub(crate) fn of(sql_type: &str) -> Self {
        let word = sql_type.split(['(', ' ']).next().unwrap_or(sql_type);
        if sql_type.ends_with(']') {
            return Self::Nested;
        }
        match word {
            "BOOLEAN" | "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "UTINYINT"
            | "USMALLINT" | "UINTEGER" | "UBIGINT" | "FLOAT" | "DOUBLE" | "VARCHAR" => Self::Plain,
            "JSON" => Self::Json,
            "STRUCT" | "MAP" | "UNION" | "VARIANT" => Self::Nested,
            "BLOB" => Self::Bytes,
            _ => Self::Printed,
        }
    }

    /// SQL that gives a value of this shape in a form that [`read`] takes.
    pub(crate) fn select(self, column: &str) -> String {
        match self {
            Self::Plain => column.to_owned(),
            Self::Json | Self::Printed => format!("CAST({column} AS VARCHAR)"),
            Self::Nested => format!("CAST(to_json({column}) AS VARCHAR)"),
            Self::Bytes => format!("to_base64({column})"),
        }
    }

    /// SQL that gives a value as the text that the log keeps. DuckDB reads its own print back
    /// without loss, of nested values too.
    pub(crate) fn print(self, column: &str) -> String {
        match self {
            Self::Bytes => format!("to_base64({column})"),
            _ => format!("CAST({column} AS VARCHAR)"),
        }
    }

    /// SQL that turns a text of the log back into a value of `sql_type`.
    pub(crate) fn parse(self, text: &str, sql_type: &str) -> String {
        match self {
            Self::Bytes => format!("from_base64({text})"),
            _ => format!("CAST({text} AS {sql_type})"),
        }
    }
}

/// A value at `index` of a row that was selected with [`Shape::select`].
///
/// A float that is a whole number becomes a JSON integer, as JSON makes no difference between
/// the two; one that is not finite becomes its name as text, as JSON has no number for it.
pub(crate) fn read(row: &Row<'_>, index: usize, shape: Shape) -> duckdb::Result<Value> {
    let structured = matches!(shape, Shape::Json | Shape::Nested);
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Value::Null,
        ValueRef::Boolean(value) => Value::Bool(value),
        ValueRef::TinyInt(value) => value.into(),
        ValueRef::SmallInt(value) => value.into(),
        ValueRef::Int(value) => value.into(),
        ValueRef::BigInt(value) => value.into(),
        ValueRef::UTinyInt(value) => value.into(),
        ValueRef::USmallInt(value) => value.into(),
        ValueRef::UInt(value) => value.into(),
        ValueRef::UBigInt(value) => value.into(),
        // Not the double that the float widens to, which shows digits that nobody wrote.
        ValueRef::Float(value) => float(widened(value)),
        ValueRef::Double(value) => float(value),
        ValueRef::Text(bytes) => from_text(std::str::from_utf8(bytes)?, structured),
        _ => Value::String(row.get::<_, String>(index)?),
    })
}

/// A value of a type that travels as text.
pub(crate) fn from_text(text: &str, structured: bool) -> Value {
    let parsed = if structured { serde_json::from_str(text).ok() } else { None };
    // Nested but not JSON, such as a list that holds NaN: its text says it best.
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// The double of the shortest decimal that means this float.
pub(crate) fn widened(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// A float as JSON has it.
pub(crate) fn float(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() <= EXACT_INTEGER {
        return Value::from(value as i64);
    }
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => Value::String("nan".to_owned()),
        None => Value::String(if value > 0.0 { "inf" } else { "-inf" }.to_owned()),
    }
}

/// A value as the text that the log keeps and that [`Shape::parse`] turns back, after checking
/// that its JSON type fits the column's DuckDB type. `None` is the empty cell. Of a nested value
/// it is the JSON, which is still to be printed as DuckDB does.
pub(crate) fn text(
    value: &Value,
    shape: Shape,
    sql_type: &str,
    row: RowId,
) -> Result<Option<String>, DataError> {
    let structured = matches!(shape, Shape::Json | Shape::Nested);
    let fits = match value {
        Value::Null => return Ok(None),
        Value::String(_) => shape != Shape::Plain || sql_type == "VARCHAR",
        Value::Bool(_) => structured || sql_type == "BOOLEAN",
        Value::Number(number) if sql_type == "DOUBLE" => exact(number),
        Value::Number(_) => !matches!(sql_type, "VARCHAR" | "BOOLEAN" | "DATE"),
        Value::Array(_) | Value::Object(_) => structured,
    };
    if !fits {
        return Err(wrong_type(value, sql_type, row));
    }
    Ok(Some(match value {
        Value::String(text) if !structured => text.clone(),
        other => other.to_string(),
    }))
}

/// The error for a value that does not fit its column.
pub(crate) fn wrong_type(value: &Value, sql_type: &str, row: RowId) -> DataError {
    DataError::WrongType {
        row,
        expected: sql_type.to_owned(),
        value: shortened(&value.to_string()),
    }
}

/// About how much memory a value takes.
pub(crate) fn size_bytes(value: &Value) -> u64 {
    const EACH: u64 = 32;
    EACH + match value {
        Value::String(text) => text.len() as u64,
        Value::Array(items) => items.iter().map(size_bytes).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() as u64 + size_bytes(value)).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// The beginning of a text, as a message shows it.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether a DOUBLE holds this number as it is.
fn exact(number: &Number) -> bool {
    if let Some(integer) = number.as_i64() {
        return integer as f64 as i128 == i128::from(integer);
    }
    if let Some(integer) = number.as_u64() {
        return integer as f64 as u128 == u128::from(integer);
    }
    number.as_f64().is_some_and(f64::is_finite)
}

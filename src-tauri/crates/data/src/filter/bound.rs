use braincells_core::{Value, ValueType};
use duckdb::Connection;

use super::FilterError;
use crate::DataError;
use crate::column::StoredColumn;
use crate::compare::is_float;
use crate::error::during;
use crate::sql::literal;
use crate::value::{Shape, shortened};

/// Digits of a fraction that DuckDB compares exactly with any integer of 64 bits.
const EXACT_DIGITS: usize = 18;

/// The column's value in the form that the literals of [`equals`] are compared with.
pub(super) fn comparable(stored: &StoredColumn, value: &str) -> String {
    match stored.shape {
        // Text that spells the same JSON may differ in its white space.
        Shape::Json => {
            format!("CASE WHEN json_valid({value}) THEN CAST(json({value}) AS VARCHAR) END")
        }
        Shape::Nested => stored.shape.select(value),
        _ => value.to_owned(),
    }
}

/// SQL literals of values that fit the column, or the error for the first that does not.
pub(super) fn equals(
    connection: &Connection,
    stored: &StoredColumn,
    values: &[&Value],
) -> Result<Vec<String>, DataError> {
    let mut casts = Vec::new();
    let literals: Vec<String> = values
        .iter()
        .map(|value| one(stored, value, &mut casts))
        .collect::<Result<_, FilterError>>()?;
    if let Some(misfit) = first_misfit(connection, &casts)? {
        let value = &Value::String(casts[misfit].text.clone());
        return Err(misfit_error(stored, value).into());
    }
    Ok(literals)
}

/// A text that DuckDB has to be asked whether it is a value of the type.
struct Cast {
    text: String,
    attempt: String,
}

fn one(stored: &StoredColumn, value: &Value, casts: &mut Vec<Cast>) -> Result<String, FilterError> {
    let sql_type = &stored.column.sql_type;
    let wrong = || misfit_error(stored, value);
    match (stored.shape, value) {
        (Shape::Json | Shape::Nested, value) => Ok(literal(&value.to_string())),
        (_, Value::Array(_) | Value::Object(_) | Value::Null) => Err(wrong()),
        (Shape::Plain, Value::String(text)) if sql_type == "VARCHAR" => Ok(literal(text)),
        (Shape::Bytes, Value::String(text)) => {
            let text = text.clone();
            let attempt = format!("TRY(from_base64({}))", literal(&text));
            let sql = format!("from_base64({})", literal(&text));
            casts.push(Cast { text, attempt });
            Ok(sql)
        }
        (Shape::Plain | Shape::Printed, value) if stored.column.value_type == ValueType::Number => {
            number(stored, value).ok_or_else(wrong)
        }
        (Shape::Plain, value) if sql_type == "BOOLEAN" => match value {
            Value::Bool(value) => Ok(value.to_string()),
            Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok("true".into()),
            Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok("false".into()),
            _ => Err(wrong()),
        },
        (Shape::Printed, Value::String(text)) => {
            let text = text.clone();
            let attempt = format!("TRY_CAST({} AS {sql_type})", literal(&text));
            let sql = format!("CAST({} AS {sql_type})", literal(&text));
            casts.push(Cast { text, attempt });
            Ok(sql)
        }
        _ => Err(wrong()),
    }
}

/// The first of the texts that is no value of its type.
fn first_misfit(connection: &Connection, casts: &[Cast]) -> Result<Option<usize>, DataError> {
    if casts.is_empty() {
        return Ok(None);
    }
    let attempts: Vec<String> =
        casts.iter().map(|cast| format!("(({}) IS NULL)", cast.attempt)).collect();
    let sql = format!("SELECT list_position([{}], true)", attempts.join(", "));
    let position: Option<i32> = connection
        .query_row(&sql, [], |row| row.get(0))
        .map_err(during("check the filter's values"))?;
    Ok(position.and_then(|position| usize::try_from(position).ok()?.checked_sub(1)))
}

/// A number as a literal that DuckDB compares without rounding where it can.
///
/// Never a cast to an integer column's own type: it would round `1.5` to `2`.
fn number(stored: &StoredColumn, value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let parsed: f64 = text.parse().ok()?;
    let sql_type = &stored.column.sql_type;
    if is_float(stored) {
        return Some(format!("CAST({} AS {sql_type})", literal(&text)));
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let exact = match scale(sql_type) {
        _ if fraction == 0 => digits.len() <= 38,
        // A decimal of 38 digits has no room for one more behind its point.
        Some(scale) => fraction <= scale && digits.len() <= EXACT_DIGITS,
        None => digits.len() <= EXACT_DIGITS && !sql_type.ends_with("HUGEINT"),
    };
    if plain && exact {
        return Some(format!("({text})"));
    }
    // Beyond what any integer or decimal holds, the nearest float tells less from greater.
    (!parsed.is_nan()).then(|| format!("CAST({} AS DOUBLE)", literal(&text)))
}

/// Digits behind the point of a `DECIMAL(38,10)`.
fn scale(sql_type: &str) -> Option<usize> {
    let inside = sql_type.strip_prefix("DECIMAL(")?.strip_suffix(')')?;
    inside.split_once(',')?.1.trim().parse().ok()
}

fn misfit_error(stored: &StoredColumn, value: &Value) -> FilterError {
    FilterError::Misfit {
        column: stored.column.name.clone(),
        expected: stored.column.sql_type.clone(),
        value: shortened(&value.to_string()),
    }
}

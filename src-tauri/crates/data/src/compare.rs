//! How a value reads as text, when a cell is empty and in which order values stand: the one
//! meaning that filters, views, statistics and find share.

use braincells_core::ValueType;

use crate::column::StoredColumn;
use crate::sql::literal;
use crate::value::Shape;

/// What Unicode calls white space.
const WHITE_SPACE: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\
    \u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";

/// The column's value in the row that a statement calls `r`.
pub(crate) fn in_row(stored: &StoredColumn) -> String {
    format!("r.{}", stored.quoted)
}

/// SQL for the text of a value, null where the cell is empty. A JSON string reads without its
/// quotes, a float that is a whole number without `.0`. Bytes have no text.
pub(crate) fn text(stored: &StoredColumn, value: &str) -> Option<String> {
    let text = match stored.shape {
        Shape::Bytes => return None,
        Shape::Nested => return Some(stored.shape.select(value)),
        Shape::Json => format!(
            "CASE WHEN json_valid({value}) THEN {value} ->> '$' ELSE CAST({value} AS VARCHAR) END"
        ),
        Shape::Plain if is_float(stored) => {
            return Some(format!("regexp_replace(CAST({value} AS VARCHAR), '\\.0$', '')"));
        }
        Shape::Plain if stored.column.sql_type == "VARCHAR" => value.to_owned(),
        Shape::Plain | Shape::Printed => format!("CAST({value} AS VARCHAR)"),
    };
    if !is_textual(stored) {
        return Some(text);
    }
    // The trimming is slow, and what begins with a plain letter needs none.
    Some(format!(
        "CASE WHEN unicode({text}) BETWEEN 33 AND 126 THEN {text} \
         WHEN trim({text}, {}) <> '' THEN {text} END",
        literal(WHITE_SPACE)
    ))
}

/// SQL that holds, and is never null, where the cell is empty: null, or text of nothing but
/// white space.
pub(crate) fn is_empty(stored: &StoredColumn, value: &str) -> String {
    match text(stored, value) {
        Some(text) if is_textual(stored) => format!("({text}) IS NULL"),
        _ => format!("{value} IS NULL"),
    }
}

/// SQL for what orders values as people expect: text by its letters whatever their case, all
/// else by its type. Null where the cell is empty.
pub(crate) fn order(stored: &StoredColumn, value: &str) -> String {
    match text(stored, value) {
        // An enum's own order is the one its author gave it.
        Some(text) if is_textual(stored) && !stored.column.sql_type.starts_with("ENUM") => {
            format!("lower({text})")
        }
        _ => value.to_owned(),
    }
}

/// Whether white space alone makes an empty cell.
pub(crate) fn is_textual(stored: &StoredColumn) -> bool {
    stored.shape == Shape::Json || stored.column.value_type == ValueType::Text
}

pub(crate) fn is_float(stored: &StoredColumn) -> bool {
    matches!(stored.column.sql_type.as_str(), "DOUBLE" | "FLOAT")
}

//! How the values of a row lie side by side in the file: a tag each, and what it says follows.

use braincells_core::Value;
use duckdb::arrow::array::{Array, AsArray, RecordBatch};
use duckdb::arrow::buffer::NullBuffer;
use duckdb::arrow::datatypes::{DataType, Float64Type, Int64Type};

use crate::column::StoredColumn;
use crate::value::{self, Shape};

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const FLOAT: u8 = 2;
/// Text with its length in four bytes.
const LONG_TEXT: u8 = 3;
/// Text whose length is what the tag has above this.
const SHORT_TEXT: u8 = 4;
const LONGEST_SHORT: usize = (u8::MAX - SHORT_TEXT) as usize;

/// SQL for a column's value as BIGINT, DOUBLE or VARCHAR.
pub(super) fn select(stored: &StoredColumn) -> String {
    let column = &stored.quoted;
    match (stored.shape, stored.column.sql_type.as_str()) {
        (Shape::Bytes, _) => format!("CAST(octet_length({column}) AS BIGINT)"),
        (Shape::Plain, "DOUBLE" | "VARCHAR") => column.clone(),
        (Shape::Plain, "FLOAT" | "UBIGINT") => format!("CAST({column} AS VARCHAR)"),
        (Shape::Plain, "BOOLEAN") => format!("CAST(CAST({column} AS TINYINT) AS BIGINT)"),
        (Shape::Plain, _) => format!("CAST({column} AS BIGINT)"),
        _ => stored.select(),
    }
}

/// Values of one column in a batch.
struct Column<'a> {
    values: Values<'a>,
    nulls: Option<&'a NullBuffer>,
}

enum Values<'a> {
    Integers(&'a [i64]),
    Floats(&'a [f64]),
    Texts { ends: &'a [i32], bytes: &'a [u8] },
}

/// Appends the rows of a batch, its first column left out, and the end of each.
///
/// `None` when the batch has a type that [`select`] does not give.
pub(super) fn encode(batch: &RecordBatch, out: &mut Vec<u8>, ends: &mut Vec<usize>) -> Option<()> {
    let columns: Vec<Column<'_>> =
        batch.columns().iter().skip(1).map(|array| column(array)).collect::<Option<_>>()?;
    for row in 0..batch.num_rows() {
        for Column { values, nulls } in &columns {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                out.push(NULL);
                continue;
            }
            match values {
                Values::Integers(values) => number(out, INTEGER, values[row].to_le_bytes()),
                Values::Floats(values) => number(out, FLOAT, values[row].to_le_bytes()),
                Values::Texts { ends, bytes } => {
                    text(out, &bytes[ends[row] as usize..ends[row + 1] as usize]);
                }
            }
        }
        ends.push(out.len());
    }
    Some(())
}

fn column(array: &dyn Array) -> Option<Column<'_>> {
    let values = match array.data_type() {
        DataType::Int64 => Values::Integers(array.as_primitive::<Int64Type>().values()),
        DataType::Float64 => Values::Floats(array.as_primitive::<Float64Type>().values()),
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            Values::Texts { ends: texts.value_offsets(), bytes: texts.value_data() }
        }
        _ => return None,
    };
    Some(Column { values, nulls: array.nulls() })
}

fn number(out: &mut Vec<u8>, tag: u8, bytes: [u8; 8]) {
    // One append instead of two: this runs once for every cell of the sheet.
    let mut tagged = [tag; 9];
    tagged[1..].copy_from_slice(&bytes);
    out.extend_from_slice(&tagged);
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() <= LONGEST_SHORT {
        out.push(SHORT_TEXT + bytes.len() as u8);
    } else {
        out.push(LONG_TEXT);
        // Arrow's own ends are of 32 bits, so that a text is shorter.
        out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    }
    out.extend_from_slice(bytes);
}

/// A value as it is in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Raw<'a> {
    Null,
    Integer(i64),
    Float(f64),
    Text(&'a str),
}

impl<'a> Raw<'a> {
    /// Takes the next value off the front of a row; `None` when the row is damaged.
    pub(super) fn take(row: &mut &'a [u8]) -> Option<Self> {
        let (tag, rest) = row.split_first()?;
        *row = rest;
        match *tag {
            NULL => Some(Self::Null),
            INTEGER => Some(Self::Integer(i64::from_le_bytes(array(row)?))),
            FLOAT => Some(Self::Float(f64::from_le_bytes(array(row)?))),
            LONG_TEXT => {
                let length = u32::from_le_bytes(array(row)?) as usize;
                Self::text(row, length)
            }
            short => Self::text(row, usize::from(short - SHORT_TEXT)),
        }
    }

    fn text(row: &mut &'a [u8], length: usize) -> Option<Self> {
        let (text, rest) = row.split_at_checked(length)?;
        *row = rest;
        std::str::from_utf8(text).ok().map(Self::Text)
    }

    /// The same value as [`value::read`] makes of what a window selects.
    pub(super) fn value(self, stored: &StoredColumn) -> Value {
        let sql_type = stored.column.sql_type.as_str();
        match self {
            Self::Null => Value::Null,
            Self::Integer(value) if sql_type == "BOOLEAN" => Value::Bool(value != 0),
            Self::Integer(value) => value.into(),
            Self::Float(value) => value::float(value),
            Self::Text(text) => match (stored.shape, sql_type) {
                (Shape::Plain, "FLOAT") => {
                    text.parse().map_or(Value::Null, |float| value::float(value::widened(float)))
                }
                (Shape::Plain, "UBIGINT") => text.parse::<u64>().map_or(Value::Null, Value::from),
                (Shape::Json | Shape::Nested, _) => value::from_text(text, true),
                _ => Value::String(text.to_owned()),
            },
        }
    }
}

fn array<const N: usize>(row: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = row.split_first_chunk()?;
    *row = rest;
    Some(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_come_back_and_nothing_is_left_over() {
        for length in [0, 1, LONGEST_SHORT, LONGEST_SHORT + 1, 70_000] {
            let (mut row, written) = (Vec::new(), "x".repeat(length));
            text(&mut row, written.as_bytes());
            number(&mut row, FLOAT, 1.5_f64.to_le_bytes());
            let mut rest = row.as_slice();
            assert_eq!(Raw::take(&mut rest), Some(Raw::Text(&written)), "{length}");
            assert_eq!(Raw::take(&mut rest), Some(Raw::Float(1.5)));
            assert_eq!(Raw::take(&mut rest), None);
        }
    }

    #[test]
    fn a_row_that_ends_early_is_noticed() {
        for damaged in
            [&[INTEGER, 1, 2][..], &[LONG_TEXT, 9, 0, 0, 0, b'x'], &[SHORT_TEXT + 2, b'x']]
        {
            assert_eq!(Raw::take(&mut &*damaged), None, "{damaged:?}");
        }
    }
}

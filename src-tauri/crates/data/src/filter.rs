use braincells_core::{CellState, CellTest, ColumnId, Filter, TextPlace, Value};
use duckdb::Connection;

use crate::DataError;
use crate::column::StoredColumn;
use crate::compare;
use crate::sql::literal;
use crate::state::latest;
use crate::value::Shape;

mod bound;

/// How deep conditions may be nested: DuckDB refuses what is far deeper with a worse message.
const DEEPEST: usize = 64;

/// What can be wrong with a condition.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// A value that the column cannot hold.
    #[error("the value {value} does not fit column `{column}` of type {expected}")]
    Misfit {
        /// The column's name.
        column: String,
        /// Its DuckDB type.
        expected: String,
        /// The value, shortened.
        value: String,
    },
    /// A range over values that have no order.
    #[error("column `{column}` of type {sql_type} has no order, so no value is between two others")]
    Orderless {
        /// The column's name.
        column: String,
        /// Its DuckDB type.
        sql_type: String,
    },
    /// A regular expression that is none.
    #[error("the regular expression `{pattern}` is not valid: {reason}")]
    BadPattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Conditions within conditions without end.
    #[error("the filter is nested more than {DEEPEST} levels deep")]
    TooDeep,
}

impl FilterError {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Misfit { .. } => "write it as the column shows its values",
            Self::Orderless { .. } => "test its text, or list the values",
            Self::BadPattern { .. } => {
                "put a backslash before characters that stand for themselves, or search for plain text"
            }
            Self::TooDeep => "put the parts side by side",
        }
    }
}

/// A condition as a boolean SQL expression over `main.rows r`, which is never null.
///
/// `connection` is asked whether values fit their columns and whether patterns are valid, so
/// that a wrong one is an error that names it, before any row is read.
pub(crate) fn condition(
    connection: &Connection,
    filter: &Filter,
    columns: &[StoredColumn],
) -> Result<String, DataError> {
    Conditions { connection, columns }.sql(filter, 0)
}

/// As [`condition`], true without a filter.
pub(crate) fn condition_or_true(
    connection: &Connection,
    filter: Option<&Filter>,
    columns: &[StoredColumn],
) -> Result<String, DataError> {
    filter.map_or_else(|| Ok("true".to_owned()), |filter| condition(connection, filter, columns))
}

struct Conditions<'a> {
    connection: &'a Connection,
    columns: &'a [StoredColumn],
}

impl Conditions<'_> {
    fn sql(&self, filter: &Filter, depth: usize) -> Result<String, DataError> {
        if depth > DEEPEST {
            return Err(FilterError::TooDeep.into());
        }
        match filter {
            Filter::All { of } => self.join(of, " AND ", "true", depth),
            Filter::Any { of } => self.join(of, " OR ", "false", depth),
            Filter::Not { of } => Ok(format!("(NOT {})", self.sql(of, depth + 1)?)),
            Filter::Cell { column, test } => self.cell(self.column(*column)?, test),
        }
    }

    fn join(
        &self,
        parts: &[Filter],
        word: &str,
        without: &str,
        depth: usize,
    ) -> Result<String, DataError> {
        if parts.is_empty() {
            return Ok(without.to_owned());
        }
        let parts: Vec<String> =
            parts.iter().map(|part| self.sql(part, depth + 1)).collect::<Result<_, _>>()?;
        Ok(format!("({})", parts.join(word)))
    }

    fn column(&self, column: ColumnId) -> Result<&StoredColumn, DataError> {
        let found = self.columns.iter().find(|stored| stored.column.id == column);
        found.ok_or(DataError::ColumnMissing { column })
    }

    fn cell(&self, stored: &StoredColumn, test: &CellTest) -> Result<String, DataError> {
        let value = compare::in_row(stored);
        match test {
            CellTest::Empty => Ok(format!("({})", compare::is_empty(stored, &value))),
            CellTest::OneOf { values } => self.one_of(stored, values),
            CellTest::Between { least, most } => {
                self.between(stored, least.as_ref(), most.as_ref())
            }
            CellTest::Text { place, text, match_case } => {
                let Some(value) = compare::text(stored, &value) else { return Ok(never()) };
                Ok(known(&text_test(&value, *place, text, *match_case)))
            }
            CellTest::Matches { pattern } => {
                check_pattern(self.connection, pattern)?;
                let Some(value) = compare::text(stored, &value) else { return Ok(never()) };
                Ok(known(&format!("regexp_matches({value}, {})", literal(pattern))))
            }
            CellTest::State { states } => state_test(stored, states),
            CellTest::Confidence { least, most } => confidence_test(stored, *least, *most),
        }
    }

    fn one_of(&self, stored: &StoredColumn, values: &[Value]) -> Result<String, DataError> {
        let names_empty = |value: &&Value| match value {
            Value::Null => true,
            Value::String(text) => compare::is_textual(stored) && text.trim().is_empty(),
            _ => false,
        };
        let mut parts = Vec::new();
        let wanted: Vec<&Value> = values.iter().filter(|value| !names_empty(value)).collect();
        if wanted.len() < values.len() {
            parts.push(compare::is_empty(stored, &compare::in_row(stored)));
        }
        if !wanted.is_empty() {
            let literals = bound::equals(self.connection, stored, &wanted)?;
            let value = bound::comparable(stored, &compare::in_row(stored));
            parts.push(known(&format!("{value} IN ({})", literals.join(", "))));
        }
        if parts.is_empty() { Ok(never()) } else { Ok(format!("({})", parts.join(" OR "))) }
    }

    fn between(
        &self,
        stored: &StoredColumn,
        least: Option<&Value>,
        most: Option<&Value>,
    ) -> Result<String, DataError> {
        let ordered = !matches!(stored.shape, Shape::Json | Shape::Nested | Shape::Bytes);
        if !ordered {
            return Err(FilterError::Orderless {
                column: stored.column.name.clone(),
                sql_type: stored.column.sql_type.clone(),
            }
            .into());
        }
        let value = compare::in_row(stored);
        // Text is compared as it is sorted: whatever the case of its letters.
        let is_text = stored.column.sql_type == "VARCHAR";
        let compared = if is_text { format!("lower({value})") } else { value.clone() };
        let mut parts = vec![format!("NOT ({})", compare::is_empty(stored, &value))];
        for (limit, sign) in [(least, ">="), (most, "<=")] {
            let Some(limit) = limit.filter(|limit| !limit.is_null()) else { continue };
            let literals = bound::equals(self.connection, stored, &[limit])?;
            let limit = literals.concat();
            let limit = if is_text { format!("lower({limit})") } else { limit };
            parts.push(format!("{compared} {sign} {limit}"));
        }
        Ok(known(&parts.join(" AND ")))
    }
}

/// Says whether DuckDB understands a regular expression.
pub(crate) fn check_pattern(connection: &Connection, pattern: &str) -> Result<(), DataError> {
    let sql = format!("SELECT regexp_matches('', {})", literal(pattern));
    let checked = connection.query_row(&sql, [], |row| row.get::<_, Option<bool>>(0));
    checked.map(drop).map_err(|error| {
        let text = error.to_string();
        let reason = text.lines().next().unwrap_or_default();
        let reason = reason.split_once(" Error: ").map_or(reason, |(_, reason)| reason).to_owned();
        FilterError::BadPattern { pattern: pattern.to_owned(), reason }.into()
    })
}

/// SQL for a test of a text; null where the text is.
pub(crate) fn text_test(value: &str, place: TextPlace, text: &str, match_case: bool) -> String {
    let (value, text) = if match_case {
        (value.to_owned(), literal(text))
    } else {
        (format!("lower({value})"), format!("lower({})", literal(text)))
    };
    match place {
        TextPlace::Anywhere => format!("contains({value}, {text})"),
        TextPlace::Start => format!("starts_with({value}, {text})"),
        TextPlace::End => format!("suffix({value}, {text})"),
        TextPlace::Whole => format!("{value} = {text}"),
    }
}

fn state_test(stored: &StoredColumn, states: &[CellState]) -> Result<String, DataError> {
    let latest = latest_of(stored)?;
    let words = |states: &mut dyn Iterator<Item = &CellState>| {
        let words: Vec<String> = states.map(|state| literal(state.as_str())).collect();
        words.join(", ")
    };
    if states.is_empty() {
        return Ok(never());
    }
    let words = words(&mut states.iter());
    // A cell that the log does not know is empty, so that the others are the ones to look for.
    let (within, not) =
        if states.contains(&CellState::Empty) { ("NOT IN", "NOT") } else { ("IN", "") };
    Ok(format!(
        "(r.row_id {within} (SELECT row_id FROM {latest} WHERE {not} entry.state IN ({words})))"
    ))
}

fn confidence_test(
    stored: &StoredColumn,
    least: Option<f64>,
    most: Option<f64>,
) -> Result<String, DataError> {
    let latest = latest_of(stored)?;
    let mut parts = vec!["entry.confidence IS NOT NULL".to_owned()];
    for (limit, sign) in [(least, ">="), (most, "<=")] {
        let Some(limit) = limit else { continue };
        parts.push(format!("entry.confidence {sign} CAST('{limit}' AS DOUBLE)"));
    }
    let parts = parts.join(" AND ");
    Ok(format!("(r.row_id IN (SELECT row_id FROM {latest} WHERE {parts}))"))
}

fn latest_of(stored: &StoredColumn) -> Result<String, DataError> {
    if !stored.is_ai() {
        return Err(DataError::NotAiColumn { name: stored.column.name.clone() });
    }
    Ok(latest(stored.column.id))
}

fn known(test: &str) -> String {
    format!("coalesce({test}, false)")
}

fn never() -> String {
    "false".to_owned()
}

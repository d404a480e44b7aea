use braincells_core::DataType;

use super::probe::{Probed, unusable};
use crate::DataError;
use crate::column::{Names, sql_type_of};
use crate::convert::fitting;
use crate::sql::identifier;
use crate::value::Shape;

/// One column of a file.
#[derive(Clone, Debug)]
pub(super) struct SourceColumn {
    /// Its name in what the rows are selected from.
    pub(super) name: String,
    /// What the file calls it, blank where it does not say; once planned, what it is shown as.
    pub(super) title: String,
    /// Its type there.
    pub(super) sql_type: String,
    /// Whether it is text there, from which every value must become one of the type and look the
    /// same again.
    pub(super) checked: bool,
    /// The type it must still be turned into.
    pub(super) cast: Option<DataType>,
}

impl SourceColumn {
    /// A column that is called what the file calls it.
    pub(super) fn titled(name: String, sql_type: String) -> Self {
        Self { title: name.clone(), name, sql_type, checked: false, cast: None }
    }

    /// Its value, over `src`. Fails where a value does not fit the type asked for: nothing is
    /// rounded or cut to make it fit.
    pub(super) fn select(&self) -> String {
        let Some(word) = self.cast else {
            let column = format!("src.{}", identifier(&self.name));
            return if self.checked { checked(&column, &self.sql_type) } else { column };
        };
        let Fitted { there, value: fitted, .. } = self.fitted(word);
        let value = format!(
            "CASE WHEN {fitted} IS NULL THEN error('a value does not fit its column') ELSE {fitted} END"
        );
        format!("CAST(CASE WHEN {there} THEN {value} END AS {})", sql_type_of(word))
    }

    /// Its value in the type asked for.
    pub(super) fn fitted(&self, word: DataType) -> Fitted {
        let column = format!("src.{}", identifier(&self.name));
        let shape = Shape::of(&self.sql_type);
        let text = match shape {
            Shape::Nested | Shape::Bytes => shape.select(&column),
            _ => format!("CAST({column} AS VARCHAR)"),
        };
        // The column by itself must be in it: where only a cast of it is, DuckDB reads the file
        // with the type of the cast, and forgets how its dates are written.
        if word == DataType::Text {
            let there = format!("{column} IS NOT NULL");
            return Fitted { there, text: text.clone(), value: text };
        }
        let text = format!("nullif({text}, '')");
        let there = format!("{column} IS NOT NULL AND {text} IS NOT NULL");
        let value = fitting(&text, sql_type_of(word));
        Fitted { there, text, value }
    }

    /// Its type in the sheet.
    pub(super) fn final_type(&self) -> &str {
        self.cast.map_or(self.sql_type.as_str(), |word| sql_type_of(word))
    }
}

/// A value that is to become one of another type, as SQL.
pub(super) struct Fitted {
    /// Whether there is a value.
    pub(super) there: String,
    /// It as text.
    pub(super) text: String,
    /// It in the other type, null where it does not fit.
    pub(super) value: String,
}

/// A text as a value of a type, where a look at all values would have found that type; otherwise
/// an error. A number that is written with zeros in front is a code, and `1.5` is no integer,
/// though DuckDB would make one of it.
fn checked(text: &str, sql_type: &str) -> String {
    let value = format!("TRY_CAST({text} AS {sql_type})");
    let wrong = match sql_type {
        "DOUBLE" => format!(
            "{text} IS NOT NULL AND ({value} IS NULL OR {text} BETWEEN '00' AND '0:' \
             OR {text} BETWEEN '-00' AND '-0:')"
        ),
        "BOOLEAN" => format!("lower({text}) NOT IN ('true', 'false')"),
        "TIMESTAMP" => {
            format!("CAST({value} AS VARCHAR) IS DISTINCT FROM replace({text}, 'T', ' ')")
        }
        _ => format!("CAST({value} AS VARCHAR) IS DISTINCT FROM {text}"),
    };
    format!("CASE WHEN {wrong} THEN error('a value does not fit its column') ELSE {value} END")
}

/// The names under which titles are shown: unique, never blank.
pub(super) fn shown<'a>(titles: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names = Names::default();
    titles.map(|title| names.claim(title)).collect()
}

/// The error for a value that does not fit the type asked for its column.
pub(super) fn does_not_fit(
    probed: &Probed,
    row: u64,
    column: &SourceColumn,
    value: &str,
) -> DataError {
    const SHOWN: usize = 60;
    let mut shown: String = value.chars().take(SHOWN).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    let reason = format!(
        "row {row} has `{}` in column `{}`, which is not of type {}",
        shown.escape_debug(),
        column.title.escape_debug(),
        column.cast.map_or(column.sql_type.as_str(), |word| word.as_str())
    );
    unusable(&probed.named, reason, "correct the value, or choose another type for the column")
}

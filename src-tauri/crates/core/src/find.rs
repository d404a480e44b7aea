use serde::{Deserialize, Serialize};

use crate::{ColumnId, Filter, RowId};

/// What to look for in the cells of a sheet, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct FindRequest {
    /// The text, or a regular expression (RE2 syntax).
    pub text: String,
    /// Whether letter case counts.
    #[serde(default)]
    pub match_case: bool,
    /// Whether the text must be the whole value and not only a part of it.
    #[serde(default)]
    pub whole: bool,
    /// Whether `text` is a regular expression.
    #[serde(default)]
    pub regex: bool,
    /// The columns to look in, in the order in which a row's matches are listed; all by default.
    #[serde(default)]
    pub columns: Option<Vec<ColumnId>>,
    /// Only rows for which this holds.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// Matches to pass over, for the next page.
    #[serde(default)]
    pub skip: u64,
    /// The most matches to return.
    pub limit: u64,
}

/// The cells in which a text was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Found {
    /// This page of them, row by row.
    pub cells: Vec<FoundCell>,
    /// How many there are on all pages together.
    pub total: u64,
}

/// One cell in which a text was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct FoundCell {
    /// Its row.
    pub row: RowId,
    /// Its column.
    pub column: ColumnId,
}

/// What a cell becomes when a text in it is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Replacement {
    /// Its row.
    pub row: RowId,
    /// Its column.
    pub column: ColumnId,
    /// The text of the value as it is.
    pub before: String,
    /// The text with every match replaced; never equal to `before`.
    pub after: String,
}

use serde::{Deserialize, Serialize};

use crate::{CellState, ColumnId, Value};

/// Which rows of a sheet are shown, and in which order. A view never changes the sheet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ViewSpec {
    /// Orders the rows; earlier keys weigh more. Rows that all keys hold for equal stay in sheet
    /// order, and so does everything when there is no key.
    #[serde(default)]
    pub sort: Vec<SortKey>,
    /// Keeps the rows for which it holds; all without one.
    #[serde(default)]
    pub filter: Option<Filter>,
}

/// Names a view that is held open. Never reused while the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ViewId(pub u64);

/// A view that is held open: its rows stay where they are until it is refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct OpenView {
    /// Names it in later calls.
    pub id: ViewId,
    /// Rows in it.
    pub row_count: u64,
}

/// One key of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct SortKey {
    /// The column.
    pub column: ColumnId,
    /// What of it is compared.
    #[serde(default)]
    pub by: SortBy,
    /// Greatest first. Empty cells come last either way.
    #[serde(default)]
    pub descending: bool,
}

/// What of a cell is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum SortBy {
    /// The value, by the column's type.
    #[default]
    Value,
    /// The state of an AI cell, in the order in which [`CellState`] lists them.
    State,
    /// The confidence of an AI cell.
    Confidence,
}

/// A condition on a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Filter {
    /// Every part holds; true without parts.
    All {
        /// The parts.
        of: Vec<Filter>,
    },
    /// At least one part holds; false without parts.
    Any {
        /// The parts.
        of: Vec<Filter>,
    },
    /// The part does not hold.
    Not {
        /// The part.
        of: Box<Filter>,
    },
    /// A test of one cell.
    Cell {
        /// Its column.
        column: ColumnId,
        /// The test.
        test: CellTest,
    },
}

/// A test of one cell. An empty cell fails every test but those that name emptiness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "test")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum CellTest {
    /// Null, or text of nothing but white space.
    Empty,
    /// One of these values; `Null` among them means empty.
    OneOf {
        /// The values.
        values: Vec<Value>,
    },
    /// Between two bounds, both included, by the column's type.
    Between {
        /// The lower bound.
        #[serde(default)]
        least: Option<Value>,
        /// The upper bound.
        #[serde(default)]
        most: Option<Value>,
    },
    /// The text of the value contains, starts with, ends with or is something.
    Text {
        /// Where.
        place: TextPlace,
        /// The text.
        text: String,
        /// Whether letter case counts.
        #[serde(default)]
        match_case: bool,
    },
    /// The text of the value matches a regular expression (RE2 syntax) somewhere.
    Matches {
        /// The expression.
        pattern: String,
    },
    /// An AI cell in one of these states.
    State {
        /// The states.
        states: Vec<CellState>,
    },
    /// An AI cell whose confidence is known and between two bounds, both included.
    Confidence {
        /// The lower bound.
        #[serde(default)]
        least: Option<f64>,
        /// The upper bound.
        #[serde(default)]
        most: Option<f64>,
    },
}

/// Where a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum TextPlace {
    /// Anywhere.
    Anywhere,
    /// At the beginning.
    Start,
    /// At the end.
    End,
    /// It is the whole value.
    Whole,
}

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CellState, Value};

/// What a column holds, in figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ColumnStats {
    /// Rows looked at.
    pub rows: u64,
    /// Of these, rows whose cell is empty: null, or nothing but white space.
    pub empty: u64,
    /// How many different values, empty ones left out; exact.
    pub distinct: u64,
    /// Least and greatest value by the column's type.
    pub least: Option<Value>,
    /// See [`ColumnStats::least`].
    pub greatest: Option<Value>,
    /// Figures of a number column.
    pub numbers: Option<NumberStats>,
    /// Lengths in a text column.
    pub lengths: Option<LengthStats>,
    /// The commonest values with their counts, commonest first; ties in order of the value.
    pub top: Vec<ValueCount>,
    /// Of a number or time column: how the values are spread.
    pub histogram: Vec<Bin>,
    /// Of an AI column: cells in each state.
    pub states: BTreeMap<CellState, u64>,
    /// Of an AI column: how the known confidences are spread over 0 to 1.
    pub confidences: Vec<Bin>,
}

/// Figures of numbers. `nan` and infinite values are left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct NumberStats {
    /// Sum.
    pub sum: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Sample standard deviation; `None` with fewer than two values.
    pub deviation: Option<f64>,
}

/// Lengths of texts, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct LengthStats {
    /// The shortest.
    pub least: u64,
    /// The longest.
    pub greatest: u64,
    /// Arithmetic mean.
    pub mean: f64,
}

/// A value and how often it is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ValueCount {
    /// The value.
    pub value: Value,
    /// How often.
    pub count: u64,
}

/// One bar of a histogram: values from `from` up to, but without, `to`; the last bar has both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Bin {
    /// Where it begins.
    pub from: Value,
    /// Where it ends.
    pub to: Value,
    /// Values in it.
    pub count: u64,
}

/// The different values of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct DistinctValues {
    /// As many as were asked for, in the order in which the column sorts; empty cells left out.
    pub values: Vec<ValueCount>,
    /// How many different values there are, listed or not.
    pub total: u64,
    /// Rows whose cell is empty.
    pub empty: u64,
}

/// Figures of a selection of cells, over all its columns together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Summary {
    /// Rows of the selection.
    pub rows: u64,
    /// Cells that are not empty.
    pub filled: u64,
    /// Of the numbers among them.
    pub numbers: Option<NumberSummary>,
}

/// Figures of the numbers in a selection. `nan` and infinite values are left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct NumberSummary {
    /// How many.
    pub count: u64,
    /// Sum.
    pub sum: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

use serde::{Deserialize, Serialize};

use crate::{Column, DataType, Value};

/// A property of JSON objects that can become a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct JsonProperty {
    /// The property, at the top of each object.
    pub property: String,
    /// The type of its column.
    pub data_type: DataType,
}

/// A property that is to become a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct SplitProperty {
    /// The property, at the top of each object.
    pub property: String,
    /// The wanted name of its column; the property's own without. A number goes behind it if
    /// another column has it.
    #[serde(default)]
    pub name: Option<String>,
    /// The type of its column; without, what the recipe's schema says, else what fits the values.
    #[serde(default)]
    pub data_type: Option<DataType>,
}

/// A column that was made of a property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct SplitColumn {
    /// The column.
    pub column: Column,
    /// The property.
    pub property: String,
    /// Rows that got a value.
    pub filled: u64,
    /// Rows whose value does not fit the column's type. They are empty here, and still in the
    /// column that was split.
    pub misfits: u64,
    /// One of these values, shortened.
    pub misfit_example: Option<Value>,
}

/// What became of a JSON column that was split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct SplitColumns {
    /// The new columns, in the order in which their properties were named.
    pub columns: Vec<SplitColumn>,
    /// Rows with a value that is no JSON object.
    pub no_objects: u64,
}

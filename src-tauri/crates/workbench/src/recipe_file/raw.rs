//! The keys of a recipe file as they stand in it, before anything is made of them.

use std::collections::HashSet;
use std::fmt;

use braincells_core::{CalibrationMode, ExamplePolicy, Output, RecipeExample, Sampling};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::VERSION;

#[derive(Deserialize)]
pub(super) struct RawFile {
    pub(super) columns: RawColumns,
    #[serde(default)]
    pub(super) braincells: Option<RawOrigin>,
}

/// The columns in the order of the file; a name that comes twice is an error.
pub(super) struct RawColumns(pub(super) Vec<(String, RawColumn)>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawColumn {
    pub(super) prompt: Option<String>,
    pub(super) model_name: Option<String>,
    pub(super) model_provider: Option<String>,
    pub(super) endpoint_url: Option<String>,
    #[serde(default)]
    pub(super) search_enabled: Option<bool>,
    pub(super) task: Option<String>,
    pub(super) instruction: Option<String>,
    pub(super) user_prompt: Option<String>,
    pub(super) columns_references: Option<Vec<String>>,
    pub(super) image_column: Option<String>,
    #[serde(default)]
    pub(super) braincells: Option<RawOwn>,
}

/// What stands under a column's `braincells`; a file of AI Sheets has nothing there.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct RawOwn {
    pub(super) version: u32,
    pub(super) output: Output,
    pub(super) sampling: Sampling,
    pub(super) examples: ExamplePolicy,
    pub(super) system: Option<String>,
    pub(super) example_rows: Vec<RecipeExample>,
    pub(super) calibration: CalibrationMode,
    pub(super) model_file: Option<super::ModelIdentity>,
}

impl Default for RawOwn {
    fn default() -> Self {
        Self {
            version: VERSION,
            output: Output::default(),
            sampling: Sampling::default(),
            examples: ExamplePolicy::default(),
            system: None,
            example_rows: Vec::new(),
            calibration: CalibrationMode::default(),
            model_file: None,
        }
    }
}

/// What stands under the file's own `braincells`.
#[derive(Deserialize)]
pub(super) struct RawOrigin {
    pub(super) made_by: Option<String>,
    pub(super) made_at: Option<String>,
    pub(super) engine: Option<String>,
    #[serde(default)]
    pub(super) data_columns: Vec<RawDataColumn>,
}

#[derive(Deserialize)]
pub(super) struct RawDataColumn {
    pub(super) name: String,
    /// A word and no [`braincells_core::ValueType`]: one that is not known yet is no reason to
    /// refuse a file.
    #[serde(rename = "type", default)]
    pub(super) value_type: String,
}

impl<'de> Deserialize<'de> for RawColumns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;

        impl<'de> Visitor<'de> for Columns {
            type Value = RawColumns;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a mapping from column names to columns")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawColumns, A::Error> {
                let mut columns: Vec<(String, RawColumn)> = Vec::new();
                let mut names = HashSet::new();
                while let Some(name) = entries.next_key::<String>()? {
                    let name = name.trim();
                    if name.is_empty() {
                        return Err(A::Error::custom("a column has no name"));
                    }
                    if !names.insert(name.to_owned()) {
                        return Err(A::Error::custom(format!("the column `{name}` comes twice")));
                    }
                    let column = entries.next_value()?;
                    columns.push((name.to_owned(), column));
                }
                Ok(RawColumns(columns))
            }
        }

        deserializer.deserialize_map(Columns)
    }
}

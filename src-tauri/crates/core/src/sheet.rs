use serde::{Deserialize, Serialize};

use crate::{CellView, ColumnId, Recipe, RowId, SheetId};

/// A sheet as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct SheetInfo {
    /// The sheet.
    pub id: SheetId,
    /// Its name; not unique.
    pub name: String,
    /// Rows.
    pub row_count: u64,
    /// Data and AI columns.
    pub column_count: u64,
    /// When it was made, Unix milliseconds.
    pub created_at_ms: i64,
    /// When it last changed, Unix milliseconds.
    pub changed_at_ms: i64,
    /// Whether nothing of it may leave this machine.
    #[serde(default)]
    pub local_only: bool,
}

/// A sheet in the trash, from where it can be brought back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct TrashedSheet {
    /// As it was listed.
    pub sheet: SheetInfo,
    /// When it was deleted, Unix milliseconds.
    pub deleted_at_ms: i64,
}

/// The type of a column's values. Only what the rest of the program branches on; the exact
/// DuckDB type is in [`Column::sql_type`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum ValueType {
    /// Text.
    Text,
    /// Any integer or decimal type.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Date, time or timestamp.
    Time,
    /// List, struct, map or JSON.
    Nested,
    /// Bytes.
    Binary,
}

/// The types that a person can give a data column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum DataType {
    /// Text.
    Text,
    /// Whole numbers of 64 bits.
    Integer,
    /// Decimal numbers, as doubles.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Calendar dates.
    Date,
    /// Date and time of day, without a time zone.
    Timestamp,
    /// Any JSON value.
    Json,
}

impl DataType {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 7] = [
        Self::Text,
        Self::Integer,
        Self::Number,
        Self::Boolean,
        Self::Date,
        Self::Timestamp,
        Self::Json,
    ];

    /// The word for this type on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Json => "json",
        }
    }

    /// The inverse of [`DataType::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|data_type| data_type.as_str() == word)
    }
}

/// What kind of column it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[expect(
    clippy::large_enum_variant,
    reason = "a sheet has few columns, and they are not moved about"
)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum ColumnKind {
    /// Imported or typed.
    Data,
    /// Made by a recipe.
    Ai {
        /// How it is made now.
        recipe: Recipe,
        /// Counted from 1; grows with every change of the recipe.
        recipe_version: i64,
    },
}

/// One column of a sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Column {
    /// The column.
    pub id: ColumnId,
    /// Its name as the user wrote it; unique in its sheet, whatever the letter case.
    pub name: String,
    /// What the program needs to know of its type.
    pub value_type: ValueType,
    /// The exact type in DuckDB, such as `BIGINT`.
    pub sql_type: String,
    /// Whether a grid leaves it out. Exports and prompts do not.
    #[serde(default)]
    pub hidden: bool,
    /// How wide a grid draws it, in CSS pixels; `None` lets the grid decide.
    #[serde(default)]
    pub width_px: Option<u32>,
    /// Data or AI.
    pub kind: ColumnKind,
}

impl Column {
    /// The recipe of an AI column.
    pub fn recipe(&self) -> Option<&Recipe> {
        match &self.kind {
            ColumnKind::Data => None,
            ColumnKind::Ai { recipe, .. } => Some(recipe),
        }
    }
}

/// One row of a [`Window`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct WindowRow {
    /// The row.
    pub row: RowId,
    /// One cell for each column of the window.
    pub cells: Vec<CellView>,
}

/// A rectangle of a sheet, read by position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Window {
    /// The columns, in the order of each row's cells.
    pub columns: Vec<ColumnId>,
    /// Position of the first row, from 0.
    pub start: u64,
    /// Rows in the whole sheet.
    pub row_count: u64,
    /// The rows.
    pub rows: Vec<WindowRow>,
}

use std::path::Path;

use serde::{Deserialize, Serialize};

/// A file format that sheets are imported from and exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Format {
    /// Values separated by commas (on import also by semicolons, tabs or bars).
    Csv,
    /// Values separated by tabs.
    Tsv,
    /// One JSON object a line.
    Jsonl,
    /// One JSON array of objects.
    Json,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow IPC: on import a file or a stream, on export a file.
    Arrow,
    /// Excel workbook.
    Xlsx,
    /// Excel workbook of 2003 and before; only imported.
    Xls,
    /// OpenDocument spreadsheet; only imported.
    Ods,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 9] = [
        Self::Csv,
        Self::Tsv,
        Self::Jsonl,
        Self::Json,
        Self::Parquet,
        Self::Arrow,
        Self::Xlsx,
        Self::Xls,
        Self::Ods,
    ];

    /// What the end of the file's name says, if it says anything.
    pub fn from_path(path: &Path) -> Option<Self> {
        Self::parse(path.extension()?.to_str()?)
    }

    /// A format by its word; letter case makes no difference.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "tab" => Some(Self::Tsv),
            "ndjson" => Some(Self::Jsonl),
            "pq" => Some(Self::Parquet),
            "feather" | "ipc" | "arrows" => Some(Self::Arrow),
            "xlsm" => Some(Self::Xlsx),
            _ => Self::ALL.into_iter().find(|format| format.extension() == word),
        }
    }

    /// The usual end of a file's name, without the dot; also the format's word.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Ods => "ods",
        }
    }

    /// Whether sheets can be exported to it.
    pub fn is_written(self) -> bool {
        !matches!(self, Self::Xls | Self::Ods)
    }

    /// Whether its files are not text, so that a terminal should not get them.
    pub fn is_binary(self) -> bool {
        self == Self::Parquet || self == Self::Arrow || self.is_workbook()
    }

    /// Values separated by a character, with a line for each row.
    pub(crate) fn is_delimited(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv)
    }

    /// Sheets of cells, of which one is a table.
    pub(crate) fn is_workbook(self) -> bool {
        matches!(self, Self::Xlsx | Self::Xls | Self::Ods)
    }
}

use std::path::Path;

/// A file format that sheets are imported from and exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Values separated by commas (on import also by semicolons, tabs or bars), a header line.
    Csv,
    /// Values separated by tabs, a header line.
    Tsv,
    /// One JSON object a line.
    Jsonl,
    /// One JSON array of objects.
    Json,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    const ALL: [Self; 5] = [Self::Csv, Self::Tsv, Self::Jsonl, Self::Json, Self::Parquet];

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
        }
    }
}

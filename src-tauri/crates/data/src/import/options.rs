use braincells_core::DataType;
use serde::{Deserialize, Serialize};

use crate::{DataError, Format};

/// How to read a file. The default finds out everything by itself and takes every row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ImportOptions {
    /// CSV: what separates the values of a line, one ASCII character.
    pub delimiter: Option<char>,
    /// CSV and TSV: what encloses a value that holds the separator or a line break.
    pub quote: Option<Quote>,
    /// CSV, TSV and workbooks: whether the first row names the columns. Without names they are
    /// `column`, `column_2` and so on.
    pub header: Option<bool>,
    /// Text formats: how characters are written as bytes. A byte order mark at the beginning of
    /// the file is always believed instead.
    pub encoding: Option<Encoding>,
    /// Workbooks: the name of the sheet to read; the first that is not empty by default.
    pub table: Option<String>,
    /// Which rows to take.
    pub rows: RowSelection,
    /// Types for columns by name, instead of those that are found.
    pub types: Vec<(String, DataType)>,
    /// CSV and TSV: leave an apostrophe before `=`, `+`, `-`, `@`, tab or carriage return where it
    /// is. Otherwise it is taken back, because exports put it there (see `SheetStore::export`),
    /// unless another text of the file begins with one of these, which no such export leaves.
    pub keep_apostrophes: bool,
}

/// What encloses values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Quote {
    /// Nothing: quotes are part of the text.
    None,
    /// This ASCII character, doubled where it is part of the text.
    Character(char),
}

/// How characters are written as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16 in either byte order.
    Utf16,
    /// Latin-1 as Windows writes it (code page 1252), with `€` and curly quotes.
    Latin1,
}

impl Encoding {
    /// An encoding by its usual names, in any letter case, with or without hyphens.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase().replace(['-', '_', ' '], "");
        match word.as_str() {
            "utf8" => Some(Self::Utf8),
            "utf16" | "utf16le" | "utf16be" | "unicode" => Some(Self::Utf16),
            "latin1" | "iso88591" | "windows1252" | "cp1252" | "ansi" => Some(Self::Latin1),
            _ => None,
        }
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Latin1 => "latin-1",
        }
    }
}

/// Which rows of a file become rows of the sheet, always in the order of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum RowSelection {
    /// Every row.
    #[default]
    All,
    /// The first ones; types are found from them and a little beyond.
    First {
        /// How many at most.
        count: u64,
    },
    /// A random choice in which every row has the same chance. The same seed chooses the same
    /// rows of the same file, on every machine.
    Random {
        /// How many at most.
        count: u64,
        /// What the choice depends on.
        seed: u64,
    },
}

impl ImportOptions {
    /// Refuses options that mean nothing for a format, rather than ignoring them.
    pub(crate) fn check(&self, format: Format) -> Result<(), DataError> {
        let text = format.is_delimited() || matches!(format, Format::Json | Format::Jsonl);
        let meaningless = [
            (self.delimiter.is_some() && format != Format::Csv, "delimiter"),
            (self.quote.is_some() && !format.is_delimited(), "quote"),
            (self.header.is_some() && !format.is_delimited() && !format.is_workbook(), "header"),
            (self.encoding.is_some() && !text, "encoding"),
            (self.table.is_some() && !format.is_workbook(), "table"),
        ];
        if let Some((_, option)) = meaningless.iter().find(|(found, _)| *found) {
            let reason = format!("it means nothing for a file of format {}", format.extension());
            return Err(DataError::OptionUnusable { option, reason });
        }
        let usable =
            |character: char| character.is_ascii() && !matches!(character, '\n' | '\r' | '\0');
        let quote = match self.quote {
            Some(Quote::Character(quote)) => Some(quote),
            _ => None,
        };
        for (option, character) in [("delimiter", self.delimiter), ("quote", quote)] {
            if let Some(character) = character.filter(|character| !usable(*character)) {
                let reason = format!("`{}` is not one ASCII character", character.escape_debug());
                return Err(DataError::OptionUnusable { option, reason });
            }
        }
        if self.delimiter.is_some() && self.delimiter == quote {
            let reason = "it is the same as the delimiter".to_owned();
            return Err(DataError::OptionUnusable { option: "quote", reason });
        }
        Ok(())
    }

    /// The type asked for a column.
    pub(super) fn type_of(&self, name: &str) -> Option<DataType> {
        self.types.iter().rev().find(|(wanted, _)| wanted == name).map(|(_, kind)| *kind)
    }

    /// Refuses a type for a column that the file does not have.
    pub(super) fn check_types(&self, columns: &[String]) -> Result<(), DataError> {
        const SHOWN: usize = 20;
        let Some((name, _)) = self.types.iter().find(|(name, _)| !columns.contains(name)) else {
            return Ok(());
        };
        let mut there: Vec<String> =
            columns.iter().take(SHOWN).map(|name| format!("`{}`", name.escape_debug())).collect();
        if columns.len() > SHOWN {
            there.push("…".to_owned());
        }
        let reason = format!(
            "the file has no column `{}`; it has {}",
            name.escape_debug(),
            there.join(", ")
        );
        Err(DataError::OptionUnusable { option: "type", reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_mean_nothing_for_a_format_are_refused() {
        let none = ImportOptions::default();
        let cases = [
            (ImportOptions { delimiter: Some(';'), ..none.clone() }, vec![Format::Csv]),
            (
                ImportOptions { quote: Some(Quote::None), ..none.clone() },
                vec![Format::Csv, Format::Tsv],
            ),
            (
                ImportOptions { header: Some(true), ..none.clone() },
                vec![Format::Csv, Format::Tsv, Format::Xlsx, Format::Xls, Format::Ods],
            ),
            (
                ImportOptions { encoding: Some(Encoding::Latin1), ..none.clone() },
                vec![Format::Csv, Format::Tsv, Format::Json, Format::Jsonl],
            ),
            (
                ImportOptions { table: Some("a".into()), ..none.clone() },
                vec![Format::Xlsx, Format::Xls, Format::Ods],
            ),
        ];
        for (options, fine) in cases {
            for format in Format::ALL {
                assert_eq!(
                    options.check(format).is_ok(),
                    fine.contains(&format),
                    "{options:?} {format:?}"
                );
            }
        }
        for format in Format::ALL {
            assert!(none.check(format).is_ok());
        }
    }

    #[test]
    fn separators_are_single_ascii_characters_that_differ() {
        let check = |delimiter, quote| {
            ImportOptions { delimiter, quote, ..ImportOptions::default() }.check(Format::Csv)
        };
        assert!(check(Some('|'), Some(Quote::Character('\''))).is_ok());
        assert!(check(Some('§'), None).is_err());
        assert!(check(Some('\n'), None).is_err());
        assert!(check(Some('\''), Some(Quote::Character('\''))).is_err());
    }
}

//! A text that holds a table, made ready to be read like a file.

use std::path::Path;

use super::clipboard::{ClipboardKind, as_csv, text_table};
use super::options::{Encoding, ImportOptions, Quote};
use super::probe::{Probed, unusable};
use crate::{DataError, Format};

/// A text as CSV that has but one reading, and how to read it.
pub(super) struct Pasted {
    pub(super) csv: String,
    pub(super) options: ImportOptions,
    /// What is known of it; the path is still to be replaced by that of a file with the text.
    pub(super) probed: Probed,
}

impl Pasted {
    /// `source` is what errors call the text. Refuses options that mean nothing for it.
    pub(super) fn new(
        text: &str,
        kind: ClipboardKind,
        source: &Path,
        asked: &ImportOptions,
    ) -> Result<Self, DataError> {
        for (found, option) in [
            (asked.delimiter.is_some(), "delimiter"),
            (asked.quote.is_some(), "quote"),
            (asked.encoding.is_some(), "encoding"),
            (asked.table.is_some(), "table"),
        ] {
            if found {
                let reason = "it means nothing for text of a clipboard".to_owned();
                return Err(DataError::OptionUnusable { option, reason });
            }
        }
        let rows = text_table(text, kind)?;
        if rows.is_empty() {
            return Err(unusable(source, "there is nothing in it", "copy a table first"));
        }
        let csv = as_csv(&rows);
        let options = ImportOptions {
            delimiter: Some(','),
            quote: Some(Quote::Character('"')),
            // Nobody put apostrophes in.
            keep_apostrophes: true,
            ..asked.clone()
        };
        let probed = Probed {
            path: source.to_owned(),
            named: source.to_owned(),
            format: Format::Csv,
            size_bytes: csv.len() as u64,
            encoding: Encoding::Utf8,
            recoding: None,
        };
        Ok(Self { csv, options, probed })
    }
}

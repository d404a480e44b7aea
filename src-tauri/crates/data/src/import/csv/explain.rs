use std::path::Path;

use super::scan::{self, Finding, Separators};
use crate::DataError;
use crate::import::probe::{Probed, unusable};
use crate::import::source::refused;

/// Names the line that is wrong if one can be found, else what DuckDB said. Without the
/// separators only quotes can be wrong.
pub(in crate::import) fn explain(
    probed: &Probed,
    separators: Option<Separators>,
    said: &str,
) -> DataError {
    let error = refused(probed, said);
    if !matches!(error, DataError::SourceUnusable { .. }) {
        return error;
    }
    let known = separators.is_some();
    let separators = separators.unwrap_or_else(|| Separators::new(',', Some('"')));
    match scan::scan(&probed.path, separators, None) {
        Ok((Finding::Ragged { .. }, _)) if !known => error,
        Ok((Finding::Regular { .. }, _)) if !said.contains("Error when sniffing") => error,
        Ok((finding, _)) => irregular(&probed.named, &finding),
        Err(_) => error,
    }
}

pub(super) fn irregular(path: &Path, finding: &Finding) -> DataError {
    let (reason, hint) = match finding {
        Finding::Regular { .. } => {
            ("its columns cannot be told apart".to_owned(), "save it again as plain CSV")
        }
        Finding::Ragged { line, expected, found } => (
            format!("line {line} has {found} values where the first line has {expected}"),
            "correct the line, or put quotes around values that hold the separator",
        ),
        Finding::UnclosedQuote { line } => (
            format!("the quote opened in line {line} is never closed"),
            "close it, or double the quotes that belong to the text",
        ),
        Finding::TextAfterQuote { line } => (
            format!("line {line} has text after a closing quote"),
            "double the quotes that belong to the text",
        ),
    };
    unusable(path, reason, hint)
}

//! Text from the clipboard: what spreadsheets, editors and web pages put there.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::probe::unusable;
use crate::DataError;

mod delimited;
mod html;

/// The most cells that a clipboard may hold; more is a file.
const MOST_CELLS: usize = 5_000_000;

/// How a text holds a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum ClipboardKind {
    /// Found out from the text.
    #[default]
    Detect,
    /// Values separated by tabs, as spreadsheets copy them.
    Tsv,
    /// Values separated by commas or semicolons.
    Csv,
    /// The first table of a page in HTML.
    Html,
}

/// The cells of a text, row by row. Rows are filled up with empty cells to the length of the
/// longest.
///
/// A value in quotes may hold separators and line breaks; a quote that is not closed is a part of
/// the text. In HTML, `<br>` is a line break, runs of blanks are one, and a cell that spans others
/// is repeated in all of them.
pub fn text_table(text: &str, kind: ClipboardKind) -> Result<Vec<Vec<String>>, DataError> {
    let text = text.trim_start_matches('\u{feff}');
    let rows = match kind {
        ClipboardKind::Detect if looks_like_html(text) => match html::first_table(text)? {
            Some(rows) => rows,
            None => delimited::parse(text, Some('\t')),
        },
        ClipboardKind::Detect if first_line(text).contains('\t') => {
            delimited::parse(text, Some('\t'))
        }
        ClipboardKind::Detect => delimited::parse(text, delimited::separator(text)),
        ClipboardKind::Tsv => delimited::parse(text, Some('\t')),
        ClipboardKind::Csv => {
            delimited::parse(text, Some(delimited::separator(text).unwrap_or(',')))
        }
        ClipboardKind::Html => html::first_table(text)?.ok_or_else(|| {
            let hint = "copy the whole table, or paste it as text";
            unusable(Path::new("the clipboard"), "there is no table in it", hint)
        })?,
    };
    rectangular(rows)
}

/// The cells of a clipboard that is pasted into a sheet: of its text, or of the table in its HTML
/// where the text does not hold the same table. A text without tabs or line breaks is one cell.
///
/// The text is preferred because HTML loses blanks and line breaks.
pub fn parse_clipboard(text: &str, html: Option<&str>) -> Result<Vec<Vec<String>>, DataError> {
    let plain = rectangular(delimited::parse(text, Some('\t')))?;
    let Some(html) = html else { return Ok(plain) };
    let Some(table) = html::first_table(html)? else { return Ok(plain) };
    let table = rectangular(table)?;
    let size = |rows: &[Vec<String>]| (rows.len(), rows.first().map_or(0, Vec::len));
    Ok(if size(&plain) == size(&table) { plain } else { table })
}

/// The same cells as CSV that has but one reading.
pub(super) fn as_csv(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for row in rows {
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            // Blanks at the ends, and what looks like another dialect, stay what they are.
            if value.contains(|letter: char| !letter.is_alphanumeric()) {
                text.extend(["\"", &value.replace('"', "\"\""), "\""]);
            } else {
                text.push_str(value);
            }
        }
        // A line with nothing in it would be no row.
        if row.iter().all(String::is_empty) && row.len() == 1 {
            text.push_str("\"\"");
        }
        text.push('\n');
    }
    text
}

fn rectangular(mut rows: Vec<Vec<String>>) -> Result<Vec<Vec<String>>, DataError> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    if rows.len().saturating_mul(columns) > MOST_CELLS {
        return Err(too_many());
    }
    for row in &mut rows {
        row.resize(columns, String::new());
    }
    Ok(rows)
}

fn too_many() -> DataError {
    let reason = format!("it has more than {MOST_CELLS} cells");
    unusable(Path::new("the clipboard"), reason, "save it as a file and import that")
}

fn looks_like_html(text: &str) -> bool {
    let start = text.trim_start();
    start.starts_with('<') && start.to_ascii_lowercase().contains("<table")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! Values separated by a character. Files are DuckDB's to read; this is for text in memory, in
//! which every quote that cannot be one is a part of the text.

/// The cells of a text; without a separator every line is one.
pub(super) fn parse(text: &str, separator: Option<char>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut rest = text;
    // The line break at the very end begins no row.
    while !rest.is_empty() || !row.is_empty() {
        let (value, after) = quoted(rest, separator).unwrap_or_else(|| {
            let is_end = |letter| is_line_end(letter) || Some(letter) == separator;
            let end = rest.find(is_end).unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        });
        row.push(value);
        if let Some(next) = separator.and_then(|separator| after.strip_prefix(separator)) {
            rest = next;
            continue;
        }
        rows.push(std::mem::take(&mut row));
        rest =
            after.strip_prefix("\r\n").or_else(|| after.strip_prefix(is_line_end)).unwrap_or(after);
    }
    rows
}

/// What separates the values of a text without tabs: the character of `,` `;` `|` that every line
/// has equally often, or nothing.
pub(super) fn separator(text: &str) -> Option<char> {
    const LINES: usize = 50;
    [',', ';', '|'].into_iter().find(|separator| {
        let mut rows = parse(text, Some(*separator));
        rows.truncate(LINES);
        let columns = rows.first().map_or(0, Vec::len);
        columns > 1 && rows.iter().all(|row| row.len() == columns)
    })
}

/// The value in quotes that a text begins with, and what follows it.
fn quoted(text: &str, separator: Option<char>) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut value = String::new();
    loop {
        let end = rest.find('"')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        if let Some(doubled) = rest.strip_prefix('"') {
            value.push('"');
            rest = doubled;
            continue;
        }
        let ends = rest
            .chars()
            .next()
            .is_none_or(|letter| is_line_end(letter) || Some(letter) == separator);
        return ends.then_some((value, rest));
    }
}

fn is_line_end(letter: char) -> bool {
    matches!(letter, '\n' | '\r')
}

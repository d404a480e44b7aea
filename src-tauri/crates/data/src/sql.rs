//! Writing names and texts into SQL. Values go in as parameters wherever DuckDB takes them;
//! names, file paths and type names it only takes as text.

/// A name as a quoted SQL identifier.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL string literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A path as DuckDB's file functions want it: `*`, `?` and `[` would be wildcards otherwise.
pub(crate) fn file_pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for letter in path.chars() {
        match letter {
            '*' | '?' | '[' => pattern.extend(['[', letter, ']']),
            _ => pattern.push(letter),
        }
    }
    pattern
}

/// Integers as the inside of an `IN` list.
pub(crate) fn integers(values: impl IntoIterator<Item = i64>) -> String {
    let texts: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_so_that_a_name_cannot_end_its_own_quotes() {
        assert_eq!(identifier("a\"; DROP TABLE rows; --"), "\"a\"\"; DROP TABLE rows; --\"");
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn wildcards_in_a_file_name_stand_for_themselves() {
        assert_eq!(file_pattern("/a[1]*?.csv"), "/a[[]1][*][?].csv");
    }
}

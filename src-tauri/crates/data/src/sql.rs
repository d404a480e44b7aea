//! Writing names and texts into SQL. Values go in as parameters wherever DuckDB takes them;
//! names, file paths and type names it only takes as text.

use braincells_core::RowId;

/// A name as a quoted SQL identifier.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL string literal. NUL would end the statement, so it is put in by name.
pub(crate) fn literal(text: &str) -> String {
    let parts: Vec<String> =
        text.split('\0').map(|part| format!("'{}'", part.replace('\'', "''"))).collect();
    if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(" || chr(0) || ")) }
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

/// SQL for "row `r` is one of these". Where they are not a range they are one text, because a
/// list of a million literals takes the parser seconds.
pub(crate) fn rows_in(rows: impl IntoIterator<Item = RowId>) -> String {
    let mut ids: Vec<i64> = rows.into_iter().map(|row| row.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return "false".to_owned() };
    if last.abs_diff(*first) + 1 == ids.len() as u64 {
        return format!("r.row_id BETWEEN {first} AND {last}");
    }
    format!("r.row_id IN (SELECT unnest(CAST(string_split('{}', ',') AS BIGINT[])))", integers(ids))
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
    fn a_nul_in_a_text_does_not_end_the_statement() {
        assert_eq!(literal("a\0b'"), "('a' || chr(0) || 'b''')");
    }

    #[test]
    fn a_set_of_rows_is_a_range_where_it_can_be_and_a_list_elsewhere() {
        let rows = |ids: &[i64]| rows_in(ids.iter().map(|id| RowId(*id)));
        assert_eq!(rows(&[]), "false");
        assert_eq!(rows(&[5, 4, 6, 4]), "r.row_id BETWEEN 4 AND 6");
        assert!(rows(&[6, 4]).contains("'4,6'"));
    }

    #[test]
    fn wildcards_in_a_file_name_stand_for_themselves() {
        assert_eq!(file_pattern("/a[1]*?.csv"), "/a[[]1][*][?].csv");
    }
}

//! Taking back the apostrophe that an export to CSV puts before text which a spreadsheet would
//! run as a formula.
//!
//! Such an export leaves no text that begins with `=`, `+`, `-`, `@`, tab or carriage return. So
//! where such a text is, the file comes from elsewhere, and its apostrophes are its own.

use duckdb::Connection;

use crate::DataError;
use crate::error::during;
use crate::sql::identifier;

/// Text that a spreadsheet would run, as a regular expression.
const FORMULA: &str = r"^[=+\-@\t\r]";
/// The same behind the apostrophe that an export adds, and behind those that it found there.
const QUOTED: &str = r"^''+[=+\-@\t\r]";
/// Columns looked at by one statement.
const COLUMNS_AT_ONCE: usize = 256;

/// Names of columns without the apostrophe.
pub(super) fn taken_back(names: Vec<String>) -> Vec<String> {
    const SIGNS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
    if names.iter().any(|name| name.starts_with(SIGNS)) {
        return names;
    }
    let quoted = |name: &str| {
        let rest = name.trim_start_matches('\'');
        rest.len() < name.len() && rest.starts_with(SIGNS)
    };
    names.into_iter().map(|name| if quoted(&name) { name[1..].to_owned() } else { name }).collect()
}

/// Takes the apostrophes in text columns of a table back. The columns are named by what is shown
/// and by their name in the table; `is_found` says of a shown name whether it is text because of
/// what is in it: numbers that were asked to be text may begin with a minus in any file.
pub(super) fn take_back(
    connection: &Connection,
    table: &str,
    columns: &[(&str, &str)],
    is_found: impl Fn(&str) -> bool,
) -> Result<(), DataError> {
    let all: Vec<&str> = columns.iter().map(|(_, name)| *name).collect();
    let quoted = holding(connection, table, &all, QUOTED)?;
    // Nearly every file ends here, after a look at the first characters of its texts.
    if quoted.is_empty() {
        return Ok(());
    }
    let found = columns.iter().filter(|(shown, _)| is_found(shown));
    let telling: Vec<&str> = found.map(|(_, name)| *name).collect();
    if !holding(connection, table, &telling, FORMULA)?.is_empty() {
        return Ok(());
    }
    for column in quoted {
        let name = identifier(column);
        connection
            .execute_batch(&format!(
                "UPDATE {table} SET {name} = substr({name}, 2) \
                 WHERE regexp_matches({name}, '{QUOTED}')"
            ))
            .map_err(during("take back the apostrophes of formulas"))?;
    }
    Ok(())
}

/// The columns with a text that matches.
fn holding<'a>(
    connection: &Connection,
    table: &str,
    columns: &[&'a str],
    pattern: &str,
) -> Result<Vec<&'a str>, DataError> {
    let mut found = Vec::new();
    for columns in columns.chunks(COLUMNS_AT_ONCE) {
        let tests: Vec<String> = columns
            .iter()
            .map(|column| {
                let name = identifier(column);
                // Comparing one character first costs a fraction of what the expression does.
                let first = if pattern == QUOTED {
                    format!("starts_with({name}, '''')")
                } else {
                    format!("ord({name}) <= ord('@')")
                };
                format!("bool_or({first} AND regexp_matches({name}, '{pattern}'))")
            })
            .collect();
        let sql = format!("SELECT {} FROM {table}", tests.join(", "));
        let matches = connection
            .query_row(&sql, [], |row| {
                (0..columns.len())
                    .map(|index| row.get::<_, Option<bool>>(index))
                    .collect::<duckdb::Result<Vec<_>>>()
            })
            .map_err(during("look for apostrophes of formulas"))?;
        let matching = columns.iter().zip(matches).filter(|(_, found)| *found == Some(true));
        found.extend(matching.map(|(column, _)| *column));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        taken_back(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn names_get_back_what_an_export_took_and_keep_what_is_theirs() {
        assert_eq!(names(&["'=a", "''-b", "'c", "d'=e"]), ["=a", "'-b", "'c", "d'=e"]);
        assert_eq!(names(&["'=a", "=b"]), ["'=a", "=b"], "no export leaves a bare formula");
    }
}

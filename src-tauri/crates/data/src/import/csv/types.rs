//! Which names and types the columns get.

use braincells_core::DataType;

use super::reading::{ReadColumn, Reading, TEXT};
use super::{File, Sniffed};
use crate::DataError;
use crate::import::apostrophe;
use crate::import::column::shown;
use crate::import::source::refused;
use crate::sql::identifier;

impl File<'_> {
    /// What the columns are called: nothing in a file without a header.
    pub(super) fn titles(&self, sniffed: &Sniffed) -> Vec<String> {
        let names = sniffed.columns.iter().map(|column| column.name.clone());
        if !sniffed.header {
            return names.map(|_| String::new()).collect();
        }
        let names: Vec<String> = names.collect();
        if self.input.options.keep_apostrophes { names } else { apostrophe::taken_back(names) }
    }

    /// The types to read: those that were found, unless others were asked for.
    pub(super) fn types(&self, titles: &[String], sniffed: &Sniffed) -> Vec<ReadColumn> {
        // With a format of its own, DuckDB's reading of dates is strict; without one it cuts the
        // time off what it reads as a date.
        let has = |format: &Option<String>| format.as_deref().is_some_and(|f| !f.is_empty());
        let is_checkable = |sql_type: &str| match sql_type {
            "BIGINT" | "HUGEINT" | "DOUBLE" | "BOOLEAN" => true,
            "DATE" => !has(&sniffed.date_format),
            "TIMESTAMP" => !has(&sniffed.timestamp_format),
            _ => false,
        };
        let shown = shown(titles.iter().map(String::as_str));
        sniffed
            .columns
            .iter()
            .zip(shown)
            .map(|(column, name)| {
                let wanted = self.input.options.type_of(&name);
                // Dates that are found stay, as DuckDB knows how they are written; the rest is
                // the cast's, which is stricter than DuckDB's reading.
                let found = column.sql_type.clone();
                let is_date = found.starts_with("DATE") || found.starts_with("TIMESTAMP");
                let sql_type = match wanted {
                    None => found,
                    Some(DataType::Date | DataType::Timestamp) if is_date => found,
                    Some(_) => TEXT.to_owned(),
                };
                let asked = wanted.is_some();
                let checked = self.input.checked && !asked && is_checkable(&sql_type);
                ReadColumn { name: column.name.clone(), sql_type, checked, asked }
            })
            .collect()
    }

    /// Takes back that a column is boolean when it has other words than `true` and `false`.
    ///
    /// DuckDB also takes `yes`, `no`, `t`, `f` and the like, which a person means as the words
    /// they are: a prompt should say `yes`, and an export should give `yes` back.
    pub(super) fn keep_words(&self, reading: &mut Reading) {
        let is_boolean = |column: &ReadColumn| column.sql_type == "BOOLEAN" && !column.asked;
        let mut texts = reading.clone();
        texts.make_all_text();
        let names: Vec<String> = reading
            .columns
            .iter()
            .filter(|column| is_boolean(column))
            .map(|column| identifier(&column.name))
            .collect();
        if names.is_empty() {
            return;
        }
        let checks: Vec<String> = names
            .iter()
            .map(|name| format!("coalesce(bool_and(lower({name}) IN ('true', 'false')), true)"))
            .collect();
        let limit =
            self.input.sample_rows.map_or_else(String::new, |rows| format!(" LIMIT {rows}"));
        let sql = format!(
            "SELECT {} FROM (SELECT {} FROM {}{limit})",
            checks.join(", "),
            names.join(", "),
            texts.from()
        );
        let strict = self.input.connection.query_row(&sql, [], |row| {
            (0..checks.len()).map(|index| row.get(index)).collect::<duckdb::Result<Vec<bool>>>()
        });
        // A line that cannot be read is the reading's to report.
        let Ok(strict) = strict else { return };
        let booleans = reading.columns.iter_mut().filter(|column| is_boolean(column));
        for (column, strict) in booleans.zip(strict) {
            if !strict {
                TEXT.clone_into(&mut column.sql_type);
                column.checked = false;
            }
        }
    }

    /// Whether a column has nothing in the sample, so that its type is not known.
    pub(super) fn has_blank_column(&self, reading: &Reading) -> Result<bool, DataError> {
        let texts = reading.columns.iter().filter(|column| column.sql_type == TEXT);
        let checks: Vec<String> =
            texts.map(|column| format!("count({}) = 0", identifier(&column.name))).collect();
        if checks.is_empty() {
            return Ok(false);
        }
        let sql = format!(
            "SELECT {} FROM (FROM {} LIMIT {})",
            checks.join(" OR "),
            reading.from(),
            self.input.sample_rows.unwrap_or_default()
        );
        self.input
            .connection
            .query_row(&sql, [], |row| row.get(0))
            .map_err(|error| refused(self.input.probed, &error.to_string()))
    }
}

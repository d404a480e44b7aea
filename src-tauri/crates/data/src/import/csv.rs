//! CSV and TSV: finding the dialect, then reading with it and nothing else.

use std::path::Path;

use duckdb::Connection;
use serde::Deserialize;

use super::probe::{Probed, unusable};
use super::source::{Source, refused};
use crate::database::text;
use crate::sql::{file_pattern, identifier, literal};
use crate::{DataError, Format};

mod scan;

use scan::Finding;

/// One guess at how a file is written.
#[derive(Clone, Copy, Debug)]
struct Guess {
    /// `None` lets DuckDB find it.
    delimiter: Option<char>,
    quoted: bool,
    /// Off, DuckDB takes what is not quite CSV, such as mixed line ends.
    strict: bool,
}

/// What DuckDB found with a guess.
#[derive(Debug)]
struct Sniffed {
    delimiter: String,
    escape: String,
    columns: Vec<SniffedColumn>,
    date_format: Option<String>,
    timestamp_format: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SniffedColumn {
    name: String,
    #[serde(rename = "type")]
    sql_type: String,
}

/// Finds dialect and types of the whole file.
///
/// DuckDB answers a file with uneven lines by taking each line for one column. That would be a
/// silent loss of structure, so one column is only believed when the header line has no
/// delimiter in it. After it, the header's delimiter is insisted on: with quotes, then without,
/// because tab-separated files often have quotes that are part of the text.
pub(super) fn plan(connection: &Connection, probed: &Probed) -> Result<Source, DataError> {
    let file = File { connection, probed, literal: literal(&file_pattern(text(&probed.path)?)) };
    let fixed = (probed.format == Format::Tsv).then_some('\t');
    let first = Guess { delimiter: fixed, quoted: true, strict: true };
    let header = match fixed {
        Some(tab) => Some(tab),
        None if probed.utf16 => None,
        None => scan::header_delimiter(&probed.path)?,
    };
    let found = file.sniff(first)?;
    match (found, header) {
        (Ok(sniffed), _) if sniffed.columns.len() > 1 => return Ok(file.source(first, sniffed)),
        (Ok(sniffed), None) => return Ok(file.source(first, sniffed)),
        (Err(said), None) => return Err(explain(probed, None, &said)),
        _ => {}
    }
    for quoted in [true, false] {
        let guess = Guess { delimiter: header, quoted, strict: true };
        if let Ok(sniffed) = file.sniff(guess)? {
            return Ok(file.source(guess, sniffed));
        }
    }
    file.lenient(header.unwrap_or(','))
}

struct File<'a> {
    connection: &'a Connection,
    probed: &'a Probed,
    literal: String,
}

impl File<'_> {
    /// Lets DuckDB look at the whole file. The inner error is what it said about the guess; the
    /// outer one is about the file as such and ends the search.
    fn sniff(&self, guess: Guess) -> Result<Result<Sniffed, String>, DataError> {
        let sql = format!(
            "SELECT Delimiter, Escape, CAST(to_json(Columns) AS VARCHAR), DateFormat, \
             TimestampFormat FROM sniff_csv({}, sample_size = -1, {}{})",
            self.literal,
            self.options(guess),
            match guess.delimiter {
                Some(delimiter) => format!(", delim = '{delimiter}'"),
                None => String::new(),
            }
        );
        let found = self.connection.query_row(&sql, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?, row.get(4)?))
        });
        let (delimiter, escape, columns, date_format, timestamp_format) = match found {
            Ok(found) => found,
            Err(error) => {
                let said = error.to_string();
                let about_file = said.contains("not utf-8 encoded")
                    || said.starts_with("INTERRUPT")
                    || said.starts_with("Out of Memory");
                return if about_file { Err(refused(self.probed, &said)) } else { Ok(Err(said)) };
            }
        };
        let columns = serde_json::from_str(&columns)
            .map_err(|error| DataError::database("read the columns", &error.to_string()))?;
        Ok(Ok(Sniffed { delimiter, escape, columns, date_format, timestamp_format }))
    }

    /// Options that both the look and the reading take.
    fn options(&self, guess: Guess) -> String {
        // A line may be as long as the file, up to what a buffer can reasonably be.
        const LONGEST_LINE: u64 = 256 << 20;
        let longest = self.probed.size_bytes.clamp(2 << 20, LONGEST_LINE);
        format!(
            "header = true, skip = 0, comment = '', quote = '{}', strict_mode = {}, \
             max_line_size = {longest}{}",
            if guess.quoted { "\"" } else { "" },
            guess.strict,
            if self.probed.utf16 { ", encoding = 'utf-16'" } else { "" },
        )
    }

    fn source(&self, guess: Guess, mut sniffed: Sniffed) -> Source {
        let escape = match sniffed.escape.as_str() {
            _ if !guess.quoted => "",
            "\\" => "\\",
            _ => "\"",
        };
        let mut options = format!(
            "auto_detect = false, {}, delim = {}, escape = '{escape}', hive_partitioning = false",
            self.options(guess),
            literal(&sniffed.delimiter),
        );
        let formats =
            [("dateformat", &sniffed.date_format), ("timestampformat", &sniffed.timestamp_format)];
        for (option, format) in formats {
            if let Some(format) = format.as_deref().filter(|format| !format.is_empty()) {
                options = format!("{options}, {option} = {}", literal(format));
            }
        }
        let as_text = self.read(&options, &sniffed.columns, true);
        self.keep_words(&as_text, &mut sniffed.columns);
        Source {
            probed: self.probed.clone(),
            from: self.read(&options, &sniffed.columns, false),
            as_text: Some(as_text),
            delimiter: sniffed.delimiter.bytes().next(),
            columns: sniffed.columns.into_iter().map(|column| column.name).collect(),
            expected_rows: None,
        }
    }

    fn read(&self, options: &str, columns: &[SniffedColumn], as_text: bool) -> String {
        let columns: Vec<String> = columns
            .iter()
            .map(|column| {
                let sql_type = if as_text { "VARCHAR" } else { &column.sql_type };
                format!("{}: {}", literal(&column.name), literal(sql_type))
            })
            .collect();
        format!("read_csv({}, {options}, columns = {{{}}})", self.literal, columns.join(", "))
    }

    /// Takes back that a column is boolean when it has other words than `true` and `false`.
    ///
    /// DuckDB also takes `yes`, `no`, `t`, `f` and the like, which a person means as the words
    /// they are: a prompt should say `yes`, and an export should give `yes` back.
    fn keep_words(&self, as_text: &str, columns: &mut [SniffedColumn]) {
        let mut booleans: Vec<&mut SniffedColumn> =
            columns.iter_mut().filter(|column| column.sql_type == "BOOLEAN").collect();
        if booleans.is_empty() {
            return;
        }
        let checks: Vec<String> = booleans
            .iter()
            .map(|column| {
                let name = identifier(&column.name);
                format!("coalesce(bool_and(lower({name}) IN ('true', 'false')), true)")
            })
            .collect();
        let sql = format!("SELECT {} FROM {as_text}", checks.join(", "));
        let strict = self.connection.query_row(&sql, [], |row| {
            (0..checks.len()).map(|index| row.get(index)).collect::<duckdb::Result<Vec<bool>>>()
        });
        // A line that cannot be read is the reading's to report.
        let Ok(strict) = strict else { return };
        for (column, strict) in booleans.iter_mut().zip(strict) {
            if !strict {
                "VARCHAR".clone_into(&mut column.sql_type);
            }
        }
    }

    /// The last try: DuckDB's lenient mode, which skips what it does not understand. So it is
    /// only used on a file that a count of our own finds regular, and the rows must agree.
    fn lenient(&self, delimiter: char) -> Result<Source, DataError> {
        let path = &self.probed.path;
        let finding = scan::scan(path, delimiter as u8)?;
        let Finding::Regular { records, columns } = finding else {
            return Err(irregular(path, &finding));
        };
        let guess = Guess { delimiter: Some(delimiter), quoted: true, strict: false };
        match self.sniff(guess)? {
            Ok(sniffed) if sniffed.columns.len() as u64 == columns => {
                let source = self.source(guess, sniffed);
                Ok(Source { expected_rows: Some(records.saturating_sub(1)), ..source })
            }
            _ => Err(irregular(path, &finding)),
        }
    }
}

/// Names the line that is wrong if one can be found, else what DuckDB said. Without the
/// delimiter only quotes can be wrong.
pub(super) fn explain(probed: &Probed, delimiter: Option<u8>, said: &str) -> DataError {
    let error = refused(probed, said);
    let path = &probed.path;
    if probed.utf16 || !matches!(error, DataError::SourceUnusable { .. }) {
        return error;
    }
    match scan::scan(path, delimiter.unwrap_or(b',')) {
        Ok(Finding::Ragged { .. }) if delimiter.is_none() => error,
        Ok(Finding::Regular { .. }) if !said.contains("Error when sniffing") => error,
        Ok(finding) => irregular(path, &finding),
        Err(_) => error,
    }
}

fn irregular(path: &Path, finding: &Finding) -> DataError {
    let (reason, hint) = match finding {
        Finding::Regular { .. } => {
            ("its columns cannot be told apart".to_owned(), "save it again as plain CSV")
        }
        Finding::Ragged { line, expected, found } => (
            format!("line {line} has {found} values where the header has {expected}"),
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

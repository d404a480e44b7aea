//! CSV and TSV: finding the dialect, then reading with it and nothing else.

use serde::Deserialize;

use super::column::SourceColumn;
use super::options::Quote;
use super::preview::Dialect;
use super::probe::unusable;
use super::source::{Input, Rows, Scan, Source, refused};
use crate::database::text;
use crate::sql::{file_pattern, literal};
use crate::{DataError, Format};

mod explain;
mod reading;
mod scan;
mod types;

pub(super) use explain::explain;
use explain::irregular;
pub(super) use reading::Reading;
use scan::{Finding, Separators};

/// One guess at how a file is written.
#[derive(Clone, Copy, Debug)]
struct Guess {
    /// `None` lets DuckDB find it.
    delimiter: Option<char>,
    /// `None` is a file without quotes.
    quote: Option<char>,
    /// `None` lets DuckDB find it.
    header: Option<bool>,
    /// Off, DuckDB takes what is not quite CSV, such as mixed line ends.
    strict: bool,
}

/// What DuckDB found with a guess.
#[derive(Debug)]
struct Sniffed {
    delimiter: String,
    escape: String,
    header: bool,
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

/// Finds dialect and types.
///
/// DuckDB answers a file with uneven lines by taking each line for one column. That would be a
/// silent loss of structure, so one column is only believed when the first line has no delimiter
/// in it. After it, the first line's delimiter is insisted on: with quotes, then without, because
/// tab-separated files often have quotes that are part of the text. What was asked for is never
/// guessed again.
pub(super) fn plan(input: Input<'_>) -> Result<Source, DataError> {
    let probed = input.probed;
    let file = File { input, literal: literal(&file_pattern(text(&probed.path)?)) };
    let tab = (probed.format == Format::Tsv).then_some('\t');
    let fixed = input.options.delimiter.or(tab);
    let quotes = match input.options.quote {
        None => vec![Some('"'), None],
        Some(Quote::None) => vec![None],
        Some(Quote::Character(quote)) => vec![Some(quote)],
    };
    let header = input.options.header;
    let first = Guess { delimiter: fixed, quote: quotes[0], header, strict: true };
    let delimiter = match fixed {
        Some(fixed) => Some(fixed),
        None => scan::header_delimiter(&probed.path, quotes[0])?,
    };
    match (file.sniff(first)?, delimiter) {
        (Ok(sniffed), _) if sniffed.columns.len() > 1 => return file.source(first, &sniffed),
        (Ok(sniffed), None) => return file.source(first, &sniffed),
        (Err(_), None) if input.checked => return Err(file.too_little()),
        (Err(said), None) => return Err(explain(probed, None, &said)),
        _ => {}
    }
    for quote in &quotes {
        let guess = Guess { delimiter, quote: *quote, header, strict: true };
        if let Ok(sniffed) = file.sniff(guess)? {
            return file.source(guess, &sniffed);
        }
    }
    if input.checked {
        return Err(file.too_little());
    }
    file.lenient(delimiter.unwrap_or(','), quotes[0])
}

struct File<'a> {
    input: Input<'a>,
    literal: String,
}

impl File<'_> {
    /// Lets DuckDB look at the file. The inner error is what it said about the guess; the outer
    /// one is about the file as such and ends the search.
    fn sniff(&self, guess: Guess) -> Result<Result<Sniffed, String>, DataError> {
        let sample = self.input.sample_rows.map_or(-1, |rows| rows as i64);
        let delimiter = match guess.delimiter {
            Some(delimiter) => format!(", delim = {}", literal(&delimiter.to_string())),
            None => String::new(),
        };
        let sql = format!(
            "SELECT Delimiter, Escape, HasHeader, CAST(to_json(Columns) AS VARCHAR), DateFormat, \
             TimestampFormat FROM sniff_csv({}, sample_size = {sample}, {}{delimiter})",
            self.literal,
            self.options(guess),
        );
        let found = self.input.connection.query_row(&sql, [], |row| {
            let columns: String = row.get(3)?;
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, columns, row.get(4)?, row.get(5)?))
        });
        let (delimiter, escape, header, columns, date_format, timestamp_format) = match found {
            Ok(found) => found,
            Err(error) => {
                let said = error.to_string();
                let about_file = said.contains("not utf-8 encoded")
                    || said.starts_with("INTERRUPT")
                    || said.starts_with("Out of Memory");
                let probed = self.input.probed;
                return if about_file { Err(refused(probed, &said)) } else { Ok(Err(said)) };
            }
        };
        let columns = serde_json::from_str(&columns)
            .map_err(|error| DataError::database("read the columns", &error.to_string()))?;
        Ok(Ok(Sniffed { delimiter, escape, header, columns, date_format, timestamp_format }))
    }

    /// Options that both the look and the reading take.
    fn options(&self, guess: Guess) -> String {
        // A line may be as long as the file, up to what a buffer can reasonably be. Lines that
        // are usual take a buffer that is quickly filled.
        const USUAL_LINE: u64 = 2 << 20;
        const LONGEST_LINE: u64 = 256 << 20;
        let longest = if self.input.checked { USUAL_LINE } else { LONGEST_LINE };
        let longest = self.input.probed.size_bytes.clamp(USUAL_LINE, longest);
        let quote = guess.quote.map_or_else(String::new, |quote| quote.to_string());
        format!(
            "skip = 0, comment = '', quote = {}, strict_mode = {}, max_line_size = {longest}{}",
            literal(&quote),
            guess.strict,
            guess.header.map_or_else(String::new, |header| format!(", header = {header}")),
        )
    }

    /// That a sample does not tell enough; the whole file is looked at then.
    fn too_little(&self) -> DataError {
        unusable(&self.input.probed.named, "a sample of it does not tell how it is written", "")
    }

    fn source(&self, guess: Guess, sniffed: &Sniffed) -> Result<Source, DataError> {
        let quote = guess.quote.map_or_else(String::new, |quote| quote.to_string());
        let escape = match sniffed.escape.as_str() {
            _ if quote.is_empty() => "",
            "\\" => "\\",
            _ => &quote,
        };
        let guess = Guess { header: Some(sniffed.header), ..guess };
        let mut options = format!(
            "auto_detect = false, {}, delim = {}, escape = {}, hive_partitioning = false",
            self.options(guess),
            literal(&sniffed.delimiter),
            literal(escape),
        );
        let formats =
            [("dateformat", &sniffed.date_format), ("timestampformat", &sniffed.timestamp_format)];
        for (option, format) in formats {
            if let Some(format) = format.as_deref().filter(|format| !format.is_empty()) {
                options = format!("{options}, {option} = {}", literal(format));
            }
        }
        let titles = self.titles(sniffed);
        let delimiter = sniffed.delimiter.chars().next();
        let mut reading = Reading {
            file: self.literal.clone(),
            options,
            // A file of one column has no delimiter, and none that it could be.
            separators: Separators::new(delimiter.unwrap_or(','), guess.quote),
            columns: self.types(&titles, sniffed),
        };
        self.keep_words(&mut reading);
        let partial = self.input.checked && !self.input.sample_is_all();
        if partial && self.has_blank_column(&reading)? {
            return Err(self.too_little());
        }
        let mut columns: Vec<SourceColumn> = reading
            .columns
            .iter()
            .zip(titles)
            .map(|(column, title)| SourceColumn {
                title,
                ..SourceColumn::titled(column.name.clone(), String::new())
            })
            .collect();
        reading.tell_types(&mut columns);
        let dialect = Dialect {
            delimiter: delimiter.filter(|_| columns.len() > 1),
            quote: guess.quote,
            header: sniffed.header,
            encoding: self.input.probed.encoding,
        };
        let from = reading.from();
        let retyped = (!self.input.checked).then_some(reading);
        let scan = Scan { from, retyped, expected_rows: None };
        Ok(Source {
            columns,
            rows: Rows::Scan(scan),
            dialect: Some(dialect),
            tables: Vec::new(),
            table: None,
        })
    }

    /// The last try: DuckDB's lenient mode, which skips what it does not understand. So it is
    /// only used on a file that a count of our own finds regular, and the rows must agree.
    fn lenient(&self, delimiter: char, quote: Option<char>) -> Result<Source, DataError> {
        let probed = self.input.probed;
        let most_bytes = self.input.sample_rows.map(|_| scan::SAMPLE_BYTES);
        let (finding, whole) =
            scan::scan(&probed.path, Separators::new(delimiter, quote), most_bytes)?;
        let Finding::Regular { records, columns } = finding else {
            return Err(irregular(&probed.named, &finding));
        };
        let header = self.input.options.header;
        let guess = Guess { delimiter: Some(delimiter), quote, header, strict: false };
        match self.sniff(guess)? {
            Ok(sniffed) if sniffed.columns.len() as u64 == columns => {
                let expected = records.saturating_sub(u64::from(sniffed.header));
                let mut source = self.source(guess, &sniffed)?;
                if let Rows::Scan(scan) = &mut source.rows {
                    scan.expected_rows = whole.then_some(expected);
                }
                Ok(source)
            }
            _ => Err(irregular(&probed.named, &finding)),
        }
    }
}

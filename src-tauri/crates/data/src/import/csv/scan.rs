//! Counting the values of each line of a CSV file, to name the line that is wrong. Knows quotes,
//! a byte order mark and the three kinds of line end, keeps nothing but counts, and reads a file
//! of any size.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::DataError;

const BUFFER_BYTES: usize = 1 << 18;
/// A header line longer than this does not help to find the delimiter.
const HEADER_BYTES: usize = 1 << 20;
/// How much of a file stands for all of it where a sample is enough.
pub(super) const SAMPLE_BYTES: u64 = 64 << 20;

/// What separates and encloses values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::import) struct Separators {
    delimiter: u8,
    /// A line break, which is never taken for a quote, stands for none.
    quote: u8,
}

impl Separators {
    /// Both are ASCII characters.
    pub(super) fn new(delimiter: char, quote: Option<char>) -> Self {
        Self { delimiter: delimiter as u8, quote: quote.unwrap_or('\n') as u8 }
    }
}

/// What a scan found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Every line has as many values as the first.
    Regular { records: u64, columns: u64 },
    /// A line has more or fewer values than the first.
    Ragged { line: u64, expected: u64, found: u64 },
    /// The file ends inside quotes.
    UnclosedQuote { line: u64 },
    /// A value goes on after its closing quote.
    TextAfterQuote { line: u64 },
}

/// Scans a file, or its first bytes; stops at the first line that is wrong. Says also whether it
/// has seen the whole file.
pub(super) fn scan(
    path: &Path,
    separators: Separators,
    most_bytes: Option<u64>,
) -> Result<(Finding, bool), DataError> {
    let mut scanner = Scanner::new(separators);
    let mut reader = open(path)?;
    let mut left = most_bytes.unwrap_or(u64::MAX);
    loop {
        let buffer = reader.fill_buf().map_err(|source| DataError::io("read", path, source))?;
        if buffer.is_empty() {
            return Ok((scanner.finish(), true));
        }
        for byte in buffer {
            if let Some(finding) = scanner.take(*byte) {
                return Ok((finding, false));
            }
        }
        let length = buffer.len();
        reader.consume(length);
        left = left.saturating_sub(length as u64);
        if left == 0 {
            return Ok((scanner.so_far(), false));
        }
    }
}

/// The character of `,` tab `;` `|` that the first line has most of, outside quotes.
pub(super) fn header_delimiter(
    path: &Path,
    quote: Option<char>,
) -> Result<Option<char>, DataError> {
    const CANDIDATES: [char; 4] = [',', '\t', ';', '|'];
    let mut counts = [0_u32; CANDIDATES.len()];
    let mut reader = open(path)?;
    let mut quoted = false;
    let mut read = 0;
    'header: while read < HEADER_BYTES {
        let buffer = reader.fill_buf().map_err(|source| DataError::io("read", path, source))?;
        if buffer.is_empty() {
            break;
        }
        for byte in buffer {
            match *byte {
                byte if quote.is_some_and(|quote| quote as u8 == byte) => quoted = !quoted,
                b'\n' | b'\r' if !quoted => break 'header,
                byte if !quoted => {
                    let found = CANDIDATES.iter().position(|letter| *letter as u8 == byte);
                    counts[found.unwrap_or(0)] += u32::from(found.is_some());
                }
                _ => {}
            }
        }
        let length = buffer.len();
        read += length;
        reader.consume(length);
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    let found = counts.iter().position(|count| *count == most);
    Ok(found.filter(|_| most > 0).map(|index| CANDIDATES[index]))
}

fn open(path: &Path) -> Result<BufReader<File>, DataError> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let failed = |source| DataError::io("read", path, source);
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, File::open(path).map_err(failed)?);
    let marked = reader.fill_buf().map_err(failed)?.starts_with(MARK);
    if marked {
        reader.consume(MARK.len());
    }
    Ok(reader)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    ValueStart,
    Unquoted,
    Quoted,
    AfterQuote,
}

struct Scanner {
    separators: Separators,
    state: State,
    /// The line being read, and the one its record and its open quote began in; from 1.
    line: u64,
    record_line: u64,
    quote_line: u64,
    after_return: bool,
    values: u64,
    blank: bool,
    records: u64,
    columns: u64,
}

impl Scanner {
    fn new(separators: Separators) -> Self {
        Self {
            separators,
            state: State::ValueStart,
            line: 1,
            record_line: 1,
            quote_line: 1,
            after_return: false,
            values: 1,
            blank: true,
            records: 0,
            columns: 0,
        }
    }

    fn take(&mut self, byte: u8) -> Option<Finding> {
        let second_of_pair = self.after_return && byte == b'\n';
        self.after_return = byte == b'\r';
        if second_of_pair {
            return None;
        }
        let line_end = matches!(byte, b'\n' | b'\r');
        let quote = byte == self.separators.quote && !line_end;
        self.line += u64::from(line_end);
        match self.state {
            State::Quoted => {
                if quote {
                    self.state = State::AfterQuote;
                }
                return None;
            }
            State::AfterQuote if quote => {
                self.state = State::Quoted;
                return None;
            }
            State::AfterQuote if byte != self.separators.delimiter && !line_end => {
                return Some(Finding::TextAfterQuote { line: self.line });
            }
            _ => {}
        }
        if line_end {
            return self.end_record();
        }
        self.blank = false;
        if byte == self.separators.delimiter {
            self.values += 1;
            self.state = State::ValueStart;
        } else if quote && self.state == State::ValueStart {
            self.quote_line = self.line;
            self.state = State::Quoted;
        } else {
            self.state = State::Unquoted;
        }
        None
    }

    fn end_record(&mut self) -> Option<Finding> {
        let found = std::mem::replace(&mut self.values, 1);
        let blank = std::mem::replace(&mut self.blank, true);
        let line = std::mem::replace(&mut self.record_line, self.line);
        self.state = State::ValueStart;
        // DuckDB skips blank lines too, unless there is only one column.
        if blank && self.columns != 1 {
            return None;
        }
        if self.records == 0 {
            self.columns = found;
        }
        self.records += 1;
        let expected = self.columns;
        (found != expected).then_some(Finding::Ragged { line, expected, found })
    }

    /// What was found in the lines that ended.
    fn so_far(&self) -> Finding {
        Finding::Regular { records: self.records, columns: self.columns }
    }

    fn finish(mut self) -> Finding {
        if self.state == State::Quoted {
            return Finding::UnclosedQuote { line: self.quote_line };
        }
        let ragged = if self.blank { None } else { self.end_record() };
        ragged.unwrap_or_else(|| self.so_far())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scan_text(text: &str) -> Finding {
        let mut scanner = Scanner::new(Separators::new(',', Some('"')));
        text.bytes().find_map(|byte| scanner.take(byte)).unwrap_or_else(|| scanner.finish())
    }

    #[test]
    fn lines_of_one_length_are_regular_whatever_their_ends() {
        let regular = |records, columns| Finding::Regular { records, columns };
        assert_eq!(scan_text("a,b\r\n1,2\n3,4\r5,6"), regular(4, 2));
        assert_eq!(scan_text("a,b\n\n1,\"x\ny, \"\"z\"\"\"\n\n"), regular(2, 2));
        assert_eq!(scan_text("a,b\n,\n"), regular(2, 2));
        assert_eq!(scan_text("a\n\nb\n"), regular(3, 1));
    }

    #[test]
    fn the_line_that_is_wrong_is_named() {
        assert_eq!(
            scan_text("a,b,c\n1,\"x\ny\",3\n1,2\n"),
            Finding::Ragged { line: 4, expected: 3, found: 2 }
        );
        assert_eq!(scan_text("a,b\n1,2,3"), Finding::Ragged { line: 2, expected: 2, found: 3 });
        assert_eq!(scan_text("a,b\n1,\"x\n2,y\n"), Finding::UnclosedQuote { line: 2 });
        assert_eq!(scan_text("a,b\n1,\"x\" y\n"), Finding::TextAfterQuote { line: 2 });
    }

    proptest! {
        #[test]
        fn any_table_whose_values_are_quoted_is_regular(
            columns in 1_usize..5,
            values in prop::collection::vec("[a-c,\"\r\n \u{e9}]{0,6}", 1..40),
        ) {
            let records = values.len().div_ceil(columns);
            let mut text = String::new();
            for index in 0..records * columns {
                let value = values.get(index).map_or("", String::as_str);
                text.push_str(if index % columns == 0 { "" } else { "," });
                text.extend(["\"", &value.replace('"', "\"\""), "\""]);
                text.push_str(if index % columns == columns - 1 { "\r\n" } else { "" });
            }
            let columns = columns as u64;
            prop_assert_eq!(
                scan_text(&text),
                Finding::Regular { records: records as u64, columns }
            );
        }
    }
}

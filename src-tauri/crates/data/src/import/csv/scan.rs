//! Counting the values of each line of a CSV file, to name the line that is wrong. Knows quotes
//! and the three kinds of line end, keeps nothing but counts, and reads a file of any size.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::DataError;

const BUFFER_BYTES: usize = 1 << 18;
/// A header line longer than this does not help to find the delimiter.
const HEADER_BYTES: usize = 1 << 20;

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

/// Scans a whole file; stops at the first line that is wrong.
pub(super) fn scan(path: &Path, delimiter: u8) -> Result<Finding, DataError> {
    let mut scanner = Scanner::new(delimiter);
    let mut reader = open(path)?;
    loop {
        let buffer = reader.fill_buf().map_err(|source| DataError::io("read", path, source))?;
        if buffer.is_empty() {
            return Ok(scanner.finish());
        }
        for byte in buffer {
            if let Some(finding) = scanner.take(*byte) {
                return Ok(finding);
            }
        }
        let length = buffer.len();
        reader.consume(length);
    }
}

/// The character of `,` tab `;` `|` that the header line has most of, outside quotes.
pub(super) fn header_delimiter(path: &Path) -> Result<Option<char>, DataError> {
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
                b'"' => quoted = !quoted,
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
    let file = File::open(path).map_err(|source| DataError::io("read", path, source))?;
    Ok(BufReader::with_capacity(BUFFER_BYTES, file))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    ValueStart,
    Unquoted,
    Quoted,
    AfterQuote,
}

struct Scanner {
    delimiter: u8,
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
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
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
        self.line += u64::from(line_end);
        match self.state {
            State::Quoted => {
                if byte == b'"' {
                    self.state = State::AfterQuote;
                }
                return None;
            }
            State::AfterQuote if byte == b'"' => {
                self.state = State::Quoted;
                return None;
            }
            State::AfterQuote if byte != self.delimiter && !line_end => {
                return Some(Finding::TextAfterQuote { line: self.line });
            }
            _ => {}
        }
        if line_end {
            return self.end_record();
        }
        self.blank = false;
        if byte == self.delimiter {
            self.values += 1;
            self.state = State::ValueStart;
        } else if byte == b'"' && self.state == State::ValueStart {
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

    fn finish(mut self) -> Finding {
        if self.state == State::Quoted {
            return Finding::UnclosedQuote { line: self.quote_line };
        }
        let ragged = if self.blank { None } else { self.end_record() };
        ragged.unwrap_or(Finding::Regular { records: self.records, columns: self.columns })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scan_text(text: &str) -> Finding {
        let mut scanner = Scanner::new(b',');
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

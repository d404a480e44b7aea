//! Text that is not UTF-8 is written once more as UTF-8, because DuckDB reads UTF-16 in one byte
//! order only and the search for a wrong line knows UTF-8 only.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::options::{Encoding, Quote};
use super::probe::{Probed, unusable};
use crate::DataError;

const CHUNK_BYTES: usize = 1 << 18;

/// How the text of a file is written, if not in UTF-8 as DuckDB reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recoding {
    from: &'static encoding_rs::Encoding,
    word: Encoding,
}

impl Recoding {
    /// What the beginning of a file says, and where it says nothing, what was asked for.
    pub(super) fn of(head: &[u8], asked: Option<Encoding>) -> Option<Self> {
        let utf16 = |from| Some(Self { from, word: Encoding::Utf16 });
        match encoding_rs::Encoding::for_bom(head) {
            Some((from, _)) if from == UTF_16LE || from == UTF_16BE => return utf16(from),
            // DuckDB takes a quote behind the mark for a part of the text.
            Some((from, length)) if head[length..].starts_with(b"\"") => {
                return Some(Self { from, word: Encoding::Utf8 });
            }
            Some(_) => return None,
            None => {}
        }
        match asked {
            None | Some(Encoding::Utf8) => None,
            Some(Encoding::Latin1) => Some(Self { from: WINDOWS_1252, word: Encoding::Latin1 }),
            // Nearly every table begins with an ASCII character, whose upper byte is zero.
            Some(Encoding::Utf16) if head.starts_with(&[0]) => utf16(UTF_16BE),
            Some(Encoding::Utf16) => utf16(UTF_16LE),
        }
    }

    pub(super) fn word(self) -> Encoding {
        self.word
    }
}

/// Writes the file's text to `copy` as UTF-8 without a byte order mark, all of it or as many whole
/// lines as there are in the first bytes; `going_on` is asked between chunks. Returns the file to
/// read instead.
pub(super) fn recode(
    probed: &Probed,
    recoding: Recoding,
    copy: &Path,
    most_bytes: Option<u64>,
    quote: Option<Quote>,
    going_on: impl Fn() -> Result<(), DataError>,
) -> Result<Probed, DataError> {
    let read_failed = |source| DataError::io("read", &probed.named, source);
    let write_failed = |source| DataError::io("write", copy, source);
    let most_bytes = most_bytes.filter(|most| *most < probed.size_bytes);
    let mut reader = BufReader::with_capacity(
        CHUNK_BYTES,
        File::open(&probed.path).map_err(read_failed)?.take(most_bytes.unwrap_or(u64::MAX)),
    );
    let mut writer = File::create(copy).map_err(write_failed)?;
    let mut decoder = recoding.from.new_decoder_with_bom_removal();
    let mut bytes = vec![0; CHUNK_BYTES];
    let mut text = vec![0; CHUNK_BYTES * 3];
    let mut lines = Lines::new(quote);
    loop {
        going_on()?;
        let count = reader.read(&mut bytes).map_err(read_failed)?;
        // A part of a file may end in the middle of a character.
        let last = count == 0 && most_bytes.is_none();
        let mut from = 0;
        loop {
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(&bytes[from..count], &mut text, last);
            writer.write_all(&text[..written]).map_err(write_failed)?;
            lines.pass(&text[..written]);
            from += read;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let reason = format!("its text is not valid {}", recoding.word.as_str());
                    let hint = "save it as UTF-8, or name another encoding with `--encoding`";
                    return Err(unusable(&probed.named, reason, hint));
                }
            }
        }
        if count == 0 {
            break;
        }
    }
    if most_bytes.is_some() {
        writer.set_len(lines.end).map_err(write_failed)?;
        lines.passed = lines.end;
    }
    let size_bytes = lines.passed;
    Ok(Probed { path: copy.to_path_buf(), size_bytes, recoding: None, ..probed.clone() })
}

/// Where the last whole line of a text ends.
struct Lines {
    quote: Option<u8>,
    quoted: bool,
    passed: u64,
    end: u64,
}

impl Lines {
    fn new(quote: Option<Quote>) -> Self {
        let quote = match quote {
            None => Some(b'"'),
            Some(Quote::None) => None,
            Some(Quote::Character(quote)) => Some(quote as u8),
        };
        Self { quote, quoted: false, passed: 0, end: 0 }
    }

    fn pass(&mut self, text: &[u8]) {
        for byte in text {
            self.passed += 1;
            if Some(*byte) == self.quote {
                self.quoted = !self.quoted;
            } else if *byte == b'\n' && !self.quoted {
                self.end = self.passed;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_believed_more_than_a_person() {
        let found = |head: &[u8], asked| Recoding::of(head, asked).map(|found| found.from.name());
        for asked in [None, Some(Encoding::Utf8), Some(Encoding::Latin1), Some(Encoding::Utf16)] {
            assert_eq!(found(b"\xff\xfea\0", asked), Some("UTF-16LE"));
            assert_eq!(found(b"\xfe\xff\0a", asked), Some("UTF-16BE"));
            assert_eq!(found(b"\xef\xbb\xbfa", asked), None);
            assert_eq!(found(b"\xef\xbb\xbf\"a", asked), Some("UTF-8"));
        }
        assert_eq!(found(b"a\0", Some(Encoding::Utf16)), Some("UTF-16LE"));
        assert_eq!(found(b"\0a", Some(Encoding::Utf16)), Some("UTF-16BE"));
        assert_eq!(found(b"a", Some(Encoding::Latin1)), Some("windows-1252"));
        assert_eq!(found(b"a", None), None);
    }

    #[test]
    fn a_line_break_in_quotes_ends_no_line() {
        let end = |text: &str, quote| {
            let mut lines = Lines::new(quote);
            lines.pass(text.as_bytes());
            lines.end
        };
        assert_eq!(end("a,b\n1,\"x\ny", None), 4);
        assert_eq!(end("a,b\n1,\"x\ny", Some(Quote::None)), 9);
        assert_eq!(end("a,b\n1,\"x\ny\"\n2", None), 12);
    }
}

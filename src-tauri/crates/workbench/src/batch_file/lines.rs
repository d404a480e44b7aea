//! A file of results, line by line.

use std::io::{BufRead, Read as _};

use braincells_llm::cloud::batch_file::MAX_LINE_BYTES;

/// A line of a file of results.
pub(super) enum Line {
    Text(String),
    Unreadable,
    End,
}

/// The next line, of which no more is read than a result may have.
pub(super) fn next_line(file: &mut impl BufRead) -> std::io::Result<Line> {
    let mut bytes = Vec::new();
    let most = MAX_LINE_BYTES as u64 + 1;
    if file.by_ref().take(most).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(Line::End);
    }
    if bytes.len() as u64 == most && bytes.last() != Some(&b'\n') {
        skip_line(file)?;
        return Ok(Line::Unreadable);
    }
    Ok(String::from_utf8(bytes).map_or(Line::Unreadable, Line::Text))
}

fn skip_line(file: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let read = file.fill_buf()?;
        if read.is_empty() {
            return Ok(());
        }
        if let Some(at) = read.iter().position(|byte| *byte == b'\n') {
            file.consume(at + 1);
            return Ok(());
        }
        let length = read.len();
        file.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn a_line_is_never_read_beyond_what_a_result_may_have() {
        let long = "x".repeat(MAX_LINE_BYTES + 10);
        let text = format!("one\n{long}\ntwo");
        let mut file = BufReader::new(text.as_bytes());
        let mut lines = Vec::new();
        loop {
            match next_line(&mut file).unwrap() {
                Line::End => break,
                Line::Unreadable => lines.push("-".to_owned()),
                Line::Text(line) => lines.push(line.trim_end().to_owned()),
            }
        }
        assert_eq!(lines, ["one", "-", "two"]);
        let mut file = BufReader::new(&b"\xff\n"[..]);
        assert!(matches!(next_line(&mut file).unwrap(), Line::Unreadable));
    }
}

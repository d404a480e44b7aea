//! Server-sent events, read as their bytes come.
//!
//! [`super::call`] hands in what the network gave, cut anywhere, and gets whole events. Promises:
//! the same events however the bytes are cut; line ends of all three kinds; bytes that are not
//! UTF-8 become U+FFFD; one event never takes more than [`MOST_EVENT_BYTES`] of memory. Left out:
//! ids and reconnection, which chat completions do not have.

/// The longest event, and the longest line.
const MOST_EVENT_BYTES: usize = 8 << 20;

const MARK: &[u8] = b"\xEF\xBB\xBF";

/// An event was longer than [`MOST_EVENT_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// A stream of events, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Bytes of the line that has no end yet.
    line: Vec<u8>,
    /// The data of the event that has no end yet, each line ended by a line feed.
    data: Vec<u8>,
    /// Whether the last byte was a carriage return: a line feed behind it ends nothing.
    after_return: bool,
    /// Whether a line was read: before the first one there may be a byte order mark.
    has_begun: bool,
}

impl Events {
    /// Reads on. The data of each event that ended goes into `found`.
    pub(super) fn push(&mut self, bytes: &[u8], found: &mut Vec<String>) -> Result<(), TooLong> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_return) && rest[0] == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
            if self.line.len() + self.data.len() + part.len() > MOST_EVENT_BYTES {
                return Err(TooLong);
            }
            self.line.extend_from_slice(part);
            rest = after;
            if let Some(&ending) = after.first() {
                self.after_return = ending == b'\r';
                rest = &after[1..];
                self.end_line(found);
            }
        }
        Ok(())
    }

    /// What stands at the end of the stream without the blank line that would end it. By the
    /// standard it is no event; a caller that can tell whether it is whole may take it as one.
    pub(super) fn finish(mut self) -> Option<String> {
        if !self.line.is_empty() {
            self.end_line(&mut Vec::new());
        }
        self.take_data()
    }

    fn end_line(&mut self, found: &mut Vec<String>) {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if !std::mem::replace(&mut self.has_begun, true) {
            text = text.strip_prefix(MARK).unwrap_or(text);
        }
        if text.is_empty() {
            found.extend(self.take_data());
        } else {
            let colon = text.iter().position(|&byte| byte == b':').unwrap_or(text.len());
            let value = text.get(colon + 1..).unwrap_or_default();
            let value = value.strip_prefix(b" ").unwrap_or(value);
            // llama-server of 2025 writes its errors into a field of that name. A line that begins
            // with a colon is a comment; other fields mean nothing here.
            if matches!(&text[..colon], b"data" | b"error") {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
        }
        // Its memory is used again, unless it is large.
        if line.capacity() <= 1 << 16 {
            self.line = line;
            self.line.clear();
        }
    }

    fn take_data(&mut self) -> Option<String> {
        let (_, data) = self.data.split_last()?;
        let text = String::from_utf8_lossy(data).into_owned();
        self.data.clear();
        self.data.shrink_to(1 << 16);
        Some(text)
    }
}

#[cfg(test)]
mod tests;

//! Text of other people, made fit to be shown or compared.

/// The longest text of a server that goes into a message.
const MOST_SHOWN: usize = 240;

/// The same in one line, without what a terminal would obey, and not too long.
pub(super) fn one_line(text: &str) -> String {
    let printable = |letter: char| if is_hidden(letter) { ' ' } else { letter };
    let words: String = text.chars().take(4 * MOST_SHOWN).map(printable).collect();
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST_SHOWN {
        return line;
    }
    line.chars().take(MOST_SHOWN).chain("...".chars()).collect()
}

/// Control characters, and those that turn the direction of writing, so that a name looks like
/// another one.
pub(super) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// What `%20` and its like stand for; `None` if that is not text.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).ok()
}

/// A sha256 as 64 small digits, where this is one. Quoted and weak tags are stripped.
pub(super) fn sha256(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches("W/").trim_matches('"');
    let bare = bare.strip_prefix("sha256:").unwrap_or(bare);
    is_hex(bare, 64).then(|| bare.to_ascii_lowercase())
}

/// Whether this is so many hexadecimal digits.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_servers_become_one_short_line() {
        assert_eq!(one_line(" a\r\n\tb\u{1b}[2J \u{202e}c "), "a b [2J c");
        assert_eq!(one_line(&"x".repeat(10_000)).len(), MOST_SHOWN + 3);
        assert_eq!(one_line("\u{0}"), "");
    }

    #[test]
    fn percent_signs_stand_for_bytes() {
        let cases = [
            ("a%20b", Some("a b")),
            ("%C3%A9", Some("é")),
            ("%2E%2e", Some("..")),
            ("100%", None),
            ("%+1", None),
            ("%ff", None),
            ("%é", None),
        ];
        for (text, decoded) in cases {
            assert_eq!(percent_decoded(text).as_deref(), decoded, "{text}");
        }
    }

    #[test]
    fn a_sum_is_64_digits_with_or_without_quotes() {
        let sum = "0123456789abcdef".repeat(4);
        for text in [sum.clone(), format!("\"{sum}\""), format!("W/\"{}\"", sum.to_uppercase())] {
            assert_eq!(sha256(&text).as_ref(), Some(&sum), "{text}");
        }
        for text in ["", "\"abc\"", &sum[1..], &"g".repeat(64)] {
            assert_eq!(sha256(text), None, "{text}");
        }
    }
}

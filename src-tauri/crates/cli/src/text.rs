//! Text of unknown origin on a terminal: nothing that a cell, a file name or a model says may
//! move the cursor, change a colour or reverse the reading order.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text with every control character written out, such as `\n` or `\u{1b}`.
pub fn printable(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        push_printable(&mut result, character);
    }
    result
}

/// Like [`printable`], for text of several lines: line breaks and tabs stay.
pub fn printable_lines(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => result.push(character),
            _ => push_printable(&mut result, character),
        }
    }
    result
}

/// [`printable`], at most `columns` columns of the terminal wide; `…` shows that more follows.
/// Reads no more of the text than it needs.
pub fn cut(text: &str, columns: usize) -> String {
    let mut result = String::new();
    let mut width = 0;
    // Where to cut if the text turns out to be too long: one column is kept for the `…`.
    let mut fits = 0;
    for character in text.chars() {
        let start = result.len();
        push_printable(&mut result, character);
        width += result[start..].chars().filter_map(UnicodeWidthChar::width).sum::<usize>();
        if width > columns {
            result.truncate(fits);
            result.push('…');
            return result;
        }
        if width < columns {
            fits = result.len();
        }
    }
    result
}

/// How many columns of the terminal a printable text takes.
pub fn width(text: &str) -> usize {
    // Counted as `cut` counts: terminals differ on joined emoji, and the two must agree.
    text.chars().map(|character| character.width().unwrap_or_else(|| "?".width())).sum()
}

fn push_printable(result: &mut String, character: char) {
    if character.is_control() || is_invisible_mark(character) {
        result.extend(character.escape_default());
    } else {
        result.push(character);
    }
}

/// Line separators, and the marks that reorder or hide what follows them.
fn is_invisible_mark(character: char) -> bool {
    matches!(
        character,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(printable("a\tb\r\nc"), r"a\tb\r\nc");
        assert_eq!(printable("\u{1b}[2J\u{9b}31m\u{7}"), r"\u{1b}[2J\u{9b}31m\u{7}");
        assert_eq!(printable("\u{202e}gnp.exe"), r"\u{202e}gnp.exe");
        assert_eq!(printable("Zürich, 東京, عربي, 👍"), "Zürich, 東京, عربي, 👍");
        assert_eq!(printable_lines("a\n\tb\u{1b}c"), "a\n\tb\\u{1b}c");
    }

    #[test]
    fn a_cut_text_is_never_wider_than_allowed() {
        for text in [
            "",
            "short",
            "a longer text",
            "東京都千代田区",
            "a\u{1b}[31mred",
            "e\u{301}e\u{301}e\u{301}",
        ] {
            for columns in 1..20 {
                let cut = cut(text, columns);
                assert!(width(&cut) <= columns, "{text:?} at {columns} gave {cut:?}");
                assert_eq!(cut == printable(text), width(&printable(text)) <= columns, "{text:?}");
            }
        }
    }

    #[test]
    fn a_cut_shows_as_much_as_fits() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
        assert_eq!(cut("東京都", 4), "東…");
        assert_eq!(cut("ab\u{1b}", 6), "ab…");
    }
}

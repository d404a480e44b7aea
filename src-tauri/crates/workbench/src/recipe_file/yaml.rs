//! Writing YAML that parsers of every age read alike.
//!
//! Not left to the YAML library, for two reasons: it writes `no`, `1:30` and `2024-01-01` bare,
//! where the YAML 1.1 parser of AI Sheets' scripts reads a boolean, a number and a date; and it
//! breaks a nested text that holds U+2028. So here everything that could be anything else than a
//! word is quoted.

use std::fmt::Write;

use serde_json::Value;

/// A YAML parser looks this far for the colon behind a key that is not marked by `?`.
const LONG_KEY_BYTES: usize = 1000;

/// The value as a YAML document in block style, its keys in their order.
pub(super) fn document(value: &Value) -> String {
    let mut yaml = String::new();
    write_value(&mut yaml, value, 0);
    yaml.trim_start().to_owned()
}

/// Goes on behind a key's colon or an item's dash, and ends the line.
fn write_value(yaml: &mut String, value: &Value, indent: usize) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            yaml.push('\n');
            for (name, value) in entries {
                let name = inline(name);
                yaml.push_str(&margin);
                if name.len() < LONG_KEY_BYTES {
                    yaml.push_str(&name);
                } else {
                    yaml.extend(["? ", &name, "\n", &margin]);
                }
                yaml.push(':');
                write_value(yaml, value, indent + 2);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            yaml.push('\n');
            for item in items {
                let mut text = String::new();
                write_value(&mut text, item, indent + 2);
                // A list or a mapping begins on the line of the dash, in place of its margin.
                let text = match text.strip_prefix('\n') {
                    Some(block) => format!(" {}", &block[indent + 2..]),
                    None => text,
                };
                yaml.extend([&margin, "-", &text]);
            }
        }
        Value::String(text) if is_block(text) => write_block(yaml, text, &margin),
        Value::String(text) => yaml.extend([" ", &inline(text), "\n"]),
        // As JSON; the empty list and the empty mapping too.
        plain => yaml.extend([" ", &plain.to_string(), "\n"]),
    }
}

fn write_block(yaml: &mut String, text: &str, margin: &str) {
    yaml.push_str(match text.len() - text.trim_end_matches('\n').len() {
        0 => " |-\n",
        1 => " |\n",
        _ => " |+\n",
    });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        yaml.extend([if line.is_empty() { "" } else { margin }, line, "\n"]);
    }
}

/// A text on one line.
fn inline(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether the text can stand line by line as it is. A first line that is blank or indented
/// would need its indentation spelled out, and nothing in a block can be escaped.
fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && text.chars().all(|character| character == '\n' || is_printable(character))
}

/// A letter, then letters, digits and `_ - . /`: never a number, a date or a sign of YAML.
fn is_plain(text: &str) -> bool {
    let is_word = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str());
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && !is_word
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            _ if is_printable(character) => quoted.push(character),
            _ => push_escaped(&mut quoted, character),
        }
    }
    quoted.push('"');
    quoted
}

/// As short as YAML allows: a prompt may be nothing but such characters.
fn push_escaped(quoted: &mut String, character: char) {
    let code = u32::from(character);
    let written = match code {
        0..=0xff => write!(quoted, "\\x{code:02X}"),
        0x100..=0xffff => write!(quoted, "\\u{code:04X}"),
        _ => write!(quoted, "\\U{code:08X}"),
    };
    written.expect("a string takes any text");
}

/// What a YAML parser takes as it is; the line and paragraph separators would become spaces.
fn is_printable(character: char) -> bool {
    let is_special =
        matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    character == '\t' || !(character.is_control() || is_special)
}

//! `pattern`: the regular expressions of ECMAScript as far as they mean the same here.
//!
//! Look-around and back references are refused, and so is `^` or `$` anywhere but at the ends,
//! because a grammar writes from left to right and cannot look.

use regex::Regex;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};

/// Characters that a text with a pattern may have where nothing else bounds it.
const MOST_CHARACTERS: usize = 64;

/// A pattern that was read.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    regex: Regex,
    body: String,
    least_characters: usize,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Pattern {
    /// Reads a pattern, or says what of it is not supported.
    pub fn new(source: &str) -> Result<Self, String> {
        let translated = translated(source)?;
        let hir = ParserBuilder::new().crlf(true).build().parse(&translated).map_err(|error| {
            let reason = match error {
                regex_syntax::Error::Parse(error) => error.kind().to_string(),
                regex_syntax::Error::Translate(error) => error.kind().to_string(),
                _ => "it cannot be read".to_owned(),
            };
            format!("`{source}` is not supported: {reason}")
        })?;
        let whole = whole(hir);
        if !whole.properties().look_set().is_empty() {
            return Err(format!(
                "`{source}` is not supported: `^`, `$` and `\\b` are, at its ends only"
            ));
        }
        let least_characters = whole.properties().minimum_len().unwrap_or(0);
        let regex = Regex::new(&translated)
            .map_err(|_too_large| format!("`{source}` is not supported: it is too large"))?;
        let body = whole.to_string().replace('\n', "\\n").replace('\r', "\\r");
        Ok(Self { source: source.to_owned(), regex, body, least_characters })
    }

    /// As the schema has it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it is found in a text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// A regular expression for the whole of a text, without anchors.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// How many characters a text with it may have at most, where the schema has no limit.
    pub fn most_characters(&self) -> usize {
        MOST_CHARACTERS.max(2 * self.least_characters)
    }
}

/// ECMAScript's classes are ASCII, its `\u` names a character. Refuses what stands for itself in
/// a class there and for something else here.
fn translated(source: &str) -> Result<String, String> {
    let mut text = String::with_capacity(source.len());
    let mut characters = source.chars();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        if character != '\\' {
            let rest = characters.as_str();
            let is_double = matches!(character, '&' | '-' | '~') && rest.starts_with(character);
            if in_class && (character == '[' || is_double) {
                return Err(format!(
                    "`{source}` is not supported: in a class, put `\\` before `{character}`"
                ));
            }
            if character == '[' && rest.strip_prefix('^').unwrap_or(rest).starts_with(']') {
                return Err(format!("`{source}` is not supported: a class is empty"));
            }
            in_class = if in_class { character != ']' } else { character == '[' };
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('d') => text.push_str("[0-9]"),
            Some('D') => text.push_str("[^0-9]"),
            Some('w') => text.push_str("[0-9A-Za-z_]"),
            Some('W') => text.push_str("[^0-9A-Za-z_]"),
            Some('u') => {
                let digits: String = characters.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                if digits.len() != 4 || code.is_none() {
                    return Err(format!("`{source}` is not supported: `\\u` without a character"));
                }
                text.push_str("\\x{");
                text.push_str(&digits);
                text.push('}');
            }
            Some(character @ ('<' | '>')) => text.push(character),
            Some(character) => {
                text.push('\\');
                text.push(character);
            }
            None => text.push('\\'),
        }
    }
    Ok(text)
}

/// Without the anchors at its ends, and with anything where there is none.
fn whole(hir: Hir) -> Hir {
    let anything =
        || regex_syntax::parse("(?s:.*)").expect("a constant that is a regular expression");
    match hir.into_kind() {
        HirKind::Alternation(branches) => {
            Hir::alternation(branches.into_iter().map(whole).collect())
        }
        HirKind::Capture(capture) => whole(*capture.sub),
        HirKind::Concat(mut parts) => {
            let starts = matches!(parts.first().map(Hir::kind), Some(HirKind::Look(Look::Start)));
            let ends = matches!(parts.last().map(Hir::kind), Some(HirKind::Look(Look::End)));
            if starts {
                parts.remove(0);
            } else {
                parts.insert(0, anything());
            }
            if ends {
                parts.pop();
            } else {
                parts.push(anything());
            }
            Hir::concat(parts)
        }
        HirKind::Look(Look::Start | Look::End) => anything(),
        other => {
            let hir = Hir::concat(vec![anything(), rebuilt(other), anything()]);
            if matches!(hir.kind(), HirKind::Empty) { anything() } else { hir }
        }
    }
}

fn rebuilt(kind: HirKind) -> Hir {
    match kind {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Repetition(repetition) => Hir::repetition(repetition),
        HirKind::Capture(capture) => Hir::capture(capture),
        HirKind::Concat(parts) => Hir::concat(parts),
        HirKind::Alternation(parts) => Hir::alternation(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_whole_of_a_text_that_has_the_pattern() {
        let texts = ["", "a", "ab", "xaby", "b", "12", "a1", "é", "a\nb", "ba"];
        for source in [
            "a", "^a", "a$", "^a$", "^(a|b)$", "^a|b$", "\\d", "^\\w+$", "a.b", "^$", "", "(ab)",
            "^[^^]+$", "[\\w-]",
        ] {
            let pattern = Pattern::new(source).unwrap();
            let body = Regex::new(&format!("^(?:{})$", pattern.body())).unwrap();
            for text in texts {
                assert_eq!(body.is_match(text), pattern.is_match(text), "`{source}` on {text:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_written_from_left_to_right_is_refused() {
        for source in [
            "(?=a)b",
            "(a)\\1",
            "a^b",
            "\\bword\\b",
            "[",
            "(^a|b)c",
            "[[:alpha:]]",
            "[a&&b]",
            "[]a]",
            "[^]",
        ] {
            assert!(Pattern::new(source).unwrap_err().contains("not supported"), "{source}");
        }
    }
}

use std::fmt;

use crate::{AppError, Code, Value, render_value};

mod renamed;

pub use renamed::renamed;

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
/// Characters of the template that an error quotes.
const EXCERPT_CHARS: usize = 40;

/// A prompt with `{{column name}}` where row data goes.
///
/// A name is exact and flat: `{{a.b}}` is the column called `a.b`. Spaces around it do not
/// count. Values are put in once and never looked at again, so a cell that holds `{{x}}` stays
/// as it is.
///
/// Only `{{` is special. `\{{` writes a literal `{{`; to have a backslash before a value, write
/// two. Single braces, and `}}` outside a reference, are text: JSON such as `{"a": {"b": 1}}`
/// needs no care. Of three or more opening braces the last two open the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    references: Vec<String>,
    places: Vec<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// Index into `references`.
    Reference(usize),
}

/// Where in a template something is, counted from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// What is wrong with a prompt template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `{{` without its `}}`.
    #[error("the prompt opens `{{{{` at {place} and never closes it: `{excerpt}`")]
    Unclosed {
        /// The place of the `{{`.
        place: Place,
        /// The template from there on, shortened.
        excerpt: String,
    },
    /// A `{{ }}` with nothing inside.
    #[error("the prompt has a reference without a column name at {place}: `{excerpt}`")]
    EmptyName {
        /// The place of the `{{`.
        place: Place,
        /// The template from there on, shortened.
        excerpt: String,
    },
    /// A reference to a column that does not exist.
    #[error("the prompt refers to `{name}` at {place}, and there is no such column")]
    UnknownName {
        /// The name as written.
        name: String,
        /// The place of its first `{{`.
        place: Place,
        /// The column that was probably meant.
        suggestion: Option<String>,
    },
    /// A column name that no reference can spell.
    #[error("a prompt cannot refer to a column named `{name}`")]
    UnusableName {
        /// The name, shortened.
        name: String,
    },
}

impl From<TemplateError> for AppError {
    fn from(error: TemplateError) -> Self {
        let hint = match &error {
            TemplateError::Unclosed { .. } => {
                "close it with `}}`, or write `\\{{` for a literal `{{`".to_owned()
            }
            TemplateError::EmptyName { .. } => {
                "write `{{column name}}`, or `\\{{` for a literal `{{`".to_owned()
            }
            TemplateError::UnusableName { .. } => {
                "use a name without `{{`, `}}` and spaces around it".to_owned()
            }
            TemplateError::UnknownName { suggestion: Some(name), .. } => {
                format!("did you mean `{{{{{name}}}}}`?")
            }
            TemplateError::UnknownName { suggestion: None, .. } => {
                "use the name of a column exactly as the sheet shows it, or write `\\{{` for a \
                 literal `{{`"
                    .to_owned()
            }
        };
        AppError::new(Code::BadTemplate, error.to_string()).with_hint(hint)
    }
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut template = Self { parts: Vec::new(), references: Vec::new(), places: Vec::new() };
        let mut literal = String::new();
        let mut at = 0;
        while let Some(found) = text[at..].find(OPEN).map(|offset| at + offset) {
            let before = &text[at..found];
            let unslashed = before.trim_end_matches('\\');
            let slashes = before.len() - unslashed.len();
            literal.push_str(unslashed);
            literal.extend(std::iter::repeat_n('\\', slashes / 2));
            if slashes % 2 == 1 {
                literal.push_str(OPEN);
                at = found + OPEN.len();
                continue;
            }
            let braces = text[found..].len() - text[found..].trim_start_matches('{').len();
            let open = found + braces - OPEN.len();
            literal.push_str(&text[found..open]);
            let (name, end) = reference_at(text, open)?;
            if !literal.is_empty() {
                template.parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            let index = template.index_of(name, || place_of(text, open));
            template.parts.push(Part::Reference(index));
            at = end;
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() {
            template.parts.push(Part::Text(literal));
        }
        Ok(template)
    }

    /// The names that are referred to, each once, in the order of first use.
    pub fn references(&self) -> &[String] {
        &self.references
    }

    /// Fails at the first reference that is none of `names`.
    pub fn check(&self, names: &[&str]) -> Result<(), TemplateError> {
        match self.references.iter().position(|name| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some(index) => Err(self.unknown(index, nearest(&self.references[index], names))),
        }
    }

    /// Puts the values in. Each is written as [`render_value`] writes it; `lookup` is asked once
    /// for each use of a name.
    pub fn render<'v>(
        &self,
        lookup: impl Fn(&str) -> Option<&'v Value>,
    ) -> Result<String, TemplateError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Reference(index) => {
                    let value = lookup(&self.references[*index])
                        .ok_or_else(|| self.unknown(*index, None))?;
                    text.push_str(&render_value(value));
                }
            }
        }
        Ok(text)
    }

    /// Whether a column of that name can be referred to.
    pub fn check_name(name: &str) -> Result<(), TemplateError> {
        let meant = Self::parse(&format!("{OPEN} {name} {CLOSE}"));
        if meant.is_ok_and(|template| template.references == [name]) {
            return Ok(());
        }
        Err(TemplateError::UnusableName { name: shortened(name) })
    }

    fn index_of(&mut self, name: &str, place: impl FnOnce() -> Place) -> usize {
        self.references.iter().position(|known| known == name).unwrap_or_else(|| {
            self.references.push(name.to_owned());
            self.places.push(place());
            self.references.len() - 1
        })
    }

    fn unknown(&self, index: usize, suggestion: Option<String>) -> TemplateError {
        TemplateError::UnknownName {
            name: shortened(&self.references[index]),
            place: self.places[index],
            suggestion,
        }
    }
}

/// The trimmed name of the reference that opens at `open`, and where the text goes on.
fn reference_at(text: &str, open: usize) -> Result<(&str, usize), TemplateError> {
    let inner = open + OPEN.len();
    let unclosed = || TemplateError::Unclosed {
        place: place_of(text, open),
        excerpt: shortened(&text[open..]),
    };
    let close = text[inner..].find(CLOSE).map(|offset| inner + offset).ok_or_else(unclosed)?;
    let name = text[inner..close].trim();
    // The closing braces belong to a later reference: this one was never closed.
    if name.contains(OPEN) {
        return Err(unclosed());
    }
    if name.is_empty() {
        return Err(TemplateError::EmptyName {
            place: place_of(text, open),
            excerpt: shortened(&text[open..]),
        });
    }
    Ok((name, close + CLOSE.len()))
}

fn place_of(text: &str, offset: usize) -> Place {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// The first line of `text`, at most [`EXCERPT_CHARS`] characters of it.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut excerpt: String = line.chars().take(EXCERPT_CHARS).collect();
    if excerpt.len() < text.trim_end().len() {
        excerpt.push('…');
    }
    excerpt
}

/// The one of `names` that was probably meant by `name`, if one is close enough.
pub fn nearest(name: &str, names: &[&str]) -> Option<String> {
    /// Below this similarity a suggestion confuses more than it helps.
    const SIMILAR: f64 = 0.6;
    let wanted = name.to_lowercase();
    names
        .iter()
        .map(|known| {
            (strsim::normalized_damerau_levenshtein(&wanted, &known.trim().to_lowercase()), known)
        })
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, known)| (*known).to_owned())
}

#[cfg(test)]
mod tests;

//! From a schema document to nodes, refusing what is not supported.
//! Longer than most files because every keyword has its line in one table.

use std::collections::HashMap;

use braincells_core::Value;
use serde_json::{Map, Number};

use super::Misfit;
use super::decimal::is_short;
use super::format;
use super::node::{Node, NodeId, NumberRules, Types};
use super::pattern::Pattern;

/// Places of one schema; more is no recipe but an attack.
const MOST_NODES: usize = 2_000;
/// Schemas inside of each other. Reading and writing them takes a stack of that depth, and other
/// programs read no JSON that is much deeper.
const MOST_LEVELS: usize = 48;
/// Schemas on the way from the first one to any other.
const MOST_STEPS_DOWN: usize = 128;
/// References and choices that lead on to each other for one value.
const MOST_LINKS: usize = 16;
/// Values of one `enum`.
const MOST_LITERALS: usize = 1_000;
/// The most that a length or a count may ask for.
const MOST_COUNT: u64 = 10_000;

/// Keywords that say something to people only.
const REMARKS: [&str; 11] = [
    "$schema",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// Keywords that are enforced.
const ENFORCED: [&str; 24] = [
    "type",
    "enum",
    "const",
    "$ref",
    "anyOf",
    "oneOf",
    "allOf",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "$id",
];

/// Reads a document into nodes; the first is its root.
pub fn read(document: &Value) -> Result<Vec<Node>, Misfit> {
    let mut reader = Reader { document, nodes: Vec::new(), by_place: HashMap::new(), level: 0 };
    reader.node(document, String::new())?;
    no_endless_reference(&reader.nodes)?;
    not_too_deep(&reader.nodes)?;
    Ok(reader.nodes)
}

struct Reader<'a> {
    document: &'a Value,
    nodes: Vec<Node>,
    by_place: HashMap<String, NodeId>,
    /// How many schemas around the present one are being read.
    level: usize,
}

impl Reader<'_> {
    /// The node of a place; read at its first mention.
    fn node(&mut self, schema: &Value, place: String) -> Result<NodeId, Misfit> {
        if let Some(known) = self.by_place.get(&place) {
            return Ok(*known);
        }
        let id = self.nodes.len();
        if id == MOST_NODES {
            return Err(Misfit::new("", format!("it has more than {MOST_NODES} places")));
        }
        self.by_place.insert(place.clone(), id);
        self.nodes.push(Node { place: place.clone(), ..Node::default() });
        match schema {
            Value::Bool(always) => self.nodes[id].never = !always,
            Value::Object(keywords) => {
                if self.level == MOST_LEVELS {
                    let reason = format!("it is more than {MOST_LEVELS} schemas deep");
                    return Err(Misfit::new(place, reason));
                }
                self.level += 1;
                let node = self.keywords(keywords, &place)?;
                self.level -= 1;
                self.nodes[id] = Node { place, ..node };
            }
            _ => return Err(Misfit::new(place, "a schema is an object, `true` or `false`")),
        }
        Ok(id)
    }

    fn keywords(&mut self, keywords: &Map<String, Value>, place: &str) -> Result<Node, Misfit> {
        let mut node = Node::default();
        for (keyword, value) in keywords {
            let at = format!("{place}/{}", escaped(keyword));
            let wrong = |reason: &str| Misfit::new(&at, format!("`{keyword}` {reason}"));
            match keyword.as_str() {
                "type" => node.types = Some(types(value).ok_or_else(|| wrong("names no type"))?),
                "enum" => {
                    let literals = value.as_array().filter(|list| !list.is_empty());
                    let literals = literals.ok_or_else(|| wrong("must be a list of values"))?;
                    if literals.len() > MOST_LITERALS {
                        return Err(wrong(&format!("has more than {MOST_LITERALS} values")));
                    }
                    node.literals = Some(literals.clone());
                }
                "const" => node.literals = Some(vec![value.clone()]),
                "$ref" => node.reference = Some(self.reference(value, &at)?),
                "anyOf" => node.any_of = Some(self.list(value, &at)?),
                "oneOf" => node.one_of = Some(self.list(value, &at)?),
                "allOf" => match self.list(value, &at)?[..] {
                    [only] if node.reference.is_none() => node.reference = Some(only),
                    _ => return Err(wrong("with more than one schema is not supported")),
                },
                "properties" => {
                    let named = value.as_object().ok_or_else(|| wrong("must be an object"))?;
                    for (name, schema) in named {
                        let inside = self.node(schema, format!("{at}/{}", escaped(name)))?;
                        node.object.properties.push((name.clone(), inside));
                    }
                }
                "required" => {
                    let names: Option<Vec<String>> = value.as_array().and_then(|list| {
                        list.iter().map(|name| name.as_str().map(str::to_owned)).collect()
                    });
                    node.object.required = names.ok_or_else(|| wrong("must be a list of names"))?;
                }
                "additionalProperties" => {
                    node.object.additional = Some(self.node(value, at)?);
                }
                "items" => {
                    if value.is_array() {
                        return Err(wrong("is one schema; a list of them is `prefixItems`"));
                    }
                    node.array.items = Some(self.node(value, at)?);
                }
                "prefixItems" => node.array.prefix = self.list(value, &at)?,
                "minItems" => node.array.min = count(value).ok_or_else(|| wrong(COUNT))?,
                "maxItems" => node.array.max = Some(count(value).ok_or_else(|| wrong(COUNT))?),
                "minLength" => node.text.min = count(value).ok_or_else(|| wrong(COUNT))?,
                "maxLength" => node.text.max = Some(count(value).ok_or_else(|| wrong(COUNT))?),
                "pattern" => {
                    let source = value.as_str().ok_or_else(|| wrong("must be a text"))?;
                    let read = Pattern::new(source);
                    node.text.pattern = Some(read.map_err(|reason| wrong(&reason))?);
                }
                "format" => {
                    let name = value.as_str().ok_or_else(|| wrong("must be a text"))?;
                    let found = format::named(name);
                    node.text.format = Some(found.ok_or_else(|| {
                        wrong(&format!("`{name}` is not supported, only {}", format::names()))
                    })?);
                }
                "minimum" => node.number.min = Some(number(value).ok_or_else(|| wrong(NUMBER))?),
                "maximum" => node.number.max = Some(number(value).ok_or_else(|| wrong(NUMBER))?),
                "exclusiveMinimum" => {
                    node.number.above = Some(number(value).ok_or_else(|| wrong(NUMBER))?);
                }
                "exclusiveMaximum" => {
                    node.number.below = Some(number(value).ok_or_else(|| wrong(NUMBER))?);
                }
                "multipleOf" => {
                    let step =
                        number(value).filter(|step| step.as_f64().is_some_and(|step| step > 0.0));
                    let step = step.ok_or_else(|| wrong("must be above 0"))?;
                    if !is_short(&step) {
                        let reason =
                            "with more than nine digits, or six after the point, is not supported";
                        return Err(wrong(reason));
                    }
                    node.number.step = Some(step);
                }
                "$id" if place.is_empty() => {}
                known if REMARKS.contains(&known) => {}
                _ => return Err(wrong("is not supported")),
            }
        }
        only_together(&node, keywords, place)?;
        Ok(node)
    }

    fn list(&mut self, value: &Value, place: &str) -> Result<Vec<NodeId>, Misfit> {
        let list = value.as_array().filter(|list| !list.is_empty());
        let list = list.ok_or_else(|| Misfit::new(place, "it must be a list of schemas"))?;
        let nodes = list.iter().enumerate();
        nodes.map(|(index, schema)| self.node(schema, format!("{place}/{index}"))).collect()
    }

    fn reference(&mut self, value: &Value, place: &str) -> Result<NodeId, Misfit> {
        let wrong = |reason: String| Misfit::new(place, reason);
        let target = value.as_str().ok_or_else(|| wrong("`$ref` must be a text".to_owned()))?;
        let pointer = match target.strip_prefix('#') {
            Some("" | "/") => String::new(),
            Some(pointer) if pointer.starts_with('/') => unescaped_percent(pointer),
            _ => {
                let reason = format!(
                    "`$ref` to `{target}` is not supported: it must begin with `#/`, in this \
                     schema"
                );
                return Err(wrong(reason));
            }
        };
        let document = self.document;
        let schema = document
            .pointer(&pointer)
            .ok_or_else(|| wrong(format!("`$ref` to `{target}` leads nowhere")))?;
        self.node(schema, pointer)
    }
}

/// What may not stand beside what: a choice or a reference stands alone, and of literals
/// nothing else is asked than their type.
fn only_together(node: &Node, keywords: &Map<String, Value>, place: &str) -> Result<(), Misfit> {
    let alone = ["$ref", "allOf", "anyOf", "oneOf"];
    let enforced: Vec<&str> = keywords
        .keys()
        .map(String::as_str)
        .filter(|keyword| ENFORCED.contains(keyword) && *keyword != "$id")
        .collect();
    let first = alone.iter().find(|keyword| enforced.contains(keyword));
    if let Some(first) = first
        && enforced.len() > 1
    {
        let other = enforced.iter().find(|keyword| *keyword != first).unwrap_or(first);
        let reason = format!("`{other}` beside `{first}` is not supported");
        return Err(Misfit::new(place, reason));
    }
    if node.literals.is_some() {
        let other = enforced.iter().find(|word| !["enum", "const", "type"].contains(word));
        if let Some(other) = other {
            let reason = format!("`{other}` beside `enum` or `const` is not supported");
            return Err(Misfit::new(place, reason));
        }
        if keywords.contains_key("enum") && keywords.contains_key("const") {
            return Err(Misfit::new(place, "`enum` beside `const` is not supported"));
        }
    }
    if node.text.pattern.is_some() && node.text.format.is_some() {
        return Err(Misfit::new(place, "`pattern` beside `format` is not supported"));
    }
    Ok(())
}

const COUNT: &str = "must be a whole number from 0 to 10000";
const NUMBER: &str = "must be a number";

fn types(value: &Value) -> Option<Types> {
    let named = |word: &Value| Types::named(word.as_str()?);
    match value {
        Value::Array(words) if !words.is_empty() => {
            words.iter().try_fold(Types::NONE, |all, word| Some(all.with(named(word)?)))
        }
        word => named(word),
    }
}

/// A count may be written `2.0`.
fn count(value: &Value) -> Option<usize> {
    let whole = value.as_u64().or_else(|| {
        value
            .as_f64()
            .filter(|float| float.fract() == 0.0 && *float >= 0.0)
            .map(|float| float as u64)
    })?;
    (whole <= MOST_COUNT).then_some(whole as usize)
}

fn number(value: &Value) -> Option<Number> {
    value.as_number().cloned()
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A reference is a URI fragment, so `%25` in it is a percent sign.
fn unescaped_percent(pointer: &str) -> String {
    let mut bytes = Vec::with_capacity(pointer.len());
    let mut rest = pointer.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = (*first == b'%' && after.len() >= 2)
            .then(|| std::str::from_utf8(&after[..2]).ok())
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(hex.unwrap_or(*first));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Refuses a place that refers back to itself for the same value, or only through very many others.
fn no_endless_reference(nodes: &[Node]) -> Result<(), Misfit> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Above,
        /// So many links lead on from it.
        Done(usize),
    }
    fn visit(nodes: &[Node], at: NodeId, seen: &mut [Seen]) -> Result<usize, Misfit> {
        match seen[at] {
            Seen::Done(links) => return Ok(links),
            Seen::Above => {
                return Err(Misfit::new(&nodes[at].place, "it refers to itself without end"));
            }
            Seen::Not => {}
        }
        seen[at] = Seen::Above;
        let node = &nodes[at];
        let branches = node.any_of.iter().chain(&node.one_of).flatten();
        let mut links = 0;
        for &next in node.reference.iter().chain(branches) {
            links = links.max(1 + visit(nodes, next, seen)?);
        }
        if links > MOST_LINKS {
            let reason = format!("more than {MOST_LINKS} references lead on from it");
            return Err(Misfit::new(&node.place, reason));
        }
        seen[at] = Seen::Done(links);
        Ok(links)
    }
    let mut seen = vec![Seen::Not; nodes.len()];
    (0..nodes.len()).try_for_each(|at| visit(nodes, at, &mut seen).map(drop))
}

/// Refuses schemas that lead deeper into values, on any way through them, than programs can follow.
/// A way ends where it comes back to where it was.
fn not_too_deep(nodes: &[Node]) -> Result<(), Misfit> {
    #[derive(Clone, Copy)]
    enum Seen {
        Not,
        Above,
        /// It leads so much deeper.
        Done(usize),
    }
    fn visit(nodes: &[Node], at: NodeId, level: usize, seen: &mut [Seen]) -> Result<usize, Misfit> {
        let too_deep = || {
            let reason = format!("it leads through more than {MOST_STEPS_DOWN} schemas");
            Misfit::new(&nodes[at].place, reason)
        };
        match seen[at] {
            Seen::Above => return Ok(0),
            Seen::Done(below) if level + below > MOST_STEPS_DOWN => return Err(too_deep()),
            Seen::Done(below) => return Ok(below),
            Seen::Not if level > MOST_STEPS_DOWN => return Err(too_deep()),
            Seen::Not => {}
        }
        seen[at] = Seen::Above;
        let mut below = 0;
        for next in nodes[at].inner() {
            below = below.max(1 + visit(nodes, next, level + 1, seen)?);
        }
        seen[at] = Seen::Done(below);
        Ok(below)
    }
    visit(nodes, 0, 0, &mut vec![Seen::Not; nodes.len()]).map(drop)
}

impl NumberRules {
    /// Whether it demands nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

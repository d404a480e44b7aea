//! The grammar of a schema's compact values, in the notation of `llguidance`.
//!
//! Keys come in the schema's order and there is no optional white space, so that everything but
//! the values themselves is forced. A recursive schema is written out to a fixed depth. What the
//! grammar writes is part of what the schema allows, never more: properties that the schema does
//! not name are written only where it says what they are.
//!
//! Every grammar can end: [`Grammar::bytes_to_end`] bounds how much is left to write from any
//! point on, if one goes for the end. An engine begins with that before it runs out of tokens.
//!
//! Longer than most files because each type's rule stands beside what its end can cost.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Write as _;

use braincells_core::Value;

use super::Misfit;
use super::check::fits;
use super::node::{ArrayRules, Node, NodeId, NumberRules, ObjectRules, TextRules, Types};
use super::range::Range;

/// How deep a schema that refers to itself is written.
const RECURSION_LEVELS: usize = 4;
/// How deep a value is that nothing is said about.
const ANY_LEVELS: usize = 3;
/// Characters of a name that the schema does not give.
const MOST_NAME_CHARACTERS: usize = 40;
/// One character of a text as it stands in JSON.
const CHARACTER: &str = r#"(?:[^"\\\x00-\x1f\x7f]|\\["\\nt])"#;
/// The same, where a pattern decides: nothing that must be escaped.
const PLAIN_CHARACTER: &str = r#"[^"\\\x00-\x1f\x7f]"#;
/// What a text may still need to end in the middle of an escape or a character, and its quote.
const TEXT_END_BYTES: usize = 8;

/// A grammar and what its end can cost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grammar {
    /// The rules; the first is `start`.
    pub text: String,
    /// The most bytes from any point to an end, if one goes for it.
    pub bytes_to_end: usize,
}

/// A piece of text as the notation writes it.
pub(crate) fn literal(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Enough to hold each of the most literals against the most parts of one.
const MOST_LITERAL_STEPS: u32 = 10_000_000;

/// The grammar of the first node.
pub(super) fn of(nodes: &[Node]) -> Result<Grammar, Misfit> {
    let mut writer = Writer {
        nodes,
        recursive: (0..nodes.len()).map(|node| reaches_itself(nodes, node)).collect(),
        rules: String::new(),
        count: 0,
        pieces: HashMap::new(),
        any: HashMap::new(),
    };
    let root = writer.node(0, RECURSION_LEVELS, true).ok_or_else(|| {
        Misfit::new("", "no value but `null` can satisfy it, and that is an empty cell")
    })?;
    Ok(Grammar {
        text: format!("start: {}\n{}", root.name, writer.rules),
        bytes_to_end: root.finish,
    })
}

/// Part of a grammar: the name of a rule, and what it costs to write it as short as possible from
/// its beginning, and from any point inside.
#[derive(Clone, Debug)]
struct Piece {
    name: String,
    full: usize,
    finish: usize,
}

struct Writer<'a> {
    nodes: &'a [Node],
    recursive: Vec<bool>,
    rules: String,
    count: usize,
    pieces: HashMap<(NodeId, usize, bool), Option<Piece>>,
    any: HashMap<(usize, bool), Piece>,
}

impl Writer<'_> {
    fn rule(&mut self, body: &str) -> String {
        self.count += 1;
        let name = format!("r{}", self.count);
        writeln!(self.rules, "{name}: {body}").expect("writing to a text cannot fail");
        name
    }

    fn token(&mut self, body: &str) -> String {
        self.count += 1;
        let name = format!("T{}", self.count);
        writeln!(self.rules, "{name}: {body}").expect("writing to a text cannot fail");
        name
    }

    fn piece(&mut self, body: &str, full: usize, finish: usize) -> Piece {
        Piece { name: self.rule(body), full, finish }
    }

    fn one_of(&mut self, pieces: Vec<Piece>) -> Option<Piece> {
        let mut pieces = pieces;
        if pieces.len() < 2 {
            return pieces.pop();
        }
        let names: Vec<&str> = pieces.iter().map(|piece| piece.name.as_str()).collect();
        let full = pieces.iter().map(|piece| piece.full).max().unwrap_or(0);
        let finish = pieces.iter().map(|piece| piece.finish).max().unwrap_or(0);
        Some(self.piece(&names.join(" | "), full, finish))
    }

    /// The piece of a node; `None` if no value can be written for it. `levels` are left for
    /// references that come back to themselves.
    fn node(&mut self, id: NodeId, levels: usize, is_root: bool) -> Option<Piece> {
        let key = (id, levels, is_root);
        if let Some(known) = self.pieces.get(&key) {
            return known.clone();
        }
        let piece = self.new_node(id, levels, is_root);
        self.pieces.insert(key, piece.clone());
        piece
    }

    fn new_node(&mut self, id: NodeId, levels: usize, is_root: bool) -> Option<Piece> {
        let nodes = self.nodes;
        let node = &nodes[id];
        if node.never {
            return None;
        }
        if let Some(target) = node.reference {
            let left = levels.checked_sub(usize::from(self.recursive[target]))?;
            return self.node(target, left, is_root);
        }
        if let Some(branches) = node.any_of.as_ref().or(node.one_of.as_ref()) {
            let pieces = branches.iter().filter_map(|&branch| self.node(branch, levels, is_root));
            let pieces = pieces.collect();
            return self.one_of(pieces);
        }
        if let Some(literals) = &node.literals {
            let steps = Cell::new(MOST_LITERAL_STEPS);
            let texts: Vec<String> = literals
                .iter()
                .filter(|value| fits(nodes, id, value, &steps) && !(is_root && value.is_null()))
                .map(Value::to_string)
                .collect();
            let longest = texts.iter().map(String::len).max()?;
            let texts: Vec<String> = texts.iter().map(|text| literal(text)).collect();
            return Some(self.piece(&texts.join(" | "), longest, longest));
        }
        match types_to_write(node) {
            Some(types) => self.typed(node, types, levels, is_root),
            None => Some(self.any(ANY_LEVELS, is_root)),
        }
    }

    fn typed(&mut self, node: &Node, types: Types, levels: usize, is_root: bool) -> Option<Piece> {
        let mut pieces = Vec::new();
        if types.overlaps(Types::OBJECT) {
            pieces.extend(self.object(&node.object, levels));
        }
        if types.overlaps(Types::ARRAY) {
            pieces.extend(self.array(&node.array, levels));
        }
        if types.overlaps(Types::STRING) {
            pieces.extend(self.text(&node.text));
        }
        if types.overlaps(Types::NUMBER) {
            pieces.extend(self.number(&node.number, !types.overlaps(Types::FRACTION)));
        }
        if types.overlaps(Types::BOOLEAN) {
            pieces.push(self.piece(r#""true" | "false""#, 5, 5));
        }
        if types.overlaps(Types::NULL) && !is_root {
            pieces.push(self.piece(r#""null""#, 4, 4));
        }
        self.one_of(pieces)
    }

    /// Any value, at most `levels` lists and objects deep.
    fn any(&mut self, levels: usize, is_root: bool) -> Piece {
        if let Some(known) = self.any.get(&(levels, is_root)) {
            return known.clone();
        }
        let types = Types::BOOLEAN.with(Types::NUMBER).with(Types::STRING).with(Types::NULL);
        let mut pieces: Vec<Piece> =
            self.typed(&Node::default(), types, 0, is_root).into_iter().collect();
        if levels > 0 {
            let inner = self.any(levels - 1, false);
            let name = self.new_name(&[]);
            let item = inner.name;
            let list = format!(r#""[" ({item} ("," {item})*)? "]""#);
            pieces.push(self.piece(&list, 2, 4 + inner.finish));
            let pair = self.rule(&format!(r#"{name} ":" {item}"#));
            let object = format!(r#""{{" ({pair} ("," {pair})*)? "}}""#);
            pieces.push(self.piece(&object, 2, 8 + TEXT_END_BYTES + inner.full.max(inner.finish)));
        }
        let piece = self.one_of(pieces).expect("a text is always possible");
        self.any.insert((levels, is_root), piece.clone());
        piece
    }

    /// A name that is none of `taken`.
    fn new_name(&mut self, taken: &[String]) -> String {
        let any = format!(r#"/"{PLAIN_CHARACTER}{{1,{MOST_NAME_CHARACTERS}}}"/"#);
        if taken.is_empty() {
            return self.token(&any);
        }
        let taken: Vec<String> =
            taken.iter().map(|name| literal(&Value::from(name.as_str()).to_string())).collect();
        self.token(&format!("{any} & ~({})", taken.join(" | ")))
    }

    fn object(&mut self, rules: &ObjectRules, levels: usize) -> Option<Piece> {
        let nodes = self.nodes;
        let says_all = rules.additional.is_some_and(|node| nodes[node].never);
        let others = rules.additional.filter(|&node| !nodes[node].never);
        let other = match others {
            Some(node) if nodes[node].demands_nothing() => Some(self.any(ANY_LEVELS - 1, false)),
            Some(node) => self.node(node, levels, false),
            None if says_all => None,
            None => Some(self.any(ANY_LEVELS - 1, false)),
        };
        let mut properties: Vec<(String, Piece, bool)> = Vec::new();
        for (name, node) in &rules.properties {
            let is_required = rules.required.contains(name);
            match self.node(*node, levels, false) {
                Some(piece) => properties.push((name.clone(), piece, is_required)),
                None if is_required => return None,
                None => {}
            }
        }
        for name in &rules.required {
            if rules.property(name).is_none() && !properties.iter().any(|(own, ..)| own == name) {
                properties.push((name.clone(), other.clone()?, true));
            }
        }
        // Names of its own are written where the schema asks for them, or names none.
        let writes_others = match others {
            Some(node) => !nodes[node].demands_nothing() || properties.is_empty(),
            None => rules.properties.is_empty() && properties.is_empty(),
        };
        let other = other.filter(|_| writes_others);
        let mut full = 2;
        let mut more = 0;
        for (name, piece, _) in &properties {
            full += Value::from(name.as_str()).to_string().len() + 2 + piece.full;
            more = more.max(piece.finish.saturating_sub(piece.full));
        }
        let pair = other.map(|piece| {
            let taken: Vec<String> =
                rules.properties.iter().map(|(name, _)| name.clone()).collect();
            more = more.max(TEXT_END_BYTES + 4 + piece.full.max(piece.finish));
            let name = self.new_name(&taken);
            self.rule(&format!(r#"{name} ":" {}"#, piece.name))
        });
        let inside = self.properties(&properties, pair.as_deref());
        Some(self.piece(&format!(r#""{{" {inside} "}}""#), full, full + more))
    }

    /// What stands between the braces. Built from the end, one rule for each property and for
    /// whether a comma must come before it.
    fn properties(&mut self, properties: &[(String, Piece, bool)], pair: Option<&str>) -> String {
        let (mut after_comma, mut first) = match pair {
            Some(pair) => (format!(r#"("," {pair})*"#), format!(r#"({pair} ("," {pair})*)?"#)),
            None => (r#""""#.to_owned(), r#""""#.to_owned()),
        };
        for (name, piece, is_required) in properties.iter().rev() {
            let key = Value::from(name.as_str()).to_string() + ":";
            let (bare, with_comma) = (literal(&key), literal(&format!(",{key}")));
            let value = &piece.name;
            let (then, otherwise) = if *is_required {
                let then = format!("{with_comma} {value} {after_comma}");
                (then, format!("{bare} {value} {after_comma}"))
            } else {
                let then = format!("({with_comma} {value})? {after_comma}");
                (then, format!("{bare} {value} {after_comma} | {first}"))
            };
            after_comma = self.rule(&then);
            first = self.rule(&otherwise);
        }
        first
    }

    fn array(&mut self, rules: &ArrayRules, levels: usize) -> Option<Piece> {
        let ArrayRules { prefix, items, min, .. } = rules;
        let mut max = rules.max;
        let mut own = Vec::new();
        for &node in prefix {
            let Some(piece) = self.node(node, levels, false) else {
                max = Some(max.map_or(own.len(), |max| max.min(own.len())));
                break;
            };
            own.push(piece);
        }
        own.truncate(max.unwrap_or(own.len()));
        let rest = match items {
            Some(node) => self.node(*node, levels, false),
            None => Some(self.any(ANY_LEVELS - 1, false)),
        };
        // Of what the schema does not describe nothing is written unless it must be.
        let is_described = items.is_some() || prefix.is_empty();
        let rest_min = min.saturating_sub(own.len());
        let rest_max = match (&rest, max) {
            (None, _) => Some(0),
            (Some(_), max) if !is_described => {
                Some(max.map_or(rest_min, |max| rest_min.min(max - own.len())))
            }
            (Some(_), max) => max.map(|max| max - own.len()),
        };
        if rest_max.is_some_and(|most| most < rest_min) {
            return None;
        }
        let mut full = 2;
        let mut finish = 0;
        let mut tail = match &rest {
            Some(item) if rest_max != Some(0) => {
                full += rest_min * (item.full + 1);
                finish = finish.max(item.finish);
                let Piece { name, .. } = item;
                let bounds = |min: usize, max: Option<usize>| match max {
                    Some(max) => format!("{{{min},{max}}}"),
                    None => format!("{{{min},}}"),
                };
                if own.is_empty() {
                    let more = bounds(rest_min.saturating_sub(1), rest_max.map(|most| most - 1));
                    let list = format!(r#"{name} ("," {name}){more}"#);
                    if rest_min == 0 { format!("({list})?") } else { list }
                } else {
                    format!(r#"("," {name}){}"#, bounds(rest_min, rest_max))
                }
            }
            _ => r#""""#.to_owned(),
        };
        for (index, piece) in own.iter().enumerate().rev() {
            finish = finish.max(piece.finish);
            let comma = if index > 0 { r#""," "# } else { "" };
            let body = format!("{comma}{} {tail}", piece.name);
            if index < *min {
                full += piece.full + 1;
                tail = self.rule(&body);
            } else {
                tail = self.rule(&format!("({body})?"));
            }
        }
        Some(self.piece(&format!(r#""[" {tail} "]""#), full, full + finish + 1))
    }

    fn text(&mut self, rules: &TextRules) -> Option<Piece> {
        let TextRules { min, max, pattern, format } = rules;
        if max.is_some_and(|max| max < *min) {
            return None;
        }
        let shaped = match (pattern, format) {
            (Some(pattern), _) => Some((pattern.body(), pattern.most_characters())),
            (None, Some(format)) => Some((format.body.as_str(), format.most_characters)),
            (None, None) => None,
        };
        let Some((body, usual)) = shaped else {
            let most = max.map_or(String::new(), |max| max.to_string());
            let body = format!(r#"/"{CHARACTER}{{{min},{most}}}"/"#);
            return Some(self.piece(&body, min + 2, min + 2 + TEXT_END_BYTES));
        };
        let most = max.unwrap_or(usual.max(2 * min));
        let is_ascii = body.is_ascii() && !body.contains("\\p") && !body.contains("\\x");
        let bytes = most * if is_ascii { 1 } else { 4 } + 2;
        let body = body.replace('/', "\\/");
        let inside = self.token(&format!("/(?:{body})/ & /{PLAIN_CHARACTER}{{{min},{most}}}/"));
        let text = self.token(&format!(r#""\"" {inside} "\"""#));
        Some(self.piece(&text, bytes, bytes))
    }

    fn number(&mut self, rules: &NumberRules, integer: bool) -> Option<Piece> {
        let mut range = Range::all(integer);
        for (limit, exclusive) in [(&rules.min, false), (&rules.above, true)] {
            if let Some(limit) = limit.as_ref().and_then(serde_json::Number::as_f64) {
                range = range.from(limit, exclusive);
            }
        }
        for (limit, exclusive) in [(&rules.max, false), (&rules.below, true)] {
            if let Some(limit) = limit.as_ref().and_then(serde_json::Number::as_f64) {
                range = range.to(limit, exclusive);
            }
        }
        let regex = range.regex(false)?;
        let most = range.most_characters();
        let Some(step) = &rules.step else {
            return Some(self.piece(&format!("/{regex}/"), most, most));
        };
        let body = multiples(range, step, integer)?;
        Some(self.piece(&body, most + 8, most + 8))
    }
}

/// The numbers of a range that are multiples of `step`, a rule of its own notation. Decimals of
/// a step end where the step's do; zeros after them cost nothing but tokens.
fn multiples(range: Range, step: &serde_json::Number, integer: bool) -> Option<String> {
    let number = |number: f64| serde_json::Number::from_f64(number).map(Value::Number);
    let (least, greatest) = range.limits();
    let kind = if integer { "integer" } else { "number" };
    let schema = serde_json::json!({
        "type": kind,
        "minimum": if integer { Value::from(i64::try_from(range.whole().0).ok()?) } else { number(least)? },
        "maximum": if integer { Value::from(i64::try_from(range.whole().1).ok()?) } else { number(greatest)? },
        "multipleOf": step,
        "x-guidance": { "whitespace_flexible": false },
    });
    Some(format!("%json {schema}"))
}

/// The types to write a value of: those that are said, or those that something is said about.
/// `None` if nothing is said at all.
fn types_to_write(node: &Node) -> Option<Types> {
    if let Some(types) = node.types {
        return Some(types);
    }
    let mut types = Types::NONE;
    for (is_said, of) in [
        (node.object != ObjectRules::default(), Types::OBJECT),
        (node.array != ArrayRules::default(), Types::ARRAY),
        (node.text != TextRules::default(), Types::STRING),
        (!node.number.is_empty(), Types::NUMBER),
    ] {
        if is_said {
            types = types.with(of);
        }
    }
    (types != Types::NONE).then_some(types)
}

/// Whether values of a node can hold values of the same node.
fn reaches_itself(nodes: &[Node], start: NodeId) -> bool {
    let mut seen = vec![false; nodes.len()];
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        let node = &nodes[at];
        let branches = node.any_of.iter().chain(&node.one_of).flatten();
        let properties = node.object.properties.iter().map(|(_, node)| node);
        let next = node
            .reference
            .iter()
            .chain(branches)
            .chain(properties)
            .chain(&node.object.additional)
            .chain(&node.array.prefix)
            .chain(&node.array.items);
        for &next in next {
            if next == start {
                return true;
            }
            if !std::mem::replace(&mut seen[next], true) {
                open.push(next);
            }
        }
    }
    false
}

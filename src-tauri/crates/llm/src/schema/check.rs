//! Whether a value satisfies a schema, by the rules of the standard and not by what the grammar
//! would write: an answer may come from an engine that knows no grammar.

use std::cell::Cell;
use std::cmp::Ordering;

use braincells_core::Value;
use serde_json::Number;

use super::Misfit;
use super::decimal::{compare, is_multiple};
use super::node::{ArrayRules, Node, NodeId, NumberRules, ObjectRules, TextRules, Types};

/// Checks a value against the first node.
pub fn check(nodes: &[Node], value: &Value) -> Result<(), Misfit> {
    Check { nodes, place: Vec::new(), steps: &Cell::new(MOST_STEPS) }.node(0, value)
}

/// Whether a value satisfies one node. Takes from `steps` what it needs; without any left the
/// answer is no.
pub fn fits(nodes: &[Node], node: NodeId, value: &Value, steps: &Cell<u32>) -> bool {
    Check { nodes, place: Vec::new(), steps }.node(node, value).is_ok()
}

/// Parts of a value held against parts of a schema. Choices inside of choices can take more than
/// any time: a schema that needs this many is made for that.
const MOST_STEPS: u32 = 10_000_000;

struct Check<'a> {
    nodes: &'a [Node],
    place: Vec<String>,
    steps: &'a Cell<u32>,
}

impl Check<'_> {
    fn wrong(&self, reason: impl Into<String>) -> Misfit {
        let place = self.place.iter().fold(String::new(), |place, step| {
            place + "/" + &step.replace('~', "~0").replace('/', "~1")
        });
        Misfit::new(place, reason)
    }

    fn node(&mut self, id: NodeId, value: &Value) -> Result<(), Misfit> {
        let Some(left) = self.steps.get().checked_sub(1) else {
            return Err(self.wrong("its choices are too many to try"));
        };
        self.steps.set(left);
        let nodes = self.nodes;
        let node = &nodes[id];
        if node.never {
            return Err(self.wrong("nothing is allowed"));
        }
        if let Some(types) = node.types
            && !types.overlaps(Types::of(value))
        {
            let found = Types::of(value).words();
            return Err(self.wrong(format!("it is {found}, not {}", types.words())));
        }
        if let Some(literals) = &node.literals
            && !literals.iter().any(|literal| same(literal, value))
        {
            return Err(self.wrong("it is none of the allowed values"));
        }
        if let Some(target) = node.reference {
            self.node(target, value)?;
        }
        if let Some(branches) = &node.any_of
            && !branches.iter().any(|&branch| self.node_alone(branch, value))
        {
            return Err(self.wrong("it fits none of the `anyOf`"));
        }
        if let Some(branches) = &node.one_of {
            let fitting = branches.iter().filter(|&&branch| self.node_alone(branch, value));
            match fitting.take(2).count() {
                0 => return Err(self.wrong("it fits none of the `oneOf`")),
                1 => {}
                _ => return Err(self.wrong("it fits more than one of the `oneOf`")),
            }
        }
        match value {
            Value::Object(object) => self.object(&node.object, object),
            Value::Array(items) => self.array(&node.array, items),
            Value::String(text) => self.text(&node.text, text),
            Value::Number(number) => self.number(&node.number, number),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    fn node_alone(&self, id: NodeId, value: &Value) -> bool {
        fits(self.nodes, id, value, self.steps)
    }

    fn inside(&mut self, step: String, id: NodeId, value: &Value) -> Result<(), Misfit> {
        self.place.push(step);
        let result = self.node(id, value);
        self.place.pop();
        result
    }

    fn object(
        &mut self,
        rules: &ObjectRules,
        object: &serde_json::Map<String, Value>,
    ) -> Result<(), Misfit> {
        if let Some(name) = rules.required.iter().find(|name| !object.contains_key(*name)) {
            return Err(self.wrong(format!("`{name}` is missing")));
        }
        for (name, value) in object {
            if let Some(node) = rules.property(name).or(rules.additional) {
                self.inside(name.clone(), node, value)?;
            }
        }
        Ok(())
    }

    fn array(&mut self, rules: &ArrayRules, items: &[Value]) -> Result<(), Misfit> {
        let ArrayRules { prefix, items: rest, min, max } = rules;
        if items.len() < *min {
            return Err(self.wrong(format!("it has {} items, fewer than {min}", items.len())));
        }
        if let Some(max) = max
            && items.len() > *max
        {
            return Err(self.wrong(format!("it has {} items, more than {max}", items.len())));
        }
        for (index, item) in items.iter().enumerate() {
            if let Some(node) = prefix.get(index).or(rest.as_ref()) {
                self.inside(index.to_string(), *node, item)?;
            }
        }
        Ok(())
    }

    fn text(&mut self, rules: &TextRules, text: &str) -> Result<(), Misfit> {
        let TextRules { min, max, pattern, format } = rules;
        if *min > 0 || max.is_some() {
            let length = text.chars().count();
            if length < *min {
                let reason = format!("it has {length} characters, fewer than {min}");
                return Err(self.wrong(reason));
            }
            if let Some(max) = max
                && length > *max
            {
                let reason = format!("it has {length} characters, more than {max}");
                return Err(self.wrong(reason));
            }
        }
        if let Some(pattern) = pattern
            && !pattern.is_match(text)
        {
            return Err(self.wrong(format!("it does not match `{}`", pattern.source())));
        }
        if let Some(format) = format
            && !format.is_match(text)
        {
            return Err(self.wrong(format!("it is not of the format `{}`", format.name)));
        }
        Ok(())
    }

    fn number(&mut self, rules: &NumberRules, number: &Number) -> Result<(), Misfit> {
        let NumberRules { min, max, above, below, step } = rules;
        let limits = [
            (min, "less than", &[Ordering::Less][..]),
            (max, "more than", &[Ordering::Greater]),
            (above, "not above", &[Ordering::Less, Ordering::Equal]),
            (below, "not below", &[Ordering::Greater, Ordering::Equal]),
        ];
        for (limit, word, refused) in limits {
            if let Some(limit) = limit
                && refused.contains(&compare(number, limit))
            {
                return Err(self.wrong(format!("{number} is {word} {limit}")));
            }
        }
        match step {
            Some(step) if !is_multiple(number, step) => {
                Err(self.wrong(format!("{number} is not a multiple of {step}")))
            }
            _ => Ok(()),
        }
    }
}

/// Equality of values as the standard has it: `1` is `1.0`, the order of properties is nothing.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare(a, b) == Ordering::Equal,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

//! The top-level properties of a JSON column as output types of their own, for whoever splits the
//! column.

use braincells_core::{NumberLimits, Output, Value};

use super::node::{Node, NodeId, Types};
use super::read;

/// A property of the objects that a schema describes.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// What a column of it holds: text, number, boolean, date, one of some labels, several of
    /// some labels, or JSON with the property's part of the schema.
    pub output: Output,
    /// Whether every object has it.
    pub is_required: bool,
}

/// The properties that a schema names at its top, in its order; none for a schema that describes
/// no objects or is not supported. A property that may be `null` has the type of what it is else.
pub fn properties(schema: &Value) -> Vec<Property> {
    let Ok(nodes) = read::read(schema) else { return Vec::new() };
    let root = &nodes[followed(&nodes, 0)];
    let property = |(name, node): &(String, NodeId)| Property {
        name: name.clone(),
        output: output(&nodes, *node, schema),
        is_required: root.object.required.contains(name),
    };
    root.object.properties.iter().map(property).collect()
}

fn followed(nodes: &[Node], mut at: NodeId) -> NodeId {
    // References without an end were refused.
    while let Some(next) = nodes[at].reference {
        at = next;
    }
    at
}

fn output(nodes: &[Node], at: NodeId, document: &Value) -> Output {
    let at = followed(nodes, at);
    let node = &nodes[at];
    if let Some(branches) = node.any_of.as_ref().or(node.one_of.as_ref()) {
        let is_null = |id: NodeId| nodes[followed(nodes, id)].types == Some(Types::NULL);
        let others: Vec<NodeId> = branches.iter().copied().filter(|&id| !is_null(id)).collect();
        if let [only] = others[..] {
            return output(nodes, only, document);
        }
    }
    if let Some(labels) = labels(node) {
        return Output::Label { labels };
    }
    let types = node.types.or_else(|| node.literals.as_deref().map(types_of));
    let types = types.unwrap_or(Types::ALL).without_null();
    match types {
        Types::STRING if node.text.format.is_some_and(|format| format.name == "date") => {
            Output::Date
        }
        Types::STRING => Output::Text,
        Types::BOOLEAN => Output::Boolean,
        Types::INTEGER | Types::NUMBER => {
            let float = |limit: &Option<serde_json::Number>| limit.as_ref()?.as_f64();
            Output::Number(NumberLimits {
                integer: types == Types::INTEGER,
                min: float(&node.number.min),
                max: float(&node.number.max),
            })
        }
        _ => Output::Json { schema: part(&node.place, document) },
    }
}

/// The types that some values have together.
fn types_of(literals: &[Value]) -> Types {
    literals.iter().fold(Types::NONE, |all, value| all.with(Types::of(value)))
}

/// An `enum` of two or more texts.
fn labels(node: &Node) -> Option<Vec<String>> {
    let literals = node.literals.as_ref()?;
    let texts: Vec<String> = literals
        .iter()
        .filter(|value| !value.is_null())
        .map(|value| value.as_str().map(str::to_owned))
        .collect::<Option<_>>()?;
    let are_labels = texts.len() > 1
        && texts.iter().enumerate().all(|(index, text)| {
            !text.trim().is_empty() && text.trim() == text && !texts[..index].contains(text)
        });
    are_labels.then_some(texts)
}

/// The part of a document at a place, with the definitions that it may refer to.
fn part(place: &str, document: &Value) -> Value {
    let mut part = document.pointer(place).cloned().unwrap_or(Value::Bool(true));
    if let Value::Object(keywords) = &mut part {
        for definitions in ["$defs", "definitions"] {
            if let Some(found) = document.get(definitions).filter(|_| !place.is_empty()) {
                keywords.entry(definitions).or_insert_with(|| found.clone());
            }
        }
    }
    // A reference to the whole or to a place of its own has lost its target.
    if read::read(&part).is_ok() { part } else { Value::Bool(true) }
}

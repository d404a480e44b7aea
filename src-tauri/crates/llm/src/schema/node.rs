//! A schema as it is worked with: one node for each place, what it demands as plain data.
//!
//! The demands of a node are a conjunction, as the standard has it: a value satisfies the node
//! when it satisfies each of them, and one that is about another type of value is satisfied.

use braincells_core::Value;

use super::pattern::Pattern;

/// The place of a node in the list of all; the root is 0.
pub type NodeId = usize;

/// What one place of a schema demands.
#[derive(Debug, Default)]
pub struct Node {
    /// Its JSON pointer in the schema.
    pub place: String,
    /// `false`: nothing satisfies it.
    pub never: bool,
    /// `type`, where it is said.
    pub types: Option<Types>,
    /// `enum`, or `const` as a list of one.
    pub literals: Option<Vec<Value>>,
    /// `$ref`.
    pub reference: Option<NodeId>,
    /// `anyOf`.
    pub any_of: Option<Vec<NodeId>>,
    /// `oneOf`.
    pub one_of: Option<Vec<NodeId>>,
    /// `properties` and what else is about objects.
    pub object: ObjectRules,
    /// `items` and what else is about arrays.
    pub array: ArrayRules,
    /// `minLength` and what else is about text.
    pub text: TextRules,
    /// `minimum` and what else is about numbers.
    pub number: NumberRules,
}

impl Node {
    /// The nodes that it names, for the same value or for parts of it.
    pub fn inner(&self) -> impl Iterator<Item = NodeId> {
        let branches = self.any_of.iter().chain(&self.one_of).flatten().copied();
        let properties = self.object.properties.iter().map(|(_, node)| *node);
        let items = self.array.prefix.iter().copied();
        let single = [self.reference, self.object.additional, self.array.items];
        branches.chain(properties).chain(items).chain(single.into_iter().flatten())
    }
}

/// What an object must be.
#[derive(Debug, Default, PartialEq)]
pub struct ObjectRules {
    /// Named properties in the schema's order.
    pub properties: Vec<(String, NodeId)>,
    /// Names that must be there.
    pub required: Vec<String>,
    /// What other properties must be.
    pub additional: Option<NodeId>,
}

impl ObjectRules {
    /// The node of a named property.
    pub fn property(&self, name: &str) -> Option<NodeId> {
        self.properties.iter().find(|(own, _)| own == name).map(|(_, node)| *node)
    }
}

/// What an array must be.
#[derive(Debug, Default, PartialEq)]
pub struct ArrayRules {
    /// `prefixItems`.
    pub prefix: Vec<NodeId>,
    /// `items`: all after the prefix.
    pub items: Option<NodeId>,
    /// `minItems`.
    pub min: usize,
    /// `maxItems`.
    pub max: Option<usize>,
}

/// What a text must be.
#[derive(Debug, Default, PartialEq)]
pub struct TextRules {
    /// `minLength` in characters.
    pub min: usize,
    /// `maxLength` in characters.
    pub max: Option<usize>,
    /// `pattern`.
    pub pattern: Option<Pattern>,
    /// `format`.
    pub format: Option<&'static super::format::Format>,
}

/// What a number must be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberRules {
    /// `minimum`.
    pub min: Option<serde_json::Number>,
    /// `maximum`.
    pub max: Option<serde_json::Number>,
    /// `exclusiveMinimum`.
    pub above: Option<serde_json::Number>,
    /// `exclusiveMaximum`.
    pub below: Option<serde_json::Number>,
    /// `multipleOf`.
    pub step: Option<serde_json::Number>,
}

/// A set of types of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types(u8);

impl Types {
    pub const NULL: Self = Self(1);
    pub const BOOLEAN: Self = Self(2);
    pub const INTEGER: Self = Self(4);
    pub const FRACTION: Self = Self(8);
    pub const STRING: Self = Self(16);
    pub const ARRAY: Self = Self(32);
    pub const OBJECT: Self = Self(64);
    pub const NUMBER: Self = Self(4 | 8);
    pub const ALL: Self = Self(127);
    pub const NONE: Self = Self(0);

    /// The word of the standard.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// The type of a value. `3.0` is an integer.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) => {
                let is_whole = number.is_i64()
                    || number.is_u64()
                    || number.as_f64().is_some_and(|float| float.fract() == 0.0);
                if is_whole { Self::INTEGER } else { Self::FRACTION }
            }
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn without_null(self) -> Self {
        Self(self.0 & !Self::NULL.0)
    }

    /// The words, for a message.
    pub fn words(self) -> String {
        let words = [
            (Self::NULL, "null"),
            (Self::BOOLEAN, "boolean"),
            (Self::STRING, "string"),
            (Self::ARRAY, "array"),
            (Self::OBJECT, "object"),
        ];
        let number = match (self.overlaps(Self::INTEGER), self.overlaps(Self::FRACTION)) {
            (_, true) => Some("number"),
            (true, false) => Some("integer"),
            (false, false) => None,
        };
        let plain = words.iter().filter(|(of, _)| self.overlaps(*of)).map(|(_, word)| *word);
        plain.chain(number).collect::<Vec<_>>().join(" or ")
    }
}

impl Node {
    /// Whether every value satisfies it.
    pub fn demands_nothing(&self) -> bool {
        !self.never
            && self.types.is_none()
            && self.literals.is_none()
            && self.reference.is_none()
            && self.any_of.is_none()
            && self.one_of.is_none()
            && self.object == ObjectRules::default()
            && self.array == ArrayRules::default()
            && self.text == TextRules::default()
            && self.number.is_empty()
    }
}

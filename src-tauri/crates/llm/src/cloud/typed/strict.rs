//! The schemas that OpenAI enforces to the letter: `strict` for another one is an error there, and
//! a promise that nobody keeps elsewhere.

use braincells_core::Value;

/// Keywords that may stand there, besides those whose values are looked into.
const PLAIN: [&str; 17] = [
    "$ref",
    "const",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maximum",
    "minItems",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "title",
    "type",
    "additionalProperties",
];

const FORMATS: [&str; 5] = ["date", "date-time", "email", "time", "uuid"];

/// The most properties in all, and the deepest object, that are taken.
const MOST_PROPERTIES: usize = 100;
const MOST_LEVELS: usize = 5;

/// Whether `strict: true` may stand beside this schema.
pub(super) fn is_strict(schema: &Value) -> bool {
    let mut properties = 0;
    let is_object = schema.get("type").is_some_and(|word| word == "object");
    is_object && place(schema, 0, &mut properties) && properties <= MOST_PROPERTIES
}

fn place(schema: &Value, level: usize, properties: &mut usize) -> bool {
    let Some(members) = schema.as_object() else { return false };
    let says_what = ["type", "$ref", "anyOf", "enum", "const"];
    if level > MOST_LEVELS || !says_what.iter().any(|name| members.contains_key(*name)) {
        return false;
    }
    let is_object = match members.get("type") {
        Some(Value::Array(words)) => words.iter().any(|word| word == "object"),
        word => word.is_some_and(|word| word == "object"),
    };
    if is_object && !closed(schema) {
        return false;
    }
    members.iter().all(|(name, inner)| match name.as_str() {
        "properties" => inner.as_object().is_some_and(|named| {
            *properties += named.len();
            named.values().all(|one| place(one, level + 1, properties))
        }),
        // What is defined stands where it is referred to, as deep as that is.
        "$defs" if level == 0 => inner
            .as_object()
            .is_some_and(|named| named.values().all(|one| place(one, 1, properties))),
        "items" => place(inner, level, properties),
        "anyOf" => {
            level > 0
                && inner
                    .as_array()
                    .is_some_and(|all| all.iter().all(|one| place(one, level, properties)))
        }
        // A reference to the root or to definitions there, not to some place in between.
        "$ref" => inner.as_str().is_some_and(|to| to == "#" || to.starts_with("#/$defs/")),
        "format" => inner.as_str().is_some_and(|word| FORMATS.contains(&word)),
        other => PLAIN.contains(&other),
    })
}

/// Whether an object has all its properties and no other ones.
fn closed(schema: &Value) -> bool {
    let named = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    let (Some(named), Some(required)) = (named, required) else { return false };
    schema.get("additionalProperties").is_some_and(|allowed| allowed == false)
        && named.keys().all(|name| required.iter().any(|other| other == name))
        && required.len() == named.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_closed_objects_of_plain_keywords_are_strict() {
        let of = |inner: Value| {
            json!({
                "type": "object", "properties": { "a": inner },
                "required": ["a"], "additionalProperties": false,
            })
        };
        let strict = [
            of(json!({ "type": "string" })),
            of(json!({ "type": ["integer", "null"], "minimum": 0, "description": "count" })),
            of(json!({ "type": "array", "items": { "enum": ["a", "b"] }, "maxItems": 3 })),
            of(of(json!({ "type": "string", "format": "date" }))),
            of(json!({ "anyOf": [{ "type": "string" }, { "$ref": "#" }] })),
        ];
        for schema in strict {
            assert!(is_strict(&schema), "{schema}");
        }
        let mut open = of(json!({ "type": "string" }));
        open["additionalProperties"] = json!(true);
        let mut optional = of(json!({ "type": "string" }));
        optional["required"] = json!([]);
        let loose = [
            open,
            optional,
            json!({ "type": "object" }),
            json!({ "type": "string" }),
            json!(true),
            of(json!({})),
            of(json!(true)),
            of(json!({ "type": "object" })),
            of(json!({ "type": "string", "minLength": 2 })),
            of(json!({ "type": "string", "format": "ipv4" })),
            of(json!({ "oneOf": [{ "type": "string" }] })),
            of(json!({ "type": "array", "prefixItems": [] })),
            of(json!({ "type": "string", "default": "a" })),
            of(json!({ "$ref": "#/properties/a/$defs/b" })),
            of(of(of(of(of(of(of(json!({ "type": "string" })))))))),
        ];
        for schema in loose {
            assert!(!is_strict(&schema), "{schema}");
        }
    }
}

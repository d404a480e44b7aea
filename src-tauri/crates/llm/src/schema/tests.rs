use braincells_core::{NumberLimits, Output};
use serde_json::json;

use super::*;

fn refusal(schema: &Value) -> Misfit {
    Schema::new(schema).map(|_| ()).unwrap_err()
}

#[test]
fn a_keyword_that_is_not_supported_is_refused_by_name_and_place() {
    for (schema, place, word) in [
        (json!({"not": {}}), "/not", "`not`"),
        (json!({"uniqueItems": true}), "/uniqueItems", "`uniqueItems`"),
        (json!({"properties": {"a/b": {"if": {}}}}), "/properties/a~1b/if", "`if`"),
        (
            json!({"items": {"patternProperties": {}}}),
            "/items/patternProperties",
            "`patternProperties`",
        ),
        (
            json!({"$defs": {"a": {"contains": {}}}, "$ref": "#/$defs/a"}),
            "/$defs/a/contains",
            "`contains`",
        ),
        (json!({"$ref": "https://example.com/schema"}), "/$ref", "`https://example.com/schema`"),
        (json!({"$ref": "#/nowhere"}), "/$ref", "leads nowhere"),
        (json!({"format": "uri"}), "/format", "`uri`"),
        (json!({"pattern": "(?=a)"}), "/pattern", "`(?=a)`"),
        (json!({"type": "text"}), "/type", "`type`"),
        (json!({"typ": "string"}), "/typ", "`typ`"),
        (json!({"minimum": "1"}), "/minimum", "`minimum`"),
        (json!({"minLength": -1}), "/minLength", "`minLength`"),
        (json!({"enum": []}), "/enum", "`enum`"),
        (json!({"items": [{}]}), "/items", "`prefixItems`"),
        (json!({"anyOf": [{}], "type": "object"}), "", "`type` beside `anyOf`"),
        (json!({"oneOf": [{"type": "string"}, {"minLength": 2}]}), "/oneOf", "`oneOf`"),
        (json!({"$ref": "#"}), "", "without end"),
        (json!({"anyOf": [{"type": "null"}, {"$ref": "#"}]}), "", "without end"),
        (json!("string"), "", "a schema is an object"),
    ] {
        let error = refusal(&schema);
        assert_eq!(error.place, place, "{schema}: {error}");
        assert!(error.reason.contains(word), "{schema}: {error}");
    }
}

/// A chain of schemas in `$defs`, each made of the next; the last is a text.
fn chain(length: usize, link: impl Fn(Value) -> Value) -> Value {
    let mut defs = serde_json::Map::new();
    for at in 0..length {
        let next = json!({"$ref": format!("#/$defs/n{}", at + 1)});
        defs.insert(format!("n{at}"), link(next));
    }
    defs.insert(format!("n{length}"), json!({"type": "string"}));
    json!({"$defs": defs, "$ref": "#/$defs/n0"})
}

#[test]
fn schemas_that_take_too_much_to_follow_are_refused_or_answered() {
    let nested = |next: Value| json!({"type": "object", "properties": {"a": next}});
    assert!(Schema::new(&chain(20, nested)).is_ok());
    assert!(refusal(&chain(1500, nested)).reason.contains("deep"));
    assert!(refusal(&chain(1500, |next| next)).reason.contains("deep"));
    assert!(refusal(&chain(20, |next| next)).reason.contains("references"));
    // Read from the end, each is known when the next one names it.
    let mut root: serde_json::Map<String, Value> =
        chain(300, nested).as_object().cloned().unwrap_or_default();
    let properties: serde_json::Map<String, Value> = (0..300)
        .rev()
        .map(|at| (format!("p{at}"), json!({"$ref": format!("#/$defs/n{at}")})))
        .collect();
    root.remove("$ref");
    root.insert("properties".to_owned(), properties.into());
    assert!(refusal(&root.into()).reason.contains("through more than"));
    // Two ways at each step, for a value that none of them fits.
    let twice = chain(6, |next| json!({"anyOf": [next, next]}));
    let schema = Schema::new(&twice).unwrap();
    assert!(schema.check(&json!("text")).is_ok() && schema.check(&json!(1)).is_err());
    let inside = chain(14, |next| {
        let branch = json!({"type": "array", "items": next});
        json!({"anyOf": [branch, branch, branch, branch]})
    });
    let schema = Schema::new(&inside).unwrap();
    let value = (0..14).fold(json!(1), |value, _| json!([value]));
    let error = schema.check(&value).unwrap_err();
    assert!(!error.reason.is_empty(), "an end, and soon: {error}");
}

#[test]
fn a_schema_that_nothing_satisfies_is_refused() {
    for schema in [
        json!({"prefixItems": [{"type": "string"}], "type": "array", "minItems": 3, "maxItems": 2}),
        json!({"prefixItems": [{"const": 1}, false], "type": "array", "minItems": 3}),
        json!(false),
        json!({"type": "null"}),
        json!({"const": null}),
        json!({"type": "integer", "minimum": 3, "maximum": 2}),
        json!({"type": "string", "minLength": 3, "maxLength": 2}),
        json!({"type": "array", "minItems": 1, "items": false}),
        json!({"type": "object", "properties": {"a": false}, "required": ["a"]}),
        json!({"enum": [1, 2], "type": "string"}),
        // Every object needs another one inside.
        json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}),
    ] {
        assert!(refusal(&schema).reason.contains("null"), "{schema}");
    }
}

#[test]
fn what_is_wrong_with_a_value_is_said_with_its_place() {
    let schema = Schema::new(&json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2},
            "price": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01},
        },
        "required": ["name"],
        "additionalProperties": false,
    }))
    .unwrap();
    for (value, place, reason) in [
        (json!([]), "", "it is array, not object"),
        (json!({}), "", "`name` is missing"),
        (json!({"name": ""}), "/name", "fewer than 1"),
        (json!({"name": "x", "tags": ["a", "c"]}), "/tags/1", "none of the allowed values"),
        (json!({"name": "x", "tags": ["a", "a", "a"]}), "/tags", "more than 2"),
        (json!({"name": "x", "price": 0}), "/price", "0 is not above 0"),
        (json!({"name": "x", "price": 0.015}), "/price", "not a multiple of 0.01"),
        (json!({"name": "x", "other": 1}), "/other", "nothing is allowed"),
    ] {
        let error = schema.check(&value).unwrap_err();
        assert_eq!(error.place, place, "{value}: {error}");
        assert!(error.reason.contains(reason), "{value}: {error}");
    }
    assert_eq!(schema.check(&json!({"price": 19.99, "name": "x", "tags": []})), Ok(()));
}

#[test]
fn the_properties_of_a_schema_become_output_types() {
    let schema = json!({
        "type": "object",
        "$defs": {"stars": {"type": "integer", "minimum": 1, "maximum": 5}},
        "properties": {
            "title": {"type": "string"},
            "stars": {"$ref": "#/$defs/stars"},
            "price": {"type": ["number", "null"]},
            "new": {"type": "boolean"},
            "day": {"type": "string", "format": "date"},
            "mood": {"enum": ["good", "bad"]},
            "kind": {"const": "person"},
            "step": {"enum": [1, 2, null]},
            "half": {"enum": [0.5, 1]},
            "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/stars"}},
        },
        "required": ["title"],
    });
    let found = properties(&schema);
    let outputs: Vec<(&str, &Output)> =
        found.iter().map(|property| (property.name.as_str(), &property.output)).collect();
    let stars = NumberLimits { integer: true, min: Some(1.0), max: Some(5.0) };
    let tags = json!({
        "type": "array",
        "items": {"$ref": "#/$defs/stars"},
        "$defs": {"stars": {"type": "integer", "minimum": 1, "maximum": 5}},
    });
    assert_eq!(
        outputs,
        [
            ("title", &Output::Text),
            ("stars", &Output::Number(stars)),
            ("price", &Output::number()),
            ("new", &Output::Boolean),
            ("day", &Output::Date),
            ("mood", &Output::Label { labels: vec!["good".into(), "bad".into()] }),
            ("kind", &Output::Text),
            ("step", &Output::Number(NumberLimits { integer: true, ..NumberLimits::default() })),
            ("half", &Output::number()),
            ("maybe", &Output::Text),
            ("tags", &Output::Json { schema: tags }),
        ]
    );
    assert_eq!(
        found.iter().filter(|property| property.is_required).map(|p| &p.name).collect::<Vec<_>>(),
        ["title"]
    );
    assert!(properties(&json!({"type": "array"})).is_empty());
    assert!(properties(&json!({"not": {}})).is_empty());
}

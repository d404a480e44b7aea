use serde_json::json;

use super::*;
use crate::output::read_answer;

fn labels() -> Output {
    Output::Labels { labels: vec!["red".to_owned(), "deep blue".to_owned()] }
}

fn json_of(schema: Value) -> Output {
    Output::Json { schema }
}

fn object() -> Output {
    json_of(json!({ "type": "object", "properties": { "answer": { "type": "integer" } } }))
}

fn list() -> Output {
    json_of(json!({ "type": "array", "items": { "type": "integer" } }))
}

#[test]
fn each_type_has_its_form_at_each_demand() {
    use Demand::{Object, Schema, Words};
    let label = Output::Label { labels: vec!["a".to_owned(), "b".to_owned()] };
    let cases = [
        (Output::Text, [Form::Bare; 3]),
        (label, [Form::Bare; 3]),
        (Output::Boolean, [Form::Bare; 3]),
        (labels(), [Form::Wrapped, Form::Wrapped, Form::Bare]),
        (Output::number(), [Form::Wrapped, Form::Wrapped, Form::Bare]),
        (Output::Date, [Form::Wrapped, Form::Wrapped, Form::Bare]),
        (list(), [Form::Wrapped, Form::Wrapped, Form::Bare]),
        (object(), [Form::Object, Form::Object, Form::Bare]),
    ];
    for (output, forms) in cases {
        for (demand, form) in [Schema, Object, Words].into_iter().zip(forms) {
            assert_eq!(Form::of(&output, demand), form, "{output:?} {demand:?}");
            let format = response_format(&output, demand);
            assert_eq!(format.is_some(), form != Form::Bare, "{output:?} {demand:?}");
            assert_eq!(sentence(&output, demand).is_some(), form == Form::Wrapped);
            if let Some(format) = format {
                let word = if demand == Schema { "json_schema" } else { "json_object" };
                assert_eq!(format["type"], word);
            }
        }
    }
}

#[test]
fn the_schema_says_what_is_in_the_wrapping() {
    let of = |output: &Output| {
        let format = response_format(output, Demand::Schema).unwrap()["json_schema"].clone();
        (format["schema"]["properties"]["answer"].clone(), format["strict"].clone())
    };
    let strict = json!(true);
    let items = json!({
        "type": "array", "items": { "type": "string", "enum": ["red", "deep blue"] }, "maxItems": 2,
    });
    assert_eq!(of(&labels()), (items, strict.clone()));
    let limits = NumberLimits { integer: true, min: Some(1.0), max: Some(2.5) };
    let number = json!({ "type": "integer", "minimum": 1, "maximum": 2.5 });
    assert_eq!(of(&Output::Number(limits)), (number, strict.clone()));
    assert_eq!(of(&Output::Date), (json!({ "type": "string", "format": "date" }), strict));
    // The column's own object, open as it is.
    assert_eq!(of(&object()), (json!({ "type": "integer" }), Value::Null));
}

#[test]
fn references_lead_to_where_a_schema_was_moved() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.org/a",
        "$defs": { "one": { "type": "integer" } }, "type": "array",
        "items": { "anyOf": [{ "$ref": "#/$defs/one" }, { "$ref": "#" }, { "const": { "$ref": "#" } }] },
    });
    let format = response_format(&json_of(schema), Demand::Schema).unwrap();
    let moved = &format["json_schema"]["schema"]["properties"]["answer"];
    let expected = json!({
        "$defs": { "one": { "type": "integer" } }, "type": "array",
        "items": { "anyOf": [
            { "$ref": "#/properties/answer/$defs/one" }, { "$ref": "#/properties/answer" },
            { "const": { "$ref": "#" } },
        ] },
    });
    assert_eq!(*moved, expected);
    assert_eq!(format["json_schema"]["strict"], Value::Null);
}

#[test]
fn examples_have_the_form_of_answers() {
    let of = |output: &Output, content| example(content, output, Demand::Schema).into_owned();
    assert_eq!(of(&Output::number(), "12.5"), r#"{"answer":12.5}"#);
    assert_eq!(of(&Output::Date, "2024-05-31"), r#"{"answer":"2024-05-31"}"#);
    assert_eq!(of(&labels(), "[\n  \"red\"\n]"), r#"{"answer":["red"]}"#);
    assert_eq!(of(&object(), "{}"), "{}");
    assert_eq!(of(&Output::Text, "12"), "12");
    assert_eq!(example("12", &Output::number(), Demand::Words), "12");
}

#[test]
fn a_wrapped_answer_is_taken_out_as_it_was_written() {
    let cases = [
        (Output::number(), r#"{"answer":1.50}"#, "1.50"),
        (
            Output::number(),
            "{\n \"answer\" : 123456789012345678901234567890.5e3 \n}\n",
            "123456789012345678901234567890.5e3",
        ),
        (Output::number(), r#"{"answer":"12"}"#, "12"),
        (Output::number(), r#"{"answer":null}"#, "null"),
        (Output::Date, r#"{"answer":"2024-05-31"}"#, "2024-05-31"),
        (labels(), r#"{"answer": ["red", "deep blue"]}"#, r#"["red", "deep blue"]"#),
        (labels(), r#"{"answer":"red"}"#, "red"),
        (list(), r#"{"answer":[1,2]}"#, "[1,2]"),
        (json_of(json!({ "type": "string" })), r#"{"answer":"a}\"{"}"#, r#""a}\"{""#),
    ];
    for (output, content, plain) in cases {
        let found = unwrapped(content, &output, Form::Wrapped);
        assert_eq!(found, (plain.to_owned(), true), "{content}");
        let fenced = format!("```json\n{content}\n```");
        assert_eq!(unwrapped(&fenced, &output, Form::Wrapped), (plain.to_owned(), false));
    }
}

#[test]
fn an_answer_without_the_form_is_handed_on_as_it_is() {
    let cases = [
        (Output::number(), "12"),
        (Output::number(), "It is 12."),
        (Output::number(), r#"{"answer": 12"#),
        (Output::number(), r#"{"answer": 12} or so"#),
        (Output::number(), r#"{"answer": 12, "why": "so"}"#),
        (Output::number(), r#"{"value": 12}"#),
        (Output::number(), "{}"),
        (labels(), "[\"red\"]"),
        (list(), "```json\n[1]\n```"),
        (list(), ""),
    ];
    for (output, content) in cases {
        let found = unwrapped(content, &output, Form::Wrapped);
        assert_eq!(found, (content.to_owned(), false), "{content}");
    }
    assert_eq!(unwrapped("12", &Output::number(), Form::Bare), ("12".to_owned(), true));
    let wrapped_unasked = unwrapped(r#"{"answer":12}"#, &Output::number(), Form::Bare);
    assert_eq!(wrapped_unasked, ("12".to_owned(), true));
}

#[test]
fn a_columns_own_object_stays_and_its_form_is_noted() {
    let own = r#"{"answer":1}"#;
    assert_eq!(unwrapped(own, &object(), Form::Object), (own.to_owned(), true));
    assert_eq!(unwrapped(own, &object(), Form::Bare), (own.to_owned(), true));
    for content in ["```json\n{\"answer\":1}\n```", "1", "so: {}", ""] {
        let found = unwrapped(content, &object(), Form::Object);
        assert_eq!(found, (content.to_owned(), false), "{content}");
    }
    assert!(read_answer("```json\n{\"answer\":1}\n```", &object()).is_ok());
}

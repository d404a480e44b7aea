//! Grammars with a small vocabulary and a model that wants anything at all: whatever it wants,
//! the answer is valid and ends in time.

use braincells_core::Value;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::json;

use super::*;
use crate::decoding::vocabulary::tests::small;
use crate::output::{read_answer, value_matches};

const GREEDY: Choice = Choice { temperature: 0.0, top_p: 1.0, top_k: 0, min_p: 0.0 };

const WORDS: [&str; 24] = [
    "\"}", "\",\"", "\":", "\":\"", "{\"", "[\"", "],", "},{", "true", "false", "null", "12", "00",
    "3.", "-1", "2024", "-02", "ab", "abc", " the", "\\n", "\\\"", "é", "name",
];

fn grammars() -> Grammars {
    Grammars::over(small(&WORDS)).unwrap()
}

fn compiled(grammars: &Grammars, output: &Output) -> Compiled {
    grammars.compile(&of(output).unwrap().unwrap()).unwrap()
}

struct Written {
    text: String,
    tokens: usize,
    forced: usize,
    was_brought_to_its_end: bool,
}

/// Writes an answer with random logits, as the engine would.
fn write(compiled: &Compiled, seed: u64, most_tokens: u32, temperature: f32) -> Written {
    let choice = Choice { temperature, ..GREEDY };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut wishes = ChaCha8Rng::seed_from_u64(seed ^ 0x5eed);
    let size = 256 + WORDS.len() + 1;
    let end = size as Token - 1;
    let (mut writer, mut tokens) = compiled.begin().unwrap();
    let mut forced = tokens.len();
    let most_tokens = most_tokens.max(2 * compiled.tokens_to_end());
    let mut was_brought_to_its_end = false;
    loop {
        let text: Vec<u8> = tokens.iter().flat_map(|&token| writer.bytes(token).to_vec()).collect();
        let done = |writer: &Writer| writer.is_complete();
        if done(&writer) {
            let text = String::from_utf8(text).expect("a grammar writes whole characters");
            return Written { text, tokens: tokens.len(), forced, was_brought_to_its_end };
        }
        let left = most_tokens.saturating_sub(tokens.len() as u32);
        assert!(
            left > 0,
            "seed {seed} took all {most_tokens} tokens: {}",
            String::from_utf8_lossy(&text)
        );
        let ends_now = left <= compiled.tokens_to_end();
        was_brought_to_its_end |= ends_now;
        // Long words and the end are liked best, so that all of it is tried.
        let logits: Vec<f32> = (0..size)
            .map(|token| {
                let unit = (wishes.next_u64() >> 40) as f32 / (1_u64 << 24) as f32;
                6.0 * unit + if token >= 256 { 2.0 } else { 0.0 }
            })
            .collect();
        let how = How {
            choice,
            wants_probability: seed.is_multiple_of(3),
            ends_now: ends_now.then_some(text.as_slice()),
        };
        match writer.choose(&logits, how, &mut random, |token| token == end).unwrap() {
            Chosen::End(probability) => {
                assert!(probability.is_none_or(|share| (0.0..=1.0).contains(&share)));
                let text = String::from_utf8(text).expect("a grammar writes whole characters");
                return Written { text, tokens: tokens.len(), forced, was_brought_to_its_end };
            }
            Chosen::Token(token, probability) => {
                assert!(probability.is_none_or(|share| (0.0..=1.0 + 1e-9).contains(&share)));
                tokens.push(token);
                let after = writer.accept(token).unwrap();
                forced += after.len();
                tokens.extend(after);
            }
        }
    }
}

fn json(schema: Value) -> Output {
    Output::Json { schema }
}

/// For each claimed keyword a schema that turns on it.
fn schemas() -> Vec<Value> {
    vec![
        json!({}),
        json!(true),
        json!({"type": "object"}),
        json!({"type": "array"}),
        json!({"type": ["string", "null", "integer"]}),
        json!({"type": "boolean"}),
        json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}, "required": ["b"]}),
        json!({"type": "object", "properties": {"a": {}, "b": {}, "c": {}}}),
        json!({"type": "object", "required": ["x", "y"]}),
        json!({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "boolean"}}),
        json!({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}}),
        json!({"properties": {"only": {"const": "x"}}, "required": ["only"], "additionalProperties": false}),
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 4}),
        json!({"type": "array", "items": {"type": "string"}, "minItems": 1}),
        json!({"type": "array", "items": false}),
        json!({"type": "array", "minItems": 2, "items": {"type": "array", "minItems": 1, "items": {
            "type": "object",
            "properties": {"n": {"type": "number"}, "e": {"enum": ["a long one", "x"]}, "s": {"type": "string", "minLength": 5}},
            "required": ["n", "e", "s"],
        }}}),
        json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}),
        json!({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": false, "minItems": 1}),
        json!({"type": "array", "prefixItems": [{"const": 1}], "items": {"const": 2}, "minItems": 2, "maxItems": 5}),
        json!({"type": "array", "minItems": 3}),
        json!({"enum": ["a", "b", 1, 2.5, null, true, {"x": [1]}, "with \"quotes\" and \\"]}),
        json!({"const": {"b": 1, "a": [true, null]}}),
        json!({"anyOf": [{"type": "string", "maxLength": 2}, {"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"]}]}),
        json!({"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"]}, {"type": "object", "properties": {"kind": {"const": "b"}, "n": {"type": "number"}}, "required": ["kind", "n"]}]}),
        json!({"allOf": [{"type": "integer", "minimum": 3}]}),
        json!({"$defs": {"n": {"type": "integer", "minimum": 0, "maximum": 9}}, "type": "array", "items": {"$ref": "#/$defs/n"}}),
        json!({"$defs": {"tree": {"type": "object", "properties": {"v": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "required": ["v", "kids"]}}, "$ref": "#/$defs/tree"}),
        json!({"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["next"]}),
        json!({"type": "number", "minimum": -1.5, "maximum": 2.25}),
        json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1}),
        json!({"type": "integer", "minimum": -120, "exclusiveMaximum": 1007}),
        json!({"type": "integer", "multipleOf": 7, "minimum": 0, "maximum": 1000}),
        json!({"type": "number", "multipleOf": 0.5}),
        json!({"type": "string", "minLength": 3, "maxLength": 5}),
        json!({"type": "string", "minLength": 2}),
        json!({"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"}),
        json!({"type": "string", "pattern": "[0-9]", "maxLength": 6}),
        json!({"type": "string", "pattern": "^(red|green|light/blue)$"}),
        json!({"type": "string", "pattern": "^é+\\u00e8$"}),
        json!({"type": "string", "format": "date"}),
        json!({"type": "string", "format": "time"}),
        json!({"type": "string", "format": "date-time"}),
        json!({"type": "string", "format": "uuid"}),
        json!({"type": "string", "format": "email"}),
        json!({"type": "string", "format": "ipv4"}),
        json!({"type": "object", "properties": {"a \"quoted\" näme\u{7f}": {"type": "boolean"}}, "required": ["a \"quoted\" näme\u{7f}"]}),
        json!({"type": "object", "properties": {
            "title": {"type": "string", "description": "a title", "default": ""},
            "price": {"type": ["number", "null"], "minimum": 0},
            "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "maxItems": 3},
            "size": {"type": "object", "properties": {"w": {"type": "integer"}, "h": {"type": "integer"}}, "required": ["w", "h"]},
            "day": {"type": "string", "format": "date"}
        }, "required": ["title", "price", "tags", "size", "day"]}),
    ]
}

/// The law of this module, for one output type.
fn holds(grammars: &Grammars, output: &Output, seeds: std::ops::Range<u64>) {
    let compiled = compiled(grammars, output);
    for seed in seeds {
        let temperature = if seed.is_multiple_of(2) { 0.0 } else { 1.5 };
        let most_tokens = [24, 80, 400][(seed % 3) as usize];
        let written = write(&compiled, seed, most_tokens, temperature);
        let text = match output {
            Output::Number(_) => written.text.trim_end_matches('.'),
            _ => written.text.as_str(),
        };
        let answer = read_answer(text, output)
            .unwrap_or_else(|error| panic!("{output:?}, seed {seed}: `{text}`: {error}"));
        assert!(value_matches(&answer.value, output), "{output:?}: `{text}`");
    }
}

#[test]
fn whatever_the_model_wants_a_value_satisfies_its_schema() {
    let grammars = grammars();
    for schema in schemas() {
        holds(&grammars, &json(schema), 0..40);
    }
}

#[test]
fn the_public_suites_schemas_are_written_as_they_are_judged() {
    let grammars = grammars();
    for schema in crate::schema::supported_by_the_suite() {
        holds(&grammars, &json(schema), 0..4);
    }
}

#[test]
fn whatever_the_model_wants_numbers_dates_and_labels_are_valid() {
    let grammars = grammars();
    let limits = |integer, min, max| Output::Number(NumberLimits { integer, min, max });
    let labels = |labels: &[&str]| Output::Labels {
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
    };
    for output in [
        Output::number(),
        limits(true, None, None),
        limits(true, Some(1.0), Some(5.0)),
        limits(false, Some(-0.5), Some(0.5)),
        limits(false, Some(100.0), None),
        limits(true, None, Some(-7.0)),
        Output::Date,
        labels(&["a", "b"]),
        labels(&["new", "new york", "york", "with, comma", "with \"quotes\"", "é"]),
    ] {
        holds(&grammars, &output, 0..120);
    }
}

#[test]
fn what_is_certain_is_forced() {
    let grammars = grammars();
    let schema = json!({"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}, "ok": {"type": "boolean"}}, "required": ["name", "ok"]});
    let compiled = compiled(&grammars, &json(schema));
    let (writer, begun) = compiled.begin().unwrap();
    let text: Vec<u8> = begun.iter().flat_map(|&token| writer.bytes(token).to_vec()).collect();
    assert!("{\"name\":\"".starts_with(std::str::from_utf8(&text).unwrap()));
    assert!(text.len() >= 6, "{:?}", String::from_utf8_lossy(&text));
    let written = write(&compiled, 1, 400, 0.0);
    assert!(2 * written.forced > written.tokens, "{} of {}", written.forced, written.tokens);
}

#[test]
fn an_answer_is_brought_to_its_end_and_never_cut() {
    let grammars = grammars();
    let schema = json!({"type": "object", "properties": {"text": {"type": "string"}, "list": {"type": "array", "items": {"type": "string"}}}, "required": ["text", "list"]});
    let output = json(schema);
    let compiled = compiled(&grammars, &output);
    let mut ends = 0;
    for seed in 0..60 {
        let written = write(&compiled, seed, 1, 0.0);
        ends += usize::from(written.was_brought_to_its_end);
        read_answer(&written.text, &output).unwrap();
    }
    assert!(ends > 10, "{ends} of 60 were long enough to need it");
}

#[test]
fn a_number_ends_where_the_model_goes_on_with_something_else() {
    let compiled = compiled(&grammars(), &Output::number());
    let (mut writer, _) = compiled.begin().unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let how = How { choice: GREEDY, wants_probability: true, ends_now: None };
    let mut logits = vec![0.0_f32; 256 + WORDS.len() + 1];
    // First it wants a letter, and second a digit; before there is a number that is refused.
    logits[usize::from(b'x')] = 9.0;
    logits[usize::from(b'7')] = 5.0;
    let chosen = writer.choose(&logits, how, &mut random, |_| false).unwrap();
    assert!(matches!(chosen, Chosen::Token(55, Some(share)) if share > 0.7), "{chosen:?}");
    assert!(writer.accept(55).unwrap().is_empty());
    let chosen = writer.choose(&logits, how, &mut random, |_| false).unwrap();
    assert!(matches!(chosen, Chosen::End(Some(share)) if share > 0.9), "{chosen:?}");
}

#[test]
fn a_label_is_listed_once_and_in_the_recipes_order() {
    let output = Output::Labels { labels: ["b", "a", "c"].map(str::to_owned).into() };
    let compiled = compiled(&grammars(), &output);
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        seen.insert(write(&compiled, seed, 40, 1.5).text);
    }
    let all = [
        "[]",
        r#"["b"]"#,
        r#"["a"]"#,
        r#"["c"]"#,
        r#"["b","a"]"#,
        r#"["b","c"]"#,
        r#"["a","c"]"#,
        r#"["b","a","c"]"#,
    ];
    assert!(seen.iter().all(|text| all.contains(&text.as_str())), "{seen:?}");
    assert!(seen.len() > 4, "{seen:?}");
}

#[test]
fn a_large_vocabulary_is_sliced_otherwise_and_writes_the_same() {
    let slices = slices(LARGE_VOCABULARY + 1);
    assert_eq!(slices.len(), 1);
    let large = Grammars::sliced(small(&WORDS), &slices).unwrap();
    let usual = grammars();
    for text in [json!({"type": "string"}), json!({"type": "string", "maxLength": 40})] {
        let schema = json!({"type": "object", "properties": {"a": text}, "required": ["a"]});
        let output = json(schema);
        let (one, other) = (compiled(&large, &output), compiled(&usual, &output));
        for seed in 0..40 {
            let written = write(&one, seed, 80, 1.5).text;
            assert_eq!(written, write(&other, seed, 80, 1.5).text, "seed {seed}");
        }
    }
}

#[test]
fn a_broken_lexer_harms_no_later_row() {
    let compiled = compiled(&grammars(), &Output::Date);
    let expected = write(&compiled, 1, 40, 1.5).text;
    let (mut writer, _) = compiled.begin().unwrap();
    assert!(writer.matcher.test_trigger_lexer_error().is_err());
    assert!(writer.accept(Token::from(b'2')).is_err());
    assert_eq!(write(&compiled, 1, 40, 1.5).text, expected);
}

#[test]
fn a_grammar_is_the_same_whatever_other_rows_write() {
    let output = Output::Date;
    let compiled = compiled(&grammars(), &output);
    let alone: Vec<String> = (0..20).map(|seed| write(&compiled, seed, 40, 1.5).text).collect();
    let again: Vec<String> =
        (0..20).rev().map(|seed| write(&compiled, seed, 40, 1.5).text).collect();
    assert!(alone.iter().eq(again.iter().rev()));
}

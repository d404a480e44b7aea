//! The public JSON-Schema-Test-Suite, draft 2020-12, for the keywords that are claimed: whatever
//! is not refused must be judged as the suite does, and what the grammar would write must satisfy
//! the schema.

use braincells_core::Value;

use super::{check, read};

/// A file of the suite, by its name.
macro_rules! suite {
    ($name:literal, $judged:literal, $refused:literal) => {
        (
            $name,
            include_str!(concat!("../../tests/json-schema-test-suite/", $name, ".json")),
            $judged,
            $refused,
        )
    };
}

/// Of each file: the cases that must be judged, and the schemas that may be refused.
const FILES: [(&str, &str, usize, usize); 30] = [
    suite!("additionalProperties", 7, 5),
    suite!("allOf", 3, 10),
    suite!("anyOf", 15, 1),
    suite!("boolean_schema", 18, 0),
    suite!("const", 50, 0),
    suite!("default", 7, 0),
    suite!("enum", 45, 0),
    suite!("exclusiveMaximum", 4, 0),
    suite!("exclusiveMinimum", 4, 0),
    suite!("items", 27, 1),
    suite!("maxItems", 6, 0),
    suite!("maxLength", 7, 0),
    suite!("maximum", 8, 0),
    suite!("minItems", 6, 0),
    suite!("minLength", 7, 0),
    suite!("minimum", 11, 0),
    suite!("multipleOf", 8, 2),
    suite!("oneOf", 20, 2),
    suite!("pattern", 9, 0),
    suite!("prefixItems", 11, 0),
    suite!("properties", 20, 1),
    suite!("ref", 41, 17),
    suite!("required", 16, 0),
    suite!("type", 80, 0),
    suite!("format/date", 47, 0),
    suite!("format/date-time", 25, 0),
    suite!("format/time", 45, 0),
    suite!("format/email", 22, 0),
    suite!("format/uuid", 21, 0),
    suite!("format/ipv4", 16, 0),
];

/// Where the subset is narrower than the standard on purpose; `docs/json-schema.md` says so.
const NARROWER: [&str; 5] = [
    "a quoted string with a space in the local part is valid",
    "a quoted string with a double dot in the local part is valid",
    "a quoted string with a @ in the local part is valid",
    "an IPv4-address-literal after the @ is valid",
    "an IPv6-address-literal after the @ is valid",
];

/// A case: description, value, whether it is valid.
type Case = (String, Value, bool);

/// The groups of a file: description, schema, cases.
fn groups(text: &str) -> Vec<(String, Value, Vec<Case>)> {
    let file: Value = serde_json::from_str(text).unwrap();
    let word = |value: &Value| value["description"].as_str().unwrap().to_owned();
    let case = |case: &Value| (word(case), case["data"].clone(), case["valid"].as_bool().unwrap());
    let group = |group: &Value| {
        let cases = group["tests"].as_array().unwrap().iter().map(case).collect();
        (word(group), group["schema"].clone(), cases)
    };
    file.as_array().unwrap().iter().map(group).collect()
}

/// Every schema of the suite that is supported.
#[cfg(feature = "decoding")]
pub fn supported() -> Vec<Value> {
    let all = FILES.iter().flat_map(|(_, text, ..)| groups(text));
    all.map(|(_, schema, _)| schema).filter(|schema| super::Schema::new(schema).is_ok()).collect()
}

#[test]
fn the_public_suite_is_judged_as_it_says() {
    let mut wrong = Vec::new();
    for (name, text, least_judged, most_refused) in FILES {
        let (mut judged, mut refused) = (0, Vec::new());
        for (group, schema, cases) in groups(text) {
            // Also schemas that only the grammar refuses, because nothing but `null` satisfies
            // them or because a `oneOf` may overlap.
            let nodes = match read::read(&schema) {
                Ok(nodes) => nodes,
                Err(error) => {
                    refused.push(format!("{group}: {error}"));
                    continue;
                }
            };
            for (case, value, is_valid) in cases {
                judged += 1;
                let result = check::check(&nodes, &value);
                if result.is_ok() != is_valid && !NARROWER.contains(&case.as_str()) {
                    wrong.push(format!("{name}, {group}, {case}: {result:?}"));
                }
            }
        }
        assert!(judged >= least_judged, "{name}: {judged} judged, refused {refused:#?}");
        assert!(refused.len() <= most_refused, "{name}: refused {refused:#?}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

use braincells_core::{NumberLimits, Output, Value};
use proptest::prelude::*;
use serde_json::json;

use super::{Answer, read_answer, value_matches};
use crate::LLMError;

fn label(labels: &[&str]) -> Output {
    Output::Label { labels: labels.iter().map(|label| (*label).to_owned()).collect() }
}

fn several(labels: &[&str]) -> Output {
    Output::Labels { labels: labels.iter().map(|label| (*label).to_owned()).collect() }
}

fn any_json() -> Output {
    Output::Json { schema: json!({}) }
}

fn value(raw: &str, output: &Output) -> Value {
    match read_answer(raw, output) {
        Ok(Answer { value, .. }) => value,
        Err(error) => panic!("`{raw}` as {}: {error}", output.as_str()),
    }
}

fn reason(raw: &str, output: &Output) -> String {
    match read_answer(raw, output) {
        Err(LLMError::OutputInvalid { expected, reason }) => {
            assert_eq!(expected, output.as_str());
            reason
        }
        other => panic!("`{raw}` as {} gave {other:?}", output.as_str()),
    }
}

#[test]
fn thinking_is_split_off_the_front_only() {
    for (raw, thinking, answer) in [
        ("<think>why</think>yes", Some("why"), "yes"),
        ("  <think>\n a\n</think>\n\n yes \n", Some("a"), "yes"),
        ("the template opened it</think> yes", Some("the template opened it"), "yes"),
        ("<think>\n\n</think>yes", None, "yes"),
        ("<think>a</think><think>b</think>yes", Some("a\n\nb"), "yes"),
        ("a</think><think>b</think>yes", Some("a\n\nb"), "yes"),
        ("<think>one <think> two</think>yes", Some("one <think> two"), "yes"),
        ("put it in <think> and </think>", None, "put it in <think> and </think>"),
        ("plain", None, "plain"),
    ] {
        let read = read_answer(raw, &Output::Text).unwrap();
        assert_eq!(read.reasoning.as_deref(), thinking, "{raw}");
        assert_eq!(read.value, json!(answer), "{raw}");
    }
}

#[test]
fn a_text_inside_of_json_may_name_the_tags_of_thinking() {
    for text in ["{\"a\": \"x </think> y\"}", "{\"a\": \"<think>\"}"] {
        let read = read_answer(text, &any_json()).unwrap();
        assert_eq!((read.value, read.reasoning), (serde_json::from_str(text).unwrap(), None));
    }
}

#[test]
fn thinking_without_an_end_is_an_error_for_every_type() {
    for output in [Output::Text, label(&["a", "b"]), Output::number(), any_json()] {
        assert_eq!(reason("<think>1 and", &output), "its thinking was cut off");
        assert_eq!(reason("<think>1</think> <think>2", &output), "its thinking was cut off");
    }
}

#[test]
fn text_is_trimmed_and_never_empty() {
    assert_eq!(value(" \n two  words\t", &Output::Text), json!("two  words"));
    for blank in ["", " \n\t", "<think>why</think>  "] {
        assert_eq!(reason(blank, &Output::Text), "it is empty");
    }
}

#[test]
fn a_label_comes_back_in_the_recipes_spelling() {
    let moods = label(&["positive", "Negative", "so-so", "Weiß nicht", "N.A."]);
    for (raw, expected) in [
        ("positive", "positive"),
        (" \"Positive\".\n", "positive"),
        ("NEGATIVE", "Negative"),
        ("`so-so`", "so-so"),
        ("“weiß nicht”", "Weiß nicht"),
        ("n.a", "N.A."),
        ("<think>hm</think>positive.", "positive"),
    ] {
        assert_eq!(value(raw, &moods), json!(expected), "{raw}");
    }
}

#[test]
fn a_label_is_never_guessed() {
    let moods = label(&["positive", "negative"]);
    for raw in ["posit", "positively", "positive or negative", "not positive", "Label: positive"] {
        let reason = reason(raw, &moods);
        assert_eq!(reason, format!("`{raw}` is none of `positive`, `negative`"));
    }
    assert_eq!(reason("", &moods), "an empty answer is none of `positive`, `negative`");
    assert_eq!(reason("a", &label(&["a.", "A"])), "`a` fits more than one label");
    assert_eq!(value("A", &label(&["a.", "A"])), json!("A"), "an exact match is certain");
    assert!(read_answer("", &label(&["...", "b"])).is_err(), "nothing is not a full stop");
}

#[test]
fn an_error_quotes_a_short_line_and_names_a_bounded_set() {
    let many: Vec<_> = (0..40).map(|number| format!("label {number}")).collect();
    let reason = reason(&"long\nanswer ".repeat(50), &Output::Label { labels: many });
    assert!(reason.contains("and 28 more"), "{reason}");
    assert!(reason.contains("`label 11`") && !reason.contains("`label 12`"), "{reason}");
    assert!(!reason.contains('\n') && reason.chars().count() < 300, "{reason}");
}

#[test]
fn numbers_that_mean_one_thing_are_read() {
    for (raw, expected) in [
        ("42", json!(42)),
        (" -7. ", json!(-7)),
        ("+7", json!(7)),
        ("\u{2212}7", json!(-7)),
        ("\"3.50\"", json!(3.5)),
        (".5", json!(0.5)),
        ("-.5", json!(-0.5)),
        ("5.", json!(5)),
        ("007", json!(7)),
        ("1e3", json!(1000.0)),
        ("2.5E-3", json!(0.0025)),
        ("1,234.5", json!(1234.5)),
        ("-1,234,567", json!(-1_234_567)),
        ("12,345,678.25", json!(12_345_678.25)),
        ("18446744073709551615", json!(u64::MAX)),
        ("-0.0", json!(0.0)),
        ("5.0", json!(5.0)),
    ] {
        assert_eq!(value(raw, &Output::number()), expected, "{raw}");
    }
    assert_eq!(value("-0.0", &Output::number()).to_string(), "0.0");
    assert!(value("42", &Output::number()).is_i64(), "digits alone give an integer");
}

#[test]
fn numbers_that_may_mean_two_things_or_none_are_refused() {
    for raw in
        ["1,234", "1,5", "1.234,5", "1,23,456", "0,123,456", "1234,567.8", ",123.4", "1,2.3,4"]
    {
        let reason = reason(raw, &Output::number());
        assert!(reason.contains("two ways"), "{raw}: {reason}");
    }
    for raw in [
        "",
        "seven",
        "12 apples",
        "50%",
        "€5",
        "1 234",
        "1.2.3",
        "--1",
        "+-1",
        "- 1",
        "1e",
        "e5",
        ".",
        "NaN",
        "inf",
        "-infinity",
        "0x10",
        "1_000",
        "٣",
        "1e5.5",
        "1/2",
    ] {
        let reason = reason(raw, &Output::number());
        assert!(reason.contains("plain decimal"), "{raw}: {reason}");
    }
    for raw in ["1e999", "-1e400", "1e-999", "18446744073709551616", "-9223372036854775809"] {
        assert!(reason(raw, &Output::number()).contains("too large"), "{raw}");
    }
}

#[test]
fn numbers_outside_their_limits_are_refused() {
    let limits = |integer, min, max| Output::Number(NumberLimits { integer, min, max });
    let stars = limits(true, Some(1.0), Some(5.0));
    for (raw, expected) in [("1", json!(1)), ("5.0", json!(5)), ("3e0", json!(3))] {
        assert_eq!(value(raw, &stars), expected, "{raw}");
        assert!(value(raw, &stars).is_i64(), "{raw}");
    }
    for (raw, part) in [
        ("0", "less than 1"),
        ("-1", "less than 1"),
        ("6", "more than 5"),
        ("1e300", "not a whole number"),
        ("3.5", "not a whole number"),
    ] {
        assert!(reason(raw, &stars).contains(part), "{raw}: {}", reason(raw, &stars));
    }
    assert_eq!(value("-0", &limits(true, Some(0.0), None)), json!(0));
    assert_eq!(value("-0.5", &limits(false, Some(-0.5), Some(-0.5))), json!(-0.5));
    assert!(!value_matches(&json!(5.5), &stars) && value_matches(&json!(5), &stars));
}

#[test]
fn labels_come_back_in_the_recipes_order_each_once() {
    let topics = several(&["price", "Quality", "price, all in", "none of it"]);
    for (raw, expected) in [
        ("[]", json!([])),
        ("[ ]", json!([])),
        ("none", json!([])),
        ("None.", json!([])),
        (r#"["Quality", "price"]"#, json!(["price", "Quality"])),
        (r#"["quality","quality"]"#, json!(["Quality"])),
        ("```json\n[\"price\"]\n```", json!(["price"])),
        ("quality; Price", json!(["price", "Quality"])),
        ("- price\n- quality", json!(["price", "Quality"])),
        ("price, all in", json!(["price, all in"])),
        ("none of it", json!(["none of it"])),
    ] {
        assert_eq!(value(raw, &topics), expected, "{raw}");
    }
    for (raw, part) in [
        ("", "empty"),
        (",", "empty"),
        ("[1]", "not a list of labels"),
        (r#"["price""#, "not a list of labels"),
        (r#"["speed"]"#, "is none of"),
        ("price and quality", "is none of"),
    ] {
        assert!(reason(raw, &topics).contains(part), "{raw}: {}", reason(raw, &topics));
    }
    for (value, fits) in [
        (json!([]), true),
        (json!(["price", "Quality"]), true),
        (json!(["Quality", "price"]), false),
        (json!(["price", "price"]), false),
        (json!(["quality"]), false),
        (json!("price"), false),
    ] {
        assert_eq!(value_matches(&value, &topics), fits, "{value}");
    }
}

#[test]
fn booleans_are_four_words() {
    for (raw, expected) in
        [("true", true), ("Yes.", true), ("'FALSE'", false), ("no", false), (" TRUE\n", true)]
    {
        assert_eq!(value(raw, &Output::Boolean), json!(expected), "{raw}");
    }
    for raw in ["", "1", "y", "maybe", "yes and no", "not true"] {
        assert!(reason(raw, &Output::Boolean).contains("neither"), "{raw}");
    }
}

#[test]
fn dates_are_days_that_exist() {
    for (raw, expected) in [
        ("2024-02-29", "2024-02-29"),
        ("\"1999-12-31\".", "1999-12-31"),
        ("0001-01-01", "0001-01-01"),
    ] {
        assert_eq!(value(raw, &Output::Date), json!(expected), "{raw}");
    }
    for raw in ["2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "0000-05-05"] {
        assert!(reason(raw, &Output::Date).contains("no day"), "{raw}");
    }
    for raw in ["", "2024-1-5", "24-01-05", "+2024-1-05", "2024/01/05", "2024-01-05T00:00", "５５"]
    {
        assert!(reason(raw, &Output::Date).contains("yyyy-mm-dd"), "{raw}");
    }
}

#[test]
fn json_is_parsed_with_or_without_a_fence() {
    for raw in [
        r#"{"a": [1, 2]}"#,
        "```json\n{\"a\": [1, 2]}\n```",
        "```\n{\"a\": [1, 2]}```",
        "``` {\"a\": [1, 2]} ```",
        "<think>{</think>\n```json\n{\"a\":[1,2]}\n```\n",
    ] {
        assert_eq!(value(raw, &any_json()), json!({"a": [1, 2]}), "{raw}");
    }
    for raw in ["", "{", "{\"a\": 1} and more", "```json\n{\n```", "```", "nope"] {
        assert!(reason(raw, &any_json()).contains("not JSON"), "{raw}");
    }
    assert!(reason("null", &any_json()).contains("empty cell"));
    assert!(reason(&"[".repeat(100_000), &any_json()).contains("recursion limit"));
}

#[test]
fn a_typed_value_is_held_to_the_same_rules() {
    let moods = label(&["good", "bad"]);
    for (value, output, fits) in [
        (json!("x"), Output::Text, true),
        (json!(" "), Output::Text, false),
        (json!(1), Output::Text, false),
        (json!("good"), moods.clone(), true),
        (json!("Good"), moods, false),
        (json!(1.5), Output::number(), true),
        (json!("1.5"), Output::number(), false),
        (json!(true), Output::Boolean, true),
        (json!("true"), Output::Boolean, false),
        (json!("2024-02-29"), Output::Date, true),
        (json!("'2024-02-29'"), Output::Date, false),
        (json!("2023-02-29"), Output::Date, false),
        (json!([1]), any_json(), true),
        (Value::Null, any_json(), false),
        (Value::Null, Output::Text, false),
    ] {
        assert_eq!(value_matches(&value, &output), fits, "{value} as {}", output.as_str());
    }
}

fn answers() -> impl Strategy<Value = String> {
    let near_misses = "[-+0-9.,eE\"'`<>/think{}\\[\\]:truefalsyno \n]{0,40}";
    let wrapped =
        (any::<bool>(), "[a-z<>/ ]{0,10}", any::<String>()).prop_map(|(opened, thought, rest)| {
            format!("{}{thought}</think>{rest}", if opened { "<think>" } else { "" })
        });
    prop_oneof![any::<String>(), near_misses, wrapped]
}

#[test]
fn a_json_answer_is_held_to_its_schema() {
    let output = Output::Json {
        schema: json!({
            "type": "object",
            "properties": {"stars": {"type": "integer", "maximum": 5}},
            "required": ["stars"],
        }),
    };
    assert_eq!(value("```json\n{\"stars\": 4, \"more\": 1}\n```", &output)["stars"], json!(4));
    for (raw, part) in [
        ("[]", "not object"),
        ("{}", "`stars` is missing"),
        ("{\"stars\": 6}", "at `/stars`, 6 is more than 5"),
        ("{\"stars\": \"4\"}", "at `/stars`, it is string, not integer"),
    ] {
        assert!(reason(raw, &output).contains(part), "{raw}: {}", reason(raw, &output));
    }
    assert!(value_matches(&json!({"stars": 5}), &output));
    assert!(!value_matches(&json!({"stars": 5.5}), &output));
    let unsupported = Output::Json { schema: json!({"not": {}}) };
    assert!(reason("{}", &unsupported).contains("`not` is not supported"));
}

fn outputs() -> impl Strategy<Value = Output> {
    prop_oneof![
        Just(Output::Text),
        proptest::collection::vec(".{0,6}", 0..4).prop_map(|labels| Output::Label { labels }),
        proptest::collection::vec(".{0,6}", 0..4).prop_map(|labels| Output::Labels { labels }),
        Just(Output::number()),
        Just(Output::Number(NumberLimits { integer: true, min: Some(-3.0), max: Some(99.0) })),
        Just(Output::Boolean),
        Just(Output::Date),
        Just(any_json()),
    ]
}

proptest! {
    #[test]
    fn whatever_the_model_says_is_valid_or_refused(raw in answers(), output in outputs()) {
        if let Ok(answer) = read_answer(&raw, &output) {
            prop_assert!(value_matches(&answer.value, &output), "{:?}", answer.value);
        }
    }

    #[test]
    fn a_label_written_as_it_is_gives_itself(
        labels in proptest::collection::hash_set("[a-zA-Z\"'. -]{1,12}", 1..6),
    ) {
        let labels: Vec<String> = labels.into_iter().map(|label| label.trim().to_owned()).collect();
        let output = Output::Label { labels: labels.clone() };
        for label in labels.iter().filter(|label| !label.is_empty()) {
            prop_assert_eq!(read_answer(label, &output).unwrap().value, json!(label));
        }
    }

    #[test]
    fn integers_and_decimals_survive_printing(integer in any::<i64>(), decimal in any::<f64>()) {
        prop_assert_eq!(value(&integer.to_string(), &Output::number()), json!(integer));
        prop_assume!(decimal.is_finite() && decimal != 0.0);
        let read = value(&format!("{decimal:?}"), &Output::number());
        prop_assert_eq!(read.as_f64(), Some(decimal));
    }
}

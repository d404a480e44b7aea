use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn render(text: &str, values: &[(&str, Value)]) -> String {
    let values: BTreeMap<&str, Value> = values.iter().cloned().collect();
    Template::parse(text).unwrap().render(|name| values.get(name)).unwrap()
}

#[test]
fn values_go_where_their_names_are() {
    let cases = [
        ("{{a}}", "1"),
        ("{{ a }} and {{a}}", "1 and 1"),
        ("{{\ta\n}}", "1"),
        ("{{a.b}}", "dotted"),
        ("{{full name}}", "Ada L."),
        ("{{🦀 crab}}", "emoji"),
        ("{{A}}", "upper"),
        ("no reference", "no reference"),
        ("", ""),
        ("{{a}}}", "1}"),
        ("{{{a}}}", "{1}"),
        ("{{{{a}}}}", "{{1}}"),
        ("{\"k\": \"{{a}}\"}", "{\"k\": \"1\"}"),
        ("{{a}}{{A}}", "1upper"),
        ("{{a }}}}{", "1}}{"),
    ];
    for (template, expected) in cases {
        let values = [
            ("a", json!(1)),
            ("A", json!("upper")),
            ("a.b", json!("dotted")),
            ("full name", json!("Ada L.")),
            ("🦀 crab", json!("emoji")),
        ];
        assert_eq!(render(template, &values), expected, "of {template:?}");
    }
}

#[test]
fn single_braces_and_json_are_text() {
    for text in ["{", "}", "{ }", r#"{"a": 1}"#, r#"{"a": {"b": {"c": []}}}"#, "}}", "a { b } c"] {
        assert_eq!(render(text, &[]), text);
        assert!(Template::parse(text).unwrap().references().is_empty());
    }
}

#[test]
fn a_backslash_keeps_double_braces_as_text() {
    let values = [("a", json!("v"))];
    assert_eq!(render(r"\{{a}}", &values), "{{a}}");
    assert_eq!(render(r"\\{{a}}", &values), r"\v");
    assert_eq!(render(r"\\\{{a}}", &values), r"\{{a}}");
    assert_eq!(render(r"C:\new\{x} {{a}}", &values), r"C:\new\{x} v");
    assert_eq!(render(r"\{{{a}}", &values), "{{{a}}", "an escape covers two braces");
}

#[test]
fn values_read_like_prompts_expect() {
    let values = [
        ("null", Value::Null),
        ("yes", json!(true)),
        ("number", json!(1.5)),
        ("object", json!({"k": [1]})),
        ("markup", json!("<b>&\"'</b>")),
    ];
    assert_eq!(render("[{{null}}]", &values), "[]");
    assert_eq!(render("{{yes}} {{number}}", &values), "true 1.5");
    assert_eq!(render("{{object}}", &values), "{\n  \"k\": [\n    1\n  ]\n}");
    assert_eq!(render("{{markup}}", &values), "<b>&\"'</b>", "nothing is escaped");
}

#[test]
fn references_are_listed_once_in_order() {
    let template = Template::parse("{{b}} {{a}} {{ b }} {{c.d}}").unwrap();
    assert_eq!(template.references(), ["b", "a", "c.d"]);
}

#[test]
fn a_reference_that_never_closes_is_shown_with_its_place() {
    let error = Template::parse("Label this.\n  → {{text of the review").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the prompt opens `{{` at line 2, column 5 and never closes it: `{{text of the review`"
    );
    let app = AppError::from(error);
    assert_eq!(app.code, Code::BadTemplate);
    assert!(app.hint.unwrap().contains("`}}`"));
}

#[test]
fn the_first_of_two_openings_is_the_unclosed_one() {
    let error = Template::parse("{{a and {{b}}").unwrap_err();
    let TemplateError::Unclosed { place, .. } = error else { panic!("{error:?}") };
    assert_eq!(place, Place { line: 1, column: 1 });
    assert!(matches!(Template::parse("{{"), Err(TemplateError::Unclosed { .. })));
    assert!(matches!(Template::parse("{{a}"), Err(TemplateError::Unclosed { .. })));
}

#[test]
fn a_reference_without_a_name_is_an_error() {
    for text in ["{{}}", "{{  }}", "x {{\n}}", "{{}}}}"] {
        assert!(matches!(Template::parse(text), Err(TemplateError::EmptyName { .. })), "{text}");
    }
}

#[test]
fn a_long_excerpt_is_cut_and_stays_on_one_line() {
    let error = Template::parse(&format!("{{{{{}\nsecond line", "é".repeat(500))).unwrap_err();
    let message = error.to_string();
    assert!(message.chars().count() < 120, "{message}");
    assert!(!message.contains('\n'));
}

#[test]
fn an_unknown_name_comes_with_the_nearest_column() {
    let check = |text: &str, names: &[&str]| {
        AppError::from(Template::parse(text).unwrap().check(names).unwrap_err())
    };
    let error = check("{{text}} {{reveiw}}", &["text", "review", "rating"]);
    assert_eq!(
        error.message,
        "the prompt refers to `reveiw` at line 1, column 10, and there is no such column"
    );
    assert_eq!(error.hint.unwrap(), "did you mean `{{review}}`?");
    assert_eq!(check("{{Text}}", &["text"]).hint.unwrap(), "did you mean `{{text}}`?");
    assert!(!check("{{zzz}}", &["text"]).hint.unwrap().contains("did you mean"));
    assert!(Template::parse("{{a}}").unwrap().check(&["b", "a"]).is_ok());
}

#[test]
fn a_value_that_is_not_there_is_an_error_and_never_empty_text() {
    let error = Template::parse("{{a}}").unwrap().render(|_| None).unwrap_err();
    assert!(matches!(error, TemplateError::UnknownName { name, .. } if name == "a"));
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in r"[\PC\n{}\\]{0,60}") {
        if let Ok(template) = Template::parse(&text) {
            let value = json!("v");
            prop_assert!(template.render(|_| Some(&value)).is_ok());
        }
    }

    #[test]
    fn values_are_never_read_as_templates(
        before in "[a-z }]{0,8}",
        value in r"[a-z{}\\\n ]{0,20}",
        after in "[a-z }]{0,8}",
    ) {
        let template = Template::parse(&format!("{before}{{{{x}}}} {after}{{{{x}}}}")).unwrap();
        let cell = json!(value);
        prop_assert_eq!(
            template.render(|_| Some(&cell)).unwrap(),
            format!("{before}{value} {after}{value}")
        );
    }

    #[test]
    fn escaping_every_opening_gives_the_text_back(text in r"[a-z{} \n]{0,40}") {
        let escaped = text.replace("{{", r"\{{");
        prop_assert_eq!(Template::parse(&escaped).unwrap().render(|_| None).unwrap(), text);
    }
}

#[test]
fn a_name_that_no_reference_can_spell_is_refused() {
    for name in ["a}}b", "{{a", " a", "a ", ""] {
        let error = Template::check_name(name).unwrap_err();
        assert!(matches!(error, TemplateError::UnusableName { .. }), "{name}: {error}");
    }
    for name in ["a}b", "{a", "a}", "größe 😀", "a\nb", "\"q\"", "a.b"] {
        assert_eq!(Template::check_name(name), Ok(()), "{name}");
    }
}

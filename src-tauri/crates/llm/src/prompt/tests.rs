use braincells_core::{AppError, Code, NumberLimits};
use serde_json::json;

use super::*;

fn recipe(prompt: &str) -> Recipe {
    Recipe {
        prompt: prompt.to_owned(),
        system: None,
        model: "small.gguf".to_owned(),
        output: Output::Text,
        sampling: Sampling::default(),
        examples: ExamplePolicy::default(),
        example_rows: Vec::new(),
        calibration: braincells_core::CalibrationMode::default(),
    }
}

fn labels(labels: &[&str]) -> Output {
    Output::Label { labels: labels.iter().map(|label| (*label).to_owned()).collect() }
}

fn plan(prompt: &str) -> PromptPlan {
    PromptPlan::new(&recipe(prompt), &["text", "rating"]).unwrap()
}

fn example(text: &str, value: &str) -> Example {
    Example { inputs: vec![json!(text)], value: json!(value) }
}

#[test]
fn a_row_is_asked_for_last_and_examples_are_earlier_turns() {
    let mut recipe = recipe("Sentiment of: {{text}}");
    recipe.output = labels(&["good", "bad"]);
    let plan = PromptPlan::new(&recipe, &["text"]).unwrap();
    let examples = [example("love it", "good"), example("<hate> & 'it'", "bad")];
    let request = plan.request(&[json!("so-so {{text}}")], &examples, 7);

    let turns: Vec<(Role, &str)> =
        request.messages.iter().map(|message| (message.role, message.content.as_str())).collect();
    assert_eq!(turns[0].0, Role::System);
    assert_eq!(
        turns[1..],
        [
            (Role::User, "Sentiment of: love it"),
            (Role::Assistant, "good"),
            (Role::User, "Sentiment of: <hate> & 'it'"),
            (Role::Assistant, "bad"),
            (Role::User, "Sentiment of: so-so {{text}}"),
        ]
    );
    assert_eq!(request.seed, 7);
    assert_eq!(request.model, "small.gguf");
    assert_eq!(request.output, recipe.output);
}

#[test]
fn all_rows_of_a_run_share_everything_but_the_last_message() {
    let plan = plan("{{text}}: {{rating}}");
    let examples = [Example { inputs: vec![json!("a"), json!(1)], value: json!("x") }];
    let one = plan.request(&[json!("b"), json!(2)], &examples, 0).messages;
    let other = plan.request(&[json!("c"), json!(3)], &examples, 0).messages;
    assert_eq!(one[..one.len() - 1], other[..other.len() - 1]);
    assert_eq!(one.last().unwrap().content, "b: 2");
}

#[test]
fn the_system_message_says_what_the_answer_must_be() {
    let cases = [
        (Output::Text, "the result only"),
        (labels(&["yes", " no "]), "\n- yes\n- no"),
        (Output::number(), "number"),
        (Output::Boolean, "`true` or `false`"),
        (Output::Date, "YYYY-MM-DD"),
        (Output::Json { schema: json!({"type": "object"}) }, r#"{"type":"object"}"#),
    ];
    for (output, expected) in cases {
        let mut recipe = recipe("{{text}}");
        recipe.output = output;
        for own_role in [None, Some("Answer like a pirate.".to_owned())] {
            recipe.system = own_role.clone();
            let plan = PromptPlan::new(&recipe, &["text"]).unwrap();
            let system = plan.request(&[json!("x")], &[], 0).messages.remove(0).content;
            assert!(system.contains(expected), "{system}");
            match own_role {
                Some(role) => assert!(system.starts_with(&role), "{system}"),
                None => assert!(system.starts_with(ROLE_WITH_ROW), "{system}"),
            }
        }
    }
}

#[test]
fn examples_are_announced_only_when_there_are_some() {
    let plan = PromptPlan::new(&recipe("{{text}}"), &["text"]).unwrap();
    let system =
        |examples: &[Example]| plan.request(&[json!("x")], examples, 0).messages.remove(0).content;
    assert!(!system(&[]).contains(EXAMPLES));
    assert!(system(&[example("a", "b")]).contains(EXAMPLES));
}

#[test]
fn a_prompt_without_references_is_for_writing_from_nothing() {
    let plan = plan("Invent a name for a café. A brace {x} stays.");
    assert!(plan.inputs().is_empty());
    assert!(!plan.is_input_empty(&[]), "nothing is missing when nothing is referenced");
    let messages = plan.request(&[], &[], 0).messages;
    assert!(messages[0].content.starts_with(ROLE_FROM_NOTHING));
    assert_eq!(messages[1].content, "Invent a name for a café. A brace {x} stays.");
}

#[test]
fn a_row_is_empty_only_when_every_referenced_value_is() {
    let plan = plan("{{text}} {{rating}}");
    assert_eq!(plan.inputs(), ["text", "rating"]);
    for values in [[json!(null), json!("")], [json!(" \n\t"), json!(null)]] {
        assert!(plan.is_input_empty(&values), "{values:?}");
    }
    for values in [
        [json!(null), json!(0)],
        [json!(false), json!("")],
        [json!("x"), json!(null)],
        [json!([]), json!(null)],
    ] {
        assert!(!plan.is_input_empty(&values), "{values:?}");
    }
}

#[test]
fn examples_are_taken_whole_in_order_within_count_and_tokens() {
    let mut recipe = recipe("{{text}}");
    recipe.examples = ExamplePolicy { max_count: 2, max_tokens: 12 };
    let plan = PromptPlan::new(&recipe, &["text"]).unwrap();
    let count = |text: &str| text.chars().count() as u32;
    let select = |examples: &[Example]| plan.select_examples(examples.to_vec(), &count);

    let (small, other) = (example("abc", "x"), example("defg", "y"));
    let large = example("much too long to fit", "z");
    assert_eq!(select(&[large, small.clone(), other.clone()]), [small.clone(), other.clone()]);
    assert_eq!(select(&[small.clone(), other.clone(), small.clone()]).len(), 2, "max_count");
    let exact = example("0123456789a", "b");
    assert_eq!(select(std::slice::from_ref(&exact)), [exact], "exactly max_tokens fits");
    assert_eq!(select(&[example("abc", " "), example(" ", "x"), small.clone()]), [small]);
}

#[test]
fn no_examples_when_few_shot_is_off() {
    let mut recipe = recipe("{{text}}");
    recipe.examples.max_count = 0;
    let plan = PromptPlan::new(&recipe, &["text"]).unwrap();
    assert!(plan.select_examples([example("a", "b")], &|_| 1).is_empty());
}

#[test]
fn a_recipe_that_makes_no_sense_is_refused_with_a_hint() {
    type Change = fn(&mut Recipe);
    let cases: [(Change, Code, &str); 17] = [
        (|recipe| recipe.prompt = " ".to_owned(), Code::BadInput, "empty"),
        (|recipe| recipe.prompt = "{{text".to_owned(), Code::BadTemplate, "closes"),
        (|recipe| recipe.prompt = "{{txt}}".to_owned(), Code::BadTemplate, "`txt`"),
        (|recipe| recipe.output = labels(&["one"]), Code::BadInput, "two labels"),
        (|recipe| recipe.output = labels(&[]), Code::BadInput, "has 0"),
        (|recipe| recipe.output = labels(&["a", " "]), Code::BadInput, "label 2"),
        (|recipe| recipe.output = labels(&["a", "b", " a "]), Code::BadInput, "`a`"),
        (
            |recipe| {
                let schema = json!({"items": {"uniqueItems": true}});
                recipe.output = Output::Json { schema };
            },
            Code::BadInput,
            "`uniqueItems` is not supported at `/items/uniqueItems`",
        ),
        (|recipe| recipe.sampling.temperature = 2.1, Code::BadInput, "2.1"),
        (|recipe| recipe.sampling.temperature = -0.1, Code::BadInput, "-0.1"),
        (|recipe| recipe.sampling.temperature = f32::NAN, Code::BadInput, "NaN"),
        (|recipe| recipe.sampling.top_p = 0.0, Code::BadInput, "top-p"),
        (|recipe| recipe.sampling.top_p = 1.01, Code::BadInput, "1.01"),
        (|recipe| recipe.sampling.min_p = 1.5, Code::BadInput, "min-p"),
        (|recipe| recipe.sampling.min_p = f32::NAN, Code::BadInput, "NaN"),
        (|recipe| recipe.sampling.max_tokens = Some(0), Code::BadInput, "at least 1"),
        (|recipe| recipe.sampling.stop = vec![String::new()], Code::BadInput, "stop"),
    ];
    for (change, code, words) in cases {
        let mut recipe = recipe("{{text}}");
        change(&mut recipe);
        let error = AppError::from(PromptPlan::new(&recipe, &["text"]).unwrap_err());
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(words), "{error}");
        assert!(error.hint.is_some(), "{error}");
    }
}

#[test]
fn the_ends_of_the_allowed_ranges_are_allowed() {
    let mut recipe = recipe("{{text}}");
    for (temperature, top_p, max_tokens) in [(0.0, 1.0, None), (2.0, 0.01, Some(1))] {
        recipe.sampling.temperature = temperature;
        recipe.sampling.top_p = top_p;
        recipe.sampling.max_tokens = max_tokens;
        let request = PromptPlan::new(&recipe, &["text"]).unwrap().request(&[json!("x")], &[], 0);
        assert_eq!(
            (request.temperature, request.top_p, request.max_tokens),
            (temperature, top_p, max_tokens)
        );
    }
}

#[test]
fn every_example_that_was_looked_at_is_listed_with_its_size_and_whether_it_is_used() {
    let mut recipe = recipe("{{text}}");
    recipe.examples = ExamplePolicy { max_count: 2, max_tokens: 12 };
    let plan = PromptPlan::new(&recipe, &["text"]).unwrap();
    let count = |text: &str| text.chars().count() as u32;
    let rows = [
        example("abc", "x"),
        example(" ", "y"),
        example("0123456789", "z"),
        example("d", "e"),
        example("f", "g"),
    ];
    let weighed = plan.weigh_examples(rows.clone(), &count);
    let shown: Vec<(u32, bool)> = weighed.iter().map(|one| (one.tokens, one.used)).collect();
    assert_eq!(shown, [(4, true), (2, false), (11, false), (2, true), (2, false)]);
    assert_eq!(plan.select_examples(rows.clone(), &count), [rows[0].clone(), rows[3].clone()]);
}

#[test]
fn a_column_that_reads_nothing_asks_for_what_it_does_not_have() {
    let plan = plan("Name a tree.");
    assert!(plan.wants_new_items() && !plan.is_greedy());
    let mut earlier = plan.earlier_items();
    let first = plan.request_for_new_item(&earlier, 1);
    assert_eq!(first.messages[1].content, "Name a tree.");
    assert!((first.temperature - 0.8).abs() < 1e-6 && first.seed == 1);
    for tree in ["oak", "silver\nfir"] {
        assert!(earlier.add(&json!(tree), &|_| 1));
    }
    let second = plan.request_for_new_item(&earlier, 2);
    assert_eq!(second.messages[0], first.messages[0]);
    let question = &second.messages[1].content;
    assert!(question.starts_with("Name a tree.\n\n"), "{question}");
    assert!(question.ends_with(":\n- oak\n- silver fir"), "{question}");
    assert!(earlier.add(&json!("ash"), &|_| 1));
    let third = plan.request_for_new_item(&earlier, 3);
    assert!(third.messages[1].content.starts_with(question.as_str()), "the prefix is shared");
}

#[test]
fn only_what_has_room_for_many_answers_must_be_new() {
    let asks = |prompt: &str, output: Output, temperature: f32| {
        let mut recipe = recipe(prompt);
        recipe.output = output;
        recipe.sampling.temperature = temperature;
        let plan = PromptPlan::new(&recipe, &["text"]).unwrap();
        (plan.wants_new_items(), plan.is_greedy())
    };
    assert_eq!(asks("Go.", Output::Json { schema: json!({}) }, 0.3), (true, false));
    assert_eq!(asks("Go.", labels(&["a", "b"]), 0.0), (false, false));
    assert_eq!(asks("Go.", Output::number(), 0.0), (false, false));
    assert_eq!(asks("{{text}}", Output::Text, 0.0), (false, true));
}

#[test]
fn limits_between_which_no_number_can_be_written_are_refused() {
    let planned = |integer, min, max| {
        let mut recipe = recipe("{{text}}");
        recipe.output = Output::Number(NumberLimits { integer, min, max });
        PromptPlan::new(&recipe, &["text"]).map(|_| ())
    };
    for (integer, min, max) in [
        (false, None, None),
        (false, Some(1.0), Some(1.0)),
        (true, Some(0.5), Some(1.5)),
        (false, Some(-1e300), Some(1e300)),
    ] {
        assert_eq!(planned(integer, min, max), Ok(()), "{integer} {min:?} {max:?}");
    }
    for (integer, min, max) in [
        (false, Some(2.0), Some(1.0)),
        (true, Some(0.2), Some(0.8)),
        (false, Some(1e-8), Some(2e-8)),
        (true, Some(1e16), None),
        (false, Some(f64::NAN), None),
        (false, None, Some(f64::INFINITY)),
    ] {
        let error = planned(integer, min, max).unwrap_err();
        assert!(matches!(error, PromptError::NoNumberLeft { .. }), "{error}");
    }
}

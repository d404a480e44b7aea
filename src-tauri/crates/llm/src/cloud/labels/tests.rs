use serde_json::json;

use super::*;

/// A token that was written with this probability, beside others.
fn token(text: &str, probability: f64, others: &[(&str, f64)]) -> TokenChoice {
    let choice = |text: &str, probability: f64| Choice {
        bytes: text.as_bytes().to_vec(),
        log_probability: probability.ln(),
    };
    TokenChoice {
        chosen: choice(text, probability),
        alternatives: std::iter::once((text, probability))
            .chain(others.iter().copied())
            .map(|(text, probability)| choice(text, probability))
            .collect(),
    }
}

fn labels(labels: &[&str]) -> Output {
    Output::Label { labels: labels.iter().map(|&label| label.to_owned()).collect() }
}

fn shares(content: &str, tokens: &[TokenChoice], output: &Output) -> Vec<f64> {
    let scores = scores(content, tokens, output).expect("scores");
    let sum: f64 = scores.labels.iter().map(|label| label.probability).sum();
    assert!((sum - 1.0).abs() < 1e-9);
    let names: Vec<String> = scores.labels.iter().map(|label| label.label.clone()).collect();
    assert_eq!(Some(names), output.scored_labels(), "in the recipe's order");
    scores.labels.into_iter().map(|label| (label.probability * 1e6).round() / 1e6).collect()
}

#[test]
fn one_token_decides_between_labels_that_differ_in_it() {
    let output = labels(&["negative", "neutral", "positive"]);
    let tokens = [token("positive", 0.7, &[("negative", 0.2), ("neutral", 0.05), ("The", 0.05)])];
    let found = scores("positive", &tokens, &output).unwrap();
    assert!((found.confidence - 0.7 / 0.95).abs() < 1e-9);
    assert_eq!(shares("positive", &tokens, &output), [0.210_526, 0.052_632, 0.736_842]);
}

#[test]
fn spelling_and_what_stands_around_make_no_difference() {
    let output = labels(&["Good", "Bad"]);
    let tokens = [
        token(" \"", 0.9, &[("\n", 0.1)]),
        token("GO", 0.5, &[("good", 0.25), (" Bad", 0.125), ("bad", 0.125)]),
        token("OD", 1.0, &[("LD", 0.0)]),
        token("\".", 1.0, &[("\"", 0.0)]),
    ];
    assert_eq!(shares(" \"GOOD\".", &tokens, &output), [0.75, 0.25]);
}

#[test]
fn labels_with_a_common_beginning_are_told_apart_behind_it() {
    let output = labels(&["very good", "very bad", "poor"]);
    let tokens =
        [token("very", 0.6, &[("poor", 0.3), ("v", 0.1)]), token(" good", 0.75, &[(" bad", 0.25)])];
    // `v` can be both.
    let expected = [0.6 * 0.75 + 0.05, 0.6 * 0.25 + 0.05, 0.3];
    for (found, expected) in shares("very good", &tokens, &output).into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}

#[test]
fn a_label_may_be_the_beginning_of_another() {
    let output = labels(&["no", "not sure", "yes"]);
    let ended =
        [token("no", 0.5, &[("yes", 0.3), ("not", 0.2)]), token("<|end|>", 0.9, &[("t", 0.1)])];
    // The server may tell of the token that ends the answer by any name, or not.
    assert_eq!(shares("no", &ended[..1], &output), [0.5, 0.2, 0.3]);
    assert_eq!(shares("no", &ended, &output), [0.45, 0.25, 0.3]);
    let nameless = [ended[0].clone(), token("", 0.9, &[("t", 0.1)])];
    assert_eq!(shares("no", &nameless, &output), [0.45, 0.25, 0.3]);
    let longer = [ended[0].clone(), token("t", 0.4, &[("", 0.6)]), token(" sure", 1.0, &[])];
    assert_eq!(shares("not sure", &longer, &output), [0.3, 0.4, 0.3]);
    let tags = labels(&["<a>", "<b>"]);
    let tokens = [token("<a>", 0.8, &[("<b>", 0.1), ("<eos>", 0.1)])];
    let found = shares("<a>", &tokens, &tags);
    assert!((found[0] - 8.0 / 9.0).abs() < 1e-6, "a label may look like such a token");
}

#[test]
fn another_token_that_spells_a_label_is_that_label() {
    let output = labels(&["no", "not sure", "yes"]);
    let tokens = [token("yes", 0.5, &[("no", 0.3), (" No.", 0.1), ("not", 0.1)])];
    assert_eq!(shares("yes", &tokens, &output), [0.4, 0.1, 0.5]);

    let ten: Vec<String> = (1..=10).map(|number| number.to_string()).collect();
    let output = Output::Label { labels: ten };
    let of = |pairs: &[(usize, f64)]| {
        let mut shares = vec![0.0; 10];
        for &(number, share) in pairs {
            shares[number - 1] = share;
        }
        shares
    };
    let tokens = [token("7", 0.5, &[("1", 0.3), ("10", 0.2)])];
    assert_eq!(shares("7", &tokens, &output), of(&[(1, 0.3), (7, 0.5), (10, 0.2)]));
    let tokens = [token("1", 0.5, &[("10", 0.3), ("2", 0.2)])];
    assert_eq!(shares("1", &tokens, &output), of(&[(1, 0.5), (2, 0.2), (10, 0.3)]));
    // Digit by digit: what follows decides between the one and the ten.
    let tokens = [token("1", 0.75, &[("2", 0.25)]), token("0", 0.8, &[("", 0.2)])];
    assert_eq!(shares("10", &tokens, &output), of(&[(1, 0.15), (2, 0.25), (10, 0.6)]));
    let tokens = [token("1", 0.75, &[("2", 0.25)]), token("<eos>", 0.8, &[("0", 0.2)])];
    assert_eq!(shares("1", &tokens, &output), of(&[(1, 0.6), (2, 0.25), (10, 0.15)]));
}

#[test]
fn a_boolean_has_four_words() {
    let tokens = [token("Yes", 0.4, &[("true", 0.2), ("No", 0.1), ("false", 0.1), ("n", 0.2)])];
    assert_eq!(shares("Yes", &tokens, &Output::Boolean), [0.6, 0.4]);
    let tokens = [token("f", 0.9, &[("t", 0.1)]), token("alse", 1.0, &[])];
    assert_eq!(shares("false", &tokens, &Output::Boolean), [0.1, 0.9]);
}

#[test]
fn a_character_may_be_several_tokens() {
    let output = labels(&["ärger", "über", "öl"]);
    let entry = |bytes: &[u8], probability: f64, others: &[(&[u8], f64)]| {
        let choice = |(bytes, probability): (&[u8], f64)| json!({ "token": "\u{fffd}", "bytes": bytes, "logprob": probability.ln() });
        let mut value = choice((bytes, probability));
        let all = std::iter::once((bytes, probability)).chain(others.iter().copied());
        value["top_logprobs"] = all.map(choice).collect();
        TokenChoice::of(&value).unwrap()
    };
    let first: &[(&[u8], f64)] = &[("öl".as_bytes(), 0.1)];
    let second: &[(&[u8], f64)] = &[(b"\xBC", 0.2)];
    let tokens = [entry(b"\xC3", 0.9, first), entry(b"\xA4", 0.8, second)];
    let expected = [0.72, 0.18, 0.1];
    assert_eq!(shares("ärger", &tokens, &output), expected);
}

#[test]
fn tokens_of_thinking_are_left_out() {
    let output = labels(&["a", "b"]);
    let tokens = [
        token("<think>", 1.0, &[]),
        token("b", 0.5, &[("a", 0.5)]),
        token("</thi", 1.0, &[]),
        token("nk>\n", 1.0, &[]),
        token("a", 0.75, &[("b", 0.25)]),
    ];
    assert_eq!(shares("a", &tokens, &output), [0.75, 0.25]);
}

#[test]
fn without_a_label_or_without_alternatives_nothing_is_said() {
    let output = labels(&["a", "b"]);
    let tokens = [token("a", 0.75, &[("b", 0.25)])];
    assert_eq!(scores("neither", &tokens, &output), None);
    assert_eq!(scores("b", &tokens, &output), None, "the tokens are of another answer");
    assert_eq!(scores("a", &[], &output), None);
    assert_eq!(scores("a", &[token("a", 0.75, &[])], &output), None);
    assert_eq!(scores("a", &[token(" ", 0.75, &[("b", 0.25)])], &output), None);
    assert_eq!(scores("a", &tokens, &Output::Text), None);
    let none = [token("a", 0.0, &[("b", 0.0)])];
    assert_eq!(scores("a", &none, &output), None, "no shares of nothing");
}

#[test]
fn only_whole_entries_are_read() {
    let whole = json!({ "token": "a", "logprob": -0.5, "bytes": null, "top_logprobs": [
        { "token": "a", "logprob": -0.5 }, { "token": "b" }, { "logprob": -1.0 }, 7,
    ] });
    let read = TokenChoice::of(&whole).unwrap();
    assert_eq!((read.chosen.bytes.as_slice(), read.alternatives.len()), (&b"a"[..], 1));
    for broken in [json!({}), json!({ "token": "a" }), json!({ "logprob": 0 }), json!(null)] {
        assert_eq!(TokenChoice::of(&broken), None);
    }
}

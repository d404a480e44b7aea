//! Which parameter a server refuses, if it is one that the request can do without.

use std::sync::LazyLock;

use regex::Regex;

use super::said::Said;

/// Words of a refusal. A sentence without one of them may only mention the parameter.
static REFUSES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) not\s(?:\w+\s)?(?:supported|support|allowed|permitted|available|implemented|recognized|recognised|valid|compatible)
        | unsupported | unrecogni[sz]ed | unknown | unexpected | extra\sinputs | invalid | only\ssupports
        | (?:must|should)\sbe | cannot | can't | only\sthe\sdefault | no\sendpoints\sfound | failed\sto\sparse
        | conversion\sfailed | too\smany | (?:less|greater)\sthan | out\sof\srange | disabled | deprecated | incompatible",
    )
    .expect("the pattern is fixed")
});

/// Words that mean the parameter as such, not its value.
static NOT_KNOWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)not\s(?:\w+\s)?support|unsupported|unrecogni[sz]ed|unknown|extra inputs|not permitted|instead",
    )
    .expect("the pattern is fixed")
});

/// Words about how many, not about whether.
static IS_AMOUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:less|greater) than|at most|between|range|max(?:imum)? allowed|<=|logprobs of \d",
    )
    .expect("the pattern is fixed")
});

/// Names that are also words: they count only where they are written as a name.
const ALSO_WORDS: [&str; 4] = ["seed", "stop", "stream", "temperature"];

/// What servers call a parameter without naming it.
const PARAPHRASES: [(&str, &[&str]); 4] = [
    (
        "response_format",
        &[
            "json_schema",
            "json_object",
            "json schema",
            "json mode",
            "structured output",
            "guided decoding",
            "guided_json",
            "grammar",
            "response format",
        ],
    ),
    ("top_logprobs", &["top logprobs"]),
    ("logprobs", &["log probabilities", "log probs", "logprob"]),
    ("stream_options", &["include_usage", "stream options"]),
];

/// When a router has nobody for "the requested parameters", the ones that few have, rarest first.
const RAREST_FIRST: [&str; 8] = [
    "logprobs",
    "top_logprobs",
    "response_format",
    "min_p",
    "top_k",
    "seed",
    "stream_options",
    "stop",
];

/// The name of the refused parameter, as it stands in `parameters`.
pub(super) fn refused(parameters: &[&'static str], said: &Said) -> Option<String> {
    let found = named(parameters, said)?;
    // A limit that is too high must not be dropped: the answer would have none.
    let is_limit = matches!(found, "max_tokens" | "max_completion_tokens");
    let is_unknown = said.code.contains("unsupported_parameter")
        || said.code.contains("unknown_parameter")
        || NOT_KNOWN.is_match(&said.message);
    let names_other = found == "max_tokens" && said.message.contains("max_completion_tokens");
    (!is_limit || names_other && is_unknown || is_unknown && !said.message.contains("too large"))
        .then(|| found.to_owned())
}

fn named(parameters: &[&'static str], said: &Said) -> Option<&'static str> {
    // `response_format.json_schema.schema` is about `response_format`.
    let param = said.param.split(['.', '[']).next().unwrap_or_default();
    if let Some(name) = parameters.iter().find(|name| **name == param) {
        return Some(name);
    }
    // It is about something else, and says so.
    if !param.is_empty() && !said.message.contains(param) {
        return None;
    }
    let message = said.message.to_lowercase();
    if !REFUSES.is_match(&message) {
        return None;
    }
    // The longest first: `top_logprobs` has `logprobs` in it. Of equals the one named first.
    let written = parameters.iter().filter_map(|name| Some((*name, place_of(&message, name)?)));
    if let Some((name, _)) =
        written.min_by_key(|(name, place)| (*place, std::cmp::Reverse(name.len())))
    {
        let is_how_many = name == "logprobs" && IS_AMOUNT.is_match(&message);
        let how_many = parameters.iter().find(|asked| is_how_many && **asked == "top_logprobs");
        return Some(how_many.copied().unwrap_or(name));
    }
    for (name, others) in PARAPHRASES {
        if parameters.contains(&name) && others.iter().any(|other| message.contains(other)) {
            return parameters.iter().copied().find(|asked| *asked == name);
        }
    }
    if message.contains("requested parameters") || message.contains("requested features") {
        return RAREST_FIRST.into_iter().find(|name| parameters.contains(name));
    }
    None
}

/// Where a parameter is named in a text of small letters.
fn place_of(message: &str, name: &str) -> Option<usize> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    message.match_indices(name).find_map(|(at, _)| {
        let before = message[..at].chars().next_back();
        let after = message[at + name.len()..].chars().next();
        if before.is_some_and(inside) || after.is_some_and(inside) {
            return None;
        }
        let is_quoted = before.is_some_and(|c| "'\"`.".contains(c));
        let is_named = is_quoted
            || message[..at].trim_end_matches([':', ' ']).ends_with("parameter")
            || message[..at].trim_end_matches([':', ' ']).ends_with("argument")
            || message[at + name.len()..].trim_start().starts_with("parameter")
            || message[..at].ends_with("not support ")
            || message[at + name.len()..].starts_with(" is not ");
        (is_named || !ALSO_WORDS.contains(&name)).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 10] = [
        "logprobs",
        "top_logprobs",
        "response_format",
        "max_tokens",
        "temperature",
        "seed",
        "stop",
        "stream_options",
        "top_k",
        "min_p",
    ];

    fn of(body: &str) -> Option<String> {
        refused(&ALL, &Said::of_body(body))
    }

    #[test]
    fn a_refused_parameter_is_found_by_its_field_or_its_name() {
        let cases = [
            (r#"{"error":{"message":"Unsupported value","param":"temperature"}}"#, "temperature"),
            (
                r#"{"error":{"message":"Invalid schema for response_format 'x'","param":"response_format.json_schema"}}"#,
                "response_format",
            ),
            (
                r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","param":"max_tokens","code":"unsupported_parameter"}}"#,
                "max_tokens",
            ),
            (
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","min_p"],"msg":"Extra inputs are not permitted"}]}"#,
                "min_p",
            ),
            (
                r#"{"error":"'response_format.type' must be 'json_schema' or 'text'"}"#,
                "response_format",
            ),
            (
                r#"{"error":{"message":"json_schema is not supported by this model"}}"#,
                "response_format",
            ),
            (r#"{"error":{"message":"failed to parse grammar"}}"#, "response_format"),
            (
                r#"{"error":{"message":"top_logprobs must be less than or equal to 5"}}"#,
                "top_logprobs",
            ),
            (
                r#"{"message":"Requested sample logprobs of 20, which is greater than max allowed: 5"}"#,
                "top_logprobs",
            ),
            (r#"{"error":{"message":"This model does not support logprobs."}}"#, "logprobs"),
            (
                r#"{"error":{"message":"You are not allowed to request logprobs from this model"}}"#,
                "logprobs",
            ),
            (r#"{"error":{"message":"Unrecognized request argument supplied: top_k"}}"#, "top_k"),
            (r#"{"error":{"message":"parameter seed is not supported"}}"#, "seed"),
            (r#"{"message":"stream_options: unknown field"}"#, "stream_options"),
            (
                r#"{"error":{"message":"No endpoints found that can handle the requested parameters."}}"#,
                "logprobs",
            ),
        ];
        for (body, name) in cases {
            assert_eq!(of(body).as_deref(), Some(name), "{body}");
        }
    }

    #[test]
    fn what_refuses_no_parameter_of_the_request_is_left_alone() {
        let cases = [
            r#"{"error":{"message":"Invalid value for messages","param":"messages"}}"#,
            r#"{"error":{"message":"invalid request: please stop sending images"}}"#,
            r#"{"error":{"message":"max_tokens is too large: 9000. This model supports at most 4096","param":"max_tokens","code":"invalid_value"}}"#,
            r#"{"error":{"message":"Tools are not supported"}}"#,
            "",
        ];
        for body in cases {
            assert_eq!(of(body), None, "{body}");
        }
        let said =
            Said::of_body(r#"{"error":{"message":"unsupported: logprobs","param":"logprobs"}}"#);
        assert_eq!(refused(&["seed"], &said), None, "the request did not have it");
        assert_eq!(
            refused(
                &["max_completion_tokens"],
                &Said::of_body(
                    r#"{"error":{"message":"Unknown parameter: max_completion_tokens"}}"#
                )
            ),
            Some("max_completion_tokens".to_owned())
        );
    }
}

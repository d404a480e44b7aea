//! Prompts that are too long: which answers say so, and the figures in them.

use std::sync::LazyLock;

use regex::Regex;

use super::said::Said;

/// A prompt that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    /// By how much is known.
    Of {
        /// Tokens of the prompt, with those of the answer where the server counts them.
        needed_tokens: u32,
        /// Tokens that fit.
        available_tokens: u32,
    },
    /// The server does not say by how much.
    Unknown,
}

/// Sentences with both figures. `n` is needed, `m` is added to it, `a` is available.
static SENTENCES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        // vLLM: the answer's limit and the prompt are said apart.
        r"(?i)too large: (?<m>\d+)\..*maximum context length is (?<a>\d+) tokens and your request has (?<n>\d+) input",
        // OpenAI, OpenRouter, vLLM, llama-cpp-python.
        r"(?i)maximum context length (?:is|of) (?<a>\d+)(?: tokens)?.*?(?:resulted in|requested|request has|prompt (?:contains|has)|you have|given)\s(?:about |at least |a total of )?(?<n>\d+)",
        // llama-server.
        r"(?i)request \((?<n>\d+) tokens\) exceeds the available context size \((?<a>\d+)",
        // llama-cpp-python.
        r"(?i)requested tokens \((?<n>\d+)\) exceed context window of (?<a>\d+)",
        // Mistral.
        r"(?i)prompt contains (?<n>\d+) tokens.*?model with (?<a>\d+) maximum context",
        // Text Generation Inference, Together.
        r"(?i)must be <= (?<a>\d+)\. given: (?<n>\d+) `?inputs`? tokens and (?<m>\d+)",
        r"(?i)must be <= (?<a>\d+)\. given: (?<n>\d+)",
        // Anthropic.
        r"(?i)prompt is too long: (?<n>\d+) tokens > (?<a>\d+)",
        // Google.
        r"(?i)token count \((?<n>\d+)\) exceeds the maximum number of tokens allowed \((?<a>\d+)",
        // LM Studio.
        r"(?i)first (?<n>\d+) tokens when context.*?context length of only (?<a>\d+)",
        // Cerebras.
        r"(?i)current length is (?<n>\d+) while limit is (?<a>\d+)",
        // Fireworks.
        r"(?i)prompt is too long: (?<n>\d+), model maximum context length: (?<a>\d+)",
        // vLLM, of old.
        r"(?i)prompt \(length (?<n>\d+)\) is longer than the maximum model length of (?<a>\d+)",
    ];
    patterns.iter().map(|pattern| Regex::new(pattern).expect("the patterns are fixed")).collect()
});

/// What only a server says whose context is full.
static PHRASES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) maximum\scontext\slength | exceeds?\s(?:the\s|its\s)?(?:\w+\s){0,2}context\s(?:length|size|window)
        | context\s(?:length|window|size)\s(?:is\s)?(?:exceeded|too) | context_length_exceeded
        | reduce\sthe\slength\sof\sthe\smessages | prompt\sis\stoo\slong | too\smany\stokens
        | greater\sthan\sthe\scontext\slength | when\scontext\sthe\soverflows",
    )
    .expect("the pattern is fixed")
});

/// Whether the answer says that the prompt is too long. `only_certain` where the status itself says
/// that the server failed: then a figure or a code is needed.
pub(super) fn of(said: &Said, only_certain: bool) -> Option<Overflow> {
    let of = |needed: u64, available: u64| {
        Some(Overflow::Of {
            needed_tokens: u32::try_from(needed).ok()?,
            available_tokens: u32::try_from(available).ok()?,
        })
    };
    let is_code = |name: &str| said.code.split(' ').any(|code| code == name) || said.kind == name;
    let has_code = is_code("context_length_exceeded") || is_code("exceed_context_size_error");
    if let Some((needed, available)) = said.tokens
        && (has_code || needed >= available)
    {
        return of(needed, available).or(Some(Overflow::Unknown));
    }
    // Commas within figures, as some write them.
    let message = without_commas(&said.message);
    for sentence in SENTENCES.iter() {
        let Some(found) = sentence.captures(&message) else { continue };
        let figure = |name: &str| found.name(name)?.as_str().parse::<u64>().ok();
        let (Some(needed), Some(available)) = (figure("n"), figure("a")) else { continue };
        let needed = needed.saturating_add(figure("m").unwrap_or(0));
        if needed > available
            && let Some(overflow) = of(needed, available)
        {
            return Some(overflow);
        }
    }
    (has_code || (!only_certain && PHRASES.is_match(&message))).then_some(Overflow::Unknown)
}

fn without_commas(message: &str) -> String {
    let bytes = message.as_bytes();
    let is_digit =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let kept = message
        .char_indices()
        .filter(|(at, c)| *c != ',' || !(is_digit(at.checked_sub(1)) && is_digit(Some(at + 1))));
    kept.map(|(_, c)| c).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> Option<Overflow> {
        of(&Said { message: message.to_owned(), ..Said::default() }, false)
    }

    #[test]
    fn the_figures_of_every_server_are_read() {
        let cases = [
            (
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.",
                9000,
                8192,
            ),
            (
                "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (8000 in the messages, 1000 in the completion).",
                9000,
                8192,
            ),
            (
                "This endpoint's maximum context length is 131072 tokens. However, you requested about 140,001 tokens (140001 of text input).",
                140_001,
                131_072,
            ),
            (
                "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens.",
                5000,
                4096,
            ),
            (
                "'max_tokens' or 'max_completion_tokens' is too large: 1000. This model's maximum context length is 4096 tokens and your request has 4000 input tokens (1000 > 4096 - 4000).",
                5000,
                4096,
            ),
            (
                "the request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it",
                9000,
                4096,
            ),
            ("Requested tokens (600) exceed context window of 512", 600, 512),
            (
                "This model's maximum context length is 512 tokens, however you requested 600 tokens (590 in your prompt; 10 for the completion).",
                600,
                512,
            ),
            (
                "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
                40_000,
                32_768,
            ),
            (
                "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000 `inputs` tokens and 512 `max_new_tokens`",
                5512,
                4097,
            ),
            ("prompt is too long: 210000 tokens > 200000 maximum", 210_000, 200_000),
            (
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                1_200_000,
                1_048_576,
            ),
            (
                "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192",
                9000,
                8192,
            ),
            (
                "The prompt is too long: 140000, model maximum context length: 131071",
                140_000,
                131_071,
            ),
            (
                "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
                5000,
                4096,
            ),
            (
                "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
                5000,
                4096,
            ),
        ];
        for (message, needed_tokens, available_tokens) in cases {
            let overflow = Overflow::Of { needed_tokens, available_tokens };
            assert_eq!(said(message), Some(overflow), "{message}");
        }
    }

    #[test]
    fn an_overflow_without_figures_is_one_and_other_texts_are_none() {
        for message in [
            "Please reduce the length of the messages or completion.",
            "the input length exceeds the context length",
            "The number of tokens to keep from the initial prompt is greater than the context length",
            "maximum context length is 99999999999999999999 tokens. you requested 3 tokens",
        ] {
            assert_eq!(said(message), Some(Overflow::Unknown), "{message}");
        }
        for message in ["", "bad request", "the context is unclear", "model too long for shelf"] {
            assert_eq!(said(message), None, "{message}");
        }
    }
}

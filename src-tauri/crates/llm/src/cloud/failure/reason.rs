//! Reasons for people: one line, not long, and without the key.

use std::sync::LazyLock;

use regex::Regex;
use reqwest::Url;
use reqwest::header::{HeaderMap, LOCATION};

use crate::cloud::endpoint::Endpoint;
use crate::cloud::key::ApiKey;

/// The most characters of a reason.
pub(super) const MAX_CHARS: usize = 300;

/// Keys of the known providers, whole or shortened by them, and what follows `Bearer`.
static KEYS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bbearer\s+[^\s,;]+|\b(?:sk|hf|gsk)[-_][A-Za-z0-9*._-]{6,}")
        .expect("the pattern is fixed")
});

/// A name and a password in an address.
static USER_INFO: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"://[^/\s@]+@").expect("the pattern is fixed"));

/// A text as one line of at most 300 characters, with the key taken out should a server echo it.
pub(in crate::cloud) fn one_line(text: &str, key: Option<&ApiKey>) -> String {
    // Bodies of errors may be long; what is far behind is not shown in any case.
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 64 * 1024 {
            break;
        }
    }
    // The key goes before the line is cut: a half of it would not be found.
    let line = match key {
        Some(key) => line.replace(key.reveal(), "(key)"),
        None => line,
    };
    let line = KEYS.replace_all(&line, "(key)");
    let line = USER_INFO.replace_all(&line, "://");
    if line.chars().count() <= MAX_CHARS {
        return line.into_owned();
    }
    let mut cut: String = line.chars().take(MAX_CHARS - 1).collect();
    cut.push('…');
    cut
}

/// Why a redirect is not followed. Only the host is named: the rest may hold secrets of the way.
pub(super) fn of_redirect(endpoint: &Endpoint, headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let base = Url::parse(endpoint.base_url()).ok();
    let target = location.and_then(|text| match &base {
        Some(base) => base.join(text).ok(),
        None => Url::parse(text).ok(),
    });
    let (Some(base), Some(target)) = (base, target) else {
        return "it sent the request elsewhere without saying where to; the key was withheld"
            .to_owned();
    };
    let host = target.host_str().unwrap_or("nowhere");
    if base.host_str() != target.host_str() {
        return format!(
            "`{}` sent the request to another host, `{host}`; the key was withheld",
            endpoint.host()
        );
    }
    let hint = match (base.scheme(), target.scheme()) {
        ("http", "https") => "the address should begin with `https://`",
        _ => "check the path of the address",
    };
    format!(
        "`{host}` sent the request to another address on the same host, which is not followed and \
         the key was withheld: {hint}"
    )
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_reason_is_one_short_line() {
        assert_eq!(one_line(" a\r\n\tb\u{0}c\u{1b}[1m ", None), "a b c [1m");
        let long = one_line(&"wörd ".repeat(1000), None);
        assert_eq!(long.chars().count(), MAX_CHARS);
        assert!(long.ends_with('…'));
        assert!(one_line(&"x".repeat(1 << 20), None).chars().count() <= MAX_CHARS);
    }

    #[test]
    fn a_key_is_taken_out_wherever_it_stands() {
        let key = ApiKey::new("Canary.of-any-form").unwrap();
        let at_the_cut = format!("{}Canary.of-any-form", "x".repeat(MAX_CHARS - 5));
        for text in ["no Canary.of-any-form here", "\"Canary.of-any-form\"", &at_the_cut] {
            assert!(!one_line(text, Some(&key)).contains("Canary"), "{text}");
        }
        for text in [
            "Incorrect API key provided: sk-proj-********************canary.",
            "Authorization: Bearer canary",
            "the token hf_abcdcanary is invalid",
            "http://user:canary@proxy.test:3128/ said no",
        ] {
            assert!(!one_line(text, None).contains("canary"), "{}", one_line(text, None));
        }
        let plain = "the task-key of desk-lamp is invalid";
        assert_eq!(one_line(plain, None), plain);
    }

    #[test]
    fn a_redirect_names_the_host_and_nothing_else_of_it() {
        let endpoint = Endpoint::custom("mine", "http://gateway.test/v1").unwrap();
        let said = |location: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, HeaderValue::from_str(location).unwrap());
            of_redirect(&endpoint, &headers)
        };
        let other = said("https://canary:canary@evil.test/canary?canary");
        assert!(other.contains("`evil.test`") && other.contains("withheld"), "{other}");
        assert!(!other.contains("canary"), "{other}");
        assert!(said("https://gateway.test/v1/chat/completions").contains("`https://`"));
        assert!(said("/login").contains("same host"));
        assert!(said("//evil.test/x").contains("`evil.test`"));
        assert!(of_redirect(&endpoint, &HeaderMap::new()).contains("withheld"));
    }
}

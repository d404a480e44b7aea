//! How long a server asks to wait, in the many ways it can say so.

use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use regex::Regex;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::said::Said;

/// The longest that is waited in one piece; who means longer will say so again.
const MAX_WAIT: Duration = Duration::from_mins(5);

/// Figures above this are times since 1970 in milliseconds, below it in seconds.
const MILLISECONDS_BEGIN: f64 = 1e11;

static IN_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:try again|retry|wait)(?: again)?(?: after| in| for)?(?: about)? ((?:\d+(?:\.\d+)?\s?(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|h)\s?)+)\b",
    )
    .expect("the pattern is fixed")
});

static PIECE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(\d+(?:\.\d+)?)\s?(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|h)",
    )
    .expect("the pattern is fixed")
});

/// How long to wait before asking again; `None` if the server does not say. `now_ms` counts only
/// where a date is given and the server's own clock is not.
pub(super) fn of_answer(headers: &HeaderMap, said: &Said, now_ms: i64) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let now_ms = text(DATE.as_str()).and_then(date_ms).unwrap_or(now_ms as f64);
    let seconds = text("retry-after-ms")
        .and_then(number)
        .map(|milliseconds| milliseconds / 1000.0)
        .or_else(|| text(RETRY_AFTER.as_str()).and_then(|text| of_retry_after(text, now_ms)))
        .or(said.wait_s)
        .or_else(|| of_words(&said.message))
        .or_else(|| of_used_up(headers))
        .or_else(|| text("ratelimit").and_then(of_ratelimit))
        .or_else(|| {
            let reset = text("x-ratelimit-reset").or(said.reset.as_deref())?;
            of_reset(reset, now_ms)
        })?;
    bounded(seconds)
}

fn bounded(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && seconds >= 0.0)
        .then(|| Duration::from_secs_f64(seconds.min(MAX_WAIT.as_secs_f64())))
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)
}

/// Seconds, or a date.
fn of_retry_after(text: &str, now_ms: f64) -> Option<f64> {
    number(text).or_else(|| date_ms(text).map(|date| ((date - now_ms) / 1000.0).max(0.0)))
}

fn date_ms(text: &str) -> Option<f64> {
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs_f64() * 1000.0)
}

/// "Please try again in 1m2.5s."
fn of_words(message: &str) -> Option<f64> {
    duration(IN_WORDS.captures(message)?.get(1)?.as_str())
}

/// `6m0s`, `20ms`, `1 minute 30 seconds`.
fn duration(text: &str) -> Option<f64> {
    let mut seconds = None;
    for piece in PIECE.captures_iter(text) {
        let figure = number(&piece[1])?;
        let unit = match piece[2].to_ascii_lowercase().as_str() {
            unit if unit.starts_with("ms") || unit.starts_with("milli") => 0.001,
            unit if unit.starts_with('s') => 1.0,
            unit if unit.starts_with('m') => 60.0,
            _ => 3600.0,
        };
        *seconds.get_or_insert(0.0) += figure * unit;
    }
    seconds
}

/// `x-ratelimit-remaining-requests: 0` with `x-ratelimit-reset-requests: 1s`: such a reset counts
/// only where nothing remains, for both are sent with every answer.
fn of_used_up(headers: &HeaderMap) -> Option<f64> {
    let text = |name: String| headers.get(name).and_then(|value| value.to_str().ok());
    let resets = ["requests", "tokens"].into_iter().filter_map(|of| {
        let remaining = text(format!("x-ratelimit-remaining-{of}")).and_then(number);
        let reset = text(format!("x-ratelimit-reset-{of}"))?;
        let seconds = duration(reset).or_else(|| number(reset))?;
        (remaining.unwrap_or(0.0) < 1.0).then_some(seconds)
    });
    resets.reduce(f64::max)
}

/// `"api";r=0;t=55`
fn of_ratelimit(text: &str) -> Option<f64> {
    let values =
        |name: &str| text.split(';').find_map(|part| number(part.trim().strip_prefix(name)?));
    (values("r=")? < 1.0).then(|| values("t="))?
}

/// A time since 1970, or seconds from now where the figure is too small for that.
fn of_reset(text: &str, now_ms: f64) -> Option<f64> {
    let figure = number(text.trim())?;
    let at_ms = match figure {
        figure if figure >= MILLISECONDS_BEGIN => figure,
        figure if figure >= 1e9 => figure * 1000.0,
        figure => return Some(figure),
    };
    Some(((at_ms - now_ms) / 1000.0).max(0.0))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    /// 6 November 1994, 08:49:37.
    const NOW_MS: i64 = 784_111_777_000;

    fn of_headers(pairs: &[(&'static str, &'static str)]) -> Option<u128> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        of_answer(&pairs.collect(), &Said::default(), NOW_MS).map(|wait| wait.as_millis())
    }

    #[test]
    fn a_wait_is_read_from_headers_of_every_kind() {
        type Headers = &'static [(&'static str, &'static str)];
        let cases: [(Headers, Option<u128>); 19] = [
            (&[], None),
            (&[("retry-after", "7")], Some(7000)),
            (&[("retry-after", " 0.5 ")], Some(500)),
            (&[("retry-after", "0")], Some(0)),
            (&[("retry-after", "86400")], Some(300_000)),
            (&[("retry-after", "1e300")], Some(300_000)),
            (&[("retry-after", "-3")], None),
            (&[("retry-after", "nan")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")], Some(10_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], Some(0)),
            (
                &[
                    ("retry-after", "Wed, 21 Oct 2015 07:28:05 GMT"),
                    ("date", "Wed, 21 Oct 2015 07:28:00 GMT"),
                ],
                Some(5000),
            ),
            (&[("retry-after-ms", "250"), ("retry-after", "1")], Some(250)),
            (
                &[
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-requests", "1m2s"),
                    ("x-ratelimit-remaining-tokens", "100"),
                    ("x-ratelimit-reset-tokens", "4m0s"),
                ],
                Some(62_000),
            ),
            (&[("x-ratelimit-reset-requests", "20ms")], Some(20)),
            (&[("ratelimit", "\"api\";r=0;t=55")], Some(55_000)),
            (&[("ratelimit", "\"api\";r=3;t=55")], None),
            (&[("x-ratelimit-reset", "784111787000")], Some(10_000)),
            (&[("x-ratelimit-reset", "12")], Some(12_000)),
        ];
        for (headers, wait) in cases {
            assert_eq!(of_headers(headers), wait, "{headers:?}");
        }
    }

    #[test]
    fn a_wait_is_read_from_words() {
        let cases = [
            ("Rate limit reached. Please try again in 20s. Visit the page.", Some(20.0)),
            ("Please try again in 1m2.5s.", Some(62.5)),
            ("Please try again in 6ms.", Some(0.006)),
            ("Please retry after 30 seconds", Some(30.0)),
            ("Please wait 2 minutes", Some(120.0)),
            ("please retry in 56.4 s", Some(56.4)),
            ("Please try again later", None),
            ("try again in 3 models", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(of_words(text), seconds, "{text}");
        }
    }
}

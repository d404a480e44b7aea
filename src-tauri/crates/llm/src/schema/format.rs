//! `format`: those that are enforced, each by one regular expression for grammar and check alike.

use std::sync::LazyLock;

use regex::Regex;

/// A format.
#[derive(Debug)]
pub struct Format {
    /// Its word in a schema.
    pub name: &'static str,
    /// A regular expression for the whole of a text, without anchors.
    pub body: String,
    /// The longest text that the grammar writes.
    pub most_characters: usize,
    regex: Regex,
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Format {
    fn new(name: &'static str, body: String, most_characters: usize) -> Self {
        let regex = Regex::new(&format!("^(?:{body})$")).expect("a table of valid expressions");
        Self { name, body, most_characters, regex }
    }

    /// Whether a text is of the format.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text) || (self.name.ends_with("time") && is_leap_second(text))
    }
}

static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let time = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?\
                (?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
    let label = "[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?";
    let byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    let atom = "[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+";
    vec![
        Format::new("date", date().to_owned(), 10),
        Format::new("time", time.to_owned(), 24),
        Format::new("date-time", format!("(?:{})[Tt]{time}", date()), 35),
        Format::new("uuid", "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}".to_owned(), 36),
        Format::new("email", format!("{atom}(?:\\.{atom})*@{label}(?:\\.{label})*"), 64),
        Format::new("ipv4", format!("{byte}(?:\\.{byte}){{3}}"), 15),
    ]
});

/// The format with a name.
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// All names, for a message.
pub fn names() -> String {
    FORMATS.iter().map(|format| format!("`{}`", format.name)).collect::<Vec<_>>().join(", ")
}

/// A calendar day that exists, from the year 1 to 9999, as a regular expression.
pub(crate) fn date() -> &'static str {
    "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-\
     (?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])\
     |(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)\
     |02-(?:0[1-9]|1[0-9]|2[0-8]))\
     |(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29"
}

/// The second 60, which there is only as the last one of a day in UTC. Never written, but read.
fn is_leap_second(text: &str) -> bool {
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
        let shape = format!(
            "^(?:(?:{})[Tt])?([0-9]{{2}}):([0-9]{{2}}):60(?:\\.[0-9]+)?(?:[Zz]|([+-])([0-9]{{2}}):([0-9]{{2}}))$",
            date()
        );
        Regex::new(&shape).expect("a constant that is a regular expression")
    });
    let Some(parts) = SHAPE.captures(text) else { return false };
    let number = |at: usize| parts.get(at).map_or(Ok(0), |part| part.as_str().parse::<i32>());
    let (Ok(hour), Ok(minute), Ok(hours), Ok(minutes)) =
        (number(1), number(2), number(4), number(5))
    else {
        return false;
    };
    let ahead = match parts.get(3).map(|sign| sign.as_str()) {
        Some("-") => -(60 * hours + minutes),
        _ => 60 * hours + minutes,
    };
    hour < 24
        && minute < 60
        && hours < 24
        && minutes < 60
        && (60 * hour + minute - ahead).rem_euclid(24 * 60) == 24 * 60 - 1
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn the_days_are_those_of_the_calendar() {
        let format = named("date").unwrap();
        for year in [1, 4, 100, 400, 1000, 1900, 1999, 2000, 2023, 2024, 2100, 9999] {
            for month in 0..=13 {
                for day in 0..=32 {
                    let text = format!("{year:04}-{month:02}-{day:02}");
                    let is_day = NaiveDate::from_ymd_opt(year, month, day).is_some();
                    assert_eq!(format.is_match(&text), is_day, "{text}");
                }
            }
        }
        assert!(!format.is_match("0000-01-01"));
    }
}

//! Decimal numbers within limits as a regular expression.
//!
//! The form is `-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?`: at most 15 digits before the point, so
//! that a double holds every integer exactly, and six after it, so that a number ends. Limits are
//! counted in millionths.

use std::fmt::Write as _;

use braincells_core::NumberLimits;

/// Digits after the point.
const DECIMALS: usize = 6;
const UNIT: i128 = 10_i128.pow(DECIMALS as u32);
/// The largest number that is written, in millionths.
const LARGEST: i128 = 10_i128.pow(15) * UNIT - 1;

/// Limits in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    least: i128,
    greatest: i128,
    integer: bool,
}

impl Range {
    /// All numbers that are written, or all whole ones.
    pub fn all(integer: bool) -> Self {
        Self { least: -LARGEST, greatest: LARGEST, integer }
    }

    /// The numbers of a column with these limits.
    pub fn within(limits: NumberLimits) -> Self {
        let NumberLimits { integer, min, max } = limits;
        let mut range = Self::all(integer);
        if let Some(min) = min {
            range = range.from(min, false);
        }
        if let Some(max) = max {
            range = range.to(max, false);
        }
        range
    }

    /// Not below `limit`, or above it.
    pub fn from(mut self, limit: f64, exclusive: bool) -> Self {
        let (floor, is_exact) = millionths(limit);
        self.least = self.least.max(floor + i128::from(exclusive || !is_exact));
        self
    }

    /// Not above `limit`, or below it.
    pub fn to(mut self, limit: f64, exclusive: bool) -> Self {
        let (floor, is_exact) = millionths(limit);
        self.greatest = self.greatest.min(floor - i128::from(exclusive && is_exact));
        self
    }

    /// The least and the greatest whole number that it has.
    pub fn whole(self) -> (i128, i128) {
        (-(-self.least).div_euclid(UNIT), self.greatest.div_euclid(UNIT))
    }

    /// The length of the longest number: sign, digits, point, decimals.
    pub fn most_characters(self) -> usize {
        let length = |limit: i128| (limit.abs() / UNIT).to_string().len() + usize::from(limit < 0);
        let whole = length(self.least).max(length(self.greatest));
        whole + if self.integer { 0 } else { 1 + DECIMALS }
    }

    /// The limits as numbers.
    pub fn limits(self) -> (f64, f64) {
        (self.least as f64 / UNIT as f64, self.greatest as f64 / UNIT as f64)
    }

    /// The regular expression, without anchors; `None` if no number is left. With
    /// `point_may_end` a point may stand at the end, as in the `1.` of a list.
    pub fn regex(self, point_may_end: bool) -> Option<String> {
        let mut parts = Vec::new();
        let mut side = |sign: &str, least: i128, greatest: i128| {
            if least <= greatest {
                let side = Side { integer: self.integer, point_may_end };
                parts.extend(
                    side.parts(least, greatest).into_iter().map(|part| sign.to_owned() + &part),
                );
            }
        };
        side("", self.least.max(0), self.greatest);
        // A zero has no sign.
        side("-", (-self.greatest).max(1), -self.least);
        (!parts.is_empty()).then(|| format!("(?:{})", parts.join("|")))
    }
}

/// The next millionth at or below a number, and whether it is the number.
fn millionths(number: f64) -> (i128, bool) {
    // Display writes every digit and no exponent.
    let text = format!("{}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (kept, cut) = fraction.split_at(fraction.len().min(DECIMALS));
    let digits = format!("{whole}{kept:0<DECIMALS$}");
    let size = digits.parse::<i128>().unwrap_or(i128::MAX).min(LARGEST + 1);
    let is_exact = cut.is_empty();
    match (number < 0.0, is_exact) {
        (false, _) => (size, is_exact),
        (true, true) => (-size, true),
        (true, false) => (-size - 1, false),
    }
}

struct Side {
    integer: bool,
    point_may_end: bool,
}

impl Side {
    /// Alternatives for the numbers from `least` to `greatest`, none below 0.
    fn parts(&self, least: i128, greatest: i128) -> Vec<String> {
        if self.integer {
            let (from, to) = (-(-least).div_euclid(UNIT), greatest.div_euclid(UNIT));
            return if from <= to { vec![whole(from, to)] } else { Vec::new() };
        }
        let (mut from, mut to) = (least / UNIT, greatest / UNIT);
        let (low, high) = (least % UNIT, greatest % UNIT);
        let nines = UNIT - 1;
        let side = |from, to, low, high| self.with_decimals(&whole(from, to), low, high);
        if from == to {
            return vec![side(from, to, low, high)];
        }
        let mut alternatives = Vec::new();
        if low > 0 {
            alternatives.push(side(from, from, low, nines));
            from += 1;
        }
        if high < nines {
            alternatives.push(side(to, to, 0, high));
            to -= 1;
        }
        if from <= to {
            alternatives.push(side(from, to, 0, nines));
        }
        alternatives
    }

    fn with_decimals(&self, whole: &str, first: i128, last: i128) -> String {
        let digits = |number: i128| format!("{number:0DECIMALS$}").into_bytes();
        let decimals = decimals(&digits(first), &digits(last));
        match (first == 0, self.point_may_end) {
            (false, _) => format!("{whole}\\.(?:{decimals})"),
            (true, false) => format!("{whole}(?:\\.(?:{decimals}))?"),
            (true, true) => format!("{whole}(?:\\.(?:{decimals})?)?"),
        }
    }
}

/// Digits after the point, at least one, that mean something from `first` to `last` when zeros
/// follow.
fn decimals(first: &[u8], last: &[u8]) -> String {
    let (&[low, ref first_rest @ ..], &[high, ref last_rest @ ..]) = (first, last) else {
        return String::new();
    };
    let is = |digits: &[u8], all: u8| digits.iter().all(|digit| *digit == all);
    if is(first, b'0') && is(last, b'9') {
        return format!("[0-9]{{1,{}}}", first.len());
    }
    // What follows a first digit; nothing is as good as zeros.
    let rest = |first: &[u8], last: &[u8]| match decimals(first, last) {
        empty if empty.is_empty() => empty,
        more if is(first, b'0') => format!("(?:{more})?"),
        more => format!("(?:{more})"),
    };
    let (zeros, nines) = (vec![b'0'; first_rest.len()], vec![b'9'; first_rest.len()]);
    let digit = |digit: u8, rest: String| format!("{}{rest}", char::from(digit));
    if low == high {
        return digit(low, rest(first_rest, last_rest));
    }
    let mut parts =
        vec![digit(low, rest(first_rest, &nines)), digit(high, rest(&zeros, last_rest))];
    if low + 1 < high {
        let (from, to) = (char::from(low + 1), char::from(high - 1));
        parts.push(format!("[{from}-{to}][0-9]{{0,{}}}", first_rest.len()));
    }
    parts.join("|")
}

/// Whole numbers from `from` to `to`, none below 0, without zeros in front.
fn whole(from: i128, to: i128) -> String {
    let (from_text, to_text) = (from.to_string(), to.to_string());
    let mut parts = Vec::new();
    for length in from_text.len()..=to_text.len() {
        let least = if length == 1 { 0 } else { 10_i128.pow(length as u32 - 1) };
        let greatest = 10_i128.pow(length as u32) - 1;
        let (least, greatest) = (from.max(least).to_string(), to.min(greatest).to_string());
        parts.push(digits(least.as_bytes(), greatest.as_bytes()));
    }
    format!("(?:{})", parts.join("|"))
}

/// Texts of digits of one length from `from` to `to`.
fn digits(from: &[u8], to: &[u8]) -> String {
    let (&[low, ref from_rest @ ..], &[high, ref to_rest @ ..]) = (from, to) else {
        return String::new();
    };
    let is = |digits: &[u8], all: u8| digits.iter().all(|digit| *digit == all);
    let (zeros, nines) = (vec![b'0'; from_rest.len()], vec![b'9'; from_rest.len()]);
    let class = |from: u8, to: u8| {
        let mut text = format!("[{}-{}]", char::from(from), char::from(to));
        if !from_rest.is_empty() {
            write!(text, "[0-9]{{{}}}", from_rest.len()).expect("writing to a text cannot fail");
        }
        text
    };
    if is(from_rest, b'0') && is(to_rest, b'9') {
        return class(low, high);
    }
    if low == high {
        return format!("{}(?:{})", char::from(low), digits(from_rest, to_rest));
    }
    let mut parts = vec![
        format!("{}(?:{})", char::from(low), digits(from_rest, &nines)),
        format!("{}(?:{})", char::from(high), digits(&zeros, to_rest)),
    ];
    if low + 1 < high {
        parts.push(class(low + 1, high - 1));
    }
    format!("(?:{})", parts.join("|"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn matches(range: Range, text: &str) -> bool {
        range
            .regex(false)
            .is_some_and(|regex| Regex::new(&format!("^{regex}$")).unwrap().is_match(text))
    }

    #[test]
    fn without_limits_it_is_a_plain_decimal_number() {
        let all = Range::all(false);
        for text in ["0", "-1", "12.5", "0.000001", "999999999999999.999999", "-0.5", "10.0"] {
            assert!(matches(all, text), "{text}");
        }
        for text in ["", "-", "-0", "01", "1.", ".5", "1.1234567", "1000000000000000", "1e5", "+1"]
        {
            assert!(!matches(all, text), "{text}");
        }
        let point = Regex::new(&format!("^{}$", all.regex(true).unwrap())).unwrap();
        assert!(point.is_match("1.") && point.is_match("1.5") && !point.is_match("."));
        assert!(matches(Range::all(true), "-12") && !matches(Range::all(true), "1.0"));
    }

    #[test]
    fn no_number_is_longer_than_the_longest() {
        for (range, longest) in [
            (Range::all(false), "-999999999999999.999999"),
            (Range::all(true), "-999999999999999"),
            (Range::all(true).from(1.0, false).to(5.0, false), "5"),
            (Range::all(false).from(-0.5, false).to(0.5, false), "-0.499999"),
            (Range::all(false).from(9.5, false).to(120.0, false), "119.999999"),
        ] {
            assert!(matches(range, longest));
            assert_eq!(range.most_characters(), longest.len(), "{longest}");
        }
    }

    #[test]
    fn no_number_is_no_expression() {
        assert_eq!(Range::all(true).from(0.2, false).to(0.8, false).regex(false), None);
        assert_eq!(Range::all(false).from(1.0, true).to(1.0, false).regex(false), None);
        assert_eq!(Range::all(false).from(1e300, false).regex(false), None);
        assert!(Range::all(false).from(-1e300, false).to(1e300, false).regex(false).is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn a_number_matches_exactly_when_it_is_within_the_limits(
            a in -1_000_000_i64..1_000_000,
            b in -1_000_000_i64..1_000_000,
            of in -1_200_000_i64..1_200_000,
            places in 0_usize..5,
            integer in any::<bool>(),
            exclusive in any::<(bool, bool)>(),
        ) {
            let scale = 10_f64.powi(places as i32);
            let (least, greatest) = (a.min(b), a.max(b));
            let range = Range::all(integer)
                .from(least as f64 / scale, exclusive.0)
                .to(greatest as f64 / scale, exclusive.1);
            // `of`, and each limit and its neighbours.
            for of in [of, least - 1, least, least + 1, greatest - 1, greatest, greatest + 1] {
                let is_whole = of % 10_i64.pow(places as u32) == 0;
                let within = (of > least || (of == least && !exclusive.0))
                    && (of < greatest || (of == greatest && !exclusive.1));
                let text = if integer {
                    (of / 10_i64.pow(places as u32)).to_string()
                } else {
                    format!("{:.places$}", of as f64 / scale)
                };
                if (integer && !is_whole) || text.starts_with("-0") && !text.contains(|c| matches!(c, '1'..='9')) {
                    continue;
                }
                prop_assert_eq!(matches(range, &text), within, "{} in {}..{}", text, least, greatest);
            }
        }
    }
}

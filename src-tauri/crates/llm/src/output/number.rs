//! Numbers: what is read as one, and whether it keeps the recipe's limits.

use braincells_core::{NumberLimits, Value};
use serde_json::Number;

use super::{is_full_stop, is_wrapping, quoted};

pub(super) fn limited(value: Value, limits: NumberLimits) -> Result<Value, String> {
    let Value::Number(number) = value else { return Ok(value) };
    check_limits(&number, limits)?;
    let whole = number.as_f64().filter(|_| limits.integer && !number.is_i64() && !number.is_u64());
    Ok(Value::Number(whole.map_or(number, |whole| Number::from(whole as i64))))
}

pub(super) fn check_limits(number: &Number, limits: NumberLimits) -> Result<(), String> {
    let NumberLimits { integer, min, max } = limits;
    // Beyond 2^53 neighbouring whole numbers are the same to a float.
    let is_whole = number
        .as_f64()
        .is_some_and(|float| float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0);
    if integer && !number.is_i64() && !number.is_u64() && !is_whole {
        return Err(format!("{number} is not a whole number"));
    }
    let Some(float) = number.as_f64() else { return Ok(()) };
    match (min, max) {
        (Some(min), _) if float < min => Err(format!("{number} is less than {min}")),
        (_, Some(max)) if float > max => Err(format!("{number} is more than {max}")),
        _ => Ok(()),
    }
}

pub(super) fn read_number(answer: &str) -> Result<Value, String> {
    let text = bare_number(answer);
    let refuse = |what: &str| Err(format!("{} {what}", quoted(answer)));
    let Some(plain) = without_groups(&text) else {
        return refuse(
            "can be read in two ways; a number is written like `1234.5`, without a thousands mark",
        );
    };
    if !is_decimal(&plain) {
        return refuse("is not a number in plain decimal notation");
    }
    if plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        let integer = plain.parse::<i64>().map(Number::from);
        return match integer.or_else(|_| plain.parse::<u64>().map(Number::from)) {
            Ok(integer) => Ok(Value::Number(integer)),
            Err(_) => refuse("is too large for an integer"),
        };
    }
    let mantissa = plain.split(['e', 'E']).next().unwrap_or_default();
    let vanishes = |number: f64| number == 0.0 && mantissa.contains(|c| matches!(c, '1'..='9'));
    match plain.parse::<f64>().ok().filter(|number| !vanishes(*number)).and_then(finite) {
        Some(number) => Ok(Value::Number(number)),
        None => refuse("is too large or too small for a number"),
    }
}

/// `None` for what JSON has no number for; a negative zero becomes zero.
fn finite(number: f64) -> Option<Number> {
    Number::from_f64(number + 0.0)
}

/// The number without what may stand around it, a sign written as `+` or as the minus of
/// typography included.
fn bare_number(answer: &str) -> String {
    let text = answer.trim_matches(is_wrapping).trim_end_matches(is_full_stop);
    let text = text.trim_matches(is_wrapping);
    match text.strip_prefix('+') {
        Some(unsigned) if !unsigned.starts_with('-') => unsigned.to_owned(),
        _ => match text.strip_prefix('\u{2212}') {
            Some(unsigned) => format!("-{unsigned}"),
            None => text.to_owned(),
        },
    }
}

/// Takes out commas that can only be thousands marks: groups of three digits, and either a
/// decimal point or a second comma that rules out a decimal comma. `None` when a comma is
/// anything else.
fn without_groups(text: &str) -> Option<String> {
    if !text.contains(',') {
        return Some(text.to_owned());
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = (1..=3).contains(&first.len())
        && digits(first)
        && !first.starts_with('0')
        && groups.all(|group| group.len() == 3 && digits(group));
    let certain = whole.matches(',').count() >= 2
        || (whole.contains(',') && fraction.is_some_and(|fraction| !fraction.contains(',')));
    (well_formed && certain).then(|| text.replace(',', ""))
}

/// `-?digits[.digits][e[+-]digits]`, where one side of the point may be missing. Rust's own
/// parser also takes `inf` and `nan`.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_whole = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    whole.len() + fraction.len() > 0 && digits(whole) && digits(fraction) && exponent_is_whole
}

//! Decimal numbers as they are written, so that `0.3` is a multiple of `0.1`.

use std::cmp::Ordering;

use serde_json::Number;

/// `digits * 10^-places`, where that is exact in 128 bits.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    digits: i128,
    places: u32,
}

impl Decimal {
    fn of(number: &Number) -> Option<Self> {
        let text = match number.as_f64() {
            // Never an exponent, unlike JSON's own form.
            Some(float) if number.is_f64() => format!("{float}"),
            _ => number.to_string(),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits, places: fraction.len() as u32 })
    }

    /// The digits of two numbers at one number of places.
    fn aligned(self, other: Self) -> Option<(i128, i128)> {
        let places = self.places.max(other.places);
        let at = |decimal: Self| {
            10_i128.checked_pow(places - decimal.places)?.checked_mul(decimal.digits)
        };
        Some((at(self)?, at(other)?))
    }
}

/// Compares two numbers, exactly where that is possible.
pub fn compare(a: &Number, b: &Number) -> Ordering {
    let exact = Decimal::of(a).zip(Decimal::of(b)).and_then(|(a, b)| a.aligned(b));
    match exact {
        Some((a, b)) => a.cmp(&b),
        None => a.as_f64().and_then(|a| a.partial_cmp(&b.as_f64()?)).unwrap_or(Ordering::Equal),
    }
}

/// Whether a step is short enough for grammars: at most nine digits, at most six after the point.
pub fn is_short(step: &Number) -> bool {
    Decimal::of(step).is_some_and(|step| step.digits < 1_000_000_000 && step.places <= 6)
}

/// Whether `number` is a whole multiple of `step`, which must be above 0.
pub fn is_multiple(number: &Number, step: &Number) -> bool {
    match Decimal::of(number).zip(Decimal::of(step)).and_then(|(a, b)| a.aligned(b)) {
        Some((_, 0)) => false,
        Some((number, step)) => number % step == 0,
        None => match (number.as_f64(), step.as_f64()) {
            (Some(number), Some(step)) => (number / step).fract() == 0.0,
            _ => false,
        },
    }
}

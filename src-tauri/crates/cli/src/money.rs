//! Money as it reads best.

/// An amount of US dollars: cents where it is a dollar or more, and as many digits as say something
/// where it is less.
pub fn dollars(usd: f64) -> String {
    // Rounded as it will be written: a hair below a dollar is a dollar, and written like one.
    let rounded = format!("{usd:.*}", decimals(usd)).parse().unwrap_or(usd);
    let text = format!("{usd:.*}", decimals(rounded));
    if text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return "$0".to_owned();
    }
    format!("${}", as_money(&text))
}

/// How many decimals of an amount say something.
fn decimals(usd: f64) -> usize {
    if usd >= 1.0 {
        2
    } else if usd >= 0.01 {
        3
    } else if usd >= 0.000_1 {
        5
    } else {
        6
    }
}

/// Without zeros at its end, but with two decimals at least, as money is written.
fn as_money(text: &str) -> String {
    let text = text.trim_end_matches('0');
    let decimals = text.len() - text.find('.').map_or(text.len(), |point| point + 1);
    format!("{text}{}", "0".repeat(2_usize.saturating_sub(decimals)))
}

/// A price of a million tokens.
pub fn per_million(usd: f64) -> String {
    format!("${}", as_money(&format!("{usd:.4}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_that_matter() {
        for (usd, expected) in [
            (0.0, "$0"),
            (0.000_002, "$0.000002"),
            (0.000_123_4, "$0.00012"),
            (0.012_345, "$0.012"),
            (0.000_000_4, "$0"),
            (0.000_02, "$0.00002"),
            (0.000_099_999_9, "$0.0001"),
            (0.009_999_9, "$0.01"),
            (0.01, "$0.01"),
            (0.996, "$0.996"),
            (0.999_6, "$1.00"),
            (0.999_999_99, "$1.00"),
            (12.345, "$12.35"),
        ] {
            assert_eq!(dollars(usd), expected);
        }
        for (usd, expected) in
            [(0.15, "$0.15"), (0.6, "$0.60"), (15.0, "$15.00"), (0.0375, "$0.0375")]
        {
            assert_eq!(per_million(usd), expected);
        }
    }
}

//! Money as it reads best.

/// An amount of US dollars: cents where it is a dollar or more, and as many digits as say something
/// where it is less.
pub fn dollars(usd: f64) -> String {
    // Rounded to the millionth first: a sum of floats that is a hair below a dollar is a dollar.
    let usd = (usd * 1e6).round() / 1e6;
    if usd >= 1.0 {
        format!("${usd:.2}")
    } else if usd >= 0.01 {
        format!("${usd:.3}")
    } else if usd >= 0.000_1 {
        format!("${usd:.5}")
    } else if usd > 0.0 {
        format!("${usd:.6}")
    } else {
        "$0".to_owned()
    }
}

/// A price of a million tokens.
pub fn per_million(usd: f64) -> String {
    let text = format!("{usd:.4}");
    let text = text.trim_end_matches('0');
    // Two decimals at least, as money is written.
    let decimals = text.len() - text.find('.').map_or(text.len(), |point| point + 1);
    format!("${text}{}", "0".repeat(2_usize.saturating_sub(decimals)))
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

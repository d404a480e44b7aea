//! A number of bytes as people read it.

/// `4.1 GB`, `87 MB`, `3 KB`: never less than it is.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        1_000_000_000.. => format!("{:.1} GB", (bytes.div_ceil(100_000_000)) as f64 / 10.0),
        100_000.. => format!("{} MB", bytes.div_ceil(1_000_000)),
        _ => format!("{} KB", bytes.div_ceil(1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up() {
        for (bytes, expected) in [
            (0, "0 KB"),
            (1, "1 KB"),
            (99_999, "100 KB"),
            (100_000, "1 MB"),
            (98_362_432, "99 MB"),
            (1_000_000_000, "1.0 GB"),
            (4_660_123_456, "4.7 GB"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
    }
}

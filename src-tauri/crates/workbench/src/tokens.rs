//! Tokens without a tokenizer.

/// Tokens of a text, guessed on the high side: examples are chosen and plans are made before a
/// model is loaded.
pub(crate) fn estimated_tokens(text: &str) -> u32 {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let other = text.chars().count() - ascii;
    u32::try_from(ascii.div_ceil(3) + other).unwrap_or(u32::MAX)
}

//! Tokens without a tokenizer: for what is planned, limited or counted before a model is loaded, or
//! where a server does not count.

use crate::LLMRequest;

/// Tokens that a chat puts around each message.
const TOKENS_PER_MESSAGE: u32 = 4;

/// Tokens of a text, guessed on the high side: three ASCII characters or one other are a token.
/// Nothing that is limited by it may turn out to be more.
pub fn estimated_tokens(text: &str) -> u32 {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let other = text.chars().count() - ascii;
    u32::try_from(ascii.div_ceil(3) + other).unwrap_or(u32::MAX)
}

/// Tokens of a request's messages with what a chat puts around them, guessed on the high side.
pub fn estimated_prompt_tokens(request: &LLMRequest) -> u32 {
    let tokens = |text: &str| estimated_tokens(text).saturating_add(TOKENS_PER_MESSAGE);
    let each = request.messages.iter().map(|message| tokens(&message.content));
    each.fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Role};

    #[test]
    fn a_guess_is_on_the_high_side_of_every_script() {
        let cases = [("", 0), ("a", 1), ("abc", 1), ("abcd", 2), ("日本", 2), ("a日b", 2)];
        for (text, tokens) in cases {
            assert_eq!(estimated_tokens(text), tokens, "{text}");
        }
        let messages = [Message::new(Role::System, "abcd"), Message::new(Role::User, "日本")];
        assert_eq!(estimated_prompt_tokens(&LLMRequest::new("m", messages.to_vec())), 4 + 8);
    }
}

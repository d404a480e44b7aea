//! The vocabulary inside a GGUF file, as what surrounds a model asks for it.

use super::ffi::{Model, Token};
use crate::LLMError;
use crate::decoding::Tokenizer;

impl Tokenizer for Model {
    fn vocabulary_size(&self) -> usize {
        self.vocabulary_size()
    }

    fn tokenise(
        &self,
        text: &str,
        add_special: bool,
        parse_special: bool,
    ) -> Result<Vec<Token>, LLMError> {
        self.tokenise(text, add_special, parse_special)
    }

    fn tokenise_bytes(&self, bytes: &[u8]) -> Option<Vec<Token>> {
        self.tokenise_bytes(bytes, false, false).ok()
    }

    fn token_bytes(&self, token: Token) -> Vec<u8> {
        self.token_bytes(token)
    }

    fn token_name(&self, token: Token) -> Option<String> {
        self.token_name(token)
    }

    fn is_control(&self, token: Token) -> bool {
        self.is_control(token)
    }

    fn ends_generation(&self, token: Token) -> bool {
        self.ends_generation(token)
    }

    fn joins_pieces(&self) -> bool {
        self.joins_pieces()
    }

    fn wants_bos(&self) -> bool {
        self.wants_bos()
    }

    fn bos(&self) -> Option<Token> {
        self.bos()
    }

    fn eos(&self) -> Option<Token> {
        self.eos()
    }

    fn end_of_turn(&self) -> Option<Token> {
        self.end_of_turn()
    }

    fn chat_template(&self) -> Option<String> {
        self.chat_template()
    }
}

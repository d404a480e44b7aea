//! What answering needs to know of a model's vocabulary, whoever reads it.

use crate::LLMError;

/// A token, as its number in the vocabulary.
pub type Token = i32;

/// Names where an engine keeps what it has computed of one row.
pub type Sequence = i32;

/// The vocabulary of one model and its way to cut text.
pub trait Tokenizer: Send + Sync {
    /// How many tokens there are: all are below it.
    fn vocabulary_size(&self) -> usize;

    /// Cuts a text into tokens. With `add_special` the tokens that open every prompt come first;
    /// with `parse_special` the names of control tokens become those tokens: only for text that
    /// we wrote or that the model's own template wrote.
    fn tokenise(
        &self,
        text: &str,
        add_special: bool,
        parse_special: bool,
    ) -> Result<Vec<Token>, LLMError>;

    /// The tokens of bytes that may begin or end within a character, none of them a control token;
    /// `None` where the tokenizer takes whole characters only.
    fn tokenise_bytes(&self, bytes: &[u8]) -> Option<Vec<Token>>;

    /// The bytes that a token adds to a text. Control tokens add nothing.
    fn token_bytes(&self, token: Token) -> Vec<u8>;

    /// The token as it stands in the vocabulary, not as it reads in text.
    fn token_name(&self, token: Token) -> Option<String>;

    /// Whether the token is a control token such as `<|im_end|>`.
    fn is_control(&self, token: Token) -> bool;

    /// Whether generating this token ends the answer.
    fn ends_generation(&self, token: Token) -> bool;

    /// Whether the tokenizer joins pieces until nothing can be joined, so that a text has one
    /// way to be cut that the model was trained on: byte pairs, and SentencePiece.
    fn joins_pieces(&self) -> bool;

    /// Whether a prompt begins with [`Tokenizer::bos`].
    fn wants_bos(&self) -> bool;

    /// The token that opens a text, if there is one.
    fn bos(&self) -> Option<Token>;

    /// The token that ends a text, if there is one.
    fn eos(&self) -> Option<Token>;

    /// The token that ends a turn of a chat: what a complete answer is followed by.
    fn end_of_turn(&self) -> Option<Token>;

    /// The source of the model's chat template, if it has one.
    fn chat_template(&self) -> Option<String>;
}

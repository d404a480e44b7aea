//! The model's vocabulary as grammars need it: a trie of the bytes of all tokens, and the way the
//! model itself cuts text.
//!
//! Built once per model, when the first typed answer is prepared. Control tokens are not in the
//! trie, so that no grammar can write one. What a grammar forces is cut as the model would cut
//! it, because the model was trained on nothing else; where that way is not known to be the only
//! one, nothing is forced in whole tokens and the grammar goes on token by token.

use std::sync::Arc;

use toktrie::{TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use super::{Token, Tokenizer};

/// Texts whose tokens must spell them exactly for the tokenizer to be trusted: JSON, white space
/// within and around, several scripts.
const PROBES: [&str; 7] = [
    r#"{"name":""#,
    r#"","a list":[1,2.5,"x"],"o":{"#,
    " Leading and trailing ",
    "\n  indented\n\n",
    "2024-02-29",
    "né€😀日本語",
    "true",
];

/// The longest token that grammars know: the trie takes no more than 1,024 bytes.
const MOST_TOKEN_BYTES: usize = 1000;

/// A character that no tokenizer joins with what follows.
const LEAD: &[u8] = b"\x01";

/// Cuts bytes into the tokens that the model would.
type Cut = Box<dyn Fn(&[u8]) -> Option<Vec<Token>> + Send + Sync>;

/// The vocabulary of one model.
pub struct Vocabulary {
    trie: TokTrie,
    single_bytes: Vec<Option<Token>>,
    tokenise: Cut,
    /// Tokens of [`LEAD`], for tokenizers that put a space before a text.
    lead: Option<Vec<Token>>,
    is_canonical: bool,
}

impl Vocabulary {
    /// Reads all tokens of a model.
    pub fn new(model: &Arc<dyn Tokenizer>) -> Self {
        let words: Vec<Vec<u8>> = (0..model.vocabulary_size() as Token)
            .map(|token| {
                if model.is_control(token) || model.ends_generation(token) {
                    return Vec::new();
                }
                let bytes = model.token_bytes(token);
                if bytes.len() > MOST_TOKEN_BYTES { Vec::new() } else { bytes }
            })
            .collect();
        let end = model.end_of_turn().unwrap_or(0) as TokenId;
        let joins_pieces = model.joins_pieces();
        let model = Arc::clone(model);
        let tokenise: Cut = Box::new(move |bytes| model.tokenise_bytes(bytes));
        Self::of(&words, end, tokenise, joins_pieces)
    }

    /// The vocabulary of some tokens, by their bytes. `end` is shown to grammars as the token
    /// that ends an answer; `joins_pieces` says that a text has one way to be cut.
    pub fn of(words: &[Vec<u8>], end: TokenId, tokenise: Cut, joins_pieces: bool) -> Self {
        let mut vocabulary = Self {
            trie: TokTrie::from(&TokRxInfo::new(words.len() as u32, end), words),
            single_bytes: single_bytes(words),
            tokenise,
            lead: None,
            is_canonical: false,
        };
        let puts_a_space =
            (vocabulary.tokenise)(b"a").is_some_and(|tokens| vocabulary.spells(&tokens, b" a"));
        if puts_a_space {
            vocabulary.lead = (vocabulary.tokenise)(LEAD);
        }
        vocabulary.is_canonical =
            joins_pieces && PROBES.iter().all(|probe| vocabulary.cut(probe.as_bytes()).is_some());
        vocabulary
    }

    /// The token that is one byte and nothing else.
    pub fn single_byte(&self, byte: u8) -> Option<Token> {
        self.single_bytes[usize::from(byte)]
    }

    /// The bytes that a token adds.
    pub fn bytes(&self, token: Token) -> &[u8] {
        self.trie.token(token as TokenId)
    }

    fn spells(&self, tokens: &[Token], text: &[u8]) -> bool {
        let mut rest = text;
        tokens.iter().all(|&token| match rest.strip_prefix(self.bytes(token)) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        }) && rest.is_empty()
    }

    /// The model's tokens for bytes in the middle of a text, if they spell them.
    fn cut(&self, bytes: &[u8]) -> Option<Vec<Token>> {
        let tokens = match &self.lead {
            None => (self.tokenise)(bytes)?,
            Some(lead) => {
                let whole = (self.tokenise)(&[LEAD, bytes].concat())?;
                whole.strip_prefix(lead.as_slice())?.to_vec()
            }
        };
        self.spells(&tokens, bytes).then_some(tokens)
    }
}

impl TokenizerEnv for Vocabulary {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        match self.cut(bytes) {
            Some(tokens) => tokens.into_iter().map(|token| token as TokenId).collect(),
            None => self.trie.greedy_tokenize(bytes),
        }
    }

    fn tokenize_is_canonical(&self) -> bool {
        self.is_canonical
    }
}

/// For each byte the first token that is just that byte.
fn single_bytes(words: &[Vec<u8>]) -> Vec<Option<Token>> {
    let mut found = vec![None; 256];
    for (word, token) in words.iter().zip(0..) {
        if let [byte] = word[..] {
            found[usize::from(byte)].get_or_insert(token);
        }
    }
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Instant;

    use super::*;

    /// Every byte, and some longer words; cut by the longest word that fits, as byte pairs would
    /// with these words. The last token ends an answer.
    pub fn small(words: &[&str]) -> Vocabulary {
        let mut all: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
        all.extend(words.iter().map(|word| word.as_bytes().to_vec()));
        all.push(Vec::new());
        let end = all.len() as TokenId - 1;
        let known = all.clone();
        let tokenise: Cut = Box::new(move |text| {
            let mut tokens = Vec::new();
            let mut rest = text;
            while !rest.is_empty() {
                let fits = |word: &&Vec<u8>| !word.is_empty() && rest.starts_with(word);
                let longest = known.iter().filter(fits).max_by_key(|word| word.len())?;
                tokens.push(known.iter().position(|word| word == longest)? as Token);
                rest = &rest[longest.len()..];
            }
            Some(tokens)
        });
        Vocabulary::of(&all, end, tokenise, true)
    }

    #[test]
    fn what_is_cut_spells_what_was_asked_for() {
        let vocabulary = small(&["ab", "abc", "\":", " the"]);
        assert!(vocabulary.tokenize_is_canonical());
        for text in ["", "abcab", "{\"a\":\"b\"}", " the end", "é"] {
            let tokens = vocabulary.tokenize_bytes(text.as_bytes());
            assert_eq!(vocabulary.tok_trie().decode(&tokens), text.as_bytes(), "{text}");
        }
        assert_eq!(vocabulary.single_byte(b'x'), Some(Token::from(b'x')));
    }

    #[test]
    fn a_tokenizer_that_puts_a_space_first_is_asked_behind_a_character() {
        let plain = small(&["ab", " a"]);
        let inner = move |text: &[u8]| plain.cut(text);
        let spaced: Cut = Box::new(move |text| inner(&[b" ", text].concat()));
        let words: Vec<Vec<u8>> = (0..=255_u8)
            .map(|byte| vec![byte])
            .chain([b"ab".to_vec(), b" a".to_vec(), Vec::new()])
            .collect();
        let vocabulary = Vocabulary::of(&words, 258, spaced, true);
        assert!(vocabulary.tokenize_is_canonical());
        assert_eq!(vocabulary.tokenize_bytes(b"ab"), [256]);
    }

    #[test]
    fn a_tokenizer_that_changes_text_is_not_trusted() {
        let words: Vec<Vec<u8>> = (0..=255_u8).map(|byte| vec![byte]).collect();
        let lower: Cut =
            Box::new(|text| Some(text.to_ascii_lowercase().into_iter().map(Token::from).collect()));
        let vocabulary = Vocabulary::of(&words, 0, lower, true);
        assert!(!vocabulary.tokenize_is_canonical());
        assert_eq!(vocabulary.tokenize_bytes(b"Zz"), [u32::from(b'Z'), u32::from(b'z')]);
    }

    /// A vocabulary of 262,144 tokens is built in time that grows with its size and not with its
    /// square. Compared with one of an eighth of it, because machines differ.
    #[test]
    fn a_large_vocabulary_is_no_slower_for_each_token() {
        let words = |count: u32| -> Vec<Vec<u8>> {
            let word = |index: u32| {
                // Spread like real tokens: short ones first, then longer and longer.
                let mixed = index.wrapping_mul(2_654_435_761);
                let length = 1 + (index.ilog2() / 3) as usize;
                mixed
                    .to_le_bytes()
                    .iter()
                    .cycle()
                    .take(length)
                    .map(|byte| b'!' + byte % 90)
                    .collect()
            };
            (1..=count).map(word).collect()
        };
        let seconds = |count: u32| {
            let words = words(count);
            let time = |_| {
                let begun = Instant::now();
                let nothing: Cut = Box::new(|_| None);
                let vocabulary = Vocabulary::of(&words, 0, nothing, false);
                assert_eq!(vocabulary.tok_trie().vocab_size(), count as usize);
                begun.elapsed().as_secs_f64()
            };
            (0..3).map(time).fold(f64::INFINITY, f64::min)
        };
        let (small, large) = (seconds(32_768), seconds(262_144));
        assert!(large < 8.0 * 4.0 * small, "{large} s for 262,144 and {small} s for 32,768");
    }
}

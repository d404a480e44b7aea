//! The vocabulary of a checkpoint: `tokenizer.json`, asked as every engine asks.

use std::collections::BTreeSet;
use std::path::Path;

use braincells_llm::LLMError;
use braincells_llm::decoding::{Token, Tokenizer};
use serde::Deserialize;
use serde_json::Value;

use crate::file;
use crate::{ChatFiles, MlxError, ModelConfig};

/// Tokens that end a turn of a chat, by the families that have them.
const END_OF_TURN: [&str; 4] = ["<|im_end|>", "<end_of_turn>", "<|eot_id|>", "<|end|>"];

/// The words of a model, and both ways to cut text into them.
pub struct Words {
    whole: tokenizers::Tokenizer,
    /// The same without control tokens: their names are text to it.
    plain: tokenizers::Tokenizer,
    by_token: Vec<Word>,
    joins_pieces: bool,
    wants_bos: bool,
    bos: Option<Token>,
    eos: Option<Token>,
    end_of_turn: Option<Token>,
    ends: BTreeSet<Token>,
    template: Option<String>,
}

#[derive(Clone, Default)]
struct Word {
    name: Option<String>,
    bytes: Vec<u8>,
    is_control: bool,
}

impl Words {
    /// Reads `tokenizer.json` and what stands beside it. Every token must have a row in the
    /// model's embedding.
    pub fn read(folder: &Path, config: &ModelConfig) -> Result<Self, MlxError> {
        let chat = ChatFiles::read(folder)?;
        let path = folder.join("tokenizer.json");
        let bytes = file::bytes(&path, file::MOST_TOKENIZER_BYTES)?;
        let json: Value =
            serde_json::from_slice(&bytes).map_err(|source| MlxError::NotJson { path, source })?;
        drop(bytes);
        Self::of(json, chat, config)
    }

    fn of(mut json: Value, chat: ChatFiles, config: &ModelConfig) -> Result<Self, MlxError> {
        let spelling = Spelling::of(&json)?;
        let joins_pieces = json["model"]["type"] == "BPE";
        let vocabulary = config.vocabulary as usize;
        if let Some(listed) = json["added_tokens"].as_array_mut() {
            // Models of text alone come with the tokenizer of their family, which has marks for
            // images that they have no row for. No text becomes one of these.
            listed.retain(|entry| entry["id"].as_u64().is_none_or(|id| id < vocabulary as u64));
        }
        if let Some(dropout) = json["model"].get_mut("dropout") {
            // It cuts the same text in other ways each time, which is of use in training only.
            *dropout = Value::Null;
        }
        let whole = built(&json)?;
        let mut words = vec![Word::default(); vocabulary];
        for (name, token) in whole.get_vocab(true) {
            let word = words.get_mut(token as usize).ok_or_else(|| MlxError::Tokenizer {
                reason: format!("it has a token {token}, and the model has {vocabulary}"),
            })?;
            word.bytes = spelling.bytes(&name);
            word.name = Some(name);
        }
        let in_model = whole.get_vocab(false);
        let added = whole.get_added_tokens_decoder();
        for (token, added) in &added {
            let Some(word) = words.get_mut(*token as usize) else { continue };
            // Marks of thinking and of tools are not called special, but no text of people has
            // them; HTML that a model learned as whole words is text.
            let is_mark = added.content.starts_with('<')
                && added.content.ends_with('>')
                && !in_model.contains_key(&added.content);
            word.is_control = added.special || is_mark;
            word.bytes =
                if word.is_control { Vec::new() } else { added.content.clone().into_bytes() };
        }
        let token = |name: &str| whole.token_to_id(name).map(|token| token as Token);
        let bos = chat.bos.as_deref().and_then(token);
        let eos = chat.eos.as_deref().and_then(token);
        let end_of_turn = END_OF_TURN.into_iter().find_map(token).or(eos);
        let ends = config.end_tokens.iter().map(|token| *token as Token);
        let ends: BTreeSet<Token> = ends.chain(eos).chain(end_of_turn).collect();
        for end in &ends {
            // Were it a word, too, a row or a label could end its own prompt.
            if let Some(word) = words.get_mut(*end as usize) {
                word.is_control = true;
                word.bytes = Vec::new();
            }
        }
        if let Some(listed) = json["added_tokens"].as_array_mut() {
            // Words that are not the model's own would be numbered anew without those before them.
            let is_text = |entry: &Value| {
                let token = entry["content"].as_str().and_then(|content| in_model.get(content));
                token.is_some_and(|token| !words[*token as usize].is_control)
            };
            listed.retain(is_text);
        }
        json["post_processor"] = Value::Null;
        let plain = built(&json)?;
        // Templates write the first token themselves, as mlx-lm takes them.
        let opens = |bos: Token| {
            let cut = whole.encode_fast("a", true).ok();
            cut.is_some_and(|cut| cut.get_ids().first() == Some(&(bos as u32)))
        };
        let wants_bos = chat.template.is_none() && bos.is_some_and(opens);
        let template = chat.template;
        Ok(Self {
            whole,
            plain,
            by_token: words,
            joins_pieces,
            wants_bos,
            bos,
            eos,
            end_of_turn,
            ends,
            template,
        })
    }

    fn word(&self, token: Token) -> Option<&Word> {
        usize::try_from(token).ok().and_then(|token| self.by_token.get(token))
    }
}

fn built(json: &Value) -> Result<tokenizers::Tokenizer, MlxError> {
    let wrong = |reason: String| MlxError::Tokenizer { reason };
    let mut tokenizer =
        tokenizers::Tokenizer::deserialize(json).map_err(|error| wrong(error.to_string()))?;
    // Nothing is cut silently.
    tokenizer.with_truncation(None).map_err(|error| wrong(error.to_string()))?;
    tokenizer.with_padding(None);
    Ok(tokenizer)
}

fn cut(tokenizer: &tokenizers::Tokenizer, text: &str) -> Result<Vec<Token>, LLMError> {
    let cut = tokenizer.encode_fast(text, false).map_err(|error| LLMError::InvalidRequest {
        reason: format!("a text cannot be cut into tokens: {error}"),
    })?;
    Ok(cut.get_ids().iter().map(|token| *token as Token).collect())
}

impl Tokenizer for Words {
    fn vocabulary_size(&self) -> usize {
        self.by_token.len()
    }

    fn tokenise(
        &self,
        text: &str,
        add_special: bool,
        parse_special: bool,
    ) -> Result<Vec<Token>, LLMError> {
        let mut tokens: Vec<Token> = self.bos.filter(|_| add_special).into_iter().collect();
        if parse_special {
            tokens.extend(cut(&self.whole, text)?);
            return Ok(tokens);
        }
        let mut words = cut(&self.plain, text)?;
        if words.iter().any(|token| self.is_control(*token)) {
            // Some tokenizers look a whole word up before they cut it.
            let letters =
                text.chars().map(|letter| cut(&self.plain, letter.encode_utf8(&mut [0; 4])));
            words = letters.collect::<Result<Vec<_>, _>>()?.concat();
        }
        if words.iter().any(|token| self.is_control(*token)) {
            let reason = "a text cannot be told from control tokens of the model".to_owned();
            return Err(LLMError::InvalidRequest { reason });
        }
        tokens.extend(words);
        Ok(tokens)
    }

    fn tokenise_bytes(&self, bytes: &[u8]) -> Option<Vec<Token>> {
        let text = std::str::from_utf8(bytes).ok()?;
        self.tokenise(text, false, false).ok()
    }

    fn token_bytes(&self, token: Token) -> Vec<u8> {
        self.word(token).map_or_else(Vec::new, |word| word.bytes.clone())
    }

    fn token_name(&self, token: Token) -> Option<String> {
        self.word(token)?.name.clone()
    }

    fn is_control(&self, token: Token) -> bool {
        self.word(token).is_some_and(|word| word.is_control)
    }

    fn ends_generation(&self, token: Token) -> bool {
        self.ends.contains(&token)
    }

    fn joins_pieces(&self) -> bool {
        self.joins_pieces
    }

    fn wants_bos(&self) -> bool {
        self.wants_bos
    }

    fn bos(&self) -> Option<Token> {
        self.bos
    }

    fn eos(&self) -> Option<Token> {
        self.eos
    }

    fn end_of_turn(&self) -> Option<Token> {
        self.end_of_turn
    }

    fn chat_template(&self) -> Option<String> {
        self.template.clone()
    }
}

/// How words stand for bytes.
enum Spelling {
    /// A character for each byte, as GPT-2 has it.
    ByteLevel,
    /// Text with `▁` for a space, and `<0x0A>` for a byte that no word has, as SentencePiece has
    /// it.
    Pieces,
}

impl Spelling {
    fn of(json: &Value) -> Result<Self, MlxError> {
        let decoder = json["decoder"].to_string();
        if decoder.contains(r#""ByteLevel""#) {
            Ok(Self::ByteLevel)
        } else if decoder.contains('▁') {
            Ok(Self::Pieces)
        } else {
            let reason = "how its words stand for bytes is not known".to_owned();
            Err(MlxError::Tokenizer { reason })
        }
    }

    fn bytes(&self, word: &str) -> Vec<u8> {
        match self {
            Self::ByteLevel => {
                let bytes: Option<Vec<u8>> = word.chars().map(byte_of).collect();
                bytes.unwrap_or_else(|| word.as_bytes().to_vec())
            }
            Self::Pieces => match single_byte(word) {
                Some(byte) => vec![byte],
                None => word.replace('▁', " ").into_bytes(),
            },
        }
    }
}

/// The byte that a character of a byte-level word stands for: printable ones of Latin-1 for
/// themselves, the others in their order from U+0100 on.
fn byte_of(character: char) -> Option<u8> {
    let is_printable = |byte: u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    if let Ok(byte) = u8::try_from(character) {
        return is_printable(byte).then_some(byte);
    }
    let place = (character as usize).checked_sub(0x100)?;
    (0..=u8::MAX).filter(|byte| !is_printable(*byte)).nth(place)
}

/// The byte of a word such as `<0x0A>`.
fn single_byte(word: &str) -> Option<u8> {
    let digits = word.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests;

//! From a request to tokens: chat template, tokenizer, limits. Runs outside the engine's
//! thread, so that the next rows are ready when a slot is free.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use aho_corasick::AhoCorasick;
use braincells_core::Output;
use sha2::{Digest, Sha256};

use super::ffi::{Model, Token};
use super::labels::LabelTrie;
use super::number::{self, NumberTokens};
use super::sample::Choice;
use crate::{ChatTemplate, LLMError, LLMRequest, Message, Role, Segment};

/// The two answers of a boolean column.
const BOOLEANS: [&str; 2] = ["true", "false"];

/// How the answer of a row comes about.
#[derive(Clone, Debug)]
pub enum Answering {
    /// Token by token.
    Free,
    /// By scoring a closed set.
    Scored {
        /// The answers, as they are reported.
        labels: Arc<[String]>,
        /// Their tokens.
        trie: Arc<LabelTrie>,
    },
    /// Token by token, only numbers.
    Number(Arc<NumberTokens>),
}

/// A request that fits: ready for the engine's thread.
#[derive(Debug)]
pub struct Prepared {
    /// The whole prompt.
    pub tokens: Vec<Token>,
    /// The most tokens to generate; prompt and answer together fit the context.
    pub most_new_tokens: u32,
    /// How to answer.
    pub answering: Answering,
    /// How to choose tokens.
    pub choice: Choice,
    /// Seeds this row's generator.
    pub seed: u64,
    /// Texts that end the answer.
    pub stops: Vec<String>,
    /// The request's name for the model, echoed in the response.
    pub model: String,
}

impl Prepared {
    /// Cells of key-value memory that the row needs beyond `shared` tokens of prefix.
    pub fn cells(&self, shared: usize) -> usize {
        self.tokens.len() - shared
            + match &self.answering {
                Answering::Scored { trie, .. } => trie.longest_path(),
                Answering::Free | Answering::Number(_) => self.most_new_tokens as usize,
            }
    }
}

type TrieKey = (String, Vec<String>);

/// Prepares requests for one model.
pub struct Preparer {
    model: Arc<Model>,
    template: ChatTemplate,
    bos_text: Option<String>,
    /// The names of control tokens; data that contains one is cut into tokens on its own.
    control_names: Option<AhoCorasick>,
    row_context: u32,
    tries: Mutex<HashMap<TrieKey, Arc<LabelTrie>>>,
    numbers: OnceLock<Arc<NumberTokens>>,
}

impl Preparer {
    /// Reads the model's chat template and control tokens. A row may take `row_context` tokens;
    /// a template that prints the date prints that of `now_ms`.
    pub fn new(model: Arc<Model>, row_context: u32, now_ms: Option<i64>) -> Result<Self, LLMError> {
        let name = |token: Option<Token>| token.and_then(|token| model.token_name(token));
        let bos_text = name(model.bos());
        let template = match model.chat_template() {
            Some(source) => ChatTemplate::from_source(
                &source,
                bos_text.as_deref().unwrap_or_default(),
                name(model.eos()).as_deref().unwrap_or_default(),
            )?,
            None => ChatTemplate::plain(),
        };
        let template = match now_ms {
            Some(now_ms) => template.with_now_ms(now_ms),
            None => template,
        };
        let names: Vec<String> = (0..model.vocabulary_size() as Token)
            .filter(|&token| model.is_control(token))
            .filter_map(|token| model.token_name(token))
            .filter(|name| !name.is_empty())
            .collect();
        let control_names = if names.is_empty() {
            None
        } else {
            Some(AhoCorasick::new(&names).map_err(|error| LLMError::InferenceFailed {
                reason: format!("the model's control tokens cannot be searched for: {error}"),
            })?)
        };
        Ok(Self {
            model,
            template,
            bos_text,
            control_names,
            row_context,
            tries: Mutex::default(),
            numbers: OnceLock::new(),
        })
    }

    /// Prepares one request.
    pub fn prepare(&self, request: LLMRequest) -> Result<Prepared, LLMError> {
        let segments = self.template.render(&request.messages)?;
        let tokens = self.tokenise(&segments)?;
        let answering = self.answering(&request.output, &segments)?;
        let least_answer = match &answering {
            Answering::Scored { trie, .. } => trie.longest_path() as u32,
            Answering::Number(_) => number::MOST_TOKENS,
            Answering::Free => 1,
        };
        let needed_tokens = tokens.len() as u32 + least_answer;
        if needed_tokens > self.row_context {
            return Err(LLMError::ContextLengthExceeded {
                needed_tokens,
                available_tokens: self.row_context,
            });
        }
        if tokens.is_empty() {
            return Err(LLMError::InvalidRequest { reason: "the prompt is empty".to_owned() });
        }
        let most_new_tokens = match &answering {
            // A number that is cut off is another number.
            Answering::Number(_) => number::MOST_TOKENS,
            Answering::Free | Answering::Scored { .. } => {
                request.token_limit().clamp(1, (self.row_context - tokens.len() as u32).max(1))
            }
        };
        let stops = request
            .stop_sequences
            .into_iter()
            .chain(self.template.stop_sequences().iter().cloned())
            .collect();
        Ok(Prepared {
            tokens,
            most_new_tokens,
            answering,
            choice: Choice {
                temperature: request.temperature,
                top_p: request.top_p,
                top_k: request.top_k,
            },
            seed: request.seed,
            stops,
            model: request.model,
        })
    }

    /// Tokens of a text that stands for itself.
    pub fn count_tokens(&self, text: &str) -> Option<u32> {
        let tokens = self.model.tokenise(text, false, false).ok()?;
        u32::try_from(tokens.len()).ok()
    }

    /// Names what the chat template writes around messages, today's date included.
    pub fn template_hash(&self) -> Result<String, LLMError> {
        let messages = [(Role::System, "rules"), (Role::User, "question")]
            .map(|(role, content)| Message::new(role, content));
        let segments = self.template.render(&messages)?;
        let text: String = segments.iter().map(|segment| segment.text.as_str()).collect();
        let hash = Sha256::digest(text);
        let start = hash[..8].try_into().expect("a SHA-256 has 32 bytes");
        Ok(format!("{:016x}", u64::from_be_bytes(start)))
    }

    /// Whole text in one go, which is what the model was trained on; but as soon as data holds
    /// the name of a control token, each segment on its own, data without control tokens.
    fn tokenise(&self, segments: &[Segment]) -> Result<Vec<Token>, LLMError> {
        let text: String = segments.iter().map(|segment| segment.text.as_str()).collect();
        let wants_bos = self.model.wants_bos()
            && !self.bos_text.as_ref().is_some_and(|bos| text.starts_with(bos.as_str()));
        let is_hostile =
            |segment: &Segment| segment.is_data && self.names_control_token(&segment.text);
        if !segments.iter().any(is_hostile) {
            return self.model.tokenise(&text, wants_bos, true);
        }
        let mut tokens = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let part =
                self.model.tokenise(&segment.text, wants_bos && index == 0, !segment.is_data)?;
            tokens.extend(part);
        }
        Ok(tokens)
    }

    fn names_control_token(&self, text: &str) -> bool {
        self.control_names.as_ref().is_some_and(|names| names.is_match(text))
    }

    fn answering(&self, output: &Output, segments: &[Segment]) -> Result<Answering, LLMError> {
        let labels: Vec<String> = match output {
            Output::Label { labels } => labels.clone(),
            Output::Boolean => BOOLEANS.map(str::to_owned).into(),
            Output::Number => {
                let numbers = self.numbers.get_or_init(|| Arc::new(NumberTokens::of(&self.model)));
                return Ok(Answering::Number(Arc::clone(numbers)));
            }
            Output::Text | Output::Date | Output::Json { .. } => return Ok(Answering::Free),
        };
        let before = segments.last().filter(|segment| !segment.is_data);
        let before = before.map_or("", |segment| segment.text.as_str());
        let key = (before.to_owned(), labels);
        let mut tries = self.tries.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let trie = if let Some(trie) = tries.get(&key) {
            Arc::clone(trie)
        } else {
            let trie = Arc::new(self.label_trie(before, &key.1)?);
            tries.insert(key.clone(), Arc::clone(&trie));
            trie
        };
        Ok(Answering::Scored { labels: key.1.into(), trie })
    }

    fn label_trie(&self, before: &str, labels: &[String]) -> Result<LabelTrie, LLMError> {
        let invalid = |reason: String| LLMError::InvalidRequest { reason };
        let end = self.model.end_of_turn().ok_or_else(|| {
            invalid("the model has no token that ends an answer, so labels cannot be scored".into())
        })?;
        let alone = self.model.tokenise(before, false, true)?;
        let mut all: Vec<Vec<Token>> = Vec::with_capacity(labels.len());
        for label in labels {
            let joined = self.model.tokenise(&format!("{before}{label}"), false, true)?;
            let tokens = match joined.strip_prefix(alone.as_slice()) {
                Some(own) if !own.is_empty() && !self.names_control_token(label) => own.to_vec(),
                _ => self.model.tokenise(label, false, false)?,
            };
            if tokens.is_empty() {
                return Err(invalid(format!("the label `{label}` is empty")));
            }
            if let Some(twin) = all.iter().position(|other| *other == tokens) {
                return Err(invalid(format!(
                    "the labels `{}` and `{label}` are the same to this model",
                    labels[twin]
                )));
            }
            all.push(tokens);
        }
        Ok(LabelTrie::new(&all, end))
    }
}

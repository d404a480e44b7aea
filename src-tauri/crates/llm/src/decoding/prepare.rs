//! From a request to tokens: chat template, tokenizer, limits. Runs outside the engine's
//! thread, so that the next rows are ready when a slot is free.
//! Longer than most files because every output type is prepared here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aho_corasick::AhoCorasick;
use braincells_core::Output;
use sha2::{Digest, Sha256};

use super::grammar::{self, Compiled, Grammars, Writer};
use super::labels::LabelTrie;
use super::sample::Choice;
use super::thinking::{self, ThinkingMarks, Thinks};
use super::{Token, Tokenizer};
use crate::{ChatTemplate, LLMError, LLMRequest, Message, Role, Segment};

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
    /// Token by token under a grammar.
    Typed {
        /// The grammar.
        compiled: Arc<Compiled>,
        /// Whether the answer's probability is reported: where few tokens are possible at a time.
        wants_probability: bool,
        /// Whether a point at its end is to be dropped.
        is_number: bool,
    },
}

/// A typed answer before its first own token.
#[derive(Debug)]
pub struct Begun {
    /// The grammar, at the first choice.
    pub writer: Writer,
    /// What the answer begins with in any case.
    pub forced: Vec<Token>,
}

/// A request that fits: ready for the engine's thread.
#[derive(Debug)]
pub struct Prepared {
    /// The whole prompt, and behind it what the answer begins with, unless the row may think.
    pub tokens: Vec<Token>,
    /// Of these, the tokens of the prompt.
    pub prompt_tokens: usize,
    /// The most tokens to generate, thinking included; with the prompt they fit the context.
    pub most_new_tokens: u32,
    /// Of these, the most for the answer.
    pub most_answer_tokens: u32,
    /// Tokens of thinking before it is closed.
    pub most_thinking_tokens: u32,
    /// Whether it thinks before it answers.
    pub thinks: Thinks,
    /// How thinking is marked.
    pub marks: Arc<ThinkingMarks>,
    /// The beginning of a typed answer.
    pub begun: Option<Begun>,
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
    /// How many tokens of the answer are behind the prompt already.
    pub fn forced_tokens(&self) -> usize {
        self.tokens.len() - self.prompt_tokens
    }

    /// Cells of key-value memory that the row needs beyond `shared` tokens of prefix.
    pub fn cells(&self, shared: usize) -> usize {
        self.tokens.len() - shared + self.most_new_tokens as usize
    }
}

/// What stands right before a label: how it is cut into tokens depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Before {
    /// What the chat template writes last.
    template: String,
    /// The lead-in without the space at its end.
    lead_in: String,
    /// That space.
    gap: String,
}

impl Before {
    fn of(segments: &[Segment], lead_in: Option<&str>) -> Self {
        let last = segments.last().filter(|segment| !segment.is_data);
        let whole = lead_in.unwrap_or_default();
        let lead_in = whole.trim_end();
        Self {
            template: last.map_or_else(String::new, |segment| segment.text.clone()),
            lead_in: lead_in.to_owned(),
            gap: whole[lead_in.len()..].to_owned(),
        }
    }
}

type TrieKey = (Before, Vec<String>);

/// How many label sets are kept as tries, each behind one lead-in.
const KEPT_TRIES: usize = 64;
/// How many compiled grammars are kept: those of the columns in work.
const KEPT_GRAMMARS: usize = 16;

/// Prepares requests for one model.
pub struct Preparer {
    model: Arc<dyn Tokenizer>,
    template: ChatTemplate,
    bos_text: Option<String>,
    /// The names of control tokens; data that contains one is cut into tokens on its own.
    control_names: Option<AhoCorasick>,
    row_context: u32,
    tries: Mutex<HashMap<TrieKey, Arc<LabelTrie>>>,
    marks: Arc<ThinkingMarks>,
    grammars: OnceLock<Result<Grammars, LLMError>>,
    compiled: Mutex<Vec<(Output, Arc<Compiled>)>>,
}

impl Preparer {
    /// Reads the model's chat template and control tokens. A row may take `row_context` tokens;
    /// a template that prints the date prints that of `now_ms`.
    pub fn new(
        model: Arc<dyn Tokenizer>,
        row_context: u32,
        now_ms: Option<i64>,
    ) -> Result<Self, LLMError> {
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
        let marks = Arc::new(ThinkingMarks::of(&*model)?);
        Ok(Self {
            marks,
            model,
            template,
            bos_text,
            control_names,
            row_context,
            tries: Mutex::default(),
            grammars: OnceLock::new(),
            compiled: Mutex::default(),
        })
    }

    /// Prepares one request.
    pub fn prepare(&self, request: LLMRequest) -> Result<Prepared, LLMError> {
        let mut segments = self.template.render(&request.messages)?;
        let thinks = self.marks.thinks(&segments);
        let is_scored = thinks == Thinks::No && request.output.scored_labels().is_some();
        let before = Before::of(&segments, request.lead_in.as_deref().filter(|_| is_scored));
        if !before.lead_in.is_empty() {
            segments.push(Segment { text: before.lead_in.clone(), is_data: true });
        }
        let mut tokens = self.tokenise(&segments)?;
        if tokens.is_empty() {
            return Err(LLMError::InvalidRequest { reason: "the prompt is empty".to_owned() });
        }
        let prompt_tokens = tokens.len();
        let answering = self.answering(&request.output, before)?;
        let least_answer = match &answering {
            Answering::Scored { trie, .. } => trie.longest_path() as u32,
            // With less room a value would be forced that the model never chose.
            Answering::Typed { compiled, wants_probability: true, .. } => {
                2 * compiled.tokens_to_end()
            }
            Answering::Typed { compiled, .. } => compiled.tokens_to_end(),
            Answering::Free => 1,
        };
        let ending = (self.marks.closing().len() + self.marks.gap().len()) as u32;
        // Thinking that begins must also end.
        let marks = if thinks == Thinks::No { 0 } else { ending + 1 };
        let needed_tokens =
            (prompt_tokens as u32).saturating_add(least_answer).saturating_add(marks);
        if needed_tokens > self.row_context {
            return Err(LLMError::ContextLengthExceeded {
                needed_tokens,
                available_tokens: self.row_context,
            });
        }
        let room = self.row_context - prompt_tokens as u32;
        let wished = match &answering {
            Answering::Scored { .. } => least_answer,
            Answering::Free => request.token_limit(),
            // Below twice that the answer would be brought to its end before it has begun.
            Answering::Typed { compiled, .. } => {
                request.token_limit().max(2 * compiled.tokens_to_end())
            }
        };
        let thinking_room = match thinks {
            Thinks::No => 0,
            Thinks::Perhaps | Thinks::Yes => (room - least_answer - marks) / 2 + marks,
        };
        let most_thinking_tokens = thinking_room.min(thinking::MOST_TOKENS);
        let most_answer_tokens =
            wished.clamp(1, room.saturating_sub(most_thinking_tokens).max(least_answer).max(1));
        let begun = match &answering {
            Answering::Typed { compiled, .. } => {
                let (writer, forced) = compiled.begin()?;
                if thinks == Thinks::No {
                    tokens.extend_from_slice(&forced);
                }
                Some(Begun { writer, forced })
            }
            Answering::Free | Answering::Scored { .. } => None,
        };
        let is_free = matches!(answering, Answering::Free);
        let stops = request
            .stop_sequences
            .into_iter()
            .chain(self.template.stop_sequences().iter().cloned())
            // A typed answer may hold such a text; its type says where it ends.
            .filter(|_| is_free)
            .collect();
        Ok(Prepared {
            tokens,
            prompt_tokens,
            most_new_tokens: most_answer_tokens + most_thinking_tokens,
            most_answer_tokens,
            most_thinking_tokens: most_thinking_tokens.saturating_sub(ending),
            thinks,
            marks: Arc::clone(&self.marks),
            begun,
            answering,
            choice: Choice {
                temperature: request.temperature,
                top_p: request.top_p,
                top_k: request.top_k,
                min_p: request.min_p,
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

    fn answering(&self, output: &Output, before: Before) -> Result<Answering, LLMError> {
        if matches!(output, Output::Text) {
            return Ok(Answering::Free);
        }
        let Some(labels) = output.scored_labels() else { return self.typed(output) };
        let key = (before, labels);
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let trie = if let Some(trie) = tries.get(&key) {
            Arc::clone(trie)
        } else {
            let trie = Arc::new(self.label_trie(&key.0, &key.1)?);
            if tries.len() == KEPT_TRIES {
                tries.clear();
            }
            tries.insert(key.clone(), Arc::clone(&trie));
            trie
        };
        Ok(Answering::Scored { labels: key.1.into(), trie })
    }

    fn typed(&self, output: &Output) -> Result<Answering, LLMError> {
        let is_number = matches!(output, Output::Number(_));
        let wants_probability = !matches!(output, Output::Json { .. });
        let answering = |compiled| Ok(Answering::Typed { compiled, wants_probability, is_number });
        let mut kept = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, compiled)) = kept.iter().find(|(known, _)| known == output) {
            return answering(Arc::clone(compiled));
        }
        let grammars = self.grammars.get_or_init(|| Grammars::new(&self.model));
        let grammars = grammars.as_ref().map_err(Clone::clone)?;
        let Some(grammar) = grammar::of(output)? else { return Ok(Answering::Free) };
        let compiled = Arc::new(grammars.compile(&grammar)?);
        if kept.len() == KEPT_GRAMMARS {
            kept.remove(0);
        }
        kept.push((output.clone(), Arc::clone(&compiled)));
        answering(compiled)
    }

    fn label_trie(&self, before: &Before, labels: &[String]) -> Result<LabelTrie, LLMError> {
        let invalid = |reason: String| LLMError::InvalidRequest { reason };
        let end = self.model.end_of_turn().ok_or_else(|| {
            invalid("the model has no token that ends an answer, so labels cannot be scored".into())
        })?;
        let Before { template, lead_in, gap } = before;
        let start = format!("{template}{lead_in}");
        // A lead-in that names a control token was cut into tokens on its own.
        let is_whole = !self.names_control_token(lead_in);
        let alone = self.model.tokenise(&start, false, true)?;
        let mut all: Vec<Vec<Token>> = Vec::with_capacity(labels.len());
        for label in labels {
            let joined = self.model.tokenise(&format!("{start}{gap}{label}"), false, true)?;
            let tokens = match joined.strip_prefix(alone.as_slice()) {
                Some(own) if !own.is_empty() && is_whole && !self.names_control_token(label) => {
                    own.to_vec()
                }
                _ => self.model.tokenise(&format!("{gap}{label}"), false, false)?,
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

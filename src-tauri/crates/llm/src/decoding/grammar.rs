//! Writing an answer under a grammar: which token may come next, which must.
//!
//! A grammar is compiled once per column ([`Grammars`], kept by `prepare`) and cloned for each
//! row ([`Writer`]). What is forced is handed out as whole tokens, computed without logits. Of
//! the rest the model's own choice is checked first, which costs next to nothing; the set of all
//! allowed tokens is only computed when it is refused, or when the answer's probability is asked
//! for.
//!
//! An answer ends where the grammar is complete and nothing can follow, or where it is complete
//! and the model, left alone, would go on with anything that is not part of it: a unit after a
//! number, a full stop, a new line. Forcing it to choose between a digit and the end token would
//! turn `1.` of a list into `1.111111`. Before the tokens run out the answer is brought to its
//! end byte by byte ([`Writer::choose`] with `ends_now`), so that none is ever cut.
//!
//! Longer than most files because nothing else may see the grammar library.

use std::sync::{Arc, Mutex, PoisonError};

use braincells_core::{NumberLimits, Output};
use llguidance::Matcher;
use llguidance::ParserFactory;
use llguidance::api::TopLevelGrammar;
use llguidance::earley::SlicedBiasComputer;
use rand_chacha::ChaCha8Rng;
use toktrie::{InferenceCapabilities, TokEnv, TokenId, TokenizerEnv as _};

use super::sample::{self, Choice};
use super::vocabulary::Vocabulary;
use super::{Token, Tokenizer};
use crate::LLMError;
use crate::schema::range::Range;
use crate::schema::{self, Grammar, Schema};

/// Rows that share what a lexer learns.
const ROWS_PER_LEXER: u32 = 4096;
/// Rules that may be open at once: three for each label of a list and each optional property.
const MOST_ITEMS: usize = 20_000;
/// A vocabulary with more tokens than this is sliced once.
const LARGE_VOCABULARY: usize = 100_000;

/// The grammar of an output type that is written token by token; `None` for text, and for those
/// that are scored.
pub(crate) fn of(output: &Output) -> Result<Option<Grammar>, LLMError> {
    let invalid = |reason: String| LLMError::InvalidRequest { reason };
    Ok(match output {
        Output::Text | Output::Label { .. } | Output::Boolean => None,
        Output::Number(limits) => Some(number(*limits).ok_or_else(|| {
            invalid("no number that can be written is within the limits".to_owned())
        })?),
        Output::Date => Some(Grammar {
            text: format!("start: /{}/", schema::date()),
            bytes_to_end: "yyyy-mm-dd".len(),
        }),
        Output::Labels { labels } => Some(list_of(labels)),
        Output::Json { schema } => {
            let schema = Schema::of(schema).map_err(|error| {
                invalid(format!("the column's JSON Schema cannot be used: {error}"))
            })?;
            Some(schema.grammar().clone())
        }
    })
}

fn number(limits: NumberLimits) -> Option<Grammar> {
    let range = Range::within(limits);
    // A model that writes `1.` and stops means 1.
    let regex = range.regex(!limits.integer)?;
    Some(Grammar { text: format!("start: /{regex}/"), bytes_to_end: range.most_characters() })
}

/// A JSON list of some of the labels in their order, each at most once: for each label one rule
/// for what may follow once something stands before it, and one while nothing does.
fn list_of(labels: &[String]) -> Grammar {
    let mut rules = Vec::new();
    let mut bytes_to_end = 2;
    let (mut rest, mut first) = (r#""""#.to_owned(), r#""""#.to_owned());
    for (index, label) in labels.iter().enumerate().rev() {
        let text = serde_json::Value::from(label.as_str()).to_string();
        bytes_to_end = bytes_to_end.max(text.len() + 2);
        let (bare, with_comma) = (schema::literal(&text), schema::literal(&format!(",{text}")));
        rules.push(format!("first{index}: {bare} {rest} | {first}"));
        rules.push(format!("rest{index}: ({with_comma})? {rest}"));
        (rest, first) = (format!("rest{index}"), format!("first{index}"));
    }
    let rules = rules.join("\n");
    Grammar { text: format!("start: \"[\" {first} \"]\"\n{rules}\n"), bytes_to_end }
}

/// Compiles grammars for one model.
pub struct Grammars {
    vocabulary: Arc<Vocabulary>,
    factory: ParserFactory,
}

impl Grammars {
    /// Reads the vocabulary of a model.
    pub fn new(tokenizer: &Arc<dyn Tokenizer>) -> Result<Self, LLMError> {
        Self::over(Vocabulary::new(tokenizer))
    }

    /// Takes a vocabulary.
    pub fn over(vocabulary: Vocabulary) -> Result<Self, LLMError> {
        let slices = slices(vocabulary.tok_trie().vocab_size());
        Self::sliced(vocabulary, &slices)
    }

    fn sliced(vocabulary: Vocabulary, slices: &[String]) -> Result<Self, LLMError> {
        let vocabulary = Arc::new(vocabulary);
        let environment: TokEnv = Arc::clone(&vocabulary) as TokEnv;
        let capabilities = InferenceCapabilities {
            ff_tokens: vocabulary.tokenize_is_canonical(),
            ..InferenceCapabilities::default()
        };
        let mut factory =
            ParserFactory::new(&environment, capabilities, slices).map_err(|error| {
                LLMError::InferenceFailed {
                    reason: format!("the model's vocabulary cannot be used for grammars: {error}"),
                }
            })?;
        let limits = factory.quiet().limits_mut();
        limits.verbose_errors = false;
        limits.max_items_in_row = MOST_ITEMS;
        limits.step_max_items = 50 * MOST_ITEMS;
        Ok(Self { vocabulary, factory })
    }

    /// Compiles a grammar.
    pub(crate) fn compile(&self, grammar: &Grammar) -> Result<Compiled, LLMError> {
        let invalid = |reason: String| LLMError::InvalidRequest {
            reason: format!("the output type cannot be enforced: {reason}"),
        };
        let parser = self.factory.create_parser(TopLevelGrammar::from_lark(grammar.text.clone()));
        let matcher = Matcher::new(parser);
        if let Some(error) = matcher.get_error() {
            return Err(invalid(error.lines().next().unwrap_or_default().to_owned()));
        }
        Ok(Compiled {
            vocabulary: Arc::clone(&self.vocabulary),
            in_use: Mutex::new((matcher.deep_clone(), 0)),
            untouched: Mutex::new(matcher),
            bytes_to_end: grammar.bytes_to_end,
        })
    }
}

/// Kinds of tokens that are allowed or refused together where any text may stand, as regular
/// expressions. Each costs up to two copies of the trie, of 11 MB each for 262,144 tokens; the one
/// that is kept for those serves texts without a limit and, until 30 characters before it, with
/// one.
fn slices(vocabulary_size: usize) -> Vec<String> {
    if vocabulary_size > LARGE_VOCABULARY {
        vec![r#"[^"\\\x00-\x1F\x7F]{1,30}"#.to_owned()]
    } else {
        SlicedBiasComputer::json_slices()
    }
}

/// A grammar that was compiled; rows clone it.
///
/// Rows share what the lexer has learned about their grammar, which makes them quick and grows
/// with every new text. After `ROWS_PER_LEXER` rows it begins anew.
pub struct Compiled {
    vocabulary: Arc<Vocabulary>,
    untouched: Mutex<Matcher>,
    in_use: Mutex<(Matcher, u32)>,
    bytes_to_end: usize,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Compiled").finish_non_exhaustive()
    }
}

impl Compiled {
    /// The most tokens that an answer needs to end from any point on, if it goes for it: no more
    /// than the bytes that are left, and one to see that nothing follows.
    pub fn tokens_to_end(&self) -> u32 {
        u32::try_from(self.bytes_to_end).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// An answer that is about to begin, and the tokens that it begins with in any case.
    pub fn begin(&self) -> Result<(Writer, Vec<Token>), LLMError> {
        // A row whose grammar failed may have broken the lexer that the others share.
        self.begin_with(false).or_else(|_broken| self.begin_with(true))
    }

    fn begin_with(&self, new_lexer: bool) -> Result<(Writer, Vec<Token>), LLMError> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if new_lexer || in_use.1 == ROWS_PER_LEXER {
            let untouched = self.untouched.lock().unwrap_or_else(PoisonError::into_inner);
            *in_use = (untouched.deep_clone(), 0);
        }
        in_use.1 += 1;
        let matcher = in_use.0.clone();
        drop(in_use);
        let mut writer = Writer { vocabulary: Arc::clone(&self.vocabulary), matcher };
        let forced = writer.take_forced()?;
        Ok((writer, forced))
    }
}

/// What a row does next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Chosen {
    /// A token, with its probability among what was possible where that is known.
    Token(Token, Option<f64>),
    /// The answer is complete.
    End(Option<f64>),
}

/// How a token is to be chosen.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// Greedy or sampled.
    pub choice: Choice,
    /// Whether the probabilities of what is chosen are wanted.
    pub wants_probability: bool,
    /// The answer so far, if it must come to its end now.
    pub ends_now: Option<&'a [u8]>,
}

/// One answer as it is written. Cloned, it goes on from where it is.
#[derive(Clone)]
pub struct Writer {
    vocabulary: Arc<Vocabulary>,
    matcher: Matcher,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    /// Chooses what comes after the logits. `is_end` knows the tokens that end an answer.
    pub fn choose(
        &mut self,
        logits: &[f32],
        how: How<'_>,
        random: &mut ChaCha8Rng,
        is_end: impl Fn(Token) -> bool,
    ) -> Result<Chosen, LLMError> {
        let can_end = self.matcher.is_accepting().map_err(|error| broken(&error))?;
        if let Some(text) = how.ends_now {
            return self.towards_the_end(text, can_end);
        }
        let drawn = sample::choose(logits, None, how.choice, random);
        if !how.wants_probability {
            if !is_end(drawn) && self.allows(drawn)? {
                return Ok(Chosen::Token(drawn, None));
            }
            if can_end {
                return Ok(Chosen::End(None));
            }
            let allowed = self.allowed(logits.len(), &is_end)?;
            let token = sample::choose(logits, Some(&allowed), how.choice, random);
            return Ok(Chosen::Token(token, None));
        }
        let allowed = self.allowed(logits.len(), &is_end)?;
        let is_allowed = allowed.binary_search(&drawn).is_ok();
        if can_end {
            // Whatever is not part of the answer stands for its end.
            return Ok(if is_allowed {
                Chosen::Token(drawn, Some(sample::share(logits, &[drawn])))
            } else {
                Chosen::End(Some((1.0 - sample::share(logits, &allowed)).clamp(0.0, 1.0)))
            });
        }
        let token = if is_allowed {
            drawn
        } else {
            sample::choose(logits, Some(&allowed), how.choice, random)
        };
        Ok(Chosen::Token(token, Some(sample::share_among(logits, token, &allowed))))
    }

    /// Takes a token that was chosen, and hands out those that must follow it.
    pub fn accept(&mut self, token: Token) -> Result<Vec<Token>, LLMError> {
        self.matcher.consume_token(token as TokenId).map_err(|error| broken(&error))?;
        self.take_forced()
    }

    /// Whether the answer is complete and nothing can follow.
    pub fn is_complete(&self) -> bool {
        self.matcher.is_stopped()
    }

    /// The bytes of a token.
    pub fn bytes(&self, token: Token) -> &[u8] {
        self.vocabulary.bytes(token)
    }

    fn take_forced(&mut self) -> Result<Vec<Token>, LLMError> {
        if self.matcher.is_stopped() {
            return Ok(Vec::new());
        }
        let forced = self.matcher.compute_ff_tokens();
        if let Some(error) = self.matcher.get_error() {
            return Err(broken(&error));
        }
        if !forced.is_empty() {
            self.matcher.consume_tokens(&forced).map_err(|error| broken(&error))?;
        }
        Ok(forced.into_iter().map(|token| token as Token).collect())
    }

    fn allows(&mut self, token: Token) -> Result<bool, LLMError> {
        let allowed = self.matcher.validate_tokens(&[token as TokenId]);
        allowed.map(|count| count == 1).map_err(|error| broken(&error))
    }

    /// All tokens that may come next, in their order.
    fn allowed(
        &mut self,
        vocabulary_size: usize,
        is_end: &impl Fn(Token) -> bool,
    ) -> Result<Vec<Token>, LLMError> {
        let mask = self.matcher.compute_mask().map_err(|error| broken(&error))?;
        let mut allowed = Vec::new();
        mask.iter_set_entries(|index| {
            if index < vocabulary_size && !is_end(index as Token) {
                allowed.push(index as Token);
            }
        });
        if allowed.is_empty() && !self.matcher.is_accepting().unwrap_or(false) {
            return Err(broken(&"the vocabulary has no token for what must come next"));
        }
        Ok(allowed)
    }

    /// The single byte that leads to the end soonest: out of texts, then out of objects and
    /// lists, then whatever is needed to complete them.
    fn towards_the_end(&mut self, text: &[u8], can_end: bool) -> Result<Chosen, LLMError> {
        if can_end {
            return Ok(Chosen::End(None));
        }
        let order: &[u8] = if is_in_text(text) {
            b"\"naeiosrtlcdu0123456789 -_.@:TZ"
        } else {
            b"}],:0123456789\"."
        };
        for byte in order.iter().copied().chain(b' '..=b'~').chain(128..=255) {
            if let Some(token) = self.vocabulary.single_byte(byte)
                && self.allows(token)?
            {
                return Ok(Chosen::Token(token, None));
            }
        }
        // A vocabulary without that byte: the shortest token that is allowed.
        let mask = self.matcher.compute_mask().map_err(|error| broken(&error))?;
        let mut shortest: Option<Token> = None;
        mask.iter_set_entries(|index| {
            let length = |token: Token| self.vocabulary.bytes(token).len();
            let token = index as Token;
            if length(token) > 0 && shortest.is_none_or(|other| length(token) < length(other)) {
                shortest = Some(token);
            }
        });
        shortest
            .map(|token| Chosen::Token(token, None))
            .ok_or_else(|| broken(&"the vocabulary has no token for what must come next"))
    }
}

/// Whether JSON ends inside a text.
fn is_in_text(json: &[u8]) -> bool {
    let (mut inside, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ => {}
        }
    }
    inside
}

fn broken(error: &dyn std::fmt::Display) -> LLMError {
    let error = error.to_string();
    let reason = error.lines().next().unwrap_or_default();
    LLMError::InferenceFailed { reason: format!("the answer's grammar failed: {reason}") }
}

#[cfg(test)]
mod tests;

//! A model that is measured: loaded with a small context of its own, asked for speed and for what
//! it says about the built-in texts. Stays on the thread that loaded it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::ffi::{
    Batch, Context, ContextSize, DecodeError, MOST_THREADS, Model, Sequence, Token,
};
use super::super::labels::LabelTrie;
use super::super::prepare::{Answering, Prepared, Preparer};
use super::texts::{LABEL_SETS, LabelSet, TEXTS};
use crate::LLMError;

/// Tokens of prompt in one measured call.
const PREFILL_TOKENS: usize = 256;
/// Rows that generate together while that is measured, as many as the engine takes on a CPU.
const ROWS: usize = 16;
/// What each of these rows stands behind.
const PREFIX_TOKENS: usize = 64;
/// The most tokens that each of them generates while that is measured.
const MOST_STEPS: usize = 32;
/// A rate is measured for at least this long.
const MEASURED_FOR: Duration = Duration::from_millis(400);
/// Sequences, and with them positions of a text whose next token is looked at in one call.
const SEQUENCES: usize = 96;
/// Room for the longest of all this.
const CELLS: u32 = 2048;
/// The most tokens in one call.
const BATCH_TOKENS: usize = 512;

/// How fast a model is, in tokens a second.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Prompts, 256 tokens in one call.
    pub prefill: f64,
    /// Generation, 16 rows at once.
    pub decode: f64,
}

/// A loaded model.
pub struct Subject {
    model: Arc<Model>,
    context: Context,
    preparer: Preparer,
    batch: Batch,
    /// What prompts are made of while speed is measured.
    tokens: Vec<Token>,
}

impl Subject {
    /// Loads a model. Everything it computes ends in [`LLMError::Cancelled`] soon after `stopped`.
    pub fn load(
        path: &Path,
        gpu_layers: i32,
        threads: u32,
        stopped: &Arc<AtomicBool>,
    ) -> Result<Self, LLMError> {
        let loading = Arc::clone(stopped);
        let go_on = move |_fraction: f32| !loading.load(Ordering::Relaxed);
        let model = Arc::new(Model::load(path, gpu_layers, go_on)?);
        if !model.generates_text() {
            return Err(LLMError::ModelBroken {
                path: path.to_owned(),
                reason: "it is not a model that generates text".to_owned(),
            });
        }
        let size = ContextSize {
            cells: CELLS,
            sequences: SEQUENCES as u32,
            batch_tokens: BATCH_TOKENS as u32,
            threads: threads.clamp(1, MOST_THREADS),
            flash_attention: true,
        };
        let computing = Arc::clone(stopped);
        let should_abort = Box::new(move || computing.load(Ordering::Relaxed));
        let context = Context::new(&model, size, should_abort)?;
        let preparer = Preparer::new(Arc::clone(&model) as _, CELLS, Some(0))?;
        let mut tokens = Vec::new();
        for text in TEXTS {
            tokens.extend(model.tokenise(text, false, false)?);
        }
        let tokens = tokens.into_iter().cycle().take(PREFILL_TOKENS).collect();
        let mut subject = Self { model, context, preparer, batch: Batch::default(), tokens };
        // The first call of a model touches all its weights; it is nobody's speed.
        subject.prompt(PREFIX_TOKENS)?;
        Ok(subject)
    }

    /// How many weights it has.
    pub fn parameter_count(&self) -> u64 {
        self.model.parameter_count()
    }

    /// Measures its speed for about a second, longer where one call takes longer.
    pub fn rates(&mut self) -> Result<Rates, LLMError> {
        Ok(Rates { prefill: self.prefill_rate()?, decode: self.decode_rate()? })
    }

    fn prefill_rate(&mut self) -> Result<f64, LLMError> {
        let (began, mut tokens) = (Instant::now(), 0);
        while tokens == 0 || began.elapsed() < MEASURED_FOR {
            self.context.forget_all();
            self.prompt(PREFILL_TOKENS)?;
            tokens += PREFILL_TOKENS;
        }
        Ok(tokens as f64 / began.elapsed().as_secs_f64())
    }

    fn decode_rate(&mut self) -> Result<f64, LLMError> {
        self.context.forget_all();
        self.prompt(PREFIX_TOKENS)?;
        for row in 1..ROWS {
            self.context.share_all(0, row as Sequence);
        }
        let (began, mut steps) = (Instant::now(), 0);
        while steps < MOST_STEPS && (steps == 0 || began.elapsed() < MEASURED_FOR) {
            self.batch.clear();
            for row in 0..ROWS {
                let token = self.tokens[(PREFIX_TOKENS + steps + row) % self.tokens.len()];
                self.batch.push(token, PREFIX_TOKENS + steps, row as Sequence, true);
            }
            self.decode()?;
            // On a GPU the call is over when its result is there.
            let _ = self.context.logits(ROWS - 1);
            steps += 1;
        }
        Ok((steps * ROWS) as f64 / began.elapsed().as_secs_f64())
    }

    /// Computes the first `count` of the measuring tokens as sequence 0, and waits for the result.
    fn prompt(&mut self, count: usize) -> Result<(), LLMError> {
        self.batch.clear();
        for index in 0..count {
            self.batch.push(self.tokens[index], index, 0, index + 1 == count);
        }
        self.decode()?;
        let _ = self.context.logits(count - 1);
        Ok(())
    }

    fn decode(&mut self) -> Result<(), LLMError> {
        self.context.decode(&self.batch).map_err(|error| match error {
            DecodeError::Aborted => LLMError::Cancelled,
            DecodeError::NoRoom => {
                LLMError::InferenceFailed { reason: "the key-value memory is full".to_owned() }
            }
            DecodeError::Failed(code) => {
                LLMError::InferenceFailed { reason: format!("llama.cpp's decode answered {code}") }
            }
        })
    }

    /// Reads the built-in texts; `each` gets the number of a position and its logits.
    pub fn read_texts(&mut self, mut each: impl FnMut(usize, &[f32])) -> Result<(), LLMError> {
        let mut position = 0;
        for text in TEXTS {
            let tokens = self.model.tokenise(text, self.model.wants_bos(), false)?;
            self.context.forget_all();
            for (part, chunk) in tokens.chunks(SEQUENCES).enumerate() {
                self.batch.clear();
                for (index, &token) in chunk.iter().enumerate() {
                    self.batch.push(token, part * SEQUENCES + index, 0, true);
                }
                self.decode()?;
                for index in 0..chunk.len() {
                    each(position, self.context.logits(index));
                    position += 1;
                }
            }
        }
        Ok(())
    }

    /// The probabilities of the labels of every built-in question.
    pub fn label_probabilities(&mut self) -> Result<Vec<Vec<f64>>, LLMError> {
        let mut all = Vec::new();
        for set in &LABEL_SETS {
            all.extend(self.answer(set)?);
        }
        Ok(all)
    }

    fn answer(&mut self, set: &LabelSet) -> Result<Vec<Vec<f64>>, LLMError> {
        const PREFIX: Sequence = 0;
        let rows = set
            .requests()
            .map(|request| Question::new(self.preparer.prepare(request)?))
            .collect::<Result<Vec<_>, LLMError>>()?;
        // Models that keep one state for a sequence cannot stand behind a part of it.
        let shared = if self.model.keeps_every_position() { shared_length(&rows) } else { 0 };
        self.context.forget_all();
        self.feed(PREFIX, &rows[0].tokens[..shared])?;
        let mut scores: Vec<Vec<Vec<f64>>> =
            rows.iter().map(|row| vec![Vec::new(); row.trie.node_count()]).collect();
        // The rows together: a call with few tokens takes as long as one with many.
        self.batch.clear();
        let mut looks = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let (sequence, own) = (1 + at as Sequence, &row.tokens[shared..]);
            if self.batch.len() + own.len() > BATCH_TOKENS {
                self.look(&rows, &mut looks, &mut scores)?;
            }
            if own.len() > BATCH_TOKENS {
                let reason = "a question is longer than a call".to_owned();
                return Err(LLMError::InferenceFailed { reason });
            }
            if shared > 0 {
                self.context.share(PREFIX, sequence, shared);
            }
            let place = self.push(sequence, shared, own);
            if row.trie.path(0).is_empty() {
                looks.push((at, 0, place));
            }
        }
        self.look(&rows, &mut looks, &mut scores)?;
        // Labels that begin alike: the place where they part, behind a copy of the row.
        for (at, row) in rows.iter().enumerate() {
            let (sequence, scratch) = (1 + at as Sequence, (1 + rows.len()) as Sequence);
            for node in 0..row.trie.node_count() {
                let path = row.trie.path(node);
                if path.is_empty() {
                    continue;
                }
                self.context.share_all(sequence, scratch);
                let place = self.push(scratch, row.tokens.len(), path);
                looks.push((at, node, place));
                self.look(&rows, &mut looks, &mut scores)?;
                self.context.forget(scratch);
            }
        }
        let answers = rows.iter().zip(&scores);
        Ok(answers.map(|(row, scores)| row.trie.probabilities(scores)).collect())
    }

    /// Computes the batch, scores the nodes that wait for it (row, node, place in the batch), and
    /// empties it.
    fn look(
        &mut self,
        rows: &[Question],
        looks: &mut Vec<(usize, usize, usize)>,
        scores: &mut [Vec<Vec<f64>>],
    ) -> Result<(), LLMError> {
        self.decode()?;
        for (row, node, place) in looks.drain(..) {
            scores[row][node] = rows[row].trie.score(node, self.context.logits(place));
        }
        self.batch.clear();
        Ok(())
    }

    /// Adds tokens to the batch; logits are wanted for the last, whose place is returned.
    fn push(&mut self, sequence: Sequence, begin: usize, tokens: &[Token]) -> usize {
        let mut place = 0;
        for (index, &token) in tokens.iter().enumerate() {
            let last = index + 1 == tokens.len();
            place = self.batch.push(token, begin + index, sequence, last);
        }
        place
    }

    /// Computes tokens of a new sequence.
    fn feed(&mut self, sequence: Sequence, tokens: &[Token]) -> Result<(), LLMError> {
        for (part, chunk) in tokens.chunks(BATCH_TOKENS).enumerate() {
            self.batch.clear();
            self.push(sequence, part * BATCH_TOKENS, chunk);
            self.decode()?;
        }
        Ok(())
    }
}

/// A question as tokens, with the labels to score.
struct Question {
    tokens: Vec<Token>,
    trie: Arc<LabelTrie>,
}

impl Question {
    fn new(prepared: Prepared) -> Result<Self, LLMError> {
        match prepared.answering {
            Answering::Scored { trie, .. } => Ok(Self { tokens: prepared.tokens, trie }),
            _ => Err(LLMError::InferenceFailed { reason: "labels are not scored".to_owned() }),
        }
    }
}

/// How many tokens all prompts begin with, at least one of each left over.
fn shared_length(rows: &[Question]) -> usize {
    let first = &rows[0].tokens;
    let alike = |row: &Question| row.tokens.iter().zip(first).take_while(|(a, b)| a == b).count();
    let shortest = rows.iter().map(|row| row.tokens.len()).min().unwrap_or(1);
    rows.iter().map(alike).min().unwrap_or(0).min(shortest - 1)
}

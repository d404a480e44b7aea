//! One row on its way through the engine: where its events go, and its answer as it grows.

use std::sync::Arc;
use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tokio::sync::mpsc::Sender;

use super::ffi::{Model, Sequence, Token};
use super::labels::LabelTrie;
use super::number::NumberWriter;
use super::prepare::{Answering, Prepared};
use super::sample;
use super::text::AnswerText;
use crate::{
    BatchEvent, BatchEventKind, FinishReason, LLMError, LLMResponse, LabelProbability, RequestId,
};

/// A prepared request and the way back to its caller.
#[derive(Debug)]
pub struct Row {
    id: RequestId,
    events: Sender<BatchEvent>,
    /// What to compute.
    pub prepared: Prepared,
    has_ended: bool,
}

impl Row {
    /// A row whose events go to `events`.
    pub fn new(id: RequestId, events: Sender<BatchEvent>, prepared: Prepared) -> Self {
        Self { id, events, prepared, has_ended: false }
    }

    /// Whether nobody waits for it any more.
    pub fn is_cancelled(&self) -> bool {
        self.events.is_closed()
    }

    /// The way back, to see during a long call whether anybody still waits.
    pub fn events(&self) -> Sender<BatchEvent> {
        self.events.clone()
    }

    fn emit(&self, kind: BatchEventKind) {
        // An error means that the receiver is gone: the row is cancelled and dropped soon.
        drop(self.events.blocking_send(BatchEvent { id: self.id, kind }));
    }

    /// Tells that the row was taken on.
    pub fn start(&self) {
        self.emit(BatchEventKind::Started);
    }

    /// Ends it with an error.
    pub fn fail(mut self, error: LLMError) {
        self.has_ended = true;
        self.emit(BatchEventKind::Failed(error));
    }

    fn succeed(mut self, response: LLMResponse) {
        self.has_ended = true;
        self.emit(BatchEventKind::Done(Box::new(response)));
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        if !self.has_ended {
            // The engine ended with the row unanswered. Its caller must not wait for ever; if
            // the channel is full, its closing tells the same.
            drop(self.events.try_send(BatchEvent {
                id: self.id,
                kind: BatchEventKind::Failed(LLMError::NotRunning),
            }));
        }
    }
}

/// A row that has a sequence.
pub struct ActiveRow {
    /// The row.
    pub row: Row,
    /// Its sequence in the context.
    pub sequence: Sequence,
    /// Tokens of its prompt that came from the shared prefix.
    pub shared: usize,
    /// The token to compute next and its position.
    pub next: Option<(Token, usize)>,
    /// Why it ended, once it has.
    pub ended: Option<FinishReason>,
    /// Log-shares of every node of the label trie, for a scored row.
    pub scores: Vec<Vec<f64>>,
    text: AnswerText,
    number: NumberWriter,
    random: ChaCha8Rng,
    generated: u32,
    /// Sum of the logarithms of the chosen tokens' probabilities among the allowed ones.
    log_probability: f64,
    admitted: Instant,
}

impl ActiveRow {
    /// Gives a row its sequence.
    pub fn new(row: Row, sequence: Sequence, shared: usize) -> Self {
        row.start();
        Self {
            sequence,
            shared,
            next: None,
            ended: None,
            scores: Vec::new(),
            text: AnswerText::new(&row.prepared.stops),
            number: NumberWriter::default(),
            random: ChaCha8Rng::seed_from_u64(row.prepared.seed),
            generated: 0,
            log_probability: 0.0,
            admitted: Instant::now(),
            row,
        }
    }

    /// The tokens that the row must compute itself, with their positions.
    pub fn own_tokens(&self) -> impl Iterator<Item = (usize, Token)> + '_ {
        self.row.prepared.tokens.iter().copied().enumerate().skip(self.shared)
    }

    /// Where the answer begins.
    pub fn prompt_length(&self) -> usize {
        self.row.prepared.tokens.len()
    }

    /// Cells of memory that it may need beyond the prefix.
    pub fn cells(&self) -> usize {
        self.row.prepared.cells(self.shared)
    }

    /// The trie of a scored row.
    pub fn trie(&self) -> Option<Arc<LabelTrie>> {
        match &self.row.prepared.answering {
            Answering::Scored { trie, .. } => Some(Arc::clone(trie)),
            Answering::Free | Answering::Number(_) => None,
        }
    }

    /// Takes the logits after its last token and chooses the next. Answers why the row ended, if
    /// it did.
    pub fn advance(&mut self, logits: &[f32], model: &Model) -> Option<FinishReason> {
        let allowed = match &self.row.prepared.answering {
            Answering::Number(tokens) => Some(self.number.allowed(tokens)),
            Answering::Free | Answering::Scored { .. } => None,
        };
        if let Some(allowed) = allowed.as_ref().filter(|_| self.number.may_end())
            && !allowed.contains(&sample::argmax(logits))
        {
            self.log_probability += (1.0 - sample::share(logits, allowed)).ln();
            return Some(FinishReason::Stop);
        }
        let (token, probability) =
            sample::choose(logits, allowed.as_deref(), self.row.prepared.choice, &mut self.random);
        self.log_probability += probability.map_or(0.0, f64::ln);
        if model.ends_generation(token) {
            return Some(FinishReason::Stop);
        }
        let bytes = model.token_bytes(token);
        self.number.advance(&bytes);
        let position = self.next.map_or(self.prompt_length(), |(_, position)| position + 1);
        self.next = Some((token, position));
        self.generated += 1;
        let stopped = self.text.push(&bytes);
        self.send_delta();
        if stopped {
            Some(FinishReason::Stop)
        } else if self.generated >= self.row.prepared.most_new_tokens {
            Some(FinishReason::Length)
        } else {
            None
        }
    }

    /// Streams what is new, unless the caller is behind: then it goes with the next delta.
    fn send_delta(&mut self) {
        let Ok(permit) = self.row.events.try_reserve() else { return };
        if let Some(delta) = self.text.take_delta() {
            permit.send(BatchEvent { id: self.row.id, kind: BatchEventKind::Delta(delta) });
        }
    }

    /// Hands the answer to the caller.
    pub fn finish(self, reason: FinishReason) {
        let Self { row, shared, scores, text, generated, log_probability, admitted, .. } = self;
        let (content, confidence, label_probabilities) = match &row.prepared.answering {
            Answering::Free => (text.into_text(), None, Vec::new()),
            Answering::Number(_) => {
                let number = text.into_text().trim_end_matches('.').to_owned();
                (number, Some(log_probability.exp()), Vec::new())
            }
            Answering::Scored { labels, trie } => {
                let probabilities: Vec<LabelProbability> = labels
                    .iter()
                    .zip(trie.probabilities(&scores))
                    .map(|(label, probability)| LabelProbability {
                        label: label.clone(),
                        probability,
                    })
                    .collect();
                // The first of equals, so that the order of the labels decides and not chance.
                let best = probabilities
                    .iter()
                    .reduce(
                        |best, other| {
                            if other.probability > best.probability { other } else { best }
                        },
                    )
                    .expect("a trie has at least one label");
                (best.label.clone(), Some(best.probability), probabilities)
            }
        };
        let response = LLMResponse {
            content,
            reasoning: None,
            model: row.prepared.model.clone(),
            prompt_tokens: row.prepared.tokens.len() as u32,
            shared_tokens: shared as u32,
            completion_tokens: generated,
            duration_ms: u32::try_from(admitted.elapsed().as_millis()).unwrap_or(u32::MAX),
            finish_reason: reason,
            confidence,
            label_probabilities,
        };
        row.succeed(response);
    }
}

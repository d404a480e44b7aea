//! One row on its way through the engine: where its events go, and its answer as it grows.
//! Longer than most files because thinking, writing and scoring share the row's state.

use std::sync::Arc;
use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tokio::sync::mpsc::{OwnedPermit, Sender};

use super::grammar::{Chosen, How, Writer};
use super::labels::LabelTrie;
use super::prepare::{Answering, Prepared};
use super::repetition::Circles;
use super::sample;
use super::text::AnswerText;
use super::thinking::{Thinks, Thought};
use super::{Sequence, Token, Tokenizer};
use crate::{
    BatchEvent, BatchEventKind, FinishReason, LLMError, LLMResponse, LabelProbability, RequestId,
};

/// Where this part of a caller's channel is free, deltas may go there. The rest is for the starts
/// and ends of rows that are still to come: a caller who takes no events holds up its own rows
/// only.
const LEAST_FREE: usize = 4;

/// A prepared request and the way back to its caller.
#[derive(Debug)]
pub struct Row {
    id: RequestId,
    events: Sender<BatchEvent>,
    /// Room to tell that it was taken on, until that is told.
    start: Option<OwnedPermit<BatchEvent>>,
    /// Room to tell how it ended. The engine's thread works for all batches, and must not wait for
    /// the caller of one.
    end: Option<OwnedPermit<BatchEvent>>,
    /// What to compute.
    pub prepared: Prepared,
}

impl Row {
    /// A row whose events go to `events`. Waits until they have room for its start and its end;
    /// `None` if nobody waits for it any more.
    pub async fn new(
        id: RequestId,
        events: &Sender<BatchEvent>,
        prepared: Prepared,
    ) -> Option<Self> {
        let start = events.clone().reserve_owned().await.ok()?;
        let end = events.clone().reserve_owned().await.ok()?;
        Some(Self { id, events: events.clone(), start: Some(start), end: Some(end), prepared })
    }

    /// Whether nobody waits for it any more.
    pub fn is_cancelled(&self) -> bool {
        self.events.is_closed()
    }

    /// The way back, to see during a long call whether anybody still waits.
    pub fn events(&self) -> Sender<BatchEvent> {
        self.events.clone()
    }

    /// Tells that the row was taken on, once.
    pub fn start(&mut self) {
        if let Some(room) = self.start.take() {
            room.send(BatchEvent { id: self.id, kind: BatchEventKind::Started });
        }
    }

    /// Tells a part of the answer, unless the caller is behind. `part` is only asked if it can be
    /// told.
    fn tell(&self, part: impl FnOnce() -> Option<String>) {
        if self.events.capacity() < self.events.max_capacity() / LEAST_FREE {
            return;
        }
        let Ok(room) = self.events.try_reserve() else { return };
        if let Some(delta) = part() {
            room.send(BatchEvent { id: self.id, kind: BatchEventKind::Delta(delta) });
        }
    }

    fn end(&mut self, kind: BatchEventKind) {
        if let Some(room) = self.end.take() {
            room.send(BatchEvent { id: self.id, kind });
        }
    }

    /// Ends it with an error.
    pub fn fail(mut self, error: LLMError) {
        self.end(BatchEventKind::Failed(error));
    }

    fn succeed(mut self, response: LLMResponse) {
        self.end(BatchEventKind::Done(Box::new(response)));
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        // If it has not ended, the engine has: its caller must not wait for ever.
        self.end(BatchEventKind::Failed(LLMError::NotRunning));
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
    /// Why it ended, once it has.
    pub ended: Option<FinishReason>,
    /// Log-shares of every node of the label trie, for a scored row.
    pub scores: Vec<Vec<f64>>,
    /// All tokens behind the prompt so far, those to compute next included.
    history: Vec<Token>,
    /// Tokens to compute next.
    pending: Vec<Token>,
    /// How many tokens its sequence holds: where the first of the pending ones goes.
    position: usize,
    phase: Phase,
    thought: Thought,
    text: AnswerText,
    /// The grammar of a typed answer, as far as it is written.
    writer: Option<Writer>,
    failed: Option<LLMError>,
    circles: Circles,
    /// Whether a typed answer does: then it is brought to its end.
    goes_in_circles: bool,
    random: ChaCha8Rng,
    /// Tokens of the answer.
    generated: u32,
    /// Of these, those that its grammar left no choice about.
    forced: u32,
    /// Sum of the logarithms of the chosen tokens' probabilities among the allowed ones.
    log_probability: f64,
    admitted: Instant,
}

impl ActiveRow {
    /// Gives a row its sequence.
    pub fn new(mut row: Row, sequence: Sequence, shared: usize) -> Self {
        row.start();
        Self {
            sequence,
            shared,
            ended: None,
            scores: Vec::new(),
            history: Vec::new(),
            pending: row.prepared.tokens[shared..].to_vec(),
            position: shared,
            phase: match row.prepared.thinks {
                Thinks::No => Phase::Answering,
                Thinks::Perhaps => Phase::Beginning,
                Thinks::Yes => Phase::Thinking,
            },
            thought: Thought::default(),
            text: begun_text(&row.prepared),
            writer: row.prepared.begun.as_ref().map(|begun| begun.writer.clone()),
            failed: None,
            circles: Circles::new(matches!(row.prepared.answering, Answering::Typed { .. })),
            goes_in_circles: false,
            random: ChaCha8Rng::seed_from_u64(row.prepared.seed),
            generated: row.prepared.forced_tokens() as u32,
            forced: row.prepared.forced_tokens() as u32,
            log_probability: 0.0,
            admitted: Instant::now(),
            row,
        }
    }

    /// The tokens to compute next: what is left of its prompt, later what was chosen and what
    /// its grammar forced after it.
    pub fn pending(&self) -> &[Token] {
        &self.pending
    }

    /// Where the first of the pending tokens goes.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Notes that the first `count` of the pending tokens were computed, without their logits.
    pub fn note_computed(&mut self, count: usize) {
        self.pending.drain(..count);
        self.position += count;
    }

    /// Tokens generated so far, thinking included.
    pub fn generated(&self) -> u32 {
        self.generated + self.thought.tokens()
    }

    /// Tokens of the answer that its grammar left no choice about.
    pub fn forced(&self) -> u32 {
        self.forced
    }

    /// Whether the logits behind its prompt were used: what it is now cannot be had again by
    /// computing the prompt once more.
    pub fn is_settled(&self) -> bool {
        !self.history.is_empty() || self.ended.is_some() || !self.scores.is_empty()
    }

    /// The tokens that its sequence holds: its prompt and what was generated, without those to
    /// compute next.
    pub fn held_tokens(&self) -> impl Iterator<Item = Token> + '_ {
        self.row.prepared.tokens.iter().chain(&self.history).take(self.position).copied()
    }

    /// Goes back to being a row that waits, as if it had not been taken on.
    pub fn into_row(self) -> Row {
        self.row
    }

    /// The trie of a row whose labels are being scored.
    pub fn trie(&self) -> Option<Arc<LabelTrie>> {
        match &self.row.prepared.answering {
            Answering::Scored { trie, .. } if !self.scores.is_empty() => Some(Arc::clone(trie)),
            _ => None,
        }
    }

    /// Takes the logits after the last of its pending tokens, all of which were computed, and
    /// decides how it goes on: with tokens to compute, with labels to score, or not at all.
    pub fn take(&mut self, logits: &[f32], model: &dyn Tokenizer) {
        self.note_computed(self.pending.len());
        if !self.are_numbers(logits) {
            return;
        }
        self.decide(logits, model);
        if self.pending.is_empty() && self.ended.is_none() && self.scores.is_empty() {
            // It would be computed for ever, and all others would wait for it.
            self.give_up("there is nothing to compute next, and the answer has not ended");
        }
    }

    /// Takes the logits at a place behind its prompt where its labels part.
    pub fn take_look(&mut self, node: usize, logits: &[f32]) {
        let Some(trie) = self.trie() else { return };
        if self.are_numbers(logits) {
            self.scores[node] = trie.score(node, logits);
        }
    }

    /// A model that overflows says nothing: any answer would be made up.
    fn are_numbers(&mut self, logits: &[f32]) -> bool {
        let are_numbers = logits.iter().any(|logit| logit.is_finite());
        if !are_numbers {
            self.give_up("the model's logits are no numbers");
        }
        are_numbers
    }

    fn give_up(&mut self, reason: &str) {
        self.failed = Some(LLMError::InferenceFailed { reason: reason.to_owned() });
        self.ended = Some(FinishReason::Stop);
    }

    fn decide(&mut self, logits: &[f32], model: &dyn Tokenizer) {
        if self.phase == Phase::Beginning {
            let first = sample::argmax(logits);
            if self.row.prepared.marks.is_opened_by(first) {
                self.phase = Phase::Thinking;
                self.thought.count(1);
                self.push(&[first]);
                return;
            }
            self.phase = Phase::Answering;
            if self.begin_typed() {
                return;
            }
        }
        if self.phase == Phase::Thinking {
            self.think(logits, model);
            return;
        }
        match &self.row.prepared.answering {
            Answering::Scored { trie, .. } => {
                self.scores = vec![Vec::new(); trie.node_count()];
                if trie.path(0).is_empty() {
                    self.scores[0] = trie.score(0, logits);
                }
            }
            Answering::Free => self.ended = self.speak(logits, model),
            Answering::Typed { .. } => {
                if let Err(error) = self.write(logits, model) {
                    self.failed = Some(error);
                    self.ended = Some(FinishReason::Stop);
                }
            }
        }
    }

    fn push(&mut self, tokens: &[Token]) {
        self.pending.extend_from_slice(tokens);
        self.history.extend_from_slice(tokens);
    }

    /// Puts what a typed answer begins with behind thinking, or behind a prompt after which there
    /// might have been some. Answers whether there is anything.
    fn begin_typed(&mut self) -> bool {
        let Some(begun) = &self.row.prepared.begun else { return false };
        let forced = begun.forced.clone();
        for &token in &forced {
            self.text.push(begun.writer.bytes(token));
        }
        self.generated += forced.len() as u32;
        self.forced += forced.len() as u32;
        self.push(&forced);
        self.send_delta();
        !forced.is_empty()
    }

    /// One token of thinking. Behind its end stands what the answer begins with.
    fn think(&mut self, logits: &[f32], model: &dyn Tokenizer) {
        let marks = Arc::clone(&self.row.prepared.marks);
        let is_free = matches!(self.row.prepared.answering, Answering::Free);
        let token = sample::choose(logits, None, self.row.prepared.choice, &mut self.random);
        if self.thought.tokens() >= self.row.prepared.most_thinking_tokens
            || model.ends_generation(token)
        {
            self.thought.count(marks.closing().len());
            self.push(marks.closing());
            self.phase = Phase::Answering;
            self.begin_typed();
            return;
        }
        let after = self.thought.push(token, &model.token_bytes(token), &marks);
        self.push(&[token]);
        let Some(after) = after else { return };
        self.phase = Phase::Answering;
        if is_free {
            self.text.push(&after);
            return;
        }
        if after.is_empty() {
            self.thought.count(marks.gap().len());
            self.push(marks.gap());
        }
        self.begin_typed();
    }

    /// One token of free text. Answers why the row ended, if it did.
    fn speak(&mut self, logits: &[f32], model: &dyn Tokenizer) -> Option<FinishReason> {
        let token = sample::choose(logits, None, self.row.prepared.choice, &mut self.random);
        if model.ends_generation(token) {
            return Some(FinishReason::Stop);
        }
        let bytes = model.token_bytes(token);
        self.push(&[token]);
        self.generated += 1;
        let stopped = self.text.push(&bytes);
        self.send_delta();
        let is_circle = self.circles.push(token);
        if stopped {
            Some(FinishReason::Stop)
        } else if is_circle || self.generated >= self.row.prepared.most_answer_tokens {
            Some(FinishReason::Length)
        } else {
            None
        }
    }

    /// One token of a typed answer and all that must follow it.
    fn write(&mut self, logits: &[f32], model: &dyn Tokenizer) -> Result<(), LLMError> {
        let prepared = &self.row.prepared;
        let (Answering::Typed { compiled, wants_probability, .. }, Some(writer)) =
            (&prepared.answering, &mut self.writer)
        else {
            return Ok(());
        };
        if writer.is_complete() {
            // All of it was forced.
            self.ended = Some(FinishReason::Stop);
            return Ok(());
        }
        let left = prepared.most_answer_tokens.saturating_sub(self.generated);
        let ends_now = self.goes_in_circles || left <= compiled.tokens_to_end();
        let how = How {
            choice: prepared.choice,
            wants_probability: *wants_probability,
            ends_now: ends_now.then_some(self.text.bytes()),
        };
        let is_end = |token| model.ends_generation(token);
        let complete = if ends_now { FinishReason::Length } else { FinishReason::Stop };
        match writer.choose(logits, how, &mut self.random, is_end)? {
            Chosen::End(probability) => {
                self.log_probability += probability.map_or(0.0, f64::ln);
                self.ended = Some(complete);
            }
            Chosen::Token(..) if left == 0 => {
                // Its place in the memory ends here, and half an answer is none.
                let reason = "a typed answer did not come to its end in time".to_owned();
                return Err(LLMError::InferenceFailed { reason });
            }
            Chosen::Token(token, probability) => {
                self.log_probability += probability.map_or(0.0, f64::ln);
                let mut tokens = vec![token];
                tokens.extend(writer.accept(token)?);
                for &token in &tokens {
                    self.text.push(writer.bytes(token));
                }
                if writer.is_complete() {
                    self.ended = Some(complete);
                }
                for &token in &tokens {
                    self.goes_in_circles |= self.circles.push(token);
                }
                self.generated += tokens.len() as u32;
                self.forced += tokens.len() as u32 - 1;
                self.push(&tokens);
                self.send_delta();
            }
        }
        Ok(())
    }

    /// Streams what is new, unless the caller is behind: then it goes with the next delta.
    fn send_delta(&mut self) {
        // A point at the end of a number may turn out to be a full stop, which is no part of it.
        let is_number =
            matches!(self.row.prepared.answering, Answering::Typed { is_number: true, .. });
        if is_number && self.text.bytes().ends_with(b".") {
            return;
        }
        self.row.tell(|| self.text.take_delta());
    }

    /// Hands the answer to the caller.
    pub fn finish(self, reason: FinishReason) {
        let completion_tokens = self.generated();
        let Self { row, shared, scores, text, thought, log_probability, admitted, failed, .. } =
            self;
        if let Some(error) = failed {
            row.fail(error);
            return;
        }
        let (content, confidence, label_probabilities) = match &row.prepared.answering {
            Answering::Free => (text.into_text(), None, Vec::new()),
            Answering::Typed { wants_probability, is_number, .. } => {
                let mut answer = text.into_text();
                if *is_number {
                    answer.truncate(answer.trim_end_matches('.').len());
                }
                (answer, wants_probability.then(|| log_probability.exp()), Vec::new())
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
            reasoning: thought.into_text(),
            model: row.prepared.model.clone(),
            prompt_tokens: row.prepared.prompt_tokens as u32,
            shared_tokens: shared as u32,
            completion_tokens,
            duration_ms: u32::try_from(admitted.elapsed().as_millis()).unwrap_or(u32::MAX),
            finish_reason: reason,
            confidence,
            label_probabilities,
            cost_usd: None,
        };
        row.succeed(response);
    }
}

/// Where a row is on its way behind the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The first token decides whether it thinks.
    Beginning,
    Thinking,
    Answering,
}

/// The text of an answer before its first own token: what is forced is in the prompt already,
/// unless it stands behind thinking.
fn begun_text(prepared: &Prepared) -> AnswerText {
    let mut text = AnswerText::new(&prepared.stops);
    if let Some(begun) = prepared.begun.as_ref().filter(|_| prepared.thinks == Thinks::No) {
        for &token in &begun.forced {
            text.push(begun.writer.bytes(token));
        }
    }
    text
}

#[cfg(test)]
mod tests;

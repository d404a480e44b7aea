//! [`FakeEngine`]: an engine that answers from a script, for every test of a run.
//!
//! It is shipped code, so that the durability tests and the command line's own tests can use
//! it. It promises: the same request gets the same answer in every process of one build; waits
//! are those of tokio's clock, which tests pause; a request whose future or stream is dropped
//! stops counting as in flight at once. It leaves out tokens (it counts words) and what a real
//! engine does to an answer: stop sequences, token limits and output types are not enforced, so
//! that a script can misbehave.

mod answer;
mod echo;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream;

pub use answer::{FakeAnswer, FakeGate};

use crate::pool::DEFAULT_PARALLEL_REQUESTS;
use crate::{
    Capabilities, FinishReason, LLMBackend, LLMEngine, LLMError, LLMRequest, LLMResponse, Role,
    TokenStream,
};

type Script = dyn Fn(&LLMRequest) -> FakeAnswer + Send + Sync;
type LabelLogits = dyn Fn(&LLMRequest) -> Vec<f64> + Send + Sync;

/// An engine that answers from a script. See the module's page for what it promises.
pub struct FakeEngine {
    script: Arc<Script>,
    context_tokens: u32,
    parallel_requests: u32,
    fingerprint: Option<String>,
    label_logits: Option<Arc<LabelLogits>>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    seen: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

/// Counts a request as in flight until it is dropped.
struct InFlight(Arc<Counts>);

impl InFlight {
    fn begin(counts: &Arc<Counts>) -> Self {
        counts.seen.fetch_add(1, Ordering::SeqCst);
        let now = counts.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        counts.most_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(counts))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl FakeEngine {
    /// An engine that asks `script` what to answer. The script sees the whole request and may
    /// keep state of its own, such as a count of attempts.
    pub fn answering(script: impl Fn(&LLMRequest) -> FakeAnswer + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(script),
            context_tokens: 4096,
            parallel_requests: DEFAULT_PARALLEL_REQUESTS as u32,
            fingerprint: None,
            label_logits: None,
            counts: Arc::default(),
        }
    }

    /// An engine whose answers are valid for every output type and depend on nothing but the
    /// output type and the last user message.
    pub fn echo() -> Self {
        Self::answering(echo::answer)
    }

    /// Sets how many requests it says it works on at once; 5 unless set.
    #[must_use]
    pub fn with_parallel_requests(mut self, parallel_requests: u32) -> Self {
        self.parallel_requests = parallel_requests;
        self
    }

    /// Sets the longest prompt in tokens, two for each word; 4096 unless set.
    #[must_use]
    pub fn with_context_tokens(mut self, context_tokens: u32) -> Self {
        self.context_tokens = context_tokens;
        self
    }

    /// Lets its answers be kept and used again under this name; a script that keeps state should
    /// not.
    #[must_use]
    pub fn with_fingerprint(mut self, fingerprint: &str) -> Self {
        self.fingerprint = Some(fingerprint.to_owned());
        self
    }

    /// Scores labels by these logits, one for each label in the recipe's order, as an engine does
    /// that looks at them instead of writing: where the script answers, the answer is the
    /// likeliest label.
    #[must_use]
    pub fn with_label_logits(
        mut self,
        logits: impl Fn(&LLMRequest) -> Vec<f64> + Send + Sync + 'static,
    ) -> Self {
        self.label_logits = Some(Arc::new(logits));
        self
    }

    /// Requests that began, those that failed or were dropped later included.
    pub fn requests_seen(&self) -> usize {
        self.counts.seen.load(Ordering::SeqCst)
    }

    /// Requests that began and neither ended nor were dropped.
    pub fn in_flight(&self) -> usize {
        self.counts.in_flight.load(Ordering::SeqCst)
    }

    /// The most requests that were ever in flight together.
    pub fn most_in_flight(&self) -> usize {
        self.counts.most_in_flight.load(Ordering::SeqCst)
    }

    /// The prompt's tokens, or the error for a prompt that does not fit.
    fn admit(&self, request: &LLMRequest) -> Result<u32, LLMError> {
        let prompt_tokens =
            request.messages.iter().map(|message| estimated_tokens(&message.content)).sum::<u32>();
        // One token is the least room for an answer.
        let needed_tokens = prompt_tokens.saturating_add(1);
        if needed_tokens > self.context_tokens {
            return Err(LLMError::ContextLengthExceeded {
                needed_tokens,
                available_tokens: self.context_tokens,
            });
        }
        Ok(prompt_tokens)
    }
}

#[async_trait]
impl LLMEngine for FakeEngine {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        let _in_flight = InFlight::begin(&self.counts);
        let prompt_tokens = self.admit(&request)?;
        let (answer, waited_ms) = (self.script)(&request).wait().await;
        let mut content = answer.pieces.concat();
        if let Some(error) = answer.error {
            return Err(error);
        }
        let scored = self.label_logits.as_ref().zip(request.output.scored_labels());
        let label_probabilities = match scored {
            Some((logits, labels)) => echo::shares(labels, &logits(&request)),
            None => echo::probabilities(&request.output, &content, last_user_message(&request)),
        };
        if self.label_logits.is_some()
            && let Some(best) = echo::likeliest(&label_probabilities)
        {
            content = best;
        }
        Ok(LLMResponse {
            confidence: label_probabilities
                .iter()
                .find(|entry| entry.label == content)
                .map(|entry| entry.probability),
            completion_tokens: estimated_tokens(&content),
            content,
            reasoning: None,
            model: request.model,
            prompt_tokens,
            shared_tokens: 0,
            duration_ms: u32::try_from(waited_ms).unwrap_or(u32::MAX),
            finish_reason: FinishReason::Stop,
            label_probabilities,
            cost_usd: None,
        })
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        let in_flight = InFlight::begin(&self.counts);
        self.admit(&request)?;
        let (answer, _waited_ms) = (self.script)(&request).wait().await;
        let pieces = answer.pieces.into_iter().map(Ok).chain(answer.error.map(Err));
        // The guard lives in the stream's state: it ends with the last piece or with the drop.
        Ok(Box::pin(stream::unfold((pieces, in_flight), |(mut pieces, in_flight)| async move {
            pieces.next().map(|piece| (piece, (pieces, in_flight)))
        })))
    }

    async fn is_ready(&self) -> bool {
        true
    }

    fn backend(&self) -> LLMBackend {
        LLMBackend::Fake
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            context_tokens: self.context_tokens,
            constrains_output: false,
            reports_confidence: true,
            scores_labels: true,
            parallel_requests: self.parallel_requests,
            fingerprint: self.fingerprint.clone(),
        }
    }

    fn count_tokens(&self, text: &str) -> Option<u32> {
        Some(estimated_tokens(text))
    }
}

/// Two tokens for each word: near enough for a test to be about the limit.
fn estimated_tokens(text: &str) -> u32 {
    u32::try_from(text.split_whitespace().count() * 2).unwrap_or(u32::MAX)
}

fn last_user_message(request: &LLMRequest) -> &str {
    let mut messages = request.messages.iter().rev();
    messages.find(|message| message.role == Role::User).map_or("", |message| &message.content)
}

#[cfg(test)]
mod tests;

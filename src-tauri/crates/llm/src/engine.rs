//! The engine seam: what a request is, what comes back, and the trait every engine implements.

use std::pin::Pin;

use async_trait::async_trait;
use braincells_core::Output;
use futures::stream::Stream;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{InferencePool, LLMError};

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Role {
    /// Sets the rules.
    System,
    /// Asks.
    User,
    /// Answers; in a request, an example of an answer.
    Assistant,
}

impl Role {
    /// The word chat templates and chat APIs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message of a chat. Its content is data: an engine must never let it act as a control
/// token of the model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
}

impl Message {
    /// A message.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into() }
    }
}

/// One question to a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LLMRequest {
    /// The chat so far; the last message is the user's.
    pub messages: Vec<Message>,
    /// The engine's name for the model.
    pub model: String,
    /// The most tokens to generate; `None` lets the engine decide by output type.
    pub max_tokens: Option<u32>,
    /// 0 is greedy.
    pub temperature: f32,
    /// Nucleus sampling; 1 keeps all tokens.
    pub top_p: f32,
    /// Keep this many likeliest tokens; 0 keeps all.
    pub top_k: u32,
    /// Keep tokens at least this share as likely as the likeliest, 0 to 1; 0 keeps all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min_p: f32,
    /// Seeds sampled decoding.
    pub seed: u64,
    /// Texts that end the answer and are not part of it.
    pub stop_sequences: Vec<String>,
    /// What the answer must be.
    pub output: Output,
    /// Words that the model would write before it names a label. Labels and booleans are scored
    /// behind them instead of right behind the prompt; they are no part of the answer. A space at
    /// their end belongs to the label. Engines that do not score labels, and models that think
    /// first, ignore them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_in: Option<String>,
}

impl LLMRequest {
    /// A greedy request for free text.
    pub fn new(model: impl Into<String>, messages: Vec<Message>) -> Self {
        Self {
            messages,
            model: model.into(),
            max_tokens: None,
            temperature: 0.0,
            top_p: 1.0,
            top_k: 0,
            min_p: 0.0,
            seed: 0,
            stop_sequences: Vec::new(),
            output: Output::Text,
            lead_in: None,
        }
    }

    /// The limit on generated tokens: the request's own, else what fits the output type.
    pub fn token_limit(&self) -> u32 {
        self.max_tokens.unwrap_or(match self.output {
            Output::Text => 256,
            Output::Label { .. } | Output::Number(_) | Output::Boolean | Output::Date => 32,
            Output::Labels { .. } => 128,
            Output::Json { .. } => 512,
        })
    }

    /// Names the request and the engine it is asked of: equal keys have equal answers as far as
    /// an engine's [`Capabilities::fingerprint`] promises that. Everything that can change the
    /// answer is in it, and nothing else: greedy decoding has no seed, and the model's name is in
    /// the fingerprint as what the name stands for.
    pub fn answer_key(&self, fingerprint: &str) -> AnswerKey {
        let Self { temperature, top_p, top_k, min_p, seed, .. } = *self;
        let output = match &self.lead_in {
            Some(lead_in) => Asked::Behind(lead_in, &self.output),
            None => Asked::AtOnce(&self.output),
        };
        let chance = (temperature > 0.0).then_some(if min_p > 0.0 {
            Chance::WithMinP(temperature, top_p, top_k, seed, min_p)
        } else {
            Chance::Usual(temperature, top_p, top_k, seed)
        });
        let content = serde_json::to_vec(&(
            "braincells answer 1",
            fingerprint,
            &self.messages,
            chance,
            self.token_limit(),
            &self.stop_sequences,
            output,
        ))
        .expect("a request has only text keys");
        AnswerKey(Sha256::digest(content).into())
    }
}

/// How a sampled answer is drawn, for its key. What is not used is left out: keys of answers that
/// are kept already must not change.
#[derive(Serialize)]
#[serde(untagged)]
enum Chance {
    Usual(f32, f32, u32, u64),
    WithMinP(f32, f32, u32, u64, f32),
}

/// What the answer must be and where it stands, for its key; see [`Chance`].
#[derive(Serialize)]
#[serde(untagged)]
enum Asked<'a> {
    AtOnce(&'a Output),
    Behind(&'a str, &'a Output),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

/// A request together with the engine that answers it, as a hash; see
/// [`LLMRequest::answer_key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerKey(pub [u8; 32]);

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model ended it, or a stop sequence did.
    Stop,
    /// The token limit cut it off, or it went round in circles and would have reached it.
    Length,
    /// The answer came from scoring a closed set; nothing was decoded.
    Scored,
}

/// The probability of one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelProbability {
    /// The label as the recipe spells it.
    pub label: String,
    /// Its share of the probability of all allowed labels, 0 to 1.
    pub probability: f64,
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LLMResponse {
    /// The answer, without thinking and without stop sequences.
    pub content: String,
    /// The model's thinking, split off.
    pub reasoning: Option<String>,
    /// The engine's name for the model that answered.
    pub model: String,
    /// Tokens of the prompt, the shared prefix included.
    pub prompt_tokens: u32,
    /// Of those, how many were not computed for this request because another shared them.
    pub shared_tokens: u32,
    /// Tokens generated.
    pub completion_tokens: u32,
    /// Wall time from admission to the last token, in milliseconds.
    pub duration_ms: u32,
    /// Why it ended.
    pub finish_reason: FinishReason,
    /// Probability of the answer among the allowed ones, 0 to 1, where it can be computed.
    pub confidence: Option<f64>,
    /// For label and boolean outputs: every label's probability, in the recipe's order.
    pub label_probabilities: Vec<LabelProbability>,
}

/// Names a request within one batch; chosen by the caller, unique in that batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// What happens to one request of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BatchEventKind {
    /// The engine took it on.
    Started,
    /// More text of the answer, cut at a character boundary.
    Delta(String),
    /// The final answer; nothing follows for this id.
    Done(Box<LLMResponse>),
    /// It failed; nothing follows for this id.
    Failed(LLMError),
}

/// An event of a batch, tagged with the request it belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchEvent {
    /// The request.
    pub id: RequestId,
    /// What happened.
    pub kind: BatchEventKind,
}

/// The requests of a batch, pulled by the engine as it has room.
pub type RequestStream = Pin<Box<dyn Stream<Item = (RequestId, LLMRequest)> + Send>>;

/// The events of a batch, in any order between requests. Ends after the last request's end.
/// Dropping it cancels what is not finished.
pub type BatchStream<'a> = Pin<Box<dyn Stream<Item = BatchEvent> + Send + 'a>>;

/// The text of one answer as it is made, ended by the stream's end or an error.
pub type TokenStream = Pin<Box<dyn Stream<Item = Result<String, LLMError>> + Send>>;

/// Which engine and model this is. Holds no keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "backend")]
pub enum LLMBackend {
    /// llama.cpp in this process.
    Local {
        /// The GGUF file.
        model_path: std::path::PathBuf,
    },
    /// The scripted engine of tests.
    Fake,
}

/// What an engine can do, so that callers ask instead of guess.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The most tokens of prompt and answer together, for one request.
    pub context_tokens: u32,
    /// Whether typed outputs are enforced while decoding.
    pub constrains_output: bool,
    /// Whether answers carry probabilities.
    pub reports_confidence: bool,
    /// How many requests are worked on at once.
    pub parallel_requests: u32,
    /// Names everything besides the request that an answer depends on: the model's content, the
    /// engine's build and settings. Answers may be kept under it and used again by any engine
    /// with the same one; `None` where that cannot be said.
    #[serde(default)]
    pub fingerprint: Option<String>,
}

/// What an engine has computed since it was loaded, and where its time went. Differences of two
/// readings are the figures of what lies between.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineFigures {
    /// Requests that were answered.
    pub rows: u64,
    /// Tokens of prompts that were computed, those of shared prefixes counted once.
    pub prompt_tokens: u64,
    /// Tokens of prompts that were not computed because a prefix had them.
    pub shared_tokens: u64,
    /// Tokens computed one after another for answers.
    pub generated_tokens: u64,
    /// Tokens of typed answers that were certain and so not chosen: they are computed together.
    pub forced_tokens: u64,
    /// Prefixes that were computed.
    pub prefixes: u64,
    /// Prefixes that were read from the disk instead.
    pub prefixes_read: u64,
    /// Rows that had to wait in the middle of their answer because the memory was full.
    pub interrupted: u64,
    /// Calls of the model.
    pub calls: u64,
    /// Seconds in calls for prompts.
    pub prompt_seconds: f64,
    /// Seconds in calls for answers.
    pub generation_seconds: f64,
    /// Seconds between these calls, while there was work: choosing tokens, sharing, planning.
    pub other_seconds: f64,
}

impl EngineFigures {
    /// Seconds in calls of the model.
    #[must_use]
    pub fn compute_seconds(&self) -> f64 {
        self.prompt_seconds + self.generation_seconds
    }

    /// The share of the working time that was not spent in the model, 0 to 1.
    #[must_use]
    pub fn other_share(&self) -> f64 {
        let total = self.compute_seconds() + self.other_seconds;
        if total > 0.0 { self.other_seconds / total } else { 0.0 }
    }

    /// What was done since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            rows: self.rows.saturating_sub(earlier.rows),
            prompt_tokens: self.prompt_tokens.saturating_sub(earlier.prompt_tokens),
            shared_tokens: self.shared_tokens.saturating_sub(earlier.shared_tokens),
            generated_tokens: self.generated_tokens.saturating_sub(earlier.generated_tokens),
            forced_tokens: self.forced_tokens.saturating_sub(earlier.forced_tokens),
            prefixes: self.prefixes.saturating_sub(earlier.prefixes),
            prefixes_read: self.prefixes_read.saturating_sub(earlier.prefixes_read),
            interrupted: self.interrupted.saturating_sub(earlier.interrupted),
            calls: self.calls.saturating_sub(earlier.calls),
            prompt_seconds: (self.prompt_seconds - earlier.prompt_seconds).max(0.0),
            generation_seconds: (self.generation_seconds - earlier.generation_seconds).max(0.0),
            other_seconds: (self.other_seconds - earlier.other_seconds).max(0.0),
        }
    }
}

/// Something that answers requests.
#[async_trait]
pub trait LLMEngine: Send + Sync {
    /// Answers one request.
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError>;

    /// Answers one request, piece by piece. Dropping the stream cancels.
    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError>;

    /// Answers many requests. Pulls them as it has room and yields events tagged by id;
    /// dropping the stream cancels what is in flight before the next token is computed.
    ///
    /// The default asks [`LLMEngine::generate`] with as many requests at once as
    /// [`Capabilities::parallel_requests`] says; an engine that batches overrides it.
    fn generate_batch(&self, requests: RequestStream) -> BatchStream<'_> {
        InferencePool::new(self.capabilities().parallel_requests as usize).run(self, requests)
    }

    /// Whether a request would be answered now.
    async fn is_ready(&self) -> bool;

    /// Which engine and model this is.
    fn backend(&self) -> LLMBackend;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// How many tokens a text is for this model, without what a chat template puts around it;
    /// `None` where the engine cannot tell. Quick: callers ask for many texts.
    fn count_tokens(&self, _text: &str) -> Option<u32> {
        None
    }

    /// What it has computed since it was loaded; `None` where the engine does not count.
    fn figures(&self) -> Option<EngineFigures> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_key_changes_with_all_that_can_change_the_answer_and_with_nothing_else() {
        type Change = fn(&mut LLMRequest);
        let asked = |change: Change| {
            let mut request = LLMRequest::new(
                "name",
                vec![Message::new(Role::User, "a"), Message::new(Role::User, "b")],
            );
            request.temperature = 0.5;
            change(&mut request);
            request.answer_key("engine")
        };
        let key = asked(|_| {});
        let same: [Change; 2] = [
            |request| request.model = "another name of the same file".to_owned(),
            |request| request.max_tokens = Some(request.token_limit()),
        ];
        for change in same {
            assert_eq!(asked(change), key);
        }
        let other: [Change; 11] = [
            |request| request.messages[0].content = "ab".to_owned(),
            |request| request.messages[0].role = Role::System,
            |request| request.messages.truncate(1),
            |request| request.seed = 1,
            |request| request.temperature = 0.6,
            |request| request.top_p = 0.9,
            |request| request.top_k = 4,
            |request| request.min_p = 0.1,
            |request| request.stop_sequences = vec!["b".to_owned()],
            |request| request.output = Output::Date,
            |request| request.lead_in = Some("It is ".to_owned()),
        ];
        let mut seen = std::collections::BTreeSet::from([key]);
        for (at, change) in other.into_iter().enumerate() {
            assert!(seen.insert(asked(change)), "change {at}");
        }
        let request = LLMRequest::new("name", vec![Message::new(Role::User, "a")]);
        assert_ne!(request.answer_key("engine"), request.answer_key("engine 2"));
        let seeded = LLMRequest { seed: 7, ..request.clone() };
        assert_eq!(request.answer_key("e"), seeded.answer_key("e"), "greedy needs no seed");
    }

    #[test]
    fn what_is_not_set_is_not_written() {
        let request = LLMRequest::new("name", vec![Message::new(Role::User, "a")]);
        let text = serde_json::to_string(&request).unwrap();
        assert!(!text.contains("min_p") && !text.contains("lead_in"), "{text}");
        assert_eq!(serde_json::from_str::<LLMRequest>(&text).unwrap(), request);
        let set = LLMRequest { min_p: 0.25, lead_in: Some("It is ".to_owned()), ..request };
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<LLMRequest>(&text).unwrap(), set);
        let usual = serde_json::to_string(&Chance::Usual(0.5, 1.0, 0, 7)).unwrap();
        assert_eq!(usual, "[0.5,1.0,0,7]", "as keys were before there was another");
    }

    #[test]
    fn figures_of_a_run_are_the_difference_of_two_readings() {
        let before = EngineFigures { rows: 3, prompt_seconds: 1.0, ..EngineFigures::default() };
        let after = EngineFigures {
            rows: 5,
            prompt_seconds: 3.0,
            generation_seconds: 1.0,
            other_seconds: 1.0,
            ..EngineFigures::default()
        };
        let run = after.since(&before);
        assert_eq!(run.rows, 2);
        assert!((run.compute_seconds() - 3.0).abs() < 1e-9);
        assert!((run.other_share() - 0.25).abs() < 1e-9);
        assert!(EngineFigures::default().other_share().abs() < 1e-9, "no work, no share");
    }
}

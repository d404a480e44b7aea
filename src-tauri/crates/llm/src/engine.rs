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
    /// Seeds sampled decoding.
    pub seed: u64,
    /// Texts that end the answer and are not part of it.
    pub stop_sequences: Vec<String>,
    /// What the answer must be.
    pub output: Output,
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
            seed: 0,
            stop_sequences: Vec::new(),
            output: Output::Text,
        }
    }

    /// The limit on generated tokens: the request's own, else what fits the output type.
    pub fn token_limit(&self) -> u32 {
        self.max_tokens.unwrap_or(match self.output {
            Output::Text => 256,
            Output::Label { .. } | Output::Number | Output::Boolean | Output::Date => 32,
            Output::Json { .. } => 512,
        })
    }

    /// Names the request and the engine it is asked of: equal keys have equal answers as far as
    /// an engine's [`Capabilities::fingerprint`] promises that. Everything that can change the
    /// answer is in it, and nothing else: greedy decoding has no seed, and the model's name is in
    /// the fingerprint as what the name stands for.
    pub fn answer_key(&self, fingerprint: &str) -> AnswerKey {
        let chance = (self.temperature > 0.0).then_some((
            self.temperature,
            self.top_p,
            self.top_k,
            self.seed,
        ));
        let content = serde_json::to_vec(&(
            "braincells answer 1",
            fingerprint,
            &self.messages,
            chance,
            self.token_limit(),
            &self.stop_sequences,
            &self.output,
        ))
        .expect("a request has only text keys");
        AnswerKey(Sha256::digest(content).into())
    }
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
    /// The token limit cut it off.
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
        let other: [Change; 9] = [
            |request| request.messages[0].content = "ab".to_owned(),
            |request| request.messages[0].role = Role::System,
            |request| request.messages.truncate(1),
            |request| request.seed = 1,
            |request| request.temperature = 0.6,
            |request| request.top_p = 0.9,
            |request| request.top_k = 4,
            |request| request.stop_sequences = vec!["b".to_owned()],
            |request| request.output = Output::Date,
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
}

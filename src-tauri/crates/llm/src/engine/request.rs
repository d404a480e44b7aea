//! What is asked: a chat, how it is sampled, what the answer must be, and the key that names all
//! of it.

use braincells_core::Output;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
    /// an engine's [`fingerprint`](crate::Capabilities::fingerprint) promises that. Everything
    /// that can change the answer is in it, and nothing else: greedy decoding has no seed, and the
    /// model's name is in the fingerprint as what the name stands for.
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
}

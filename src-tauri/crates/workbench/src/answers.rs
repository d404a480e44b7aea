//! Answers that were given before: the response cache in the engines' own terms.

use std::collections::HashMap;
use std::sync::Arc;

use braincells_data::{NewResponse, ResponseCache};
use braincells_llm::{AnswerKey, LLMResponse};

/// An answer and what it answers.
pub(crate) type KeyedAnswer = (AnswerKey, LLMResponse);

/// The kept answers. Both calls wait for the disk.
#[derive(Clone, Debug)]
pub(crate) struct Answers(Arc<ResponseCache>);

impl Answers {
    pub(crate) fn new(cache: Arc<ResponseCache>) -> Self {
        Self(cache)
    }

    /// The cache itself.
    pub(crate) fn cache(&self) -> &Arc<ResponseCache> {
        &self.0
    }

    /// The answers that are kept for some of `keys`.
    pub(crate) fn find(&self, keys: &[AnswerKey], now_ms: i64) -> HashMap<AnswerKey, LLMResponse> {
        let keys: Vec<[u8; 32]> = keys.iter().map(|key| key.0).collect();
        let found = self.0.find(&keys, now_ms).into_iter();
        // One that an older version wrote in another form is as good as none.
        found
            .filter_map(|(key, answer)| Some((AnswerKey(key), serde_json::from_str(&answer).ok()?)))
            .collect()
    }

    /// Keeps answers for later.
    pub(crate) fn keep(&self, answers: &[KeyedAnswer], now_ms: i64) {
        let responses: Vec<NewResponse> = answers
            .iter()
            .filter_map(|(key, response)| {
                let answer = serde_json::to_string(response).ok()?;
                Some(NewResponse { key: key.0, model: response.model.clone(), answer })
            })
            .collect();
        self.0.put(&responses, now_ms);
    }
}

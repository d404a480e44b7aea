//! Asking an engine a few questions whose answers go into no cell. Answers that were given before
//! are taken, and new ones are kept; a question that fails is asked again.

use std::collections::{BTreeMap, HashSet};

use braincells_llm::{
    AnswerKey, BatchEventKind, LLMEngine, LLMError, LLMRequest, LLMResponse, RequestId,
};
use futures::{StreamExt, stream};

use crate::answers::Answers;

/// How often a question is asked that fails by itself.
const MOST_ATTEMPTS: u32 = 3;

/// Answers that were given before, by an engine whose answers may be used again.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) answers: Answers,
    /// Whether the model is asked even where an answer is kept.
    pub(crate) fresh: bool,
    pub(crate) now_ms: i64,
}

/// One response for each request, in order; `None` for one that failed by itself.
pub(super) async fn responses(
    engine: &dyn LLMEngine,
    requests: Vec<LLMRequest>,
    kept: Kept,
) -> Result<Vec<Option<LLMResponse>>, LLMError> {
    let mut responses: Vec<Option<LLMResponse>> = vec![None; requests.len()];
    let fingerprint = engine.capabilities().fingerprint;
    let key = |request: &LLMRequest| Some(request.answer_key(fingerprint.as_deref()?));
    let keys: Vec<Option<AnswerKey>> = requests.iter().map(key).collect();
    if !kept.fresh {
        let (wanted, answers) = (keys.clone(), kept.answers.clone());
        let find = move || {
            let some: Vec<AnswerKey> = wanted.into_iter().flatten().collect();
            answers.find(&some, kept.now_ms)
        };
        // Without the cache it only takes longer.
        let found = tokio::task::spawn_blocking(find).await.unwrap_or_default();
        for (response, key) in responses.iter_mut().zip(&keys) {
            *response = key.and_then(|key| found.get(&key).cloned());
        }
    }
    let mut open: BTreeMap<u64, LLMRequest> =
        (0..).zip(requests).filter(|(index, _)| responses[*index as usize].is_none()).collect();
    if open.is_empty() {
        return Ok(responses);
    }
    let mut new = Vec::new();
    for attempt in 0..MOST_ATTEMPTS {
        // Where the engine's process ended, all that it worked on failed. Each alone then, so that
        // one which ends it again costs no other.
        let together = if attempt == 0 { open.len() } else { 1 };
        let indexes: Vec<u64> = open.keys().copied().collect();
        let mut failed = HashSet::new();
        for some in indexes.chunks(together) {
            let again = ask(engine, &open, some, |index, response| {
                new.extend(keys[index].map(|key| (key, response.clone())));
                responses[index] = Some(response);
            });
            failed.extend(again.await?);
        }
        open.retain(|index, _| failed.contains(index));
        if open.is_empty() {
            break;
        }
    }
    let keep = move || kept.answers.keep(&new, kept.now_ms);
    if let Err(error) = tokio::task::spawn_blocking(keep).await {
        tracing::warn!(%error, "answers could not be kept for later");
    }
    Ok(responses)
}

/// Asks some once; returns those that may be asked again.
async fn ask(
    engine: &dyn LLMEngine,
    open: &BTreeMap<u64, LLMRequest>,
    some: &[u64],
    mut answered: impl FnMut(usize, LLMResponse),
) -> Result<HashSet<u64>, LLMError> {
    let request = |index: &u64| Some((RequestId(*index), open.get(index)?.clone()));
    let requests: Vec<(RequestId, LLMRequest)> = some.iter().filter_map(request).collect();
    let (mut unanswered, mut failed) = (requests.len(), HashSet::new());
    let mut batch = engine.generate_batch(Box::pin(stream::iter(requests)));
    while let Some(event) = batch.next().await {
        match event.kind {
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {
                continue;
            }
            BatchEventKind::Done(response) => answered(event.id.0 as usize, *response),
            BatchEventKind::Failed(error @ LLMError::NotRunning) => return Err(error),
            BatchEventKind::Failed(error) if error.ends_run() => return Err(error),
            BatchEventKind::Failed(error) => {
                tracing::debug!(%error, "a probe was not answered");
                if error.is_retryable() {
                    failed.insert(event.id.0);
                }
            }
        }
        unanswered -= 1;
    }
    if unanswered > 0 { Err(LLMError::NotRunning) } else { Ok(failed) }
}

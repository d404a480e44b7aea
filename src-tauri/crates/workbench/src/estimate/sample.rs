use std::sync::Arc;

use braincells_core::{AppError, RowId};
use braincells_llm::{AnswerKey, LLMEngine, LLMRequest, estimated_tokens};

use crate::answers::Answers;
use crate::calibration::ask::known_lead_in;
use crate::examples::weighed_examples;
use crate::run::Order;

/// Who counts tokens, and where earlier answers are.
pub(super) struct Counting {
    /// The engine, if it is loaded.
    pub(super) engine: Option<Arc<dyn LLMEngine>>,
    /// `None` if earlier answers are not wanted.
    pub(super) answers: Option<Answers>,
    pub(super) now_ms: i64,
}

/// What the prompts of some rows are like.
pub(super) struct Sample {
    /// Rows whose prompts were made.
    pub(super) rows: u64,
    /// How many of them have a kept answer, 0 to 1; `None` where nobody can tell.
    pub(super) share_cached: Option<f64>,
    /// Tokens of one prompt on average: of those without a kept answer, if there are any.
    pub(super) prompt_tokens: f64,
    pub(super) shared_prefix_tokens: u64,
    /// The most tokens of one answer.
    pub(super) answer_limit: u32,
    pub(super) counted_by_model: bool,
}

/// Up to `count` of the rows, at even distances.
pub(super) fn spread(rows: &[RowId], count: u32) -> Vec<RowId> {
    let count = rows.len().min(count as usize);
    (0..count).map(|index| rows[index * rows.len() / count]).collect()
}

impl Sample {
    /// Makes the prompts of up to `count` of the rows and counts them. Blocks.
    pub(super) fn take(
        order: &Order,
        rows: &[RowId],
        count: u32,
        counting: &Counting,
    ) -> Result<Self, AppError> {
        let count_tokens =
            |text: &str| counting.tokens(text).unwrap_or_else(|| estimated_tokens(text));
        let weighed = weighed_examples(order, &count_tokens)?.into_iter();
        let used = weighed.filter(|(_, example)| example.used);
        let examples: Vec<_> = used.map(|(_, weighed)| weighed.example).collect();
        let lead_in = match &counting.engine {
            Some(engine) => known_lead_in(order, engine.as_ref(), &examples)?,
            None => None,
        };
        let rows = spread(rows, count.max(1));
        let values = order.store.values(&order.inputs, &rows)?;
        let asked = rows.iter().zip(&values).filter(|(_, v)| !order.plan.is_input_empty(v));
        let requests: Vec<LLMRequest> = asked
            .map(|(row, values)| LLMRequest {
                lead_in: lead_in.clone(),
                ..order.plan.request(values, &examples, order.seeds().of(*row, 0))
            })
            .collect();
        let kept = counting.kept(&requests);
        let is_asked = |index: usize| kept.as_ref().is_none_or(|kept| !kept[index]);
        let size = |request: &LLMRequest| -> u64 {
            request.messages.iter().map(|message| u64::from(count_tokens(&message.content))).sum()
        };
        let sizes: Vec<u64> = requests.iter().map(size).collect();
        let asked: Vec<u64> =
            (0..sizes.len()).filter(|at| is_asked(*at)).map(|at| sizes[at]).collect();
        let counted = if asked.is_empty() { &sizes } else { &asked };
        Ok(Self {
            rows: requests.len() as u64,
            share_cached: kept
                .as_ref()
                .map(|_| (sizes.len() - asked.len()) as f64 / sizes.len().max(1) as f64),
            prompt_tokens: counted.iter().sum::<u64>() as f64 / counted.len().max(1) as f64,
            shared_prefix_tokens: shared_prefix(&requests, &count_tokens),
            answer_limit: requests.first().map_or(0, LLMRequest::token_limit),
            counted_by_model: counting.tokens("a").is_some(),
        })
    }
}

impl Counting {
    fn tokens(&self, text: &str) -> Option<u32> {
        self.engine.as_ref()?.count_tokens(text)
    }

    /// Which of the requests have a kept answer; `None` where nobody can tell.
    fn kept(&self, requests: &[LLMRequest]) -> Option<Vec<bool>> {
        let fingerprint = self.engine.as_ref()?.capabilities().fingerprint?;
        let answers = self.answers.as_ref()?;
        let keys: Vec<AnswerKey> =
            requests.iter().map(|request| request.answer_key(&fingerprint)).collect();
        let found = answers.find(&keys, self.now_ms);
        Some(keys.iter().map(|key| found.contains_key(key)).collect())
    }
}

/// Tokens of the messages that all requests begin with, and of what the next message begins with.
fn shared_prefix(requests: &[LLMRequest], count_tokens: &dyn Fn(&str) -> u32) -> u64 {
    let Some((first, others)) = requests.split_first() else { return 0 };
    let mut tokens = 0;
    for (index, message) in first.messages.iter().enumerate() {
        let content = message.content.as_str();
        let shared = others.iter().fold(content, |shared, other| {
            let other = other.messages.get(index).map_or("", |message| &message.content);
            let same = shared.chars().zip(other.chars()).take_while(|(one, two)| one == two);
            &shared[..same.map(|(letter, _)| letter.len_utf8()).sum()]
        });
        tokens += u64::from(count_tokens(shared));
        if shared.len() < content.len() {
            break;
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use braincells_llm::{Message, Role};

    use super::*;

    #[test]
    fn rows_are_spread_evenly_and_none_is_taken_twice() {
        let rows: Vec<RowId> = (0..10).map(RowId).collect();
        assert_eq!(spread(&rows, 5), [0, 2, 4, 6, 8].map(RowId));
        assert_eq!(spread(&rows, 100), rows);
        assert_eq!(spread(&[], 5), []);
    }

    #[test]
    fn the_shared_beginning_ends_inside_the_first_message_that_differs() {
        let ask = |text: &str| {
            let messages = [(Role::System, "rules"), (Role::User, text), (Role::User, "end")];
            LLMRequest::new("m", messages.map(|(role, text)| Message::new(role, text)).into())
        };
        let count = |text: &str| text.chars().count() as u32;
        assert_eq!(shared_prefix(&[ask("Größe: 1"), ask("Größe: 2")], &count), 5 + 7);
        assert_eq!(shared_prefix(&[ask("x"), ask("x")], &count), 5 + 1 + 3, "all is shared");
        assert_eq!(shared_prefix(&[], &count), 0);
    }
}

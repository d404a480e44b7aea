use std::sync::Arc;

use braincells_core::Value;
use braincells_llm::prompt::{EarlierItems, PromptPlan};
use braincells_llm::{LLMRequest, Message, Role};

pub(super) use super::attempts::shown;

/// Says how many tokens a text is.
pub(crate) type CountTokens = Arc<dyn Fn(&str) -> u32 + Send + Sync>;

/// What a column that reads no other has already, and how it is asked for more.
///
/// An answer counts from the moment it arrives, not when it is on disk: several rows are asked at
/// once, and two of them may be answered alike. What a person writes into the column while the
/// run is alive is not among the items.
pub(in crate::run) struct NewItems {
    plan: Arc<PromptPlan>,
    earlier: EarlierItems,
    count_tokens: CountTokens,
}

impl NewItems {
    pub(in crate::run) fn new(plan: Arc<PromptPlan>, count_tokens: CountTokens) -> Self {
        let earlier = plan.earlier_items();
        Self { plan, earlier, count_tokens }
    }

    /// Takes an item; `false` if the column has it already.
    pub(in crate::run) fn take(&mut self, item: &Value) -> bool {
        self.earlier.add(item, self.count_tokens.as_ref())
    }

    /// A request for one more.
    pub(super) fn request(&self, seed: u64) -> LLMRequest {
        self.plan.request_for_new_item(&self.earlier, seed)
    }
}

/// Shows the model what it repeated and asks for something else.
pub(super) fn ask_for_another(request: &mut LLMRequest, answer: &str) {
    request.messages.push(Message::new(Role::Assistant, shown(answer)));
    let refusal = "The table has that already. Write another one, different from all before.";
    request.messages.push(Message::new(Role::User, refusal));
}

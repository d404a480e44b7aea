//! The messages that ask a model for one cell.
//!
//! The workbench makes one [`PromptPlan`] for each run and one request for each row of it. The
//! order of the messages is chosen for speed: what all rows share (rules, output contract,
//! examples) comes first, and the row comes last, so that an engine computes the shared part
//! once.
//!
//! A column that reads no other asks each row for something new: its requests list what the
//! column has already ([`EarlierItems`]), oldest first, so that a later list begins with an
//! earlier one and the engine computes that part once too.
//!
//! What this module promises: a plan that was made is valid for every row; nothing is cut, no
//! value is escaped or changed, and a value can never be read as a template. What it leaves
//! out: which rows serve as examples, and whether a prompt fits the context.

use std::borrow::Cow;

use braincells_core::{ExamplePolicy, Output, Recipe, Sampling, Value, render_value};

use crate::{LLMRequest, Message, Role, Template};

mod contract;
mod error;
mod items;

pub use error::PromptError;
pub use items::EarlierItems;

/// The built-in system message of a column that reads other columns.
const ROLE_WITH_ROW: &str = "You fill in one column of a table, one row at a time. \
    Each request from the user is about one row and is complete in itself. \
    Do exactly what it asks, from what it contains; do not make up what is not there.";

/// The built-in system message of a column that reads nothing.
const ROLE_FROM_NOTHING: &str = "You write one column of a table, one entry at a time. \
    Do exactly what the request from the user asks for.";

/// Announces the example turns.
const EXAMPLES: &str =
    "Earlier requests are answered as they should be; answer the last one in the same way.";

/// Announces what the column has already.
const EARLIER: &str =
    "The table has these already; write another one, different from each of them:";

/// The temperature of a column that asks for something new and has none of its own: greedy
/// decoding would write the same cell again and again.
const FRESH_TEMPERATURE: f32 = 0.8;

/// A row that was approved or written by a person, shown to the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The values of the referenced columns, in the order of [`PromptPlan::inputs`].
    pub inputs: Vec<Value>,
    /// The approved value.
    pub value: Value,
}

/// An example that was looked at for a run.
#[derive(Clone, Debug, PartialEq)]
pub struct WeighedExample {
    /// The example.
    pub example: Example,
    /// What it takes of the recipe's limit.
    pub tokens: u32,
    /// Whether the prompt has it.
    pub used: bool,
}

/// How every row of a run is asked for: a recipe that was checked and taken apart once.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptPlan {
    template: Template,
    rules: String,
    contract: Cow<'static, str>,
    model: String,
    sampling: Sampling,
    output: Output,
    examples: ExamplePolicy,
}

impl PromptPlan {
    /// Checks the recipe against the sheet's columns.
    pub fn new(recipe: &Recipe, columns: &[&str]) -> Result<Self, PromptError> {
        if recipe.prompt.trim().is_empty() {
            return Err(PromptError::EmptyPrompt);
        }
        let template = Template::parse(&recipe.prompt)?;
        template.check(columns)?;
        check_sampling(&recipe.sampling)?;
        let output = contract::checked(&recipe.output)?;
        let own_role =
            if template.references().is_empty() { ROLE_FROM_NOTHING } else { ROLE_WITH_ROW };
        let rules = match recipe.system.as_deref().map(str::trim) {
            Some(system) if !system.is_empty() => system.to_owned(),
            _ => own_role.to_owned(),
        };
        let mut plan = Self {
            template,
            rules,
            contract: contract::text(&output),
            model: recipe.model.clone(),
            sampling: recipe.sampling.clone(),
            output,
            examples: recipe.examples,
        };
        if plan.inputs().is_empty() && plan.sampling.temperature == 0.0 {
            plan.sampling.temperature = FRESH_TEMPERATURE;
        }
        Ok(plan)
    }

    /// Whether each row asks for something that no other row has: no column is referenced, and
    /// the output type has room for as many answers as there are rows. Labels, numbers, booleans
    /// and dates repeat by nature.
    pub fn wants_new_items(&self) -> bool {
        self.inputs().is_empty() && matches!(self.output, Output::Text | Output::Json { .. })
    }

    /// Whether the same prompt always gets the same answer. Never where no column is referenced:
    /// there a temperature of 0 means 0.8, because all rows are asked alike.
    pub fn is_greedy(&self) -> bool {
        self.sampling.temperature <= 0.0
    }

    /// No earlier items yet, and room in the prompt for as many tokens of them as the recipe
    /// allows for examples.
    pub fn earlier_items(&self) -> EarlierItems {
        EarlierItems::new(self.examples.max_tokens)
    }

    /// The columns a row's values are needed from, each once.
    pub fn inputs(&self) -> &[String] {
        self.template.references()
    }

    /// What answers must be: the recipe's output with its labels trimmed.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Whether the row has nothing to ask about: columns are referenced, and all of them are
    /// null or blank text. `0` and `false` are values.
    pub fn is_input_empty(&self, values: &[Value]) -> bool {
        !self.inputs().is_empty() && values.iter().all(is_blank)
    }

    /// The examples that fit the recipe's policy; see [`PromptPlan::weigh_examples`].
    pub fn select_examples(
        &self,
        examples: impl IntoIterator<Item = Example>,
        count_tokens: &dyn Fn(&str) -> u32,
    ) -> Vec<Example> {
        let weighed = self.weigh_examples(examples, count_tokens).into_iter();
        weighed.filter(|weighed| weighed.used).map(|weighed| weighed.example).collect()
    }

    /// Takes examples in order while they fit the recipe's policy, and says of each whether it was
    /// taken. One that is too large is passed over, never cut; one without a value or without any
    /// input is passed over too.
    ///
    /// `count_tokens` says how long a text is for the model in use; the few tokens by which
    /// a chat template wraps each message are not counted.
    pub fn weigh_examples(
        &self,
        examples: impl IntoIterator<Item = Example>,
        count_tokens: &dyn Fn(&str) -> u32,
    ) -> Vec<WeighedExample> {
        let (mut count_left, mut tokens_left) = (self.examples.max_count, self.examples.max_tokens);
        let weigh = |example: Example| {
            let [question, answer] = self.turns(&example);
            let tokens =
                count_tokens(&question.content).saturating_add(count_tokens(&answer.content));
            let says_something = !is_blank(&example.value) && !self.is_input_empty(&example.inputs);
            let used = says_something && count_left > 0 && tokens <= tokens_left;
            if used {
                count_left -= 1;
                tokens_left -= tokens;
            }
            WeighedExample { example, tokens, used }
        };
        examples.into_iter().map(weigh).collect()
    }

    /// The request for one row.
    ///
    /// # Panics
    /// If `values`, or the inputs of an example, are not one for each of
    /// [`PromptPlan::inputs`].
    pub fn request(&self, values: &[Value], examples: &[Example], seed: u64) -> LLMRequest {
        let mut messages = Vec::with_capacity(2 + 2 * examples.len());
        messages.push(Message::new(Role::System, self.system(!examples.is_empty())));
        messages.extend(examples.iter().flat_map(|example| self.turns(example)));
        messages.push(Message::new(Role::User, self.instruction(values)));
        self.with_settings(messages, seed)
    }

    /// The request for one row of a column that reads nothing: for something that is not among
    /// the earlier items.
    ///
    /// # Panics
    /// If the column reads others.
    pub fn request_for_new_item(&self, earlier: &EarlierItems, seed: u64) -> LLMRequest {
        let mut question = self.instruction(&[]);
        for (index, item) in earlier.listed().enumerate() {
            if index == 0 {
                question.push_str("\n\n");
                question.push_str(EARLIER);
            }
            question.push_str("\n- ");
            question.push_str(item);
        }
        let messages = vec![
            Message::new(Role::System, self.system(false)),
            Message::new(Role::User, question),
        ];
        self.with_settings(messages, seed)
    }

    fn with_settings(&self, messages: Vec<Message>, seed: u64) -> LLMRequest {
        LLMRequest {
            messages,
            model: self.model.clone(),
            max_tokens: self.sampling.max_tokens,
            temperature: self.sampling.temperature,
            top_p: self.sampling.top_p,
            top_k: self.sampling.top_k,
            min_p: self.sampling.min_p,
            seed,
            stop_sequences: self.sampling.stop.clone(),
            output: self.output.clone(),
            lead_in: None,
        }
    }

    fn system(&self, has_examples: bool) -> String {
        let mut system = self.rules.clone();
        if has_examples {
            system.push_str("\n\n");
            system.push_str(EXAMPLES);
        }
        system.push_str("\n\n");
        system.push_str(&self.contract);
        system
    }

    fn turns(&self, example: &Example) -> [Message; 2] {
        [
            Message::new(Role::User, self.instruction(&example.inputs)),
            Message::new(Role::Assistant, render_value(&example.value)),
        ]
    }

    fn instruction(&self, values: &[Value]) -> String {
        assert_eq!(values.len(), self.inputs().len(), "one value for each of `inputs()`");
        self.template
            .render(|name| {
                self.inputs().iter().position(|input| input == name).map(|at| &values[at])
            })
            .expect("every reference of the template is one of its inputs")
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn check_sampling(sampling: &Sampling) -> Result<(), PromptError> {
    // Written as "is inside", so that NaN is refused.
    if !(0.0..=2.0).contains(&sampling.temperature) {
        return Err(PromptError::Temperature { temperature: sampling.temperature });
    }
    if !(sampling.top_p > 0.0 && sampling.top_p <= 1.0) {
        return Err(PromptError::TopP { top_p: sampling.top_p });
    }
    if !(0.0..=1.0).contains(&sampling.min_p) {
        return Err(PromptError::MinP { min_p: sampling.min_p });
    }
    if sampling.max_tokens == Some(0) {
        return Err(PromptError::NoTokens);
    }
    if sampling.stop.iter().any(String::is_empty) {
        return Err(PromptError::EmptyStop);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

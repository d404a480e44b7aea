//! The cells that a column's prompts show as examples.

use braincells_core::{AppError, ColumnId, RowId, SheetId, Value};
use braincells_llm::estimated_tokens;
use braincells_llm::prompt::{Example, WeighedExample};
use serde::Serialize;

use crate::Workbench;
use crate::columns::own_examples;
use crate::run::Order;

/// Edited and approved cells that are looked at for each one that a prompt may show: some are too
/// long or say nothing.
const LOOKED_AT: u32 = 4;

/// A cell that a person edited or approved, as an example for the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ExampleView {
    /// The row; `None` for an example that is part of the recipe.
    pub row: Option<RowId>,
    /// The values of the columns that the prompt reads, in the order of its references.
    pub inputs: Vec<Value>,
    /// The cell's value.
    pub value: Value,
    /// What it takes of the recipe's limit on tokens.
    pub tokens: u32,
    /// Whether the next run shows it to the model.
    pub used: bool,
}

/// The examples of a column, and how they were counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Examples {
    /// Those of the recipe first, then in sheet order, which is the order in prompts.
    pub examples: Vec<ExampleView>,
    /// Whether the model itself counted the tokens. Else it is not loaded, and they are guessed on
    /// the high side: a run may then show more of them.
    pub counted_by_model: bool,
}

impl Workbench {
    /// The cells that the next run of a column would show to the model as examples, and those
    /// that it would pass over: too long, empty, or beyond the recipe's limits. Loads no model.
    ///
    /// A column that reads no other shows none: its prompts list what it has already.
    pub async fn examples(&self, sheet: SheetId, column: ColumnId) -> Result<Examples, AppError> {
        let order = self.order(sheet, column, None).await?;
        let engine = self.engines().loaded(&order.recipe.model).await;
        crate::blocking::blocking(move || {
            let counted = |text: &str| engine.as_ref().and_then(|e| e.count_tokens(text));
            let counted_by_model = counted("a").is_some();
            let count_tokens = |text: &str| counted(text).unwrap_or_else(|| estimated_tokens(text));
            let weighed = weighed_examples(&order, &count_tokens)?.into_iter();
            let examples = weighed
                .map(|(row, WeighedExample { example, tokens, used })| ExampleView {
                    row,
                    inputs: example.inputs,
                    value: example.value,
                    tokens,
                    used,
                })
                .collect();
            Ok::<_, AppError>(Examples { examples, counted_by_model })
        })
        .await
    }
}

/// The cells that were looked at for a run's examples. Blocks.
pub(crate) fn weighed_examples(
    order: &Order,
    count_tokens: &dyn Fn(&str) -> u32,
) -> Result<Vec<(Option<RowId>, WeighedExample)>, AppError> {
    let most = order.recipe.examples.max_count;
    if most == 0 || order.plan.wants_new_items() {
        return Ok(Vec::new());
    }
    let most = most.saturating_mul(LOOKED_AT);
    let found = if order.is_new() {
        Vec::new()
    } else {
        order.store.examples(order.column, &order.inputs, most)?
    };
    let of_recipe = own_examples(&order.recipe, &order.plan).into_iter();
    let of_sheet = found
        .into_iter()
        .map(|found| (Some(found.row), Example { inputs: found.inputs, value: found.value }));
    let (rows, examples): (Vec<Option<RowId>>, Vec<Example>) =
        of_recipe.map(|example| (None, example)).chain(of_sheet).unzip();
    let weighed = order.plan.weigh_examples(examples, count_tokens);
    Ok(rows.into_iter().zip(weighed).collect())
}

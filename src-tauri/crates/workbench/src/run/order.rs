use std::sync::Arc;

use braincells_core::{
    AppError, CellState, Column, ColumnId, ColumnKind, Recipe, RowId, RunId, RunRequest, SheetId,
};
use braincells_data::SheetStore;
use braincells_llm::LLMEngine;
use braincells_llm::prompt::{Example, PromptPlan};

use super::desk::NewItems;
use super::seeds::Seeds;
use crate::columns::plan_for;
use crate::error::WorkbenchError;
use crate::examples::weighed_examples;
use crate::tokens::estimated_tokens;

/// Cells of a column that are read with one query.
const ITEMS_PER_READ: u64 = 4096;

/// What is to be filled and how, resolved once, so that all prompts share their beginning.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) store: Arc<SheetStore>,
    pub(crate) sheet: SheetId,
    pub(crate) column: ColumnId,
    pub(crate) recipe: Recipe,
    pub(crate) recipe_version: i64,
    pub(crate) plan: Arc<PromptPlan>,
    /// The columns that a row's prompt reads, in the order of the plan.
    pub(crate) inputs: Vec<ColumnId>,
    /// Those of them that are AI columns.
    made: Vec<ColumnId>,
}

/// The rows of a run.
pub(crate) struct Rows {
    /// To be filled, in sheet order.
    pub(crate) ready: Vec<RowId>,
    /// Left out, because a cell that they read is empty or failed.
    pub(crate) waiting: u64,
}

/// What a run's prompts share and what they must not repeat, once it is known who answers.
pub(crate) struct Prepared {
    pub(crate) examples: Vec<Example>,
    pub(super) items: Option<NewItems>,
}

impl Order {
    /// Everything about a column that a run needs. Blocks.
    pub(crate) fn new(
        store: &Arc<SheetStore>,
        sheet: SheetId,
        columns: &[Column],
        column: &Column,
        recipe_version: Option<i64>,
    ) -> Result<Self, AppError> {
        let ColumnKind::Ai { recipe, recipe_version: newest } = &column.kind else {
            return Err(WorkbenchError::NotAiColumn { name: column.name.clone() }.into());
        };
        let version = recipe_version.unwrap_or(*newest);
        let recipe =
            if version == *newest { recipe.clone() } else { store.recipe(column.id, version)? };
        let (plan, inputs) = plan_for(&recipe, columns)?;
        let is_made = |id: &ColumnId| {
            columns.iter().any(|column| column.id == *id && column.recipe().is_some())
        };
        Ok(Self {
            store: Arc::clone(store),
            sheet,
            column: column.id,
            recipe,
            recipe_version: version,
            plan: Arc::new(plan),
            made: inputs.iter().copied().filter(is_made).collect(),
            inputs,
        })
    }

    pub(crate) fn seeds(&self) -> Seeds {
        Seeds { seed: self.recipe.sampling.seed, greedy: self.plan.is_greedy() }
    }

    /// The rows that a request means. A row that reads an AI cell which is empty or failed waits:
    /// it would be made from nothing, or from what was good before. Blocks.
    pub(crate) fn rows(&self, request: &RunRequest, run: Option<RunId>) -> Result<Rows, AppError> {
        let mut ready = self.store.rows_to_fill(self.column, request, run)?;
        let all = ready.len();
        for input in &self.made {
            let states = self.store.cell_states(*input, &ready)?;
            let has_value =
                |state: &CellState| !matches!(state, CellState::Empty | CellState::Failed);
            let mut keep = states.iter().map(has_value);
            ready.retain(|_| keep.next().unwrap_or(false));
        }
        Ok(Rows { waiting: (all - ready.len()) as u64, ready })
    }

    /// Chooses the examples, or reads what the column has already. Blocks.
    pub(crate) fn prepare(&self, engine: &Arc<dyn LLMEngine>) -> Result<Prepared, AppError> {
        // Not a strong hold: a run that gives way lets its model go.
        let engine = Arc::downgrade(engine);
        let count_tokens = move |text: &str| {
            let counted = engine.upgrade().and_then(|engine| engine.count_tokens(text));
            counted.unwrap_or_else(|| estimated_tokens(text))
        };
        if !self.plan.wants_new_items() {
            let weighed = weighed_examples(self, &count_tokens)?.into_iter();
            let used = weighed.filter(|(_, example)| example.used);
            return Ok(Prepared { examples: used.map(|(_, e)| e.example).collect(), items: None });
        }
        let mut items = NewItems::new(Arc::clone(&self.plan), Arc::new(count_tokens));
        let mut start = 0;
        loop {
            let window = self.store.window(&[self.column], start, ITEMS_PER_READ)?;
            for cell in window.rows.iter().flat_map(|row| &row.cells) {
                if !cell.value.is_null() {
                    items.take(&cell.value);
                }
            }
            start += ITEMS_PER_READ;
            if start >= window.row_count {
                return Ok(Prepared { examples: Vec::new(), items: Some(items) });
            }
        }
    }
}

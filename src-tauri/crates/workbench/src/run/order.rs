use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use braincells_core::{
    AppError, CellState, Column, ColumnId, ColumnKind, Recipe, RowId, RunId, RunRequest, RunScope,
    SheetId, ViewSpec,
};
use braincells_data::SheetStore;
use braincells_llm::prompt::{Example, PromptPlan};
use braincells_llm::{LLMEngine, estimated_tokens};

use super::desk::NewItems;
use super::seeds::Seeds;
use crate::calibration::Scoring;
use crate::columns::plan_for;
use crate::error::WorkbenchError;
use crate::examples::weighed_examples;

/// Cells of a column that are read with one query.
const ITEMS_PER_READ: u64 = 4096;

/// Columns are counted from 1.
const NO_COLUMN: ColumnId = ColumnId(0);

/// What is to be filled and how, resolved once, so that all prompts share their beginning.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) store: Arc<SheetStore>,
    pub(crate) sheet: SheetId,
    /// None that is there, for a recipe that is not stored yet.
    pub(crate) column: ColumnId,
    /// With the model that is meant, where the column's own names none.
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
    /// How label scores are read; known once the model was asked about it.
    pub(super) scoring: Option<Scoring>,
}

impl Order {
    /// Everything about a column that a run needs. `default_model` is for a recipe that names
    /// none. Blocks.
    pub(crate) fn new(
        store: &Arc<SheetStore>,
        sheet: SheetId,
        columns: &[Column],
        column: &Column,
        recipe_version: Option<i64>,
        default_model: &str,
    ) -> Result<Self, AppError> {
        let ColumnKind::Ai { recipe, recipe_version: newest } = &column.kind else {
            return Err(WorkbenchError::NotAiColumn { name: column.name.clone() }.into());
        };
        let version = recipe_version.unwrap_or(*newest);
        let recipe =
            if version == *newest { recipe.clone() } else { store.recipe(column.id, version)? };
        let made_by = (recipe, version);
        Self::of_recipe(store, sheet, columns, column.id, made_by, default_model)
    }

    /// What a run of a new column with this recipe would do. Blocks.
    pub(crate) fn of_new_column(
        store: &Arc<SheetStore>,
        sheet: SheetId,
        columns: &[Column],
        recipe: Recipe,
        default_model: &str,
    ) -> Result<Self, AppError> {
        Self::of_recipe(store, sheet, columns, NO_COLUMN, (recipe, 1), default_model)
    }

    fn of_recipe(
        store: &Arc<SheetStore>,
        sheet: SheetId,
        columns: &[Column],
        column: ColumnId,
        (mut recipe, recipe_version): (Recipe, i64),
        default_model: &str,
    ) -> Result<Self, AppError> {
        if recipe.model.is_empty() {
            default_model.clone_into(&mut recipe.model);
        }
        let (plan, inputs) = plan_for(&recipe, columns)?;
        let is_made = |id: &ColumnId| {
            columns.iter().any(|column| column.id == *id && column.recipe().is_some())
        };
        Ok(Self {
            store: Arc::clone(store),
            sheet,
            column,
            recipe,
            recipe_version,
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
        let mut ready = if self.is_new() {
            self.rows_of_new_column(request)?
        } else {
            self.store.rows_to_fill(self.column, request, run)?
        };
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

    /// Whether the column is not there yet: all its cells are empty.
    pub(crate) fn is_new(&self) -> bool {
        self.column == NO_COLUMN
    }

    fn rows_of_new_column(&self, request: &RunRequest) -> Result<Vec<RowId>, AppError> {
        let mut rows = match &request.scope {
            RunScope::Empty | RunScope::Pending | RunScope::All | RunScope::These { .. } => {
                self.store.rows_at(0, u64::MAX)
            }
            RunScope::First { count } => self.store.rows_at(0, *count),
            RunScope::Failed | RunScope::Stale => Vec::new(),
        };
        if let RunScope::These { ids } = &request.scope {
            let wanted: HashSet<&RowId> = ids.iter().collect();
            rows.retain(|row| wanted.contains(row));
        }
        if let Some(filter) = &request.only {
            let spec = ViewSpec { sort: Vec::new(), filter: Some(filter.clone()) };
            let view = self.store.make_view(&spec, &AtomicBool::new(false))?;
            let kept: HashSet<&RowId> = view.rows().iter().collect();
            rows.retain(|row| kept.contains(row));
        }
        Ok(rows)
    }

    /// The examples, chosen without the model's own tokens. Blocks.
    pub(crate) fn guessed_examples(&self) -> Result<Vec<Example>, AppError> {
        self.used_examples(&estimated_tokens)
    }

    fn used_examples(&self, count_tokens: &dyn Fn(&str) -> u32) -> Result<Vec<Example>, AppError> {
        let weighed = weighed_examples(self, count_tokens)?.into_iter();
        let used = weighed.filter(|(_, example)| example.used);
        Ok(used.map(|(_, weighed)| weighed.example).collect())
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
            let examples = self.used_examples(&count_tokens)?;
            return Ok(Prepared { examples, items: None, scoring: None });
        }
        let mut items = NewItems::new(Arc::clone(&self.plan), Arc::new(count_tokens));
        let mut start = 0;
        while !self.is_new() {
            let window = self.store.window(&[self.column], start, ITEMS_PER_READ)?;
            for cell in window.rows.iter().flat_map(|row| &row.cells) {
                if !cell.value.is_null() {
                    items.take(&cell.value);
                }
            }
            start += ITEMS_PER_READ;
            if start >= window.row_count {
                break;
            }
        }
        Ok(Prepared { examples: Vec::new(), items: Some(items), scoring: None })
    }
}

//! What a recipe would do, before it does anything.

use braincells_core::{AppError, Column, ColumnId, Recipe, RowId, SheetId, Value};
use braincells_data::SheetStore;
use braincells_llm::prompt::{Example, PromptPlan};
use braincells_llm::{LLMRequest, estimated_prompt_tokens, estimated_tokens};
use serde::Serialize;

use super::{RecipeFit, additions, fitted, type_warnings};
use crate::Workbench;
use crate::columns::{column_named, own_examples};
use crate::recipe_file::{DataColumn, ModelIdentity, Origin, RecipeFile};

/// Rows whose prompts are counted; the rest is taken to be like them.
const SAMPLED_ROWS: u64 = 256;

/// A recipe file in the order in which it is run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RecipePlan {
    /// The columns, each behind those it reads.
    pub columns: Vec<PlannedColumn>,
    /// The columns that the table must have.
    pub inputs: Vec<String>,
    /// What the file says about them.
    pub data_columns: Vec<DataColumn>,
    /// Who wrote the file, if it says so.
    pub origin: Option<Origin>,
}

/// A column that a recipe makes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct PlannedColumn {
    /// Its name.
    pub name: String,
    /// How it is made.
    pub recipe: Recipe,
    /// The columns it needs.
    pub references: Vec<String>,
    /// The model's file when the recipe was written.
    pub model_file: Option<ModelIdentity>,
}

/// A recipe that can run here.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RecipeCheck {
    /// What it does.
    pub plan: RecipePlan,
    /// How much work that is, if there is a table.
    pub estimate: Option<RecipeEstimate>,
    /// What is not as it was where the recipe was made, one line each.
    pub warnings: Vec<String>,
}

/// How much a model has to read and write for a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct RecipeEstimate {
    /// Rows that are filled.
    pub rows: u64,
    /// Of these, how many were looked at; the rest is taken to be like them.
    pub sampled_rows: u64,
    /// Each column, in the order of the plan.
    pub columns: Vec<ColumnEstimate>,
}

/// A column's part of a [`RecipeEstimate`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ColumnEstimate {
    /// Its name.
    pub column: String,
    /// Tokens of all prompts, guessed without a tokenizer. The beginning that all rows share is
    /// counted for each.
    pub prompt_tokens: u64,
    /// Whether there will be more of them: what other columns of the recipe will hold is not known
    /// yet and counts as nothing.
    pub is_least: bool,
    /// The most tokens that all answers together may take.
    pub answer_tokens_most: u64,
}

impl RecipePlan {
    /// Puts the columns of a file in order. Fails where the file contradicts itself; looks at no
    /// table and at no model.
    pub fn new(file: &RecipeFile, fit: &RecipeFit) -> Result<Self, AppError> {
        let fitted = fitted(file, fit)?;
        Self::of(&fitted)
    }

    fn of(file: &RecipeFile) -> Result<Self, AppError> {
        let inputs = file.inputs();
        let order = crate::recipe_file::in_order(file, &inputs)?;
        let column = |at: usize| {
            let column = file.columns[at].clone();
            PlannedColumn {
                name: column.name,
                recipe: column.recipe,
                references: column.references,
                model_file: column.model_file,
            }
        };
        Ok(Self {
            columns: order.into_iter().map(column).collect(),
            inputs: inputs.into_iter().map(str::to_owned).collect(),
            data_columns: file.data_columns.clone(),
            origin: file.origin.clone(),
        })
    }
}

impl Workbench {
    /// Says what a recipe would do: whether its models are here and, with a table, whether it has
    /// the columns and how much work `first` rows of it (all without) are. Changes nothing.
    pub async fn check_recipe(
        &self,
        file: &RecipeFile,
        fit: &RecipeFit,
        table: Option<SheetId>,
        first: Option<u64>,
    ) -> Result<RecipeCheck, AppError> {
        let fitted = fitted(file, fit)?;
        let plan = RecipePlan::of(&fitted)?;
        let mut warnings = Vec::new();
        let mut present = Vec::new();
        if let Some(table) = table {
            present = self.columns(table).await?;
            let names: Vec<&str> = present.iter().map(|column| column.name.as_str()).collect();
            additions(&fitted, &names)?;
            warnings = type_warnings(&fitted, &present);
        }
        self.check_models(&fitted).await?;
        warnings.extend(self.model_warnings(file, fit).await?);
        let estimate = match table {
            None => None,
            Some(table) => {
                let columns = plan.columns.clone();
                let estimate = move |store: &SheetStore| {
                    estimate(store, &present, &columns, first.unwrap_or(u64::MAX))
                };
                Some(self.with_store(table, estimate).await?)
            }
        };
        Ok(RecipeCheck { plan, estimate, warnings })
    }
}

fn estimate(
    store: &SheetStore,
    present: &[Column],
    planned: &[PlannedColumn],
    first: u64,
) -> Result<RecipeEstimate, AppError> {
    let rows = store.info()?.row_count.min(first);
    let window = store.window(&[], 0, rows.min(SAMPLED_ROWS))?;
    let sample: Vec<RowId> = window.rows.iter().map(|row| row.row).collect();
    let mut columns = Vec::with_capacity(planned.len());
    for column in planned {
        columns.push(column_estimate(store, present, column, &sample, rows)?);
    }
    Ok(RecipeEstimate { rows, sampled_rows: sample.len() as u64, columns })
}

fn column_estimate(
    store: &SheetStore,
    present: &[Column],
    planned: &PlannedColumn,
    sample: &[RowId],
    rows: u64,
) -> Result<ColumnEstimate, AppError> {
    let recipe = &planned.recipe;
    let names: Vec<&str> = planned.references.iter().map(String::as_str).collect();
    let plan = PromptPlan::new(recipe, &names)?;
    let inputs: Vec<Option<ColumnId>> = plan
        .inputs()
        .iter()
        .map(|name| column_named(present, name).ok().map(|column| column.id))
        .collect();
    let known: Vec<ColumnId> = inputs.iter().flatten().copied().collect();
    let is_least = known.len() < inputs.len();
    let examples = plan.select_examples(own_examples(recipe, &plan), &estimated_tokens);
    let (mut asked, mut tokens, mut answer_tokens) = (0, 0, 0);
    for values in store.values(&known, sample)? {
        let mut values = values.into_iter();
        let row: Vec<Value> = inputs
            .iter()
            .map(|input| input.and_then(|_| values.next()).unwrap_or_default())
            .collect();
        if is_least || !plan.is_input_empty(&row) {
            let request = request(&plan, &row, &examples);
            asked += 1;
            tokens += u64::from(estimated_prompt_tokens(&request));
            answer_tokens = u64::from(request.token_limit());
        }
    }
    let of_all = |count: u64| match sample.len() as u64 {
        0 => 0,
        sampled => (u128::from(count) * u128::from(rows) / u128::from(sampled)) as u64,
    };
    Ok(ColumnEstimate {
        column: planned.name.clone(),
        prompt_tokens: of_all(tokens),
        is_least,
        answer_tokens_most: of_all(asked * answer_tokens),
    })
}

fn request(plan: &PromptPlan, row: &[Value], examples: &[Example]) -> LLMRequest {
    plan.request(row, examples, 0)
}

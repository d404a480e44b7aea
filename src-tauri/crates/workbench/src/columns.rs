//! Reading a sheet and adding AI columns to it.

use braincells_core::{
    AppError, CellState, Column, ColumnId, Recipe, RecipeExample, SheetId, Window,
};
use braincells_data::SheetStore;
use braincells_llm::prompt::{Example, PromptPlan};
use serde::Serialize;

use crate::Workbench;
use crate::error::WorkbenchError;

/// A part of a sheet with the columns it is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// The columns, in the order of the window's cells.
    pub columns: Vec<Column>,
    /// The rows.
    pub window: Window,
}

impl Workbench {
    /// The columns of a sheet, in display order.
    pub async fn columns(&self, sheet: SheetId) -> Result<Vec<Column>, AppError> {
        self.with_store(sheet, |store| Ok(store.columns()?)).await
    }

    /// The column of that name, letter case included.
    pub async fn find_column(&self, sheet: SheetId, name: &str) -> Result<Column, AppError> {
        let columns = self.columns(sheet).await?;
        Ok(column_named(&columns, name)?.clone())
    }

    /// How many cells of an AI column have failed and were not tried again since.
    pub async fn failed_cells(&self, sheet: SheetId, column: ColumnId) -> Result<u64, AppError> {
        let count = move |store: &SheetStore| {
            let states = store.count_states(column)?;
            Ok(states.get(&CellState::Failed).copied().unwrap_or(0))
        };
        self.with_store(sheet, count).await
    }

    /// Rows by position, of all columns or of the named ones.
    pub async fn show(
        &self,
        sheet: SheetId,
        columns: Option<&[String]>,
        start: u64,
        count: u64,
    ) -> Result<Shown, AppError> {
        let names = columns.map(<[String]>::to_vec);
        self.with_store(sheet, move |store| {
            let all = store.columns()?;
            let columns = match names {
                None => all,
                Some(names) => names
                    .iter()
                    .map(|name| column_named(&all, name).cloned())
                    .collect::<Result<_, _>>()?,
            };
            let ids: Vec<ColumnId> = columns.iter().map(|column| column.id).collect();
            Ok(Shown { columns, window: store.window(&ids, start, count)? })
        })
        .await
    }

    /// Adds an AI column behind the last one. Checks the recipe against the sheet; starts nothing.
    pub async fn add_ai_column(
        &self,
        sheet: SheetId,
        name: &str,
        recipe: Recipe,
    ) -> Result<Column, AppError> {
        let added = self.add_ai_columns(sheet, vec![(name.to_owned(), recipe)]).await?;
        Ok(added.into_iter().next().expect("one column was added"))
    }

    /// Adds several AI columns as [`Workbench::add_ai_column`] does, all or none. Each may read
    /// those before it.
    pub async fn add_ai_columns(
        &self,
        sheet: SheetId,
        additions: Vec<(String, Recipe)>,
    ) -> Result<Vec<Column>, AppError> {
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| {
            let columns = store.columns()?;
            let mut known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let mut checked = Vec::with_capacity(additions.len());
            for (name, recipe) in &additions {
                let name = name.trim();
                if name.is_empty() {
                    return Err(WorkbenchError::NamelessColumn.into());
                }
                PromptPlan::new(recipe, &known)?;
                known.push(name);
                checked.push((name, recipe));
            }
            Ok(store.add_ai_columns(&checked, now_ms)?)
        })
        .await
    }
}

/// The prompt plan of a recipe in a sheet with these columns, and the columns it reads.
pub(crate) fn plan_for(
    recipe: &Recipe,
    columns: &[Column],
) -> Result<(PromptPlan, Vec<ColumnId>), AppError> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let plan = PromptPlan::new(recipe, &names)?;
    let inputs = plan
        .inputs()
        .iter()
        .map(|name| Ok(column_named(columns, name)?.id))
        .collect::<Result<_, AppError>>()?;
    Ok((plan, inputs))
}

/// The examples that a recipe brings along, in the order of the plan's inputs.
pub(crate) fn own_examples(recipe: &Recipe, plan: &PromptPlan) -> Vec<Example> {
    let of_input = |example: &RecipeExample, name: &String| {
        example.inputs.get(name).cloned().unwrap_or_default()
    };
    recipe
        .example_rows
        .iter()
        .map(|example| Example {
            inputs: plan.inputs().iter().map(|name| of_input(example, name)).collect(),
            value: example.value.clone(),
        })
        .collect()
}

pub(crate) fn column_named<'a>(
    columns: &'a [Column],
    name: &str,
) -> Result<&'a Column, WorkbenchError> {
    columns.iter().find(|column| column.name == name).ok_or_else(|| WorkbenchError::NoSuchColumn {
        name: name.to_owned(),
        known: columns.iter().map(|column| column.name.clone()).collect(),
    })
}

pub(crate) fn column_with_id(
    columns: &[Column],
    column: ColumnId,
) -> Result<&Column, WorkbenchError> {
    columns
        .iter()
        .find(|candidate| candidate.id == column)
        .ok_or(WorkbenchError::NoSuchColumnId { column })
}

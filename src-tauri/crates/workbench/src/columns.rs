//! Reading a sheet and adding AI columns to it.

use braincells_core::{
    AppError, CellState, Column, ColumnId, ColumnKind, Graph, Recipe, SheetId, ValueType, Window,
};
use braincells_data::SheetStore;
use braincells_llm::prompt::PromptPlan;
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
        let name = name.trim().to_owned();
        if name.is_empty() {
            return Err(WorkbenchError::NamelessColumn.into());
        }
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| {
            let columns = store.columns()?;
            check_graph(&columns, None, &name, &recipe)?;
            plan_for(&recipe, &columns)?;
            Ok(store.add_ai_column(&name, &recipe, now_ms)?)
        })
        .await
    }

    /// Gives an AI column a new recipe, checked against the sheet, and returns its version. Starts
    /// nothing; a run that fills the column goes on with the recipe it began with.
    pub async fn set_recipe(
        &self,
        sheet: SheetId,
        column: ColumnId,
        recipe: Recipe,
    ) -> Result<i64, AppError> {
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| {
            let columns = store.columns()?;
            let name = &column_with_id(&columns, column)?.name;
            check_graph(&columns, Some(column), name, &recipe)?;
            plan_for(&recipe, &columns)?;
            Ok(store.set_recipe(column, &recipe, now_ms)?)
        })
        .await
    }

    /// Who reads whom in a sheet.
    pub async fn graph(&self, sheet: SheetId) -> Result<Graph, AppError> {
        Ok(Graph::of(&self.columns(sheet).await?))
    }
}

/// Fails if a column, new or present, with that name and recipe would wait for itself.
pub(crate) fn check_graph(
    columns: &[Column],
    column: Option<ColumnId>,
    name: &str,
    recipe: &Recipe,
) -> Result<(), AppError> {
    // No column has this id: they are counted from 1.
    let id = column.unwrap_or(ColumnId(0));
    let mut columns: Vec<Column> = columns.iter().filter(|other| other.id != id).cloned().collect();
    columns.push(Column {
        id,
        name: name.to_owned(),
        value_type: ValueType::Text,
        sql_type: String::new(),
        hidden: false,
        width_px: None,
        kind: ColumnKind::Ai { recipe: recipe.clone(), recipe_version: 0 },
    });
    Ok(Graph::of(&columns).check()?)
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

//! Reading a sheet and working on its columns.

use std::sync::Arc;

use braincells_core::{
    AppError, CellState, Column, ColumnId, ColumnKind, DataType, Graph, Priority, Recipe,
    RecipeExample, SheetId, ValueType, Window,
};
use braincells_data::SheetStore;
use braincells_llm::prompt::{Example, PromptPlan};
use serde::Serialize;

use crate::Workbench;
use crate::calibration::set_calibration;
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
            let checked: Vec<(&str, &Recipe)> =
                additions.iter().map(|(name, recipe)| (name.trim(), recipe)).collect();
            if checked.iter().any(|(name, _)| name.is_empty()) {
                return Err(WorkbenchError::NamelessColumn.into());
            }
            // A ring of columns is a better thing to hear than that one of them is not there yet.
            check_graph(&columns, checked.iter().map(|(name, recipe)| (None, *name, *recipe)))?;
            let mut known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            for (name, recipe) in &checked {
                PromptPlan::new(recipe, &known)?;
                known.push(name);
            }
            Ok(store.add_ai_columns(&checked, now_ms)?)
        })
        .await
    }

    /// Adds an empty column to be typed by hand, behind the last one.
    pub async fn add_data_column(
        &self,
        sheet: SheetId,
        name: &str,
        data_type: DataType,
    ) -> Result<Column, AppError> {
        let (name, now_ms) = (name.trim().to_owned(), self.now_ms());
        self.change_store(sheet, move |store| Ok(store.add_data_column(&name, data_type, now_ms)?))
            .await
    }

    /// Gives an AI column another recipe. Its done cells become stale; another output type empties
    /// the column, apart from what a person wrote and the new type can hold. If only the
    /// calibration differs, they stay done and get the values that go with it, as far as that is
    /// known. Starts nothing.
    pub async fn set_recipe(
        &self,
        sheet: SheetId,
        column: ColumnId,
        recipe: Recipe,
    ) -> Result<i64, AppError> {
        let now_ms = self.now_ms();
        self.change_column(sheet, column, move |store| {
            let columns = store.columns()?;
            let name = &column_with_id(&columns, column)?.name;
            check_graph(&columns, [(Some(column), name.as_str(), &recipe)])?;
            plan_for(&recipe, &columns)?;
            let own = column_with_id(&columns, column)?.recipe();
            if own.is_some_and(|own| own != &recipe && own.asks_like(&recipe)) {
                return set_calibration(store, column, &recipe, now_ms);
            }
            Ok(store.set_recipe(column, &recipe, now_ms)?)
        })
        .await
    }

    /// Renames a column, and with it every reference to it in the prompts of the sheet.
    pub async fn rename_column(
        &self,
        sheet: SheetId,
        column: ColumnId,
        name: &str,
    ) -> Result<(), AppError> {
        let (name, now_ms) = (name.trim().to_owned(), self.now_ms());
        self.change_store(sheet, move |store| Ok(store.rename_column(column, &name, now_ms)?)).await
    }

    /// Gives a data column another type. Values that the type cannot hold are an error, or become
    /// empty if `may_lose` says so; returns how many did.
    pub async fn retype_column(
        &self,
        sheet: SheetId,
        column: ColumnId,
        data_type: DataType,
        may_lose: bool,
    ) -> Result<u64, AppError> {
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| {
            Ok(store.retype_column(column, data_type, may_lose, now_ms)?)
        })
        .await
    }

    /// Puts a column at a place in the display order, from 0.
    pub async fn move_column(
        &self,
        sheet: SheetId,
        column: ColumnId,
        place: usize,
    ) -> Result<(), AppError> {
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| Ok(store.move_column(column, place, now_ms)?)).await
    }

    /// Hides a column from grids, or shows it again. Exports and prompts have it either way.
    pub async fn hide_column(
        &self,
        sheet: SheetId,
        column: ColumnId,
        hidden: bool,
    ) -> Result<(), AppError> {
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| Ok(store.hide_column(column, hidden, now_ms)?)).await
    }

    /// Sets how wide a grid draws a column, in CSS pixels; `None` lets the grid decide.
    pub async fn resize_column(
        &self,
        sheet: SheetId,
        column: ColumnId,
        width_px: Option<u32>,
    ) -> Result<(), AppError> {
        let now_ms = self.now_ms();
        let resize = move |store: &SheetStore| Ok(store.resize_column(column, width_px, now_ms)?);
        self.change_store(sheet, resize).await
    }

    /// Copies a column with its values behind itself, an AI column with its recipe and states.
    /// Without a name it is called `<name> copy`, with a number if that is taken.
    pub async fn duplicate_column(
        &self,
        sheet: SheetId,
        column: ColumnId,
        name: Option<&str>,
    ) -> Result<Column, AppError> {
        let (wanted, now_ms) = (name.map(|name| name.trim().to_owned()), self.now_ms());
        self.change_store(sheet, move |store| {
            let columns = store.columns()?;
            let own = column_with_id(&columns, column)?;
            let name = wanted.unwrap_or_else(|| free_name(&format!("{} copy", own.name), &columns));
            Ok(store.duplicate_column(column, &name, now_ms)?)
        })
        .await
    }

    /// Deletes columns; undo brings them back. Refused while a prompt of another column names one
    /// of them, and while one of them is being filled.
    pub async fn delete_columns(
        &self,
        sheet: SheetId,
        columns: &[ColumnId],
    ) -> Result<(), AppError> {
        let (columns, now_ms) = (columns.to_vec(), self.now_ms());
        self.change_store(sheet, move |store| Ok(store.delete_columns(&columns, now_ms)?)).await
    }

    /// Who reads whom in a sheet.
    pub async fn graph(&self, sheet: SheetId) -> Result<Graph, AppError> {
        Ok(Graph::of(&self.columns(sheet).await?))
    }

    /// A change that a run of the column must not meet.
    pub(crate) async fn change_column<T: Send + 'static>(
        &self,
        sheet: SheetId,
        column: ColumnId,
        work: impl FnOnce(&SheetStore) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let live = Arc::clone(self.live());
        self.change_store(sheet, move |store| {
            let columns = store.columns()?;
            let _claim = live.claim(sheet, column_with_id(&columns, column)?, Priority::Normal)?;
            work(store)
        })
        .await
    }
}

/// `wanted`, with the first free number behind it if a column has that name.
fn free_name(wanted: &str, columns: &[Column]) -> String {
    let taken =
        |name: &str| columns.iter().any(|column| column.name.to_lowercase() == name.to_lowercase());
    let numbered = (2..).map(|number| format!("{wanted} {number}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    names.find(|name| !taken(name)).expect("a sheet has finitely many columns")
}

/// Fails if the columns, some of them new or with a new recipe, would wait for each other.
pub(crate) fn check_graph<'a>(
    columns: &[Column],
    changed: impl IntoIterator<Item = (Option<ColumnId>, &'a str, &'a Recipe)>,
) -> Result<(), AppError> {
    let mut columns = columns.to_vec();
    // No column has such an id: they are counted from 1.
    let mut unused = (0..).map(|number: i64| ColumnId(-number));
    for (column, name, recipe) in changed {
        let id = column.unwrap_or_else(|| unused.next().expect("numbers do not end"));
        columns.retain(|other| other.id != id);
        columns.push(Column {
            id,
            name: name.to_owned(),
            value_type: ValueType::Text,
            sql_type: String::new(),
            hidden: false,
            width_px: None,
            kind: ColumnKind::Ai { recipe: recipe.clone(), recipe_version: 0 },
        });
    }
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

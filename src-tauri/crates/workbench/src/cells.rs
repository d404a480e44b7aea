//! A person's hand on cells: edit, clear, paste and approve.

use std::sync::Arc;

use braincells_core::{
    AppError, CellState, Column, ColumnId, FindRequest, Output, RowId, SheetId, Value, render_value,
};
use braincells_data::CellEdit;
use braincells_llm::output::{read_answer, value_matches};

use crate::Workbench;
use crate::columns::column_with_id;
use crate::error::WorkbenchError;
use crate::run::LiveRuns;

/// Replacements of one step; more of them are held in memory than a small machine has.
const MOST_REPLACEMENTS: u64 = 1_000_000;

impl Workbench {
    /// Writes a value by hand. In an AI column no run overwrites it, and it serves as an example
    /// for the next run. `Null` clears the cell instead, so that a run may fill it again.
    ///
    /// The value must fit the column's type; text is read by it.
    pub async fn edit_cell(
        &self,
        sheet: SheetId,
        column: ColumnId,
        row: RowId,
        value: Value,
    ) -> Result<(), AppError> {
        self.edit_cells(sheet, vec![(column, row, value)]).await
    }

    /// [`Workbench::edit_cell`] for many cells at once: one step, all or none.
    pub async fn edit_cells(
        &self,
        sheet: SheetId,
        cells: Vec<(ColumnId, RowId, Value)>,
    ) -> Result<(), AppError> {
        let (now_ms, live) = (self.now_ms(), Arc::clone(self.live()));
        self.change_store(sheet, move |store| {
            let columns = store.columns()?;
            let edits = cells
                .into_iter()
                .map(|(column, row, value)| {
                    let value = fitting(&columns, column, value)?;
                    Ok(CellEdit::new(column, row, value))
                })
                .collect::<Result<Vec<_>, AppError>>()?;
            take_over(&live, sheet, &edits);
            Ok(store.edit_cells(&edits, now_ms).map(drop)?)
        })
        .await
    }

    /// Empties all cells of some rows in some columns, as one step.
    pub async fn clear_cells(
        &self,
        sheet: SheetId,
        columns: &[ColumnId],
        rows: &[RowId],
    ) -> Result<(), AppError> {
        let cells = columns
            .iter()
            .flat_map(|column| rows.iter().map(move |row| (*column, *row, Value::Null)))
            .collect();
        self.edit_cells(sheet, cells).await
    }

    /// Writes a block of texts over some columns and rows, as one step: each text is read by the
    /// type of its column, an empty one clears the cell. Rows that the block has beyond `rows` are
    /// added at the end; returns how many.
    pub async fn paste(
        &self,
        sheet: SheetId,
        columns: &[ColumnId],
        rows: &[RowId],
        block: Vec<Vec<String>>,
    ) -> Result<u64, AppError> {
        let (columns, rows, now_ms) = (columns.to_vec(), rows.to_vec(), self.now_ms());
        let live = Arc::clone(self.live());
        self.change_store(sheet, move |store| {
            let known = store.columns()?;
            let read = |(text, column): (String, &ColumnId)| {
                let value = if text.is_empty() { Value::Null } else { Value::String(text) };
                fitting(&known, *column, value)
            };
            let mut values = Vec::with_capacity(block.len());
            for line in block {
                // What is beyond the last column is for the store to refuse.
                let beyond = line.len().saturating_sub(columns.len());
                let cells = line.into_iter().zip(&columns).map(read);
                let mut cells = cells.collect::<Result<Vec<Value>, AppError>>()?;
                cells.extend(std::iter::repeat_n(Value::Null, beyond));
                values.push(cells);
            }
            for (row, line) in rows.iter().zip(&values) {
                for (column, value) in columns.iter().zip(line) {
                    live.take_over(sheet, *column, *row, !value.is_null());
                }
            }
            Ok(store.paste_block(&columns, &rows, &values, now_ms)?)
        })
        .await
    }

    /// Replaces a text wherever `request` finds it, as one step, and returns how many cells it
    /// changed. Results are read by the types of their columns; one that does not fit is an error
    /// and nothing is changed. Its `skip` and `limit` do not count.
    ///
    /// Refused when more than 1,000,000 cells would change: narrow the search then.
    pub async fn replace(
        &self,
        sheet: SheetId,
        request: FindRequest,
        replacement: &str,
    ) -> Result<u64, AppError> {
        let request = FindRequest { skip: 0, limit: MOST_REPLACEMENTS + 1, ..request };
        let found = self.preview_replacements(sheet, request, replacement).await?;
        if found.len() as u64 > MOST_REPLACEMENTS {
            return Err(WorkbenchError::TooManyReplacements { most: MOST_REPLACEMENTS }.into());
        }
        let count = found.len() as u64;
        let cells = found.into_iter().map(|cell| {
            let value = if cell.after.is_empty() { Value::Null } else { cell.after.into() };
            (cell.column, cell.row, value)
        });
        let cells: Vec<_> = cells.collect();
        if !cells.is_empty() {
            self.edit_cells(sheet, cells).await?;
        }
        Ok(count)
    }

    /// Approves the value of a cell as it is. No run overwrites it, and it serves as an example
    /// for the next run.
    pub async fn validate_cell(
        &self,
        sheet: SheetId,
        column: ColumnId,
        row: RowId,
    ) -> Result<(), AppError> {
        self.validate_cells(sheet, column, &[row]).await
    }

    /// [`Workbench::validate_cell`] for many cells of a column, as one step. Empty ones are passed
    /// over; it is an error if there are no others.
    pub async fn validate_cells(
        &self,
        sheet: SheetId,
        column: ColumnId,
        rows: &[RowId],
    ) -> Result<(), AppError> {
        let (rows, now_ms, live) = (rows.to_vec(), self.now_ms(), Arc::clone(self.live()));
        self.change_store(sheet, move |store| {
            check_ai(&store.columns()?, column)?;
            let mut edits = Vec::new();
            for (row, values) in rows.iter().zip(store.values(&[column], &rows)?) {
                let value = values.into_iter().next().unwrap_or_default();
                if !value.is_null() {
                    let (row, confidence) = (*row, store.confidence(column, *row)?);
                    let state = CellState::Validated;
                    edits.push(CellEdit { column, row, state, value, confidence });
                }
            }
            if edits.is_empty() {
                return Err(WorkbenchError::NothingToValidate.into());
            }
            take_over(&live, sheet, &edits);
            Ok(store.edit_cells(&edits, now_ms).map(drop)?)
        })
        .await
    }
}

/// Tells live runs which cells are a person's from now on.
fn take_over(live: &LiveRuns, sheet: SheetId, edits: &[CellEdit]) {
    for edit in edits {
        live.take_over(sheet, edit.column, edit.row, edit.state.is_by_hand());
    }
}

/// A value as a cell of that column takes it: an AI column's output type has its say.
fn fitting(columns: &[Column], column: ColumnId, value: Value) -> Result<Value, AppError> {
    let column = column_with_id(columns, column)?;
    match (&value, column.recipe()) {
        (Value::Null, _) | (_, None) => Ok(value),
        (_, Some(recipe)) => fitting_value(value, &recipe.output),
    }
}

fn check_ai(columns: &[Column], column: ColumnId) -> Result<(), AppError> {
    let column = column_with_id(columns, column)?;
    match column.recipe() {
        Some(_) => Ok(()),
        None => Err(WorkbenchError::NotAiColumn { name: column.name.clone() }.into()),
    }
}

/// A value that fits stays exactly as it was typed; any other takes the form a run would give it.
fn fitting_value(value: Value, output: &Output) -> Result<Value, AppError> {
    if value_matches(&value, output) {
        return Ok(value);
    }
    Ok(read_answer(&render_value(&value), output)?.value)
}

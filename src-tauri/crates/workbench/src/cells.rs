//! A person's hand on a cell: edit and approve.

use std::sync::Arc;

use braincells_core::{
    AppError, CellFigures, CellRecord, CellState, ColumnId, Output, RowId, SheetId, Value,
    render_value,
};
use braincells_data::SheetStore;
use braincells_llm::output::{read_answer, value_matches};

use crate::Workbench;
use crate::columns::column_with_id;
use crate::error::WorkbenchError;

impl Workbench {
    /// Writes a value by hand into an AI column. No run overwrites it, and it serves as an example
    /// for the next run. `Null` clears the cell instead, so that a run may fill it again.
    ///
    /// The value must fit the column's output type.
    pub async fn edit_cell(
        &self,
        sheet: SheetId,
        column: ColumnId,
        row: RowId,
        value: Value,
    ) -> Result<(), AppError> {
        let (now_ms, live) = (self.now_ms(), Arc::clone(self.live()));
        self.change_store(sheet, move |store| {
            let output = output_of(store, column)?;
            current_value(store, column, row)?;
            let (state, value) = match value {
                Value::Null => (CellState::Empty, Value::Null),
                value => (CellState::Edited, fitting_value(value, &output)?),
            };
            live.take_over(sheet, column, row, state == CellState::Edited);
            Ok(store.commit_cells(column, None, &[by_hand(row, state, value)], now_ms)?)
        })
        .await
    }

    /// Approves the value of a cell as it is. No run overwrites it, and it serves as an example
    /// for the next run.
    pub async fn validate_cell(
        &self,
        sheet: SheetId,
        column: ColumnId,
        row: RowId,
    ) -> Result<(), AppError> {
        let (now_ms, live) = (self.now_ms(), Arc::clone(self.live()));
        self.change_store(sheet, move |store| {
            output_of(store, column)?;
            let value = current_value(store, column, row)?;
            if value.is_null() {
                return Err(WorkbenchError::NothingToValidate.into());
            }
            live.take_over(sheet, column, row, true);
            let cell = by_hand(row, CellState::Validated, value);
            Ok(store.commit_cells(column, None, &[cell], now_ms)?)
        })
        .await
    }
}

fn output_of(store: &SheetStore, column: ColumnId) -> Result<Output, AppError> {
    let columns = store.columns()?;
    let column = column_with_id(&columns, column)?;
    let recipe =
        column.recipe().ok_or_else(|| WorkbenchError::NotAiColumn { name: column.name.clone() })?;
    Ok(recipe.output.clone())
}

fn current_value(store: &SheetStore, column: ColumnId, row: RowId) -> Result<Value, AppError> {
    let values = store.values(&[column], &[row])?;
    let cells = values.into_iter().next().ok_or(WorkbenchError::NoSuchRow { row })?;
    Ok(cells.into_iter().next().unwrap_or_default())
}

/// A value that fits stays exactly as it was typed; any other takes the form a run would give it.
fn fitting_value(value: Value, output: &Output) -> Result<Value, AppError> {
    if value_matches(&value, output) {
        return Ok(value);
    }
    Ok(read_answer(&render_value(&value), output)?.value)
}

fn by_hand(row: RowId, state: CellState, value: Value) -> CellRecord {
    CellRecord {
        run: None,
        row,
        state,
        value,
        error: None,
        reasoning: None,
        figures: CellFigures::default(),
    }
}

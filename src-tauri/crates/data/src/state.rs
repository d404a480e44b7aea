use std::collections::HashMap;

use braincells_core::{CellState, ColumnId, RowId};
use duckdb::Connection;

use crate::DataError;
use crate::error::during;
use crate::run::parse_state;

/// The entries of the log that count: those whose step is not undone. To be read in place of
/// the table.
pub(crate) const LOG: &str = "(SELECT * FROM braincells.cell_log WHERE step_id NOT IN \
                              (SELECT id FROM braincells.steps WHERE undone))";

/// SQL for the latest entry of every cell of a column that has one: `row_id` and `entry`.
///
/// One struct for the whole entry: `arg_max` of a single field would skip entries where that
/// field is null and find an older one.
pub(crate) fn latest(column: ColumnId) -> String {
    format!(
        "(SELECT row_id, arg_max({{'state': state, 'confidence': confidence}}, seq) AS entry \
         FROM {LOG} WHERE column_id = {column} GROUP BY row_id)"
    )
}

/// The latest log entry of every cell of one AI column, as far as a grid shows it.
///
/// Kept in memory, about 9 bytes a row, because the log is in the order of the work and not of
/// the sheet: finding the entries of a hundred rows in it means reading most of it.
#[derive(Debug)]
pub(crate) struct CellStates {
    /// The row of index 0.
    first: i64,
    states: Vec<CellState>,
    /// Not a number where there is none; no items at all while no cell has one.
    confidences: Vec<f64>,
    /// Why the failed cells failed.
    errors: HashMap<RowId, String>,
}

impl CellStates {
    /// Reads them from the log; `span` is how many ids there are from the first row to the last.
    pub(crate) fn load(
        connection: &Connection,
        column: ColumnId,
        first: i64,
        span: usize,
    ) -> Result<Self, DataError> {
        let failed = during("read the states");
        let mut states = Self {
            first,
            states: vec![CellState::Empty; span],
            confidences: Vec::new(),
            errors: HashMap::new(),
        };
        // One struct for the whole entry: `arg_max` of a single field would skip entries where
        // that field is null and find the reason of an older failure.
        let mut statement = connection
            .prepare_cached(&format!(
                "SELECT row_id, entry.state, entry.confidence, entry.error FROM ( \
                     SELECT row_id, arg_max({{'state': state, 'confidence': confidence, \
                         'error': CASE WHEN state = 'failed' THEN error_message END}}, seq) \
                         AS entry \
                     FROM {LOG} log WHERE column_id = ? GROUP BY row_id)"
            ))
            .map_err(&failed)?;
        let mut rows = statement.query([column.0]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            let id = RowId(row.get(0).map_err(&failed)?);
            let state = parse_state(&row.get::<_, String>(1).map_err(&failed)?)?;
            let confidence = row.get(2).map_err(&failed)?;
            states.set(id, state, confidence, row.get(3).map_err(&failed)?);
        }
        Ok(states)
    }

    /// Notes a new entry. Rows that are not in the sheet are left out.
    pub(crate) fn set(
        &mut self,
        row: RowId,
        state: CellState,
        confidence: Option<f64>,
        error: Option<String>,
    ) {
        let Some(index) = self.index(row) else { return };
        self.states[index] = state;
        if confidence.is_some() && self.confidences.is_empty() {
            self.confidences = vec![f64::NAN; self.states.len()];
        }
        if let Some(slot) = self.confidences.get_mut(index) {
            *slot = confidence.unwrap_or(f64::NAN);
        }
        match error {
            Some(error) if state == CellState::Failed => {
                self.errors.insert(row, error);
            }
            _ => {
                self.errors.remove(&row);
            }
        }
    }

    /// State, confidence and reason of failure.
    pub(crate) fn get(&self, row: RowId) -> (CellState, Option<f64>, Option<&str>) {
        let Some(index) = self.index(row) else { return (CellState::Empty, None, None) };
        let confidence = self.confidences.get(index).copied().filter(|value| !value.is_nan());
        (self.states[index], confidence, self.errors.get(&row).map(String::as_str))
    }

    /// The rows in a state, in order of their ids; they need not be in the sheet any more.
    pub(crate) fn rows_in(&self, state: CellState) -> impl Iterator<Item = RowId> {
        let first = self.first;
        let found = self.states.iter().enumerate().filter(move |(_, found)| **found == state);
        found.map(move |(index, _)| RowId(first + index as i64))
    }

    fn index(&self, row: RowId) -> Option<usize> {
        let index = usize::try_from(row.0.checked_sub(self.first)?).ok()?;
        (index < self.states.len()).then_some(index)
    }
}

use braincells_core::{
    CellFigures, CellState, ColumnId, HistoryEntry, RowId, RunId, StepId, Value,
};
use duckdb::Row;

use crate::DataError;
use crate::column::StoredColumn;
use crate::error::during;
use crate::run::parse_state;
use crate::sheet::{CellEdit, SheetStore};
use crate::value::Shape;

impl SheetStore {
    /// Everything that happened to a cell, the latest first. A cell that was never changed has no
    /// history.
    pub fn cell_history(
        &self,
        column: ColumnId,
        row: RowId,
    ) -> Result<Vec<HistoryEntry>, DataError> {
        let stored = self.stored_column(column)?;
        if !self.positions().holds(row) {
            return Err(DataError::RowMissing { row });
        }
        let failed = during("read the history");
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached(
                "SELECT l.seq, l.at_ms, l.state, l.value, l.step_id, s.name, \
                     coalesce(s.undone, false), l.run_id, l.recipe_version, l.error_message, \
                     l.reasoning, l.model, coalesce(l.prompt_tokens, 0), \
                     coalesce(l.completion_tokens, 0), coalesce(l.duration_ms, 0), l.confidence, \
                     coalesce(l.cut_off, false), coalesce(l.cached, false) \
                 FROM braincells.cell_log l LEFT JOIN braincells.steps s ON s.id = l.step_id \
                 WHERE l.column_id = ? AND l.row_id = ? ORDER BY l.seq DESC",
            )
            .map_err(&failed)?;
        let mut rows = statement.query([column.0, row.0]).map_err(&failed)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            entries.push(entry(row, &stored)?);
        }
        Ok(entries)
    }

    /// Gives a cell the value of an entry of its history again, as a step of its own. In an AI
    /// column it counts as written by a person, or as approved if it was then.
    pub fn restore_cell(
        &self,
        column: ColumnId,
        row: RowId,
        seq: i64,
        now_ms: i64,
    ) -> Result<(), DataError> {
        let history = self.cell_history(column, row)?;
        let found = history.into_iter().find(|entry| entry.seq == seq);
        let entry = found.ok_or(DataError::EntryMissing { seq, row })?;
        let state = match (entry.state, &entry.value) {
            (CellState::Failed | CellState::Stale, _) => {
                return Err(DataError::EntryMissing { seq, row });
            }
            (_, Value::Null) => CellState::Empty,
            (CellState::Validated, _) => CellState::Validated,
            _ => CellState::Edited,
        };
        let confidence = entry.figures.confidence;
        let edit = CellEdit { column, row, state, value: entry.value, confidence };
        self.edit_cells_as("Go back to an earlier value", &[edit], now_ms).map(drop)
    }
}

fn entry(row: &Row<'_>, stored: &StoredColumn) -> Result<HistoryEntry, DataError> {
    let failed = during("read the history");
    let read = || -> duckdb::Result<_> {
        let state: String = row.get(2)?;
        let value: Option<String> = row.get(3)?;
        let step: Option<i64> = row.get(4)?;
        let entry = HistoryEntry {
            seq: row.get(0)?,
            at_ms: row.get(1)?,
            state: CellState::Empty,
            value: value.map_or(Value::Null, |text| logged_value(text, stored)),
            step: step.filter(|step| *step > 0).map(StepId),
            step_name: row.get(5)?,
            undone: row.get(6)?,
            run: row.get::<_, Option<i64>>(7)?.map(RunId),
            recipe_version: row.get(8)?,
            error: row.get(9)?,
            reasoning: row.get(10)?,
            figures: CellFigures {
                model: row.get(11)?,
                prompt_tokens: row.get(12)?,
                completion_tokens: row.get(13)?,
                duration_ms: row.get(14)?,
                confidence: row.get(15)?,
                cut_off: row.get(16)?,
                cached: row.get(17)?,
            },
        };
        Ok((state, entry))
    };
    let (state, entry) = read().map_err(failed)?;
    Ok(HistoryEntry { state: parse_state(&state)?, ..entry })
}

/// A text of the log as the value it meant. One from before the column got another type stays
/// text where it does not fit.
fn logged_value(text: String, stored: &StoredColumn) -> Value {
    match stored.shape {
        Shape::Json => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Shape::Plain if stored.column.sql_type != "VARCHAR" => {
            let whole = text.strip_suffix(".0").unwrap_or(&text);
            serde_json::from_str(whole).unwrap_or(Value::String(text))
        }
        _ => Value::String(text),
    }
}

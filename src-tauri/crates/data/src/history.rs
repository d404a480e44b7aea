use braincells_core::{
    CellFigures, CellState, ColumnId, HistoryEntry, RowId, RunId, StepId, Value,
};
use duckdb::{Row, params};

use crate::DataError;
use crate::column::StoredColumn;
use crate::error::during;
use crate::labels;
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
                     coalesce(l.cut_off, false), coalesce(l.cached, false), l.label_scores, \
                     l.calibration_id, l.cost_usd \
                 FROM braincells.cell_log l LEFT JOIN braincells.steps s ON s.id = l.step_id \
                 WHERE l.column_id = ? AND l.row_id = ? ORDER BY l.seq DESC",
            )
            .map_err(&failed)?;
        let mut rows = statement.query([column.0, row.0]).map_err(&failed)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            entries.push(entry(row, &stored)?);
        }
        drop(rows);
        drop(statement);
        drop(reader);
        self.add_label_shares(column, &mut entries)?;
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

    /// Notes what the live part of a run shows to the model as examples: any JSON.
    pub fn note_examples(&self, run: RunId, examples: &Value) -> Result<(), DataError> {
        let writer = self.writer()?;
        let step = writer.live_runs.step_of(run).ok_or(DataError::RunMissing { run })?;
        writer
            .connection
            .execute(
                "INSERT INTO braincells.shown_examples VALUES (?, ?)",
                params![step.0, examples.to_string()],
            )
            .map(drop)
            .map_err(during("store the examples"))
    }

    /// What [`SheetStore::note_examples`] noted in a step.
    pub fn noted_examples(&self, step: StepId) -> Result<Option<Value>, DataError> {
        let text: Option<String> = self
            .reader()
            .query_row(
                "SELECT max(examples::VARCHAR) FROM braincells.shown_examples WHERE step_id = ?",
                [step.0],
                |row| row.get(0),
            )
            .map_err(during("read the examples"))?;
        let parse = |text: String| {
            serde_json::from_str(&text).map_err(|error| DataError::Unreadable {
                what: "examples",
                found: error.to_string(),
            })
        };
        text.map(parse).transpose()
    }

    /// The values of a row's cells as they were before an entry of the log.
    pub fn values_before(
        &self,
        columns: &[ColumnId],
        row: RowId,
        seq: i64,
    ) -> Result<Vec<Value>, DataError> {
        let now = self.values(columns, &[row])?.pop().unwrap_or_default();
        let mut values = Vec::with_capacity(columns.len());
        for (column, value) in columns.iter().zip(now) {
            let has_value = |entry: &&HistoryEntry| {
                !matches!(entry.state, CellState::Failed | CellState::Stale)
            };
            let history = self.cell_history(*column, row)?;
            let before = history.iter().filter(has_value).find(|e| e.seq < seq && !e.undone);
            // What was there before the first change is logged together with it.
            let first = history.iter().rev().find(|entry| entry.step.is_none());
            values.push(match (before.or(first), history.is_empty()) {
                (Some(entry), _) => entry.value.clone(),
                (None, true) => value,
                (None, false) => Value::Null,
            });
        }
        Ok(values)
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
                shared_tokens: 0,
                completion_tokens: row.get(13)?,
                duration_ms: row.get(14)?,
                confidence: row.get(15)?,
                cut_off: row.get(16)?,
                cached: row.get(17)?,
                label_scores: labels::scores(row.get(18)?),
                calibration: row.get(19)?,
                cost_usd: row.get(20)?,
            },
            labels: Vec::new(),
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

use std::collections::HashSet;

use braincells_core::{CellRecord, CellState, ColumnId, RowId};
use duckdb::{Appender, Connection, params};

use crate::DataError;
use crate::column::StoredColumn;
use crate::database::hold;
use crate::error::during;
use crate::point_reads::Change;
use crate::sheet::{SheetStore, Writer};
use crate::value::{self, text};

impl SheetStore {
    /// Writes the outcomes of attempts at cells of one column, log and values in one
    /// transaction: all are on disk when this returns, none when it fails.
    ///
    /// A failed record keeps the last good value. A record of a run is dropped when a person has
    /// edited or validated the cell meanwhile. Later records of the same row win.
    pub fn commit_cells(
        &self,
        column: ColumnId,
        recipe_version: Option<i64>,
        cells: &[CellRecord],
        now_ms: i64,
    ) -> Result<(), DataError> {
        let stored = self.stored_column(column)?;
        let mut writer = hold(&self.writer);
        let entries = self.entries(&stored, &writer, cells)?;
        if entries.is_empty() {
            return Ok(());
        }
        let failed = during("store the cells");
        let first_seq = writer.next_seq;
        let transaction = writer.connection.unchecked_transaction().map_err(&failed)?;
        let mut start = 0;
        for end in batch_ends(&entries) {
            let batch = &entries[start..end];
            let seq = first_seq + start as i64;
            append(&writer.connection, column, recipe_version, batch, seq, now_ms)
                .map_err(&failed)?;
            update(&writer.connection, &stored, batch, seq)?;
            start = end;
        }
        transaction.commit().map_err(&failed)?;

        let changed: Vec<RowId> = entries.iter().map(|entry| entry.cell.row).collect();
        self.note_changed(Change::Cells(column, &changed));
        writer.next_seq = first_seq + entries.len() as i64;
        let mut states = hold(&self.states);
        let mut states = states.get_mut(&column);
        let by_hand = writer.by_hand.entry(column).or_default();
        for Entry { cell, .. } in &entries {
            if cell.state.is_by_hand() {
                by_hand.insert(cell.row);
            } else {
                by_hand.remove(&cell.row);
            }
            if let Some(states) = &mut states {
                let error = cell.error.as_ref().map(|error| error.message.clone());
                states.set(cell.row, cell.state, cell.figures.confidence, error);
            }
        }
        Ok(())
    }

    /// What of `cells` is to be stored, checked.
    fn entries<'a>(
        &self,
        stored: &StoredColumn,
        writer: &Writer,
        cells: &'a [CellRecord],
    ) -> Result<Vec<Entry<'a>>, DataError> {
        let by_hand = writer.by_hand.get(&stored.column.id);
        let mut entries = Vec::with_capacity(cells.len());
        for cell in cells {
            if matches!(cell.state, CellState::Queued | CellState::Running) {
                return Err(DataError::UnstorableState { state: cell.state });
            }
            if !self.positions.may_hold(cell.row) {
                return Err(DataError::RowMissing { row: cell.row });
            }
            if cell.run.is_some() && by_hand.is_some_and(|rows| rows.contains(&cell.row)) {
                continue;
            }
            let value = match cell.state {
                CellState::Failed | CellState::Empty => None,
                _ => text(&cell.value, stored.shape, &stored.column.sql_type, cell.row)?,
            };
            entries.push(Entry { cell, value });
        }
        Ok(entries)
    }
}

/// A record and its value as the log keeps it.
struct Entry<'a> {
    cell: &'a CellRecord,
    value: Option<String>,
}

/// Cuts the entries so that no batch has a row twice: `UPDATE ... FROM` would pick either.
fn batch_ends(entries: &[Entry<'_>]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut seen: HashSet<RowId> = HashSet::new();
    for (index, entry) in entries.iter().enumerate() {
        if !seen.insert(entry.cell.row) {
            ends.push(index);
            seen = HashSet::from([entry.cell.row]);
        }
    }
    ends.push(entries.len());
    ends
}

fn append(
    connection: &Connection,
    column: ColumnId,
    recipe_version: Option<i64>,
    batch: &[Entry<'_>],
    first_seq: i64,
    now_ms: i64,
) -> duckdb::Result<()> {
    let mut appender: Appender<'_> = connection.appender_to_db("cell_log", "braincells")?;
    for (offset, Entry { cell, value }) in batch.iter().enumerate() {
        let error = cell.error.as_ref();
        let figures = &cell.figures;
        appender.append_row(params![
            first_seq + offset as i64,
            cell.run.map(|run| run.0),
            column.0,
            cell.row.0,
            cell.state.as_str(),
            value,
            error.map(|error| error.code.as_str()),
            error.map(|error| error.message.as_str()),
            error.and_then(|error| error.hint.as_deref()),
            figures.model,
            recipe_version,
            figures.prompt_tokens,
            figures.completion_tokens,
            figures.duration_ms,
            figures.confidence,
            figures.cut_off,
            cell.reasoning,
            None::<&str>,
            now_ms,
        ])?;
    }
    appender.flush()
}

/// Takes the values over from the log entries that were just appended.
fn update(
    connection: &Connection,
    stored: &StoredColumn,
    batch: &[Entry<'_>],
    first_seq: i64,
) -> Result<(), DataError> {
    let kept = |entry: &&Entry<'_>| entry.cell.state != CellState::Failed;
    let values = batch.iter().filter(kept).count();
    if values == 0 {
        return Ok(());
    }
    let parsed = stored.shape.parse("log.value", &stored.column.sql_type);
    let sql = format!(
        "UPDATE main.rows SET {} = {parsed} FROM braincells.cell_log log \
         WHERE log.seq >= ? AND log.state <> 'failed' AND log.row_id = rows.row_id",
        stored.quoted
    );
    // Cached, because planning it takes about as long as running it.
    let changed = connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.execute([first_seq]))
        .map_err(|error| refused(stored, batch, &error))?;
    if changed != values {
        let row = batch[0].cell.row;
        return Err(DataError::RowMissing { row });
    }
    Ok(())
}

/// DuckDB's conversion errors are about a value, all others about the database.
fn refused(stored: &StoredColumn, batch: &[Entry<'_>], error: &duckdb::Error) -> DataError {
    let reason = error.to_string();
    let culprit = batch.iter().find(|entry| {
        entry.value.as_ref().is_some_and(|value| reason.contains(&format!("\"{value}\"")))
    });
    match culprit {
        Some(Entry { cell, .. }) if reason.starts_with("Conversion Error") => {
            value::wrong_type(&cell.value, &stored.column.sql_type, cell.row)
        }
        _ => DataError::database("store the cells", &reason),
    }
}

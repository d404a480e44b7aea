use std::collections::{HashMap, HashSet};

use braincells_core::{CellRecord, CellState, ColumnId, RowId, RunId, StepId};
use duckdb::{Appender, Connection, params};

use crate::DataError;
use crate::column::StoredColumn;
use crate::error::during;
use crate::labels;
use crate::sheet::{CellEdit, SheetStore, Writer};
use crate::step::{CellNews, News};
use crate::value::{self, text};

impl SheetStore {
    /// Writes the outcomes of attempts at cells of one column, log and values in one
    /// transaction: all are on disk when this returns, none when it fails.
    ///
    /// A failed record keeps the last good value. A record of a run is dropped when a person has
    /// edited or validated the cell meanwhile, or removed the row; what it cost still counts, where
    /// the run notes it ([`SheetStore::note_run_spent`]). Later records of the same row win. Cells
    /// that were made from these become stale. Records without a run are a step of their own, as
    /// [`SheetStore::edit_cells`] takes it.
    pub fn commit_cells(
        &self,
        column: ColumnId,
        recipe_version: Option<i64>,
        cells: &[CellRecord],
        now_ms: i64,
    ) -> Result<(), DataError> {
        let Some(run) = cells.iter().find_map(|cell| cell.run) else {
            let edits: Vec<CellEdit> = cells.iter().map(|cell| edit(column, cell)).collect();
            return if edits.is_empty() {
                Ok(())
            } else {
                self.edit_cells(&edits, now_ms).map(drop)
            };
        };
        let stored = self.stored_column(column)?;
        let mut writer = self.writer()?;
        let step = writer.live_runs.step_of(run).ok_or(DataError::RunMissing { run })?;
        let entries = self.entries(&stored, &writer, cells)?;
        if entries.is_empty() {
            return Ok(());
        }
        let done = |entry: &&Entry<'_>| entry.state == CellState::Done;
        let changed = entries.iter().filter(done).map(|entry| entry.row).collect();
        let stale = self.stale_cells(&writer.connection, &HashMap::from([(column, changed)]))?;
        let failed = during("store the cells");
        let transaction = writer.connection.unchecked_transaction().map_err(&failed)?;
        let mut log = Log { connection: &writer.connection, step, now_ms };
        let mut next_seq = writer.next_seq;
        let mut start = 0;
        for end in batch_ends(&entries) {
            let batch = &entries[start..end];
            log.append(column, recipe_version, batch, next_seq).map_err(&failed)?;
            update(&writer.connection, &stored, batch, next_seq)?;
            next_seq += batch.len() as i64;
            start = end;
        }
        next_seq = log.append_stale(&stale, next_seq)?;
        transaction.commit().map_err(&failed)?;
        writer.next_seq = next_seq;
        let news = entries.iter().map(|entry| entry.news(column));
        let cells = news.chain(stale.iter().map(stale_news)).collect();
        self.learn(&mut writer, News { cells, ..News::default() })
    }

    /// What of `cells` is to be stored, checked.
    fn entries<'a>(
        &self,
        stored: &StoredColumn,
        writer: &Writer,
        cells: &'a [CellRecord],
    ) -> Result<Vec<Entry<'a>>, DataError> {
        let by_hand = writer.by_hand.get(&stored.column.id);
        let positions = self.positions();
        let mut entries = Vec::with_capacity(cells.len());
        for cell in cells {
            refuse_unstorable(cell.state)?;
            if !positions.holds(cell.row) || by_hand.is_some_and(|rows| rows.contains(&cell.row)) {
                continue;
            }
            let value = match cell.state {
                CellState::Failed | CellState::Empty => None,
                _ => text(&cell.value, stored.shape, &stored.column.sql_type, cell.row)?,
            };
            entries.push(Entry {
                row: cell.row,
                state: cell.state,
                value,
                confidence: cell.figures.confidence,
                record: Some(cell),
            });
        }
        Ok(entries)
    }
}

/// Queued, running and stale are not things that a record says.
pub(crate) fn refuse_unstorable(state: CellState) -> Result<(), DataError> {
    match state {
        CellState::Queued | CellState::Running | CellState::Stale => {
            Err(DataError::UnstorableState { state })
        }
        _ => Ok(()),
    }
}

fn edit(column: ColumnId, cell: &CellRecord) -> CellEdit {
    CellEdit {
        column,
        row: cell.row,
        state: cell.state,
        value: cell.value.clone(),
        confidence: cell.figures.confidence,
    }
}

/// An entry of the log that is to be.
pub(crate) struct Entry<'a> {
    pub(crate) row: RowId,
    pub(crate) state: CellState,
    /// As the log keeps it.
    pub(crate) value: Option<String>,
    pub(crate) confidence: Option<f64>,
    /// The record of the run that made it, for everything else.
    pub(crate) record: Option<&'a CellRecord>,
}

impl Entry<'_> {
    pub(crate) fn news(&self, column: ColumnId) -> CellNews {
        CellNews {
            column,
            row: self.row,
            state: self.state,
            confidence: self.confidence,
            error: self.record.and_then(|r| r.error.as_ref()).map(|error| error.message.clone()),
        }
    }
}

pub(crate) fn stale_news((column, row): &(ColumnId, RowId)) -> CellNews {
    let state = CellState::Stale;
    CellNews { column: *column, row: *row, state, confidence: None, error: None }
}

/// Cuts the entries so that no batch has a row twice: `UPDATE ... FROM` would pick either.
pub(crate) fn batch_ends(entries: &[Entry<'_>]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut seen: HashSet<RowId> = HashSet::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        if !seen.insert(entry.row) {
            ends.push(index);
            seen = HashSet::from([entry.row]);
        }
    }
    ends.push(entries.len());
    ends
}

/// The log, as one step writes to it.
pub(crate) struct Log<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) step: StepId,
    pub(crate) now_ms: i64,
}

impl Log<'_> {
    pub(crate) fn append(
        &mut self,
        column: ColumnId,
        recipe_version: Option<i64>,
        batch: &[Entry<'_>],
        first_seq: i64,
    ) -> duckdb::Result<()> {
        let mut appender: Appender<'_> =
            self.connection.appender_to_db("cell_log", "braincells")?;
        for (offset, entry) in batch.iter().enumerate() {
            let record = entry.record;
            let error = record.and_then(|record| record.error.as_ref());
            let figures = record.map(|record| &record.figures);
            let run: Option<RunId> = record.and_then(|record| record.run);
            appender.append_row(params![
                first_seq + offset as i64,
                run.map(|run| run.0),
                column.0,
                entry.row.0,
                entry.state.as_str(),
                entry.value,
                error.map(|error| error.code.as_str()),
                error.map(|error| error.message.as_str()),
                error.and_then(|error| error.hint.as_deref()),
                figures.and_then(|figures| figures.model.as_deref()),
                recipe_version,
                figures.map(|figures| figures.prompt_tokens),
                figures.map(|figures| figures.completion_tokens),
                figures.map(|figures| figures.duration_ms),
                entry.confidence,
                figures.map(|figures| figures.cut_off),
                record.and_then(|record| record.reasoning.as_deref()),
                None::<&str>,
                self.now_ms,
                self.step.0,
                figures.map(|figures| figures.cached),
                figures.and_then(|figures| labels::list(&figures.label_scores)),
                figures.and_then(|figures| figures.calibration),
                figures.and_then(|figures| figures.cost_usd),
            ])?;
        }
        appender.flush()
    }

    /// Notes cells that are no longer up to date; returns the next free number.
    pub(crate) fn append_stale(
        &mut self,
        cells: &[(ColumnId, RowId)],
        first_seq: i64,
    ) -> Result<i64, DataError> {
        let mut next_seq = first_seq;
        for group in cells.chunk_by(|one, other| one.0 == other.0) {
            let entries: Vec<Entry<'_>> = group
                .iter()
                .map(|(_, row)| Entry {
                    row: *row,
                    state: CellState::Stale,
                    value: None,
                    confidence: None,
                    record: None,
                })
                .collect();
            self.append(group[0].0, None, &entries, next_seq).map_err(during("store the cells"))?;
            next_seq += entries.len() as i64;
        }
        Ok(next_seq)
    }
}

/// Takes the values over from the log entries that were just appended.
pub(crate) fn update(
    connection: &Connection,
    stored: &StoredColumn,
    batch: &[Entry<'_>],
    first_seq: i64,
) -> Result<(), DataError> {
    let values = batch.iter().filter(|entry| entry.state != CellState::Failed).count();
    if values == 0 {
        return Ok(());
    }
    let sql = format!(
        "UPDATE main.rows SET {} = {} FROM braincells.cell_log log \
         WHERE log.seq >= ? AND log.state <> 'failed' AND log.row_id = rows.row_id",
        stored.quoted,
        stored.parse("log.value")
    );
    // Cached, because planning it takes about as long as running it.
    let changed = connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.execute([first_seq]))
        .map_err(|error| refused(stored, batch, &error))?;
    if changed != values {
        return Err(DataError::RowMissing { row: batch[0].row });
    }
    Ok(())
}

/// DuckDB's conversion errors are about a value, all others about the database.
fn refused(stored: &StoredColumn, batch: &[Entry<'_>], error: &duckdb::Error) -> DataError {
    let reason = error.to_string();
    let culprit = batch.iter().find_map(|entry| {
        let value = entry.value.as_ref()?;
        reason.contains(&format!("\"{value}\"")).then_some((entry.row, value))
    });
    match culprit {
        Some((row, text)) if reason.starts_with("Conversion Error") => {
            value::wrong_type(&text.as_str().into(), &stored.column.sql_type, row)
        }
        _ => DataError::database("store the cells", &reason),
    }
}

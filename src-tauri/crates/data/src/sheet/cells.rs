use std::collections::{HashMap, HashSet};

use braincells_core::{CellState, ColumnId, RowId, StepId, Value};
use duckdb::{Connection, OptionalExt, params};

use super::{RowPlace, SheetStore};
use crate::DataError;
use crate::column::StoredColumn;
use crate::commit::{Entry, Log, batch_ends, refuse_unstorable, stale_news, update};
use crate::convert::fitting;
use crate::error::during;
use crate::step::Action;
use crate::value::{self, Shape, text};

/// What a person makes of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellEdit {
    /// The column.
    pub column: ColumnId,
    /// The row.
    pub row: RowId,
    /// `Edited` or `Validated` with a value, `Empty` to clear.
    pub state: CellState,
    /// The value. Text is read by the column's type: `12` in a number column is a number.
    pub value: Value,
    /// The confidence of an AI cell that is approved as it is.
    pub confidence: Option<f64>,
}

impl CellEdit {
    /// A value written by hand; `Null` clears the cell.
    pub fn new(column: ColumnId, row: RowId, value: Value) -> Self {
        let state = if value.is_null() { CellState::Empty } else { CellState::Edited };
        Self { column, row, state, value, confidence: None }
    }
}

impl SheetStore {
    /// Writes cells by hand, in data and AI columns, as one step. Cells that were made from them
    /// become stale. Later edits of the same cell win.
    ///
    /// Nothing is written when a value does not fit its column or a row is not there.
    pub fn edit_cells(&self, edits: &[CellEdit], now_ms: i64) -> Result<StepId, DataError> {
        self.edit_cells_as(&self.step_name(edits), edits, now_ms)
    }

    /// [`SheetStore::edit_cells`] with a name for the step.
    pub fn edit_cells_as(
        &self,
        name: &str,
        edits: &[CellEdit],
        now_ms: i64,
    ) -> Result<StepId, DataError> {
        let mut writer = self.writer()?;
        let ((), step) =
            self.act_with(&mut writer, name, now_ms, |action| self.write_edits(action, edits))?;
        Ok(step)
    }

    /// Writes a block of values over some columns and rows, as one step. Rows that the block has
    /// and `rows` has not are added behind the last row of the sheet. Returns how many were added.
    ///
    /// Short lines of the block leave the cells beyond them alone; `Null` clears a cell.
    pub fn paste_block(
        &self,
        columns: &[ColumnId],
        rows: &[RowId],
        block: &[Vec<Value>],
        now_ms: i64,
    ) -> Result<u64, DataError> {
        let width = block.iter().map(Vec::len).max().unwrap_or(0);
        if width > columns.len() {
            return Err(DataError::BlockTooWide { width, room: columns.len() });
        }
        if width == 0 {
            return Ok(0);
        }
        let missing = block.len().saturating_sub(rows.len()) as u64;
        let name = format!("Paste {} × {width} cells", block.len());
        self.act(&name, now_ms, |action| {
            let added = match missing {
                0 => Vec::new(),
                _ => self.insert_rows_within(action, RowPlace::Last, missing)?,
            };
            let rows = rows.iter().chain(&added);
            let edits: Vec<CellEdit> = rows
                .zip(block)
                .flat_map(|(row, line)| {
                    let cells = columns.iter().zip(line);
                    cells.map(|(column, value)| CellEdit::new(*column, *row, value.clone()))
                })
                .collect();
            self.write_edits(action, &edits)?;
            Ok(missing)
        })
    }

    fn step_name(&self, edits: &[CellEdit]) -> String {
        let all = |state| edits.iter().all(|edit| edit.state == state);
        let verb = if all(CellState::Validated) {
            "Approve"
        } else if all(CellState::Empty) {
            "Clear"
        } else {
            "Edit"
        };
        let cells = match edits.len() {
            1 => "a cell".to_owned(),
            count => format!("{count} cells"),
        };
        let column = edits.first().map(|edit| edit.column);
        let column = column.filter(|column| edits.iter().all(|edit| edit.column == *column));
        match column.and_then(|column| self.stored_column(column).ok()) {
            Some(stored) => format!("{verb} {cells} of `{}`", stored.column.name),
            None => format!("{verb} {cells}"),
        }
    }

    /// The edits within a step that may do more.
    pub(crate) fn write_edits(
        &self,
        action: &mut Action<'_>,
        edits: &[CellEdit],
    ) -> Result<(), DataError> {
        let mut columns: Vec<ColumnId> = Vec::new();
        let mut by_column: HashMap<ColumnId, Vec<&CellEdit>> = HashMap::new();
        for edit in edits {
            refuse_unstorable(edit.state)?;
            let group = by_column.entry(edit.column).or_default();
            if group.is_empty() {
                columns.push(edit.column);
            }
            group.push(edit);
        }
        let mut changed: HashMap<ColumnId, HashSet<RowId>> = HashMap::new();
        for column in columns {
            let edits = &by_column[&column];
            let stored = self.stored_column(column)?;
            write_column(action, &stored, edits)?;
            changed.insert(column, edits.iter().map(|edit| edit.row).collect());
        }
        let stale = self.stale_cells(action.connection, &changed)?;
        let first_seq = action.take_seqs(stale.len());
        log_of(action).append_stale(&stale, first_seq)?;
        action.news.cells.extend(stale.iter().map(stale_news));
        Ok(())
    }
}

fn log_of<'a>(action: &Action<'a>) -> Log<'a> {
    Log { connection: action.connection, step: action.step, now_ms: action.now_ms }
}

fn write_column(
    action: &mut Action<'_>,
    stored: &StoredColumn,
    edits: &[&CellEdit],
) -> Result<(), DataError> {
    let failed = during("store the cells");
    let connection = action.connection;
    let mut entries = Vec::with_capacity(edits.len());
    for edit in edits {
        let value = match edit.state {
            CellState::Empty => None,
            _ => given_text(stored, &edit.value, edit.row)?,
        };
        let confidence = edit.confidence;
        entries.push(Entry { row: edit.row, state: edit.state, value, confidence, record: None });
    }
    // What the cells held before their first change is the end of every history.
    let originals = action.take_seqs(if stored.is_ai() { 0 } else { entries.len() });
    let mut start = 0;
    for end in batch_ends(&entries) {
        let batch = &entries[start..end];
        let first_seq = action.take_seqs(batch.len());
        log_of(action).append(stored.column.id, None, batch, first_seq).map_err(&failed)?;
        if is_read_from_text(stored) {
            read_typed(connection, stored, first_seq)?;
        }
        if !stored.is_ai() {
            log_originals(action, stored, originals + start as i64, first_seq)?;
        }
        update(connection, stored, batch, first_seq)?;
        start = end;
    }
    action.news.cells.extend(entries.iter().map(|entry| entry.news(stored.column.id)));
    Ok(())
}

/// Logs the present values of the cells that have entries from `entries_seq` on and none before,
/// with numbers from `first_seq` on.
fn log_originals(
    action: &Action<'_>,
    stored: &StoredColumn,
    first_seq: i64,
    entries_seq: i64,
) -> Result<(), DataError> {
    let sql = format!(
        "INSERT INTO braincells.cell_log BY NAME \
         SELECT ? + row_number() OVER () - 1 AS seq, ? AS column_id, r.row_id AS row_id, \
             CASE WHEN {column} IS NULL THEN 'empty' ELSE 'done' END AS state, {print} AS value, \
             ? AS at_ms, CAST(0 AS BIGINT) AS step_id \
         FROM main.rows r WHERE r.row_id IN ( \
             SELECT row_id FROM braincells.cell_log WHERE column_id = ? \
             GROUP BY row_id HAVING min(seq) >= ?)",
        column = stored.quoted,
        print = stored.print(),
    );
    let id = stored.column.id.0;
    action
        .connection
        .prepare_cached(&sql)
        .and_then(|mut statement| {
            statement.execute(params![first_seq, id, action.now_ms, id, entries_seq])
        })
        .map(drop)
        .map_err(during("store the cells"))
}

/// A value as it is written down first: what a person typed is still to be read by the column's
/// type, for all cells at once.
fn given_text(
    stored: &StoredColumn,
    value: &Value,
    row: RowId,
) -> Result<Option<String>, DataError> {
    match value {
        Value::String(typed) if is_read_from_text(stored) && stored.shape != Shape::Nested => {
            Ok(Some(typed.trim().to_owned()))
        }
        _ => text(value, stored.shape, &stored.column.sql_type, row),
    }
}

/// Whether a typed text says a value of the column rather than being it.
fn is_read_from_text(stored: &StoredColumn) -> bool {
    match stored.shape {
        Shape::Plain => stored.column.sql_type != "VARCHAR",
        Shape::Printed | Shape::Nested => true,
        Shape::Json | Shape::Bytes => false,
    }
}

/// Turns the texts of the log from `first_seq` on into those that DuckDB prints for the values
/// they say, or fails at one that says none.
fn read_typed(
    connection: &Connection,
    stored: &StoredColumn,
    first_seq: i64,
) -> Result<(), DataError> {
    let failed = during("store the cells");
    let sql_type = &stored.column.sql_type;
    let value = match stored.shape {
        Shape::Nested => format!("TRY_CAST(TRY_CAST(value AS JSON) AS {sql_type})"),
        _ => fitting("value", sql_type),
    };
    let given = "FROM braincells.cell_log WHERE seq >= ? AND value IS NOT NULL";
    let misfit: Option<(i64, String)> = connection
        .query_row(
            &format!("SELECT row_id, value {given} AND ({value}) IS NULL ORDER BY seq LIMIT 1"),
            [first_seq],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(&failed)?;
    if let Some((row, typed)) = misfit {
        return Err(value::wrong_type(&typed.into(), sql_type, RowId(row)));
    }
    connection
        .execute(
            &format!(
                "UPDATE braincells.cell_log SET value = CAST({value} AS VARCHAR) \
                 WHERE seq >= ? AND value IS NOT NULL"
            ),
            [first_seq],
        )
        .map(drop)
        .map_err(failed)
}

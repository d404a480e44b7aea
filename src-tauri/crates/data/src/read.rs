use std::collections::HashMap;

use braincells_core::{CellView, ColumnId, RowId, Value, Window, WindowRow};
use duckdb::{Connection, ToSql};

use crate::DataError;
use crate::column::StoredColumn;
use crate::error::during;
use crate::sheet::SheetStore;
use crate::sql::integers;
use crate::state::CellStates;
use crate::value::{self, Shape};

/// A validated or edited cell with the inputs it was made from: few-shot material.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleRow {
    /// The row.
    pub row: RowId,
    /// The values of the input columns, in the order asked for.
    pub inputs: Vec<Value>,
    /// The cell's value.
    pub value: Value,
}

/// How many row ids one statement names at most.
pub(crate) const IDS_PER_QUERY: usize = 4096;

impl SheetStore {
    /// Reads a rectangle of cells by position, for a grid: `count` rows from `start`, fewer
    /// where the sheet ends.
    ///
    /// In a binary column a cell is `{"bytes": n}`, its size; [`SheetStore::values`] has the
    /// bytes themselves. The state of a cell is that of its latest log entry.
    pub fn window(
        &self,
        columns: &[ColumnId],
        start: u64,
        count: u64,
    ) -> Result<Window, DataError> {
        let stored = self.pick(columns)?;
        let row_count = self.positions().count;
        let count = count.min(row_count.saturating_sub(start));
        let rows = self.window_rows(&stored, start, count)?;
        let rows = self.with_states(&stored, rows)?;
        Ok(Window { columns: columns.to_vec(), start, row_count, rows })
    }

    /// The confidence of an AI cell, where it is known.
    pub fn confidence(&self, column: ColumnId, row: RowId) -> Result<Option<f64>, DataError> {
        let stored = self.ai_column(column)?;
        self.load_states(&[stored])?;
        Ok(self.states().get(&column).and_then(|states| states.get(row).1))
    }

    /// The rows at `count` positions from `start` on, fewer where the sheet ends.
    pub fn rows_at(&self, start: u64, count: u64) -> Vec<RowId> {
        self.positions().slice(start, count)
    }

    /// The position of a row in the sheet, if it is there.
    pub fn position_of(&self, row: RowId) -> Option<u64> {
        self.positions().position_of(row)
    }

    /// Rows that were read, with the states of their cells.
    pub(crate) fn with_states(
        &self,
        columns: &[StoredColumn],
        rows: Vec<(RowId, Vec<Value>)>,
    ) -> Result<Vec<WindowRow>, DataError> {
        self.load_states(columns)?;
        let states = self.states();
        let cell = |row, value, stored| view(value, row, stored, &states);
        let rows = rows.into_iter().map(|(row, values)| WindowRow {
            row,
            cells: values
                .into_iter()
                .zip(columns)
                .map(|(value, stored)| cell(row, value, stored))
                .collect(),
        });
        Ok(rows.collect())
    }

    /// The values of some rows, in the order of `rows`; bytes as base64.
    pub fn values(
        &self,
        columns: &[ColumnId],
        rows: &[RowId],
    ) -> Result<Vec<Vec<Value>>, DataError> {
        let stored = self.pick(columns)?;
        let mut found: HashMap<RowId, Vec<Value>> = HashMap::with_capacity(rows.len());
        let reader = self.reader();
        for ids in rows.chunks(IDS_PER_QUERY) {
            found.extend(read_by_id(&reader, &stored, StoredColumn::select, ids)?);
        }
        rows.iter()
            .map(|row| found.get(row).cloned().ok_or(DataError::RowMissing { row: *row }))
            .collect()
    }

    /// The first validated and edited cells of a column in sheet order, with the values of
    /// `inputs`; empty ones are left out.
    pub fn examples(
        &self,
        column: ColumnId,
        inputs: &[ColumnId],
        max_count: u32,
    ) -> Result<Vec<ExampleRow>, DataError> {
        let own = self.ai_column(column)?;
        let mut ids: Vec<i64> = {
            let writer = self.writer_to_ask();
            let rows = writer.by_hand.get(&column);
            rows.into_iter().flatten().map(|row| row.0).collect()
        };
        if ids.is_empty() || max_count == 0 {
            return Ok(Vec::new());
        }
        ids.sort_unstable();
        let mut stored = self.pick(inputs)?;
        let filter = format!(
            "WHERE row_id IN ({}) AND {} IS NOT NULL ORDER BY row_order LIMIT {max_count}",
            integers(ids),
            own.quoted
        );
        stored.push(own);
        let reader = self.reader();
        let rows = read_rows(&reader, &stored, StoredColumn::select, &filter, &[])?;
        Ok(rows
            .into_iter()
            .map(|(row, mut values)| {
                let value = values.pop().unwrap_or_default();
                ExampleRow { row, inputs: values, value }
            })
            .collect())
    }

    pub(crate) fn pick(&self, columns: &[ColumnId]) -> Result<Vec<StoredColumn>, DataError> {
        columns.iter().map(|column| self.stored_column(*column)).collect()
    }

    fn window_rows(
        &self,
        columns: &[StoredColumn],
        start: u64,
        count: u64,
    ) -> Result<Vec<(RowId, Vec<Value>)>, DataError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let wanted = self.positions().slice(start, count);
        // Rows that were moved here from afar; most windows need no more than a range.
        if !are_close(&wanted) {
            return self.rows_by_id(columns, &wanted);
        }
        let mut found: HashMap<RowId, Vec<Value>> =
            read_by_id(&self.reader(), columns, window_select, &wanted)?.into_iter().collect();
        Ok(wanted.into_iter().filter_map(|row| Some((row, found.remove(&row)?))).collect())
    }

    /// Makes sure that the states of the AI columns among `columns` are in memory.
    pub(crate) fn load_states(&self, columns: &[StoredColumn]) -> Result<(), DataError> {
        for stored in columns.iter().filter(|stored| stored.is_ai()) {
            if !self.states().contains_key(&stored.column.id) {
                let writer = self.writer_to_ask();
                self.ensure_states(&writer.connection, stored.column.id)?;
            }
        }
        Ok(())
    }
}

/// Whether the ids are so close together that reading all between them is the quickest.
pub(crate) fn are_close(ids: &[RowId]) -> bool {
    let (first, last) = (ids.iter().min(), ids.iter().max());
    first.zip(last).is_none_or(|(first, last)| last.0.abs_diff(first.0) <= 2 * ids.len() as u64)
}

/// Rows by their ids, in no order; those that the sheet lacks are left out.
pub(crate) fn read_by_id(
    connection: &Connection,
    columns: &[StoredColumn],
    select: impl Fn(&StoredColumn) -> String,
    ids: &[RowId],
) -> Result<Vec<(RowId, Vec<Value>)>, DataError> {
    let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(Vec::new());
    };
    // The range lets DuckDB skip the blocks that hold none of the rows; rows that are close
    // together need no more than that.
    if are_close(ids) {
        let filter = "WHERE row_id BETWEEN ? AND ?";
        return read_rows(connection, columns, select, filter, &[&first.0, &last.0]);
    }
    // A join and not `IN`: that one reads every block of every column, some ten times as much.
    let wanted = integers(ids.iter().map(|row| row.0));
    let filter = "SEMI JOIN (SELECT unnest(CAST(string_split(?, ',') AS BIGINT[])) AS id) wanted \
                  ON wanted.id = rows.row_id WHERE row_id BETWEEN ? AND ?";
    read_rows(connection, columns, select, filter, &[&wanted, &first.0, &last.0])
}

pub(crate) fn window_select(stored: &StoredColumn) -> String {
    if stored.shape == Shape::Bytes {
        return format!("octet_length({})", stored.quoted);
    }
    stored.select()
}

pub(crate) fn read_rows(
    connection: &Connection,
    columns: &[StoredColumn],
    select: impl Fn(&StoredColumn) -> String,
    filter: &str,
    parameters: &[&dyn ToSql],
) -> Result<Vec<(RowId, Vec<Value>)>, DataError> {
    let failed = during("read the rows");
    let mut expressions = vec!["row_id".to_owned()];
    expressions.extend(columns.iter().map(select));
    let sql = format!("SELECT {} FROM main.rows {filter}", expressions.join(", "));
    // Cached, because planning a wide window takes longer than reading it.
    let mut statement = connection.prepare_cached(&sql).map_err(&failed)?;
    let mut found = statement.query(parameters).map_err(&failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(&failed)? {
        let id = RowId(row.get(0).map_err(&failed)?);
        let values: duckdb::Result<Vec<Value>> = columns
            .iter()
            .enumerate()
            .map(|(index, stored)| value::read(row, index + 1, stored.shape))
            .collect();
        rows.push((id, values.map_err(&failed)?));
    }
    Ok(rows)
}

fn view(
    value: Value,
    row: RowId,
    stored: &StoredColumn,
    states: &HashMap<ColumnId, CellStates>,
) -> CellView {
    let value = match value {
        Value::Null => Value::Null,
        size if stored.shape == Shape::Bytes => serde_json::json!({ "bytes": size }),
        value => value,
    };
    match states.get(&stored.column.id) {
        None => CellView { value, state: None, error: None, confidence: None },
        Some(states) => {
            let (state, confidence, error) = states.get(row);
            CellView { value, state: Some(state), error: error.map(str::to_owned), confidence }
        }
    }
}

use std::collections::HashMap;

use braincells_core::{CellState, CellView, ColumnId, RowId, Value, Window, WindowRow};
use duckdb::Connection;

use crate::DataError;
use crate::column::StoredColumn;
use crate::database::hold;
use crate::error::during;
use crate::run::parse_state;
use crate::sheet::{Positions, SheetStore};
use crate::sql::integers;
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
const IDS_PER_QUERY: usize = 4096;

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
        let row_count = self.positions.count();
        let count = count.min(row_count.saturating_sub(start));
        let reader = hold(&self.reader);
        let rows = if count == 0 {
            Vec::new()
        } else {
            read_rows(&reader, &stored, window_select, &self.window_filter(start, count))?
        };
        let states = latest(&reader, &stored, &rows)?;
        let rows = rows
            .into_iter()
            .map(|(row, values)| WindowRow {
                row,
                cells: values
                    .into_iter()
                    .zip(&stored)
                    .map(|(value, stored)| view(value, row, stored, &states))
                    .collect(),
            })
            .collect();
        Ok(Window { columns: columns.to_vec(), start, row_count, rows })
    }

    /// The values of some rows, in the order of `rows`; bytes as base64.
    pub fn values(
        &self,
        columns: &[ColumnId],
        rows: &[RowId],
    ) -> Result<Vec<Vec<Value>>, DataError> {
        let stored = self.pick(columns)?;
        let mut found: HashMap<RowId, Vec<Value>> = HashMap::with_capacity(rows.len());
        let reader = hold(&self.reader);
        for ids in rows.chunks(IDS_PER_QUERY) {
            let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) else { continue };
            // The range lets DuckDB skip the blocks that hold none of the rows.
            let filter = format!(
                "WHERE row_id BETWEEN {first} AND {last} AND row_id IN ({})",
                integers(ids.iter().map(|row| row.0))
            );
            found.extend(read_rows(&reader, &stored, StoredColumn::select, &filter)?);
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
            let writer = hold(&self.writer);
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
        let rows = read_rows(&hold(&self.reader), &stored, StoredColumn::select, &filter)?;
        Ok(rows
            .into_iter()
            .map(|(row, mut values)| {
                let value = values.pop().unwrap_or_default();
                ExampleRow { row, inputs: values, value }
            })
            .collect())
    }

    fn pick(&self, columns: &[ColumnId]) -> Result<Vec<StoredColumn>, DataError> {
        columns.iter().map(|column| self.stored_column(*column)).collect()
    }

    fn window_filter(&self, start: u64, count: u64) -> String {
        match self.positions {
            Positions::Dense { first, .. } => {
                let first = first + start as i64;
                let last = first + count as i64 - 1;
                format!("WHERE row_id BETWEEN {first} AND {last} ORDER BY row_id")
            }
            Positions::Sorted { .. } => {
                format!("ORDER BY row_order, row_id LIMIT {count} OFFSET {start}")
            }
        }
    }
}

fn window_select(stored: &StoredColumn) -> String {
    if stored.shape == Shape::Bytes {
        return format!("octet_length({})", stored.quoted);
    }
    stored.select()
}

fn read_rows(
    connection: &Connection,
    columns: &[StoredColumn],
    select: impl Fn(&StoredColumn) -> String,
    filter: &str,
) -> Result<Vec<(RowId, Vec<Value>)>, DataError> {
    let failed = during("read the rows");
    let mut expressions = vec!["row_id".to_owned()];
    expressions.extend(columns.iter().map(select));
    let sql = format!("SELECT {} FROM main.rows {filter}", expressions.join(", "));
    let mut statement = connection.prepare(&sql).map_err(&failed)?;
    let mut found = statement.query([]).map_err(&failed)?;
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

/// The part of the latest log entry of a cell that a grid shows.
struct Latest {
    state: CellState,
    error: Option<String>,
    confidence: Option<f64>,
}

fn latest(
    connection: &Connection,
    columns: &[StoredColumn],
    rows: &[(RowId, Vec<Value>)],
) -> Result<HashMap<(ColumnId, RowId), Latest>, DataError> {
    let failed = during("read the states");
    let ai = columns.iter().filter(|stored| stored.is_ai()).map(|stored| stored.column.id.0);
    let ai = integers(ai);
    let ids = || rows.iter().map(|(row, _)| row.0);
    let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(HashMap::new()) };
    if ai.is_empty() {
        return Ok(HashMap::new());
    }
    // One struct for the whole entry: `arg_max` of a single field would skip entries where that
    // field is null and show the reason of an older failure.
    let mut statement = connection
        .prepare(&format!(
            "SELECT column_id, row_id, entry.state, entry.error, entry.confidence FROM ( \
                 SELECT column_id, row_id, arg_max({{'state': state, 'error': error_message, \
                     'confidence': confidence}}, seq) AS entry \
                 FROM braincells.cell_log \
                 WHERE column_id IN ({ai}) AND row_id BETWEEN {first} AND {last} \
                 GROUP BY column_id, row_id)"
        ))
        .map_err(&failed)?;
    let mut found = statement.query([]).map_err(&failed)?;
    let mut states = HashMap::new();
    while let Some(row) = found.next().map_err(&failed)? {
        let read = || -> duckdb::Result<_> {
            let key = (ColumnId(row.get(0)?), RowId(row.get(1)?));
            Ok((key, row.get::<_, String>(2)?, row.get(3)?, row.get(4)?))
        };
        let (key, state, error, confidence) = read().map_err(&failed)?;
        states.insert(key, Latest { state: parse_state(&state)?, error, confidence });
    }
    Ok(states)
}

fn view(
    value: Value,
    row: RowId,
    stored: &StoredColumn,
    states: &HashMap<(ColumnId, RowId), Latest>,
) -> CellView {
    let value = match value {
        Value::Null => Value::Null,
        size if stored.shape == Shape::Bytes => serde_json::json!({ "bytes": size }),
        value => value,
    };
    if !stored.is_ai() {
        return CellView { value, state: None, error: None, confidence: None };
    }
    match states.get(&(stored.column.id, row)) {
        None => CellView { value, state: Some(CellState::Empty), error: None, confidence: None },
        Some(entry) => CellView {
            value,
            state: Some(entry.state),
            error: (entry.state == CellState::Failed).then(|| entry.error.clone()).flatten(),
            confidence: entry.confidence,
        },
    }
}

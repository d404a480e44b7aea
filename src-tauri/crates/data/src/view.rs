use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use braincells_core::{CellState, ColumnId, RowId, SortBy, SortKey, ViewSpec, Window};
use duckdb::Connection;
use duckdb::arrow::array::{AsArray, RecordBatch};
use duckdb::arrow::datatypes::Int64Type;

use crate::DataError;
use crate::column::StoredColumn;
use crate::compare;
use crate::error::during;
use crate::filter::condition_or_true;
use crate::sheet::SheetStore;
use crate::sql::literal;
use crate::state::latest;
use crate::watch::interruptible;

/// The rows of a sheet that a filter keeps, in the order of a sort, as they were at one moment.
///
/// Later edits neither reorder it nor move rows in or out, as in any spreadsheet; making it again
/// does. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    rows: Arc<[RowId]>,
}

impl View {
    /// Its rows in order.
    pub fn rows(&self) -> &[RowId] {
        &self.rows
    }

    /// How many rows it has.
    pub fn row_count(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The position of a row, if it is among them.
    pub fn position_of(&self, row: RowId) -> Option<u64> {
        self.rows.iter().position(|other| *other == row).map(|at| at as u64)
    }

    /// The part of its rows from `start`, at most `count`, fewer where it ends.
    pub fn slice(&self, start: u64, count: u64) -> &[RowId] {
        let length = self.rows.len();
        let start = usize::try_from(start).map_or(length, |start| start.min(length));
        let count = usize::try_from(count).map_or(length, |count| count.min(length - start));
        &self.rows[start..start + count]
    }
}

impl FromIterator<RowId> for View {
    fn from_iter<I: IntoIterator<Item = RowId>>(rows: I) -> Self {
        Self { rows: rows.into_iter().collect() }
    }
}

impl SheetStore {
    /// Finds the rows of a view. Setting `cancelled` stops it with [`DataError::Cancelled`].
    ///
    /// Numbers, times and booleans are ordered by their type, `nan` as the greatest number; text
    /// by its letters, whatever their case. Empty cells come last either way, and rows that are
    /// equal stay in sheet order.
    pub fn make_view(&self, spec: &ViewSpec, cancelled: &AtomicBool) -> Result<View, DataError> {
        let columns = self.stored_columns();
        let connection = self.own_reader()?;
        interruptible(&connection, cancelled, |connection| {
            let condition = condition_or_true(connection, spec.filter.as_ref(), &columns)?;
            let order = Order::of(&spec.sort, &columns)?;
            let sql = format!(
                "SELECT r.row_id FROM main.rows r {} WHERE {condition} ORDER BY {}",
                order.joins.join(" "),
                order.keys.join(", ")
            );
            Ok(View { rows: read_ids(connection, &sql)?.into() })
        })
    }

    /// The same view without the rows that the sheet has lost since it was made.
    #[must_use]
    pub fn without_lost_rows(&self, view: &View) -> View {
        let positions = self.positions();
        view.rows.iter().copied().filter(|row| positions.holds(*row)).collect()
    }

    /// Reads a rectangle of cells of a view by position, as [`SheetStore::window`] does of the
    /// whole sheet. Rows that the sheet has lost since the view was made are left out.
    pub fn window_of(
        &self,
        view: &View,
        columns: &[ColumnId],
        start: u64,
        count: u64,
    ) -> Result<Window, DataError> {
        let stored = self.pick(columns)?;
        let rows = self.rows_by_id(&stored, view.slice(start, count))?;
        let rows = self.with_states(&stored, rows)?;
        Ok(Window { columns: columns.to_vec(), start, row_count: view.row_count(), rows })
    }
}

/// An order as SQL.
struct Order {
    joins: Vec<String>,
    keys: Vec<String>,
}

impl Order {
    fn of(sort: &[SortKey], columns: &[StoredColumn]) -> Result<Self, DataError> {
        let mut order = Self { joins: Vec::new(), keys: Vec::new() };
        for key in sort {
            let column = key.column;
            let stored = columns
                .iter()
                .find(|stored| stored.column.id == column)
                .ok_or(DataError::ColumnMissing { column })?;
            let expression = match key.by {
                SortBy::Value => compare::order(stored, &compare::in_row(stored)),
                SortBy::State => state_rank(&order.join_latest(stored)?),
                SortBy::Confidence => format!("{}.confidence", order.join_latest(stored)?),
            };
            let direction = if key.descending { "DESC" } else { "ASC" };
            order.keys.push(format!("{expression} {direction} NULLS LAST"));
        }
        order.keys.extend(["r.row_order".to_owned(), "r.row_id".to_owned()]);
        Ok(order)
    }

    /// The latest log entry of the row's cell.
    fn join_latest(&mut self, stored: &StoredColumn) -> Result<String, DataError> {
        if !stored.is_ai() {
            return Err(DataError::NotAiColumn { name: stored.column.name.clone() });
        }
        let alias = format!("latest_{}", stored.column.id);
        let entries = latest(stored.column.id);
        let join = format!("LEFT JOIN {entries} {alias} ON {alias}.row_id = r.row_id");
        if !self.joins.contains(&join) {
            self.joins.push(join);
        }
        Ok(format!("{alias}.entry"))
    }
}

/// Where a state stands among the states.
fn state_rank(entry: &str) -> String {
    const ORDER: [CellState; 6] = [
        CellState::Empty,
        CellState::Done,
        CellState::Failed,
        CellState::Edited,
        CellState::Validated,
        CellState::Stale,
    ];
    let words: Vec<String> = ORDER.iter().map(|state| literal(state.as_str())).collect();
    format!("list_position([{}], coalesce({entry}.state, 'empty'))", words.join(", "))
}

/// Row ids that a statement gives in its first column.
pub(crate) fn read_ids(connection: &Connection, sql: &str) -> Result<Vec<RowId>, DataError> {
    let failed = during("find the rows");
    let mut rows = Vec::new();
    let mut statement = connection.prepare(sql).map_err(&failed)?;
    for batch in statement.stream_arrow([]).map_err(&failed)? {
        rows.extend(integers(&batch.map_err(&failed)?, 0).iter().map(|id| RowId(*id)));
    }
    Ok(rows)
}

/// A column of a batch that was selected as BIGINT and is never null.
pub(crate) fn integers(batch: &RecordBatch, index: usize) -> &[i64] {
    batch.column(index).as_primitive::<Int64Type>().values()
}
